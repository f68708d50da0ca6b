// Rows that leave memory and come back while others read and write them.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <random>

#include "env/sim_file_system.h"
#include "env/thread.h"
#include "txn/life_fixture.h"

namespace oxibase {
namespace {

constexpr uint64_t kRows = 3000;

/// The parameter: from how many bytes on a transaction's writes go to private segments.
class FrozenRowsTest : public ::testing::TestWithParam<size_t> {
 protected:
  FrozenRowsTest() : env_(Env::Real().clock(), Env::Real().random(), files_) {
    EXPECT_TRUE(files_.MakeDirectory(".").ok());
    options_.evicts = true;
    options_.txn_bytes_max = GetParam();
    auto life = Life::Open(env_, options_);
    EXPECT_TRUE(life.ok());
    life_ = std::move(*life);
    life_->Begin();
    for (uint64_t i = 0; i < kRows; ++i) {
      auto row = life_->Insert(kAccounts, 100);
      EXPECT_TRUE(row.ok());
      rows_.push_back(*row);
    }
    // (Others see it when it is durable.)
    const Result<Lsn> committed = life_->Commit();
    EXPECT_TRUE(committed.ok() && life_->wal().WaitDurable(*committed).ok());
  }
  Tablet& accounts() { return life_->tablet(kAccounts); }

  /// Takes from one account and gives to another, sometimes by way of a new row. False: it met
  /// another.
  Result<bool> Transfer(Transaction& txn, std::mt19937_64& random) {
    txn.Begin({IsolationLevel::kRepeatableRead, false, true});
    const Snapshot snapshot = txn.BeginStatement();
    const auto end = [&](Status status) -> Result<bool> {
      txn.EndStatement();
      txn.Rollback();
      const bool met = status.ok() || status.code() == ErrorCode::kSerializationFailure ||
                       status.code() == ErrorCode::kDeadlockDetected;
      if (met) return false;
      return status;
    };
    int64_t taken = 0;
    for (const int sign : {-1, 1}) {
      const RowId row = rows_[random() % rows_.size()];
      ASSIGN_OR_RETURN(const std::optional<int64_t> value, ValueOf(txn, snapshot, row));
      if (!value) return end(Status());
      if (sign < 0) taken = static_cast<int64_t>(random() % 10);
      const Columns columns(*value + sign * taken);
      const auto outcome = UpdateRow(txn, accounts(), row, snapshot, columns.pointers, 0);
      if (!outcome.ok()) return end(outcome.status());
      // (The same row twice is left alone by its second turn.)
      if (*outcome != RowOutcome::kDone) return end(Status());
    }
    txn.EndStatement();
    if (random() % 8 == 0) {
      txn.Rollback();
      return false;
    }
    RETURN_IF_ERROR(txn.Commit().status());
    return true;
  }
  Result<std::optional<int64_t>> ValueOf(Transaction& txn, const Snapshot& snapshot, RowId row) {
    ReadGuard guard(txn);
    ASSIGN_OR_RETURN(const RowRef ref, GetRow(txn, accounts(), snapshot, row));
    if (!ref) return std::optional<int64_t>();
    Vector values{Type(TypeId::kInt8)};
    RETURN_IF_ERROR(GatherColumn(accounts().schema(), 0, {&ref, 1}, values));
    return std::optional<int64_t>(values.data<int64_t>()[0]);
  }
  template <typename Cursor>
  Result<std::pair<uint64_t, int64_t>> CountAndSum(Transaction& txn, const Snapshot& snapshot,
                                                   Cursor& cursor) {
    std::pair<uint64_t, int64_t> total;
    std::vector<RowRef> rows(200);
    for (;;) {
      ReadGuard guard(txn);
      ASSIGN_OR_RETURN(const size_t count, cursor.Next(snapshot, rows));
      if (count == 0) return total;
      Vector values{Type(TypeId::kInt8)};
      RETURN_IF_ERROR(GatherColumn(accounts().schema(), 0, {rows.data(), count}, values));
      total.first += count;
      for (size_t i = 0; i < count; ++i) total.second += values.data<int64_t>()[i];
    }
  }

  SimFileSystem files_;
  ComposedEnv env_;
  LifeOptions options_;
  std::unique_ptr<Life> life_;
  std::vector<RowId> rows_;
};

TEST_P(FrozenRowsTest, EverySnapshotSeesAllRowsOnceWhileRowsComeAndGo) {
  const char* wanted = std::getenv("OXI_FROZEN_ROUNDS");
  const int rounds = wanted != nullptr ? std::atoi(wanted) : 40;
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> transfers{0};
  std::vector<Thread> threads;
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    threads.emplace_back("writer", [this, seed, &stop, &transfers] {
      std::mt19937_64 random(seed);
      const auto txn = life_->txns().NewTransaction();
      while (!stop.load()) {
        const Result<bool> done = Transfer(*txn, random);
        ASSERT_TRUE(done.ok()) << done.status().message();
        if (*done) ++transfers;
      }
    });
  }
  threads.emplace_back("reader", [this, &stop] {
    const auto txn = life_->txns().NewTransaction();
    const std::pair<uint64_t, int64_t> expected{kRows, static_cast<int64_t>(kRows) * 100};
    for (int turn = 0; !stop.load(); ++turn) {
      txn->Begin({IsolationLevel::kRepeatableRead, true, true});
      const Snapshot snapshot = txn->BeginStatement();
      TableCursor scan(*txn, accounts());
      const auto scanned = CountAndSum(*txn, snapshot, scan);
      ASSERT_TRUE(scanned.ok()) << scanned.status().message();
      EXPECT_EQ(*scanned, expected);
      IndexCursor cursor(*txn, accounts(), *accounts().FindIndex(kIndex));
      cursor.Seek({}, turn % 2 == 0);
      const auto found = CountAndSum(*txn, snapshot, cursor);
      ASSERT_TRUE(found.ok()) << found.status().message();
      EXPECT_EQ(*found, expected);
      RowSet rows;
      const Status collected = CollectRows(*txn, accounts(), *accounts().FindIndex(kBitmapIndex),
                                           snapshot, KeyRange(), rows);
      ASSERT_TRUE(collected.ok()) << collected.message();
      TableCursor selected(*txn, accounts());
      selected.Select(rows);
      const auto of_bitmap = CountAndSum(*txn, snapshot, selected);
      ASSERT_TRUE(of_bitmap.ok()) << of_bitmap.status().message();
      EXPECT_EQ(*of_bitmap, expected);
      txn->EndStatement();
      txn->Rollback();
    }
  });
  for (int i = 0; i < rounds; ++i) {
    const Status status = life_->checkpointer().Run();
    ASSERT_TRUE(status.ok()) << status.message();
    env_.clock().SleepMicros(2000);
  }
  stop.store(true);
  for (Thread& thread : threads) thread.Join();
  EXPECT_GT(transfers.load(), 10u);
  // (Those that go to private segments have left already.)
  if (GetParam() == SIZE_MAX) {
    EXPECT_GT(life_->checkpointer().stats().rows_evicted, kRows);
  }
}

INSTANTIATE_TEST_SUITE_P(Writes, FrozenRowsTest, ::testing::Values(SIZE_MAX, 300));

}  // namespace
}  // namespace oxibase
