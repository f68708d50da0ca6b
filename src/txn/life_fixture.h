#pragma once
// A database below SQL: transactions, checkpoints and recovery over a folder, for tests.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/key_codec.h"
#include "env/env.h"
#include "storage/checkpoint/checkpointer.h"
#include "storage/checkpoint/data_folder.h"
#include "storage/index/row_set.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"
#include "txn/tablet_restorer.h"
#include "txn/txn_checkpoint_source.h"
#include "txn/txn_manager.h"

namespace oxibase {

inline constexpr TabletId kAccounts{1};  // row i: balance of account i
inline constexpr TabletId kHistory{2};   // a row for each transfer, some deleted again
inline constexpr TabletId kCounter{3};   // one row: the number of the last transfer
inline constexpr Oid kIndex = 900;
inline constexpr Oid kBitmapIndex = 901;
inline constexpr uint64_t kAccountCount = 30;

inline std::shared_ptr<const TableSchema> MakeSchema() {
  auto layout = std::make_shared<const RowLayout>(
      SchemaVersion{1}, std::vector<std::pair<ColumnId, Type>>{{ColumnId(1), Type(TypeId::kInt8)},
                                                               {ColumnId(2), Type(TypeId::kText)}});
  return std::make_shared<const TableSchema>(std::vector<std::shared_ptr<const RowLayout>>{layout});
}

struct LifeOptions {
  WalOptions wal;
  /// Every checkpoint drives all rows that it can out of memory.
  bool evicts = false;
  /// Writes of a transaction that take more go to private segments.
  size_t txn_bytes_max = SIZE_MAX;
};

/// A row of number and text.
struct Columns {
  explicit Columns(int64_t value) : number(Type(TypeId::kInt8)), text(Type(TypeId::kText)) {
    number.SetConstant(Value::Int8(value));
    text.SetConstant(Value::Text(std::string(static_cast<size_t>(value % 100 + 100), 'x')));
    pointers[0] = &number;
    pointers[1] = &text;
  }
  Vector number, text;
  const Vector* pointers[2];
};

/// One life of a database, from opening to the loss of power. Its tables have an ordered and a
/// bitmap index on the number.
class Life {
 public:
  static Result<std::unique_ptr<Life>> Open(Env& env, const LifeOptions& life_options) {
    auto life = std::unique_ptr<Life>(new Life(env));
    TabletRestorer restorer(life->txns_);
    DataFolder::Options options;
    options.path = "db";
    options.wal = life_options.wal;
    options.cache = life->cache_.get();
    ASSIGN_OR_RETURN(life->folder_, DataFolder::Open(env, options, restorer));
    restorer.Finish();
    life->txns_.AttachLog(&life->folder_->wal());
    life->txns_.AttachStore(&life->folder_->store(), {.txn_bytes = life_options.txn_bytes_max});
    for (const TabletId id : {kAccounts, kHistory, kCounter}) {
      std::shared_ptr<Tablet> tablet = life->txns_.tablets().Find(id);
      if (tablet == nullptr) {
        tablet = std::make_shared<Tablet>(id, nullptr, life->txns_.epochs());
        life->txns_.tablets().Add(tablet);
      }
      tablet->SetSchema(MakeSchema());
      RETURN_IF_ERROR(tablet->FinishRestore());
      IndexSpec spec;
      spec.oid = kIndex;
      spec.name = "by_number";
      spec.columns = {{ColumnId(1), {}}};
      RETURN_IF_ERROR(tablet->AddIndex(spec).status());
      spec.oid = kBitmapIndex;
      spec.name = "by_number_as_bitmap";
      spec.method = IndexSpec::Method::kBitmap;
      RETURN_IF_ERROR(tablet->AddIndex(std::move(spec)).status());
    }
    life->source_ = std::make_unique<TxnCheckpointSource>(
        life->txns_, TxnCheckpointSource::Hooks{
                         nullptr, [] { return std::vector<SequenceState>{{77, 5, true}}; }});
    Checkpointer::Options checkpoints;
    checkpoints.hot_bytes_max = life_options.evicts ? 1 : 0;
    life->checkpointer_ =
        std::make_unique<Checkpointer>(*life->folder_, *life->source_, checkpoints);
    life->txn_ = life->txns_.NewTransaction();
    return life;
  }
  ~Life() {
    txn_.reset();
    checkpointer_.reset();
    source_.reset();
    txns_.AttachLog(nullptr);
  }

  Tablet& tablet(TabletId id) { return *txns_.tablets().Find(id); }
  TxnManager& txns() { return txns_; }
  Transaction& txn() { return *txn_; }
  WalManager& wal() { return folder_->wal(); }
  DataFolder& folder() { return *folder_; }
  Checkpointer& checkpointer() { return *checkpointer_; }

