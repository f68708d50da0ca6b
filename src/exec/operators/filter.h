#pragma once

#include <memory>

#include "exec/expression_list.h"
#include "exec/operators/operator.h"

namespace oxibase {

/// Keeps the rows for which the predicate is true.
class FilterOperator : public Operator {
 public:
  FilterOperator(const PhysicalFilter& node, ExecState& state)
      : Operator(node, state), plan_(node), out_(node.types) {}
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  std::string Note() const override;

 private:
  const PhysicalFilter& plan_;
  OptionalExpression predicate_;
  Batch out_;
  std::unique_ptr<uint32_t[]> sel_;
  uint64_t removed_ = 0;
};

}  // namespace oxibase
