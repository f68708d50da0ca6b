#include "exec/operators/project.h"

namespace oxibase {

Status ProjectOperator::Prepare() {
  single_.size = 1;
  return exprs_.AddAll(plan_.exprs);
}

Status ProjectOperator::DoOpen() {
  done_ = false;
  return children_.empty() ? Status() : child().Open();
}

Result<const Batch*> ProjectOperator::DoNext() {
  const Batch* input = &single_;
  if (children_.empty()) {
    if (done_) return nullptr;
    done_ = true;
  } else {
    ASSIGN_OR_RETURN(input, child().Next());
    if (!input) return nullptr;
  }
  RETURN_IF_ERROR(exprs_.Evaluate(eval(), *input));
  for (size_t c = 0; c < out_.columns.size(); ++c) out_.columns[c].Reference(exprs_.result(c));
  out_.size = input->size;
  return &out_;
}

}  // namespace oxibase
