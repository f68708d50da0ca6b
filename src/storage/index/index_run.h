#pragma once

#include <absl/functional/function_ref.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/memory_tracker.h"
#include "common/status.h"
#include "storage/index/row_set.h"
#include "storage/index/run_file.h"
#include "storage/segment/block_cache.h"

namespace oxibase {

/// An index run read in place: in memory is its root, everything else comes through the block
/// cache. Its const methods are thread-safe. Errors name file and offset: kDataCorrupted for
/// damage, kIoError when the system can't read.
class IndexRun {
 public:
  /// `cache` outlives it; `files` is not needed afterwards.
  static Result<std::unique_ptr<IndexRun>> Open(FileSystem& files, const std::string& path,
                                                TabletId tablet, Oid index,
                                                const DatabaseIdentity& identity, BlockCache& cache,
                                                MemoryTracker* parent = nullptr);
  /// Drops its blocks from the cache; those that a reader has stay until it leaves its epoch.
  ~IndexRun();

  const std::string& path() const { return file_->path(); }
  const RunFile& file() const { return *file_; }
  uint64_t entries() const { return file_->footer().entries; }
  /// Different keys.
  uint64_t keys() const { return file_->footer().keys; }
  /// Empty if there are no entries.
  std::string_view min_key() const { return file_->footer().min_key; }
  std::string_view max_key() const { return file_->footer().max_key; }

  // REQUIRES, for these: the caller is inside an epoch.

  /// False only if no entry has this key. Reads at most a node a level and one page of a filter.
  Result<bool> MayContain(std::string_view key) const;
  /// Calls `visit(row)` for each entry with this key, in order of row ids, until it returns false.
  Status ForEachWithKey(std::string_view key, absl::FunctionRef<bool(RowId)> visit) const;
  Result<bool> Contains(std::string_view key, RowId row) const;

 private:
  friend class RunCursor;

  IndexRun(std::unique_ptr<RunFile> file, BlockCache& cache, MemoryTracker* parent);
  Result<const RunBlock*> Node(const BlockRef& where, bool is_lowest) const;
  Result<const RunBlock*> Leaf(const BlockRef& where) const;
  /// The lowest node about (key, row). REQUIRES: there are entries
  Result<const RunBlock*> LowestNode(std::string_view key, RowId row) const;
  Result<bool> FilterAllows(const RunBlock& node, std::string_view key) const;

  const std::unique_ptr<RunFile> file_;
  BlockCache& cache_;
  const uint64_t cache_file_;
  MemoryTracker memory_;
};

/// Entries as a cursor hands them out, many at once.
class RunBatch {
 public:
  void Clear() {
    bytes_.clear();
    entries_.clear();
  }
  size_t size() const { return entries_.size(); }
  std::string_view key(size_t i) const {
    return std::string_view(bytes_).substr(entries_[i].key, entries_[i].key_bytes);
  }
  RowId row(size_t i) const { return entries_[i].row; }

 private:
  friend class RunCursor;
  struct Entry {
    uint32_t key;  // in bytes_; entries of one key share it
    uint32_t key_bytes;
    RowId row;
  };
  std::string bytes_;
  std::vector<Entry> entries_;
};

/// A place in a run, moved either way. It may be kept between epochs: Release forgets what belongs
/// to the epoch, and the next call finds it again. Not thread-safe. The run outlives it.
class RunCursor {
 public:
  explicit RunCursor(const IndexRun& run) : run_(&run) {}

  // REQUIRES, for all that follow: the caller is inside an epoch. After a failure the cursor is not
  // valid.

  /// To the first entry that is not less than (key, row), of all keys with RowId(0). A prefix of a
  /// key is less than that key.
  Status SeekAtOrAfter(std::string_view key, RowId row);
  /// To the last entry that is less than (key, row).
  Status SeekBefore(std::string_view key, RowId row);
  Status SeekFirst();
  Status SeekLast();
  /// Whether it stands on an entry.
  bool valid() const { return leaf_where_.bytes != 0; }

  // REQUIRES, for these: valid()

  Status Next();
  Status Previous();
  /// Good until the next call.
  Result<std::string_view> Key();
  Result<RowId> Row();

  /// Appends up to `max` entries from here on and moves behind them. Stops before the first whose
  /// key is not less than `*end` (null: at the run's end) and is not valid then.
  Status ReadForward(RunBatch& out, size_t max, const std::string_view* end);
  /// The same backwards; stops at the first whose key is less than `*begin`.
  Status ReadBackward(RunBatch& out, size_t max, const std::string_view* begin);

  /// Adds the rows of the entries from here on in one leaf to `rows`, and moves behind them. Stops
  /// before the first whose key is not less than `*end` (null: at the run's end) and is not valid
  /// then.
  Status CollectLeaf(RowSet& rows, const std::string_view* end);

  /// Before the epoch is left.
  void Release() { leaf_ = nullptr; }

 private:
  friend class IndexRun;
  struct Level {
    BlockRef where;  // no bytes: the root
    uint32_t child = 0;
  };

  Result<const RunBlock*> NodeAt(size_t level);
  /// Descends from the child that levels_[level] names to a leaf, taking what `choose(node)` says.
  template <typename Choose>
  Status Descend(size_t level, Choose choose);
  template <typename Choose>
  Status DescendFromRoot(Choose choose);
  Status NextLeaf();
  Status PreviousLeaf();
  Status LoadLeaf();
  Status Ended();
  void AppendTo(RunBatch& out, uint32_t entry, uint32_t* key);

  const IndexRun* run_;
  std::vector<Level> levels_;  // root first
  BlockRef leaf_where_;        // no bytes: not valid
  uint32_t entry_ = 0;
  const RunBlock* leaf_ = nullptr;  // null: not known in this epoch
  std::string key_;
};

}  // namespace oxibase
