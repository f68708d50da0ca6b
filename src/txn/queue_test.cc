// Rows in a queue: SKIP LOCKED through an index whose entries may be known to be dead or locked.

#include <atomic>
#include <random>
#include <set>

#include "env/thread.h"
#include "txn/txn_fixture.h"

namespace oxibase {
namespace {

/// t(k, v): v = 0 is a job that waits, anything else one that is done.
class QueueTest : public TxnTest {
 protected:
  QueueTest() { AddSecondIndex(); }

  void Fill(int64_t count) {
    Client client(*this);
    client.Begin();
    for (int64_t k = 1; k <= count; ++k) ASSERT_TRUE(client.Insert(k, 0).ok());
    ASSERT_TRUE(client.Commit().ok());
  }
  static KeyRange Waiting() {
    KeyRange range;
    AppendKey(&range.lower, Value::Int8(0));
    range.upper = range.lower;
    range.has_lower = range.has_upper = true;
    return range;
  }
  /// The keys that a scan of the jobs finds, at most so many.
  std::vector<int64_t> Find(Client& client, bool skip_locked, size_t max, bool backward = false) {
    const Snapshot snapshot = client.txn().BeginStatement();
    std::vector<int64_t> keys;
    {
      ReadGuard guard(client.txn());
      IndexCursor cursor(client.txn(), *table_, *table_->FindIndex(kSecond));
      if (skip_locked) cursor.SkipLocked(RowLockMode::kUpdate);
      cursor.Seek(Waiting(), backward);
      RowRef row;
      while (keys.size() < max && *cursor.Next(snapshot, {&row, 1}) == 1) {
        keys.push_back(Field(row, 0));
      }
    }
    client.txn().EndStatement();
    return keys;
  }
  int64_t First(Client& client, bool skip_locked = true) {
    const auto keys = Find(client, skip_locked, 1);
    return keys.empty() ? -1 : keys[0];
  }
  /// Locks the first job that nobody else has locked; -1: there is none.
  int64_t Take(Client& client) {
    for (int tries = 0; tries < 1000; ++tries) {
      const int64_t k = First(client);
      if (k < 0) return -1;
      auto outcome = client.Lock(k, RowLockMode::kUpdate, LockWait::kSkip);
      EXPECT_TRUE(outcome.ok());
      if (*outcome == RowOutcome::kDone && client.Get(k) == 0) return k;
    }
    return -2;
  }
  static constexpr int64_t kJobs = 3000;
  static constexpr int64_t kLocked = 2500;
};

TEST_F(QueueTest, LockedJobsArePassedOverUntilTheyAreNotLocked) {
  Fill(kJobs);
  for (const int how : {0, 1, 2}) {
    Client locker(*this), consumer(*this);
    locker.Begin();
    for (int64_t k = 1; k <= kLocked; ++k) {
      if (how == 0) {
        ASSERT_TRUE(locker.Lock(k, RowLockMode::kNoKeyUpdate).ok());
      } else if (how == 1) {
        ASSERT_TRUE(locker.Add(k, 1).ok());
      } else {
        ASSERT_TRUE(locker.Delete(k).ok());
      }
    }
    consumer.Begin();
    for (int i = 0; i < 20; ++i) EXPECT_EQ(First(consumer), kLocked + 1) << how;
    EXPECT_EQ(Find(consumer, true, 10000).size(), static_cast<size_t>(kJobs - kLocked));
    EXPECT_EQ(Find(consumer, true, 10000, true).back(), kLocked + 1);
    EXPECT_EQ(First(consumer, false), 1);
    EXPECT_EQ(First(locker), how == 0 ? 1 : kLocked + 1);  // its own
    locker.Rollback();
    EXPECT_EQ(First(consumer), 1) << how;
    EXPECT_EQ(Find(consumer, true, 10000).size(), static_cast<size_t>(kJobs)) << how;
    ASSERT_TRUE(consumer.Commit().ok());
  }
}

TEST_F(QueueTest, AnOldSnapshotStillSeesWhatOthersPassOver) {
  Fill(kJobs);
  Client old(*this), consumer(*this);
  old.Begin(IsolationLevel::kRepeatableRead);
  EXPECT_EQ(Find(old, false, 10000).size(), static_cast<size_t>(kJobs));
  for (int64_t k = 1; k <= kLocked; ++k) {
    consumer.Begin();
    if (k % 50 == 1) {
      EXPECT_EQ(First(consumer), k);
    }
    ASSERT_TRUE(k % 2 == 0 ? consumer.Add(k, 1).ok() : consumer.Delete(k).ok());
    ASSERT_TRUE(consumer.Commit().ok());
  }
  consumer.Begin();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(First(consumer, i % 2 == 0), kLocked + 1);
  EXPECT_EQ(Find(old, false, 10000).size(), static_cast<size_t>(kJobs));
  EXPECT_EQ(Find(old, false, 10000, true).size(), static_cast<size_t>(kJobs));
  // A job that comes back is seen again.
  ASSERT_TRUE(consumer.Add(1000, -1).ok());
  EXPECT_EQ(First(consumer), 1000);
  ASSERT_TRUE(consumer.Commit().ok());
  Client later(*this);
  later.Begin();
  EXPECT_EQ(First(later), 1000);
  EXPECT_EQ(Find(later, false, 10000).size(), static_cast<size_t>(kJobs - kLocked + 1));
  ASSERT_TRUE(old.Commit().ok());
  EXPECT_EQ(First(later), 1000);
}

TEST_F(QueueTest, ATransactionFindsTheJobsThatItHasLockedItself) {
  Fill(kJobs);
  Client locker(*this), mine(*this), other(*this);
  locker.Begin();
  mine.Begin();
  other.Begin();
  for (int64_t k = 1; k <= kLocked; ++k) {
    Client& who = k % 700 == 0 ? mine : locker;
    ASSERT_TRUE(who.Lock(k, RowLockMode::kUpdate).ok());
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(First(other), kLocked + 1);
  EXPECT_EQ(Find(mine, true, 4), (std::vector<int64_t>{700, 1400, 2100, kLocked + 1}));
  const auto back = Find(mine, true, 10000, true);
  EXPECT_EQ(back.back(), 700);
  EXPECT_EQ(back.size(), static_cast<size_t>(kJobs - kLocked + 3));
}

TEST_F(QueueTest, RollbackToASavepointGivesJobsBack) {
  Fill(kJobs);
  Client locker(*this), other(*this);
  locker.Begin();
  other.Begin();
  ASSERT_TRUE(locker.Lock(1, RowLockMode::kUpdate).ok());
  locker.txn().DefineSavepoint("s");
  for (int64_t k = 2; k <= kLocked; ++k) {
    ASSERT_TRUE(k % 2 == 0 ? locker.Add(k, 1).ok() : locker.Lock(k, RowLockMode::kUpdate).ok());
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(First(other), kLocked + 1);
  ASSERT_TRUE(locker.txn().RollbackToSavepoint("s").ok());
  EXPECT_EQ(Find(other, true, 10000).size(), static_cast<size_t>(kJobs - 1));
  EXPECT_EQ(First(other), 2);
  ASSERT_TRUE(locker.Commit().ok());
  EXPECT_EQ(First(other), 1);
}

TEST_F(QueueTest, AnIndexThatComesBackKnowsNothingOfLocks) {
  Fill(kJobs);
  Client locker(*this), other(*this);
  locker.Begin();
  other.Begin();
  for (int64_t k = 1; k <= kLocked; ++k) ASSERT_TRUE(locker.Add(k, 1).ok());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(First(other), kLocked + 1);
  std::shared_ptr<TabletIndex> dropped = table_->DropIndex(kSecond);
  locker.txn().Rollback([&] { table_->RestoreIndex(dropped); });
  EXPECT_EQ(First(other), 1);
  EXPECT_EQ(Find(other, true, 10000).size(), static_cast<size_t>(kJobs));
}

// Consumers take jobs, put some back, give up others, while snapshots come and go and somebody
// locks long runs: each job is had by one at a time, and in the end none is missing.
TEST_F(QueueTest, NoJobIsLostAndNoneIsHadTwice) {
  constexpr int64_t kCount = 600;
#if defined(__SANITIZE_THREAD__)
  constexpr int kRounds = 150;
#else
  constexpr int kRounds = 600;
#endif
  constexpr int kConsumers = 4;
  Fill(kCount);
  std::vector<std::atomic<int>> had(kCount + 1);
  std::atomic<int> wrong{0};
  std::atomic<bool> stop{false};
  {
    std::vector<Thread> threads;
    for (int t = 0; t < kConsumers; ++t) {
      threads.emplace_back("consumer", [&, t] {
        std::mt19937 random(static_cast<uint32_t>(t));
        Client client(*this);
        for (int round = 0; round < kRounds; ++round) {
          client.Begin();
          if (random() % 4 == 0) {  // puts one back
            const auto k = static_cast<int64_t>(random() % kCount + 1);
            const auto locked = client.Lock(k, RowLockMode::kUpdate, LockWait::kSkip);
            if (locked.ok() && *locked != RowOutcome::kSkipped) {
              const int64_t v = client.Get(k);
              if (v != 0) client.Add(k, -v).status().Ignore("counted at the end");
            }
          } else if (const int64_t k = Take(client); k > 0) {
            if (had[static_cast<size_t>(k)].fetch_add(1) != 0) ++wrong;
            if (!client.Add(k, 1).ok()) ++wrong;
            had[static_cast<size_t>(k)].fetch_sub(1);
          }
          if (random() % 5 == 0) {
            client.Rollback();
          } else if (!client.Commit().ok()) {
            ++wrong;
          }
        }
      });
    }
    threads.emplace_back("locker", [&] {
      std::mt19937 random(77);
      Client client(*this);
      while (!stop) {
        client.Begin();
        const auto first = static_cast<int64_t>(random() % kCount + 1);
        for (int64_t k = first; k < std::min(first + 300, kCount); ++k) {
          client.Lock(k, RowLockMode::kNoKeyUpdate, LockWait::kSkip)
              .status()
              .Ignore("it may be locked");
        }
        if (random() % 2 == 0) {
          client.Rollback();
        } else if (!client.Commit().ok()) {
          ++wrong;
        }
      }
    });
    threads.emplace_back("reader", [&] {
      Client client(*this);
      while (!stop) {
        client.Begin(IsolationLevel::kRepeatableRead);
        const size_t before = Find(client, false, 100000).size();
        for (int i = 0; i < 5; ++i) {
          if (Find(client, false, 100000, i % 2 == 0).size() != before) ++wrong;
        }
        client.Rollback();
      }
    });
    for (int t = 0; t < kConsumers; ++t) threads[static_cast<size_t>(t)].Join();
    stop = true;
    for (size_t t = kConsumers; t < threads.size(); ++t) threads[t].Join();
  }
  EXPECT_EQ(wrong, 0);
  Client last(*this);
  last.Begin();
  std::set<int64_t> waiting;
  for (int64_t k = 1; k <= kCount; ++k) {
    if (last.Get(k) == 0) waiting.insert(k);
  }
  for (const bool skip : {true, false}) {
    for (const bool backward : {true, false}) {
      const auto found = Find(last, skip, 100000, backward);
      EXPECT_EQ(std::set<int64_t>(found.begin(), found.end()), waiting);
      EXPECT_EQ(found.size(), waiting.size());
    }
  }
}

}  // namespace
}  // namespace oxibase
