#include "exec/join_output.h"

#include <algorithm>

#include "exec/vector_copy.h"

namespace oxibase {
namespace {

constexpr uint32_t kNoPair = UINT32_MAX;

std::vector<Type> Concat(const std::vector<Type>& left, const std::vector<Type>& right) {
  std::vector<Type> both = left;
  both.insert(both.end(), right.begin(), right.end());
  return both;
}

std::vector<Type> OutputTypes(JoinType type, const std::vector<Type>& left,
                              const std::vector<Type>& right) {
  switch (type) {
    case JoinType::kSemi:
    case JoinType::kAnti:
    case JoinType::kNullAwareAnti:
      return left;
    case JoinType::kMark:
      return Concat(left, {TypeId::kBool});
    default:
      return Concat(left, right);
  }
}

template <typename T>
void CopyOrNull(const VectorView& from, const uint32_t* rows, uint32_t count, Vector& to) {
  T* data = to.data<T>();
  for (uint32_t i = 0; i < count; ++i) {
    if (rows[i] == kNoPair) {
      data[i] = T{};
      to.validity().SetNull(i);
      continue;
    }
    const uint32_t position = from.sel[rows[i]];
    data[i] = from.data<T>()[position];
    if (!from.validity->IsValid(position)) to.validity().SetNull(i);
  }
}

struct Bytes16 {
  uint64_t words[2];
};

/// Rows of `from`, NULL for kNoPair; long strings are borrowed.
void SelectOrNull(const Vector& from, const uint32_t* rows, uint32_t count, Vector& to) {
  to.ResetFlat(count);
  const VectorView view = from.view();
  switch (PhysicalWidth(to.physical())) {
    case 1:
      return CopyOrNull<uint8_t>(view, rows, count, to);
    case 2:
      return CopyOrNull<uint16_t>(view, rows, count, to);
    case 4:
      return CopyOrNull<uint32_t>(view, rows, count, to);
    case 8:
      return CopyOrNull<uint64_t>(view, rows, count, to);
    default:
      return CopyOrNull<Bytes16>(view, rows, count, to);
  }
}

}  // namespace

JoinOutput::JoinOutput(JoinType type, const std::vector<Type>& left, const std::vector<Type>& right)
    : type_(type),
      left_count_(left.size()),
      keeps_left_(type == JoinType::kLeft || type == JoinType::kFull || type == JoinType::kSingle),
      first_decides_(type == JoinType::kSemi || type == JoinType::kAnti ||
                     type == JoinType::kNullAwareAnti || type == JoinType::kMark),
      three_valued_(type == JoinType::kNullAwareAnti || type == JoinType::kMark),
      left_types_(left),
      pairs_(Concat(left, right)),
      out_(OutputTypes(type, left, right)) {}

Status JoinOutput::Prepare(const Expr* condition) {
  sel_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  matched_ = std::make_unique<uint8_t[]>(kVectorSize);
  unknown_ = std::make_unique<uint8_t[]>(kVectorSize);
  return condition_.Compile(condition);
}

void JoinOutput::Reset() {
  left_ = nullptr;
  right_matched_.clear();
  queue_left_.clear();
  queue_pair_.clear();
  queue_next_ = 0;
  pairs_ready_ = rows_ready_ = false;
}

void JoinOutput::BeginLeft(const Batch& left) {
  left_ = &left;
  std::fill_n(matched_.get(), left.size, 0);
  std::fill_n(unknown_.get(), left.size, 0);
  reported_ = 0;
  queue_left_.clear();
  queue_pair_.clear();
  queue_next_ = 0;
  pairs_ready_ = rows_ready_ = false;
}

Status JoinOutput::Condition(EvalContext& context, const uint32_t* left_rows, uint32_t* count,
                             const uint32_t* right_rows) {
  if (!condition_) {
    std::copy_n(kIdentitySelection.data(), *count, sel_.get());
  } else if (three_valued_) {
    ASSIGN_OR_RETURN(const Vector* value, condition_->Evaluate(context, pairs_));
    const VectorView view = value->view();
    uint32_t kept = 0;
    for (uint32_t i = 0; i < *count; ++i) {
      if (view.IsNull(i)) {
        unknown_[left_rows[i]] = 1;
      } else if (view.Get<uint8_t>(i)) {
        sel_[kept++] = i;
      }
    }
    *count = kept;
  } else {
    ASSIGN_OR_RETURN(*count, condition_->Select(context, pairs_, sel_.get()));
  }
  if (right_rows && !right_matched_.empty()) {
    for (uint32_t i = 0; i < *count; ++i) right_matched_[right_rows[sel_[i]]] = 1;
  }
  if (type_ == JoinType::kSingle) {
    for (uint32_t i = 0; i < *count; ++i) {
      if (matched_[left_rows[sel_[i]]]++) {
        return Error(ErrorCode::kCardinalityViolation,
                     "more than one row returned by a subquery used as an expression");
      }
    }
  } else {
    for (uint32_t i = 0; i < *count; ++i) matched_[left_rows[sel_[i]]] = 1;
  }
  return {};
}

Status JoinOutput::TakePairs(EvalContext& context, const uint32_t* left_rows, uint32_t count,
                             uint32_t complete, const uint32_t* right_rows) {
  pairs_.size = count;
  uint32_t kept = count;
  if (count > 0) {
    if (condition_ || !first_decides_) {
      bool whole = count == left_->size;
      for (uint32_t i = 0; whole && i < count; ++i) whole = left_rows[i] == i;
      for (size_t c = 0; c < left_count_; ++c) {
        if (whole) {
          pairs_.columns[c].Reference(left_->columns[c]);
        } else {
          pairs_.columns[c].Select(left_->columns[c], left_rows, count);
        }
      }
    }
    RETURN_IF_ERROR(Condition(context, left_rows, &kept, right_rows));
  }
  if (first_decides_) return {};
  if (keeps_left_) {
    QueueWithUnmatched(left_rows, kept, complete);
    return {};
  }
  if (kept > 0) {
    SelectRows(pairs_, sel_.get(), kept);
    if (tracks_left_) {
      pair_left_.resize(kept);
      for (uint32_t i = 0; i < kept; ++i) pair_left_[i] = left_rows[sel_[i]];
    }
    pairs_ready_ = true;
  }
  return {};
}

void JoinOutput::QueueWithUnmatched(const uint32_t* left_rows, uint32_t count, uint32_t complete) {
  queue_left_.clear();
  queue_pair_.clear();
  queue_next_ = 0;
  const auto unmatched_below = [&](uint32_t end) {
    for (; reported_ < end; ++reported_) {
      if (matched_[reported_] || rounds_follow_) continue;
      queue_left_.push_back(reported_);
      queue_pair_.push_back(kNoPair);
    }
  };
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t row = left_rows[sel_[i]];
    unmatched_below(row);
    queue_left_.push_back(row);
    queue_pair_.push_back(sel_[i]);
  }
  unmatched_below(complete);
}

