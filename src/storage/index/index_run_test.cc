#include "storage/index/index_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "env/sim_file_system.h"
#include "storage/index/entry_merger.h"
#include "storage/index/entry_sorter.h"
#include "storage/index/run_scan.h"
#include "storage/index/run_writer.h"

namespace oxibase {
namespace {

using Entry = std::pair<std::string, uint64_t>;
using Entries = std::set<Entry>;

class IndexRunTest : public ::testing::Test {
 protected:
  IndexRunTest() {
    EXPECT_TRUE(files_.MakeDirectory("data").ok());
    options_.path = "data/a.run";
    options_.tablet = TabletId(7);
    options_.index = 9;
  }

  void Write(const Entries& entries) {
    auto writer = RunWriter::Create(files_, options_);
    ASSERT_TRUE(writer.ok());
    for (const auto& [key, row] : entries) ASSERT_TRUE((*writer)->Add(key, RowId(row)).ok());
    ASSERT_TRUE((*writer)->Finish().ok());
    EXPECT_EQ((*writer)->entries(), entries.size());
  }
  Result<std::unique_ptr<IndexRun>> Open(const std::string& path) {
    return IndexRun::Open(files_, path, options_.tablet, options_.index, options_.identity, cache_,
                          &memory_);
  }
  void Open() {
    auto run = Open(options_.path);
    ASSERT_TRUE(run.ok()) << run.status().message();
    run_ = *std::move(run);
  }
  static Entry At(RunCursor& cursor) { return {std::string(*cursor.Key()), cursor.Row()->value}; }

  /// Compares everything a run can be asked with the set.
  void Check(const Entries& entries, const std::vector<std::string>& probes) {
    Open();
    EXPECT_EQ(run_->entries(), entries.size());
    EpochGuard guard(epochs_);
    RunCursor cursor(*run_);
    ASSERT_TRUE(cursor.SeekFirst().ok());
    for (const Entry& entry : entries) {
      ASSERT_TRUE(cursor.valid());
      ASSERT_EQ(At(cursor), entry);
      if (random_() % 64 == 0) cursor.Release();
      ASSERT_TRUE(cursor.Next().ok());
    }
    ASSERT_FALSE(cursor.valid());
    ASSERT_TRUE(cursor.SeekLast().ok());
    for (auto it = entries.rbegin(); it != entries.rend(); ++it) {
      ASSERT_TRUE(cursor.valid());
      ASSERT_EQ(At(cursor), *it);
      if (random_() % 64 == 0) cursor.Release();
      ASSERT_TRUE(cursor.Previous().ok());
    }
    ASSERT_FALSE(cursor.valid());

    RunScan scan(run_->file());
    for (const Entry& entry : entries) {
      ASSERT_TRUE(*scan.Next());
      ASSERT_EQ(Entry(scan.key(), scan.row().value), entry);
    }
    ASSERT_FALSE(*scan.Next());
    ASSERT_FALSE(*scan.Next());

    for (const std::string& key : probes) {
      const auto at = entries.lower_bound({key, 0});
      std::vector<uint64_t> expected;
      for (auto it = at; it != entries.end() && it->first == key; ++it)
        expected.push_back(it->second);
      std::vector<uint64_t> rows;
      ASSERT_TRUE(run_->ForEachWithKey(key,
                                       [&](RowId row) {
                                         rows.push_back(row.value);
                                         return true;
                                       })
                      .ok());
      ASSERT_EQ(rows, expected);
      if (!expected.empty()) {
        ASSERT_TRUE(*run_->MayContain(key));
      }
      const uint64_t row = expected.empty() || random_() % 2 == 0
                               ? random_() % 100
                               : expected[random_() % expected.size()];
      ASSERT_EQ(*run_->Contains(key, RowId(row)), entries.contains({key, row}));
      ASSERT_TRUE(cursor.SeekAtOrAfter(key, RowId(row)).ok());
      const auto after = entries.lower_bound({key, row});
      ASSERT_EQ(cursor.valid(), after != entries.end());
      if (cursor.valid()) {
        ASSERT_EQ(At(cursor), *after);
      }
      ASSERT_TRUE(cursor.SeekBefore(key, RowId(row)).ok());
      ASSERT_EQ(cursor.valid(), after != entries.begin());
      if (cursor.valid()) {
        ASSERT_EQ(At(cursor), *std::prev(after));
      }
      CheckRange(entries, key, probes[random_() % probes.size()]);
    }
  }

