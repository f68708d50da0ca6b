#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/vector.h"
#include "storage/temp/temp_space.h"

namespace oxibase {

/// Rows written to a statement's temporary file, column by column in compressed blocks with
/// checksums, to be read in the order in which they came, or block by block. Their room is given
/// back when this ends. Not thread-safe.
class SpilledRows {
 public:
  /// What a block holds before compression, if its first row does.
  static constexpr size_t kBlockBytes = size_t{32} << 10;
  /// What writing, and reading, hold in memory, roughly.
  static constexpr size_t kWriterBytes = 2 * kBlockBytes + TempFile::kExtentBytes;
  static constexpr size_t kReaderBytes = 4 * kBlockBytes;

  SpilledRows(std::shared_ptr<TempFile> file, std::vector<Type> types);

  /// Appends the rows `sel[0..count)` (all `count` when `sel` is null).
  Status Append(std::span<const Vector* const> columns, const uint32_t* sel, uint32_t count);
  Status Append(const Batch& batch);
  /// Makes the batch one block, of whatever size.
  Status AppendBlock(const Batch& batch);
  /// What was appended since the last one becomes a block.
  Status EndBlock();
  /// Nothing more will be appended.
  Status Finish();

  /// Reads block `i`: `out` gets its rows, all their bytes included.
  Status ReadBlock(size_t i, Batch& out) const;
  /// Blocks before `i` will not be read again.
  void Release(size_t i) { stream_.Release(blocks_[i].offset); }

  const std::vector<Type>& types() const { return types_; }
  uint64_t rows() const { return rows_; }
  size_t blocks() const { return blocks_.size(); }
  uint64_t disk_bytes() const { return stream_.size(); }

 private:
  struct Block {
    uint64_t offset;
    uint32_t bytes;  // with its header
    uint32_t rows;
  };
  /// The values of one column that wait to be written.
  struct Column {
    std::vector<std::byte> values;  // of strings their bytes
    std::vector<uint32_t> sizes;    // of strings
    std::vector<uint8_t> is_null;   // empty: none so far
  };

  void AddColumn(Column& to, const Vector& source, const uint32_t* sel, uint32_t count);
  uint32_t RowsThatFit(std::span<const Vector* const> columns, const uint32_t* sel,
                       uint32_t count) const;

  const std::vector<Type> types_;
  size_t row_bytes_ = 0;  // without strings' bytes
  bool has_strings_ = false;
  bool one_block_ = false;  // AppendBlock is under way
  std::vector<Column> pending_;
  uint32_t pending_rows_ = 0;
  size_t pending_bytes_ = 0;
  TempStream stream_;
  std::vector<Block> blocks_;
  uint64_t rows_ = 0;
};

/// Reads rows from the first to the last. The rows outlive it.
class SpilledRowsReader {
 public:
  /// `release`: what was read is given back at once.
  SpilledRowsReader(SpilledRows& rows, bool release) : rows_(rows), release_(release) {}

  /// The next rows, or null. Valid until the next call.
  Result<const Batch*> Next();

 private:
  SpilledRows& rows_;
  const bool release_;
  size_t next_ = 0;
  Batch batch_;
};

}  // namespace oxibase
