#include "exec/row_store.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "exec/spilled_rows.h"
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

struct RowStore::Pages {
  /// So many chunks may be looked at in turn without reading any twice.
  static constexpr size_t kCached = 8;

  Pages(std::shared_ptr<TempFile> file, std::vector<Type> types)
      : rows(std::move(file), std::move(types)) {}

  SpilledRows rows;  // block i is chunk i
  struct Cached {
    size_t chunk = SIZE_MAX;
    uint64_t used = 0;
    Batch batch;
  };
  Cached cached[kCached];
  uint64_t clock = 0;
  Status status;
};

RowStore::RowStore(std::vector<Type> types) : types_(std::move(types)) {}
RowStore::~RowStore() = default;
RowStore::RowStore(RowStore&& other) noexcept { *this = std::move(other); }

RowStore& RowStore::operator=(RowStore&& other) noexcept {
  types_ = std::move(other.types_);
  chunks_ = std::move(other.chunks_);
  size_ = std::exchange(other.size_, 0);
  bytes_ = std::exchange(other.bytes_, 0);
  paged_chunks_ = std::exchange(other.paged_chunks_, 0);
  pages_ = std::move(other.pages_);
  other.chunks_.clear();
  return *this;
}

Status RowStore::PageOut(const std::shared_ptr<TempFile>& file, const OnPage& on_page) {
  const size_t full = size_ / kVectorSize;
  if (full <= paged_chunks_ + 1) return {};
  if (!pages_) pages_ = std::make_unique<Pages>(file, types_);
  while (paged_chunks_ + 1 < full) {
    Batch& chunk = chunks_[paged_chunks_];
    RETURN_IF_ERROR(pages_->rows.AppendBlock(chunk));
    for (Vector& column : chunk.columns) {
      bytes_ -= PhysicalWidth(column.physical()) * kVectorSize + column.arena().bytes_reserved();
    }
    if (on_page) on_page(paged_chunks_, std::move(chunk));
    chunk = Batch();
    ++paged_chunks_;
  }
  return {};
}

Status RowStore::status() const { return pages_ ? pages_->status : Status(); }

uint64_t RowStore::disk_bytes() const { return pages_ ? pages_->rows.disk_bytes() : 0; }

const Batch& RowStore::Page(size_t i) const {
  Pages& pages = *pages_;
  Pages::Cached* slot = &pages.cached[0];
  for (Pages::Cached& cached : pages.cached) {
    if (cached.chunk == i) {
      cached.used = ++pages.clock;
      return cached.batch;
    }
    if (cached.used < slot->used) slot = &cached;
  }
  slot->chunk = i;
  slot->used = ++pages.clock;
  if (Status status = pages.rows.ReadBlock(i, slot->batch); !status.ok()) {
    if (pages.status.ok()) pages.status = std::move(status);
    slot->batch = Batch(types_);
    for (Vector& column : slot->batch.columns) {
      column.ResetFlat(kVectorSize);
      std::memset(column.data<std::byte>(), 0, PhysicalWidth(column.physical()) * kVectorSize);
      for (uint32_t row = 0; row < kVectorSize; ++row) column.validity().SetNull(row);
    }
    slot->batch.size = kVectorSize;
  }
  return slot->batch;
}

void RowStore::Clear() {
  if (pages_) {
    pages_.reset();
    paged_chunks_ = 0;
    chunks_.clear();
  }
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

void RowStore::GatherPaged(size_t column, const uint32_t* rows, uint32_t count, Vector& out) const {
  for (uint32_t i = 0; i < count;) {
    if (rows[i] == kNoRow) {
      std::memset(out.data<std::byte>() + i * PhysicalWidth(out.physical()), 0,
                  PhysicalWidth(out.physical()));
      out.validity().SetNull(i++);
      continue;
    }
    const size_t at = rows[i] / kVectorSize;
    uint32_t positions[kVectorSize];
    uint32_t same = 0;
    for (; i + same < count && rows[i + same] != kNoRow && rows[i + same] / kVectorSize == at;
         ++same) {
      positions[same] = rows[i + same] % kVectorSize;
    }
    CopyRows(out, i, chunk(at).columns[column], positions, same);
    i += same;
  }
}

void RowStore::GatherColumn(size_t column, const uint32_t* rows, uint32_t count,
                            Vector& out) const {
  out.ResetFlat(count);
  if (has_pages()) return GatherPaged(column, rows, count, out);
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
  const uint32_t position = first % kVectorSize;
  if (first / kVectorSize < paged_chunks_) {
    if (Status status = pages_->rows.ReadBlock(first / kVectorSize, out); !status.ok()) {
      if (pages_->status.ok()) pages_->status = std::move(status);
      out.size = 0;
      return 0;
    }
    const uint32_t left = std::min(out.size - position, limit);
    if (left < out.size) SelectRows(out, kIdentitySelection.data() + position, left);
    return left;
  }
  const Batch& from = chunks_[first / kVectorSize];
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
