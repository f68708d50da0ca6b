#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "env/mutex.h"
#include "storage/mvcc/epoch.h"
#include "storage/wal/wal_record.h"
#include "txn/snapshot.h"
#include "txn/snapshot_registry.h"
#include "txn/table_lock_table.h"

namespace oxibase {

class CommittedWrites;
class FrozenSegment;
class PrivateMark;
class ReadSet;
class Tablet;
class TabletIndex;
class TxnManager;
struct RowVersion;
struct TxnInternals;  // what txn's own files may touch

struct TxnOptions {
  IsolationLevel isolation = IsolationLevel::kReadCommitted;
  /// Nothing is written: what it reads need not be noted. The engine sees to it.
  bool read_only = false;
  /// synchronous_commit = off: Commit returns 0 for the position to wait for.
  bool synchronous = true;
};

/// What a transaction asks of its session while it waits. Called on the session's thread.
class TxnHooks {
 public:
  virtual ~TxnHooks() = default;
  /// About to block, perhaps for long: the server lends its loop to another thread.
  virtual void BeforeBlocking() {}
  /// What a deadlock's error calls this transaction's process.
  virtual int32_t ProcessId() { return 0; }
  /// Not OK (57014: cancelled, statement_timeout) ends the wait with that error. Called each time
  /// the wait wakes, at least every 100 ms.
  virtual Status CheckInterrupts() { return Status::Ok(); }
};

/// Memory and slots for a session's transactions, one after another: Begin ... Commit, Begin ...
/// Made by TxnManager::NewTransaction, which must outlive it. One thread at a time, but for
/// `Interrupt`.
class Transaction {
 public:
  ~Transaction();  // rolls back
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Settings of the session, good for further waits. 0: wait for ever.
  void set_lock_timeout_micros(int64_t micros) { lock_timeout_micros_ = micros; }
  void set_deadlock_timeout_micros(int64_t micros) { deadlock_timeout_micros_ = micros; }
  void set_synchronous(bool on) { options_.synchronous = on; }

  /// REQUIRES: !active()
  void Begin(const TxnOptions& options);
  bool active() const { return active_; }
  const TxnOptions& options() const { return options_; }
  /// REQUIRES: no snapshot was taken yet (SET TRANSACTION ISOLATION LEVEL)
  void set_isolation(IsolationLevel isolation) { options_.isolation = isolation; }
  /// REQUIRES: no snapshot was taken yet, or it is read only from here on
  void set_read_only(bool read_only) { options_.read_only = read_only; }
  bool has_snapshot() const { return had_snapshot_; }
  bool repeatable_read() const { return options_.isolation != IsolationLevel::kReadCommitted; }

  /// Makes its changes final: one log record, then visible in order. Returns the log position that
  /// must be durable before the client may be told; 0: nothing to wait for. (After a transaction
  /// without changes: what it saw of commits that were not yet durable.) Does not wait for
  /// durability: this session sees its changes at once, others once they are durable. An error
  /// (53100, 58030; SERIALIZABLE: 40001) means it was rolled back. It is not active afterwards.
  /// `undone`: as for Rollback, when it fails.
  Result<Lsn> Commit(const std::function<void()>& undone = nullptr);
  /// `undone` is called when its changes are taken back and its locks are still held: for what lies
  /// under those locks besides rows.
  void Rollback(const std::function<void()>& undone = nullptr);
  /// 0 before Commit; then the time others see its changes at. 0 if it wrote nothing.
  Timestamp commit_ts() const { return commit_ts_; }
  /// Position that must be durable before what this transaction has read may be shown: after
  /// reading commits that were not durable yet (its session's own; a row that it waited for).
  Lsn read_dependency() const { return read_dependency_; }

  /// None until it writes.
  TxnId id() const { return id_; }
  /// The same, given now if there is none. REQUIRES: active()
  TxnId AssignId() {
    id_ = {owner_};
    return id_;
  }
  bool has_writes() const { return !writes_.empty() || !private_.empty(); }

  // ---- Statements.

