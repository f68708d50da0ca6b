// Random changes of a tablet, each state remembered, and read again: after checkpoints, with rows
// in memory and out of it, and after reopening, which replays the log.

#include "txn/past_cursor.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "env/sim_file_system.h"
#include "storage/segment/segment_list.h"
#include "txn/life_fixture.h"

namespace oxibase {
namespace {

using State = std::map<uint64_t, int64_t>;

constexpr int64_t kHour = 3'600'000'000;

class PastCursorTest : public ::testing::TestWithParam<bool> {
 protected:
  PastCursorTest() : env_(Env::Real().clock(), Env::Real().random(), files_) {
    EXPECT_TRUE(files_.MakeDirectory(".").ok());
    options_.evicts = GetParam();
    Open();
  }

  void Open() {
    life_.reset();
    auto life = Life::Open(env_, options_);
    ASSERT_TRUE(life.ok()) << life.status().message();
    life_ = std::move(*life);
    life_->txns().SetRetention(rows(), kHour);
  }
  Tablet& rows() { return life_->tablet(kAccounts); }

  void Change() {
    life_->Begin();
    for (uint64_t left = 1 + random_() % 4; left > 0; --left) {
      const auto value = static_cast<int64_t>(random_() % 1000);
      auto chosen = now_.begin();
      if (!now_.empty()) std::advance(chosen, random_() % now_.size());
      if (now_.size() < 5 || random_() % 4 == 0) {
        const Result<RowId> row = life_->Insert(kAccounts, value);
        ASSERT_TRUE(row.ok());
        now_[row->value] = value;
        changed_.insert(row->value);  // not seen by this very command
      } else if (changed_.contains(chosen->first)) {
        continue;  // by this very command
      } else if (random_() % 3 == 0) {
        ASSERT_TRUE(life_->Delete(kAccounts, RowId(chosen->first)).ok());
        now_.erase(chosen);
      } else {
        changed_.insert(chosen->first);
        ASSERT_TRUE(life_->Update(kAccounts, RowId(chosen->first), value).ok());
        chosen->second = value;
      }
    }
    changed_.clear();
    const Result<Lsn> committed = life_->Commit();
    ASSERT_TRUE(committed.ok() && life_->wal().WaitDurable(*committed).ok());
    if (life_->txn().commit_ts().value != 0) {
      remembered_.emplace_back(life_->txn().commit_ts(), now_);
    }
  }

  Result<State> ReadAt(Timestamp at) {
    const SnapshotPin pin = life_->txns().PinPast(rows(), at);
    if (!pin) return Error(ErrorCode::kInvalidParameterValue, "too old");
    State state;
    PastCursor cursor(rows(), at);
    RowRef refs[7];
    for (;;) {
      ReadGuard guard(life_->txn());
      ASSIGN_OR_RETURN(const size_t count, cursor.Next(refs));
      if (count == 0) return state;
      Vector numbers{Type(TypeId::kInt8)};
      RETURN_IF_ERROR(GatherColumn(rows().schema(), 0, {refs, count}, numbers));
      for (size_t i = 0; i < count; ++i) {
        EXPECT_TRUE(state.emplace(refs[i].id.value, numbers.data<int64_t>()[i]).second);
      }
    }
  }
  void Check(const std::pair<Timestamp, State>& then) {
    const Result<State> found = ReadAt(then.first);
    ASSERT_TRUE(found.ok()) << found.status().message();
    ASSERT_EQ(*found, then.second) << "at " << then.first.value;
  }

