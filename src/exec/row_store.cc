#include "exec/row_store.h"

#include <algorithm>

#include "exec/vector_copy.h"

namespace oxibase {
namespace {

struct Bytes16 {
  uint64_t words[2];
};

template <typename T>
void GatherFixed(const std::deque<Batch>& chunks, size_t column, const uint32_t* rows,
                 uint32_t count, Vector& out) {
  T* to = out.data<T>();
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t row = rows[i];
    if (row == RowStore::kNoRow) {
      to[i] = T{};
      out.validity().SetNull(i);
      continue;
    }
    const Vector& from = chunks[row / kVectorSize].columns[column];
    const uint32_t position = row % kVectorSize;
    to[i] = from.data<T>()[position];
    if (!from.validity().IsValid(position)) out.validity().SetNull(i);
  }
}

}  // namespace

void RowStore::Clear() {
  if (chunks_.size() > 1) chunks_.resize(1);
  if (!chunks_.empty()) chunks_[0].size = 0;
  size_ = 0;
  bytes_ = 0;
}

Batch& RowStore::Writable() {
  const size_t at = size_ / kVectorSize;
  if (at == chunks_.size()) chunks_.emplace_back(types_);
  Batch& chunk = chunks_[at];
  if (size_ % kVectorSize == 0) {
    chunk.size = 0;
    for (Vector& column : chunk.columns) {
      column.ResetFlat(kVectorSize);
      bytes_ += PhysicalWidth(column.physical()) * kVectorSize;
    }
  }
  return chunk;
}

template <typename ColumnAt>
void RowStore::AppendRows(const ColumnAt& source, const uint32_t* sel, uint32_t count) {
  uint32_t done = 0;
  uint32_t rest[kVectorSize];
  while (done < count) {
    Batch& chunk = Writable();
    const uint32_t take = std::min(count - done, kVectorSize - chunk.size);
    const uint32_t* from = sel ? sel + done : nullptr;
    if (!from && done > 0) {
      for (uint32_t i = 0; i < take; ++i) rest[i] = done + i;
      from = rest;
    }
    for (size_t c = 0; c < types_.size(); ++c) {
      Vector& to = chunk.columns[c];
      const size_t before = to.arena().bytes_reserved();
      CopyRows(to, chunk.size, source(c), from, take);
      bytes_ += to.arena().bytes_reserved() - before;
    }
    chunk.size += take;
    size_ += take;
    done += take;
  }
}

void RowStore::Append(std::span<const Vector> columns, const uint32_t* sel, uint32_t count) {
  AppendRows([&](size_t c) -> const Vector& { return columns[c]; }, sel, count);
}

void RowStore::Append(std::span<const Vector* const> columns, const uint32_t* sel, uint32_t count) {
  AppendRows([&](size_t c) -> const Vector& { return *columns[c]; }, sel, count);
}

void RowStore::GatherColumn(size_t column, const uint32_t* rows, uint32_t count,
                            Vector& out) const {
  out.ResetFlat(count);
  switch (PhysicalWidth(out.physical())) {
    case 1:
      return GatherFixed<uint8_t>(chunks_, column, rows, count, out);
    case 2:
      return GatherFixed<uint16_t>(chunks_, column, rows, count, out);
    case 4:
      return GatherFixed<uint32_t>(chunks_, column, rows, count, out);
    case 8:
      return GatherFixed<uint64_t>(chunks_, column, rows, count, out);
    default:
      return GatherFixed<Bytes16>(chunks_, column, rows, count, out);
  }
}

void RowStore::Gather(const uint32_t* rows, uint32_t count, std::span<Vector> out) const {
  for (size_t c = 0; c < types_.size(); ++c) GatherColumn(c, rows, count, out[c]);
}

uint32_t RowStore::Borrow(uint32_t first, uint32_t limit, Batch& out) const {
  if (first >= size_) {
    out.size = 0;
    return 0;
  }
  const Batch& from = chunks_[first / kVectorSize];
  const uint32_t position = first % kVectorSize;
  const uint32_t count = std::min(from.size - position, limit);
  for (size_t c = 0; c < types_.size(); ++c) {
    if (position == 0) {
      out.columns[c].Reference(from.columns[c]);
    } else {
      out.columns[c].Select(from.columns[c], kIdentitySelection.data() + position, count);
    }
  }
  out.size = count;
  return count;
}

}  // namespace oxibase
