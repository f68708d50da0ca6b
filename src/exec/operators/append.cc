#include "exec/operators/append.h"

namespace oxibase {

Status AppendOperator::DoOpen() {
  current_ = 0;
  opened_ = false;
  goal_ = UINT64_MAX;
  return {};
}

Result<const Batch*> AppendOperator::DoNext() {
  for (; current_ < children_.size(); ++current_, opened_ = false) {
    if (!opened_) RETURN_IF_ERROR(child(current_).Open());
    opened_ = true;
    if (goal_ != UINT64_MAX) child(current_).SetRowGoal(goal_);
    ASSIGN_OR_RETURN(const Batch* input, child(current_).Next());
    if (input) return input;
  }
  return nullptr;
}

}  // namespace oxibase