  SimFileSystem files_;
  ComposedEnv env_;
  LifeOptions options_;
  std::unique_ptr<Life> life_;
  std::mt19937_64 random_{3};
  State now_;
  std::set<uint64_t> changed_;
  std::vector<std::pair<Timestamp, State>> remembered_;
};

TEST_P(PastCursorTest, EveryStateIsFoundAgain) {
  ASSERT_TRUE(life_->checkpointer().Run().ok());  // from here on history is known to the folder
  for (int step = 0; step < 1200; ++step) {
    const uint64_t what = random_() % 100;
    if (what < 88) {
      Change();
    } else if (what < 97) {
      const Status status = life_->checkpointer().Run();
      ASSERT_TRUE(status.ok()) << status.message();
    } else {
      Open();
    }
    if (HasFatalFailure()) return;
    SCOPED_TRACE("step " + std::to_string(step));
    ASSERT_EQ(life_->Read(kAccounts), now_);
    if (!remembered_.empty()) Check(remembered_[random_() % remembered_.size()]);
    if (!remembered_.empty()) Check(remembered_.back());
    if (HasFatalFailure()) return;
  }
  for (const auto& then : remembered_) {
    Check(then);
    if (HasFatalFailure()) return;
  }
  EXPECT_LE(rows().segment_list()->past.parts.size(), 4u);
  ASSERT_TRUE(life_->checkpointer().Run().ok());
  EXPECT_EQ(rows().history().size(), 0u) << "memory needs nothing of what segments have";
}

TEST_P(PastCursorTest, WhatIsOlderThanTheRetentionIsLetGo) {
  for (int i = 0; i < 60; ++i) Change();
  ASSERT_TRUE(life_->checkpointer().Run().ok());
  const Timestamp middle = remembered_[remembered_.size() / 2].first;
  SnapshotPin reader = life_->txns().PinPast(rows(), remembered_[5].first);
  ASSERT_TRUE(static_cast<bool>(reader));
  rows().history().Advance(middle);
  EXPECT_FALSE(ReadAt(remembered_[0].first).ok());
  for (size_t i = remembered_.size() / 2; i < remembered_.size(); ++i) Check(remembered_[i]);
  // As long as somebody reads it, it stays.
  for (int i = 0; i < 20; ++i) Change();
  ASSERT_TRUE(life_->checkpointer().Run().ok());
  rows().history().Advance(remembered_.back().first);
  Change();
  ASSERT_TRUE(life_->checkpointer().Run().ok());
  EXPECT_FALSE(rows().segment_list()->past.parts.empty());
  reader.Release();
  Change();
  rows().history().Advance(remembered_.back().first);
  Change();
  ASSERT_TRUE(life_->checkpointer().Run().ok());
  Check(remembered_.back());
  uint64_t versions = 0;
  for (const auto& part : rows().segment_list()->past.parts) {
    versions += part.segment->file().row_count();
  }
  EXPECT_LE(versions, 4u);
  EXPECT_EQ(life_->Read(kAccounts), now_);
}

TEST_P(PastCursorTest, HistoryThatEndedBeginsAnew) {
  for (int i = 0; i < 20; ++i) Change();
  ASSERT_TRUE(life_->checkpointer().Run().ok());
  life_->txns().SetRetention(rows(), 0);
  EXPECT_FALSE(ReadAt(remembered_.back().first).ok());
  Change();
  life_->txns().SetRetention(rows(), kHour);
  EXPECT_FALSE(ReadAt(remembered_[3].first).ok());
  const size_t again = remembered_.size();
  for (int i = 0; i < 20; ++i) Change();
  ASSERT_TRUE(life_->checkpointer().Run().ok());
  Open();
  EXPECT_FALSE(ReadAt(remembered_[3].first).ok());
  for (size_t i = again; i < remembered_.size(); ++i) Check(remembered_[i]);
}

TEST_P(PastCursorTest, ATransactionLargerThanMemoryThatBeganBeforeCutsHistory) {
  options_.txn_bytes_max = 4000;
  life_.reset();
  auto life = Life::Open(env_, options_);
  ASSERT_TRUE(life.ok()) << life.status().message();
  life_ = std::move(*life);
  life_->Begin();
  for (int64_t i = 0; i < 300; ++i) {
    const Result<RowId> row = life_->Insert(kAccounts, i);
    ASSERT_TRUE(row.ok());
    now_[row->value] = i;
  }
  const Result<Lsn> filled = life_->Commit();
  ASSERT_TRUE(filled.ok() && life_->wal().WaitDurable(*filled).ok());
  const std::pair<Timestamp, State> before{life_->txn().commit_ts(), now_};
  ASSERT_TRUE(life_->checkpointer().Run().ok());

  life_->Begin();
  for (auto& [row, value] : now_) {
    ASSERT_TRUE(life_->Update(kAccounts, RowId(row), value += 1000).ok());
  }
  ASSERT_GT(rows().segment_list()->parts.size(), 2u);
  life_->txns().SetRetention(rows(), kHour);
  {
    const auto other = life_->txns().NewTransaction();
    other->Begin({});
    other->BeginStatement();
    const Columns columns(1);
    ASSERT_TRUE(InsertRow(*other, life_->tablet(kHistory), columns.pointers, 0).ok());
    other->EndStatement();
    const Result<Lsn> committed = other->Commit();
    ASSERT_TRUE(committed.ok() && life_->wal().WaitDurable(*committed).ok());
  }
  ASSERT_TRUE(life_->checkpointer().Run().ok());
  Check(before);
  SnapshotPin pin = life_->txns().PinPast(rows(), before.first);
  ASSERT_TRUE(static_cast<bool>(pin));
  PastCursor reader(rows(), before.first);
  RowRef refs[7];
  {
    EpochGuard guard(life_->txns().epochs());
    ASSERT_EQ(*reader.Next(refs), 7u);
  }
  const Result<Lsn> changed = life_->Commit();
  ASSERT_TRUE(changed.ok() && life_->wal().WaitDurable(*changed).ok());
  const std::pair<Timestamp, State> after{life_->txn().commit_ts(), now_};
  {
    EpochGuard guard(life_->txns().epochs());
    EXPECT_FALSE(reader.Next(refs).ok());
  }
  pin.Release();
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    EXPECT_FALSE(ReadAt(before.first).ok());
    Check(after);
    for (const auto& then : remembered_) Check(then);
    if (HasFatalFailure()) return;
    for (int i = 0; i < 30; ++i) Change();
    if (round == 2) {
      ASSERT_TRUE(life_->checkpointer().Run().ok());
    }
    if (round == 1 || round == 2) Open();
    ASSERT_EQ(life_->Read(kAccounts), now_);
  }
}

INSTANTIATE_TEST_SUITE_P(RowsInMemoryAndOutOfIt, PastCursorTest, testing::Bool());

}  // namespace
}  // namespace oxibase