  /// Begins a statement: READ COMMITTED takes a fresh snapshot, else the transaction's. Its command
  /// number is larger than that of all that was written before. `writes`: a READ COMMITTED snapshot
  /// then also sees commits that are not durable yet, since this transaction's own record will lie
  /// behind theirs in the log; without it a busy row would always look changed since the snapshot.
  Snapshot BeginStatement(bool writes = false);
  /// Ends it; READ COMMITTED then holds no snapshot. Open portals have pinned theirs.
  void EndStatement();
  /// As BeginStatement's with the changes so far of this very statement seen too (foreign key
  /// actions, triggers): raises the command number.
  Snapshot NextCommand();
  /// For re-checking a row that changed while this waited: sees every change that this transaction
  /// has met. Good until EndStatement.
  Snapshot LatestSnapshot();
  /// The transaction's own snapshot in REPEATABLE READ, as of the newest command.
  /// REQUIRES: it has read something
  Snapshot OwnSnapshot() const { return {read_ts_, id_, command_}; }
  CommandNumber command() const { return command_; }

  // ---- SERIALIZABLE.

  /// Where whoever reads rows notes what it read; null: nobody wants to know (lower levels, read
  /// only ones, before the first snapshot).
  ReadSet* reads() const { return tracks_reads_ ? reads_.get() : nullptr; }
  /// 40001 if something that was read has been changed by another SERIALIZABLE transaction that
  /// has committed: once it has written, it could not commit. REQUIRES: no ReadGuard
  Status CheckReads() { return tracks_reads_ ? CheckReadsNow() : Status::Ok(); }

  // ---- Deferrable keys.

  /// A key that a row was given in a deferrable index although another row had it or may have had.
  struct DoubtfulKey {
    const TabletIndex* index;
    RowId row;
  };
  /// Those of the writes since they were last taken. The writer takes them after each write, and
  /// has them looked at again in time (CheckUniqueKey).
  bool has_doubtful_keys() const { return !doubtful_keys_.empty(); }
  std::vector<DoubtfulKey> TakeDoubtfulKeys() { return std::exchange(doubtful_keys_, {}); }

  // ---- Savepoints. They nest; a name may stand several times, the newest counts.

  void DefineSavepoint(std::string_view name);
  /// 3B001 when there is none of that name.
  Status ReleaseSavepoint(std::string_view name);
  /// Undoes what came after it and keeps it. `undone`: as for Rollback. `keep_locks`: those taken
  /// since stay.
  Status RollbackToSavepoint(std::string_view name, const std::function<void()>& undone = nullptr,
                             bool keep_locks = false);
  size_t savepoint_count() const { return savepoints_.size(); }

  // ---- Table locks, held to the end of the transaction or a rollback to a savepoint before.

  /// `table`: its oid (TRUNCATE keeps it). Errors: 40P01, 55P03 (lock_timeout, kNoWait), 57014.
  /// kSkip is kNoWait.
  Status LockTable(Oid table, TableLockMode mode, LockWait wait = LockWait::kBlock);
  /// Whether it holds this lock or a stronger one.
  bool HoldsTableLock(Oid table, TableLockMode mode) const;
  /// The same for any 64-bit object in a name space of the caller's.
  /// REQUIRES: space != 0
  Status LockObject(uint32_t space, uint64_t object, TableLockMode mode, LockWait wait);

  // ---- Advisory locks. Those of the session and those of its transactions have one owner, so none
  // keeps out another of the same session.

  struct AdvisoryKey {
    uint64_t object;
    bool two_keys;
    bool operator==(const AdvisoryKey&) const = default;
  };
  /// kShare or kExclusive. `of_session`: until as many unlocks, or the session's end, whatever
  /// becomes of the transaction; else as LockTable. Errors: LockTable's.
  /// REQUIRES: active()
  Status LockAdvisory(AdvisoryKey key, TableLockMode mode, bool of_session, LockWait wait);
  /// Takes back one of the session's; false: it has none.
  bool UnlockAdvisory(AdvisoryKey key, TableLockMode mode);
  /// All of the session's.
  void UnlockAllAdvisory();

  /// Another thread asks it to look at CheckInterrupts if it waits.
  void Interrupt();

  TxnManager& manager() const { return manager_; }

 private:
  friend class ReadGuard;
  friend class TxnManager;
  friend struct TxnInternals;

  explicit Transaction(TxnManager& manager, TxnHooks* hooks);

  struct Write {
    Tablet* tablet;
    RowId row;
    RowVersion* version;     // what was added
    RowVersion* superseded;  // what it replaced, or null
  };
  /// A private segment that holds some of its writes.
  struct Private {
    Tablet* tablet;
    std::shared_ptr<const FrozenSegment> segment;
  };
  struct Savepoint {
    std::string name;
    size_t writes;
    size_t privates;
    RedoBuffer::Mark redo;
    size_t row_locks;
    size_t table_locks;
  };
  struct HeldRowLock {
    TabletId tablet;
    RowId row;
    RowLockMode mode;
  };
  struct HeldTableLock {
    uint32_t space;
    uint64_t object;
    TableLockMode mode;
    int16_t fast_slot;  // -1: in the lock table
  };
  struct SessionLock {
    AdvisoryKey key;
    TableLockMode mode;
    int64_t count;
  };

