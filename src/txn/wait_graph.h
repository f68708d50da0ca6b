#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "env/mutex.h"

namespace oxibase {

/// Who waits for whom, to find deadlocks. Thread-safe.
///
/// Waiters say anew whom they wait for each time they wake, so what is here may be out of date for
/// a moment. A cycle therefore counts only when its finder still finds it after all others have had
/// the time to look again.
class WaitGraph {
 public:
  /// `waiter` waits for all of `blockers` from now on. True if that closes a cycle.
  bool Wait(uint64_t waiter, const std::vector<uint64_t>& blockers);
  /// As Wait, and takes the waiter out if the cycle is there: of several who find the same cycle
  /// one gives way.
  bool WaitOrGiveWay(uint64_t waiter, const std::vector<uint64_t>& blockers);
  void Done(uint64_t waiter);

 private:
  bool Reaches(uint64_t from) REQUIRES(mu_);

  Mutex mu_;
  std::unordered_map<uint64_t, std::vector<uint64_t>> edges_ GUARDED_BY(mu_);
};

}  // namespace oxibase
