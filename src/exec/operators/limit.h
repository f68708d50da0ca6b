#pragma once

#include <optional>
#include <vector>

#include "exec/expression_list.h"
#include "exec/operators/operator.h"

namespace oxibase {

/// LIMIT, OFFSET and FETCH FIRST ... WITH TIES.
class LimitOperator : public Operator {
 public:
  LimitOperator(const PhysicalLimit& node, ExecState& state)
      : Operator(node, state), plan_(node), out_(node.types) {}
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;

 private:
  /// How many rows of the batch, from `first` on, are equal to the last row taken.
  Result<uint32_t> CountTies(const Batch& input, uint32_t first);
  const Batch* Slice(const Batch& input, uint32_t first, uint32_t count);

  const PhysicalLimit& plan_;
  OptionalExpression limit_, offset_;
  ExpressionList ties_;
  Batch out_;
  Batch last_keys_;  // the tie keys of the last row taken
  bool begun_ = false;
  bool in_ties_ = false;
  bool done_ = false;
  uint64_t skip_ = 0;
  uint64_t left_ = 0;
};

/// A LIMIT or OFFSET count; no value: no limit. Errors: 2201W, 2201X for negative ones.
Result<std::optional<uint64_t>> EvaluateRowCount(Evaluator& evaluator, EvalContext& context,
                                                 bool is_offset);

}  // namespace oxibase
