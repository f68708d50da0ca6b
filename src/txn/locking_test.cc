// Who waits for whom: row locks, table locks, unique keys, deadlocks, and many threads at once.

#include <atomic>
#include <random>
#include <regex>
#include <string>

#include "env/thread.h"
#include "txn/txn_fixture.h"

namespace oxibase {
namespace {

class LockingTest : public TxnTest {
 protected:
  /// Runs a statement on a thread of its own.
  class Background {
   public:
    explicit Background(std::function<void()> body)
        : thread_("statement", [this, body = std::move(body)] {
            body();
            done_ = true;
          }) {}
    bool Waits() {
      Env::Real().clock().SleepMicros(30'000);
      return !done_;
    }
    void Join() { thread_.Join(); }

   private:
    std::atomic<bool> done_{false};
    Thread thread_;
  };
};

TEST_F(LockingTest, AnUpdateWaitsForTheWriterAndGoesOnFromItsVersion) {
  Put(1, 10);
  Client a(*this), b(*this);
  a.Begin();
  b.Begin();
  ASSERT_TRUE(a.Add(1, 5).ok());
  Result<int> changed = 0;
  Background waiting([&] { changed = b.Add(1, 1); });
  EXPECT_TRUE(waiting.Waits());
  ASSERT_TRUE(a.Commit().ok());
  waiting.Join();
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(b.Get(1), 16);
  ASSERT_TRUE(b.Commit().ok());
  EXPECT_EQ(CountVersions(), 1u);
}

TEST_F(LockingTest, AnUpdateGoesOnWhenTheWriterRollsBackOrDeletes) {
  Put(1, 10);
  Client a(*this), b(*this);
  for (const bool deleted : {false, true}) {
    a.Begin();
    b.Begin();
    ASSERT_TRUE(a.Delete(1).ok());
    Result<int> changed = 0;
    Background waiting([&] { changed = b.Add(1, 1); });
    EXPECT_TRUE(waiting.Waits());
    if (deleted) {
      ASSERT_TRUE(a.Commit().ok());
    } else {
      a.Rollback();
    }
    waiting.Join();
    ASSERT_TRUE(changed.ok());
    EXPECT_EQ(*changed, deleted ? 0 : 1);
    ASSERT_TRUE(b.Commit().ok());
  }
}

TEST_F(LockingTest, RepeatableReadFailsOnARowThatChangedWhileItWaited) {
  Put(1, 10);
  Client a(*this), b(*this);
  a.Begin();
  b.Begin(IsolationLevel::kRepeatableRead);
  EXPECT_EQ(b.Get(1), 10);
  ASSERT_TRUE(a.Add(1, 5).ok());
  Result<int> changed = 0;
  Background waiting([&] { changed = b.Add(1, 1); });
  EXPECT_TRUE(waiting.Waits());
  ASSERT_TRUE(a.Commit().ok());
  waiting.Join();
  EXPECT_EQ(changed.code(), ErrorCode::kSerializationFailure);
  b.Rollback();
}

TEST_F(LockingTest, RowLocksConflictAsInPostgres) {
  using M = RowLockMode;
  Put(1, 10);
  const bool conflict[4][4] = {{false, false, false, true},
                               {false, false, true, true},
                               {false, true, true, true},
                               {true, true, true, true}};
  const M modes[] = {M::kKeyShare, M::kShare, M::kNoKeyUpdate, M::kUpdate};
  Client a(*this), b(*this);
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) {
      a.Begin();
      b.Begin();
      ASSERT_EQ(*a.Lock(1, modes[i]), RowOutcome::kDone);
      EXPECT_EQ(*b.Lock(1, modes[j], LockWait::kSkip),
                conflict[i][j] ? RowOutcome::kSkipped : RowOutcome::kDone)
          << i << " " << j;
      if (conflict[i][j]) {
        EXPECT_EQ(b.Lock(1, modes[j], LockWait::kNoWait).code(), ErrorCode::kLockNotAvailable);
      }
      a.Rollback();
      b.Rollback();
    }
  }
}

TEST_F(LockingTest, KeyShareLetsUpdatesPassThatKeepTheKey) {
  Put(1, 10);
  Client a(*this), b(*this), c(*this);
  a.Begin();
  ASSERT_EQ(*a.Lock(1, RowLockMode::kKeyShare), RowOutcome::kDone);
  b.Begin();
  ASSERT_EQ(*b.Add(1, 1), 1);
  c.Begin();
  EXPECT_EQ(*c.Lock(1, RowLockMode::kKeyShare, LockWait::kSkip), RowOutcome::kDone);
  EXPECT_EQ(*c.Lock(1, RowLockMode::kShare, LockWait::kSkip), RowOutcome::kSkipped);
  c.Rollback();
  ASSERT_TRUE(b.Commit().ok());
  b.Begin();
  Result<int> changed = 0;
  Background waiting([&] { changed = b.SetKey(1, 2); });
  EXPECT_TRUE(waiting.Waits());
  a.Rollback();
  waiting.Join();
  EXPECT_EQ(*changed, 1);
  a.Begin();
  EXPECT_EQ(*a.Lock(1, RowLockMode::kKeyShare, LockWait::kSkip), RowOutcome::kSkipped);
  a.Rollback();
  b.Rollback();
}

TEST_F(LockingTest, OfTwoThatWaitForEachOtherOneGivesWay) {
  Put(1, 10);
  Put(2, 20);
  Client a(*this), b(*this);
  for (Client* client : {&a, &b}) {
    client->txn().set_deadlock_timeout_micros(20'000);
    client->Begin();
  }
  ASSERT_TRUE(a.Add(1, 1).ok());
  ASSERT_TRUE(b.Add(2, 1).ok());
  Result<int> of_a = 0, of_b = 0;
  Background first([&] {
    of_a = a.Add(2, 1);
    if (!of_a.ok()) a.Rollback();
  });
  Background second([&] {
    of_b = b.Add(1, 1);
    if (!of_b.ok()) b.Rollback();
  });
  first.Join();
  second.Join();
  EXPECT_NE(of_a.ok(), of_b.ok());
  const Status failed = (of_a.ok() ? of_b : of_a).status();
  EXPECT_EQ(failed.code(), ErrorCode::kDeadlockDetected);
  const std::string line =
      "Process 0 waits for ShareLock on transaction [0-9]+; blocked by process 0\\.";
  EXPECT_TRUE(std::regex_match(failed.info().detail, std::regex(line + "\n" + line)))
      << failed.info().detail;
}

// Who waited before there was a cycle leaves it to whoever closes it, and gives way only if that
// one has more patience.
TEST_F(LockingTest, WhoClosesACycleGivesWay) {
  Put(1, 10);
  Put(2, 20);
  for (const bool patient : {false, true}) {
    Client a(*this), b(*this);
    a.txn().set_deadlock_timeout_micros(10'000);
    b.txn().set_deadlock_timeout_micros(patient ? 60'000'000 : 100'000);
    a.Begin();
    b.Begin();
    ASSERT_TRUE(a.Add(1, 1).ok());
    ASSERT_TRUE(b.Add(2, 1).ok());
    Result<int> of_a = 0, of_b = 0;
    Background first([&] {
      of_a = a.Add(2, 1);
      if (!of_a.ok()) a.Rollback();
    });
    EXPECT_TRUE(first.Waits());
    Background second([&] {
      of_b = b.Add(1, 1);
      if (!of_b.ok()) b.Rollback();
    });
    first.Join();
    second.Join();
    EXPECT_EQ(of_a.ok(), !patient);
    EXPECT_EQ(of_b.ok(), patient);
    (of_a.ok() ? a : b).Rollback();
  }
}

TEST_F(LockingTest, WaitingEndsByTimeoutOrInterrupt) {
  struct Hooks : TxnHooks {
    std::atomic<bool> cancelled{false};
    std::atomic<int> blocked{0};
    void BeforeBlocking() override { ++blocked; }
    Status CheckInterrupts() override {
      return cancelled ? Error(ErrorCode::kQueryCanceled, "cancelled") : Status::Ok();
    }
  } hooks;
  Put(1, 10);
  Client a(*this);
  a.Begin();
  ASSERT_EQ(*a.Lock(1, RowLockMode::kUpdate), RowOutcome::kDone);
  const auto txn = manager_.NewTransaction(&hooks);
  txn->Begin({});
  txn->set_lock_timeout_micros(20'000);
  Snapshot snapshot = txn->BeginStatement();
  EXPECT_EQ(
      LockRow(*txn, *table_, RowId(1), snapshot, RowLockMode::kShare, LockWait::kBlock).code(),
      ErrorCode::kLockNotAvailable);
  EXPECT_EQ(hooks.blocked, 1);
  txn->set_lock_timeout_micros(0);
  Status status;
  Background waiting([&] {
    status =
        LockRow(*txn, *table_, RowId(1), snapshot, RowLockMode::kShare, LockWait::kBlock).status();
  });
  EXPECT_TRUE(waiting.Waits());
  hooks.cancelled = true;
  txn->Interrupt();
  waiting.Join();
  EXPECT_EQ(status.code(), ErrorCode::kQueryCanceled);
  a.Rollback();
}

TEST_F(LockingTest, RollbackToASavepointGivesLocksBack) {
  Put(1, 10);
  Client a(*this), b(*this);
  a.Begin();
  a.txn().DefineSavepoint("s");
  ASSERT_TRUE(a.Add(1, 1).ok());
  ASSERT_EQ(*a.Lock(1, RowLockMode::kUpdate), RowOutcome::kDone);
  ASSERT_TRUE(a.txn().LockTable(77, TableLockMode::kExclusive).ok());
  b.Begin();
  Result<int> changed = 0;
  Background waiting([&] { changed = b.Add(1, 5); });
  EXPECT_TRUE(waiting.Waits());
  ASSERT_TRUE(a.txn().RollbackToSavepoint("s").ok());
  waiting.Join();
  EXPECT_EQ(*changed, 1);
  EXPECT_TRUE(b.txn().LockTable(77, TableLockMode::kRowExclusive, LockWait::kNoWait).ok());
  b.Rollback();
  a.Rollback();
}

TEST_F(LockingTest, TableLocksConflictAsInPostgres) {
  // Rows and columns in the order of TableLockMode, as in PostgreSQL's manual.
  const char* const conflict[8] = {
      ".......X", "......XX", "....XXXX", "...XXXXX",
      "..XX.XXX", "..XXXXXX", ".XXXXXXX", "XXXXXXXX",
  };
  Client a(*this), b(*this);
  for (int i = 0; i < 8; ++i) {
    for (int j = 0; j < 8; ++j) {
      a.Begin();
      b.Begin();
      ASSERT_TRUE(a.txn().LockTable(5, static_cast<TableLockMode>(i)).ok());
      EXPECT_EQ(b.txn().LockTable(5, static_cast<TableLockMode>(j), LockWait::kNoWait).ok(),
                conflict[i][j] == '.')
          << i << " " << j;
      EXPECT_TRUE(b.txn().LockTable(6, TableLockMode::kAccessExclusive, LockWait::kNoWait).ok());
      a.Rollback();
      b.Rollback();
    }
  }
}

TEST_F(LockingTest, AStrongTableLockWaitsForWeakOnes) {
  Client a(*this), b(*this), c(*this);
  a.Begin();
  b.Begin();
  c.Begin();
  ASSERT_TRUE(a.txn().LockTable(5, TableLockMode::kAccessShare).ok());
  ASSERT_TRUE(a.txn().LockTable(5, TableLockMode::kRowExclusive).ok());
  Status strong, weak;
  Background first([&] { strong = b.txn().LockTable(5, TableLockMode::kAccessExclusive); });
  EXPECT_TRUE(first.Waits());
  // Behind the one that waits, who would else starve.
  Background second([&] { weak = c.txn().LockTable(5, TableLockMode::kAccessShare); });
  EXPECT_TRUE(second.Waits());
  a.Rollback();
  first.Join();
  EXPECT_TRUE(strong.ok());
  EXPECT_TRUE(second.Waits());
  b.Rollback();
  second.Join();
  EXPECT_TRUE(weak.ok());
  c.Rollback();
  a.Begin();
  EXPECT_TRUE(a.txn().LockTable(5, TableLockMode::kAccessExclusive, LockWait::kNoWait).ok());
  a.Rollback();
}

TEST_F(LockingTest, OneOfManyInsertersGetsAKey) {
  constexpr int kThreads = 4;
  constexpr int64_t kKeys = 200;
  std::atomic<int> inserted{0}, violations{0}, others{0};
  std::vector<Thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back("inserter", [&, t] {
      Client client(*this);
      for (int64_t k = 0; k < kKeys; ++k) {
        client.Begin();
        const Status status = client.Insert(k, t);
        if (status.ok()) {
          ++inserted;
          ASSERT_TRUE(client.Commit().ok());
          continue;
        }
        ++(status.code() == ErrorCode::kUniqueViolation ? violations : others);
        client.Rollback();
      }
    });
  }
  threads.clear();
  EXPECT_EQ(inserted, kKeys);
  EXPECT_EQ(violations, (kThreads - 1) * kKeys);
  EXPECT_EQ(others, 0);
  EXPECT_EQ(table_->FindIndex(kPrimary)->size(), static_cast<uint64_t>(kKeys));
  EXPECT_EQ(CountVersions(), static_cast<size_t>(kKeys));
}

TEST_F(LockingTest, MoneyIsNeitherMadeNorLost) {
  constexpr int64_t kRows = 8;
  constexpr int64_t kSum = kRows * 100;
  for (int64_t k = 0; k < kRows; ++k) Put(k, 100);
  AddSecondIndex();
  std::atomic<bool> stop{false};
  std::atomic<int> transfers{0};
  std::vector<Thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back("transfer", [&, t] {
      Client client(*this);
      client.txn().set_deadlock_timeout_micros(5'000);
      std::mt19937_64 random(static_cast<uint64_t>(t));
      for (int i = 0; i < 400; ++i) {
        const auto from = static_cast<int64_t>(random() % kRows);
        const auto to = static_cast<int64_t>(random() % kRows);
        const bool repeatable = random() % 4 == 0;
        client.Begin(repeatable ? IsolationLevel::kRepeatableRead : IsolationLevel::kReadCommitted);
        Result<int> out = client.Add(from, -1);
        if (out.ok() && random() % 8 == 0) {
          client.txn().DefineSavepoint("s");
          if (client.Add(to, 50).ok()) {
            ASSERT_TRUE(client.txn().RollbackToSavepoint("s").ok());
          } else {
            out = Error(ErrorCode::kInternalError, "failed within the savepoint");
          }
        }
        Result<int> in = 0;
        if (out.ok()) in = client.Add(to, 1);
        if (!out.ok() || !in.ok() || random() % 10 == 0) {
          client.Rollback();
          continue;
        }
        ASSERT_EQ(*out + *in, 2);
        ASSERT_TRUE(client.Commit().ok());
        ++transfers;
      }
    });
  }
  Thread reader("reader", [&] {
    Client client(*this);
    while (!stop) {
      client.Begin(IsolationLevel::kRepeatableRead);
      int64_t sum = 0;
      for (int64_t k = 0; k < kRows; ++k) sum += client.Get(k);
      EXPECT_EQ(sum, kSum);
      client.Rollback();
    }
  });
  threads.clear();
  stop = true;
  reader.Join();
  EXPECT_GT(transfers, 0);
  Client client(*this);
  client.Begin();
  int64_t sum = 0;
  for (int64_t k = 0; k < kRows; ++k) sum += client.Get(k);
  EXPECT_EQ(sum, kSum);
  client.Rollback();
  manager_.CollectGarbage();
  EXPECT_EQ(CountVersions(), static_cast<size_t>(kRows));
  EXPECT_EQ(table_->FindIndex(kPrimary)->size(), static_cast<uint64_t>(kRows));
  EXPECT_EQ(table_->FindIndex(kSecond)->size(), static_cast<uint64_t>(kRows));
}

}  // namespace
}  // namespace oxibase
