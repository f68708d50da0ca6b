#include "txn/serializable.h"

#include <atomic>

#include "env/thread.h"
#include "txn/read_set.h"
#include "txn/txn_fixture.h"

namespace oxibase {
namespace {

class SerializableTest : public TxnTest {
 protected:
  static constexpr IsolationLevel kLevel = IsolationLevel::kSerializable;

  std::string Key(int64_t k) {
    std::string key;
    AppendKey(&key, Value::Int8(k));
    return key;
  }
  const TabletIndex& primary() { return *table_->FindIndex(kPrimary); }
  /// As a point lookup does.
  int64_t Read(Client& client, int64_t k, std::shared_ptr<ReadFilter> filter = nullptr) {
    const int64_t v = client.Get(k);
    if (ReadSet* reads = client.txn().reads()) reads->AddKey(*table_, primary(), Key(k), filter);
    return v;
  }
  void ReadRange(Client& client, int64_t first, int64_t last) {
    client.Get(first);
    client.txn().reads()->AddRange(*table_, primary(),
                                   {Key(first), Key(last), true, true, true, true});
  }
  int64_t next_key_ = 1000;

  static bool Refused(const Status& status) {
    return status.code() == ErrorCode::kSerializationFailure;
  }
};

TEST_F(SerializableTest, WriteSkewIsRefused) {
  Put(1, 10);
  Put(2, 20);
  Client a(*this), b(*this);
  for (Client* client : {&a, &b}) {
    client->Begin(kLevel);
    Read(*client, 1);
    Read(*client, 2);
  }
  ASSERT_TRUE(a.Add(1, 1).ok());
  ASSERT_TRUE(b.Add(2, 1).ok());
  EXPECT_TRUE(a.Commit().ok());
  EXPECT_TRUE(Refused(b.Commit()));
  Client c(*this);
  c.Begin();
  EXPECT_EQ(c.Scan(), "1=11 2=20");
  c.Rollback();
}

TEST_F(SerializableTest, WriteIsRefusedAtOnceWhenTheOtherHasCommitted) {
  Put(1, 10);
  Put(2, 20);
  Client a(*this), b(*this);
  a.Begin(kLevel);
  Read(a, 1);
  b.Begin(kLevel);
  ASSERT_TRUE(b.Add(1, 1).ok());
  ASSERT_TRUE(b.Commit().ok());
  EXPECT_TRUE(Refused(a.Add(2, 1).status()));
  a.Rollback();
}

TEST_F(SerializableTest, OtherKeysAreNoConflict) {
  Put(1, 10);
  Put(2, 20);
  Client a(*this), b(*this);
  for (Client* client : {&a, &b}) client->Begin(kLevel);
  Read(a, 1);
  Read(b, 2);
  ASSERT_TRUE(a.Add(1, 1).ok());
  ASSERT_TRUE(b.Add(2, 1).ok());
  EXPECT_TRUE(a.Commit().ok());
  EXPECT_TRUE(b.Commit().ok());
}

TEST_F(SerializableTest, PhantomInARange) {
  Client a(*this), b(*this), c(*this);
  for (Client* client : {&a, &b, &c}) client->Begin(kLevel);
  ReadRange(a, 10, 20);
  ReadRange(b, 10, 20);
  ReadRange(c, 30, 40);
  ASSERT_TRUE(a.Insert(15, 1).ok());
  ASSERT_TRUE(b.Insert(20, 1).ok());
  ASSERT_TRUE(c.Insert(21, 1).ok());
  EXPECT_TRUE(a.Commit().ok());
  EXPECT_TRUE(Refused(b.Commit()));
  EXPECT_TRUE(c.Commit().ok());
}

TEST_F(SerializableTest, RowThatLeavesTheRange) {
  Put(15, 1);
  Client a(*this), b(*this);
  a.Begin(kLevel);
  ReadRange(a, 10, 20);
  ASSERT_TRUE(a.Insert(1, 1).ok());
  b.Begin(kLevel);
  ASSERT_TRUE(b.SetKey(15, 50).ok());
  ASSERT_TRUE(b.Commit().ok());
  EXPECT_TRUE(Refused(a.Commit()));
}

TEST_F(SerializableTest, WhoWritesNothingIsNeverRefused) {
  Put(1, 10);
  Client a(*this), b(*this);
  a.Begin(kLevel);
  Read(a, 1);
  b.Begin(kLevel);
  ASSERT_TRUE(b.Add(1, 1).ok());
  ASSERT_TRUE(b.Commit().ok());
  EXPECT_EQ(Read(a, 1), 10);
  EXPECT_TRUE(a.Commit().ok());
}

TEST_F(SerializableTest, ReadOnlyNotesNothing) {
  Client a(*this);
  TxnOptions options;
  options.isolation = kLevel;
  options.read_only = true;
  a.txn().Begin(options);
  a.Get(1);
  EXPECT_EQ(a.txn().reads(), nullptr);
  a.Rollback();
}

TEST_F(SerializableTest, LowerLevelsDoNotCount) {
  Put(1, 10);
  Put(2, 20);
  Client a(*this), b(*this);
  a.Begin(kLevel);
  Read(a, 1);
  b.Begin(IsolationLevel::kRepeatableRead);
  EXPECT_EQ(b.txn().reads(), nullptr);
  ASSERT_TRUE(b.Add(1, 1).ok());
  ASSERT_TRUE(b.Commit().ok());
  ASSERT_TRUE(a.Add(2, 1).ok());
  EXPECT_TRUE(a.Commit().ok());
}

/// Notices rows with an even v.
class EvenValue : public ReadFilter {
 public:
  explicit EvenValue(const Tablet& tablet) : tablet_(tablet) {}
  bool Notices(const RowVersion* before, const RowVersion* after) override {
    const auto keeps = [&](const RowVersion* version) {
      return version != nullptr &&
             tablet_.schema().newest().ReadFixed<int64_t>(version->row(), 1) % 2 == 0;
    };
    return keeps(before) || keeps(after);
  }

