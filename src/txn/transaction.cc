#include "txn/transaction.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>

#include "common/plant.h"
#include "storage/mvcc/tablet.h"
#include "txn/index_hints.h"
#include "txn/read_set.h"
#include "txn/row_lock_table.h"
#include "txn/serializable.h"
#include "txn/table_lock_table.h"
#include "txn/txn_internals.h"
#include "txn/txn_manager.h"

namespace oxibase {

Transaction::Transaction(TxnManager& manager, TxnHooks* hooks)
    : manager_(manager),
      hooks_(hooks),
      epoch_slot_(manager.epochs_.AcquireSlot()),
      snapshot_slot_(manager.snapshots_.AcquireSlot()),
      latest_slot_(manager.snapshots_.AcquireSlot()),
      newest_slot_(manager.snapshots_.AcquireSlot()) {
  session_owner_ = NewOwner();
  fast_locks_.session_owner = session_owner_;
  manager_.table_locks_->Register(&fast_locks_);
}

Transaction::~Transaction() {
  if (active_) Rollback();
  UnlockAllAdvisory();
  manager_.table_locks_->Unregister(&fast_locks_);
  manager_.snapshots_.ReleaseSlot(snapshot_slot_);
  manager_.snapshots_.ReleaseSlot(latest_slot_);
  manager_.snapshots_.ReleaseSlot(newest_slot_);
  manager_.epochs_.ReleaseSlot(epoch_slot_);
}

void Transaction::Begin(const TxnOptions& options) {
  OXI_CHECK(!active_);
  options_ = options;
  active_ = true;
  doubtful_keys_.clear();
  had_snapshot_ = false;
  id_ = {};
  commit_ts_ = {};
  read_dependency_ = {};
  met_ts_ = 0;
  command_ = 1;
  write_bytes_ = 0;
  move_above_ = manager_.memory_bounds().txn_bytes;
  wait_above_ = manager_.memory_bounds().hot_bytes;
  owner_ = NewOwner();
  fast_locks_.txn_owner.store(owner_, std::memory_order_relaxed);
  if (hooks_) fast_locks_.process.store(hooks_->ProcessId(), std::memory_order_relaxed);
}

uint64_t Transaction::NewOwner() {
  if (owners_left_ == 0) {
    next_owner_ =
        manager_.next_owner_.fetch_add(TxnManager::kOwnerBlock, std::memory_order_relaxed);
    owners_left_ = TxnManager::kOwnerBlock;
  }
  --owners_left_;
  return next_owner_++;
}

// ---- Snapshots.

Timestamp Transaction::SetSlot(SnapshotSlot* slot, uint64_t at_least) {
  uint64_t ts = std::max(manager_.visible_ts_.load(std::memory_order_seq_cst), at_least);
  for (;;) {
    // 0 means none: before the first commit nothing is visible at 1 either.
    OXI_POINT();
    slot->ts.store(std::max<uint64_t>(ts, 1), std::memory_order_seq_cst);
    // A collector that did not see the slot yet saw no later visible_ts than this one.
    const uint64_t now = manager_.visible_ts_.load(std::memory_order_seq_cst);
    if (now <= ts) return {ts};
    ts = now;
  }
}

void Transaction::ClearSlot(SnapshotSlot* slot) {
  if (slot->ts.load(std::memory_order_relaxed) == 0) return;
  slot->ts.store(0, std::memory_order_seq_cst);
  manager_.DisposeHung(slot);
}

Snapshot Transaction::BeginStatement(bool writes) {
  OXI_DCHECK(active_);
  if (!repeatable_read() || !had_snapshot_) {
    ClearSlot(snapshot_slot_);
    if (options_.isolation == IsolationLevel::kSerializable) [[unlikely]]
      BeginReads();
    uint64_t at_least = 0;
    if (last_commit_ts_.value > manager_.visible_ts_.load(std::memory_order_acquire)) {
      // The session sees its own commits before others do; what it reads then depends on them.
      manager_.WaitStamped(last_commit_ts_);
      at_least = last_commit_ts_.value;
      read_dependency_ = std::max(read_dependency_, last_commit_lsn_);
    }
    if (const uint64_t exclusive = manager_.exclusive_ts_.load(std::memory_order_seq_cst);
        exclusive > manager_.visible_ts_.load(std::memory_order_acquire)) {
      at_least = std::max(at_least, exclusive);
      DependOnStamped();
    }
    // Never behind what an earlier statement saw, or waited for, though it is not durable yet.
    if (const uint64_t met = std::max(met_ts_, had_snapshot_ ? read_ts_.value : 0);
        met > manager_.visible_ts_.load(std::memory_order_acquire)) {
      manager_.WaitStamped({met});
      at_least = std::max(at_least, met);
      DependOnStamped();
    }
    // (Who has written has met such commits too: keys that they freed.)
    if ((writes || has_writes()) && !repeatable_read()) {
      const uint64_t stamped = manager_.stamped_ts_.load(std::memory_order_seq_cst);
      if (stamped > manager_.visible_ts_.load(std::memory_order_acquire)) {
        at_least = std::max(at_least, stamped);
        DependOnStamped();
      }
    }
    read_ts_ = SetSlot(snapshot_slot_, at_least);
    had_snapshot_ = true;
  }
  ++command_;
  return {read_ts_, id_, command_};
}

void Transaction::EndStatement() {
  ClearLatest();
  if (!repeatable_read()) ClearSlot(snapshot_slot_);
}

void Transaction::ClearLatest() {
  ClearSlot(latest_slot_);
  ClearSlot(newest_slot_);
}

void Transaction::DependOnStamped() {
  // Read after stamped_ts, so it may be of a later commit, never of an earlier one.
  read_dependency_ =
      std::max(read_dependency_, Lsn(manager_.stamped_lsn_.load(std::memory_order_seq_cst)));
}

Snapshot Transaction::NextCommand() {
  ++command_;
  return {read_ts_, id_, command_};
}

Snapshot Transaction::LatestSnapshot() {
  manager_.WaitStamped({met_ts_});
  const uint64_t stamped = manager_.stamped_ts_.load(std::memory_order_seq_cst);
  for (const SnapshotSlot* slot : {latest_slot_, newest_slot_}) {
    if (slot->ts.load(std::memory_order_relaxed) == stamped && stamped != 0) {
      return {{stamped}, id_, command_};
    }
  }
  SnapshotSlot* slot =
      latest_slot_->ts.load(std::memory_order_relaxed) == 0 ? latest_slot_ : newest_slot_;
  ClearSlot(slot);
  const Timestamp ts = SetSlot(slot, stamped);
  met_ts_ = std::max(met_ts_, ts.value);
  if (ts.value > manager_.visible_ts_.load(std::memory_order_seq_cst)) DependOnStamped();
  return {ts, id_, command_};
}

// ---- SERIALIZABLE.

void Transaction::BeginReads() {
  if (options_.read_only) return;
  if (!reads_) reads_ = std::make_unique<ReadSet>();
  tracks_reads_ = true;
  checked_ts_ = 0;
  manager_.serializable_->Enter(*this, manager_.visible_ts_);
}

void Transaction::EndReads() {
  if (!tracks_reads_) return;
  tracks_reads_ = false;
  reads_->Clear();
  manager_.serializable_->Leave(*this, manager_.visible_ts_);
}

Status Transaction::CheckReadsNow() {
  const uint64_t newest = manager_.serializable_->newest_ts();
  if (newest <= std::max(checked_ts_, read_ts_.value)) return {};
  RETURN_IF_ERROR(manager_.serializable_->Validate(*this, *reads_, read_ts_.value));
  checked_ts_ = newest;
  return {};
}

// Of a row that was changed several times, what was there before and what is there now.
CommittedWrites Transaction::CollectWrites() const {
  absl::flat_hash_set<const RowVersion*> replaced;  // by a later write
  for (const Write& write : writes_) {
    if (write.superseded != nullptr && write.superseded->in_flight()) {
      replaced.insert(write.superseded);
    }
  }
  CommittedWrites all;
  for (const Write& write : writes_) {
    const RowVersion* before = write.superseded;
    if (before != nullptr && before->in_flight()) before = nullptr;
    const RowVersion* after = replaced.contains(write.version) ? nullptr : write.version;
    all.Add(write.tablet->id(), before, after);
  }
  if (!private_.empty()) all.Coarsen();
  for (const Private& moved : private_) all.Add(moved.tablet->id(), nullptr, nullptr);
  return all;
}

Result<Lsn> Transaction::Append() {
  if (!tracks_reads_) return manager_.Append(*this);
  return manager_.serializable_->Commit(*this, *reads_, read_ts_.value, CollectWrites(),
                                        [this] { return manager_.Append(*this); });
}

// ---- The end.

Result<Lsn> Transaction::Commit(const std::function<void()>& undone) {
  OXI_CHECK(active_);
  if (!has_writes()) {
    Finish();
    return read_dependency_;
  }
  Result<Lsn> end = private_.empty() ? Append() : AppendPrivate();
  if (!end.ok()) {
    Rollback(undone);
    return end;
  }
  if (!OXI_PLANT(marked_before_stamped)) Stamp();
  const bool waits = options_.synchronous && manager_.wal_ != nullptr;
  manager_.MarkStamped(commit_ts_, waits ? *end : Lsn(0));
  if (OXI_PLANT(marked_before_stamped)) Stamp();
  last_commit_ts_ = commit_ts_;
  last_commit_lsn_ = *end;
  // A full fence: who queued before it saw the stamp is found, who comes later sees the stamp.
  fence_.fetch_add(1, std::memory_order_seq_cst);
  RowLockTable& locks = *manager_.row_locks_;
  for (const Write& write : writes_) {
    RefreshEntries(*this, locks.Wake(write.tablet->id(), write.row), write.row);
  }
  if (!private_.empty()) WakePrivate();
  DisposeSuperseded();
  NoteExclusive();
  Finish();
  // An earlier commit that is not stamped yet hides this one: whoever is told of this one must see
  // it. Short: between its place in the log and its stamps a commit waits for nothing.
  manager_.WaitStamped(last_commit_ts_);
  manager_.CollectGarbage();
  if (!waits) return read_dependency_;
  return std::max(*end, read_dependency_);
}

// Who waited for such a lock, or comes later, may not have a snapshot from before this commit: it
// would find new storage empty.
void Transaction::NoteExclusive() {
  const bool exclusive = std::any_of(
      table_locks_held_.begin(), table_locks_held_.end(), [](const HeldTableLock& held) {
        return held.space == 0 && held.mode == TableLockMode::kAccessExclusive;
      });
  if (!exclusive) return;
  uint64_t before = manager_.exclusive_ts_.load(std::memory_order_relaxed);
  while (before < commit_ts_.value && !manager_.exclusive_ts_.compare_exchange_weak(
                                          before, commit_ts_.value, std::memory_order_seq_cst)) {
  }
}

void Transaction::Stamp() {
  if (!private_.empty()) StampPrivate();
  for (const Write& write : writes_) {
    OXI_POINT();
    write.version->begin.store(commit_ts_.value, std::memory_order_release);
  }
}

void Transaction::DisposeSuperseded() {
  // Its own snapshots end first: what they alone kept can go at once.
  ClearLatest();
  ClearSlot(snapshot_slot_);
  constexpr size_t kAtOnce = 1024;
  for (size_t i = 0; i < writes_.size();) {
    dead_.clear();
    for (; i < writes_.size() && dead_.size() < kAtOnce; ++i) {
      const Write& write = writes_[i];
      if (write.superseded == nullptr) continue;
      dead_.push_back({write.tablet, write.row, write.superseded,
                       write.superseded->begin.load(std::memory_order_relaxed), commit_ts_.value});
    }
    if (dead_.empty()) continue;
    ReadGuard guard(*this);
    manager_.Dispose(dead_.data(), dead_.size(), &snapshots_);
  }
}

void Transaction::PinTablet(Tablet& tablet) {
  if (std::find(pinned_tablets_.begin(), pinned_tablets_.end(), &tablet) != pinned_tablets_.end()) {
    return;
  }
  tablet.Pin(1);
  pinned_tablets_.push_back(&tablet);
}

void Transaction::Rollback(const std::function<void()>& undone) {
  OXI_CHECK(active_);
  UndoTo(0, 0);
  if (undone) undone();
  Finish();
}

void Transaction::Finish() {
  EndReads();
  ReleaseLocksTo(0, 0);
  ClearLatest();
  ClearSlot(snapshot_slot_);
  constexpr size_t kKeptMax = 4096;
  writes_.clear();
  if (writes_.capacity() > kKeptMax) writes_.shrink_to_fit();
  for (const Tablet* tablet : pinned_tablets_) tablet->Pin(-1);
  pinned_tablets_.clear();
  private_.clear();
  mark_.reset();
  redo_.Clear();
  savepoints_.clear();
  id_ = {};
  active_ = false;
}

void Transaction::UndoTo(size_t writes, size_t privates) {
  if (writes_.size() <= writes && private_.size() <= privates) return;
  RowLockTable& locks = *manager_.row_locks_;
  for (size_t i = writes_.size(); i-- > writes;) {
    const Write& write = writes_[i];
    write_bytes_ -= std::min(write_bytes_, BytesOf(write));
    {
      ReadGuard guard(*this);
      if (write.superseded == nullptr) write.tablet->AddLiveRows(-1);
      if (write.version->is_tombstone()) write.tablet->AddLiveRows(1);
      write.tablet->Cut(write.row, write.version);
    }
    RefreshEntries(*this, locks.Wake(write.tablet->id(), write.row), write.row);
  }
  writes_.resize(std::min(writes, writes_.size()));
  if (private_.size() > privates) DropPrivate(privates);
  doubtful_keys_.clear();  // of what is gone
}

void Transaction::ReleaseLocksTo(size_t row_locks, size_t table_locks) {
  while (row_locks_held_.size() > row_locks) {
    const HeldRowLock& held = row_locks_held_.back();
    const Tablet* const watched = manager_.row_locks_->Release(
        held.tablet, held.row, owner_, static_cast<uint16_t>(1u << static_cast<int>(held.mode)));
    RefreshEntries(*this, watched, held.row);
    row_locks_held_.pop_back();
  }
  while (table_locks_held_.size() > table_locks) {
    const HeldTableLock held = table_locks_held_.back();
    if (IsAdvisorySpace(held.space)) {
      table_locks_held_.pop_back();
      const AdvisoryKey key{held.object, held.space == kAdvisoryPairSpace};
      if (FindSessionLock(key, held.mode) == nullptr) {
        manager_.table_locks_->Unlock(session_owner_, fast_locks_, {held.space, held.object},
                                      held.mode, -1);
      }
      continue;
    }
    manager_.table_locks_->Unlock(owner_, fast_locks_, {held.space, held.object}, held.mode,
                                  held.fast_slot);
    table_locks_held_.pop_back();
  }
}

// ---- Savepoints.

void Transaction::DefineSavepoint(std::string_view name) {
  savepoints_.push_back({std::string(name), writes_.size(), private_.size(), redo_.mark(),
                         row_locks_held_.size(), table_locks_held_.size()});
  ++command_;
}

Transaction::Savepoint* Transaction::FindSavepoint(std::string_view name, Status* status) {
  for (size_t i = savepoints_.size(); i-- > 0;) {
    if (savepoints_[i].name == name) return &savepoints_[i];
  }
  *status =
      Error(ErrorCode::kInvalidSavepointSpecification, "savepoint \"{}\" does not exist", name);
  return nullptr;
}

Status Transaction::ReleaseSavepoint(std::string_view name) {
  Status status;
  if (const Savepoint* savepoint = FindSavepoint(name, &status)) {
    savepoints_.erase(savepoints_.begin() + (savepoint - savepoints_.data()), savepoints_.end());
  }
  return status;
}

Status Transaction::RollbackToSavepoint(std::string_view name, const std::function<void()>& undone,
                                        bool keep_locks) {
  Status status;
  Savepoint* savepoint = FindSavepoint(name, &status);
  if (savepoint == nullptr) return status;
  if (tracks_reads_) {
    // What becomes undone still told whether keys were free; the rows no longer keep others out.
    for (size_t i = savepoint->writes; i < writes_.size(); ++i) {
      reads_->AddTable(*writes_[i].tablet);
    }
  }
  UndoTo(savepoint->writes, savepoint->privates);
  if (!OXI_PLANT(savepoint_stays_in_log)) redo_.TruncateTo(savepoint->redo);
  if (undone) undone();
  if (!keep_locks) ReleaseLocksTo(savepoint->row_locks, savepoint->table_locks);
  savepoints_.erase(savepoints_.begin() + (savepoint - savepoints_.data()) + 1, savepoints_.end());
  ++command_;
  return status;
}

// ---- Locks.

bool Transaction::HoldsTableLock(Oid table, TableLockMode mode) const {
  for (const HeldTableLock& held : table_locks_held_) {
    if (held.space == 0 && held.object == table && held.mode >= mode) return true;
  }
  return false;
}

Status Transaction::LockTable(Oid table, TableLockMode mode, LockWait wait) {
  return LockObject(0, table, mode, wait);
}

Status Transaction::LockObject(uint32_t space, uint64_t object, TableLockMode mode, LockWait wait) {
  for (const HeldTableLock& held : table_locks_held_) {
    if (held.space != space || held.object != object) continue;
    // SHARE is above ROW EXCLUSIVE and SHARE UPDATE EXCLUSIVE and covers neither: it lets another
    // SHARE in.
    const uint16_t wanted = TableLockTable::kConflicts[static_cast<size_t>(mode)];
    const bool covers = (wanted & ~TableLockTable::kConflicts[static_cast<size_t>(held.mode)]) == 0;
    if (held.mode == mode || covers) return Status::Ok();
  }
  int16_t slot = -1;
  RETURN_IF_ERROR(
      manager_.table_locks_->Lock(*this, owner_, fast_locks_, {space, object}, mode, wait, &slot));
  table_locks_held_.push_back({space, object, mode, slot});
  return Status::Ok();
}

// ---- Advisory locks.

Transaction::SessionLock* Transaction::FindSessionLock(AdvisoryKey key, TableLockMode mode) {
  for (SessionLock& lock : session_locks_) {
    if (lock.key == key && lock.mode == mode) return &lock;
  }
  return nullptr;
}

bool Transaction::HoldsObject(uint32_t space, uint64_t object, TableLockMode mode) const {
  return std::any_of(table_locks_held_.begin(), table_locks_held_.end(),
                     [&](const HeldTableLock& held) {
                       return held.space == space && held.object == object && held.mode == mode;
                     });
}

namespace {
constexpr uint32_t SpaceOf(Transaction::AdvisoryKey key) {
  return key.two_keys ? kAdvisoryPairSpace : kAdvisorySpace;
}
}  // namespace

Status Transaction::LockAdvisory(AdvisoryKey key, TableLockMode mode, bool of_session,
                                 LockWait wait) {
  const uint32_t space = SpaceOf(key);
  SessionLock* const mine = FindSessionLock(key, mode);
  const bool of_txn = HoldsObject(space, key.object, mode);
  if (mine == nullptr && !of_txn) {
    int16_t slot = -1;
    RETURN_IF_ERROR(manager_.table_locks_->Lock(*this, session_owner_, fast_locks_,
                                                {space, key.object}, mode, wait, &slot));
  }
  if (!of_session) {
    if (!of_txn) table_locks_held_.push_back({space, key.object, mode, -1});
  } else if (mine != nullptr) {
    ++mine->count;
  } else {
    session_locks_.push_back({key, mode, 1});
  }
  return Status::Ok();
}

bool Transaction::UnlockAdvisory(AdvisoryKey key, TableLockMode mode) {
  SessionLock* const mine = FindSessionLock(key, mode);
  if (mine == nullptr) return false;
  if (--mine->count > 0) return true;
  *mine = session_locks_.back();
  session_locks_.pop_back();
  const uint32_t space = SpaceOf(key);
  if (!HoldsObject(space, key.object, mode)) {
    manager_.table_locks_->Unlock(session_owner_, fast_locks_, {space, key.object}, mode, -1);
  }
  return true;
}

void Transaction::UnlockAllAdvisory() {
  while (!session_locks_.empty()) {
    session_locks_.back().count = 1;
    UnlockAdvisory(session_locks_.back().key, session_locks_.back().mode);
  }
}

void Transaction::Interrupt() {
  MutexLock lock(wait_mu_);
  wait_signalled_ = true;
  wait_cv_.NotifyAll();
}

ReadGuard::ReadGuard(Transaction& txn) : txn_(txn) { txn.epoch_slot_->Enter(); }
ReadGuard::~ReadGuard() { txn_.epoch_slot_->Leave(); }

}  // namespace oxibase
