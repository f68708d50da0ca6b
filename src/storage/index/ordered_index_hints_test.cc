#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <memory>
#include <random>
#include <vector>

#include "common/key_codec.h"
#include "env/thread.h"
#include "storage/index/ordered_index.h"
#include "storage/mvcc/epoch.h"

namespace oxibase {
namespace {

/// Entries with one key each, their row the key's number; what is dead or locked stands beside.
class OrderedIndexHintsTest : public testing::Test {
 protected:
  using Place = OrderedIndex::Place;
  static constexpr uint64_t kRows = 4000;
  static constexpr uint64_t kNow = 100;

  static std::string Key(uint64_t n) {
    std::string key;
    AppendKey(&key, Value::Int8(static_cast<int64_t>(n)));
    return key;
  }
  void Fill() {
    EpochGuard guard(epochs_);
    for (uint64_t n = 1; n <= kRows; ++n) index_.Insert(Key(n), RowId(n));
  }
  /// What a scan reads.
  std::vector<uint64_t> Rows(OrderedIndex::Passing passing, bool backward = false,
                             uint64_t from_row = 0) {
    EpochGuard guard(epochs_);
    std::vector<uint64_t> rows;
    const std::string key = Key(from_row);
    Place from = from_row == 0 ? Place() : Place(key, RowId(0));
    bool from_end = from_row == 0;
    Place found[64];
    for (bool more = true; more;) {
      size_t count;
      more = backward ? index_.ReadBackward(&from, &from_end, found, 64, &count, nullptr, &passing)
                      : index_.ReadForward(&from, found, 64, &count, nullptr, &passing);
      for (size_t i = 0; i < count; ++i) rows.push_back(found[i].row);
    }
    return rows;
  }
  /// Looks at every leaf and notes what `dead_` and `locked_` say.
  void NoteAll() {
    EpochGuard guard(epochs_);
    Place from;
    Place found[64];
    OrderedIndex::Passing passing;
    for (bool more = true; more;) {
      size_t count;
      more = index_.ReadForward(&from, found, 64, &count, nullptr, &passing);
      Note(passing.leaf);
    }
  }
  void Note(const Place& place) {
    OrderedIndex::Leaf leaf;
    index_.ReadLeaf(place, &leaf);
    uint64_t dead = leaf.dead, dead_from = leaf.dead_from, locked = 0;
    for (uint32_t i = 0; i < leaf.count; ++i) {
      const uint64_t since = dead_[leaf.entries[i].row].load(std::memory_order_seq_cst);
      if (since != 0) {
        dead |= uint64_t{1} << i;
        dead_from = std::max(dead_from, since);
      } else if (locked_[leaf.entries[i].row].load(std::memory_order_seq_cst)) {
        ++locked;
      }
    }
    const bool idle = locked + static_cast<uint64_t>(std::popcount(dead)) == leaf.count;
    index_.NoteLeaf(place, leaf, dead, dead_from, idle ? std::max<uint64_t>(dead_from, 1) : 0);
  }
  void Revive(uint64_t row) {
    dead_[row].store(0, std::memory_order_seq_cst);
    EpochGuard guard(epochs_);
    index_.Insert(Key(row), RowId(row));
  }
  void Unlock(uint64_t row) {
    locked_[row].store(false, std::memory_order_seq_cst);
    EpochGuard guard(epochs_);
    index_.Refresh(Key(row), RowId(row));
  }

