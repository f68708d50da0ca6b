#pragma once

#include <memory>

#include "exec/expression_list.h"
#include "exec/operators/operator.h"

namespace oxibase {

/// DISTINCT ON: of neighbouring rows with equal keys, the first.
class DistinctOnOperator : public Operator {
 public:
  DistinctOnOperator(const PhysicalDistinctOn& node, ExecState& state)
      : Operator(node, state), plan_(node), out_(node.types) {}
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;

 private:
  const PhysicalDistinctOn& plan_;
  ExpressionList on_;
  Batch last_;  // the keys of the last row kept
  Batch out_;
  std::unique_ptr<uint32_t[]> sel_;
  bool any_ = false;
};

}  // namespace oxibase
