#include "exec/operators/nested_loop_join.h"

#include <algorithm>
#include <utility>

namespace oxibase {

NestedLoopJoinOperator::NestedLoopJoinOperator(const PhysicalNestedLoopJoin& node, ExecState& state)
    : Operator(node, state),
      plan_(node),
      rows_(node.children[1]->types),
      output_(node.type, node.children[0]->types, node.children[1]->types),
      memory_(state.memory),
      correlated_(!node.params.empty()),
      keeps_right_(node.type == JoinType::kRight || node.type == JoinType::kFull) {}

Status NestedLoopJoinOperator::Prepare() {
  if (correlated_ && keeps_right_) {
    return Error(ErrorCode::kInternalError, "a lateral join cannot keep unmatched right rows");
  }
  left_rows_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  right_rows_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  return output_.Prepare(plan_.condition.get());
}

Status NestedLoopJoinOperator::DoOpen() {
  DoClose();
  built_ = probing_ = left_done_ = inner_open_ = false;
  next_right_ = 0;
  return child(0).Open();
}

void NestedLoopJoinOperator::DoClose() {
  rows_.Clear();
  output_.Reset();
  memory_.Set0();
}

Status NestedLoopJoinOperator::Build() {
  RETURN_IF_ERROR(child(1).Open());
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* input, child(1).Next());
    if (!input) break;
    rows_.Append(*input);
    RETURN_IF_ERROR(state().Hold(rows_, memory_));
  }
  if (keeps_right_) output_.right_matched().assign(rows_.size(), 0);
  return {};
}

Result<bool> NestedLoopJoinOperator::MorePairs() {
  RETURN_IF_ERROR(eval().CheckCancelled());
  uint32_t count = 0;
  while (left_row_ < left_->size && count < kVectorSize) {
    if (right_row_ >= rows_.size() ||
        (output_.first_match_decides() && output_.matched()[left_row_])) {
      ++left_row_;
      right_row_ = 0;
      continue;
    }
    const uint32_t take = std::min(kVectorSize - count, rows_.size() - right_row_);
    std::fill_n(left_rows_.get() + count, take, left_row_);
    for (uint32_t i = 0; i < take; ++i) right_rows_[count + i] = right_row_ + i;
    count += take;
    right_row_ += take;
  }
  if (count == 0) return false;
  const uint32_t complete =
      left_row_ < left_->size && right_row_ >= rows_.size() ? left_row_ + 1 : left_row_;
  if (output_.has_condition() || !output_.first_match_decides()) {
    rows_.Gather(right_rows_.get(), count, output_.right());
    RETURN_IF_ERROR(rows_.status());
  }
  RETURN_IF_ERROR(output_.TakePairs(eval(), left_rows_.get(), count, complete,
                                    keeps_right_ ? right_rows_.get() : nullptr));
  return true;
}

void NestedLoopJoinOperator::SetParams(uint32_t row) {
  for (const PhysicalNestedLoopJoin::Param& param : plan_.params) {
    context().params[param.param] = left_->columns[param.left_column].GetValue(row);
  }
}

Status NestedLoopJoinOperator::HandOver(uint32_t count) {
  const Batch& kept = rows_.chunk(0);
  for (size_t c = 0; c < kept.columns.size(); ++c) output_.right()[c].Reference(kept.columns[c]);
  return output_.TakePairs(eval(), left_rows_.get(), count, left_row_, nullptr);
}

/// Collects the right rows of several left rows before it hands them over, unless the first match
/// decides: then the right side should not run on in vain.
Result<bool> NestedLoopJoinOperator::MoreCorrelated() {
  rows_.Clear();
  uint32_t count = 0;
  while (left_row_ < left_->size) {
    if (!inner_open_) {
      SetParams(left_row_);
      RETURN_IF_ERROR(child(1).Open());
      inner_open_ = true;
      pending_ = nullptr;
    }
    const Batch* input = std::exchange(pending_, nullptr);
    if (!input) {
      ASSIGN_OR_RETURN(input, child(1).Next());
    }
    if (!input) {
      inner_open_ = false;
      ++left_row_;
      continue;
    }
    if (input->empty()) continue;
    if (count + input->size > kVectorSize) {
      pending_ = input;
      break;
    }
    rows_.Append(*input);
    std::fill_n(left_rows_.get() + count, input->size, left_row_);
    count += input->size;
    if (!output_.first_match_decides()) continue;
    RETURN_IF_ERROR(HandOver(count));
    rows_.Clear();
    count = 0;
    if (output_.matched()[left_row_]) {
      inner_open_ = false;
      ++left_row_;
    }
  }
  if (count == 0) return false;
  RETURN_IF_ERROR(HandOver(count));
  return true;
}

const Batch* NestedLoopJoinOperator::NextUnmatchedRight() {
  const std::vector<uint8_t>& matched = output_.right_matched();
  uint32_t count = 0;
  while (next_right_ < rows_.size() && count < kVectorSize) {
    if (!matched[next_right_]) right_rows_[count++] = next_right_;
    ++next_right_;
  }
  return count ? output_.UnmatchedRight(rows_, right_rows_.get(), count) : nullptr;
}

Result<const Batch*> NestedLoopJoinOperator::DoNext() {
  for (;;) {
    if (const Batch* batch = output_.Pop()) return batch;
    if (probing_) {
      ASSIGN_OR_RETURN(const bool more, correlated_ ? MoreCorrelated() : MorePairs());
      if (more) continue;
      probing_ = false;
      output_.FinishLeft();
      continue;
    }
    if (left_done_) {
      if (!keeps_right_) return nullptr;
      const Batch* rows = NextUnmatchedRight();
      RETURN_IF_ERROR(rows_.status());
      return rows;
    }
    ASSIGN_OR_RETURN(left_, child(0).Next());
    if (!left_) {
      left_done_ = true;
      if (keeps_right_ && !built_) {
        RETURN_IF_ERROR(Build());
        built_ = true;
      }
      continue;
    }
    if (left_->empty()) continue;
    if (!correlated_ && !built_) {
      RETURN_IF_ERROR(Build());
      built_ = true;
    }
    output_.BeginLeft(*left_);
    probing_ = true;
    left_row_ = right_row_ = 0;
  }
}

}  // namespace oxibase
