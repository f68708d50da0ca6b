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
  memory_.Set0();
}

Status SetOpOperator::Count() {
  for (int side = 0; side < 2; ++side) {
    for (;;) {
      ASSIGN_OR_RETURN(const Batch* input, child(side).Next());
      if (!input) break;
      std::vector<const Vector*> keys;
      for (const Vector& column : input->columns) keys.push_back(&column);
      if (side == 0) {
        rows_.FindOrInsert(keys, nullptr, input->size, found_.get(), nullptr);
        for (uint32_t i = 0; i < input->size; ++i) ++reinterpret_cast<Counts*>(found_[i])->left;
        RETURN_IF_ERROR(memory_.Set(rows_.bytes()));
      } else {
        rows_.Find(keys, nullptr, input->size, found_.get());
        for (uint32_t i = 0; i < input->size; ++i) {
          if (found_[i]) ++reinterpret_cast<Counts*>(found_[i])->right;
        }
      }
    }
  }
  counted_ = true;
  return {};
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
  while (next_ < rows_.size()) {
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
  return nullptr;
}

}  // namespace oxibase
