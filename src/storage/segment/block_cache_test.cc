#include "storage/segment/block_cache.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "env/thread.h"

namespace oxibase {
namespace {

std::atomic<int> live_blocks{0};

/// A block that knows its key.
class TestBlock : public CachedBlock {
 public:
  TestBlock(uint64_t number, size_t bytes) : number_(number), bytes_(bytes) { ++live_blocks; }
  ~TestBlock() override {
    number_ = UINT64_MAX;
    --live_blocks;
  }
  size_t MemoryBytes() const override { return bytes_; }
  uint64_t number() const { return number_; }

 private:
  uint64_t number_;
  const size_t bytes_;
};

class BlockCacheTest : public ::testing::Test {
 protected:
  ~BlockCacheTest() override {
    cache_.reset();
    EXPECT_EQ(live_blocks.load(), 0);
    EXPECT_EQ(total_.bytes(), 0);
  }
  void Make(size_t capacity) { cache_ = std::make_unique<BlockCache>(epochs_, &total_, capacity); }
  const TestBlock* Get(uint64_t file, uint64_t block, size_t bytes = 1000) {
    auto got = cache_->Get<TestBlock>({file, block}, [&]() -> Result<std::unique_ptr<TestBlock>> {
      ++reads_;
      return std::make_unique<TestBlock>(block, bytes);
    });
    EXPECT_TRUE(got.ok());
    EXPECT_EQ((*got)->number(), block);
    return *got;
  }
  void Touch(uint64_t file, uint64_t block, size_t bytes = 1000) {
    EpochGuard guard(epochs_);
    Get(file, block, bytes);
  }
  bool Has(uint64_t file, uint64_t block) {
    EpochGuard guard(epochs_);
    return cache_->Find({file, block}) != nullptr;
  }

