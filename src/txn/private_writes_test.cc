// Transactions whose writes do not stay in memory.

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "env/sim_file_system.h"
#include "env/thread.h"
#include "txn/life_fixture.h"

namespace oxibase {
namespace {

constexpr uint64_t kRows = 400;

using Values = std::map<uint64_t, int64_t>;

class PrivateWritesTest : public ::testing::Test {
 protected:
  PrivateWritesTest() : env_(Env::Real().clock(), Env::Real().random(), files_) {
    EXPECT_TRUE(files_.MakeDirectory(".").ok());
    options_.evicts = true;
    options_.txn_bytes_max = 4000;
    Open();
    life_->Begin();
    for (uint64_t i = 0; i < kRows; ++i) {
      const Result<RowId> row = life_->Insert(kAccounts, 100);
      EXPECT_TRUE(row.ok());
      values_[row->value] = 100;
    }
    Commit();
  }
  void Open() {
    life_.reset();
    Result<std::unique_ptr<Life>> life = Life::Open(env_, options_);
    ASSERT_TRUE(life.ok()) << life.status().message();
    life_ = std::move(*life);
  }
  void Commit() {
    const Result<Lsn> lsn = life_->Commit();
    ASSERT_TRUE(lsn.ok()) << lsn.status().message();
    ASSERT_TRUE(life_->wal().WaitDurable(*lsn).ok());
  }
  void Checkpoint() {
    const Status status = life_->checkpointer().Run();
    ASSERT_TRUE(status.ok()) << status.message();
  }
  Tablet& accounts() { return life_->tablet(kAccounts); }
  size_t SegmentCount() {
    const auto list = accounts().segment_list();
    return list == nullptr ? 0 : list->parts.size();
  }
  uint64_t HotRows() {
    EpochGuard guard(life_->txns().epochs());
    uint64_t rows = 0, left;
    RowId row(0);
    while (const RowDirectory::Slot* slot = accounts().rows().FirstFrom(&row, &left)) {
      for (; left > 0; --left, ++slot, ++row.value) rows += RowDirectory::HeadOf(*slot) != nullptr;
    }
    return rows;
  }
  /// Each row is updated, some are deleted, and new ones come; `after` follows.
  void ChangeAll(int64_t by, Values* after) {
    const Values before = *after;
    for (const auto& [row, value] : before) {
      if (random_() % 10 == 0) {
        ASSERT_TRUE(life_->Delete(kAccounts, RowId(row)).ok());
        after->erase(row);
        continue;
      }
      ASSERT_TRUE(life_->Update(kAccounts, RowId(row), value + by).ok());
      (*after)[row] = value + by;
      if (random_() % 10 == 0) {
        const Result<RowId> added = life_->Insert(kAccounts, value + by);
        ASSERT_TRUE(added.ok());
        (*after)[added->value] = value + by;
      }
    }
  }
  /// What the transaction itself sees, a new command of it.
  Values Own() {
    life_->NextCommand();
    Result<Values> values = life_->ReadOwn(kAccounts);
    EXPECT_TRUE(values.ok()) << values.status().message();
    return values.ok() ? *values : Values();
  }
  SimFileSystem files_;
  ComposedEnv env_;
  LifeOptions options_;
  std::unique_ptr<Life> life_;
  std::mt19937_64 random_{7};
  Values values_;  // committed
};

TEST_F(PrivateWritesTest, OthersSeeNothingAndTheTransactionAllUntilItsEnd) {
  for (const bool frozen : {false, true}) {
    SCOPED_TRACE(frozen ? "frozen before" : "in memory before");
    if (frozen) Checkpoint();
    Values after = values_;
    life_->Begin();
    ChangeAll(1, &after);
    if (frozen) {
      EXPECT_GT(SegmentCount(), 5u);
      EXPECT_LT(HotRows(), kRows / 2);
    }
    EXPECT_EQ(Own(), after);
    EXPECT_EQ(life_->Read(kAccounts), values_);
    Checkpoint();
    EXPECT_EQ(life_->Read(kAccounts), values_);
    ChangeAll(1, &after);  // those of before are copied back into memory
    EXPECT_EQ(Own(), after);
    EXPECT_EQ(life_->Read(kAccounts), values_);
    Commit();
    values_ = after;
    EXPECT_EQ(life_->Read(kAccounts), values_);
  }
  Open();
  EXPECT_EQ(life_->Read(kAccounts), values_);
  Checkpoint();
  EXPECT_LE(SegmentCount(), 4u);
  EXPECT_EQ(life_->Read(kAccounts), values_);
  Open();
  EXPECT_EQ(life_->Read(kAccounts), values_);
}

TEST_F(PrivateWritesTest, RollingBackTakesAllBack) {
  Checkpoint();
  const uint64_t live = accounts().live_rows();
  Values after = values_;
  life_->Begin();
  ChangeAll(1, &after);
  life_->Rollback();
  EXPECT_EQ(life_->Read(kAccounts), values_);
  EXPECT_EQ(accounts().live_rows(), live);
  EXPECT_EQ(SegmentCount(), 1u);
  Checkpoint();
  EXPECT_EQ(life_->Read(kAccounts), values_);
  Open();
  EXPECT_EQ(life_->Read(kAccounts), values_);
  EXPECT_EQ(accounts().live_rows(), live);
}

TEST_F(PrivateWritesTest, SavepointsKeepWhatWasBeforeThem) {
  Checkpoint();
  for (int turn = 0; turn < 3; ++turn) {
    Values first = values_;
    life_->Begin();
    ChangeAll(1, &first);
    life_->txn().DefineSavepoint("a");
    Values second = first;
    life_->NextCommand();
    ChangeAll(10, &second);
    life_->txn().DefineSavepoint("b");
    Values third = second;
    life_->NextCommand();
    ChangeAll(100, &third);
    EXPECT_EQ(Own(), third);
    ASSERT_TRUE(life_->txn().RollbackToSavepoint("b").ok());
    EXPECT_EQ(Own(), second);
    life_->NextCommand();
    ChangeAll(1000, &second);
    EXPECT_EQ(Own(), second);
    ASSERT_TRUE(life_->txn().RollbackToSavepoint("a").ok());
    EXPECT_EQ(Own(), first);
    EXPECT_EQ(life_->Read(kAccounts), values_);
    Commit();
    values_ = first;
    EXPECT_EQ(life_->Read(kAccounts), values_);
    if (turn == 1) Open();
    EXPECT_EQ(life_->Read(kAccounts), values_);
  }
}

TEST_F(PrivateWritesTest, AnOldSnapshotSeesWhatItSaw) {
  Checkpoint();
  const auto reader = life_->txns().NewTransaction();
  reader->Begin({IsolationLevel::kRepeatableRead, true, true});
  const Snapshot snapshot = reader->BeginStatement();
  const Values seen = values_;
  for (int turn = 0; turn < 3; ++turn) {
    life_->Begin();
    ChangeAll(1, &values_);
    Commit();
    EXPECT_EQ(life_->Read(kAccounts), values_);
    const Result<Values> old = life_->ReadAs(*reader, snapshot, kAccounts);
    ASSERT_TRUE(old.ok()) << old.status().message();
    EXPECT_EQ(*old, seen);
    Checkpoint();
  }
  const Result<Values> old = life_->ReadAs(*reader, snapshot, kAccounts);
  ASSERT_TRUE(old.ok());
  EXPECT_EQ(*old, seen);
  reader->EndStatement();
  reader->Rollback();
}

TEST_F(PrivateWritesTest, WhoWantsARowWaitsForTheTransaction) {
  Checkpoint();
  const RowId row(values_.begin()->first);
  for (const bool commits : {false, true}) {
    SCOPED_TRACE(commits ? "commits" : "rolls back");
    life_->Begin();
    for (const auto& [id, value] : values_) {
      ASSERT_TRUE(life_->Update(kAccounts, RowId(id), value + 1).ok());
    }
    ASSERT_LT(HotRows(), kRows / 2);
    // Not to be had now: it is in flight although it is in no memory.
    const auto other = life_->txns().NewTransaction();
    other->Begin({});
    Snapshot snapshot = other->BeginStatement(true);
    const auto skipped =
        LockRow(*other, accounts(), row, snapshot, RowLockMode::kUpdate, LockWait::kSkip);
    ASSERT_TRUE(skipped.ok());
    EXPECT_EQ(*skipped, RowOutcome::kSkipped);
    Thread waiter("waiter", [&] {
      const Columns columns(7);
      const auto outcome = UpdateRow(*other, accounts(), row, snapshot, columns.pointers, 0);
      ASSERT_TRUE(outcome.ok()) << outcome.status().message();
      EXPECT_EQ(*outcome, commits ? RowOutcome::kChanged : RowOutcome::kDone);
    });
    env_.clock().SleepMicros(20'000);
    if (commits) {
      Commit();
      for (auto& [id, value] : values_) ++value;
    } else {
      life_->Rollback();
    }
    waiter.Join();
    other->EndStatement();
    other->Rollback();
    EXPECT_EQ(life_->Read(kAccounts), values_);
  }
}

TEST_F(PrivateWritesTest, AFullDiskFailsTheTransactionAlone) {
  Checkpoint();
  for (const uint64_t room : {0, 1500, 3000, 20000}) {
    SCOPED_TRACE(room);
    files_.set_capacity(files_.used_bytes() + room);
    life_->Begin();
    Status status;
    for (const auto& [id, value] : values_) {
      status = life_->Update(kAccounts, RowId(id), value + 1);
      if (!status.ok()) break;
    }
    if (status.ok()) {
      status = life_->Commit().status();
    } else {
      life_->Rollback();
    }
    files_.set_capacity(UINT64_MAX);
    EXPECT_EQ(status.code(), ErrorCode::kDiskFull) << status.message();
    EXPECT_EQ(life_->Read(kAccounts), values_);
  }
  life_->Begin();
  ChangeAll(1, &values_);
  Commit();
  Open();
  EXPECT_EQ(life_->Read(kAccounts), values_);
}

}  // namespace
}  // namespace oxibase
