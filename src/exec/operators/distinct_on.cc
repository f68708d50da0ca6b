#include "exec/operators/distinct_on.h"

#include "exec/vector_copy.h"
#include "expr/hash.h"

namespace oxibase {

Status DistinctOnOperator::Prepare() {
  RETURN_IF_ERROR(on_.AddAll(plan_.on));
  last_ = Batch(on_.types());
  sel_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  return {};
}

Status DistinctOnOperator::DoOpen() {
  any_ = false;
  return child().Open();
}

Result<const Batch*> DistinctOnOperator::DoNext() {
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* input, child().Next());
    if (!input) return nullptr;
    if (input->empty()) continue;
    RETURN_IF_ERROR(on_.Evaluate(eval(), *input));
    const auto same = [&](size_t k, uint32_t row, const Vector& other, uint32_t other_row) {
      return RowsEqual(on_.types()[k], on_.result(k).view(), row, other.view(), other_row);
    };
    uint32_t count = 0;
    for (uint32_t row = 0; row < input->size; ++row) {
      bool equal = row > 0 || any_;
      for (size_t k = 0; equal && k < on_.size(); ++k) {
        equal = row > 0 ? same(k, row, on_.result(k), row - 1) : same(k, row, last_.columns[k], 0);
      }
      if (!equal) sel_[count++] = row;
    }
    any_ = true;
    const uint32_t last = input->size - 1;
    for (size_t k = 0; k < on_.size(); ++k) {
      last_.columns[k].ResetFlat(1);
      CopyRows(last_.columns[k], 0, on_.result(k), &last, 1);
    }
    if (count == 0) continue;
    for (size_t c = 0; c < out_.columns.size(); ++c) {
      out_.columns[c].Select(input->columns[c], sel_.get(), count);
    }
    out_.size = count;
    return &out_;
  }
}

}  // namespace oxibase
