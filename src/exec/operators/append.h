#pragma once

#include "exec/operators/operator.h"

namespace oxibase {

/// UNION ALL: the rows of the children one after another.
class AppendOperator : public Operator {
 public:
  AppendOperator(const PhysicalAppend& node, ExecState& state)
      : Operator(node, state), out_(node.types) {}
  Status Prepare() override { return {}; }

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;

 private:
  size_t current_ = 0;
  bool opened_ = false;
  Batch out_;
};

}  // namespace oxibase
