#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "common/ids.h"
#include "common/memory_tracker.h"
#include "common/status.h"
#include "env/clock.h"
#include "env/mutex.h"
#include "env/thread.h"
#include "storage/mvcc/epoch.h"
#include "storage/wal/wal_manager.h"
#include "txn/commit_times.h"
#include "txn/snapshot.h"
#include "txn/snapshot_registry.h"
#include "txn/tablet_registry.h"
#include "txn/transaction.h"

namespace oxibase {

class RowLockTable;
class SegmentStore;
class SerializableTxns;
class TableLockTable;
class WaitGraph;

/// Keeps a snapshot's versions from being freed: of an open portal, a checkpoint. Movable; not
/// thread-safe.
class SnapshotPin {
 public:
  SnapshotPin() = default;
  SnapshotPin(SnapshotPin&& other) noexcept { *this = std::move(other); }
  SnapshotPin& operator=(SnapshotPin&& other) noexcept;
  ~SnapshotPin() { Release(); }
  void Release();
  explicit operator bool() const { return slot_ != nullptr; }
  Timestamp read_ts() const { return read_ts_; }

 private:
  friend class TxnManager;
  TxnManager* manager_ = nullptr;
  SnapshotSlot* slot_ = nullptr;
  Timestamp read_ts_;
};

/// Everything transactions share: the clock of commits, what is visible, locks, garbage.
/// Thread-safe but for the calls marked "opening".
///
/// A commit takes its timestamp and its place in the log in one step, then stamps its versions. Two
/// marks follow, in order of timestamps: `stamped_ts` (all commits up to here are stamped: what a
/// session sees of its own commits and what a waiting writer goes on from) and `visible_ts` (they
/// are durable too, or were asked not to be: what new snapshots read). Since a lock ends with the
/// stamping, a row's next writer does not wait for the disk.
class TxnManager {
 public:
  explicit TxnManager(Clock& clock);
  /// REQUIRES: no Transaction, pin or plan is left
  ~TxnManager();
  TxnManager(const TxnManager&) = delete;
  TxnManager& operator=(const TxnManager&) = delete;

  // ---- Opening.

  /// In memory without one. Sets the log's durable observer, so call it before the first append;
  /// but after replay. `wal` outlives the transactions.
  void AttachLog(WalManager* wal);
  /// After recovery: timestamps and transaction ids begin above these.
  void SetRecovered(Timestamp highest, TxnId highest_txn);
  struct MemoryBounds {
    /// Beyond it, a transaction's writes are moved to segments.
    size_t txn_bytes = SIZE_MAX;
    /// While rows in memory take more, writers wait for checkpoints to take some out.
    size_t hot_bytes = SIZE_MAX;
  };
  /// Without it all rows stay in memory. `store` outlives the transactions. REQUIRES: a log is
  /// attached
  void AttachStore(SegmentStore* store, const MemoryBounds& bounds) {
    segment_store_ = store;
    bounds_ = bounds;
  }
  SegmentStore* segment_store() const { return segment_store_; }
  const MemoryBounds& memory_bounds() const { return bounds_; }
  /// Starts the collector's thread. (Without it garbage of idle sessions stays.)
  void StartBackground();

  // ---- Transactions.

  /// One for each session. `hooks` may be null and must outlive it.
  std::unique_ptr<Transaction> NewTransaction(TxnHooks* hooks = nullptr);

  Timestamp visible_ts() const { return {visible_ts_.load(std::memory_order_seq_cst)}; }
  Timestamp stamped_ts() const { return {stamped_ts_.load(std::memory_order_seq_cst)}; }
  /// The last commit's timestamp, stamped or not.
  Timestamp last_commit_ts() const { return {last_ts_.load(std::memory_order_acquire)}; }

  // ---- Snapshots beside those of statements.

  /// Pins a snapshot that is in use already (its statement has not ended).
  SnapshotPin Pin(const Snapshot& snapshot);
  SnapshotPin PinVisible();
  /// Pins the state of one tablet at a time in the past, if its history goes back that far; else
  /// none. REQUIRES: at <= visible_ts()
  SnapshotPin PinPast(const Tablet& tablet, Timestamp at);
  /// How long a tablet's superseded versions are kept; 0: no longer than snapshots need them. A
  /// history that begins with this begins now.
  void SetRetention(Tablet& tablet, int64_t micros);
  /// The tablet's history, if it is to have one, begins now: what was before cannot be read.
  void BeginHistory(Tablet& tablet);
  /// Segments have what ended at or before `as_of`: memory keeps it only for snapshots.
  void ReleaseHistory(Tablet& tablet, Timestamp as_of);
  /// Lets go of what is older than the retentions. (The collector calls it.)
  void TrimHistory();
  /// The highest retention of a tablet that there was since opening; 0: transactions are not noted.
  int64_t longest_retention_micros() const {
    return longest_retention_micros_.load(std::memory_order_relaxed);
  }
  /// Of the transactions within that.
  CommitTimes& commit_times() { return commit_times_; }
  /// Pins the state after every commit so far. For a checkpoint: call it under the log's lock
  /// (WalManager::position(at_position)), then WaitStamped(pin.read_ts()).
  SnapshotPin PinLastCommit();
  /// The snapshots in use, and what is visible, ascending. Those taken later are not older than the
  /// latter.
  std::vector<Timestamp> Snapshots();
  /// Blocks until every commit up to `ts` is stamped (its versions can be read). Short.
  void WaitStamped(Timestamp ts);

