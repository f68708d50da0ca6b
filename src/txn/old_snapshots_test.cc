// What old snapshots see of rows in segments that were merged meanwhile. (The simulation finds such
// cases: docs/simulation.md.)

#include <gtest/gtest.h>

#include <map>

#include "env/sim_file_system.h"
#include "txn/life_fixture.h"

namespace oxibase {
namespace {

constexpr uint64_t kRows = 40;

class OldSnapshotsTest : public ::testing::Test {
 protected:
  using Values = std::map<uint64_t, int64_t>;

  OldSnapshotsTest() : env_(Env::Real().clock(), Env::Real().random(), files_) {
    EXPECT_TRUE(files_.MakeDirectory(".").ok());
    options_.evicts = true;
    Open();
    life_->Begin();
    for (uint64_t i = 0; i < kRows; ++i) {
      const auto row = life_->Insert(kAccounts, 100);
      EXPECT_TRUE(row.ok());
      rows_.push_back(*row);
    }
    Commit();
    Checkpoint();
  }
  ~OldSnapshotsTest() override { old_.reset(); }

  void Open() {
    auto life = Life::Open(env_, options_);
    ASSERT_TRUE(life.ok()) << life.status().message();
    life_ = std::move(*life);
  }
  void Commit() {
    const Result<Lsn> end = life_->Commit();
    ASSERT_TRUE(end.ok() && life_->wal().WaitDurable(*end).ok());
  }
  void Checkpoint() {
    const Status status = life_->checkpointer().Run();
    ASSERT_TRUE(status.ok()) << status.message();
  }
  void Delete(size_t i) {
    life_->Begin();
    ASSERT_TRUE(life_->Delete(kAccounts, rows_[i]).ok());
    Commit();
  }
  /// Rows [first, last).
  void Change(size_t first, size_t last, int64_t value) {
    life_->Begin();
    for (size_t i = first; i < last; ++i)
      ASSERT_TRUE(life_->Update(kAccounts, rows_[i], value).ok());
    Commit();
  }

  void BeginOld() {
    old_ = life_->txns().NewTransaction();
    old_->Begin({IsolationLevel::kRepeatableRead, false, true});
  }
  /// What the old snapshot sees, by a scan and by the index.
  Values ReadOld() {
    Tablet& tablet = life_->tablet(kAccounts);
    const Snapshot snapshot = old_->BeginStatement();
    TableCursor scan(*old_, tablet);
    const Values scanned = Drain(scan, snapshot);
    IndexCursor cursor(*old_, tablet, *tablet.FindIndex(kIndex));
    for (const bool backward : {false, true}) {
      cursor.Seek({}, backward);
      EXPECT_EQ(Drain(cursor, snapshot), scanned);
    }
    old_->EndStatement();
    return scanned;
  }
  template <typename Cursor>
  Values Drain(Cursor& cursor, const Snapshot& snapshot) {
    Values values;
    RowRef rows[16];
    for (;;) {
      ReadGuard guard(*old_);
      const Result<size_t> count = cursor.Next(snapshot, rows);
      EXPECT_TRUE(count.ok());
      if (!count.ok() || *count == 0) return values;
      Vector numbers{Type(TypeId::kInt8)};
      const TableSchema& schema = life_->tablet(kAccounts).schema();
      EXPECT_TRUE(GatherColumn(schema, 0, {rows, *count}, numbers).ok());
      for (size_t i = 0; i < *count; ++i) {
        EXPECT_TRUE(values.emplace(rows[i].id.value, numbers.data<int64_t>()[i]).second);
      }
    }
  }

  SimFileSystem files_;
  ComposedEnv env_;
  LifeOptions options_;
  std::unique_ptr<Life> life_;
  std::vector<RowId> rows_;
  std::unique_ptr<Transaction> old_;
};

TEST_F(OldSnapshotsTest, ARemovedRowStaysAwayWhenAllIsMerged) {
  Delete(0);
  Checkpoint();  // a segment that only takes the row away
  BeginOld();
  const Values before = ReadOld();
  ASSERT_EQ(before.size(), kRows - 1);
  Change(1, kRows, 7);
  Checkpoint();
  EXPECT_EQ(ReadOld(), before);
}

TEST_F(OldSnapshotsTest, ARemovedRowStaysAwayWhenTheRemovalAloneIsMerged) {
  Delete(0);
  Checkpoint();
  BeginOld();
  const Values before = ReadOld();
  Change(1, 3, 7);  // few: the large segment stays
  Checkpoint();
  EXPECT_EQ(ReadOld(), before);
  Change(3, 5, 8);
  Checkpoint();
  EXPECT_EQ(ReadOld(), before);
}

TEST_F(OldSnapshotsTest, ItsOwnChangesCountThoughItReadsReplacedSegments) {
  BeginOld();
  Values expected = ReadOld();
  Change(1, kRows, 7);
  Checkpoint();
  const Columns columns(55);
  const Snapshot snapshot = old_->BeginStatement();
  const auto outcome =
      UpdateRow(*old_, life_->tablet(kAccounts), rows_[0], snapshot, columns.pointers, 0);
  old_->EndStatement();
  ASSERT_TRUE(outcome.ok() && *outcome == RowOutcome::kDone);
  expected[rows_[0].value] = 55;
  EXPECT_EQ(ReadOld(), expected);
}

TEST_F(OldSnapshotsTest, RowsOfATableThatWasEmptiedAreCountedOnce) {
  BeginOld();
  EXPECT_EQ(ReadOld().size(), kRows);
  for (size_t i = 0; i < kRows; ++i) Delete(i);
  // What the old snapshot needs stays in memory, and is met by each checkpoint.
  for (int64_t i = 0; i < 3; ++i) {
    life_->Begin();
    ASSERT_TRUE(life_->Insert(kCounter, i).ok());
    Commit();
    Checkpoint();
  }
  EXPECT_EQ(ReadOld().size(), kRows);
  old_.reset();
  life_->Begin();
  ASSERT_TRUE(life_->Insert(kAccounts, 1).ok());
  Commit();
  Checkpoint();
  life_.reset();
  Open();
  EXPECT_EQ(life_->tablet(kAccounts).live_rows(), 1u);
  EXPECT_EQ(life_->Read(kAccounts).size(), 1u);
}

}  // namespace
}  // namespace oxibase