  EpochManager epochs_;
  MemoryTracker total_{"total"};
  std::unique_ptr<BlockCache> cache_;
  std::atomic<int> reads_{0};
};

TEST_F(BlockCacheTest, KeepsWhatFitsAndReadsItOnce) {
  Make(1 << 20);
  const uint64_t a = cache_->NewFile();
  const uint64_t b = cache_->NewFile();
  for (int round = 0; round < 3; ++round) {
    for (uint64_t i = 0; i < 300; ++i) {
      Touch(a, i);
      Touch(b, i);
    }
  }
  EXPECT_EQ(reads_, 600);
  EXPECT_EQ(cache_->stats().cached_bytes, 600'000u);
  EXPECT_EQ(cache_->memory().bytes(), 600'000);
  cache_->DropFile(a);
  epochs_.Collect();
  EXPECT_EQ(cache_->memory().bytes(), 300'000);
  EXPECT_FALSE(Has(a, 5));
  EXPECT_TRUE(Has(b, 5));
}

TEST_F(BlockCacheTest, StaysWithinItsBytes) {
  Make(100'000);
  const uint64_t file = cache_->NewFile();
  for (uint64_t i = 0; i < 5000; ++i) {
    Touch(file, i, 500 + i % 7 * 300);
    const auto stats = cache_->stats();
    ASSERT_LE(stats.cached_bytes, 100'000u);
    // Nobody reads: what is retired goes soon.
    ASSERT_LE(stats.retired_bytes, 40'000u);
  }
  EXPECT_GT(cache_->stats().evictions, 4000u);
  cache_->SetCapacity(10'000);
  EXPECT_LE(cache_->stats().cached_bytes, 10'000u);
  cache_->SetCapacity(0);
  EXPECT_EQ(cache_->stats().cached_bytes, 0u);
  Touch(file, 1);
  EXPECT_FALSE(Has(file, 1));
}

TEST_F(BlockCacheTest, AScanLeavesTheHotBlocks) {
  Make(1'000'000);
  const uint64_t hot = cache_->NewFile();
  const uint64_t cold = cache_->NewFile();
  for (int round = 0; round < 4; ++round) {
    for (uint64_t i = 0; i < 700; ++i) Touch(hot, i);
  }
  for (uint64_t i = 0; i < 1000; ++i) Touch(cold, i);
  for (int round = 0; round < 3; ++round) {
    for (uint64_t i = 0; i < 700; ++i) Touch(hot, i);
  }
  for (uint64_t i = 1000; i < 20'000; ++i) Touch(cold, i);
  int kept = 0;
  for (uint64_t i = 0; i < 700; ++i) kept += Has(hot, i) ? 1 : 0;
  EXPECT_GE(kept, 690);
}

TEST_F(BlockCacheTest, WhatComesBackSoonIsKept) {
  Make(100'000);
  const uint64_t file = cache_->NewFile();
  // 60 blocks in turn with 100 that never come again between: each of the 60 is evicted at first.
  uint64_t other = 1000;
  for (int round = 0; round < 10; ++round) {
    for (uint64_t i = 0; i < 60; ++i) Touch(file, i);
    if (round == 9) break;
    for (int i = 0; i < 100; ++i) Touch(file, other++);
  }
  int kept = 0;
  for (uint64_t i = 0; i < 60; ++i) kept += Has(file, i) ? 1 : 0;
  EXPECT_GT(kept, 40);
  EXPECT_LT(reads_, 9 * 100 + 60 * 4);
}

TEST_F(BlockCacheTest, AReaderKeepsWhatItHas) {
  Make(10'000);
  const uint64_t file = cache_->NewFile();
  {
    EpochGuard guard(epochs_);
    std::vector<const TestBlock*> blocks;
    for (uint64_t i = 0; i < 500; ++i) blocks.push_back(Get(file, i));
    for (uint64_t i = 0; i < 500; ++i) ASSERT_EQ(blocks[i]->number(), i);
    const auto stats = cache_->stats();
    EXPECT_GE(stats.retired_bytes, 490'000u);
    EXPECT_LE(stats.cached_bytes, 10'000u);
    EXPECT_EQ(static_cast<uint64_t>(cache_->memory().bytes()),
              stats.cached_bytes + stats.retired_bytes);
  }
  epochs_.Collect();
  EXPECT_EQ(cache_->stats().retired_bytes, 0u);
}

TEST_F(BlockCacheTest, ALargeBlockPassesThrough) {
  Make(100'000);
  const uint64_t file = cache_->NewFile();
  for (uint64_t i = 0; i < 50; ++i) Touch(file, i);
  Touch(file, 1000, 90'000);
  EXPECT_FALSE(Has(file, 1000));
  for (uint64_t i = 0; i < 50; ++i) EXPECT_TRUE(Has(file, i));
}

TEST_F(BlockCacheTest, ErrorsAreNotKept) {
  Make(100'000);
  const BlockKey key{cache_->NewFile(), 7};
  EpochGuard guard(epochs_);
  auto failed = cache_->Get<TestBlock>(key, [] {
    return Result<std::unique_ptr<TestBlock>>(Error(ErrorCode::kIoError, "bad sector"));
  });
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.code(), ErrorCode::kIoError);
  EXPECT_EQ(Get(key.file, 7)->number(), 7u);
}

TEST_F(BlockCacheTest, OneOfManyThreadsReads) {
  Make(1 << 20);
  const BlockKey key{cache_->NewFile(), 1};
  std::atomic<int> waiting{0};
  std::atomic<int> errors{0};
  for (const bool fails : {true, false}) {
    waiting = 0;
    reads_ = 0;
    std::vector<Thread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back("reader", [&] {
        EpochGuard guard(epochs_);
        ++waiting;
        auto got = cache_->Get<TestBlock>(key, [&]() -> Result<std::unique_ptr<TestBlock>> {
          ++reads_;
          // The others miss meanwhile, or come later and find it.
          while (waiting < 6) sched_yield();
          for (int i = 0; i < 100; ++i) sched_yield();
          if (fails) return Error(ErrorCode::kDataCorrupted, "checksum");
          return std::make_unique<TestBlock>(1, 100);
        });
        if (!got.ok()) ++errors;
      });
    }
    for (Thread& thread : threads) thread.Join();
    if (fails) {
      EXPECT_EQ(errors, 6);
      EXPECT_LE(reads_, 6);
    } else {
      EXPECT_EQ(reads_, 1);
      EXPECT_EQ(errors, 6);
    }
  }
}

TEST_F(BlockCacheTest, ManyThreadsWithFilesThatGo) {
  Make(200'000);
  const uint64_t lasting = cache_->NewFile();
  std::vector<Thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back("reader", [this, t, lasting] {
      std::mt19937_64 random(t);
      uint64_t own = cache_->NewFile();
      for (int i = 0; i < 3000; ++i) {
        EpochGuard guard(epochs_);
        const TestBlock* blocks[8];
        uint64_t numbers[8];
        for (int k = 0; k < 8; ++k) {
          numbers[k] = random() % 3 == 0 ? random() % 20 : random() % 2000;
          blocks[k] = Get(random() % 4 == 0 ? own : lasting, numbers[k], 100 + numbers[k] % 900);
        }
        for (int k = 0; k < 8; ++k) ASSERT_EQ(blocks[k]->number(), numbers[k]);
        if (i % 500 == 0) {
          cache_->DropFile(own);
          own = cache_->NewFile();
        }
        if (t == 0 && i % 300 == 0) cache_->SetCapacity(i % 600 == 0 ? 50'000 : 400'000);
      }
    });
  }
  for (Thread& thread : threads) thread.Join();
}

}  // namespace
}  // namespace oxibase
