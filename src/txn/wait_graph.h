#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "env/mutex.h"
#include "txn/snapshot.h"

namespace oxibase {

class Transaction;

/// PostgreSQL's name of a mode.
const char* LockModeName(TableLockMode mode);

/// What a transaction waits for.
struct LockWanted {
  enum class Kind : uint8_t {
    kTransaction,  // the end of whoever has a row
    kRelation,
    kName,
    kAdvisory,
  };
  Kind kind = Kind::kTransaction;
  TableLockMode mode = TableLockMode::kShare;
  uint64_t object = 0;    // of a relation: its oid
  bool two_keys = false;  // of an advisory lock: made of two numbers
};

/// Who waits for whom, to find deadlocks. Thread-safe.
///
/// Waiters say anew whom they wait for each time they wake, so what is here may be out of date for
/// a moment. A cycle therefore counts only when all in it have been asked to look again, and have
/// said what they said before.
class WaitGraph {
 public:
  struct Waiting {
    std::vector<uint64_t> blockers;
    LockWanted wanted;
    int32_t process = 0;
    /// The other name under which it holds locks: its session's.
    uint64_t session = 0;
    /// To wake it.
    Transaction* txn = nullptr;
  };

  /// `waiter` waits for all of the blockers from now on. True if it is in a cycle.
  bool Wait(uint64_t waiter, Waiting waiting);
  enum class Cycle : uint8_t { kNone, kPerhaps, kSure };
  /// Looks for a cycle through `waiter`. kPerhaps: all in it are woken to look again; `*asked`, 0
  /// at first, keeps when. kSure: they have, and the cycle is still there; then `waiter` is taken
  /// out, so that of several who find the same cycle one gives way, and `detail` says who waits for
  /// whom, in PostgreSQL's words.
  Cycle LookForCycle(uint64_t waiter, uint64_t* asked, std::string* detail);
  void Done(uint64_t waiter);

  /// Everybody who waits now.
  std::vector<Waiting> All();

 private:
  /// The waiters of a cycle, beginning with `from`; empty: there is none.
  std::vector<uint64_t> CycleOf(uint64_t from) const REQUIRES(mu_);
  std::string Describe(const std::vector<uint64_t>& cycle) const REQUIRES(mu_);
  void Put(uint64_t waiter, Waiting waiting) REQUIRES(mu_);
  void Remove(uint64_t waiter) REQUIRES(mu_);

  struct Entry {
    Waiting waiting;
    uint64_t said;  // when
  };

  Mutex mu_;                           // taken before a transaction's for waiting
  uint64_t time_ GUARDED_BY(mu_) = 0;  // counts what is said and asked
  std::unordered_map<uint64_t, Entry> waiting_ GUARDED_BY(mu_);
  std::unordered_map<uint64_t, uint64_t> waiter_of_session_ GUARDED_BY(mu_);
};

}  // namespace oxibase
