#include "exec/operators/sort.h"

#include <algorithm>

#include "exec/operators/limit.h"
#include "exec/vector_copy.h"
#include "expr/hash.h"

namespace oxibase {
namespace {

/// Below this many rows more than asked for nothing is thrown away.
constexpr size_t kTopSlackRows = 4096;

}  // namespace

std::vector<RowSorter::Key> SorterKeys(const std::vector<SortKey>& keys) {
  std::vector<RowSorter::Key> result;
  result.reserve(keys.size());
  for (const SortKey& key : keys) {
    result.push_back({key.expr->type, key.descending, key.nulls_first});
  }
  return result;
}

SortOperator::SortOperator(const PhysicalSort& node, ExecState& state)
    : Operator(node, state),
      plan_(node),
      sorter_(SorterKeys(node.keys)),
      rows_(node.types),
      memory_(state.memory),
      out_(node.types),
      runs_(node.types, state) {}

Status SortOperator::Prepare() {
  for (const SortKey& key : plan_.keys) RETURN_IF_ERROR(keys_.Add(*key.expr));
  RETURN_IF_ERROR(limit_.Compile(plan_.limit.get()));
  RETURN_IF_ERROR(offset_.Compile(plan_.offset.get()));
  last_keys_ = Batch(std::span(keys_.types()).first(plan_.presorted));
  numbers_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  return {};
}

Status SortOperator::DoOpen() {
  sorter_.Clear();
  rows_.Clear();
  runs_.Clear();
  next_ = 0;
  sorted_ = input_done_ = merging_ = false;
  merged_ = 0;
  rest_ = nullptr;
  keep_ = UINT64_MAX;
  if (limit_) {
    ASSIGN_OR_RETURN(const auto limit, EvaluateRowCount(*limit_, eval(), false));
    uint64_t skip = 0;
    if (offset_) {
      ASSIGN_OR_RETURN(const auto offset, EvaluateRowCount(*offset_, eval(), true));
      skip = offset.value_or(0);
    }
    if (limit && *limit < UINT32_MAX && skip < UINT32_MAX) keep_ = *limit + skip;
  }
  return child().Open();
}

void SortOperator::DropGreater() {
  sorter_.KeepLeast(keep_);
  // The rows that stay move to a new store, in order of arrival so that ties stay stable.
  std::vector<uint32_t> order(sorter_.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<uint32_t>(i);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return sorter_.row(a) < sorter_.row(b); });
  RowStore kept(rows_.types());
  uint32_t numbers[kVectorSize];
  for (size_t first = 0; first < order.size(); first += kVectorSize) {
    const auto count = static_cast<uint32_t>(std::min<size_t>(kVectorSize, order.size() - first));
    for (uint32_t i = 0; i < count; ++i) numbers[i] = sorter_.row(order[first + i]);
    rows_.Gather(numbers, count, out_.columns);
    kept.Append(out_.columns, nullptr, count);
  }
  for (size_t i = 0; i < order.size(); ++i) sorter_.set_row(order[i], static_cast<uint32_t>(i));
  rows_ = std::move(kept);
}

uint32_t SortOperator::LastChange(uint32_t rows) const {
  uint32_t change = 0;
  for (size_t k = 0; k < plan_.presorted; ++k) {
    const VectorView view = keys_.result(k).view();
    for (uint32_t i = rows; i-- > change + 1;) {
      if (!RowsEqual(keys_.types()[k], view, i - 1, view, i)) {
        change = i;
        break;
      }
    }
  }
  return change;
}

bool SortOperator::BeginsAnew(uint32_t row) const {
  for (size_t k = 0; k < plan_.presorted; ++k) {
    if (!RowsEqual(keys_.types()[k], last_keys_.columns[k].view(), 0, keys_.result(k).view(),
                   row)) {
      return true;
    }
  }
  return false;
}

void SortOperator::Add(const Batch& input, uint32_t first, uint32_t count) {
  if (count == 0) return;
  if (count == input.size) {
    sorter_.Add(keys_.results(), count, rows_.size());
    rows_.Append(input);
    return;
  }
  std::vector<Vector> parts;
  std::vector<const Vector*> keys;
  parts.reserve(keys_.size());
  const uint32_t* sel = kIdentitySelection.data() + first;
  for (size_t k = 0; k < keys_.size(); ++k) {
    parts.emplace_back(keys_.types()[k]);
    parts.back().Select(keys_.result(k), sel, count);
    keys.push_back(&parts.back());
  }
  sorter_.Add(keys, count, rows_.size());
  rows_.Append(input.columns, sel, count);
}

