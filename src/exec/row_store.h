#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "common/vector.h"

namespace oxibase {

/// Rows kept by an operator across calls of its child: columns in chunks of kVectorSize rows, which
/// own every byte. Rows are numbered from 0 in the order of their arrival. Not thread-safe.
class RowStore {
 public:
  /// In a list of row numbers: no row, all columns NULL.
  static constexpr uint32_t kNoRow = UINT32_MAX;

  explicit RowStore(std::vector<Type> types) : types_(std::move(types)) {}
  RowStore(RowStore&&) noexcept = default;
  RowStore& operator=(RowStore&&) noexcept = default;

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
  const Batch& chunk(size_t i) const { return chunks_[i]; }
  const Vector& column(uint32_t row, size_t column) const {
    return chunks_[row / kVectorSize].columns[column];
  }

  /// Lists `rows[0..count)` into `out[0..types)`, long strings borrowed from here.
  void Gather(const uint32_t* rows, uint32_t count, std::span<Vector> out) const;
  void GatherColumn(size_t column, const uint32_t* rows, uint32_t count, Vector& out) const;
  /// Borrows the rows from `first` on, as many as lie in one chunk and at most `limit`. Returns how
  /// many.
  uint32_t Borrow(uint32_t first, uint32_t limit, Batch& out) const;

  /// Held memory, roughly.
  size_t bytes() const { return bytes_; }

 private:
  Batch& Writable();
  template <typename ColumnAt>
  void AppendRows(const ColumnAt& source, const uint32_t* sel, uint32_t count);

  std::vector<Type> types_;
  std::deque<Batch> chunks_;  // borrowed from while it grows
  uint32_t size_ = 0;
  size_t bytes_ = 0;
};

}  // namespace oxibase
