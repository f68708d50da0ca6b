#pragma once

#include "exec/expression_list.h"
#include "exec/operators/operator.h"

namespace oxibase {

/// Computes the output columns from each row of the child (from one row without columns if there
/// is no child).
class ProjectOperator : public Operator {
 public:
  ProjectOperator(const PhysicalProject& node, ExecState& state)
      : Operator(node, state), plan_(node), out_(node.types) {}
  Status Prepare() override;
  void SetRowGoal(uint64_t rows) override {
    if (!children_.empty()) child().SetRowGoal(rows);
  }

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;

 private:
  const PhysicalProject& plan_;
  ExpressionList exprs_;
  Batch out_;
  Batch single_;
  bool done_ = false;
};

}  // namespace oxibase
