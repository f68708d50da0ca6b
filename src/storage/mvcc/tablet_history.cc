#include "storage/mvcc/tablet_history.h"

#include <algorithm>

namespace oxibase {

void TabletHistory::Advance(Timestamp from) {
  uint64_t now = from_.load(std::memory_order_seq_cst);
  while (now < from.value && now != Timestamp::Max().value &&
         !from_.compare_exchange_weak(now, from.value, std::memory_order_seq_cst)) {
  }
}

void TabletHistory::Cut(Timestamp from) {
  uint64_t now = cut_.load(std::memory_order_seq_cst);
  while (now < from.value &&
         !cut_.compare_exchange_weak(now, from.value, std::memory_order_seq_cst)) {
  }
  Advance(from);
}

void TabletHistory::Keep(const Superseded& version) {
  MutexLock lock(mu_);
  kept_.push_back(version);
}

std::vector<TabletHistory::Superseded> TabletHistory::Take(Timestamp end) {
  std::vector<Superseded> old;
  MutexLock lock(mu_);
  while (!kept_.empty() && kept_.front().end <= end.value) {
    old.push_back(kept_.front());
    kept_.pop_front();
  }
  return old;
}

void TabletHistory::SortKept() {
  MutexLock lock(mu_);
  std::sort(kept_.begin(), kept_.end(),
            [](const Superseded& a, const Superseded& b) { return a.end < b.end; });
}

size_t TabletHistory::size() const {
  MutexLock lock(mu_);
  return kept_.size();
}

}  // namespace oxibase
