#pragma once

#include <cstdint>
#include <vector>

namespace oxibase {

class Transaction;

/// Who holds and who waits for one lock (of a row or a table), first come, first served. Protected
/// by the mutex of the table that it lies in.
struct LockQueue {
  struct Holder {
    uint64_t owner;
    uint16_t modes;  // a bit each
  };
  /// Lives on its waiter's stack.
  struct Waiter {
    Transaction* txn;
    uint64_t owner;
    uint8_t mode;
  };
  /// For each mode the modes that it conflicts with.
  using Conflicts = const uint16_t*;

  std::vector<Holder> holders;
  std::vector<Waiter*> waiters;

  bool empty() const { return holders.empty() && waiters.empty(); }
  uint16_t ModesOf(uint64_t owner) const;
  /// Appends the owners that keep `owner` from getting `mode`: others that hold a conflicting mode,
  /// and those that wait for one in front of it (of `self`, or of the queue's end if that is null).
  /// Who holds a mode already, here or (`holds`) otherwise, passes the queue: it could never be
  /// granted behind those who wait for it.
  void FindBlockers(Conflicts conflicts, uint64_t owner, uint8_t mode, const Waiter* self,
                    bool holds, std::vector<uint64_t>* blockers) const;
  void Hold(uint64_t owner, uint8_t mode);
  /// Takes modes away; returns whether it held any of them.
  bool Unhold(uint64_t owner, uint16_t modes);
  void Dequeue(const Waiter* waiter);
  void WakeFirst() const;
  void WakeAll() const;
};

}  // namespace oxibase
