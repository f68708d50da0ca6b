#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "common/status.h"
#include "common/vector.h"

namespace oxibase {

class TempFile;

/// Rows kept by an operator across calls of its child: columns in chunks of kVectorSize rows, which
/// own every byte. Rows are numbered from 0 in the order of their arrival. Full chunks can be paged
/// out to a temporary file; whoever reads a row of one has it read back. Not thread-safe.
class RowStore {
 public:
  /// In a list of row numbers: no row, all columns NULL.
  static constexpr uint32_t kNoRow = UINT32_MAX;

  explicit RowStore(std::vector<Type> types);
  ~RowStore();
  RowStore(RowStore&&) noexcept;
  RowStore& operator=(RowStore&&) noexcept;

  /// Forgets the rows; keeps the first chunk's memory, so that a reused store need not allocate.
  void Clear();
  uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const std::vector<Type>& types() const { return types_; }

  /// Copies the rows `sel[0..count)` (all `count` when `sel` is null).
  void Append(std::span<const Vector> columns, const uint32_t* sel, uint32_t count);
  void Append(std::span<const Vector* const> columns, const uint32_t* sel, uint32_t count);
  void Append(const Batch& batch) { Append(batch.columns, nullptr, batch.size); }

  /// All chunks but the last are full: row r is row r % kVectorSize of chunk r / kVectorSize.
  size_t chunk_count() const { return (size_ + kVectorSize - 1) / kVectorSize; }
  /// Of a store with pages: valid until some chunks' worth of other rows has been looked at.
  const Batch& chunk(size_t i) const {
    if (i < paged_chunks_) [[unlikely]]
      return Page(i);
    return chunks_[i];
  }
  const Vector& column(uint32_t row, size_t column) const {
    return chunk(row / kVectorSize).columns[column];
  }

  /// Called with the number of a chunk that has become a page, and with the rows that it was:
  /// whoever borrowed of it keeps them.
  using OnPage = std::function<void(size_t, Batch&&)>;
  /// Writes all full chunks but the last to the file and lets go of their memory.
  Status PageOut(const std::shared_ptr<TempFile>& file, const OnPage& on_page = nullptr);
  bool is_page(size_t chunk) const { return chunk < paged_chunks_; }
  bool has_pages() const { return paged_chunks_ > 0; }
  /// Not OK once a page could not be read: its rows then came out as NULLs, and whoever read them
  /// must fail.
  Status status() const;
  uint64_t disk_bytes() const;

  /// Lists `rows[0..count)` into `out[0..types)`, long strings borrowed from here (but copied from
  /// pages).
  void Gather(const uint32_t* rows, uint32_t count, std::span<Vector> out) const;
  void GatherColumn(size_t column, const uint32_t* rows, uint32_t count, Vector& out) const;
  /// Borrows the rows from `first` on, as many as lie in one chunk and at most `limit`; those of a
  /// page become the batch's own. Returns how many.
  uint32_t Borrow(uint32_t first, uint32_t limit, Batch& out) const;

  /// Held memory, roughly.
  size_t bytes() const { return bytes_; }

 private:
  /// Chunks that were written to a file: the first ones.
  struct Pages;

  Batch& Writable();
  const Batch& Page(size_t i) const;
  void GatherPaged(size_t column, const uint32_t* rows, uint32_t count, Vector& out) const;
  template <typename ColumnAt>
  void AppendRows(const ColumnAt& source, const uint32_t* sel, uint32_t count);

  std::vector<Type> types_;
  std::deque<Batch> chunks_;  // borrowed from while it grows
  uint32_t size_ = 0;
  size_t bytes_ = 0;
  size_t paged_chunks_ = 0;
  std::unique_ptr<Pages> pages_;
};

}  // namespace oxibase
