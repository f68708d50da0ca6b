#pragma once

#include <vector>

#include "exec/expression_list.h"
#include "exec/operators/operator.h"

namespace oxibase {

/// Rows of expressions: VALUES, and the single row without columns of SELECT without FROM.
class ValuesOperator : public Operator {
 public:
  ValuesOperator(const PhysicalValues& node, ExecState& state)
      : Operator(node, state), plan_(node), out_(node.types) {}
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;

 private:
  const PhysicalValues& plan_;
  /// Of every expression that is not a constant, row by row.
  std::vector<Evaluator> evaluators_;
  Batch input_;  // one row without columns
  Batch out_;
  size_t next_row_ = 0;
  size_t next_evaluator_ = 0;
};

}  // namespace oxibase
