#pragma once
// The bytes of a row, the same in a version, in the log and in a checkpoint's hot image.
//
// A row is: a null bitmap (bit set = NULL, ceil(columns / 8) bytes, padded to 8), then one fixed
// slot a column in the layout's order of decreasing alignment, then the long strings. A string slot
// is 16 bytes shaped like StringRef: 4 bytes of length, then 12 inline bytes, or 4 prefix bytes and
// an 8-byte offset from the row's first byte. Offsets and not pointers, so that a row can be
// copied, logged and checksummed as it is.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/types.h"
#include "common/value.h"
#include "common/vector.h"

namespace oxibase {

struct RowVersion;

/// Where the columns of one schema version of a table lie. Immutable, shared by all that read rows.
class RowLayout {
 public:
  struct Column {
    ColumnId id;
    Type type;
    PhysicalType physical;
    uint32_t offset;  // of its slot
    /// What a row older than this column reads as (ALTER TABLE ADD COLUMN ... DEFAULT).
    Value missing;
  };

  RowLayout(SchemaVersion version, std::vector<std::pair<ColumnId, Type>> columns,
            std::vector<Value> missing = {});

  SchemaVersion version() const { return version_; }
  std::span<const Column> columns() const { return columns_; }
  /// Position of `id` in columns(), or -1.
  int Find(ColumnId id) const;
  uint32_t fixed_bytes() const { return fixed_bytes_; }

  bool IsNull(const std::byte* row, size_t column) const {
    return (static_cast<uint8_t>(row[column >> 3]) >> (column & 7) & 1) != 0;
  }
  /// A string column's value, borrowed from the row. REQUIRES: not NULL, physical kString
  StringRef ReadString(const std::byte* row, size_t column) const;
  template <typename T>
  T ReadFixed(const std::byte* row, size_t column) const {
    T value;
    std::memcpy(&value, row + columns_[column].offset, sizeof value);
    return value;
  }
  Value ReadValue(const std::byte* row, size_t column) const;
  /// Bytes of a whole row, from its own content.
  uint32_t RowBytes(const std::byte* row) const;
  /// Whether these bytes can be a row of this layout: the slots are there, long strings lie within.
  bool Fits(std::span<const std::byte> row) const;

  /// Size of the row that row `i` of `columns` (one per layout column, in its order) makes.
  uint32_t BytesNeeded(std::span<const Vector* const> columns, uint32_t i) const;
  /// Writes it to `to`, which has BytesNeeded bytes.
  void Build(std::span<const Vector* const> columns, uint32_t i, std::byte* to) const;

 private:
  SchemaVersion version_;
  std::vector<Column> columns_;
  uint32_t fixed_bytes_ = 0;
};

/// Every schema version a table has had, newest last; rows of old versions are read through it.
/// Immutable: ALTER TABLE makes a new one.
class TableSchema {
 public:
  explicit TableSchema(std::vector<std::shared_ptr<const RowLayout>> layouts)
      : layouts_(std::move(layouts)) {}
  const RowLayout& newest() const { return *layouts_.back(); }
  /// REQUIRES: it exists
  const RowLayout& At(SchemaVersion version) const;
  /// Null if it does not exist.
  const RowLayout* Find(SchemaVersion version) const;
  std::span<const std::shared_ptr<const RowLayout>> layouts() const { return layouts_; }

 private:
  std::vector<std::shared_ptr<const RowLayout>> layouts_;
};

}  // namespace oxibase
