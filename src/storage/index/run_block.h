#pragma once
// Blocks of an index run: leaves with entries, and nodes whose entries separate their children.
// docs/format/index_run.md shows the bytes.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "storage/segment/block_cache.h"
#include "storage/segment/block_frame.h"
#include "storage/segment/narrow_words.h"

namespace oxibase {

enum class RunEncoding : uint8_t {
  kLeaf = 32,
  kNode = 33,
  kFilter = 34,
  kBitmapLeaf = 35,
};

/// A leaf or node is closed at so many entries.
inline constexpr uint32_t kRunBlockEntriesMax = 1024;
/// And a leaf of a bitmap index at so many.
inline constexpr uint32_t kBitmapLeafEntriesMax = 32'768;
/// Longer keys are refused; an index entry in memory has 1/8 of that at most.
inline constexpr size_t kRunKeyBytesMax = 1 << 20;

/// Where a lowest node's filter lies: pages one behind the other, each full but the last.
struct RunFilterRef {
  uint64_t offset = 0;
  uint64_t blocks = 0;  // 0: there is none
};

/// Gathers the entries of one block. Not thread-safe.
class RunBlockBuilder {
 public:
  /// REQUIRES: (key, row) is greater than all before
  void Add(std::string_view key, RowId row);
  void AddChild(std::string_view key, RowId row, BlockRef child);
  void Clear();

  bool empty() const { return rows_.empty(); }
  uint32_t entries() const { return static_cast<uint32_t>(rows_.size()); }
  /// About what its content will have.
  size_t content_bytes() const { return content_bytes_; }
  /// What its keys have in memory.
  size_t key_bytes() const { return key_bytes_.size(); }
  std::string_view first_key() const { return Key(0); }
  RowId first_row() const { return RowId(rows_.front()); }
  std::string_view last_key() const { return Key(key_ends_.size() - 1); }
  RowId last_row() const { return RowId(rows_.back()); }

  void EncodeLeaf(std::vector<std::byte>& out) const;
  /// A leaf whose row ids are bitmaps.
  void EncodeBitmapLeaf(std::vector<std::byte>& out) const;
  void EncodeNode(bool is_lowest, RunFilterRef filter, std::vector<std::byte>& out) const;

 private:
  std::string_view Key(size_t i) const {
    const size_t begin = i == 0 ? 0 : key_ends_[i - 1];
    return std::string_view(key_bytes_).substr(begin, key_ends_[i] - begin);
  }

  /// All but the row ids.
  void EncodeKeys(std::vector<std::byte>& out) const;

  std::string key_bytes_;
  std::vector<size_t> key_ends_;
  std::vector<uint32_t> key_entries_;
  std::vector<uint64_t> rows_;
  std::vector<uint64_t> child_offsets_, child_bytes_;
  size_t content_bytes_ = 0;
};

/// A leaf or node in memory. What its keys begin with alike is kept once, so that a small key takes
/// a few bytes.
class RunBlock final : public CachedBlock {
 public:
  /// kDataCorrupted for any bytes that are not such a block. A leaf may be of either kind if it
  /// is a leaf that is asked for.
  static Result<std::unique_ptr<RunBlock>> Decode(BlockBytes block, RunEncoding encoding);
  /// The same for a root's content, which has no frame.
  static Result<std::unique_ptr<RunBlock>> DecodeContent(BlockBytes content, RunEncoding encoding);
  size_t MemoryBytes() const override;

  uint32_t entries() const { return entries_; }
  RowId row(uint32_t entry) const { return RowId(rows_[entry]); }
  /// The entry's key in two pieces. Good as long as the block is.
  std::string_view prefix() const { return prefix_; }
  std::string_view suffix(uint32_t entry) const { return KeySuffix(KeyOf(entry)); }
  /// Which of the block's different keys an entry has.
  uint32_t KeyOf(uint32_t entry) const;
  /// The entries of a key begin here; the block's entries for the number of keys.
  uint32_t FirstEntry(uint32_t key) const {
    return first_entry_ != nullptr ? first_entry_[key] : key;
  }

  /// The first entry that is not less than (key, row); entries() if all are.
  uint32_t LowerBound(std::string_view key, RowId row) const;
  bool HasKey(uint32_t entry, std::string_view key) const;

  // Of nodes.
  BlockRef child(uint32_t i) const { return {child_offsets_[i], child_bytes_[i]}; }
  /// The child whose entries are about (key, row).
  uint32_t ChildFor(std::string_view key, RowId row) const;
  /// Whether the children are leaves.
  bool is_lowest() const { return is_lowest_; }
  RunFilterRef filter() const { return filter_; }

 private:
  RunBlock() = default;
  bool Parse(ByteReader& from, RunEncoding encoding);
  bool ParseBitmaps(ByteReader& from);
  std::string_view KeySuffix(uint32_t key) const {
    return {suffixes_.get() + suffix_ends_[key], suffix_ends_[key + 1] - suffix_ends_[key]};
  }
  /// The first key that is not less than `key`; `equal`: whether it is that.
  uint32_t LowerKey(std::string_view key, bool* equal) const;

  BlockBytes owner_;
  uint32_t entries_ = 0;
  uint32_t keys_ = 0;
  std::string_view prefix_;
  std::unique_ptr<char[]> suffixes_;
  std::unique_ptr<uint32_t[]> suffix_ends_;  // that of key i at i + 1
  std::unique_ptr<uint32_t[]> heads_;  // the suffixes' first four bytes as numbers in their order
  std::unique_ptr<uint32_t[]> first_entry_;  // null: each key has one entry
  NarrowWords rows_;
  std::vector<std::byte> row_bytes_;  // where rows_ points, if they were bitmaps
  NarrowWords child_offsets_, child_bytes_;
  bool is_lowest_ = false;
  RunFilterRef filter_;
};

}  // namespace oxibase