  void CheckRange(const Entries& entries, const std::string& from, const std::string& to) {
    std::vector<Entry> expected;
    for (auto it = entries.lower_bound({from, 0}); it != entries.end() && it->first < to; ++it)
      expected.push_back(*it);
    RunCursor cursor(*run_);
    const std::string_view low = from;
    const std::string_view high = to;
    RunBatch batch;
    std::vector<Entry> found;
    const auto take = [&] {
      for (size_t i = 0; i < batch.size(); ++i)
        found.emplace_back(std::string(batch.key(i)), batch.row(i).value);
    };
    const size_t max = 1 + random_() % 700;
    ASSERT_TRUE(cursor.SeekAtOrAfter(from, RowId(0)).ok());
    while (cursor.valid()) {
      batch.Clear();
      ASSERT_TRUE(cursor.ReadForward(batch, max, &high).ok());
      cursor.Release();
      take();
    }
    ASSERT_EQ(found, expected);
    found.clear();
    ASSERT_TRUE(cursor.SeekBefore(to, RowId(0)).ok());
    while (cursor.valid()) {
      batch.Clear();
      ASSERT_TRUE(cursor.ReadBackward(batch, max, &low).ok());
      cursor.Release();
      take();
    }
    std::reverse(expected.begin(), expected.end());
    ASSERT_EQ(found, expected);

    RowSet rows, expected_rows;
    for (const Entry& entry : expected) expected_rows.Add(RowId(entry.second));
    ASSERT_TRUE(cursor.SeekAtOrAfter(from, RowId(0)).ok());
    while (cursor.valid()) {
      ASSERT_TRUE(cursor.CollectLeaf(rows, &high).ok());
      cursor.Release();
    }
    RowSet both = rows;
    both &= expected_rows;
    ASSERT_EQ(rows.size(), expected_rows.size());
    ASSERT_EQ(both.size(), expected_rows.size());
  }

