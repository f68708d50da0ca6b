#include "txn/transaction.h"

#include "storage/index/ordered_index.h"
#include "txn/txn_fixture.h"

namespace oxibase {
namespace {

using Outcome = RowOutcome;

TEST_F(TxnTest, ACommitIsSeenByLaterStatementsOnly) {
  Put(1, 10);
  Client a(*this), b(*this);
  a.Begin();
  b.Begin();
  ASSERT_TRUE(a.Add(1, 5).ok());
  EXPECT_EQ(a.Get(1), 15);
  EXPECT_EQ(b.Get(1), 10);
  ASSERT_TRUE(a.Commit().ok());
  EXPECT_EQ(b.Get(1), 15);
  EXPECT_EQ(b.Scan(), "1=15");
  b.Rollback();
}

TEST_F(TxnTest, RepeatableReadKeepsItsSnapshot) {
  Put(1, 10);
  Client a(*this), b(*this);
  b.Begin(IsolationLevel::kRepeatableRead);
  EXPECT_EQ(b.Get(1), 10);
  a.Begin();
  ASSERT_TRUE(a.Add(1, 5).ok());
  ASSERT_TRUE(a.Insert(2, 20).ok());
  ASSERT_TRUE(a.Commit().ok());
  EXPECT_EQ(b.Scan(), "1=10");
  const auto result = b.Add(1, 1);
  EXPECT_EQ(result.code(), ErrorCode::kSerializationFailure);
  b.Rollback();
  b.Begin(IsolationLevel::kRepeatableRead);
  EXPECT_EQ(b.Scan(), "1=15 2=20");
  b.Rollback();
}

TEST_F(TxnTest, RollbackUndoesEverything) {
  Put(1, 10);
  Put(2, 20);
  AddSecondIndex();
  Client a(*this);
  a.Begin();
  ASSERT_TRUE(a.Add(1, 1).ok());
  ASSERT_TRUE(a.Add(1, 1).ok());
  ASSERT_TRUE(a.Delete(2).ok());
  ASSERT_TRUE(a.Insert(3, 30).ok());
  EXPECT_EQ(a.Scan(), "1=12 3=30");
  a.Rollback();
  a.Begin();
  EXPECT_EQ(a.Scan(), "1=10 2=20");
  a.Rollback();
  EXPECT_EQ(CountVersions(), 2u);
  EXPECT_EQ(table_->FindIndex(kPrimary)->size(), 2u);
  EXPECT_EQ(table_->FindIndex(kSecond)->size(), 2u);
  EXPECT_EQ(table_->live_rows(), 2u);
}

TEST_F(TxnTest, SavepointsNestAndTheNewestOfANameCounts) {
  Client a(*this);
  a.Begin();
  ASSERT_TRUE(a.Insert(1, 1).ok());
  a.txn().DefineSavepoint("s");
  ASSERT_TRUE(a.Insert(2, 2).ok());
  a.txn().DefineSavepoint("s");
  ASSERT_TRUE(a.Add(1, 5).ok());
  ASSERT_TRUE(a.txn().RollbackToSavepoint("s").ok());
  EXPECT_EQ(a.Scan(), "1=1 2=2");
  ASSERT_TRUE(a.txn().ReleaseSavepoint("s").ok());
  ASSERT_TRUE(a.txn().RollbackToSavepoint("s").ok());
  EXPECT_EQ(a.Scan(), "1=1");
  ASSERT_TRUE(a.Insert(2, 7).ok());
  EXPECT_EQ(a.txn().ReleaseSavepoint("x").code(), ErrorCode::kInvalidSavepointSpecification);
  ASSERT_TRUE(a.Commit().ok());
  a.Begin();
  EXPECT_EQ(a.Scan(), "1=1 2=7");
  a.Rollback();
}

TEST_F(TxnTest, AStatementDoesNotSeeItsOwnChanges) {
  Put(1, 10);
  Client a(*this);
  a.Begin();
  const Snapshot snapshot = a.txn().BeginStatement();
  const RowRef row = a.Find(snapshot, 1);
  ASSERT_TRUE(DeleteRow(a.txn(), *table_, row.id, snapshot).ok());
  EXPECT_NE(a.Find(snapshot, 1).version, nullptr);
  EXPECT_EQ(*DeleteRow(a.txn(), *table_, row.id, snapshot), Outcome::kSelfModified);
  EXPECT_EQ(a.Find(a.txn().NextCommand(), 1).version, nullptr);
  a.Rollback();
}

TEST_F(TxnTest, UniqueKeysAreHeldByLiveRowsOnly) {
  Put(1, 10);
  Client a(*this);
  a.Begin();
  EXPECT_EQ(a.Insert(1, 11).code(), ErrorCode::kUniqueViolation);
  a.Rollback();
  a.Begin();
  EXPECT_EQ(*a.Delete(1), 1);
  EXPECT_TRUE(a.Insert(1, 12).ok());
  EXPECT_EQ(*a.SetKey(1, 5), 1);
  EXPECT_TRUE(a.Insert(1, 13).ok());
  EXPECT_TRUE(a.Commit().ok());
  a.Begin();
  EXPECT_EQ(a.Scan(), "1=13 5=12");
  EXPECT_EQ(a.SetKey(1, 5).code(), ErrorCode::kUniqueViolation);
  a.Rollback();
  a.Begin();
  EXPECT_EQ(a.Scan(), "1=13 5=12");
  EXPECT_EQ(a.Get(5), 12);
  a.Rollback();
  EXPECT_EQ(table_->FindIndex(kPrimary)->size(), 2u);
}

TEST_F(TxnTest, AnEntryLeadsOnlyToVersionsWithItsKey) {
  Put(1, 10);
  Client a(*this), old(*this);
  old.Begin(IsolationLevel::kRepeatableRead);
  EXPECT_EQ(old.Get(1), 10);
  a.Begin();
  EXPECT_EQ(*a.SetKey(1, 2), 1);
  EXPECT_EQ(old.Get(2), -1);
  EXPECT_EQ(old.Get(1), 10);
  EXPECT_TRUE(a.Commit().ok());
  a.Begin();
  EXPECT_EQ(a.Get(1), -1);
  EXPECT_EQ(a.Get(2), 10);
  EXPECT_EQ(*a.SetKey(2, 1), 1);
  EXPECT_EQ(a.Get(1), 10);
  EXPECT_EQ(a.Get(2), -1);
  EXPECT_TRUE(a.Commit().ok());
  EXPECT_EQ(old.Get(1), 10);
  EXPECT_EQ(old.Get(2), -1);
  old.Rollback();
  EXPECT_EQ(CountVersions(), 1u);
  EXPECT_EQ(table_->FindIndex(kPrimary)->size(), 1u);
}

TEST_F(TxnTest, InsertTellsTheConflictThatItMet) {
  Put(1, 10);
  Client a(*this);
  a.Begin();
  a.txn().BeginStatement();
  Vector k(TypeId::kInt8), v(TypeId::kInt8);
  k.SetConstant(Value::Int8(1));
  v.SetConstant(Value::Int8(2));
  const Vector* columns[] = {&k, &v};
  std::optional<UniqueConflict> conflict;
  ASSERT_TRUE(InsertRow(a.txn(), *table_, columns, 0, {}, &conflict).ok());
  ASSERT_TRUE(conflict.has_value());
  EXPECT_EQ(conflict->row, RowId(1));
  EXPECT_EQ(conflict->index, table_->FindIndex(kPrimary));
  EXPECT_FALSE(a.txn().has_writes());
  a.Rollback();
}

TEST_F(TxnTest, SupersededVersionsAreFreedAtCommit) {
  Put(1, 10);
  Client a(*this);
  for (int i = 0; i < 100; ++i) {
    a.Begin();
    ASSERT_TRUE(a.Add(1, 1).ok());
    ASSERT_TRUE(a.Commit().ok());
  }
  EXPECT_EQ(CountVersions(), 1u);
}

TEST_F(TxnTest, AnOldSnapshotKeepsOneVersionOfARow) {
  Put(1, 10);
  Client a(*this), old(*this);
  old.Begin(IsolationLevel::kRepeatableRead);
  EXPECT_EQ(old.Get(1), 10);
  for (int i = 0; i < 100; ++i) {
    a.Begin();
    ASSERT_TRUE(a.Add(1, 1).ok());
    ASSERT_TRUE(a.Commit().ok());
  }
  EXPECT_EQ(CountVersions(), 2u);
  EXPECT_EQ(old.Get(1), 10);
  Client older(*this);
  older.Begin(IsolationLevel::kRepeatableRead);
  EXPECT_EQ(older.Get(1), 110);
  a.Begin();
  ASSERT_TRUE(a.Delete(1).ok());
  ASSERT_TRUE(a.Commit().ok());
  EXPECT_EQ(CountVersions(), 3u);
  old.Rollback();
  EXPECT_EQ(CountVersions(), 2u);
  EXPECT_EQ(older.Get(1), 110);
  older.Rollback();
  EXPECT_EQ(CountVersions(), 0u);
  EXPECT_EQ(table_->FindIndex(kPrimary)->size(), 0u);
}

TEST_F(TxnTest, APinKeepsASnapshotOfAStatementThatHasEnded) {
  Put(1, 10);
  Client a(*this), b(*this);
  a.Begin();
  const Snapshot snapshot = a.txn().BeginStatement();
  SnapshotPin pin = manager_.Pin(snapshot);
  a.txn().EndStatement();
  b.Begin();
  ASSERT_TRUE(b.Add(1, 1).ok());
  ASSERT_TRUE(b.Commit().ok());
  EXPECT_EQ(Show(a.txn(), snapshot), "1=10");
  pin.Release();
  EXPECT_EQ(CountVersions(), 1u);
  a.Rollback();
}

TEST_F(TxnTest, RowsThatAreGoneGiveTheirPagesBack) {
  Client a(*this);
  for (int64_t k = 0; k < 5000; ++k) {
    a.Begin();
    ASSERT_TRUE(a.Insert(k, k).ok());
    ASSERT_TRUE(a.Commit().ok());
    a.Begin();
    ASSERT_TRUE(a.Delete(k).ok());
    ASSERT_TRUE(a.Commit().ok());
  }
  EXPECT_EQ(CountVersions(), 0u);
  EXPECT_LE(table_->rows().page_count(), 1u);
  EXPECT_LE(table_->FindIndex(kPrimary)->tree().bytes(), 64u << 10);
  EXPECT_EQ(manager_.row_memory().bytes(), 0);
}

TEST_F(TxnTest, AnIndexIsMadeOverRowsThatAreThere) {
  for (int64_t k = 0; k < 300; ++k) Put(k, k % 7);
  for (const auto method : {IndexSpec::Method::kOrdered, IndexSpec::Method::kHash}) {
    AddSecondIndex(method);
    Client a(*this);
    a.Begin();
    const Snapshot snapshot = a.txn().BeginStatement();
    IndexCursor cursor(a.txn(), *table_, *table_->FindIndex(kSecond));
    KeyRange range;
    AppendKey(&range.lower, Value::Int8(3));
    range.upper = range.lower;
    range.has_lower = range.has_upper = true;
    cursor.Seek(range, false);
    ReadGuard guard(a.txn());
    RowRef rows[10];
    size_t total = 0;
    while (const size_t count = *cursor.Next(snapshot, rows)) {
      for (size_t i = 0; i < count; ++i) EXPECT_EQ(Field(rows[i], 1), 3);
      total += count;
    }
    EXPECT_EQ(total, 43u);
    EXPECT_NE(table_->DropIndex(kSecond), nullptr);
  }
  IndexSpec unique;
  unique.oid = 3;
  unique.unique = true;
  unique.name = "u";
  unique.columns = {{ColumnId(2), {}}};
  EXPECT_EQ(table_->AddIndex(unique).code(), ErrorCode::kUniqueViolation);
}

TEST_F(TxnTest, IndexRangesRunBothWaysInBatchesOfAnySize) {
  for (int64_t k = 0; k < 500; ++k) Put(k * 2, k);
  Client a(*this);
  a.Begin();
  const Snapshot snapshot = a.txn().BeginStatement();
  IndexCursor cursor(a.txn(), *table_, *table_->FindIndex(kPrimary));
  KeyRange range;
  AppendKey(&range.lower, Value::Int8(100));
  AppendKey(&range.upper, Value::Int8(700));
  range.has_lower = range.has_upper = true;
  for (const bool backward : {false, true}) {
    for (const size_t batch : {1u, 3u, 64u, 1000u}) {
      for (const bool inclusive : {true, false}) {
        range.lower_inclusive = range.upper_inclusive = inclusive;
        cursor.Seek(range, backward);
        std::vector<RowRef> rows(batch);
        std::vector<int64_t> keys;
        while (const size_t count = *cursor.Next(snapshot, rows)) {
          for (size_t i = 0; i < count; ++i) keys.push_back(Field(rows[i], 0));
        }
        if (backward) std::reverse(keys.begin(), keys.end());
        ASSERT_EQ(keys.size(), inclusive ? 301u : 299u);
        for (size_t i = 0; i < keys.size(); ++i) {
          ASSERT_EQ(keys[i], static_cast<int64_t>((inclusive ? 100 : 102) + 2 * i));
        }
      }
    }
  }
  a.Rollback();
}

}  // namespace
}  // namespace oxibase