 private:
  const Tablet& tablet_;
};

TEST_F(SerializableTest, FilterLooksAtRowsBeforeAndAfter) {
  Put(1, 11);
  Put(2, 12);
  Put(3, 1);
  const auto even = std::make_shared<EvenValue>(*table_);
  const auto commits_after = [&](int64_t k, int64_t first_by, int64_t then_by) {
    Client a(*this), b(*this);
    a.Begin(kLevel);
    a.Get(1);
    a.txn().reads()->AddTable(*table_, even);
    EXPECT_TRUE(a.Insert(next_key_++, 1).ok());
    b.Begin(kLevel);
    EXPECT_TRUE(b.Add(k, first_by).ok());
    EXPECT_TRUE(b.Add(k, then_by).ok());
    EXPECT_TRUE(b.Commit().ok());
    const Status status = a.Commit();
    EXPECT_TRUE(status.ok() || Refused(status));
    return status.ok();
  };
  EXPECT_TRUE(commits_after(1, 1, 1));   // 11, 12, 13: what was in between nobody saw
  EXPECT_FALSE(commits_after(1, 0, 1));  // 13, 14
  EXPECT_FALSE(commits_after(2, 0, 1));  // 12, 13
}

TEST_F(SerializableTest, ManyRowsAreKnownByTheirTable) {
  Client a(*this), b(*this);
  a.Begin(kLevel);
  Read(a, -5);
  ASSERT_TRUE(a.Insert(-6, 1).ok());
  b.Begin(kLevel);
  b.Get(0);
  for (int64_t k = 0; k < 60'000; ++k) ASSERT_TRUE(b.Insert(k, k).ok());
  ASSERT_TRUE(b.Commit().ok());
  EXPECT_TRUE(Refused(a.Commit()));
}

TEST_F(SerializableTest, ReadsBeyondTheirRoomCoverTheTable) {
  Client a(*this), b(*this);
  a.Begin(kLevel);
  a.Get(0);
  for (int64_t k = 0; k < 40'000; ++k) Read(a, k * 2);
  ASSERT_TRUE(a.Insert(-1, 1).ok());
  b.Begin(kLevel);
  ASSERT_TRUE(b.Insert(7, 1).ok());
  ASSERT_TRUE(b.Commit().ok());
  EXPECT_TRUE(Refused(a.Commit()));
}

TEST_F(SerializableTest, NeighbouringRangesBecomeOne) {
  ReadSet reads;
  EpochGuard guard(manager_.epochs());
  for (int64_t k = 0; k < 100'000; ++k) {
    reads.AddRange(*table_, primary(), {Key(k), Key(k + 1), true, true, true, true});
  }
  Put(200'000, 1);
  Put(50'000, 1);
  const RowVersion* far = table_->rows().Head(RowId(1));
  const RowVersion* within = table_->rows().Head(RowId(2));
  EXPECT_FALSE(reads.Notices(table_->id(), nullptr, far));
  EXPECT_TRUE(reads.Notices(table_->id(), nullptr, within));
  EXPECT_FALSE(reads.Notices(TabletId(99), nullptr, within));
}

// A key that was looked for and not found has been taken: trying again helps, so 40001, not 23505.
TEST_F(SerializableTest, TakenKeyThatWasNotThere) {
  Client a(*this), b(*this);
  a.Begin(kLevel);
  EXPECT_EQ(Read(a, 1), -1);
  b.Begin(kLevel);
  ASSERT_TRUE(b.Insert(1, 1).ok());
  ASSERT_TRUE(b.Commit().ok());
  EXPECT_TRUE(Refused(a.Insert(1, 1)));
  a.Rollback();
}

// What a savepoint took back told that the key was free.
TEST_F(SerializableTest, KeyOfAnInsertThatWasTakenBack) {
  Client a(*this), b(*this);
  a.Begin(kLevel);
  a.txn().DefineSavepoint("s");
  ASSERT_TRUE(a.Insert(1, 1).ok());
  ASSERT_TRUE(a.txn().RollbackToSavepoint("s").ok());
  b.Begin(kLevel);
  ASSERT_TRUE(b.Insert(1, 1).ok());
  ASSERT_TRUE(b.Commit().ok());
  EXPECT_TRUE(Refused(a.Insert(2, 1)));
  a.Rollback();
}

// Each thread takes from one of two rows what both together have; at a lower level the sum falls
// below zero sooner or later.
TEST_F(SerializableTest, SumOfTwoRowsStaysAboveZero) {
  Put(1, 100);
  Put(2, 100);
  constexpr int kThreads = 4;
  constexpr int kTurns = 400;
  std::atomic<int> committed{0};
  std::vector<Thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back("client", [&, t] {
      Client client(*this);
      for (int i = 0; i < kTurns; ++i) {
        client.Begin(kLevel);
        const int64_t sum = Read(client, 1) + Read(client, 2);
        const int64_t by = (i + t) % 5 == 0 ? 3 : -((sum + 1) / 2);
        if (sum + by < 0 || !client.Add(1 + (i + t) % 2, by).ok()) {
          client.Rollback();
        } else if (client.Commit().ok()) {
          ++committed;
        }
        client.Begin(kLevel);
        EXPECT_GE(Read(client, 1) + Read(client, 2), 0);
        client.Rollback();
      }
    });
  }
  for (Thread& thread : threads) thread.Join();
  EXPECT_GT(committed, kThreads);
}

}  // namespace
}  // namespace oxibase