  TabletRegistry& tablets() { return tablets_; }
  EpochManager& epochs() { return epochs_; }
  MemoryTracker& row_memory() { return row_memory_; }
  Clock& clock() { return clock_; }
  WalManager* wal() { return wal_; }
  // ---- What there is of locks, which changes while one looks.

  std::vector<LockShown> Locks();
  /// The processes that this one waits for; empty: it does not wait.
  std::vector<int32_t> BlockersOf(int32_t process);

  /// The highest transaction id given out; for the manifest.
  TxnId last_txn_id() const { return {next_owner_.load(std::memory_order_relaxed) - 1}; }

  /// Frees garbage that waited for something: returns how many versions it looked at.
  size_t CollectGarbage();

 private:
  friend class Transaction;
  friend class SnapshotPin;
  friend struct TxnInternals;

  /// A commit on its way from its place in the log to being visible.
  struct Pending {
    uint64_t ts;
    uint64_t lsn;  // durable from here on makes it visible; 0: at once
    bool stamped;
    TxnId txn;  // none: its time is not noted
  };

  static constexpr uint64_t kOwnerBlock = 64;

  /// The next commit's timestamp, put into pending_. Under the log's lock, or commit_mu_.
  Timestamp NextTimestamp(TxnId txn);
  /// Gives `txn` its commit_ts and log position.
  Result<Lsn> Append(Transaction& txn);
  /// Its versions are stamped; visible once `lsn` is durable (0: at once). `failed`: there are
  /// none.
  void MarkStamped(Timestamp ts, Lsn lsn, bool failed = false);
  void AdvanceLocked(uint64_t durable) REQUIRES(pending_mu_);
  uint64_t Durable() const { return wal_ != nullptr ? wal_->durable_lsn().value : UINT64_MAX; }
  /// Looks again at what hung on a snapshot that has ended.
  void DisposeHung(SnapshotSlot* slot);
  /// Frees versions or has them wait for what still sees them. `snapshots` is scratch. REQUIRES: a
  /// ReadGuard
  void Dispose(const DeadVersion* dead, size_t count, std::vector<uint64_t>* snapshots,
               bool keep_history = true);
  /// The same with a guard of its own, for versions that are pinned so far.
  void DisposePinned(const std::vector<DeadVersion>& dead, bool keep_history = true);
  void CollectorLoop();
  void ReturnMemory();

  Clock& clock_;
  WalManager* wal_ = nullptr;
  SegmentStore* segment_store_ = nullptr;
  MemoryBounds bounds_;
  EpochManager epochs_;
  MemoryTracker row_memory_{"hot rows"};
  TabletRegistry tablets_;
  SnapshotRegistry snapshots_;
  std::unique_ptr<RowLockTable> row_locks_;
  std::unique_ptr<TableLockTable> table_locks_;
  std::unique_ptr<WaitGraph> wait_graph_;
  std::unique_ptr<SerializableTxns> serializable_;

  std::atomic<int64_t> longest_retention_micros_{0};
  CommitTimes commit_times_;

  alignas(64) std::atomic<uint64_t> visible_ts_{0};
  std::atomic<uint64_t> stamped_ts_{0};
  /// Of the last commit that held a table exclusively. It may be later than visible_ts; whoever
  /// gets at such a table must see it.
  std::atomic<uint64_t> exclusive_ts_{0};
  alignas(64) std::atomic<uint64_t> last_ts_{0};
  std::atomic<uint64_t> stamped_lsn_{0};             // of the commit at stamped_ts_, or later
  alignas(64) std::atomic<uint64_t> next_owner_{1};  // transactions' numbers, leased in blocks

  Mutex commit_mu_;   // without a log; with one, the log's own lock serialises
  Mutex pending_mu_;  // taken under the log's lock
  CondVar stamped_moves_;
  bool stamped_waited_ GUARDED_BY(pending_mu_) = false;
  size_t pending_stamped_ GUARDED_BY(pending_mu_) = 0;  // leading entries of pending_
  /// What the log last told; it tells before it says so to others.
  uint64_t observed_durable_ GUARDED_BY(pending_mu_) = 0;
  std::deque<Pending> pending_ GUARDED_BY(pending_mu_);

  Mutex garbage_mu_;
  std::deque<DeadVersion> garbage_ GUARDED_BY(garbage_mu_);  // ends above visible_ts yet
  std::atomic<bool> garbage_waits_{false};

  Mutex collector_mu_;
  CondVar collector_wakes_;
  bool collector_stop_ GUARDED_BY(collector_mu_) = false;
  uint64_t resident_after_ = 0;      // the last ReturnMemory; the collector's
  int64_t return_again_micros_ = 0;  // at the earliest, without growth; the collector's
  Thread collector_;
};

}  // namespace oxibase
