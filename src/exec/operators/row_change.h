#pragma once

#include <memory>
#include <vector>

#include "exec/foreign_key_checks.h"
#include "exec/operators/operator.h"
#include "exec/recheck.h"
#include "exec/table_writer.h"

namespace oxibase {

/// What UPDATE and DELETE share: taking the target rows from the child's batches, and, under READ
/// COMMITTED, the second look at rows that others changed meanwhile.
class RowChangeOperator : public Operator {
 public:
  RowChangeOperator(const PhysicalNode& node, ExecState& state,
                    std::shared_ptr<const TableDef> table, uint32_t scan_id,
                    uint32_t row_id_column);

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;

  /// The new values of a batch of the child (UPDATE). `good` rows may be written.
  virtual Status Begin(const Batch& input, uint32_t* good, Status* failure) = 0;
  /// Changes one row of that batch.
  virtual Result<RowOutcome> Change(RowId id, const Snapshot& snapshot, uint32_t row) = 0;
  /// Foreign keys: the row was changed.
  virtual Status Changed(uint32_t row) = 0;
  /// The output for the rows `sel[0..count)` of the child's batch; null: no RETURNING.
  virtual const Batch* Output(const Batch& input, const uint32_t* sel, uint32_t count) = 0;

  TableWriter writer_;
  ForeignKeyChecks keys_;

 private:
  Result<const Batch*> ChangeBatch(const Batch& input, const Snapshot& snapshot, bool again);

  const uint32_t scan_id_;
  const uint32_t row_id_column_;
  std::unique_ptr<uint32_t[]> sel_;
  std::unique_ptr<RowId[]> ids_;
  std::vector<RowId> changed_;  // to look at again
  size_t next_changed_ = 0;
  std::unique_ptr<Recheck> recheck_;
  bool done_ = false;
};

}  // namespace oxibase
