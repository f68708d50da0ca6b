#include "exec/operators/hash_join.h"

#include <algorithm>

namespace oxibase {
namespace {

std::vector<Type> TypesOf(const std::vector<ExprPtr>& exprs) {
  std::vector<Type> types;
  for (const ExprPtr& expr : exprs) types.push_back(expr->type);
  return types;
}

}  // namespace

HashJoinOperator::HashJoinOperator(const PhysicalHashJoin& node, ExecState& state)
    : Operator(node, state),
      plan_(node),
      rows_(node.children[1]->types),
      table_(TypesOf(node.right_keys), sizeof(RowList)),
      output_(node.type, node.children[0]->types, node.children[1]->types),
      memory_(state.memory),
      keeps_right_(node.type == JoinType::kRight || node.type == JoinType::kFull) {}

Status HashJoinOperator::Prepare() {
  const bool null_aware = plan_.type == JoinType::kNullAwareAnti || plan_.type == JoinType::kMark;
  if (null_aware && (plan_.left_keys.size() != 1 || plan_.residual)) {
    return Error(ErrorCode::kInternalError, "a hash join for NOT IN wants one key");
  }
  RETURN_IF_ERROR(left_keys_.AddAll(plan_.left_keys));
  RETURN_IF_ERROR(right_keys_.AddAll(plan_.right_keys));
  RETURN_IF_ERROR(output_.Prepare(plan_.residual.get()));
  found_ = std::make_unique<std::byte*[]>(kVectorSize);
  keyed_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  left_rows_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  right_rows_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  heads_ = std::make_unique<uint32_t[]>(kVectorSize);
  // Semi and anti joins without a condition want to know only which keys there are.
  keys_only_ = output_.first_match_decides() && !output_.has_condition();
  return {};
}

Status HashJoinOperator::DoOpen() {
  DoClose();
  built_ = probing_ = left_done_ = false;
  next_right_ = 0;
  RETURN_IF_ERROR(child(1).Open());
  return child(0).Open();
}

void HashJoinOperator::DoClose() {
  rows_.Clear();
  table_.Clear();
  next_row_.clear();
  output_.Reset();
  if (spilled_ || spill_) ForgetSpill();
  memory_.Set0();
}

size_t HashJoinOperator::Bytes() const {
  return rows_.bytes() + table_.bytes() + next_row_.capacity() * sizeof(uint32_t) +
         (spill_ ? spill_->bytes() : 0);
}

const uint32_t* HashJoinOperator::KeyedRows(std::span<const Vector* const> keys, uint32_t rows,
                                            uint32_t* count) {
  bool any_null = false;
  for (size_t k = 0; k < keys.size(); ++k) {
    const bool null_safe = k < plan_.null_safe.size() && plan_.null_safe[k];
    any_null |= !null_safe && !keys[k]->view().validity->all_valid();
  }
  *count = rows;
  if (!any_null) return nullptr;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < rows; ++i) {
    bool null = false;
    for (size_t k = 0; k < keys.size() && !null; ++k) {
      const bool null_safe = k < plan_.null_safe.size() && plan_.null_safe[k];
      null = !null_safe && keys[k]->view().IsNull(i);
    }
    if (!null) keyed_[kept++] = i;
  }
  *count = kept;
  return keyed_.get();
}

void HashJoinOperator::Insert(const Batch& input, std::span<const Vector* const> keys) {
  uint32_t count = 0;
  const uint32_t* sel = KeyedRows(keys, input.size, &count);
  table_.FindOrInsert(keys, sel, count, found_.get(), nullptr);
  if (keys_only_) return;
  const uint32_t first = rows_.size();
  if (keeps_right_) {
    rows_.Append(input);
  } else {
    rows_.Append(input.columns, sel, count);
  }
  next_row_.resize(rows_.size(), 0);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t row = first + (keeps_right_ && sel ? sel[i] : i);
    auto* list = reinterpret_cast<RowList*>(found_[i]);
    if (list->first_plus_1 == 0) {
      list->first_plus_1 = row + 1;
    } else {
      next_row_[list->last_plus_1 - 1] = row + 1;
    }
    list->last_plus_1 = row + 1;
  }
}