  uint64_t NewOwner();
  SessionLock* FindSessionLock(AdvisoryKey key, TableLockMode mode);
  bool HoldsObject(uint32_t space, uint64_t object, TableLockMode mode) const;
  void PinTablet(Tablet& tablet);
  void UndoTo(size_t writes, size_t privates);
  // Writes that are too many for memory (txn/private_writes.cc).
  static size_t BytesOf(const Write& write);
  Status MakeRoom();
  Status AwaitMemory();
  Status MovePrivate();
  Status MoveWrites(size_t begin, size_t end, std::vector<bool>* moved,
                    std::vector<Private>* segments);
  void ForgetMoved(const std::vector<bool>& moved);
  Result<Lsn> AppendPrivate();
  Status LogPrivate();
  void StampPrivate();
  void DropPrivate(size_t kept);
  void WakePrivate();
  void ReleaseLocksTo(size_t row_locks, size_t table_locks);
  void Stamp();
  void NoteExclusive();
  void DisposeSuperseded();
  void Finish();
  Timestamp SetSlot(SnapshotSlot* slot, uint64_t at_least);
  void ClearSlot(SnapshotSlot* slot);
  void ClearLatest();
  void DependOnStamped();
  Savepoint* FindSavepoint(std::string_view name, Status* status);
  void BeginReads();
  void EndReads();
  Status CheckReadsNow();
  CommittedWrites CollectWrites() const;
  Result<Lsn> Append();

  TxnManager& manager_;
  TxnHooks* const hooks_;
  EpochManager::Slot* const epoch_slot_;
  SnapshotSlot* const snapshot_slot_;
  // Of LatestSnapshot: the statement's first, and its newest. What was read at the first stays
  // readable while foreign keys and re-checks ask for newer ones.
  SnapshotSlot* const latest_slot_;
  SnapshotSlot* const newest_slot_;

  TxnOptions options_;
  int64_t lock_timeout_micros_ = 0;
  int64_t deadlock_timeout_micros_ = 1'000'000;

  bool active_ = false;
  bool had_snapshot_ = false;
  TxnId id_;
  uint64_t owner_ = 0;  // names it in lock tables; never used again
  Timestamp read_ts_;
  Timestamp commit_ts_;
  Timestamp last_commit_ts_;  // of the session: its next snapshot sees that
  Lsn last_commit_lsn_;
  Lsn read_dependency_;
  uint64_t met_ts_ = 0;  // the newest commit that this one waited for
  CommandNumber command_ = 1;
  uint64_t owners_left_ = 0;  // of a leased block of owner numbers
  uint64_t next_owner_ = 0;

  std::vector<Write> writes_;
  size_t write_bytes_ = 0;               // what they take in memory, about
  size_t move_above_ = SIZE_MAX;         // when some are moved to private segments
  size_t wait_above_ = SIZE_MAX;         // of all rows in memory
  std::vector<Private> private_;         // oldest first
  std::shared_ptr<PrivateMark> mark_;    // theirs
  std::vector<Tablet*> pinned_tablets_;  // all that were written to
  RedoBuffer redo_;
  std::vector<Savepoint> savepoints_;
  std::vector<HeldRowLock> row_locks_held_;
  std::vector<HeldTableLock> table_locks_held_;
  std::vector<SessionLock> session_locks_;
  uint64_t session_owner_ = 0;  // as owner_, of all transactions here
  FastTableLocks fast_locks_;
  std::vector<DoubtfulKey> doubtful_keys_;
  std::unique_ptr<ReadSet> reads_;  // made for the first SERIALIZABLE transaction
  bool tracks_reads_ = false;
  uint64_t checked_ts_ = 0;  // what was read is unchanged by commits up to here

  // Scratch, kept between statements so that nothing is allocated.
  std::string key_, other_key_;
  std::vector<DeadVersion> dead_;
  std::vector<uint64_t> snapshots_;
  std::atomic<uint64_t> fence_{0};

  // Waiting (txn/lock_wait.cc).
  Mutex wait_mu_;
  CondVar wait_cv_;
  bool wait_signalled_ GUARDED_BY(wait_mu_) = false;
};

}  // namespace oxibase
