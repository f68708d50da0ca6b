#pragma once

#include <atomic>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "env/mutex.h"
#include "storage/mvcc/row_directory.h"
#include "txn/lock_queue.h"
#include "txn/tablet_access.h"

namespace oxibase {

/// Row locks that are not an in-flight version, and the queues of those who wait for rows. Rows
/// that nobody locks or waits for have no entry. Thread-safe.
///
/// Lock order: a shard's mutex, then a row's latch. A writer that saw no entry under the latch
/// needs no mutex: who makes an entry counts it before it takes the latch.
class RowLockTable {
 public:
  /// Waits for a writer in flight and holds nothing.
  static constexpr uint8_t kWatch = 4;
  static const uint16_t kConflicts[5];

  struct Key {
    uint64_t tablet, row;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      uint64_t bits = (key.tablet * 0x9e3779b97f4a7c15u) ^ (key.row * 0xc2b2ae3d27d4eb4fu);
      return bits ^ (bits >> 29);
    }
  };
  struct RowQueue : LockQueue {
    /// Set (and pinned) when indexes have hints that the row is locked, which go when it is not.
    const Tablet* watched = nullptr;
    bool empty() const { return watched == nullptr && LockQueue::empty(); }
  };
  struct alignas(64) Shard {
    std::atomic<uint32_t> entries{0};
    Mutex mu;
    std::unordered_map<Key, RowQueue, KeyHash> queues GUARDED_BY(mu);
  };

  Shard& ShardOf(TabletId tablet, RowId row) {
    return shards_[KeyHash()({tablet.value, row.value}) % kShards];
  }
  /// Whether there may be an entry. Looked at under the row's latch, or after what the looker did
  /// to the row, with a full fence between.
  bool MayBeLocked(TabletId tablet, RowId row) {
    return ShardOf(tablet, row).entries.load(std::memory_order_seq_cst) != 0;
  }
  /// The row's queue, made where there is none.
  RowQueue& QueueOf(Shard& shard, Key key) REQUIRES(shard.mu);
  void DropIfEmpty(Shard& shard, Key key) REQUIRES(shard.mu);

  /// The transaction gives up these modes. Not null: the row was watched; its entries are to be
  /// refreshed (RefreshEntries).
  [[nodiscard]] const Tablet* Release(TabletId tablet, RowId row, uint64_t owner, uint16_t modes);
  /// The row's writer is in flight no more. Returns as Release.
  [[nodiscard]] const Tablet* Wake(TabletId tablet, RowId row);
  /// Wake for all of the tablet's rows; returns those that were watched.
  [[nodiscard]] std::vector<std::pair<RowId, const Tablet*>> WakeAll(TabletId tablet);

 private:
  static const Tablet* TakeWatched(RowQueue& queue);

  static constexpr size_t kShards = 256;
  Shard shards_[kShards];
};

/// What a transaction that wants to change or lock a row finds.
struct RowState {
  enum class Kind : uint8_t {
    kFree,          // the newest version is what the snapshot sees
    kSelfModified,  // changed by this command
    kDeleted,
    kInFlight,        // by `blocker`, in conflict with what is wanted
    kChanged,         // since the snapshot, at `changed_ts`
    kChangedDeleted,  // deleted since the snapshot
  };
  Kind kind;
  uint64_t blocker = 0;
  uint64_t changed_ts = 0;
};

/// REQUIRES: the row is latched, or a ReadGuard (then it may be out of date)
RowState ExamineRow(const RowVersion* head, uint64_t owner, const Snapshot& snapshot, uint8_t mode);

/// What to do under latch and shard mutex with a free row: true: done (it has set a new head by
/// Unlatch); false: the row is not as it was prepared for (still latched).
class FreeRowAction {
 public:
  virtual ~FreeRowAction() = default;
  virtual bool Run(RowDirectory::Slot& slot, RowVersion* head) = 0;
};

/// Gets the row in `mode` as of `snapshot`, waiting as `wait` says. A free row: runs `action`
/// (nothing: *retry is set when it declines) or without one takes the lock. kChanged: takes the
/// lock. REQUIRES: no ReadGuard (it waits)
Result<RowOutcome> AcquireRow(Transaction& txn, Tablet& tablet, RowId row, const Snapshot& snapshot,
                              uint8_t mode, LockWait wait, FreeRowAction* action, bool* retry);

/// Whether others keep the transaction from locking the row in `mode`, so that SKIP LOCKED passes
/// over it. `watch`: also sees to it that the row's index entries are refreshed when that ends.
/// REQUIRES: a ReadGuard
bool IsLockedByOthers(Transaction& txn, const Tablet& tablet, RowId row, const Snapshot& snapshot,
                      uint8_t mode, bool watch);

/// Waits while the row's newest version is in flight by `writer`.
Status WaitForWriter(Transaction& txn, Tablet& tablet, RowId row, uint64_t writer);

}  // namespace oxibase
