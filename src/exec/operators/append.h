#pragma once

#include "exec/operators/operator.h"

namespace oxibase {

/// UNION ALL: the rows of the children one after another.
class AppendOperator : public Operator {
 public:
  AppendOperator(const PhysicalAppend& node, ExecState& state)
      : Operator(node, state), out_(node.types) {}
  Status Prepare() override { return {}; }
  void SetRowGoal(uint64_t rows) override { goal_ = rows; }

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;

 private:
  size_t current_ = 0;
  bool opened_ = false;
  uint64_t goal_ = UINT64_MAX;
  Batch out_;
};

}  // namespace oxibase
