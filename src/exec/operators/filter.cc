#include "exec/operators/filter.h"

namespace oxibase {

Status FilterOperator::Prepare() {
  sel_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  return predicate_.Compile(plan_.predicate.get());
}

Status FilterOperator::DoOpen() { return child().Open(); }

Result<const Batch*> FilterOperator::DoNext() {
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* input, child().Next());
    if (!input || !predicate_) return input;
    if (input->empty()) continue;
    ASSIGN_OR_RETURN(const uint32_t count, predicate_->Select(eval(), *input, sel_.get()));
    removed_ += input->size - count;
    if (count == 0) continue;
    if (count == input->size) return input;
    for (size_t c = 0; c < out_.columns.size(); ++c) {
      out_.columns[c].Select(input->columns[c], sel_.get(), count);
    }
    out_.size = count;
    return &out_;
  }
}

std::string FilterOperator::Note() const {
  return removed_ ? "Rows Removed by Filter: " + std::to_string(removed_) : std::string();
}

}  // namespace oxibase
