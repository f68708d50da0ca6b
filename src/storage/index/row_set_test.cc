#include "storage/index/row_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "storage/index/row_chunks.h"

namespace oxibase {
namespace {

/// Row ids here and there: runs, dense and sparse places, beyond 32 bits.
std::set<uint64_t> RandomRows(std::mt19937_64& random, size_t pieces) {
  std::set<uint64_t> rows;
  for (size_t piece = 0; piece < pieces; ++piece) {
    uint64_t row = 1 + random() % 300'000;
    if (random() % 4 == 0) row += uint64_t{1 + random() % 3} << 32;
    const size_t count = 1 + random() % 3000;
    const uint64_t step = random() % 3 == 0 ? 1 : 1 + random() % 60;
    for (size_t i = 0; i < count; ++i, row += step == 1 ? 1 : 1 + random() % step) rows.insert(row);
  }
  return rows;
}

RowSet SetOf(const std::set<uint64_t>& rows) {
  RowSet set;
  set.AddAscending(std::vector<uint64_t>(rows.begin(), rows.end()));
  return set;
}

void ExpectSame(const RowSet& set, const std::set<uint64_t>& rows) {
  ASSERT_EQ(set.size(), rows.size());
  ASSERT_EQ(set.empty(), rows.empty());
  RowSet::Cursor cursor(&set);
  RowId next(0);
  for (const uint64_t row : rows) {
    next = cursor.FirstFrom(next);
    ASSERT_EQ(next.value, row);
    ++next.value;
  }
  ASSERT_EQ(cursor.FirstFrom(next).value, UINT64_MAX);
}

TEST(RowSetTest, DoesWhatASetDoes) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 30; ++round) {
    const std::set<uint64_t> a = RandomRows(random, random() % 6);
    const std::set<uint64_t> b = RandomRows(random, random() % 6);
    std::set<uint64_t> both, either = a;
    for (const uint64_t row : b) {
      if (a.contains(row)) both.insert(row);
      either.insert(row);
    }
    RowSet intersection = SetOf(a), sum = SetOf(a);
    intersection &= SetOf(b);
    sum |= SetOf(b);
    ExpectSame(intersection, both);
    ExpectSame(sum, either);
    for (const uint64_t row : b) {
      ASSERT_EQ(intersection.Remove(RowId(row)), both.erase(row) == 1);
      ASSERT_FALSE(sum.Add(RowId(row)));
      ASSERT_TRUE(sum.Contains(RowId(row)));
    }
    ExpectSame(intersection, {});
    EXPECT_EQ(intersection.MemoryBytes(), 0u);
  }
}

TEST(RowSetTest, CursorsGoAnywhere) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 20; ++round) {
    const std::set<uint64_t> rows = RandomRows(random, 1 + random() % 5);
    const RowSet set = SetOf(rows);
    RowSet::Cursor cursor(&set);
    uint64_t from = 0;
    for (int i = 0; i < 3000; ++i) {
      const auto expected = rows.lower_bound(from);
      ASSERT_EQ(cursor.FirstFrom(RowId(from)).value,
                expected == rows.end() ? UINT64_MAX : *expected);
      if (random() % 50 == 0) {
        from = random() % (uint64_t{5} << 32);
      } else if (random() % 50 == 0) {
        from = random() % 400'000;
      } else {
        from += random() % 100;
      }
    }
  }
  EXPECT_EQ(RowSet::Cursor(nullptr).FirstFrom(RowId(0)).value, UINT64_MAX);
}

TEST(RowChunksTest, AreReadAsTheyWereWritten) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 60; ++round) {
    const std::set<uint64_t> set = RandomRows(random, 1 + random() % 5);
    const std::vector<uint64_t> rows(set.begin(), set.end());
    std::vector<std::byte> bytes;
    AppendRowChunks(rows, bytes);
    std::vector<uint64_t> found;
    ByteReader from(bytes);
    ASSERT_TRUE(ReadRowChunks(from, rows.size(), found));
    ASSERT_TRUE(from.at_end());
    ASSERT_EQ(found, rows);

    // Another number of rows is not what is there, and damage never yields anything else.
    found.clear();
    ByteReader fewer(bytes);
    if (rows.size() > 1 && ReadRowChunks(fewer, rows.size() - 1, found)) {
      EXPECT_FALSE(fewer.at_end());
    }
    for (int i = 0; i < 200; ++i) {
      std::vector<std::byte> damaged = bytes;
      damaged[random() % damaged.size()] ^= static_cast<std::byte>(1 + random() % 255);
      if (random() % 3 == 0) damaged.resize(random() % damaged.size());
      found.clear();
      ByteReader reader(damaged);
      if (!ReadRowChunks(reader, rows.size(), found)) continue;
      ASSERT_EQ(found.size(), rows.size());
      for (size_t k = 1; k < found.size(); ++k) ASSERT_LT(found[k - 1], found[k]);
    }
  }
}

}  // namespace
}  // namespace oxibase
