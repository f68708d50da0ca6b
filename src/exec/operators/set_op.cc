#include "exec/operators/set_op.h"

#include <algorithm>
#include <vector>

namespace oxibase {

SetOpOperator::SetOpOperator(const PhysicalSetOp& node, ExecState& state)
    : Operator(node, state),
      plan_(node),
      rows_(node.types, sizeof(Counts)),
      memory_(state.memory),
      keys_(node.types),
      out_(node.types) {}

Status SetOpOperator::Prepare() {
  found_ = std::make_unique<std::byte*[]>(kVectorSize);
  sel_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  return {};
}

Status SetOpOperator::DoOpen() {
  DoClose();
  counted_ = false;
  next_ = copies_done_ = 0;
  RETURN_IF_ERROR(child(0).Open());
  return child(1).Open();
}

void SetOpOperator::DoClose() {
  rows_.Clear();
  left_parts_.reset();
  right_parts_.reset();
  waiting_.clear();
  depth_ = 0;
  memory_.Set0();
}

Status SetOpOperator::CountLeft(const Batch& input) {
  columns_.clear();
  for (const Vector& column : input.columns) columns_.push_back(&column);
  if (!left_parts_) {
    rows_.FindOrInsert(columns_, nullptr, input.size, found_.get(), nullptr);
    for (uint32_t i = 0; i < input.size; ++i) ++reinterpret_cast<Counts*>(found_[i])->left;
    if (memory_.Fits(rows_.bytes())) return {};
    left_parts_ = std::make_unique<SpillPartitions>(rows_.types(), depth_, state());
    right_parts_ = std::make_unique<SpillPartitions>(rows_.types(), depth_, state());
    return {};
  }
  rows_.Find(columns_, nullptr, input.size, found_.get());
  uint32_t missing = 0;
  for (uint32_t i = 0; i < input.size; ++i) {
    if (found_[i]) {
      ++reinterpret_cast<Counts*>(found_[i])->left;
    } else {
      sel_[missing++] = i;
    }
  }
  RETURN_IF_ERROR(left_parts_->Add(columns_, rows_.hashes(), sel_.get(), missing));
  memory_.Force(rows_.bytes() + left_parts_->bytes());
  return {};
}

Status SetOpOperator::CountRight(const Batch& input) {
  columns_.clear();
  for (const Vector& column : input.columns) columns_.push_back(&column);
  rows_.Find(columns_, nullptr, input.size, found_.get());
  uint32_t missing = 0;
  for (uint32_t i = 0; i < input.size; ++i) {
    if (found_[i]) {
      ++reinterpret_cast<Counts*>(found_[i])->right;
    } else if (left_parts_ && left_parts_->Has(left_parts_->Of(rows_.hashes()[i]))) {
      sel_[missing++] = i;
    }
  }
  if (missing == 0) return {};
  RETURN_IF_ERROR(right_parts_->Add(columns_, rows_.hashes(), sel_.get(), missing));
  memory_.Force(rows_.bytes() + left_parts_->bytes() + right_parts_->bytes());
  return {};
}

Status SetOpOperator::QueueParts() {
  if (!left_parts_) return {};
  RETURN_IF_ERROR(left_parts_->Finish());
  RETURN_IF_ERROR(right_parts_->Finish());
  for (uint32_t part = SpillPartitions::kCount; part-- > 0;) {
    if (!left_parts_->Has(part)) continue;
    waiting_.push_back({left_parts_->Take(part), right_parts_->Take(part), depth_ + 1});
  }
  left_parts_.reset();
  right_parts_.reset();
  return {};
}

Status SetOpOperator::Count() {
  for (int side = 0; side < 2; ++side) {
    for (;;) {
      ASSIGN_OR_RETURN(const Batch* input, child(side).Next());
      if (!input) break;
      RETURN_IF_ERROR(side == 0 ? CountLeft(*input) : CountRight(*input));
    }
  }
  counted_ = true;
  return QueueParts();
}

Result<bool> SetOpOperator::NextPart() {
  if (waiting_.empty()) return false;
  const Waiting part = std::move(waiting_.back());
  waiting_.pop_back();
  depth_ = part.depth;
  rows_.Clear();
  next_ = copies_done_ = 0;
  for (int side = 0; side < 2; ++side) {
    if (side == 1 && !part.right) break;
    SpilledRowsReader reader(side == 0 ? *part.left : *part.right, true);
    for (;;) {
      RETURN_IF_ERROR(eval().CheckCancelled());
      ASSIGN_OR_RETURN(const Batch* rows, reader.Next());
      if (!rows) break;
      RETURN_IF_ERROR(side == 0 ? CountLeft(*rows) : CountRight(*rows));
    }
  }
  RETURN_IF_ERROR(QueueParts());
  return true;
}

uint64_t SetOpOperator::Copies(const Counts& counts) const {
  if (plan_.op == LogicalSetOp::Op::kIntersect) {
    const uint64_t both = std::min(counts.left, counts.right);
    return plan_.all ? both : std::min<uint64_t>(both, 1);
  }
  if (plan_.all) return counts.left > counts.right ? counts.left - counts.right : 0;
  return counts.right == 0 ? 1 : 0;
}

Result<const Batch*> SetOpOperator::DoNext() {
  if (!counted_) RETURN_IF_ERROR(Count());
  for (;;) {
    if (next_ == rows_.size()) {
      ASSIGN_OR_RETURN(const bool more, NextPart());
      if (!more) return nullptr;
    }
    RETURN_IF_ERROR(eval().CheckCancelled());
    uint32_t count = 0;
    const size_t first = next_;
    while (next_ < rows_.size() && next_ - first < kVectorSize && count < kVectorSize) {
      const uint64_t copies = Copies(*reinterpret_cast<const Counts*>(rows_.payload(next_)));
      while (copies_done_ < copies && count < kVectorSize) {
        sel_[count++] = static_cast<uint32_t>(next_ - first);
        ++copies_done_;
      }
      if (copies_done_ < copies) break;
      copies_done_ = 0;
      ++next_;
    }
    if (count == 0) continue;
    const auto read = static_cast<uint32_t>(std::min<size_t>(rows_.size() - first, kVectorSize));
    for (size_t c = 0; c < out_.columns.size(); ++c) {
      rows_.ReadKeys(c, first, read, keys_.columns[c]);
      out_.columns[c].Select(keys_.columns[c], sel_.get(), count);
    }
    out_.size = count;
    return &out_;
  }
}

}  // namespace oxibase
