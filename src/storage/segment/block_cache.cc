#include "storage/segment/block_cache.h"

#include <algorithm>

#include "storage/spin_wait.h"

namespace oxibase {
namespace {

constexpr size_t kBucketsMin = 64;
// Blocks that the hand of the clock passes over for one victim. Beyond that the next one goes, used
// or not: nobody holds a shard's lock for long.
constexpr int kSecondChancesMax = 256;
// A block larger than this part of the capacity is not kept.
constexpr size_t kLargeShare = 4;

uint32_t GhostTag(uint64_t hash) { return static_cast<uint32_t>(hash >> 24) | 1; }

}  // namespace

BlockCache::BlockCache(EpochManager& epochs, MemoryTracker* parent, size_t capacity_bytes)
    : epochs_(epochs), memory_("block cache", parent), capacity_(capacity_bytes) {
  for (Shard& shard : shards_) {
    shard.table.store(new Table(kBucketsMin), std::memory_order_release);
    MutexLock lock(shard.mu);
    shard.ghosts.resize(kBucketsMin);
  }
}

BlockCache::~BlockCache() {
  for (Shard& shard : shards_) {
    MutexLock lock(shard.mu);
    for (Queue* queue : {&shard.small, &shard.main}) {
      while (queue->oldest != nullptr) {
        CachedBlock* block = queue->oldest;
        queue->oldest = block->newer_;
        delete block;
      }
    }
    delete shard.table.load(std::memory_order_relaxed);
  }
  // Another thread may be freeing what it collected just now.
  SpinWait wait;
  while (retired_bytes_.load(std::memory_order_acquire) != 0) {
    epochs_.Collect();
    wait.Pause();
  }
}

Result<const CachedBlock*> BlockCache::Load(BlockKey key, uint64_t hash, Loader load) {
  Shard& shard = ShardOf(hash);
  std::shared_ptr<Loading> loading;
  {
    MutexLock lock(shard.mu);
    // A search without the lock may miss a block while the table grows.
    if (const CachedBlock* block = FindHashed(key, hash)) return block;
    auto [it, is_first] = shard.loading.try_emplace(key, nullptr);
    if (!is_first) {
      loading = it->second;
      while (!loading->is_done) loading->done.Wait(shard.mu);
      // Whoever waits entered its epoch before the block could be retired.
      if (!loading->status.ok()) return loading->status;
      return loading->block;
    }
    loading = it->second = std::make_shared<Loading>();
  }
  Result<std::unique_ptr<CachedBlock>> loaded = load();
  loads_.fetch_add(1, std::memory_order_relaxed);
  CachedBlock* block = nullptr;
  bool keep = false;
  if (loaded.ok()) {
    block = loaded->release();
    block->key_ = key;
    block->hash_ = hash;
    block->bytes_ = block->MemoryBytes();
    block->cache_ = this;
    memory_.Add(static_cast<int64_t>(block->bytes_));
    keep = block->bytes_ <= capacity_bytes() / kLargeShare;
  }
  Table* outgrown = nullptr;
  {
    MutexLock lock(shard.mu);
    if (keep) outgrown = Insert(shard, block);
    loading->block = block;
    if (block == nullptr) loading->status = loaded.status();
    loading->is_done = true;
    shard.loading.erase(key);
    loading->done.NotifyAll();
  }
  if (block == nullptr) return std::move(loaded).status();
  if (outgrown != nullptr)
    epochs_.Retire(outgrown, [](void* table) { delete static_cast<Table*>(table); });
  if (!keep) Retire(block);
  Shrink(shard);
  return block;
}

BlockCache::Table* BlockCache::Insert(Shard& shard, CachedBlock* block) {
  cached_bytes_.fetch_add(block->bytes_, std::memory_order_relaxed);
  uint32_t& ghost = shard.ghosts[block->hash_ & (shard.ghosts.size() - 1)];
  const bool returns = ghost == GhostTag(block->hash_);
  if (returns) ghost = 0;
  Push(shard, block, returns ? CachedBlock::Queue::kMain : CachedBlock::Queue::kSmall);
  Table* outgrown = ++shard.count > shard.ghosts.size() ? Grow(shard) : nullptr;
  Table* table = shard.table.load(std::memory_order_relaxed);
  std::atomic<CachedBlock*>& head = table->heads[block->hash_ & table->mask];
  block->next_.store(head.load(std::memory_order_relaxed), std::memory_order_relaxed);
  head.store(block, std::memory_order_release);
  return outgrown;
}

BlockCache::Table* BlockCache::Grow(Shard& shard) {
  // Blocks change their chain while others read: a reader that is led into another chain finds an
  // end (chains never form a ring) and asks again under the lock.
  Table* old = shard.table.load(std::memory_order_relaxed);
  auto* table = new Table(old->heads.size() * 2);
  for (std::atomic<CachedBlock*>& from : old->heads) {
    for (CachedBlock* block = from.load(std::memory_order_relaxed); block != nullptr;) {
      CachedBlock* next = block->next_.load(std::memory_order_relaxed);
      std::atomic<CachedBlock*>& to = table->heads[block->hash_ & table->mask];
      block->next_.store(to.load(std::memory_order_relaxed), std::memory_order_release);
      to.store(block, std::memory_order_relaxed);
      block = next;
    }
  }
  shard.table.store(table, std::memory_order_release);
  shard.ghosts.assign(table->heads.size(), 0);
  return old;
}

void BlockCache::Push(Shard& shard, CachedBlock* block, CachedBlock::Queue to) {
  block->queue_ = to;
  Queue& queue = QueueOf(shard, block);
  block->newer_ = nullptr;
  block->older_ = queue.newest;
  (queue.newest != nullptr ? queue.newest->newer_ : queue.oldest) = block;
  queue.newest = block;
  queue.bytes.fetch_add(block->bytes_, std::memory_order_relaxed);
}

void BlockCache::Remove(Shard& shard, CachedBlock* block) {
  Queue& queue = QueueOf(shard, block);
  (block->newer_ != nullptr ? block->newer_->older_ : queue.newest) = block->older_;
  (block->older_ != nullptr ? block->older_->newer_ : queue.oldest) = block->newer_;
  queue.bytes.fetch_sub(block->bytes_, std::memory_order_relaxed);
}

void BlockCache::Unlink(Shard& shard, CachedBlock* block) {
  Remove(shard, block);
  Table* table = shard.table.load(std::memory_order_relaxed);
  std::atomic<CachedBlock*>* at = &table->heads[block->hash_ & table->mask];
  while (at->load(std::memory_order_relaxed) != block)
    at = &at->load(std::memory_order_relaxed)->next_;
  // The block keeps its link: a reader that stands on it goes on from there.
  at->store(block->next_.load(std::memory_order_relaxed), std::memory_order_release);
  --shard.count;
  cached_bytes_.fetch_sub(block->bytes_, std::memory_order_relaxed);
}

CachedBlock* BlockCache::TakeVictim(Shard& shard) {
  Queue& small = shard.small;
  Queue& main = shard.main;
  for (int chances = kSecondChancesMax;; --chances) {
    const bool from_small =
        small.oldest != nullptr &&
        (main.oldest == nullptr || small.bytes > (small.bytes + main.bytes) / 10);
    CachedBlock* block = from_small ? small.oldest : main.oldest;
    if (block == nullptr) return nullptr;
    const uint8_t uses = block->uses_.load(std::memory_order_relaxed);
    if (chances > 0 && uses > (from_small ? 1 : 0)) {
      Remove(shard, block);
      Push(shard, block, CachedBlock::Queue::kMain);
      block->uses_.store(from_small ? 0 : uses - 1, std::memory_order_relaxed);
      continue;
    }
    if (from_small) shard.ghosts[block->hash_ & (shard.ghosts.size() - 1)] = GhostTag(block->hash_);
    Unlink(shard, block);
    return block;
  }
}

bool BlockCache::IsOverfull() const {
  const size_t capacity = capacity_.load(std::memory_order_relaxed);
  const size_t retired = retired_bytes_.load(std::memory_order_relaxed);
  return cached_bytes_.load(std::memory_order_relaxed) + std::min(retired, capacity / 4) > capacity;
}

void BlockCache::Shrink(Shard& grown) {
  size_t empty = 0;
  while (IsOverfull() && empty < kShards) {
    // The shard that just grew or one in turn, whichever has more that is new: small queues stay
    // about equal, and no shard's main queue pays for another's newcomers.
    Shard* shard_in_turn =
        &shards_[next_victim_shard_.fetch_add(1, std::memory_order_relaxed) & (kShards - 1)];
    const bool own = empty == 0 && grown.small.bytes.load(std::memory_order_relaxed) >=
                                       shard_in_turn->small.bytes.load(std::memory_order_relaxed);
    Shard& shard = own ? grown : *shard_in_turn;
    CachedBlock* victim;
    {
      MutexLock lock(shard.mu);
      victim = TakeVictim(shard);
    }
    if (victim == nullptr) {
      ++empty;
      continue;
    }
    empty = 0;
    evictions_.fetch_add(1, std::memory_order_relaxed);
    Retire(victim);
  }
}

void BlockCache::Retire(CachedBlock* block) {
  const size_t retired =
      retired_bytes_.fetch_add(block->bytes_, std::memory_order_relaxed) + block->bytes_;
  epochs_.Retire(block, &BlockCache::Free);
  // The manager counts objects; blocks are large, so ask by their bytes.
  if (retired > collect_at_.load(std::memory_order_relaxed)) {
    epochs_.Collect();
    collect_at_.store(retired_bytes_.load(std::memory_order_relaxed) +
                          std::max<size_t>(capacity_bytes() / 32, 16 << 10),
                      std::memory_order_relaxed);
  }
}

void BlockCache::Free(void* object) {
  auto* block = static_cast<CachedBlock*>(object);
  BlockCache& cache = *block->cache_;
  const size_t bytes = block->bytes_;
  delete block;
  cache.memory_.Add(-static_cast<int64_t>(bytes));
  cache.retired_bytes_.fetch_sub(bytes, std::memory_order_release);
}

void BlockCache::DropFile(uint64_t file) {
  for (Shard& shard : shards_) {
    std::vector<CachedBlock*> gone;
    {
      MutexLock lock(shard.mu);
      for (Queue* queue : {&shard.small, &shard.main}) {
        for (CachedBlock* block = queue->newest; block != nullptr;) {
          CachedBlock* next = block->older_;
          if (block->key_.file == file) {
            Unlink(shard, block);
            gone.push_back(block);
          }
          block = next;
        }
      }
    }
    for (CachedBlock* block : gone) Retire(block);
  }
}

void BlockCache::SetCapacity(size_t bytes) {
  capacity_.store(bytes, std::memory_order_relaxed);
  Shrink(shards_[0]);
}

BlockCache::Stats BlockCache::stats() const {
  return {cached_bytes_.load(std::memory_order_relaxed),
          retired_bytes_.load(std::memory_order_relaxed), loads_.load(std::memory_order_relaxed),
          evictions_.load(std::memory_order_relaxed)};
}

}  // namespace oxibase
