#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "exec/exec_state.h"
#include "exec/expression_list.h"
#include "sql/plan/physical.h"
#include "txn/tablet_access.h"

namespace oxibase {

/// Brings rows into one table: computes generated and hidden columns, checks NOT NULL and CHECK,
/// puts the columns in the order in which they are stored. Rows come as batches with one column for
/// each of TableDef::columns, dropped ones included.
class TableWriter {
 public:
  TableWriter(std::shared_ptr<const TableDef> table, ExecState& state)
      : table_(std::move(table)), state_(state) {}
  /// `rules` must outlive this.
  Status Prepare(const RowRules& rules);

  /// Fills in the computed columns of `rows` and checks it. The first `good` rows may be written;
  /// if that is not all of them, `failure` is what is wrong with the next one. The error returned
  /// is one of evaluation.
  Status Complete(Batch& rows, uint32_t* good, Status* failure);

  Result<RowId> Insert(const Batch& rows, uint32_t row,
                       std::span<const TabletIndex* const> arbiters = {},
                       std::optional<UniqueConflict>* conflict = nullptr);
  Result<RowOutcome> Update(RowId id, const Snapshot& snapshot, const Batch& rows, uint32_t row);
  Result<RowOutcome> Delete(RowId id, const Snapshot& snapshot);

  /// Looks again at keys that were in doubt when they were written: 23505.
  Status CheckKeys(std::span<const Transaction::DoubtfulKey> keys);

  const TableDef& table() const { return *table_; }
  Tablet& tablet() const { return *tablet_; }
  std::vector<Type> row_types() const;
  /// Position of a column in TableDef::columns. REQUIRES: it exists
  uint32_t PositionOf(ColumnId id) const;

 private:
  std::span<const Vector* const> Stored(const Batch& rows);
  Status NotNullFailure(const Batch& rows, uint32_t row, const ColumnDef& column) const;
  Status CheckFailure(const Batch& rows, uint32_t row, const std::string& check) const;
  std::string DescribeRow(const Batch& rows, uint32_t row) const;
  std::string SchemaName() const;
  /// With the table's name in an error about a unique key: storage knows only the index's.
  template <typename T>
  Result<T> Named(Result<T> result) const;
  /// The last write's doubtful keys go to where they will be looked at again.
  void DeferKeys();

  std::shared_ptr<const TableDef> table_;
  ExecState& state_;
  const RowRules* rules_ = nullptr;
  std::shared_ptr<Tablet> tablet_;
  std::vector<int> stored_from_;  // by stored column: its position in TableDef, -1: NULL
  std::vector<Vector> nulls_;     // for those
  std::vector<const Vector*> stored_;
  std::vector<Evaluator> computed_;
  std::vector<Evaluator> checks_;
  std::vector<const TableRules::Check*> check_order_;  // by name, as PostgreSQL checks them
};

}  // namespace oxibase
