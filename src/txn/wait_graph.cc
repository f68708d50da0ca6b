#include "txn/wait_graph.h"

#include <unordered_set>

namespace oxibase {

bool WaitGraph::Reaches(uint64_t from) {
  std::unordered_set<uint64_t> seen;
  std::vector<uint64_t> open{from};
  while (!open.empty()) {
    const auto edges = edges_.find(open.back());
    open.pop_back();
    if (edges == edges_.end()) continue;
    for (const uint64_t next : edges->second) {
      if (next == from) return true;
      if (seen.insert(next).second) open.push_back(next);
    }
  }
  return false;
}

bool WaitGraph::Wait(uint64_t waiter, const std::vector<uint64_t>& blockers) {
  MutexLock lock(mu_);
  edges_[waiter] = blockers;
  return Reaches(waiter);
}

bool WaitGraph::WaitOrGiveWay(uint64_t waiter, const std::vector<uint64_t>& blockers) {
  MutexLock lock(mu_);
  edges_[waiter] = blockers;
  if (!Reaches(waiter)) return false;
  edges_.erase(waiter);
  return true;
}

void WaitGraph::Done(uint64_t waiter) {
  MutexLock lock(mu_);
  edges_.erase(waiter);
}

}  // namespace oxibase
