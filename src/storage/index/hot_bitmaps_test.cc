#include "storage/index/hot_bitmaps.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "env/thread.h"

namespace oxibase {
namespace {

std::set<uint64_t> RowsOf(const HotBitmaps& bitmaps, std::string_view lower,
                          const std::string_view* upper) {
  RowSet set;
  bitmaps.Collect(lower, upper, set);
  RowSet::Cursor cursor(&set);
  std::set<uint64_t> rows;
  for (RowId row(0); (row = cursor.FirstFrom(row)).value != UINT64_MAX; ++row.value)
    rows.insert(row.value);
  return rows;
}

TEST(HotBitmapsTest, AreASetOfEntries) {
  HotBitmaps bitmaps;
  std::set<std::pair<std::string, uint64_t>> model;
  std::mt19937_64 random(6);
  const auto random_key = [&] { return std::string(random() % 3, "ab"[random() % 2]); };
  for (int i = 0; i < 60'000; ++i) {
    const std::string key = random_key();
    const uint64_t row = 1 + random() % 5000 + (random() % 8 == 0 ? uint64_t{1} << 40 : 0);
    // At first it grows, then it shrinks to nothing.
    if (random() % 60'000 >= static_cast<uint64_t>(i)) {
      ASSERT_EQ(bitmaps.Insert(key, RowId(row)), model.emplace(key, row).second);
    } else {
      ASSERT_EQ(bitmaps.Erase(key, RowId(row)), model.erase({key, row}) == 1);
    }
    ASSERT_EQ(bitmaps.size(), model.size());
    if (i % 2000 != 0) continue;
    const std::string from = random_key(), to = random_key();
    const std::string_view end = to;
    std::set<uint64_t> expected;
    for (const auto& [one, id] : model) {
      if (one >= from && one < to) expected.insert(id);
    }
    ASSERT_EQ(RowsOf(bitmaps, from, &end), expected);
  }
  EXPECT_GT(bitmaps.bytes(), 0u);
  while (!model.empty()) {
    const auto [key, row] = *model.begin();
    model.erase(model.begin());
    ASSERT_TRUE(bitmaps.Erase(key, RowId(row)));
  }
  EXPECT_TRUE(RowsOf(bitmaps, "", nullptr).empty());
  EXPECT_EQ(bitmaps.bytes(), 0u);
}

TEST(HotBitmapsTest, ManyChangeItAtOnce) {
  HotBitmaps bitmaps;
  constexpr uint64_t kThreads = 4, kRows = 5000;
  std::vector<Thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back("bitmaps", [&, t] {
      std::mt19937_64 random(t);
      for (uint64_t i = 0; i < kRows; ++i) {
        const RowId row(i * kThreads + t + 1);
        const std::string key(1, static_cast<char>('a' + i % 3));
        EXPECT_TRUE(bitmaps.Insert(key, row));
        // Keys that come and go.
        const std::string passing = "x" + std::to_string(random() % 2);
        EXPECT_TRUE(bitmaps.Insert(passing, row));
        if (i % 64 == 0) {
          const auto rows = RowsOf(bitmaps, key, nullptr);
          EXPECT_TRUE(rows.contains(row.value));
        }
        EXPECT_TRUE(bitmaps.Erase(passing, row));
      }
    });
  }
  for (Thread& thread : threads) thread.Join();
  EXPECT_EQ(bitmaps.size(), kThreads * kRows);
  EXPECT_EQ(RowsOf(bitmaps, "a", nullptr).size(), kThreads * kRows);
  EXPECT_TRUE(RowsOf(bitmaps, "x", nullptr).empty());
}

}  // namespace
}  // namespace oxibase