  EpochManager epochs_;
  OrderedIndex index_{epochs_};
  std::array<std::atomic<uint64_t>, kRows + 1> dead_ = {};
  std::array<std::atomic<bool>, kRows + 1> locked_ = {};
};

TEST_F(OrderedIndexHintsTest, DeadEntriesArePassedOverBySnapshotsThatAreLateEnough) {
  Fill();
  for (uint64_t n = 1; n <= 3000; ++n) dead_[n] = 10 + n % 50;
  NoteAll();
  EXPECT_EQ(Rows({.read_ts = kNow}).size(), kRows - 3000);
  EXPECT_EQ(Rows({.read_ts = kNow}).front(), 3001u);
  EXPECT_EQ(Rows({.read_ts = kNow}, true).size(), kRows - 3000);
  EXPECT_EQ(Rows({.read_ts = kNow}, true).front(), kRows);
  EXPECT_EQ(Rows({.read_ts = 9}).size(), kRows);
  EXPECT_EQ(Rows({}).size(), kRows);
  EXPECT_TRUE(index_.CheckInvariants());
}

TEST_F(OrderedIndexHintsTest, AnEntryThatIsInsertedAgainCounts) {
  Fill();
  for (uint64_t n = 1; n <= kRows; ++n) dead_[n] = 10;
  NoteAll();
  EXPECT_TRUE(Rows({.read_ts = kNow}).empty());
  for (const uint64_t row : {1u, 64u, 777u, 4000u}) Revive(row);
  EXPECT_EQ(Rows({.read_ts = kNow}), (std::vector<uint64_t>{1, 64, 777, 4000}));
  EXPECT_EQ(Rows({.read_ts = kNow}, true), (std::vector<uint64_t>{4000, 777, 64, 1}));
  NoteAll();
  EXPECT_EQ(Rows({.read_ts = kNow}), (std::vector<uint64_t>{1, 64, 777, 4000}));
}

TEST_F(OrderedIndexHintsTest, BitsMoveWithTheirEntries) {
  for (uint64_t n = 2; n <= kRows; n += 2) {
    EpochGuard guard(epochs_);
    index_.Insert(Key(n), RowId(n));
    dead_[n] = n % 3 == 0 ? 10 : 0;
  }
  NoteAll();
  std::vector<uint64_t> wanted;
  {
    EpochGuard guard(epochs_);
    for (uint64_t n = 1; n <= kRows; n += 2) {  // splits leaves
      index_.Insert(Key(n), RowId(n));
    }
    for (uint64_t n = 1; n <= kRows; ++n) {  // merges them
      if (n % 16 >= 3) index_.Erase(Key(n), RowId(n));
    }
  }
  for (uint64_t n = 1; n <= kRows; ++n) {
    if (n % 16 < 3 && dead_[n] == 0) wanted.push_back(n);
  }
  EXPECT_EQ(Rows({.read_ts = kNow}), wanted);
  NoteAll();
  EXPECT_EQ(Rows({.read_ts = kNow}), wanted);
}

TEST_F(OrderedIndexHintsTest, LockedRowsArePassedOverByThoseWhoSkipThem) {
  Fill();
  for (uint64_t n = 1; n <= 3000; ++n) {
    if (n % 5 == 0) dead_[n] = 10;
    locked_[n] = n % 5 != 0;
  }
  NoteAll();
  EXPECT_EQ(Rows({.read_ts = kNow}).size(), 3400u);
  const std::vector<uint64_t> rows = Rows({.read_ts = kNow, .locked = true});
  EXPECT_LT(rows.size(), 1100u);  // but for the leaf at the border
  EXPECT_EQ(rows.back(), kRows);
  // One that may not be missed.
  const std::string key = Key(1001);
  const Place keep(key, RowId(1001));
  const auto with_keep = Rows({.read_ts = kNow, .locked = true, .keep = &keep});
  EXPECT_NE(std::find(with_keep.begin(), with_keep.end(), 1001u), with_keep.end());
  const auto back = Rows({.read_ts = kNow, .locked = true, .keep = &keep}, true);
  EXPECT_NE(std::find(back.begin(), back.end(), 1001u), back.end());
  // One that is not locked any more.
  Unlock(501);
  const auto after = Rows({.read_ts = kNow, .locked = true});
  EXPECT_NE(std::find(after.begin(), after.end(), 501u), after.end());
  EpochGuard guard(epochs_);
  index_.RefreshAll();
  EXPECT_EQ(Rows({.read_ts = kNow, .locked = true}).size(), 3400u);
}

// Each thread has rows of its own, that die and come back, are locked and unlocked, vanish and are
// inserted anew, while all note what they see: a row that counts is found at once.
TEST_F(OrderedIndexHintsTest, WhatCountsIsFoundWhileOthersNote) {
  Fill();
  constexpr int kThreads = 4;
#if defined(__SANITIZE_THREAD__)
  constexpr int kRounds = 4000;
#else
  constexpr int kRounds = 20000;
#endif
  std::atomic<int> missed{0};
  const auto finds = [&](uint64_t row, bool locked, bool backward) {
    EpochGuard guard(epochs_);
    const std::string key = Key(row), end = Key(row + 1);
    Place from(backward ? end : key, RowId(0));
    const Place until(backward ? key : end, RowId(0));
    OrderedIndex::Passing passing{.read_ts = kNow, .locked = locked};
    Place found[4];
    bool from_end = false;
    for (bool more = true; more;) {
      size_t count;
      more = backward ? index_.ReadBackward(&from, &from_end, found, 4, &count, &until, &passing)
                      : index_.ReadForward(&from, found, 4, &count, &until, &passing);
      if (count > 0) return true;
    }
    return false;
  };
  {
    std::vector<Thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back("hints", [&, t] {
        std::mt19937 random(static_cast<uint32_t>(t));
        for (int round = 0; round < kRounds; ++round) {
          const uint64_t row =
              (random() % (kRows / kThreads)) * kThreads + static_cast<uint64_t>(t) + 1;
          const bool backward = random() % 2 == 0;
          switch (random() % 4) {
            case 0:
              dead_[row].store(1 + random() % 90);
              break;
            case 1:
              locked_[row].store(true);
              break;
            case 2: {
              EpochGuard guard(epochs_);
              if (random() % 8 == 0) index_.Erase(Key(row), RowId(row));
              break;
            }
            default:
              Revive(row);
              Unlock(row);
              if (!finds(row, true, backward) || !finds(row, false, backward)) ++missed;
          }
          const std::string key = Key(row);
          if (round % 4 == 0) {
            EpochGuard guard(epochs_);
            Note(Place(key, RowId(row)));
          }
        }
      });
    }
    for (Thread& thread : threads) thread.Join();
  }
  EXPECT_EQ(missed, 0);
  EXPECT_TRUE(index_.CheckInvariants());
}

}  // namespace
}  // namespace oxibase
