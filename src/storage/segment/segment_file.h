#pragma once

#include <absl/functional/function_ref.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/memory_tracker.h"
#include "common/status.h"
#include "common/vector.h"
#include "env/file_system.h"
#include "storage/mvcc/row_layout.h"
#include "storage/segment/block_cache.h"
#include "storage/segment/decoded_column.h"
#include "storage/segment/segment_format.h"
#include "storage/wal/wal_format.h"

namespace oxibase {

/// A number for each row of a group, row ids or begin timestamps: a block, or a rule where the
/// group's fence says it all. Good as long as the block is.
class GroupWords {
 public:
  explicit GroupWords(const DecodedColumn* block) : block_(block) {}
  GroupWords(uint64_t first, uint64_t step) : first_(first), step_(step) {}

  uint64_t operator[](uint32_t i) const {
    return block_ != nullptr ? block_->Get<uint64_t>(i) : first_ + i * step_;
  }
  /// Position of the first that is not less. REQUIRES: they rise, as row ids do
  uint32_t LowerBound(uint64_t value, uint32_t rows) const;

 private:
  const DecodedColumn* block_ = nullptr;
  uint64_t first_ = 0;
  uint64_t step_ = 0;
};

/// A segment that is read in place: in memory are a fence for each group and the file's footer as
/// it is, which says where blocks lie and what bounds they have; everything else comes through the
/// block cache. Its const methods are thread-safe.
///
/// A row has a place: its group, and its position there. Rows are also numbered through the file
/// (Group::first_row plus the position), for bitmaps over a segment.
///
/// Errors name file and offset: kDataCorrupted for damage, kIoError when the system can't read.
class SegmentFile {
 public:
  struct Group {
    RowId first, last;
    Timestamp begin_min, begin_max;
    uint64_t first_row = 0;
    uint32_t blocks_at = 0;  // in the footer
    uint16_t rows = 0;
    uint16_t schema_idx = 0;

    /// Every id from first to last is there.
    bool is_dense() const { return last.value - first.value + 1 == rows; }
  };
  struct Place {
    uint32_t group = 0;
    uint32_t position = 0;
    bool operator==(const Place&) const = default;
  };

  /// Reads header and footer. `cache` outlives it; `files` is not needed afterwards.
  static Result<std::unique_ptr<SegmentFile>> Open(FileSystem& files, const std::string& path,
                                                   TabletId tablet,
                                                   const DatabaseIdentity& identity,
                                                   BlockCache& cache,
                                                   MemoryTracker* parent = nullptr);
  /// Drops its blocks from the cache; those that a reader has stay until it leaves its epoch.
  ~SegmentFile();

  const std::string& path() const { return path_; }
  Timestamp as_of() const { return head_.as_of; }
  uint64_t row_count() const { return head_.row_count; }
  uint64_t removed_count() const { return head_.removed_count; }
  uint64_t file_bytes() const { return file_bytes_; }

  /// In order of row ids.
  std::span<const Group> groups() const { return groups_; }
  const SegmentFooter::Schema& schema(uint32_t group) const {
    return head_.schemas[groups_[group].schema_idx];
  }
  /// Position of a column in the group's schema, or -1: its rows are older than the column.
  int FindColumn(uint32_t group, ColumnId column) const;
  ZoneMap Zone(uint32_t group, size_t column) const;
  /// What the column's block takes in the file.
  uint64_t ColumnBytes(uint32_t group, size_t column) const {
    return SegmentFooter::ColumnAt(footer_.span(), groups_[group].blocks_at, column).block.bytes;
  }
  /// The one group that can hold `id`.
  std::optional<uint32_t> FindGroup(RowId id) const;

  // The following go through the cache. REQUIRES: the caller is inside an epoch, and uses what it
  // gets no longer than that.

  /// Where a row is, if it is here. Reads at most the block of row ids, and none in a dense group.
  Result<std::optional<Place>> Find(RowId id) const;
  Result<GroupWords> RowIds(uint32_t group) const;
  Result<GroupWords> Begins(uint32_t group) const;
  /// `column` is a position in the group's schema.
  Result<const DecodedColumn*> Column(uint32_t group, size_t column) const;
  /// A whole row put together in `layout`'s form, in place of what was in `row`; columns that the
  /// group does not have read as the layout says. `scratch` is for reuse from call to call.
  Status ReadRow(Place place, const RowLayout& layout, std::vector<Vector>& scratch,
                 std::vector<std::byte>& row) const;

  using ColumnSource = absl::FunctionRef<Result<const DecodedColumn*>(size_t column)>;
  /// The same out of columns of the group that the caller has; needs no epoch.
  Status BuildRow(Place place, const RowLayout& layout, ColumnSource column_at,
                  std::vector<Vector>& scratch, std::vector<std::byte>& row) const;

  // The following read the file and leave the cache alone: for those who pass through once.

  Result<std::unique_ptr<DecodedColumn>> LoadColumn(uint32_t group, size_t column) const;
  Result<std::unique_ptr<DecodedColumn>> LoadRowIds(uint32_t group) const;
  Result<std::unique_ptr<DecodedColumn>> LoadBegins(uint32_t group) const;

 private:
  /// The key's lower bits; columns follow.
  static constexpr uint64_t kRowIdsBlock = 0;
  static constexpr uint64_t kBeginsBlock = 1;
  static constexpr uint64_t kFirstColumnBlock = 2;
  static constexpr int kColumnBits = 16;

  SegmentFile(std::string path, BlockCache& cache, MemoryTracker* parent);
  BlockKey Key(uint32_t group, uint64_t block) const {
    return {cache_file_, uint64_t{group} << kColumnBits | block};
  }
  Result<std::unique_ptr<DecodedColumn>> Load(const BlockRef& where, PhysicalType physical,
                                              uint32_t rows) const;
  Result<std::unique_ptr<DecodedColumn>> LoadWords(uint32_t group, const BlockRef& where) const;

  const std::string path_;
  BlockCache& cache_;
  const uint64_t cache_file_;
  MemoryTracker memory_;
  std::unique_ptr<File> file_;
  uint64_t file_bytes_ = 0;
  BlockBytes footer_;
  SegmentFooter head_;  // without groups
  std::vector<Group> groups_;
};

}  // namespace oxibase
