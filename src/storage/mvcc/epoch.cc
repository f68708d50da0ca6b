#include "storage/mvcc/epoch.h"

#include <algorithm>
#include <utility>

namespace oxibase {

EpochManager::~EpochManager() {
  // What is freed may retire more.
  for (bool any = true; any;) {
    any = false;
    for (Shard& shard : shards_) {
      std::vector<Retired> list;
      {
        MutexLock lock(shard.mu);
        list.swap(shard.list);
      }
      any |= !list.empty();
      for (const Retired& retired : list) retired.free(retired.object);
    }
  }
}

EpochManager::Slot* EpochManager::AcquireSlot() {
  MutexLock lock(mu_);
  if (!free_slots_.empty()) {
    Slot* slot = free_slots_.back();
    free_slots_.pop_back();
    return slot;
  }
  slots_.push_back(std::make_unique<Slot>());
  slots_.back()->manager_ = this;
  return slots_.back().get();
}

void EpochManager::ReleaseSlot(Slot* slot) {
  MutexLock lock(mu_);
  free_slots_.push_back(slot);
}

void EpochManager::Retire(void* object, Free free) {
#ifdef OXI_SIMULATION
  Shard& shard = shards_[0];  // addresses differ from run to run
#else
  // Any shard will do; the address spreads threads without asking which one this is.
  Shard& shard = shards_[(reinterpret_cast<uintptr_t>(object) >> 6) % kShards];
#endif
  bool collect;
  {
    MutexLock lock(shard.mu);
    shard.list.push_back({object, free, epoch_.load(std::memory_order_seq_cst)});
    collect = shard.list.size() >= shard.next_collect;
  }
  if (collect) CollectShard(shard);
}

uint64_t EpochManager::OldestReader() {
  uint64_t oldest = UINT64_MAX;
  MutexLock lock(mu_);
  for (const auto& slot : slots_) {
    const uint64_t epoch = slot->epoch_.load(std::memory_order_seq_cst);
    if (epoch != 0) oldest = std::min(oldest, epoch);
  }
  return oldest;
}

void EpochManager::CollectShard(Shard& shard) {
  // Those who enter from now on carry a larger epoch than anything retired so far.
  epoch_.fetch_add(1, std::memory_order_seq_cst);
  const uint64_t oldest = OldestReader();
  std::vector<Retired> freeable;
  {
    MutexLock lock(shard.mu);
    auto kept = std::partition(shard.list.begin(), shard.list.end(),
                               [oldest](const Retired& r) { return r.epoch >= oldest; });
    freeable.assign(kept, shard.list.end());
    shard.list.erase(kept, shard.list.end());
    shard.next_collect = shard.list.size() + kCollectEvery;
  }
  for (const Retired& retired : freeable) retired.free(retired.object);
}

void EpochManager::Collect() {
  for (Shard& shard : shards_) CollectShard(shard);
}

}  // namespace oxibase
