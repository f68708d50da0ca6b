#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <roaring/roaring64map.hh>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "storage/segment/segment_file.h"

namespace oxibase {

class FrozenSegment;

/// One bit for each row of a group: set if a newer segment or memory may say more about the row.
/// Changed under the row's latch only (Tablet); read at any time.
class SupersededBits {
 public:
  static constexpr uint32_t kWords = kVectorSize / 64;

  bool Has(uint32_t position) const {
    return (words_[position / 64].load(std::memory_order_acquire) >> (position % 64) & 1) != 0;
  }
  bool HasAny() const {
    for (const auto& word : words_) {
      if (word.load(std::memory_order_acquire) != 0) return true;
    }
    return false;
  }
  void Set(uint32_t position) {
    words_[position / 64].fetch_or(uint64_t{1} << position % 64, std::memory_order_seq_cst);
  }
  void Clear(uint32_t position) {
    words_[position / 64].fetch_and(~(uint64_t{1} << position % 64), std::memory_order_seq_cst);
  }

 private:
  std::atomic<uint64_t> words_[kWords] = {};
};

/// A group of rows of a segment, which references to frozen rows name.
struct FrozenGroup {
  const FrozenSegment* segment = nullptr;
  uint32_t number = 0;
  /// Null until somebody asks (Tablet::SupersededIn): what a folder's opening leaves undone.
  mutable std::atomic<SupersededBits*> superseded{nullptr};

  FrozenGroup() = default;
  ~FrozenGroup() { delete superseded.load(std::memory_order_relaxed); }
  FrozenGroup(const FrozenGroup&) = delete;
  FrozenGroup& operator=(const FrozenGroup&) = delete;

  inline const SegmentFile& file() const;
  inline const SegmentFile::Group& info() const;
  /// Puts a whole row together, in place of what was in `row`; returns its layout, which is the
  /// schema's of this group's version. Errors: of reading. REQUIRES: inside an epoch
  Result<const RowLayout*> ReadRow(uint32_t position, const TableSchema& schema,
                                   std::vector<std::byte>& row) const;
};

/// A version of a row in a segment.
struct FrozenRow {
  const FrozenGroup* group = nullptr;
  uint32_t position = 0;
  Timestamp begin;

  explicit operator bool() const { return group != nullptr; }
};

/// A segment of a tablet as those read it who do not load it: its file, which of its rows are not
/// the newest, and which rows it takes away from older segments. Shared by the lists of segments
/// that name it. Thread-safe.
class FrozenSegment {
 public:
  /// Errors: of opening and reading the file. `cache` and `parent` outlive it.
  static Result<std::unique_ptr<const FrozenSegment>> Open(
      FileSystem& files, const std::string& path, uint64_t number, TabletId tablet,
      const DatabaseIdentity& identity, BlockCache& cache, MemoryTracker* parent);
  uint64_t number() const { return number_; }
  const SegmentFile& file() const { return *file_; }
  std::span<const FrozenGroup> groups() const { return {groups_.get(), file_->groups().size()}; }
  Timestamp as_of() const { return file_->as_of(); }
  const Roaring64Map& removed() const { return removed_; }

  /// The row's version here, or none. REQUIRES: inside an epoch, which keeps the segment too
  Result<FrozenRow> Find(RowId row) const;

 private:
  FrozenSegment(uint64_t number, std::unique_ptr<SegmentFile> file);

  const uint64_t number_;
  const std::unique_ptr<SegmentFile> file_;
  const std::unique_ptr<FrozenGroup[]> groups_;
  Roaring64Map removed_;
};

const SegmentFile& FrozenGroup::file() const { return segment->file(); }
const SegmentFile::Group& FrozenGroup::info() const { return segment->file().groups()[number]; }

}  // namespace oxibase
