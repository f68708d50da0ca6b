#pragma once
// A table t(k int8 primary key, v int8) for tests, with short words for what sessions do.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/key_codec.h"
#include "env/env.h"
#include "storage/index/tablet_index.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"
#include "txn/transaction.h"
#include "txn/txn_manager.h"

namespace oxibase {

class TxnTest : public testing::Test {
 protected:
  static constexpr Oid kPrimary = 1;
  static constexpr Oid kSecond = 2;

  TxnTest() {
    auto layout = std::make_shared<RowLayout>(
        1, std::vector<std::pair<ColumnId, Type>>{{ColumnId(1), TypeId::kInt8},
                                                  {ColumnId(2), TypeId::kInt8}});
    auto schema = std::make_shared<TableSchema>(
        std::vector<std::shared_ptr<const RowLayout>>{std::move(layout)});
    table_ =
        std::make_shared<Tablet>(TabletId(1), schema, manager_.epochs(), &manager_.row_memory());
    table_->set_name("t");
    manager_.tablets().Add(table_);
    IndexSpec primary;
    primary.oid = kPrimary;
    primary.name = "t_pkey";
    primary.unique = true;
    primary.referable = true;
    primary.columns = {{ColumnId(1), {}}};
    EXPECT_TRUE(table_->AddIndex(primary).ok());
  }

  void AddSecondIndex(IndexSpec::Method method = IndexSpec::Method::kOrdered) {
    IndexSpec second;
    second.oid = kSecond;
    second.name = "t_v_idx";
    second.method = method;
    second.columns = {{ColumnId(2), {}}};
    ASSERT_TRUE(table_->AddIndex(second).ok());
  }

  /// One client. Each call is a statement.
  class Client {
   public:
    explicit Client(TxnTest& test) : test_(test), txn_(test.manager_.NewTransaction()) {}

    Transaction& txn() { return *txn_; }
    void Begin(IsolationLevel isolation = IsolationLevel::kReadCommitted) {
      TxnOptions options;
      options.isolation = isolation;
      txn_->Begin(options);
    }
    Status Commit() { return txn_->Commit().status(); }
    void Rollback() { txn_->Rollback(); }

    Status Insert(int64_t k, int64_t v) {
      txn_->BeginStatement();
      Columns columns(k, v);
      const Status status = InsertRow(*txn_, *test_.table_, columns.span(), 0).status();
      txn_->EndStatement();
      return status;
    }
    /// Adds to v where k is this, as UPDATE t SET v = v + by does, re-check included. Rows changed.
    Result<int> Add(int64_t k, int64_t by) { return Change(k, by, 0); }
    Result<int> SetKey(int64_t k, int64_t new_k) { return Change(k, 0, new_k - k); }
    Result<int> Delete(int64_t k) {
      Snapshot snapshot = txn_->BeginStatement();
      int changed = 0;
      for (;;) {
        const RowRef row = Find(snapshot, k);
        if (row.version == nullptr) break;
        ASSIGN_OR_RETURN(const RowOutcome outcome,
                         DeleteRow(*txn_, *test_.table_, row.id, snapshot));
        if (outcome == RowOutcome::kChanged) {
          snapshot = txn_->LatestSnapshot();
          continue;
        }
        changed += outcome == RowOutcome::kDone ? 1 : 0;
        break;
      }
      txn_->EndStatement();
      return changed;
    }
    Result<RowOutcome> Lock(int64_t k, RowLockMode mode, LockWait wait = LockWait::kBlock) {
      const Snapshot snapshot = txn_->BeginStatement();
      const RowRef row = Find(snapshot, k);
      auto outcome = LockRow(*txn_, *test_.table_, row.id, snapshot, mode, wait);
      txn_->EndStatement();
      return outcome;
    }
    /// "k=v k=v", by a scan of the table.
    std::string Scan() {
      const Snapshot snapshot = txn_->BeginStatement();
      std::string text = test_.Show(*txn_, snapshot);
      txn_->EndStatement();
      return text;
    }
    /// v where k is this, by the index; -1 if there is none.
    int64_t Get(int64_t k) {
      const Snapshot snapshot = txn_->BeginStatement();
      ReadGuard guard(*txn_);
      const RowRef row = Find(snapshot, k);
      const int64_t v = row.version == nullptr ? -1 : test_.Field(row, 1);
      txn_->EndStatement();
      return v;
    }
    RowRef Find(const Snapshot& snapshot, int64_t k) {
      ReadGuard guard(*txn_);
      if (!cursor_) {
        cursor_ =
            std::make_unique<IndexCursor>(*txn_, *test_.table_, *test_.table_->FindIndex(kPrimary));
      }
      range_.lower.clear();
      AppendKey(&range_.lower, Value::Int8(k));
      range_.upper = range_.lower;
      range_.has_lower = range_.has_upper = true;
      cursor_->Seek(range_, false);
      RowRef row;
      return *cursor_->Next(snapshot, {&row, 1}) == 1 ? row : RowRef{};
    }

