#pragma once
// When memory that readers may still look at is given back.
//
// A reader enters by storing the current epoch to its slot and leaves by storing 0. Whoever takes
// something out of a shared structure retires it with the epoch of that moment; it is freed once
// every slot is empty or newer. Epochs say nothing about which versions are dead (snapshots do).

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "env/mutex.h"

namespace oxibase {

class EpochManager {
 public:
  using Free = void (*)(void*);

  /// One reader's place. Used by one thread at a time; Enter nests.
  class alignas(64) Slot {
   public:
    void Enter() {
      if (depth_++ == 0) {
        epoch_.store(manager_->epoch_.load(std::memory_order_relaxed), std::memory_order_seq_cst);
      }
    }
    void Leave() {
      if (--depth_ == 0) epoch_.store(0, std::memory_order_release);
    }
    bool entered() const { return depth_ != 0; }

   private:
    friend class EpochManager;
    std::atomic<uint64_t> epoch_{0};
    uint32_t depth_ = 0;
    EpochManager* manager_ = nullptr;
  };

  EpochManager() = default;
  /// Frees everything. REQUIRES: no reader
  ~EpochManager();
  EpochManager(const EpochManager&) = delete;
  EpochManager& operator=(const EpochManager&) = delete;

  /// The slot stays the manager's; give it back with ReleaseSlot.
  Slot* AcquireSlot();
  void ReleaseSlot(Slot* slot);

  /// `free(object)` is called when no reader can have it any more. REQUIRES: new readers can't
  /// find it
  void Retire(void* object, Free free);
  /// Frees what can be freed. Called by Retire now and then.
  void Collect();

 private:
  static constexpr size_t kCollectEvery = 128;
  static constexpr size_t kShards = 8;

  struct Retired {
    void* object;
    Free free;
    uint64_t epoch;
  };
  struct alignas(64) Shard {
    Mutex mu;
    std::vector<Retired> list GUARDED_BY(mu);
    size_t next_collect GUARDED_BY(mu) = kCollectEvery;
  };

  void CollectShard(Shard& shard);
  uint64_t OldestReader();

  alignas(64) std::atomic<uint64_t> epoch_{1};
  Shard shards_[kShards];
  Mutex mu_;
  std::vector<std::unique_ptr<Slot>> slots_ GUARDED_BY(mu_);
  std::vector<Slot*> free_slots_ GUARDED_BY(mu_);
};

/// Enters an epoch for a scope, for those who have no Transaction.
class EpochGuard {
 public:
  explicit EpochGuard(EpochManager& epochs) : epochs_(epochs), slot_(epochs.AcquireSlot()) {
    slot_->Enter();
  }
  ~EpochGuard() {
    slot_->Leave();
    epochs_.ReleaseSlot(slot_);
  }
  EpochGuard(const EpochGuard&) = delete;
  EpochGuard& operator=(const EpochGuard&) = delete;

 private:
  EpochManager& epochs_;
  EpochManager::Slot* slot_;
};

}  // namespace oxibase
