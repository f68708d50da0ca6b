#pragma once

#include <cstdint>
#include <vector>

#include "common/status.h"
#include "txn/wait_graph.h"

namespace oxibase {

class Transaction;

/// One wait of a transaction for others, over any number of wake-ups.
class LockWaiting {
 public:
  LockWaiting(Transaction& txn, const LockWanted& wanted) : txn_(txn), wanted_(wanted) {}
  ~LockWaiting();
  LockWaiting(const LockWaiting&) = delete;
  LockWaiting& operator=(const LockWaiting&) = delete;

  /// Call it while the lock table's mutex is held, before the state is looked at: a signal from
  /// then on ends the next Sleep.
  void Arm();
  /// Sleeps until the transaction is signalled or something is to be looked at again. Errors:
  /// 40P01, 55P03 (lock_timeout), 57014 and what else the session says. REQUIRES: no mutex is held
  Status Sleep(const std::vector<uint64_t>& blockers);

 private:
  Transaction& txn_;
  const LockWanted wanted_;
  bool began_ = false;
  int64_t began_micros_ = 0;
  int64_t cycle_look_at_ = 0;  // 0: after deadlock_timeout; INT64_MAX: there was none then
  uint64_t asked_ = 0;         // of a cycle that is to be confirmed
};

}  // namespace oxibase