Status HashJoinOperator::Build() {
  null_in_build_ = false;
  build_rows_ = 0;
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* input, child(1).Next());
    if (!input) break;
    if (input->empty()) continue;
    build_rows_ += input->size;
    RETURN_IF_ERROR(right_keys_.Evaluate(eval(), *input));
    uint32_t keyed = 0;
    KeyedRows(right_keys_.results(), input->size, &keyed);
    if (keyed < input->size) null_in_build_ = true;
    if (spill_) {
      RETURN_IF_ERROR(SpillRight(*input, right_keys_.results()));
      continue;
    }
    Insert(*input, right_keys_.results());
    if (!memory_.Fits(Bytes())) RETURN_IF_ERROR(BeginSpill());
  }
  if (keeps_right_) output_.right_matched().assign(rows_.size(), 0);
  built_ = true;
  return {};
}

Status HashJoinOperator::BeginProbe(const Batch& left) {
  left_ = &left;
  output_.BeginLeft(left);
  probing_ = true;
  probe_row_ = 0;
  RETURN_IF_ERROR(left_keys_.Evaluate(eval(), left));
  uint32_t count = 0;
  const uint32_t* sel = KeyedRows(left_keys_.results(), left.size, &count);
  table_.Find(left_keys_.results(), sel, count, found_.get());
  if (sel) {
    std::fill_n(heads_.get(), left.size, 0);
    if (build_rows_ > 0) {
      std::fill_n(output_.unknown(), left.size, 1);  // NULL IN (something)
      for (uint32_t i = 0; i < count; ++i) output_.unknown()[sel[i]] = 0;
    }
  }
  if (null_in_build_) std::fill_n(output_.unknown(), left.size, 1);
  if (keys_only_) {
    for (uint32_t i = 0; i < count; ++i) {
      output_.matched()[sel ? sel[i] : i] = found_[i] != nullptr ? 1 : 0;
    }
    probe_row_ = left.size;
    return {};
  }
  for (uint32_t i = 0; i < count; ++i) {
    heads_[sel ? sel[i] : i] =
        found_[i] ? reinterpret_cast<const RowList*>(found_[i])->first_plus_1 : 0;
  }
  return {};
}

Result<bool> HashJoinOperator::MorePairs() {
  uint32_t count = 0;
  while (probe_row_ < left_->size && count < kVectorSize) {
    uint32_t& head = heads_[probe_row_];
    if (head == 0 || (output_.first_match_decides() && output_.matched()[probe_row_])) {
      ++probe_row_;
      continue;
    }
    left_rows_[count] = probe_row_;
    right_rows_[count] = head - 1;
    ++count;
    head = next_row_[head - 1];
  }
  if (count == 0) return false;
  rows_.Gather(right_rows_.get(), count, output_.right());
  RETURN_IF_ERROR(output_.TakePairs(eval(), left_rows_.get(), count, probe_row_,
                                    keeps_right_ ? right_rows_.get() : nullptr));
  return true;
}

const Batch* HashJoinOperator::NextUnmatchedRight() {
  const std::vector<uint8_t>& matched = output_.right_matched();
  uint32_t count = 0;
  while (next_right_ < rows_.size() && count < kVectorSize) {
    if (!matched[next_right_]) right_rows_[count++] = next_right_;
    ++next_right_;
  }
  return count ? output_.UnmatchedRight(rows_, right_rows_.get(), count) : nullptr;
}

Result<const Batch*> HashJoinOperator::DoNext() {
  if (!built_) {
    RETURN_IF_ERROR(Build());
    // Nothing can match: the left side need not be read.
    if (build_rows_ == 0 && (plan_.type == JoinType::kInner || plan_.type == JoinType::kSemi ||
                             plan_.type == JoinType::kRight)) {
      left_done_ = true;
    }
    if (spill_) RETURN_IF_ERROR(SpillAllLeft());
  }
  if (spilled_) return NextSpilled();
  for (;;) {
    if (const Batch* batch = output_.Pop()) return batch;
    if (probing_) {
      ASSIGN_OR_RETURN(const bool more, MorePairs());
      if (more) continue;
      probing_ = false;
      output_.FinishLeft();
      continue;
    }
    if (left_done_) return keeps_right_ ? NextUnmatchedRight() : nullptr;
    ASSIGN_OR_RETURN(const Batch* left, child(0).Next());
    if (!left) {
      left_done_ = true;
      continue;
    }
    if (!left->empty()) RETURN_IF_ERROR(BeginProbe(*left));
  }
}

}  // namespace oxibase
