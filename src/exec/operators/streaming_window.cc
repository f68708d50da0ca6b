#include "exec/operators/streaming_window.h"

#include <algorithm>

#include "exec/vector_copy.h"
#include "expr/function.h"
#include "expr/hash.h"

namespace oxibase {

Status StreamingWindowOperator::Prepare() {
  RETURN_IF_ERROR(keys_.AddAll(plan_.partition_by));
  for (const SortKey& key : plan_.order_by) RETURN_IF_ERROR(keys_.Add(*key.expr));
  last_ = Batch(keys_.types());
  changes_.resize(kVectorSize);
  return {};
}

Status StreamingWindowOperator::DoOpen() {
  begun_ = false;
  return child().Open();
}

void StreamingWindowOperator::FindChanges(uint32_t rows) {
  std::fill_n(changes_.begin(), rows, Change::kNone);
  // Order keys first: a change of the partition counts for more.
  for (size_t k = keys_.size(); k-- > 0;) {
    const Change change = k < plan_.partition_by.size() ? Change::kPartition : Change::kPeers;
    const Type type = keys_.types()[k];
    const VectorView view = keys_.result(k).view();
    for (uint32_t i = 1; i < rows; ++i) {
      if (!RowsEqual(type, view, i - 1, view, i)) changes_[i] = change;
    }
    if (begun_ && !RowsEqual(type, last_.columns[k].view(), 0, view, 0)) changes_[0] = change;
  }
  if (!begun_) changes_[0] = Change::kPartition;
  begun_ = true;
  for (size_t k = 0; k < keys_.size(); ++k) {
    const uint32_t last = rows - 1;
    last_.columns[k].ResetFlat(1);
    CopyRows(last_.columns[k], 0, keys_.result(k), &last, 1);
  }
}

Result<const Batch*> StreamingWindowOperator::DoNext() {
  const Batch* input = nullptr;
  do {
    ASSIGN_OR_RETURN(input, child().Next());
    if (!input) return nullptr;
  } while (input->empty());
  RETURN_IF_ERROR(keys_.Evaluate(eval(), *input));
  FindChanges(input->size);
  const size_t own = input->columns.size();
  for (size_t c = 0; c < own; ++c) out_.columns[c].Reference(input->columns[c]);
  int64_t row = 0, peers_begin = 0, group = 0;
  for (size_t f = 0; f < plan_.functions.size(); ++f) {
    const WindowFunctionId id = plan_.functions[f]->function->window;
    Vector& out = out_.columns[own + f];
    out.ResetFlat(input->size);
    auto* numbers = out.data<int64_t>();
    row = row_, peers_begin = peers_begin_, group = group_;
    for (uint32_t i = 0; i < input->size; ++i) {
      if (changes_[i] == Change::kPartition) row = peers_begin = group = 0;
      ++row;
      if (changes_[i] != Change::kNone) {
        peers_begin = row;
        ++group;
      }
      numbers[i] = id == WindowFunctionId::kRowNumber ? row
                   : id == WindowFunctionId::kRank    ? peers_begin
                                                      : group;
    }
  }
  row_ = row, peers_begin_ = peers_begin, group_ = group;
  out_.size = input->size;
  return &out_;
}

}  // namespace oxibase