Status SortOperator::WriteRun() {
  if (sorter_.empty()) return {};
  sorter_.Sort();
  const RowStore* const stores[] = {&rows_};
  RETURN_IF_ERROR(runs_.Add(sorter_, stores, keep_));
  sorter_.Release();
  rows_.Clear();
  memory_.Set0();
  return {};
}

Status SortOperator::CheckMemory() {
  const size_t bytes = rows_.bytes() + sorter_.bytes();
  most_bytes_ = std::max(most_bytes_, bytes);
  return memory_.Fits(bytes) ? Status() : WriteRun();
}

Status SortOperator::FinishInput() {
  if (runs_.empty()) {
    if (sorter_.size() > keep_) sorter_.KeepLeast(keep_);
    sorter_.Sort();
    return {};
  }
  RETURN_IF_ERROR(WriteRun());
  merging_ = true;
  most_disk_ = std::max(most_disk_, runs_.disk_bytes());
  return runs_.Merge();
}

Result<const Batch*> SortOperator::NextMerged() {
  if (merged_ >= keep_) return nullptr;
  ASSIGN_OR_RETURN(const Batch* rows, runs_.Next());
  if (!rows) return nullptr;
  for (size_t c = 0; c < out_.columns.size(); ++c) out_.columns[c].Reference(rows->columns[c]);
  out_.size = static_cast<uint32_t>(std::min<uint64_t>(rows->size, keep_ - merged_));
  merged_ += out_.size;
  return &out_;
}

Status SortOperator::ConsumePart() {
  sorter_.Clear();
  rows_.Clear();
  runs_.Clear();
  merging_ = false;
  merged_ = 0;
  next_ = 0;
  if (rest_) {
    RETURN_IF_ERROR(keys_.Evaluate(eval(), *rest_));
    Add(*rest_, rest_first_, rest_->size - rest_first_);
    rest_ = nullptr;
  }
  while (!input_done_) {
    ASSIGN_OR_RETURN(const Batch* input, child().Next());
    if (!input) {
      input_done_ = true;
      break;
    }
    if (input->empty()) continue;
    RETURN_IF_ERROR(keys_.Evaluate(eval(), *input));
    const uint32_t change = LastChange(input->size);
    const bool any = !sorter_.empty() || !runs_.empty();
    const bool whole = change == 0 && any && BeginsAnew(0);
    for (size_t k = 0; k < plan_.presorted; ++k) {
      const uint32_t last = input->size - 1;
      last_keys_.columns[k].ResetFlat(1);
      CopyRows(last_keys_.columns[k], 0, keys_.result(k), &last, 1);
    }
    Add(*input, 0, change);
    if (change > 0 || whole) {
      rest_ = input;
      rest_first_ = change;
      break;
    }
    Add(*input, 0, input->size);
    RETURN_IF_ERROR(CheckMemory());
  }
  most_bytes_ = std::max(most_bytes_, rows_.bytes() + sorter_.bytes());
  return FinishInput();
}

Status SortOperator::Consume() {
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* input, child().Next());
    if (!input) break;
    RETURN_IF_ERROR(keys_.Evaluate(eval(), *input));
    Add(*input, 0, input->size);
    if (sorter_.size() / 2 >= keep_ && sorter_.size() >= keep_ + kTopSlackRows) DropGreater();
    RETURN_IF_ERROR(CheckMemory());
  }
  sorted_ = true;
  return FinishInput();
}

Result<const Batch*> SortOperator::DoNext() {
  if (plan_.presorted > 0) {
    if (merging_) {
      ASSIGN_OR_RETURN(const Batch* rows, NextMerged());
      if (rows) return rows;
    }
    if ((merging_ || next_ == sorter_.size()) && (!input_done_ || rest_)) {
      RETURN_IF_ERROR(ConsumePart());
    }
  } else if (!sorted_) {
    RETURN_IF_ERROR(Consume());
  }
  if (merging_) return NextMerged();
  const auto count = static_cast<uint32_t>(std::min<size_t>(kVectorSize, sorter_.size() - next_));
  if (count == 0) return nullptr;
  for (uint32_t i = 0; i < count; ++i) numbers_[i] = sorter_.row(next_ + i);
  rows_.Gather(numbers_.get(), count, out_.columns);
  next_ += count;
  out_.size = count;
  return &out_;
}

void SortOperator::DoClose() {
  sorter_.Clear();
  rows_.Clear();
  runs_.Clear();
  memory_.Set0();
}

std::string SortOperator::Note() const {
  if (!most_bytes_) return {};
  if (most_disk_ > 0) return "Sort Method: external merge  Disk: " + Kilobytes(most_disk_);
  return std::string("Sort Method: ") + (plan_.limit ? "top-N heapsort" : "quicksort") +
         "  Memory: " + Kilobytes(most_bytes_);
}

}  // namespace oxibase