   private:
    struct Columns {
      Columns(int64_t k, int64_t v) {
        for (auto* column : {&key, &value}) column->ResetFlat(1);
        key.data<int64_t>()[0] = k;
        value.data<int64_t>()[0] = v;
      }
      std::span<const Vector* const> span() { return pointers; }
      Vector key{TypeId::kInt8}, value{TypeId::kInt8};
      const Vector* pointers[2] = {&key, &value};
    };

    Result<int> Change(int64_t k, int64_t by, int64_t key_by) {
      Snapshot snapshot = txn_->BeginStatement();
      int changed = 0;
      for (;;) {
        int64_t v;
        RowRef row;
        {
          ReadGuard guard(*txn_);
          row = Find(snapshot, k);
          if (row.version == nullptr) break;
          v = test_.Field(row, 1);
        }
        Columns columns(k + key_by, v + by);
        ASSIGN_OR_RETURN(const RowOutcome outcome,
                         UpdateRow(*txn_, *test_.table_, row.id, snapshot, columns.span(), 0));
        if (outcome == RowOutcome::kChanged) {
          snapshot = txn_->LatestSnapshot();
          continue;
        }
        changed += outcome == RowOutcome::kDone ? 1 : 0;
        break;
      }
      txn_->EndStatement();
      return changed;
    }

    TxnTest& test_;
    std::unique_ptr<Transaction> txn_;
    std::unique_ptr<IndexCursor> cursor_;
    KeyRange range_;
  };

  int64_t Field(const RowRef& row, size_t column) const {
    return table_->schema().newest().ReadFixed<int64_t>(row.version->row(), column);
  }
  std::string Show(Transaction& txn, const Snapshot& snapshot) {
    ReadGuard guard(txn);
    std::map<int64_t, int64_t> rows;
    TableCursor cursor(txn, *table_);
    RowRef found[16];
    while (const size_t count = *cursor.Next(snapshot, found)) {
      for (size_t i = 0; i < count; ++i) rows[Field(found[i], 0)] = Field(found[i], 1);
    }
    std::string text;
    for (const auto& [k, v] : rows) {
      text += (text.empty() ? "" : " ") + std::to_string(k) + "=" + std::to_string(v);
    }
    return text;
  }
  /// Versions in all chains.
  size_t CountVersions() {
    EpochGuard guard(manager_.epochs());
    size_t count = 0;
    for (uint64_t id = 1; id < table_->next_row_id().value; ++id) {
      for (const RowVersion* version = table_->rows().Head(RowId(id)); version != nullptr;
           version = version->next.load()) {
        ++count;
      }
    }
    return count;
  }
  /// A committed row.
  void Put(int64_t k, int64_t v) {
    Client client(*this);
    client.Begin();
    ASSERT_TRUE(client.Insert(k, v).ok());
    ASSERT_TRUE(client.Commit().ok());
  }

  TxnManager manager_{Env::Real().clock()};
  std::shared_ptr<Tablet> table_;
};

}  // namespace oxibase