void JoinOutput::FinishLeft() {
  if (keeps_left_) return QueueWithUnmatched(nullptr, 0, left_->size);
  if (!first_decides_ || rounds_follow_) return;
  rows_ready_ = true;
  if (type_ == JoinType::kMark) {
    for (size_t c = 0; c < left_count_; ++c) out_.columns[c].Reference(left_->columns[c]);
    Vector& mark = out_.columns[left_count_];
    mark.ResetFlat(left_->size);
    for (uint32_t i = 0; i < left_->size; ++i) {
      mark.data<uint8_t>()[i] = matched_[i];
      if (!matched_[i] && unknown_[i]) mark.validity().SetNull(i);
    }
    out_.size = left_->size;
    return;
  }
  const bool want = type_ == JoinType::kSemi;
  uint32_t count = 0;
  for (uint32_t i = 0; i < left_->size; ++i) {
    // EXISTS does not care about NULLs; IN does.
    const bool unknown = three_valued_ && unknown_[i];
    if ((matched_[i] != 0) == want && !unknown) sel_[count++] = i;
  }
  for (size_t c = 0; c < left_count_; ++c) {
    if (count == left_->size) {
      out_.columns[c].Reference(left_->columns[c]);
    } else {
      out_.columns[c].Select(left_->columns[c], sel_.get(), count);
    }
  }
  out_.size = count;
  rows_ready_ = count > 0;
}

const Batch* JoinOutput::PopMixed() {
  const auto count =
      static_cast<uint32_t>(std::min<size_t>(kVectorSize, queue_left_.size() - queue_next_));
  const uint32_t* left_rows = queue_left_.data() + queue_next_;
  const uint32_t* pairs = queue_pair_.data() + queue_next_;
  queue_next_ += count;
  popped_left_ = left_rows;
  const bool any_unmatched = std::find(pairs, pairs + count, kNoPair) != pairs + count;
  const bool all_unmatched =
      any_unmatched && std::all_of(pairs, pairs + count, [](uint32_t p) { return p == kNoPair; });
  for (size_t c = 0; c < left_count_; ++c) {
    out_.columns[c].Select(left_->columns[c], left_rows, count);
  }
  for (size_t c = left_count_; c < out_.columns.size(); ++c) {
    if (all_unmatched) {
      out_.columns[c].SetConstantNull();
    } else if (any_unmatched) {
      SelectOrNull(pairs_.columns[c], pairs, count, out_.columns[c]);
    } else {
      out_.columns[c].Select(pairs_.columns[c], pairs, count);
    }
  }
  out_.size = count;
  return &out_;
}

const Batch* JoinOutput::Pop() {
  if (pairs_ready_) {
    pairs_ready_ = false;
    popped_left_ = pair_left_.data();
    return &pairs_;
  }
  if (rows_ready_) {
    rows_ready_ = false;
    popped_left_ = type_ == JoinType::kMark ? kIdentitySelection.data() : sel_.get();
    return &out_;
  }
  return queue_next_ < queue_left_.size() ? PopMixed() : nullptr;
}

const Batch* JoinOutput::UnmatchedRight(const RowStore& store, const uint32_t* rows,
                                        uint32_t count) {
  for (size_t c = 0; c < left_count_; ++c) out_.columns[c].SetConstantNull();
  store.Gather(rows, count, std::span(out_.columns).subspan(left_count_));
  out_.size = count;
  return &out_;
}

}  // namespace oxibase