  Result<RowId> Insert(TabletId id, int64_t value) {
    const Columns columns(value);
    return InsertRow(*txn_, tablet(id), columns.pointers, 0);
  }
  Status Update(TabletId id, RowId row, int64_t value) {
    const Columns columns(value);
    ASSIGN_OR_RETURN(const RowOutcome outcome,
                     UpdateRow(*txn_, tablet(id), row, snapshot_, columns.pointers, 0));
    EXPECT_EQ(outcome, RowOutcome::kDone);
    return Status::Ok();
  }
  Status Delete(TabletId id, RowId row) {
    ASSIGN_OR_RETURN(const RowOutcome outcome, DeleteRow(*txn_, tablet(id), row, snapshot_));
    EXPECT_EQ(outcome, RowOutcome::kDone);
    return Status::Ok();
  }
  void Begin() {
    txn_->Begin({});
    snapshot_ = txn_->BeginStatement();
  }
  Result<Lsn> Commit() {
    txn_->EndStatement();
    return txn_->Commit();
  }
  void Rollback() {
    txn_->EndStatement();
    txn_->Rollback();
  }
  /// What follows is a new command of the transaction.
  void NextCommand() { snapshot_ = txn_->NextCommand(); }
  /// Values of all rows by row id; the scan's and the indexes' must be the same. Inside a
  /// transaction, what others see.
  std::map<uint64_t, int64_t> Read(TabletId id) {
    Result<std::map<uint64_t, int64_t>> values = TryRead(id);
    EXPECT_TRUE(values.ok()) << values.status().message();
    return values.ok() ? *values : std::map<uint64_t, int64_t>();
  }
  Result<std::map<uint64_t, int64_t>> TryRead(TabletId id) {
    const auto other = txns_.NewTransaction();
    Transaction& reader = txn_->active() ? *other : *txn_;
    reader.Begin({});
    Result<std::map<uint64_t, int64_t>> values = ReadAs(reader, reader.BeginStatement(), id);
    reader.EndStatement();
    reader.Rollback();
    return values;
  }
  /// What the transaction itself sees.
  Result<std::map<uint64_t, int64_t>> ReadOwn(TabletId id) { return ReadAs(*txn_, snapshot_, id); }
  Result<std::map<uint64_t, int64_t>> ReadAs(Transaction& txn, const Snapshot& snapshot,
                                             TabletId id) {
    Tablet& of = tablet(id);
    TableCursor scan(txn, of);
    ASSIGN_OR_RETURN(auto values, ReadAll(txn, snapshot, of, scan));
    IndexCursor cursor(txn, of, *of.FindIndex(kIndex));
    for (const bool backward : {false, true}) {
      cursor.Seek({}, backward);
      ASSIGN_OR_RETURN(const auto found, ReadAll(txn, snapshot, of, cursor));
      EXPECT_EQ(found, values);
    }
    RETURN_IF_ERROR(CheckBitmaps(txn, snapshot, of, values));
    return values;
  }

 private:
  /// That the bitmap index has all rows, as a whole and of some numbers.
  Status CheckBitmaps(Transaction& txn, const Snapshot& snapshot, Tablet& of,
                      const std::map<uint64_t, int64_t>& values) {
    std::set<int64_t> numbers;
    for (const auto& [row, number] : values) {
      if (numbers.size() < 5) numbers.insert(number);
    }
    std::vector<std::optional<int64_t>> wanted(numbers.begin(), numbers.end());
    wanted.emplace_back();
    for (const std::optional<int64_t>& number : wanted) {
      KeyRange range;
      if (number) {
        AppendKey(&range.lower, Value::Int8(*number), {});
        range.upper = range.lower;
        range.has_lower = range.has_upper = true;
      }
      RowSet rows;
      RETURN_IF_ERROR(CollectRows(txn, of, *of.FindIndex(kBitmapIndex), snapshot, range, rows));
      TableCursor cursor(txn, of);
      cursor.Select(rows);
      ASSIGN_OR_RETURN(auto found, ReadAll(txn, snapshot, of, cursor));
      std::map<uint64_t, int64_t> expected = values;
      if (number) {
        const auto is_other = [&](const auto& value) { return value.second != *number; };
        std::erase_if(expected, is_other);
        std::erase_if(found, is_other);  // the entry of an older version, or a newer one
      }
      EXPECT_EQ(found, expected);
    }
    return Status::Ok();
  }

  explicit Life(Env& env) : txns_(env.clock()) {
    cache_ = std::make_unique<BlockCache>(txns_.epochs(), nullptr, 1 << 20);
  }

  template <typename Cursor>
  Result<std::map<uint64_t, int64_t>> ReadAll(Transaction& txn, const Snapshot& snapshot,
                                              Tablet& tablet, Cursor& cursor) {
    std::map<uint64_t, int64_t> values;
    RowRef rows[100];
    for (;;) {
      ReadGuard guard(txn);
      ASSIGN_OR_RETURN(const size_t count, cursor.Next(snapshot, rows));
      if (count == 0) return values;
      Vector numbers{Type(TypeId::kInt8)};
      RETURN_IF_ERROR(GatherColumn(tablet.schema(), 0, {rows, count}, numbers));
      for (size_t i = 0; i < count; ++i) {
        const bool is_new = values.emplace(rows[i].id.value, numbers.data<int64_t>()[i]).second;
        EXPECT_TRUE(is_new) << "row " << rows[i].id.value << " came twice";
      }
    }
  }

  // They outlive what transactions have of them.
  std::unique_ptr<BlockCache> cache_;
  std::unique_ptr<DataFolder> folder_;
  TxnManager txns_;
  std::unique_ptr<TxnCheckpointSource> source_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<Transaction> txn_;
  Snapshot snapshot_;
};

}  // namespace oxibase
