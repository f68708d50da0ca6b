// What a window does when its input does not fit in memory.

#include <algorithm>

#include "exec/operators/window.h"
#include "expr/hash.h"

namespace oxibase {

Status WindowOperator::ConsumeInput() {
  const size_t keys = plan_.partition_by.size() + plan_.order_by.size();
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* input, child().Next());
    if (!input) return {};
    if (input->empty()) continue;
    RETURN_IF_ERROR(exprs_.Evaluate(eval(), *input));
    if (spilled_ && !sorts_) {
      RETURN_IF_ERROR(AppendToRun(*input, exprs_.results()));
      continue;
    }
    if (sorts_) sorter_.Add(exprs_.results().first(keys), input->size, rows_.size());
    columns_.Append(exprs_.results(), nullptr, input->size);
    rows_.Append(*input);
    // Sorting will copy the columns.
    const size_t columns = columns_.bytes() * (sorts_ ? 2 : 1);
    if (!memory_.Fits(rows_.bytes() + columns + sorter_.bytes())) RETURN_IF_ERROR(WriteRun());
  }
}

Status WindowOperator::AppendToRun(const Batch& rows, std::span<const Vector* const> columns) {
  std::vector<const Vector*> all;
  for (const Vector& column : rows.columns) all.push_back(&column);
  all.insert(all.end(), columns.begin(), columns.end());
  Vector no_key(TypeId::kBytea);
  no_key.ResetFlat(1);
  no_key.data<StringRef>()[0] = StringRef();
  no_key.MarkConstant();
  return runs_.AddToRun(all, no_key, rows.size);
}

Status WindowOperator::WriteRun() {
  if (sorts_) {
    if (sorter_.empty()) return {};
    sorter_.Sort();
    const RowStore* const stores[] = {&rows_, &columns_};
    RETURN_IF_ERROR(runs_.Add(sorter_, stores, UINT64_MAX));
    sorter_.Release();
  } else {
    // In order already: one run takes all there is.
    if (!spilled_) RETURN_IF_ERROR(runs_.BeginRun());
    for (size_t i = 0; i < rows_.chunk_count(); ++i) {
      std::vector<const Vector*> columns;
      for (const Vector& column : columns_.chunk(i).columns) columns.push_back(&column);
      RETURN_IF_ERROR(AppendToRun(rows_.chunk(i), columns));
    }
  }
  spilled_ = true;
  rows_.Clear();
  columns_.Clear();
  memory_.Force(rows_.bytes() + columns_.bytes() + sorter_.bytes());
  return {};
}

uint32_t WindowOperator::NextBoundary(uint32_t first) const {
  const size_t own = rows_.types().size();
  for (uint32_t row = first; row < loading_->size; ++row) {
    for (size_t k = 0; k < plan_.partition_by.size(); ++k) {
      const Vector& keys = loading_->columns[own + k];
      // The row before: of this batch, or the last one taken.
      const uint32_t last = columns_.size() - 1;
      const bool same = row > 0
                            ? RowsEqual(column_types_[k], keys.view(), row - 1, keys.view(), row)
                            : RowsEqual(column_types_[k], columns_.column(last, k).view(),
                                        last % kVectorSize, keys.view(), row);
      if (!same) return row;
    }
  }
  return loading_->size;
}

Status WindowOperator::HoldMemory() {
  RETURN_IF_ERROR(state().Hold(rows_, memory_));
  return state().Hold(columns_, columns_memory_);
}

Status WindowOperator::LoadPartitions() {
  rows_.Clear();
  columns_.Clear();
  next_ = 0;
  partition_.begin = partition_.end = 0;
  const size_t own = rows_.types().size();
  bool enough = false;
  for (;;) {
    RETURN_IF_ERROR(eval().CheckCancelled());
    if (!loading_ || loading_row_ == loading_->size) {
      ASSIGN_OR_RETURN(loading_, runs_.Next());
      loading_row_ = 0;
      if (!loading_) break;
    }
    const uint32_t end = enough ? NextBoundary(loading_row_) : loading_->size;
    const uint32_t* sel = kIdentitySelection.data() + loading_row_;
    const uint32_t count = end - loading_row_;
    std::vector<const Vector*> columns;
    for (size_t c = 0; c + 1 < loading_->columns.size(); ++c) {
      columns.push_back(&loading_->columns[c]);
    }
    const std::span<const Vector* const> all(columns);
    rows_.Append(all.first(own), sel, count);
    columns_.Append(all.subspan(own), sel, count);
    RETURN_IF_ERROR(HoldMemory());
    loading_row_ = end;
    if (end < loading_->size) break;
    enough = true;
  }
  return {};
}

std::string WindowOperator::Note() const {
  return disk_bytes_ > 0 ? "Storage: Disk  Maximum Storage: " + Kilobytes(disk_bytes_)
                         : std::string();
}

}  // namespace oxibase
