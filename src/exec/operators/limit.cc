#include "exec/operators/limit.h"

#include <algorithm>

#include "exec/vector_copy.h"
#include "expr/hash.h"

namespace oxibase {

Result<std::optional<uint64_t>> EvaluateRowCount(Evaluator& evaluator, EvalContext& context,
                                                 bool is_offset) {
  ASSIGN_OR_RETURN(const Value value, evaluator.EvaluateScalar(context));
  if (value.is_null()) return std::optional<uint64_t>();
  const auto count = value.As<int64_t>();
  if (count < 0) {
    return is_offset
               ? Error(ErrorCode::kInvalidRowCountInResultOffsetClause,
                       "OFFSET must not be negative")
               : Error(ErrorCode::kInvalidRowCountInLimitClause, "LIMIT must not be negative");
  }
  return std::optional<uint64_t>(static_cast<uint64_t>(count));
}

Status LimitOperator::Prepare() {
  RETURN_IF_ERROR(limit_.Compile(plan_.limit.get()));
  RETURN_IF_ERROR(offset_.Compile(plan_.offset.get()));
  std::vector<Type> types;
  for (const SortKey& key : plan_.ties) {
    RETURN_IF_ERROR(ties_.Add(*key.expr));
    types.push_back(key.expr->type);
  }
  last_keys_ = Batch(types);
  return {};
}

Status LimitOperator::DoOpen() {
  begun_ = in_ties_ = done_ = false;
  return {};
}

const Batch* LimitOperator::Slice(const Batch& input, uint32_t first, uint32_t count) {
  if (first == 0 && count == input.size) return &input;
  for (size_t c = 0; c < out_.columns.size(); ++c) {
    if (first == 0) {
      out_.columns[c].Reference(input.columns[c]);
    } else {
      out_.columns[c].Select(input.columns[c], kIdentitySelection.data() + first, count);
    }
  }
  out_.size = count;
  return &out_;
}

Result<uint32_t> LimitOperator::CountTies(const Batch& input, uint32_t first) {
  RETURN_IF_ERROR(ties_.Evaluate(eval(), input));
  uint32_t row = first;
  for (; row < input.size; ++row) {
    for (size_t c = 0; c < ties_.size(); ++c) {
      if (!RowsEqual(ties_.types()[c], ties_.result(c).view(), row, last_keys_.columns[c].view(),
                     0)) {
        return row - first;
      }
    }
  }
  return row - first;
}

Result<const Batch*> LimitOperator::DoNext() {
  if (!begun_) {
    begun_ = true;
    skip_ = 0;
    left_ = UINT64_MAX;
    if (offset_) {
      ASSIGN_OR_RETURN(const auto count, EvaluateRowCount(*offset_, eval(), true));
      skip_ = count.value_or(0);
    }
    if (limit_) {
      ASSIGN_OR_RETURN(const auto count, EvaluateRowCount(*limit_, eval(), false));
      left_ = count.value_or(UINT64_MAX);
    }
    if (left_ == 0) {
      done_ = true;
      return nullptr;
    }
    RETURN_IF_ERROR(child().Open());
    while (skip_ > 0) {
      ASSIGN_OR_RETURN(const uint64_t skipped, child().Skip(skip_));
      if (skipped == 0) break;
      skip_ -= skipped;
    }
  }
  while (!done_) {
    if (left_ == 0 && !in_ties_) {
      done_ = true;
      break;
    }
    if (left_ != UINT64_MAX && !plan_.with_ties) {
      child().SetRowGoal(skip_ > UINT64_MAX - left_ ? UINT64_MAX : skip_ + left_);
    }
    ASSIGN_OR_RETURN(const Batch* input, child().Next());
    if (!input) {
      done_ = true;
      break;
    }
    if (in_ties_) {
      ASSIGN_OR_RETURN(const uint32_t ties, CountTies(*input, 0));
      if (ties < input->size) done_ = true;
      if (ties == 0) continue;
      return Slice(*input, 0, ties);
    }
    const auto first = static_cast<uint32_t>(std::min<uint64_t>(skip_, input->size));
    skip_ -= first;
    auto count = static_cast<uint32_t>(std::min<uint64_t>(left_, input->size - first));
    if (count == 0) continue;
    if (left_ != UINT64_MAX) left_ -= count;
    if (left_ == 0) {
      if (!plan_.with_ties) {
        done_ = true;
      } else {
        in_ties_ = true;
        RETURN_IF_ERROR(ties_.Evaluate(eval(), *input));
        for (size_t c = 0; c < ties_.size(); ++c) {
          const uint32_t last = first + count - 1;
          last_keys_.columns[c].ResetFlat(1);
          CopyRows(last_keys_.columns[c], 0, ties_.result(c), &last, 1);
        }
        ASSIGN_OR_RETURN(const uint32_t ties, CountTies(*input, first + count));
        count += ties;
        if (first + count < input->size) done_ = true;
      }
    }
    return Slice(*input, first, count);
  }
  return nullptr;
}

}  // namespace oxibase
