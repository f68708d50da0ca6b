#pragma once

#include <memory>
#include <span>
#include <vector>

#include "exec/exec_state.h"

namespace oxibase {

class ForeignKey;

/// The foreign keys of one table that is being written: those of its own (each new row must find
/// what it refers to) and those of others that refer to it (what is taken away must not be
/// missed, or others follow). Most work is put off to the end of the statement.
class ForeignKeyChecks {
 public:
  ForeignKeyChecks(std::shared_ptr<const TableDef> table, ExecState& state);

  /// `assigned`: positions of the columns that may change; null: the operation is INSERT or DELETE
  /// and concerns all keys.
  Status Prepare(bool inserts, bool removes, const std::vector<uint32_t>* assigned);
  bool has_incoming() const { return !incoming_.empty(); }
  bool empty() const { return incoming_.empty() && outgoing_.empty(); }

  /// Row `row` of `rows` (TableDef order) was written.
  Status RowWritten(const Batch& rows, uint32_t row);
  /// Reads what the rows hold now, for RowRemoved. Only if has_incoming().
  Status ReadOld(std::span<const RowId> ids, const Snapshot& snapshot);
  /// Row `i` of the last ReadOld was deleted, or (`rows` not null) replaced by row `row`.
  Status RowRemoved(uint32_t i, const Batch* rows, uint32_t row);

 private:
  std::shared_ptr<const TableDef> table_;
  ExecState& state_;
  std::shared_ptr<Tablet> tablet_;
  std::vector<ForeignKey*> outgoing_, incoming_;  // of the state's registry
  std::vector<size_t> stored_;  // by TableDef column that incoming keys need; SIZE_MAX: not read
  Batch old_;
};

}  // namespace oxibase
