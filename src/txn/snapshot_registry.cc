#include "txn/snapshot_registry.h"

#include <algorithm>

namespace oxibase {

SnapshotSlot* SnapshotRegistry::AcquireSlot() {
  MutexLock lock(mu_);
  if (!free_.empty()) {
    SnapshotSlot* slot = free_.back();
    free_.pop_back();
    return slot;
  }
  const size_t count = count_.load(std::memory_order_relaxed);
  Chunk* chunk = &first_;
  for (size_t i = 0; i < count / kChunk; ++i) {
    Chunk* next = chunk->next.load(std::memory_order_relaxed);
    if (next == nullptr) {
      chunks_.push_back(std::make_unique<Chunk>());
      next = chunks_.back().get();
      chunk->next.store(next, std::memory_order_release);
    }
    chunk = next;
  }
  SnapshotSlot* slot = &chunk->slots[count % kChunk];
  count_.store(count + 1, std::memory_order_seq_cst);
  return slot;
}

void SnapshotRegistry::ReleaseSlot(SnapshotSlot* slot) {
  MutexLock lock(mu_);
  free_.push_back(slot);
}

template <typename F>
void SnapshotRegistry::ForEachSlot(F&& f) {
  size_t left = count_.load(std::memory_order_seq_cst);
  for (Chunk* chunk = &first_; left > 0; chunk = chunk->next.load(std::memory_order_acquire)) {
    const size_t here = std::min(left, kChunk);
    for (size_t i = 0; i < here; ++i) f(chunk->slots[i]);
    left -= here;
  }
}

void SnapshotRegistry::Collect(std::vector<uint64_t>* snapshots) {
  for (;;) {
    const uint64_t copies = copies_.load(std::memory_order_seq_cst);
    snapshots->clear();
    ForEachSlot([snapshots](const SnapshotSlot& slot) {
      if (const uint64_t ts = slot.ts.load(std::memory_order_seq_cst); ts != 0) {
        snapshots->push_back(ts);
      }
    });
    // A snapshot may have moved from a slot not yet looked at to one already passed.
    if (copies == copies_.load(std::memory_order_seq_cst)) break;
  }
  std::sort(snapshots->begin(), snapshots->end());
  snapshots->erase(std::unique(snapshots->begin(), snapshots->end()), snapshots->end());
}

void SnapshotRegistry::Copy(SnapshotSlot* to, uint64_t ts) {
  to->ts.store(ts, std::memory_order_seq_cst);
  copies_.fetch_add(1, std::memory_order_seq_cst);
}

bool SnapshotRegistry::Hang(const DeadVersion& dead) {
  for (;;) {
    const uint64_t copies = copies_.load(std::memory_order_seq_cst);
    SnapshotSlot* youngest = nullptr;
    uint64_t youngest_ts = 0;
    ForEachSlot([&](SnapshotSlot& slot) {
      const uint64_t ts = slot.ts.load(std::memory_order_seq_cst);
      if (ts != 0 && ts >= dead.begin && ts < dead.end && ts >= youngest_ts) {
        youngest = &slot;
        youngest_ts = ts;
      }
    });
    if (youngest == nullptr) {
      if (copies != copies_.load(std::memory_order_seq_cst)) continue;
      return false;
    }
    MutexLock lock(youngest->mu);
    // The owner clears ts, then looks at has_hung; this sets has_hung, then looks at ts: one of the
    // two sees the other.
    youngest->has_hung.store(true, std::memory_order_seq_cst);
    if (youngest->ts.load(std::memory_order_seq_cst) != youngest_ts) continue;
    youngest->hung.push_back(dead);
    return true;
  }
}

}  // namespace oxibase
