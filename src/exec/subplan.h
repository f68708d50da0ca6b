#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "exec/exec_state.h"
#include "exec/expression_list.h"
#include "exec/key_table.h"
#include "exec/operators/operator.h"
#include "exec/row_store.h"
#include "expr/function.h"

namespace oxibase {

/// One subquery of an expression. Its answer is kept for each distinct tuple of outer values; an
/// uncorrelated IN keeps the rows, by hash where it is plain equality.
class Subplan {
 public:
  Subplan(const SubplanExpr& expr, ExecState& state)
      : expr_(expr), state_(state), rows_memory_(state.memory), hash_memory_(state.memory) {}
  Status Prepare();
  /// One result per row of `input`.
  Status Run(const Batch& input, Vector& out);
  /// Forgets answers.
  void Close();
  /// For EXPLAIN ANALYZE.
  void CollectStats(std::vector<OperatorStats>& out) const { root_->CollectStats(out); }

 private:
  EvalContext& eval() const { return state_.context->eval; }
  bool compares() const { return !expr_.left.empty(); }

  /// The answer for row `row` of the outer values at hand.
  Result<Value> Answer(uint32_t row);
  Result<Value> Scalar();
  Result<Value> Exists();
  Result<Value> Array();
  Result<Value> Record();
  /// Reads all rows of the plan into rows_.
  Status Materialize();

  Status RunUncorrelated(const Batch& input, Vector& out);
  Status RunCached(const Batch& input, Vector& out);
  Status BuildHash();
  Status RunHashed(const Batch& input, Vector& out);
  /// left operator ANY/ALL (rows_), for row `row` of the left operands.
  Result<Value> CompareWithRows(uint32_t row);

  const SubplanExpr& expr_;
  ExecState& state_;
  std::unique_ptr<Operator> root_;
  ExpressionList args_, left_;
  std::vector<CallSite> sites_;
  bool hashable_ = false;    // plain equality (or its negation) of one type
  bool or_columns_ = false;  // (a, b) <> ...: differs in one column
  bool opened_ = false;

  std::optional<Value> single_;  // uncorrelated, without operands
  std::unique_ptr<RowStore> rows_;
  bool have_rows_ = false;
  bool null_rows_ = false;  // some row holds a NULL
  std::optional<KeyTable> hash_;

  MemoryShare rows_memory_, hash_memory_;

  std::optional<KeyTable> cache_;  // outer values -> position in answers_, plus 1
  std::vector<Value> answers_;
  std::unique_ptr<std::byte*[]> found_;
  std::unique_ptr<uint32_t[]> created_;
};

}  // namespace oxibase
