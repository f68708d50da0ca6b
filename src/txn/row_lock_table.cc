#include "txn/row_lock_table.h"

#include <optional>
#include <utility>

#include "common/plant.h"
#include "storage/mvcc/tablet.h"
#include "txn/lock_wait.h"
#include "txn/txn_internals.h"

namespace oxibase {

// Bits: KEY SHARE 1, SHARE 2, NO KEY UPDATE 4, UPDATE 8.
const uint16_t RowLockTable::kConflicts[5] = {8, 4 | 8, 2 | 4 | 8, 1 | 2 | 4 | 8, 0};

RowLockTable::RowQueue& RowLockTable::QueueOf(Shard& shard, Key key) {
  const auto [entry, made] = shard.queues.try_emplace(key);
  if (made) shard.entries.fetch_add(1, std::memory_order_seq_cst);
  return entry->second;
}

void RowLockTable::DropIfEmpty(Shard& shard, Key key) {
  const auto entry = shard.queues.find(key);
  if (entry == shard.queues.end() || !entry->second.empty()) return;
  shard.queues.erase(entry);
  shard.entries.fetch_sub(1, std::memory_order_seq_cst);
}

const Tablet* RowLockTable::TakeWatched(RowQueue& queue) {
  return std::exchange(queue.watched, nullptr);
}

const Tablet* RowLockTable::Release(TabletId tablet, RowId row, uint64_t owner, uint16_t modes) {
  const Key key{tablet.value, row.value};
  Shard& shard = ShardOf(tablet, row);
  MutexLock lock(shard.mu);
  const auto entry = shard.queues.find(key);
  if (entry == shard.queues.end()) return nullptr;
  entry->second.Unhold(owner, modes);
  entry->second.WakeFirst();
  const Tablet* const watched = TakeWatched(entry->second);
  DropIfEmpty(shard, key);
  return watched;
}

const Tablet* RowLockTable::Wake(TabletId tablet, RowId row) {
  const Key key{tablet.value, row.value};
  Shard& shard = ShardOf(tablet, row);
  if (shard.entries.load(std::memory_order_seq_cst) == 0) return nullptr;
  MutexLock lock(shard.mu);
  const auto entry = shard.queues.find(key);
  if (entry == shard.queues.end()) return nullptr;
  entry->second.WakeFirst();
  const Tablet* const watched = TakeWatched(entry->second);
  DropIfEmpty(shard, key);
  return watched;
}

std::vector<std::pair<RowId, const Tablet*>> RowLockTable::WakeAll(TabletId tablet) {
  std::vector<std::pair<RowId, const Tablet*>> watched;
  for (Shard& shard : shards_) {
    if (shard.entries.load(std::memory_order_seq_cst) == 0) continue;
    MutexLock lock(shard.mu);
    for (auto entry = shard.queues.begin(); entry != shard.queues.end();) {
      const Key key = entry->first;
      RowQueue& queue = entry->second;
      ++entry;  // it may go
      if (key.tablet != tablet.value) continue;
      queue.WakeFirst();
      if (const Tablet* of = TakeWatched(queue)) watched.emplace_back(RowId(key.row), of);
      DropIfEmpty(shard, key);
    }
  }
  return watched;
}

RowState ExamineRow(const RowVersion* head, uint64_t owner, const Snapshot& snapshot,
                    uint8_t mode) {
  using Kind = RowState::Kind;
  const RowVersion* version = head;
  if (version == nullptr) return {Kind::kDeleted};
  uint64_t begin = version->begin.load(std::memory_order_acquire);
  if (begin == (kTxnIdBit | owner)) {
    if (version->command >= snapshot.command) return {Kind::kSelfModified};
    return {version->is_tombstone() ? Kind::kDeleted : Kind::kFree};
  }
  if ((begin & kTxnIdBit) != 0) {
    // All that its writer has done to the row so far says how strong its lock is.
    const uint64_t writer = begin;
    bool key_changed = false;
    while (version != nullptr && begin == writer) {
      key_changed |= version->Has(RowVersion::kTombstone | RowVersion::kKeyChanged);
      version = version->next.load(std::memory_order_acquire);
      if (version != nullptr) begin = version->begin.load(std::memory_order_acquire);
    }
    const auto held = key_changed ? RowLockMode::kUpdate : RowLockMode::kNoKeyUpdate;
    const bool conflict = mode == RowLockTable::kWatch || version == nullptr ||
                          (RowLockTable::kConflicts[mode] >> static_cast<int>(held) & 1) != 0;
    if (conflict) return {Kind::kInFlight, writer & ~kTxnIdBit};
  }
  if (begin > snapshot.read_ts.value && !OXI_PLANT(later_change_overlooked)) {
    // KEY SHARE keeps the key alone, which changes of other columns leave.
    if (mode == static_cast<uint8_t>(RowLockMode::kKeyShare)) {
      const RowVersion* older = version;
      while (older != nullptr &&
             older->begin.load(std::memory_order_acquire) > snapshot.read_ts.value &&
             !older->Has(RowVersion::kTombstone | RowVersion::kKeyChanged)) {
        older = older->next.load(std::memory_order_acquire);
      }
      if (older != nullptr &&
          older->begin.load(std::memory_order_acquire) <= snapshot.read_ts.value) {
        return {older->is_tombstone() ? Kind::kDeleted : Kind::kFree};
      }
    }
    return {version->is_tombstone() ? Kind::kChangedDeleted : Kind::kChanged, 0, begin};
  }
  return {version->is_tombstone() ? Kind::kDeleted : Kind::kFree};
}

namespace {

Status SerializationFailure(std::string_view what) {
  return Error(ErrorCode::kSerializationFailure, "could not serialize access due to concurrent {}",
               what);
}

/// One attempt under the shard's mutex. Empty: `blockers` says whom to wait for.
std::optional<Result<RowOutcome>> TryAcquire(Transaction& txn, Tablet& tablet, RowId row,
                                             const Snapshot& snapshot, uint8_t mode,
                                             FreeRowAction* action, bool* retry, LockQueue& queue,
                                             const LockQueue::Waiter* self,
                                             std::vector<uint64_t>* blockers) {
  using Kind = RowState::Kind;
  const uint64_t owner = TxnInternals::owner(txn);
  blockers->clear();
  ReadGuard guard(txn);
  RowDirectory::Slot* slot;
  RowVersion* head;
  for (;;) {
    slot = tablet.rows().Find(row);
    const RowVersion* newest = slot != nullptr ? RowDirectory::HeadOf(*slot) : nullptr;
    if (newest == nullptr) {
      ASSIGN_OR_RETURN(const bool exists, tablet.EnsureHot(row));
      if (!exists) return RowOutcome::kDeleted;
      continue;
    }
    // (What is in flight by this transaction stays so.)
    const bool is_writer = newest->begin.load(std::memory_order_acquire) == (kTxnIdBit | owner);
    blockers->clear();
    queue.FindBlockers(RowLockTable::kConflicts, owner, mode, self, is_writer, blockers);
    head = RowDirectory::Latch(*slot);
    if (head != nullptr) break;
    RowDirectory::Unlatch(*slot, nullptr);
  }
  const RowState state = ExamineRow(head, owner, snapshot, mode);
  if (state.kind == Kind::kInFlight) blockers->push_back(state.blocker);
  const auto hold = [&] {
    if ((queue.ModesOf(owner) >> mode & 1) == 0) {
      queue.Hold(owner, mode);
      TxnInternals::AddRowLock(txn, tablet.id(), row, static_cast<RowLockMode>(mode));
    }
  };
  // What ends the attempt whoever else wants the row.
  if (state.kind == Kind::kSelfModified || state.kind == Kind::kDeleted) {
    RowDirectory::Unlatch(*slot, head);
    return state.kind == Kind::kDeleted ? RowOutcome::kDeleted : RowOutcome::kSelfModified;
  }
  if ((state.kind == Kind::kChanged || state.kind == Kind::kChangedDeleted) &&
      txn.repeatable_read()) {
    RowDirectory::Unlatch(*slot, head);
    return SerializationFailure(
        // Who only wants to lock is told of an update whatever it was, as PostgreSQL has it.
        state.kind == Kind::kChanged || action == nullptr ? "update" : "delete");
  }
  if (state.kind == Kind::kChangedDeleted) {
    RowDirectory::Unlatch(*slot, head);
    TxnInternals::Met(txn, state.changed_ts);
    return RowOutcome::kDeleted;
  }
  if (!blockers->empty()) {
    RowDirectory::Unlatch(*slot, head);
    return std::nullopt;
  }
  if (state.kind == Kind::kChanged) {
    RowDirectory::Unlatch(*slot, head);
    TxnInternals::Met(txn, state.changed_ts);
    hold();
    return RowOutcome::kChanged;
  }
  if (action == nullptr) {
    RowDirectory::Unlatch(*slot, head);
    hold();
  } else if (!action->Run(*slot, head)) {
    RowDirectory::Unlatch(*slot, head);
    *retry = true;
  }
  return RowOutcome::kDone;
}

}  // namespace

Result<RowOutcome> AcquireRow(Transaction& txn, Tablet& tablet, RowId row, const Snapshot& snapshot,
                              uint8_t mode, LockWait wait, FreeRowAction* action, bool* retry) {
  RowLockTable& table = TxnInternals::row_locks(txn);
  RowLockTable::Shard& shard = table.ShardOf(tablet.id(), row);
  const RowLockTable::Key key{tablet.id().value, row.value};
  LockQueue::Waiter self{&txn, TxnInternals::owner(txn), mode};
  LockWaiting waiting(txn, LockWanted());
  std::vector<uint64_t> blockers;
  bool queued = false;
  if (tablet.segments() != nullptr) {  // not under the shard's mutex, where that can be helped
    ReadGuard guard(txn);
    RETURN_IF_ERROR(tablet.EnsureHot(row).status());
  }
  MutexLock lock(shard.mu);
  LockQueue& queue = table.QueueOf(shard, key);
  for (;;) {
    waiting.Arm();
    auto outcome = TryAcquire(txn, tablet, row, snapshot, mode, action, retry, queue,
                              queued ? &self : nullptr, &blockers);
    if (!outcome && wait == LockWait::kSkip) outcome = RowOutcome::kSkipped;
    if (!outcome && wait == LockWait::kNoWait) {
      outcome = Error(ErrorCode::kLockNotAvailable,
                      "could not obtain lock on row in relation \"{}\"", tablet.name());
    }
    if (outcome) {
      if (queued) queue.Dequeue(&self);
      // The next one may get it beside this, or have waited for nothing but its turn. Not if it
      // would only find that this one has it now.
      const bool has_it = outcome->ok() && !*retry &&
                          (**outcome == RowOutcome::kDone || **outcome == RowOutcome::kChanged);
      const bool conflicts =
          has_it && !queue.waiters.empty() &&
          (RowLockTable::kConflicts[mode] >> queue.waiters.front()->mode & 1) != 0;
      if (!conflicts) queue.WakeFirst();
      table.DropIfEmpty(shard, key);
      return *std::move(outcome);
    }
    if (!queued) {
      queue.waiters.push_back(&self);
      queued = true;
    }
    lock.Unlock();
    Status status = waiting.Sleep(blockers);
    lock.Lock();
    if (!status.ok()) {
      queue.Dequeue(&self);
      queue.WakeAll();
      table.DropIfEmpty(shard, key);
      return status;
    }
  }
}

bool IsLockedByOthers(Transaction& txn, const Tablet& tablet, RowId row, const Snapshot& snapshot,
                      uint8_t mode, bool watch) {
  using Kind = RowState::Kind;
  RowLockTable& table = TxnInternals::row_locks(txn);
  const uint64_t owner = TxnInternals::owner(txn);
  const auto examine = [&] {
    return ExamineRow(tablet.rows().Head(row), owner, snapshot, mode).kind;
  };
  if (!watch) {
    const Kind kind = examine();
    if (kind == Kind::kInFlight) return true;
    if (kind != Kind::kFree || !table.MayBeLocked(tablet.id(), row)) return false;
  }
  RowLockTable::Shard& shard = table.ShardOf(tablet.id(), row);
  const RowLockTable::Key key{tablet.id().value, row.value};
  const auto held = [&](const RowLockTable::RowQueue& queue) {
    for (const LockQueue::Holder& holder : queue.holders) {
      if (holder.owner == owner) continue;
      if ((holder.modes & RowLockTable::kConflicts[mode]) != 0) return true;
    }
    return false;
  };
  MutexLock lock(shard.mu);
  if (!watch) {
    const auto entry = shard.queues.find(key);
    return entry != shard.queues.end() && held(entry->second);
  }
  // Counted before the row is looked at: a writer that ends later finds that it is watched.
  RowLockTable::RowQueue& queue = table.QueueOf(shard, key);
  const Kind kind = examine();
  const bool locked = kind == Kind::kInFlight || (kind == Kind::kFree && held(queue));
  if (locked && queue.watched == nullptr) {
    tablet.Pin(1);
    queue.watched = &tablet;
  }
  table.DropIfEmpty(shard, key);
  return locked;
}

Status WaitForWriter(Transaction& txn, Tablet& tablet, RowId row, uint64_t writer) {
  RowLockTable& table = TxnInternals::row_locks(txn);
  RowLockTable::Shard& shard = table.ShardOf(tablet.id(), row);
  const RowLockTable::Key key{tablet.id().value, row.value};
  LockQueue::Waiter self{&txn, TxnInternals::owner(txn), RowLockTable::kWatch};
  LockWaiting waiting(txn, LockWanted());
  const std::vector<uint64_t> blockers{writer};
  MutexLock lock(shard.mu);
  LockQueue& queue = table.QueueOf(shard, key);
  // In front: who watches wants nothing that others wait for.
  queue.waiters.insert(queue.waiters.begin(), &self);
  Status status;
  for (;;) {
    waiting.Arm();
    {
      ReadGuard guard(txn);
      const RowVersion* head = tablet.rows().Head(row);
      if (head == nullptr || head->begin.load(std::memory_order_seq_cst) != (kTxnIdBit | writer)) {
        break;
      }
    }
    lock.Unlock();
    status = waiting.Sleep(blockers);
    lock.Lock();
    if (!status.ok()) break;
  }
  queue.Dequeue(&self);
  queue.WakeFirst();
  table.DropIfEmpty(shard, key);
  return status;
}

}  // namespace oxibase
