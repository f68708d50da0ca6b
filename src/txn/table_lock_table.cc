#include "txn/table_lock_table.h"

#include <algorithm>

#include "txn/lock_wait.h"
#include "txn/txn_internals.h"

namespace oxibase {
namespace {

constexpr uint16_t Bit(TableLockMode mode) {
  return static_cast<uint16_t>(1u << static_cast<int>(mode));
}
using M = TableLockMode;
constexpr uint16_t kStrongBits = Bit(M::kShareUpdateExclusive) | Bit(M::kShare) |
                                 Bit(M::kShareRowExclusive) | Bit(M::kExclusive) |
                                 Bit(M::kAccessExclusive);

/// Only tables have weak locks outside of the table that a strong one must know of.
bool IsStrong(const TableLockTable::Key& key, TableLockMode mode) {
  return key.space == 0 && mode > TableLockTable::kStrongestFast;
}

LockWanted Wanted(const TableLockTable::Key& key, TableLockMode mode) {
  LockWanted wanted{LockWanted::Kind::kName, mode, key.object};
  if (key.space == 0) wanted.kind = LockWanted::Kind::kRelation;
  if (IsAdvisorySpace(key.space)) wanted.kind = LockWanted::Kind::kAdvisory;
  wanted.two_keys = key.space == kAdvisoryPairSpace;
  return wanted;
}

}  // namespace

const uint16_t TableLockTable::kConflicts[8] = {
    Bit(M::kAccessExclusive),
    static_cast<uint16_t>(Bit(M::kExclusive) | Bit(M::kAccessExclusive)),
    static_cast<uint16_t>(Bit(M::kShare) | Bit(M::kShareRowExclusive) | Bit(M::kExclusive) |
                          Bit(M::kAccessExclusive)),
    kStrongBits,
    static_cast<uint16_t>(kStrongBits & ~Bit(M::kShare)) | Bit(M::kRowExclusive),
    kStrongBits | Bit(M::kRowExclusive),
    kStrongBits | Bit(M::kRowExclusive) | Bit(M::kRowShare),
    0xff,
};

void TableLockTable::Register(FastTableLocks* locks) {
  MutexLock lock(fast_mu_);
  fast_.push_back(locks);
}

void TableLockTable::Unregister(FastTableLocks* locks) {
  MutexLock lock(fast_mu_);
  fast_.erase(std::remove(fast_.begin(), fast_.end(), locks), fast_.end());
}

bool TableLockTable::TryFast(uint64_t owner, FastTableLocks& fast, Partition& partition, Key key,
                             TableLockMode mode, int16_t* slot) {
  if (key.space != 0 || mode > kStrongestFast || key.object >> 55 != 0) return false;
  for (int i = 0; i < FastTableLocks::kSlots; ++i) {
    if (fast.slots[i].load(std::memory_order_relaxed) != 0) continue;
    fast.owner.store(owner, std::memory_order_relaxed);
    fast.slots[i].store(key.object << 8 | (static_cast<uint64_t>(mode) + 1),
                        std::memory_order_seq_cst);
    if (partition.strong.load(std::memory_order_seq_cst) == 0) {
      *slot = static_cast<int16_t>(i);
      return true;
    }
    const uint64_t word = fast.slots[i].exchange(0, std::memory_order_seq_cst);
    // A strong locker was quicker and waits for it: it counts as held.
    *slot = -1;
    return (word & FastTableLocks::kMoved) != 0;
  }
  return false;
}

Status TableLockTable::Lock(Transaction& txn, uint64_t owner, FastTableLocks& fast, Key key,
                            TableLockMode mode, LockWait wait, int16_t* slot) {
  Partition& partition = PartitionOf(key);
  *slot = -1;
  if (TryFast(owner, fast, partition, key, mode, slot)) return Status::Ok();
  const bool strong = IsStrong(key, mode);
  if (strong) partition.strong.fetch_add(1, std::memory_order_seq_cst);
  Status status = LockSlow(txn, owner, partition, key, mode, wait);
  if (strong && !status.ok()) partition.strong.fetch_sub(1, std::memory_order_seq_cst);
  return status;
}

Status TableLockTable::LockSlow(Transaction& txn, uint64_t owner, Partition& partition, Key key,
                                TableLockMode mode, LockWait wait) {
  const auto bit = static_cast<uint8_t>(mode);
  LockQueue::Waiter self{&txn, owner, bit};
  LockWaiting waiting(txn, Wanted(key, mode));
  std::vector<uint64_t> blockers;
  bool queued = false;
  Status status;
  MutexLock lock(partition.mu);
  LockQueue& queue = partition.queues[key];
  for (;;) {
    waiting.Arm();
    if (mode > kStrongestFast) MoveFastLocks(partition, key);
    blockers.clear();
    queue.FindBlockers(kConflicts, owner, bit, queued ? &self : nullptr, false, &blockers);
    if (blockers.empty()) {
      queue.Hold(owner, bit);
      break;
    }
    if (wait != LockWait::kBlock) {
      status = Error(ErrorCode::kLockNotAvailable, "could not obtain lock on relation");
      break;
    }
    if (!queued) {
      queue.waiters.push_back(&self);
      queued = true;
    }
    lock.Unlock();
    status = waiting.Sleep(blockers);
    lock.Lock();
    if (!status.ok()) break;
  }
  if (queued) queue.Dequeue(&self);
  // Table locks are rarely waited for: let everybody see whether the turn is theirs.
  queue.WakeAll();
  if (queue.empty()) partition.queues.erase(key);
  return status;
}

Status TableLockTable::WaitForHolders(Transaction& txn, uint64_t owner, Key key,
                                      TableLockMode mode) {
  Partition& partition = PartitionOf(key);
  // From now on weak locks are seen in the table.
  partition.strong.fetch_add(1, std::memory_order_seq_cst);
  LockWaiting waiting(txn, Wanted(key, mode));
  // Woken like those who wait for the lock, but in nobody's way.
  LockQueue::Waiter self{&txn, owner, static_cast<uint8_t>(TableLockMode::kAccessShare)};
  std::vector<uint64_t> blockers;
  Status status;
  for (bool first = true; status.ok(); first = false) {
    {
      MutexLock lock(partition.mu);
      waiting.Arm();
      MoveFastLocks(partition, key);
      LockQueue& queue = partition.queues[key];
      std::vector<uint64_t> holders;
      for (const LockQueue::Holder& holder : queue.holders) {
        const bool conflicts = (holder.modes & kConflicts[static_cast<int>(mode)]) != 0;
        if (conflicts && holder.owner != owner) holders.push_back(holder.owner);
      }
      if (first) {
        queue.waiters.push_back(&self);
        blockers = std::move(holders);
      } else {
        std::erase_if(blockers, [&](uint64_t one) {
          return std::find(holders.begin(), holders.end(), one) == holders.end();
        });
      }
    }
    if (blockers.empty()) break;
    status = waiting.Sleep(blockers);
  }
  {
    MutexLock lock(partition.mu);
    LockQueue& queue = partition.queues[key];
    queue.Dequeue(&self);
    if (queue.empty()) partition.queues.erase(key);
  }
  partition.strong.fetch_sub(1, std::memory_order_seq_cst);
  return status;
}

void TableLockTable::MoveFastLocks(Partition& partition, Key key) {
  if (key.space != 0) return;
  LockQueue& queue = partition.queues[key];
  MutexLock lock(fast_mu_);
  for (FastTableLocks* fast : fast_) {
    for (auto& slot : fast->slots) {
      uint64_t word = slot.load(std::memory_order_seq_cst);
      if (word >> 8 != key.object || word == 0 || (word & FastTableLocks::kMoved) != 0) continue;
      const auto mode = static_cast<uint8_t>((word & 0x7f) - 1);
      const uint64_t owner = fast->owner.load(std::memory_order_relaxed);
      if (slot.compare_exchange_strong(word, word | FastTableLocks::kMoved,
                                       std::memory_order_seq_cst)) {
        queue.Hold(owner, mode);
      }
    }
  }
}

std::unordered_map<uint64_t, int32_t> TableLockTable::Processes() {
  std::unordered_map<uint64_t, int32_t> processes;
  MutexLock lock(fast_mu_);
  for (const FastTableLocks* fast : fast_) {
    const int32_t process = fast->process.load(std::memory_order_relaxed);
    processes[fast->session_owner] = process;
    processes[fast->txn_owner.load(std::memory_order_relaxed)] = process;
    if (const uint64_t owner = fast->owner.load(std::memory_order_relaxed)) {
      processes[owner] = process;
    }
  }
  return processes;
}

std::vector<LockShown> TableLockTable::All() {
  std::vector<LockShown> all;
  const std::unordered_map<uint64_t, int32_t> processes = Processes();
  {
    MutexLock lock(fast_mu_);
    for (const FastTableLocks* fast : fast_) {
      const int32_t process = fast->process.load(std::memory_order_relaxed);
      for (const auto& slot : fast->slots) {
        const uint64_t word = slot.load(std::memory_order_seq_cst);
        // What has been moved is found below.
        if (word == 0 || (word & FastTableLocks::kMoved) != 0) continue;
        all.push_back(
            {0, word >> 8, process, static_cast<TableLockMode>((word & 0x7f) - 1), true, true});
      }
    }
  }
  const auto process_of = [&](uint64_t owner) {
    const auto entry = processes.find(owner);
    return entry == processes.end() ? 0 : entry->second;
  };
  for (Partition& partition : partitions_) {
    MutexLock lock(partition.mu);
    for (const auto& [key, queue] : partition.queues) {
      for (const LockQueue::Holder& holder : queue.holders) {
        for (int mode = 0; mode < 8; ++mode) {
          if ((holder.modes >> mode & 1) == 0) continue;
          all.push_back({key.space, key.object, process_of(holder.owner),
                         static_cast<TableLockMode>(mode), true, false});
        }
      }
      for (const LockQueue::Waiter* waiter : queue.waiters) {
        all.push_back({key.space, key.object, process_of(waiter->owner),
                       static_cast<TableLockMode>(waiter->mode), false, false});
      }
    }
  }
  return all;
}

void TableLockTable::Unlock(uint64_t owner, FastTableLocks& fast, Key key, TableLockMode mode,
                            int16_t slot) {
  if (slot >= 0) {
    const uint64_t word = fast.slots[slot].exchange(0, std::memory_order_seq_cst);
    if ((word & FastTableLocks::kMoved) == 0) return;
  }
  Partition& partition = PartitionOf(key);
  if (IsStrong(key, mode)) partition.strong.fetch_sub(1, std::memory_order_seq_cst);
  MutexLock lock(partition.mu);
  const auto entry = partition.queues.find(key);
  if (entry == partition.queues.end()) return;
  entry->second.Unhold(owner, static_cast<uint16_t>(1u << static_cast<int>(mode)));
  entry->second.WakeAll();
  if (entry->second.empty()) partition.queues.erase(entry);
}

}  // namespace oxibase
