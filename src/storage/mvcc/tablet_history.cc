#include "storage/mvcc/tablet_history.h"

namespace oxibase {

void TabletHistory::Advance(Timestamp from) {
  uint64_t now = from_.load(std::memory_order_seq_cst);
  while (now < from.value && now != Timestamp::Max().value &&
         !from_.compare_exchange_weak(now, from.value, std::memory_order_seq_cst)) {
  }
}

void TabletHistory::Keep(const Superseded& version) {
  MutexLock lock(mu_);
  kept_.push_back(version);
}

std::vector<TabletHistory::Superseded> TabletHistory::TakeOld() {
  const uint64_t from = from_.load(std::memory_order_seq_cst);
  std::vector<Superseded> old;
  MutexLock lock(mu_);
  while (!kept_.empty() && kept_.front().end <= from) {
    old.push_back(kept_.front());
    kept_.pop_front();
  }
  return old;
}

size_t TabletHistory::size() const {
  MutexLock lock(mu_);
  return kept_.size();
}

}  // namespace oxibase
