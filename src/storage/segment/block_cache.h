#pragma once
// Decoded blocks of immutable files (segments, index runs), bounded by bytes.
//
// A lookup is done inside an epoch and takes no lock: buckets are chains of the blocks themselves.
// What it returns is a plain pointer that is good until the reader leaves its epoch, for a block
// that is evicted is unlinked first and given back through the EpochManager.
//
// Eviction is S3-FIFO (Yang and others, SOSP 2023): a new block enters a small queue of a tenth of
// the bytes. Asked for twice more while it is there, it moves to the main queue; else it goes, and
// its hash is remembered for a while: coming back meanwhile it enters the main queue at once. The
// main queue is CLOCK with a counter up to 3. So a scan over a table larger than the cache passes
// through the small queue and leaves the rest alone. A hit writes at most a counter beside the
// block, and nothing once that is 3.
//
// Queues, chains and locks are split by hash; bytes are counted for all shards together, so that a
// few large blocks need no luck with their shard.

#include <absl/container/flat_hash_map.h>
#include <absl/functional/function_ref.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/hash.h"
#include "common/memory_tracker.h"
#include "common/status.h"
#include "env/mutex.h"
#include "storage/mvcc/epoch.h"

namespace oxibase {

class BlockCache;

/// Names a block: the cache's own number for its file (BlockCache::NewFile), and any number that is
/// unique in the file, such as the block's offset.
struct BlockKey {
  uint64_t file = 0;
  uint64_t block = 0;
  bool operator==(const BlockKey&) const = default;
  uint64_t Hash() const { return MixHash(file, block); }
  template <typename H>
  friend H AbslHashValue(H h, const BlockKey& key) {
    return H::combine(std::move(h), key.file, key.block);
  }
};

/// What the cache holds: a decoded block of some kind, which never changes.
class CachedBlock {
 public:
  virtual ~CachedBlock() = default;
  CachedBlock(const CachedBlock&) = delete;
  CachedBlock& operator=(const CachedBlock&) = delete;

  /// All memory that it holds, itself included. Asked once, when it enters the cache.
  virtual size_t MemoryBytes() const = 0;

 protected:
  CachedBlock() = default;

 private:
  friend class BlockCache;
  enum class Queue : uint8_t { kSmall, kMain };

  std::atomic<CachedBlock*> next_{nullptr};  // in its bucket
  BlockKey key_;
  uint64_t hash_ = 0;
  std::atomic<uint8_t> uses_{0};
  Queue queue_ = Queue::kSmall;  // this and the links under the shard's lock
  CachedBlock* newer_ = nullptr;
  CachedBlock* older_ = nullptr;
  size_t bytes_ = 0;
  BlockCache* cache_ = nullptr;
};

/// Thread-safe.
class BlockCache {
 public:
  /// `epochs` and `parent` outlive the cache.
  BlockCache(EpochManager& epochs, MemoryTracker* parent, size_t capacity_bytes);
  /// REQUIRES: no reader is inside an epoch, nobody uses the cache
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  /// A number for a file's keys, given once.
  uint64_t NewFile() { return next_file_.fetch_add(1, std::memory_order_relaxed); }

  /// The block, or null if it is not here. REQUIRES: the caller is inside an epoch, and uses the
  /// block no longer than that
  const CachedBlock* Find(BlockKey key) { return FindHashed(key, key.Hash()); }

  /// The block; if it is not here, what `load` returns. Of several threads that miss one block at
  /// once, one calls its `load` and the others wait for it. An error goes to all of them and is
  /// not kept. A block that is large beside the capacity is returned but not kept either. REQUIRES:
  /// as for Find; all blocks of this key are of type Block; `load`
  /// returns Result<unique_ptr<Block>> and does not ask for this key
  template <typename Block, typename LoadBlock>
  Result<const Block*> Get(BlockKey key, LoadBlock&& load) {
    const uint64_t hash = key.Hash();
    const CachedBlock* block = FindHashed(key, hash);
    if (block == nullptr) [[unlikely]] {
      const auto erased = [&load]() -> Result<std::unique_ptr<CachedBlock>> {
        ASSIGN_OR_RETURN(std::unique_ptr<Block> loaded, load());
        return std::unique_ptr<CachedBlock>(std::move(loaded));
      };
      ASSIGN_OR_RETURN(block, Load(key, hash, erased));
    }
    return static_cast<const Block*>(block);
  }

  /// Forgets the blocks of a file that is gone. REQUIRES: nobody asks for its blocks any more
  void DropFile(uint64_t file);

