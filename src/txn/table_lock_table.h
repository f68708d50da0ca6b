#pragma once

#include <atomic>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "common/status.h"
#include "env/mutex.h"
#include "txn/lock_queue.h"
#include "txn/snapshot.h"

namespace oxibase {

class Transaction;

/// The weak table locks (up to ROW EXCLUSIVE) of one session: no two of them conflict, so while
/// nobody holds or wants a stronger one, a store here is all they take. A word is 0, or
/// object << 8 | mode + 1, with kMoved when a strong locker has put it into the table.
struct alignas(64) FastTableLocks {
  static constexpr int kSlots = 16;
  static constexpr uint64_t kMoved = 0x80;

  std::atomic<uint64_t> owner{0};  // set while any slot is
  std::atomic<uint64_t> slots[kSlots] = {};
  // Whose they are, for those who look.
  std::atomic<uint64_t> txn_owner{0};
  uint64_t session_owner = 0;  // constant once registered
  std::atomic<int32_t> process{0};
};

/// A lock that somebody has or waits for.
struct LockShown {
  uint32_t space;
  uint64_t object;
  int32_t process;
  TableLockMode mode;
  bool granted;
  bool fast;
};

/// Name spaces of locks that are not on tables. Those of advisory locks: of one number, and of two.
inline constexpr uint32_t kTransactionSpace = 1;  // as LockShown has it; no lock is taken there
inline constexpr uint32_t kAdvisorySpace = 3;
inline constexpr uint32_t kAdvisoryPairSpace = 4;
inline constexpr bool IsAdvisorySpace(uint32_t space) {
  return space == kAdvisorySpace || space == kAdvisoryPairSpace;
}

/// Locks on tables and other objects in PostgreSQL's eight levels. Thread-safe.
class TableLockTable {
 public:
  static const uint16_t kConflicts[8];
  static constexpr TableLockMode kStrongestFast = TableLockMode::kRowExclusive;

  void Register(FastTableLocks* locks);
  void Unregister(FastTableLocks* locks);

  struct Key {
    uint32_t space;
    uint64_t object;
    bool operator==(const Key&) const = default;
  };

  /// Takes a lock for `owner`, in whose name `txn` waits; *slot is where in `fast` it lies, or -1.
  Status Lock(Transaction& txn, uint64_t owner, FastTableLocks& fast, Key key, TableLockMode mode,
              LockWait wait, int16_t* slot);
  /// The same for a weak lock on a table, if nobody holds or wants a strong one. False: not taken.
  bool TryLock(uint64_t owner, FastTableLocks& fast, Oid table, TableLockMode mode, int16_t* slot) {
    const Key key{0, table};
    return TryFast(owner, fast, PartitionOf(key), key, mode, slot);
  }
  /// Of the sessions' and transactions' owners.
  std::unordered_map<uint64_t, int32_t> Processes();
  /// All locks there are. They change while this looks.
  std::vector<LockShown> All();

  /// Waits until none of those who hold the object in a mode that conflicts with `mode` now, but
  /// `owner`, holds it any more; others are not kept from taking it. Errors: as of waiting for a
  /// lock.
  Status WaitForHolders(Transaction& txn, uint64_t owner, Key key, TableLockMode mode);

  void Unlock(uint64_t owner, FastTableLocks& fast, Key key, TableLockMode mode, int16_t slot);

 private:
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return (key.object + key.space * 0x85ebca6bu) * 0x9e3779b97f4a7c15u >> 32;
    }
  };
  struct alignas(64) Partition {
    /// Strong locks held or wanted: weak ones must come here too.
    std::atomic<uint32_t> strong{0};
    Mutex mu;
    std::unordered_map<Key, LockQueue, KeyHash> queues GUARDED_BY(mu);
  };
  static constexpr size_t kPartitions = 128;

  Partition& PartitionOf(Key key) { return partitions_[KeyHash()(key) % kPartitions]; }
  bool TryFast(uint64_t owner, FastTableLocks& fast, Partition& partition, Key key,
               TableLockMode mode, int16_t* slot);
  /// Puts every session's weak locks on the object into its queue.
  void MoveFastLocks(Partition& partition, Key key) REQUIRES(partition.mu);
  Status LockSlow(Transaction& txn, uint64_t owner, Partition& partition, Key key,
                  TableLockMode mode, LockWait wait);

  Partition partitions_[kPartitions];
  Mutex fast_mu_;  // taken under a partition's
  std::vector<FastTableLocks*> fast_ GUARDED_BY(fast_mu_);
};

}  // namespace oxibase
