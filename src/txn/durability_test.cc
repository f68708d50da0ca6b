// Commits on their way to the disk: what is seen before they are durable, and by whom.

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "env/thread.h"
#include "storage/wal/wal_manager.h"
#include "storage/wal/wal_replay.h"
#include "txn/txn_fixture.h"

namespace oxibase {
namespace {

class DurabilityTest : public TxnTest {
 protected:
  struct NoReplay : WalReplayTarget, WalReplayPart {
    WalReplayPart& Part(size_t, size_t) override { return *this; }
    Status ApplyTxn(TxnId, Timestamp, ByteSpan) override { return {}; }
    Status ApplySequence(const SequenceState&) override { return {}; }
    Status ApplyRowIdLease(TabletId, RowId) override { return {}; }
    Status ApplyFiles(Timestamp, ByteSpan) override { return {}; }
  };

  DurabilityTest() {
    char name[] = "/tmp/oxi_durability_XXXXXX";
    folder_ = mkdtemp(name);
    NoReplay target;
    WalOptions options;
    options.flush_delay_micros = 3'600'000'000;  // nothing is written unless asked for
    auto wal = WalManager::Open(Env::Real(), folder_, options, {}, target);
    EXPECT_TRUE(wal.ok()) << wal.status().message();
    wal_ = std::move(wal).value();
    manager_.AttachLog(wal_.get());
  }
  ~DurabilityTest() override {
    manager_.AttachLog(nullptr);
    wal_.reset();
    std::filesystem::remove_all(folder_);
  }
  Lsn CommitOf(Client& client) {
    const Result<Lsn> lsn = client.txn().Commit();
    EXPECT_TRUE(lsn.ok());
    return *lsn;
  }

  std::string folder_;
  std::unique_ptr<WalManager> wal_;
};

TEST_F(DurabilityTest, OthersSeeACommitWhenItIsDurableTheSessionAtOnce) {
  Client a(*this), b(*this);
  a.Begin();
  ASSERT_TRUE(a.Insert(1, 10).ok());
  const Lsn lsn = CommitOf(a);
  EXPECT_GT(lsn, Lsn(0));
  a.Begin();
  b.Begin();
  EXPECT_EQ(a.Get(1), 10);
  EXPECT_EQ(b.Get(1), -1);
  EXPECT_EQ(CommitOf(a), lsn);  // what it showed depends on that
  ASSERT_TRUE(wal_->WaitDurable(lsn).ok());
  EXPECT_EQ(b.Get(1), 10);
  EXPECT_EQ(CommitOf(b), Lsn(0));
}

TEST_F(DurabilityTest, ARowsNextWriterDoesNotWaitForTheDisk) {
  Client a(*this), b(*this), c(*this);
  a.Begin();
  ASSERT_TRUE(a.Insert(1, 10).ok());
  ASSERT_TRUE(wal_->WaitDurable(CommitOf(a)).ok());
  a.Begin();
  ASSERT_EQ(*a.Add(1, 5), 1);
  const Lsn first = CommitOf(a);
  b.Begin();
  ASSERT_EQ(*b.Add(1, 1), 1);
  EXPECT_EQ(b.Get(1), 16);
  const Lsn second = CommitOf(b);
  EXPECT_GT(second, first);
  c.Begin();
  EXPECT_EQ(c.Get(1), 10);
  // One that wrote nothing in the end still depends on what it met.
  b.Begin();
  ASSERT_EQ(*b.Lock(1, RowLockMode::kUpdate), RowOutcome::kDone);
  EXPECT_EQ(CommitOf(b), second);
  ASSERT_TRUE(wal_->WaitDurable(second).ok());
  EXPECT_EQ(c.Get(1), 16);
  c.Rollback();
  manager_.CollectGarbage();
  EXPECT_EQ(CountVersions(), 1u);
}

TEST_F(DurabilityTest, AStatementSeesWhatTheOneBeforeMet) {
  Client a(*this), b(*this);
  a.Begin();
  ASSERT_TRUE(a.Insert(1, 10).ok());
  ASSERT_TRUE(wal_->WaitDurable(CommitOf(a)).ok());
  a.Begin();
  ASSERT_EQ(*a.Add(1, 5), 1);
  ASSERT_TRUE(a.Insert(2, 20).ok());
  CommitOf(a);
  b.Begin();
  EXPECT_EQ(b.Get(2), -1);
  ASSERT_EQ(*b.Add(1, 1), 1);  // on top of what is not durable yet
  EXPECT_EQ(b.Scan(), "1=16 2=20");
  b.Rollback();
  // A lock meets it as well, and changes nothing.
  b.Begin();
  ASSERT_EQ(*b.Lock(1, RowLockMode::kUpdate), RowOutcome::kChanged);
  EXPECT_EQ(b.Scan(), "1=15 2=20");
  b.Rollback();
  // So does a key that was freed.
  a.Begin();
  ASSERT_EQ(*a.Delete(2), 1);
  CommitOf(a);
  b.Begin();
  ASSERT_TRUE(b.Insert(2, 22).ok());
  b.txn().BeginStatement();
  EXPECT_GE(b.txn().NextCommand().read_ts, manager_.stamped_ts());
  b.txn().EndStatement();
  EXPECT_EQ(b.Get(2), 22);
  b.Rollback();
}

TEST_F(DurabilityTest, WithoutSynchronousCommitEverybodySeesItAtOnce) {
  Client a(*this), b(*this);
  TxnOptions options;
  options.synchronous = false;
  a.txn().Begin(options);
  ASSERT_TRUE(a.Insert(1, 10).ok());
  EXPECT_EQ(CommitOf(a), Lsn(0));
  b.Begin();
  EXPECT_EQ(b.Get(1), 10);
  b.Rollback();
}

TEST_F(DurabilityTest, WhatIsAcknowledgedIsSeenByEverySessionThatAsksLater) {
  constexpr int kThreads = 4, kRounds = 200;
  for (int t = 0; t < kThreads; ++t) {
    Client setup(*this);
    setup.Begin();
    ASSERT_TRUE(setup.Insert(t, 0).ok());
    ASSERT_TRUE(wal_->WaitDurable(CommitOf(setup)).ok());
  }
  std::atomic<int> unseen{0};
  std::vector<Thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back("client", [&, t] {
      Client writer(*this), reader(*this);
      for (int i = 1; i <= kRounds; ++i) {
        writer.Begin();
        EXPECT_EQ(*writer.Add(t, 1), 1);
        EXPECT_TRUE(wal_->WaitDurable(CommitOf(writer)).ok());
        reader.Begin();
        if (reader.Get(t) != i) ++unseen;
        reader.Rollback();
      }
    });
  }
  // Large commits take long to stamp; those behind them in the log may not be told of before.
  threads.emplace_back("large", [&] {
    Client large(*this);
    for (int i = 0; i < 10; ++i) {
      large.Begin();
      for (int k = 0; k < 5000; ++k) EXPECT_TRUE(large.Insert(1'000'000 + i * 5000 + k, 0).ok());
      EXPECT_TRUE(wal_->WaitDurable(CommitOf(large)).ok());
    }
  });
  for (Thread& thread : threads) thread.Join();
  EXPECT_EQ(unseen, 0);
}

}  // namespace
}  // namespace oxibase