  /// Evicts at once if need be. The bound is on blocks here plus those that were evicted and wait
  /// for readers to leave; the latter make room for new ones as far as a quarter of the capacity.
  void SetCapacity(size_t bytes);
  size_t capacity_bytes() const { return capacity_.load(std::memory_order_relaxed); }

  struct Stats {
    size_t cached_bytes = 0;
    size_t retired_bytes = 0;  // evicted, and perhaps still read
    uint64_t loads = 0;
    uint64_t evictions = 0;
  };
  Stats stats() const;
  const MemoryTracker& memory() const { return memory_; }

 private:
  static constexpr size_t kShardBits = 4;
  static constexpr size_t kShards = size_t{1} << kShardBits;
  static constexpr uint8_t kUsesMax = 3;

  struct Table {
    explicit Table(size_t buckets) : mask(buckets - 1), heads(buckets) {}
    const size_t mask;
    std::vector<std::atomic<CachedBlock*>> heads;
  };
  /// A block that somebody is reading from its file.
  struct Loading {
    CondVar done;
    bool is_done = false;
    const CachedBlock* block = nullptr;
    Status status;
  };
  struct Queue {
    CachedBlock* newest = nullptr;
    CachedBlock* oldest = nullptr;
    std::atomic<size_t> bytes{0};  // changed under the lock
  };
  struct alignas(64) Shard {
    std::atomic<Table*> table{nullptr};  // changed under the lock
    Mutex mu;
    Queue small, main;  // their links under the lock
    size_t count GUARDED_BY(mu) = 0;
    /// Tags of hashes that left the small queue, at a place that the hash says: a later one takes
    /// the place of an earlier one, which keeps about as many as there are blocks.
    std::vector<uint32_t> ghosts GUARDED_BY(mu);
    /// Shared by the thread that reads the block and those that wait for it.
    absl::flat_hash_map<BlockKey, std::shared_ptr<Loading>> loading GUARDED_BY(mu);
  };

  static Queue& QueueOf(Shard& shard, const CachedBlock* block) {
    return block->queue_ == CachedBlock::Queue::kSmall ? shard.small : shard.main;
  }
  Shard& ShardOf(uint64_t hash) { return shards_[hash >> (64 - kShardBits)]; }
  const CachedBlock* FindHashed(BlockKey key, uint64_t hash) {
    const Table* table = ShardOf(hash).table.load(std::memory_order_acquire);
    CachedBlock* block = table->heads[hash & table->mask].load(std::memory_order_acquire);
    while (block != nullptr && block->key_ != key)
      block = block->next_.load(std::memory_order_acquire);
    if (block != nullptr) {
      // Two hits at once may count as one.
      const uint8_t uses = block->uses_.load(std::memory_order_relaxed);
      if (uses < kUsesMax) block->uses_.store(uses + 1, std::memory_order_relaxed);
    }
    return block;
  }

  using Loader = absl::FunctionRef<Result<std::unique_ptr<CachedBlock>>()>;
  Result<const CachedBlock*> Load(BlockKey key, uint64_t hash, Loader load);
  // Nothing is retired under a shard's lock: that may free a file's reader, which drops its blocks.
  /// Returns the table to retire if the shard got a larger one, else null.
  Table* Insert(Shard& shard, CachedBlock* block) REQUIRES(shard.mu);
  Table* Grow(Shard& shard) REQUIRES(shard.mu);
  /// Takes it out of its bucket and its queue.
  void Unlink(Shard& shard, CachedBlock* block) REQUIRES(shard.mu);
  void Push(Shard& shard, CachedBlock* block, CachedBlock::Queue queue) REQUIRES(shard.mu);
  void Remove(Shard& shard, CachedBlock* block) REQUIRES(shard.mu);
  /// Unlinks the block to evict next, null if there is none.
  CachedBlock* TakeVictim(Shard& shard) REQUIRES(shard.mu);
  bool IsOverfull() const;
  /// Evicts until the bound holds, beginning with `shard` or another one.
  void Shrink(Shard& shard);
  void Retire(CachedBlock* block);
  static void Free(void* block);

  EpochManager& epochs_;
  MemoryTracker memory_;
  std::atomic<size_t> capacity_;
  std::atomic<uint64_t> next_file_{1};
  std::atomic<size_t> cached_bytes_{0};
  std::atomic<size_t> retired_bytes_{0};
  std::atomic<size_t> collect_at_{0};  // retired bytes at which to ask for them
  std::atomic<uint64_t> loads_{0};
  std::atomic<uint64_t> evictions_{0};
  std::atomic<size_t> next_victim_shard_{0};
  Shard shards_[kShards];
};

}  // namespace oxibase
