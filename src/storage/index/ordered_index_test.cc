#include "storage/index/ordered_index.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "common/key_codec.h"
#include "env/thread.h"
#include "storage/mvcc/epoch.h"

namespace oxibase {
namespace {

class OrderedIndexTest : public testing::Test {
 protected:
  static std::string Key(int64_t n) {
    std::string key;
    AppendKey(&key, Value::Int8(n));
    return key;
  }
  static std::string TextKey(int64_t n) {
    std::string key;
    AppendKey(&key, Value::Text("a prefix that is long " + std::to_string(n) + " and an end"));
    return key;
  }
  std::vector<uint64_t> Rows(bool backward = false) {
    EpochGuard guard(epochs_);
    std::vector<uint64_t> rows;
    OrderedIndex::Place from;
    OrderedIndex::Place found[10];
    bool from_end = true;
    for (bool more = true; more;) {
      size_t count;
      more = backward ? index_.ReadBackward(&from, &from_end, found, 10, &count)
                      : index_.ReadForward(&from, found, 10, &count);
      for (size_t i = 0; i < count; ++i) rows.push_back(found[i].row);
    }
    return rows;
  }
  EpochManager epochs_;
  OrderedIndex index_{epochs_};
};

TEST_F(OrderedIndexTest, FindFirstSaysWhetherThereAreOthers) {
  EpochGuard guard(epochs_);
  // Keys 0, 2, 4, ... have 1 to 100 rows: some lie in one leaf, some in two or three.
  for (int64_t n = 0; n < 200; n += 2) {
    for (int64_t row = 1; row <= n / 2 + 1; ++row) {
      index_.Insert(n % 3 == 0 ? TextKey(n) : Key(n), RowId(static_cast<uint64_t>(row)));
    }
  }
  for (int64_t n = -1; n < 201; ++n) {
    const std::string key = n % 3 == 0 ? TextKey(n) : Key(n);
    const size_t rows = n >= 0 && n < 200 && n % 2 == 0 ? static_cast<size_t>(n / 2 + 1) : 0;
    for (const size_t max : {size_t{1}, size_t{4}, size_t{200}}) {
      RowId found[200];
      bool all;
      const size_t count = index_.FindFirst(key, found, max, &all);
      ASSERT_LE(count, std::min(max, rows)) << n;
      if (all) {
        ASSERT_EQ(count, rows) << n;
      }
      for (size_t i = 0; i < count; ++i) ASSERT_EQ(found[i].value, i + 1) << n;
    }
  }
}

TEST_F(OrderedIndexTest, AgreesWithASetUnderRandomChanges) {
  EpochGuard guard(epochs_);
  std::mt19937_64 random(7);
  std::set<std::pair<std::string, uint64_t>> model;
  for (int i = 0; i < 60000; ++i) {
    const auto n = static_cast<int64_t>(random() % 5000);
    const uint64_t row = random() % 3 + 1;
    const std::string key = n % 3 == 0 ? TextKey(n) : Key(n - 2500);
    // Fills, then mostly empties.
    if (random() % 10 < (i < 30000 ? 7u : 2u)) {
      EXPECT_EQ(index_.Insert(key, RowId(row)), model.emplace(key, row).second);
    } else {
      EXPECT_EQ(index_.Erase(key, RowId(row)), model.erase({key, row}) == 1);
    }
  }
  ASSERT_TRUE(index_.CheckInvariants());
  EXPECT_EQ(index_.size(), model.size());
  std::vector<uint64_t> expected;
  for (const auto& entry : model) expected.push_back(entry.second);
  EXPECT_EQ(Rows(), expected);
  std::reverse(expected.begin(), expected.end());
  EXPECT_EQ(Rows(true), expected);
  for (const auto& [key, row] : model) EXPECT_TRUE(index_.Erase(key, RowId(row)));
  EXPECT_EQ(index_.height(), 1);
  EXPECT_LT(index_.bytes(), 4096u);
}

TEST_F(OrderedIndexTest, MemoryStaysBoundedWhenAWindowMoves) {
  EpochGuard guard(epochs_);
  for (int64_t i = 0; i < 100000; ++i) {
    index_.Insert(Key(i), RowId(1));
    if (i >= 1000) {
      ASSERT_TRUE(index_.Erase(Key(i - 1000), RowId(1)));
    }
  }
  EXPECT_LT(index_.bytes(), 200u << 10);
}

TEST_F(OrderedIndexTest, ManyThreadsChangeAndReadIt) {
  constexpr int kThreads = 4;
  constexpr int64_t kKeys = 4000;
  std::vector<Thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back("writer", [this, t] {
      std::mt19937_64 random(static_cast<uint64_t>(t));
      for (int round = 0; round < 3; ++round) {
        for (int64_t i = 0; i < kKeys; ++i) {
          EpochGuard guard(epochs_);
          const std::string key = i % 5 == 0 ? TextKey(i) : Key(i);
          ASSERT_TRUE(index_.Insert(key, RowId(static_cast<uint64_t>(t) + 1)));
          bool mine = false;
          index_.ForEachWithKey(key, [&](RowId row) {
            mine |= row.value == static_cast<uint64_t>(t) + 1;
            return true;
          });
          ASSERT_TRUE(mine);
        }
        for (int64_t i = round < 2 ? 0 : 1; i < kKeys; i += round < 2 ? 1 : 2) {
          EpochGuard guard(epochs_);
          const std::string key = i % 5 == 0 ? TextKey(i) : Key(i);
          ASSERT_TRUE(index_.Erase(key, RowId(static_cast<uint64_t>(t) + 1)));
        }
      }
    });
  }
  threads.emplace_back("reader", [this] {
    for (int round = 0; round < 50; ++round) {
      EpochGuard guard(epochs_);
      OrderedIndex::Place from, last;
      OrderedIndex::Place found[64];
      bool first = true;
      for (bool more = true; more;) {
        size_t count;
        more = index_.ReadForward(&from, found, 64, &count);
        for (size_t i = 0; i < count; ++i) {
          ASSERT_TRUE(first || OrderedIndex::Place::Compare(last, found[i]) < 0);
          last = found[i];
          first = false;
        }
      }
    }
  });
  threads.clear();
  EXPECT_TRUE(index_.CheckInvariants());
  EXPECT_EQ(index_.size(), static_cast<uint64_t>(kThreads * kKeys / 2));
  EXPECT_EQ(Rows().size(), index_.size());
}

}  // namespace
}  // namespace oxibase
