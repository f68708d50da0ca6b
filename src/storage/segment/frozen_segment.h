#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <roaring/roaring64map.hh>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "storage/mvcc/snapshot.h"
#include "storage/segment/private_rows.h"
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
  /// As the file has it: of a private segment's row, its command.
  uint64_t begin = 0;

  explicit operator bool() const { return group != nullptr; }
};

/// A segment of a tablet as those read it who do not load it: its file, which of its rows are not
/// the newest, and which rows it takes away from older segments. Shared by the lists of segments
/// that name it. Thread-safe.
class FrozenSegment {
 public:
  /// Errors: of opening and reading the file. `cache` and `parent` outlive it.
  /// `private_rows`: not null for a private one.
  static Result<std::unique_ptr<const FrozenSegment>> Open(
      FileSystem& files, const std::string& path, uint64_t number, TabletId tablet,
      const DatabaseIdentity& identity, BlockCache& cache, MemoryTracker* parent,
      std::shared_ptr<PrivateRows> private_rows = nullptr);
  /// The same segment of which nothing is known to be superseded. `segment` stays as long as it.
  static std::shared_ptr<const FrozenSegment> Renewed(std::shared_ptr<const FrozenSegment> segment);
  uint64_t number() const { return number_; }
  const SegmentFile& file() const { return *file_; }
  std::span<const FrozenGroup> groups() const { return {groups_.get(), file_->groups().size()}; }
  const Roaring64Map& removed() const { return *removed_; }
  /// Null: it is no private one.
  PrivateRows* private_rows() const { return private_rows_.get(); }

  /// It has what was so at this time. Of a private one, when its transaction committed; while that
  /// is in flight, later than any time.
  Timestamp as_of() const {
    return private_rows_ == nullptr ? file_->as_of() : Timestamp{private_rows_->mark->begin()};
  }
  /// The word that a version in a row begins with that has `begin` in the file.
  uint64_t BeginWord(uint64_t begin) const {
    return private_rows_ == nullptr ? begin : private_rows_->mark->begin();
  }
  /// The snapshot sees those versions that begin, as the file has it, at or before this. Empty:
  /// none of them.
  std::optional<uint64_t> SeenUpTo(const Snapshot& snapshot) const;
  /// Whether the snapshot sees that the row was removed here.
  bool SeesRemoved(const Snapshot& snapshot, RowId row) const;
  /// The command that removed it. REQUIRES: private and in flight, and it did
  CommandNumber RemovedBy(RowId row) const;

  /// Whether the row's id lies among those of its rows and removals.
  bool MayHave(RowId row) const { return row >= first_ && row <= last_; }
  RowId first() const { return first_; }
  RowId last() const { return last_; }
  /// The row's version here, or none. REQUIRES: inside an epoch, which keeps the segment too
  Result<FrozenRow> Find(RowId row) const;

 private:
  FrozenSegment(uint64_t number, std::shared_ptr<const SegmentFile> file,
                std::shared_ptr<const Roaring64Map> removed);

  const uint64_t number_;
  const std::shared_ptr<const SegmentFile> file_;
  const std::unique_ptr<FrozenGroup[]> groups_;
  std::shared_ptr<const Roaring64Map> removed_;
  RowId first_{UINT64_MAX}, last_;
  std::shared_ptr<PrivateRows> private_rows_;
  std::shared_ptr<const FrozenSegment> renewed_;  // it holds the file
};

const SegmentFile& FrozenGroup::file() const { return segment->file(); }
const SegmentFile::Group& FrozenGroup::info() const { return segment->file().groups()[number]; }

}  // namespace oxibase
