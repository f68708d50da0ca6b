#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "exec/expression_list.h"
#include "exec/foreign_key_checks.h"
#include "exec/operators/operator.h"
#include "exec/row_store.h"
#include "exec/table_writer.h"

namespace oxibase {

/// INSERT, with ON CONFLICT and RETURNING.
class InsertOperator : public Operator {
 public:
  InsertOperator(const PhysicalInsert& node, ExecState& state);
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override { returned_.Clear(); }

 private:
  enum class Effect : uint8_t { kNone, kInserted, kUpdated };

  Status MakeRows(const Batch& input);
  Result<Effect> InsertOne(uint32_t row);
  /// DO UPDATE of the row that has the key: kNone if its WHERE says no; no value: the row is gone,
  /// insert again.
  Result<std::optional<Effect>> UpdateExisting(RowId existing, uint32_t row);
  /// In REPEATABLE READ a row decides only as the transaction sees it: 40001 if others have made or
  /// changed it since.
  Status CheckSeen(RowId existing);
  Result<bool> ReadExisting(RowId existing, const Snapshot& snapshot);

  const PhysicalInsert& plan_;
  TableWriter writer_;
  TableWriter updater_;  // of DO UPDATE: what it computes lies beside what writer_ has computed
  ForeignKeyChecks keys_;
  ForeignKeyChecks updated_keys_;
  std::vector<std::optional<Evaluator>> values_;
  Batch rows_;  // the new rows, in TableDef order
  Batch out_;
  RowStore returned_;
  bool done_ = false;

  // ON CONFLICT.
  std::vector<const TabletIndex*> arbiters_;
  ExpressionList assignments_;
  OptionalExpression where_;
  std::vector<RowRef> existing_ref_;
  std::vector<size_t> stored_position_;  // by TableDef column, SIZE_MAX: none
  Batch both_;                           // one row: existing ++ proposed
  Batch updated_;                        // one row
};

}  // namespace oxibase