  SimFileSystem files_;
  std::mt19937_64 random_{5};
  EpochManager epochs_;
  MemoryTracker memory_{"test"};
  BlockCache cache_{epochs_, &memory_, 1 << 20};
  RunWriter::Options options_;
  std::unique_ptr<IndexRun> run_;
};

TEST_F(IndexRunTest, NoEntries) {
  Write({});
  Check({}, {"", "a"});
}

TEST_F(IndexRunTest, OneEntryWithAnEmptyKey) {
  Write({{"", 3}});
  Check({{"", 3}}, {"", "a"});
}

TEST_F(IndexRunTest, DenseNumbers) {
  Entries entries;
  std::vector<std::string> probes;
  for (uint32_t i = 0; i < 30'000; ++i) {
    std::string key = "\1";
    for (int shift = 24; shift >= 0; shift -= 8) key += static_cast<char>(i * 2 >> shift);
    if (i % 900 == 0) probes.push_back(key);
    if (i % 900 == 1) probes.push_back(key.substr(0, 4) + '\1');
    entries.emplace(std::move(key), i + 1);
  }
  Write(entries);
  Check(entries, probes);
  EXPECT_LT(run_->file().file_bytes(), 30'000 * 7);
}

TEST_F(IndexRunTest, FewKeysWithManyRows) {
  Entries entries;
  for (const char* key : {"a", "ab", "b"})
    for (uint64_t i = 1; i <= 10'000; ++i) entries.emplace(key, i * 3 + random_() % 3);
  Write(entries);
  Check(entries, {"", "a", "a ", "ab", "abc", "b", "c"});
}

TEST_F(IndexRunTest, BitmapsOfFewKeysAreSmall) {
  Entries entries;
  for (uint64_t i = 1; i <= 120'000; ++i)
    entries.emplace(std::string(1, static_cast<char>('a' + random_() % 4)), i);
  options_.bitmap_entries = kBitmapLeafEntriesMax;
  Write(entries);
  Check(entries, {"", "a", "b", "bb", "d", "e"});
  EXPECT_LT(run_->file().file_bytes(), 120'000 / 2 + 8192);  // four bits a row
}

TEST_F(IndexRunTest, LongKeys) {
  Entries entries;
  std::vector<std::string> probes;
  for (int i = 0; i < 400; ++i) {
    std::string key(random_() % 8192, static_cast<char>('a' + random_() % 2));
    key += std::to_string(random_() % 100);
    probes.push_back(key);
    entries.emplace(std::move(key), 1 + random_() % 1000);
  }
  Write(entries);
  Check(entries, probes);
}

TEST_F(IndexRunTest, RandomEntriesAreThoseOfASet) {
  for (int round = 0; round < 12; ++round) {
    Entries entries;
    std::vector<std::string> probes;
    const size_t letters = 1 + random_() % 6;
    const size_t length = 1 + random_() % 12;
    const auto random_key = [&] {
      std::string key(random_() % length, 'a');
      for (char& c : key) c = static_cast<char>(random_() % letters * 51);
      return key;
    };
    const size_t count = random_() % 12'000;
    for (size_t i = 0; i < count; ++i) entries.emplace(random_key(), 1 + random_() % 5000);
    for (int i = 0; i < 30; ++i) probes.push_back(random_key());
    // Trees of several levels, too.
    options_.leaf_bytes = round % 2 == 0 ? 8192 : 60;
    options_.node_bytes = round % 4 < 2 ? 200 : 16'384;
    // Leaves of bitmap indexes, some of a few entries only.
    options_.bitmap_entries = round % 3 != 0 ? 0 : round % 2 == 0 ? 37 : kBitmapLeafEntriesMax;
    cache_.SetCapacity(round % 3 == 0 ? 0 : 200'000);
    Write(entries);
    Check(entries, probes);
  }
}

TEST_F(IndexRunTest, TheFilterRefusesNearlyAllOtherKeys) {
  Entries entries;
  for (uint64_t i = 0; i < 20'000; ++i) entries.emplace("key " + std::to_string(i * 7), i + 1);
  Write(entries);
  Open();
  EpochGuard guard(epochs_);
  int passed = 0;
  for (uint64_t i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(*run_->MayContain("key " + std::to_string(i * 7)));
    passed += *run_->MayContain("key " + std::to_string(i * 7 + 1)) ? 1 : 0;
  }
  EXPECT_LT(passed, 600);
}

TEST_F(IndexRunTest, MemoryIsTheRootAndGoes) {
  Entries entries;
  for (uint64_t i = 0; i < 100'000; ++i) entries.emplace("key " + std::to_string(i), i + 1);
  Write(entries);
  Open();
  EXPECT_LT(memory_.bytes(), 64 << 10);
  run_.reset();
  epochs_.Collect();
  EXPECT_EQ(memory_.bytes(), 0);
}

TEST_F(IndexRunTest, AnyDamageIsAnErrorThatNamesTheFile) {
  Entries entries;
  for (uint64_t i = 0; i < 3000; ++i) entries.emplace("key " + std::to_string(i % 700), i + 1);
  options_.leaf_bytes = 500;
  options_.node_bytes = 500;
  Write(entries);
  const std::string good = *files_.ReadFile(options_.path);
  for (int round = 0; round < 600; ++round) {
    std::string bad = good;
    bad[random_() % bad.size()] ^= static_cast<char>(1 << random_() % 8);
    if (random_() % 4 == 0) bad.resize(random_() % bad.size());
    ASSERT_TRUE(files_.WriteFileAtomically("data/b.run", AsBytes(bad)).ok());
    auto opened = Open("data/b.run");
    Status status = opened.ok() ? Status::Ok() : opened.status();
    if (opened.ok()) {
      EpochGuard guard(epochs_);
      RunCursor cursor(**opened);
      status = cursor.SeekFirst();
      while (status.ok() && cursor.valid()) status = cursor.Next();
      for (uint64_t i = 0; i < 700 && status.ok(); ++i) {
        auto may = (*opened)->MayContain("key " + std::to_string(i));
        if (!may.ok()) status = may.status();
      }
    }
    ASSERT_FALSE(status.ok());
    EXPECT_NE(status.message().find("data/b.run"), std::string_view::npos) << status.message();
  }
}

TEST_F(IndexRunTest, AFailedReadNamesFileAndOffset) {
  Write({{"a", 1}});
  Open();
  EpochGuard guard(epochs_);
  files_.FailReads(1);
  RunCursor cursor(*run_);
  const Status status = cursor.SeekFirst();
  ASSERT_FALSE(status.ok());
  EXPECT_FALSE(cursor.valid());
  EXPECT_EQ(status.code(), ErrorCode::kIoError);
  EXPECT_NE(status.message().find("data/a.run"), std::string_view::npos);
  EXPECT_NE(status.message().find("offset"), std::string_view::npos);
  EXPECT_TRUE(cursor.SeekFirst().ok());
}

TEST_F(IndexRunTest, SortingWithinAnyMemory) {
  Entries entries;
  for (int i = 0; i < 20'000; ++i)
    entries.emplace(std::string(random_() % 20, 'x') + std::to_string(random_() % 3000),
                    1 + random_() % 100);
  std::vector<Entry> shuffled(entries.begin(), entries.end());
  for (int i = 0; i < 2000; ++i) shuffled.push_back(shuffled[random_() % shuffled.size()]);
  for (const size_t memory_bytes : {size_t{64} << 20, size_t{300'000}, size_t{20'000}}) {
    std::shuffle(shuffled.begin(), shuffled.end(), random_);
    {
      EntrySorter sorter(files_, {"data/sort.", memory_bytes}, &memory_);
      for (const auto& [key, row] : shuffled) ASSERT_TRUE(sorter.Add(key, RowId(row)).ok());
      EXPECT_LE(memory_.bytes(), static_cast<int64_t>(memory_bytes) * 2 + (1 << 20));
      auto sorted = sorter.Finish();
      ASSERT_TRUE(sorted.ok());
      for (const Entry& entry : entries) {
        ASSERT_TRUE(*(*sorted)->Next());
        ASSERT_EQ(Entry((*sorted)->key(), (*sorted)->row().value), entry);
      }
      ASSERT_FALSE(*(*sorted)->Next());
      if (memory_bytes < 100'000) {
        EXPECT_GT(sorter.pieces(), 24u);
      }
    }
    EXPECT_TRUE(files_.List("data")->empty());
  }
}

TEST_F(IndexRunTest, AFullDiskFailsTheSortAndLeavesNoFile) {
  EntrySorter sorter(files_, {"data/sort.", 10'000});
  files_.set_capacity(40'000);
  Status status;
  for (int i = 0; i < 20'000 && status.ok(); ++i)
    status = sorter.Add(std::to_string(random_()), RowId(1));
  EXPECT_EQ(status.code(), ErrorCode::kDiskFull);
}

TEST_F(IndexRunTest, MergingAsksWhatStays) {
  std::vector<Entries> sets(4);
  std::vector<std::unique_ptr<RunFile>> runs;
  std::vector<std::unique_ptr<EntryStream>> streams;
  for (size_t i = 0; i < sets.size(); ++i) {
    for (size_t k = 0; k < i * 1000; ++k)
      sets[i].emplace(std::to_string(random_() % 500), 1 + random_() % 9);
    options_.path = "data/" + std::to_string(i);
    Write(sets[i]);
    runs.push_back(*RunFile::Open(files_, options_.path, options_.tablet, options_.index, {}));
    streams.push_back(std::make_unique<RunScan>(*runs.back()));
  }
  // An entry counts in a stream by a rule that has nothing to do with the others.
  const auto counts = [](std::string_view key, uint64_t row, size_t stream) {
    return (HashBytes(key) + row + stream) % 3 == 0;
  };
  Entries expected;
  for (size_t i = 0; i < sets.size(); ++i)
    for (const Entry& entry : sets[i])
      if (counts(entry.first, entry.second, i)) expected.insert(entry);
  EntryMerger merger(std::move(streams),
                     [&](std::string_view key, RowId row, size_t stream) -> Result<bool> {
                       return counts(key, row.value, stream);
                     });
  options_.path = "data/merged";
  auto writer = RunWriter::Create(files_, options_);
  ASSERT_TRUE((*writer)->AddAll(merger).ok());
  ASSERT_TRUE((*writer)->Finish().ok());
  Check(expected, {"1", "250", "499", "x"});
}

}  // namespace
}  // namespace oxibase
