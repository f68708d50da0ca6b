// Databases that lose power: transactions, checkpoints and recovery together, on a simulated file
// system that forgets what was not synced.

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "env/sim_file_system.h"
#include "storage/checkpoint/checkpointer.h"
#include "storage/checkpoint/data_folder.h"
#include "storage/checkpoint/tablet_checkpoint.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"
#include "txn/tablet_restorer.h"
#include "txn/txn_checkpoint_source.h"
#include "txn/txn_manager.h"

namespace oxibase {
namespace {

constexpr TabletId kAccounts{1};  // row i: balance of account i
constexpr TabletId kHistory{2};   // a row for each transfer, some deleted again
constexpr TabletId kCounter{3};   // one row: the number of the last transfer
constexpr Oid kIndex = 900;
constexpr uint64_t kAccountCount = 30;

std::shared_ptr<const TableSchema> MakeSchema() {
  auto layout = std::make_shared<const RowLayout>(
      SchemaVersion{1}, std::vector<std::pair<ColumnId, Type>>{{ColumnId(1), Type(TypeId::kInt8)},
                                                               {ColumnId(2), Type(TypeId::kText)}});
  return std::make_shared<const TableSchema>(std::vector<std::shared_ptr<const RowLayout>>{layout});
}

struct LifeOptions {
  WalOptions wal;
  /// Every checkpoint drives all rows that it can out of memory.
  bool evicts = false;
};

/// One life of a database, from opening to the loss of power. Its tables have an index on the
/// number.
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
  /// Values of all rows by row id; the scan's and the index's must be the same.
  std::map<uint64_t, int64_t> Read(TabletId id) {
    Result<std::map<uint64_t, int64_t>> values = TryRead(id);
    EXPECT_TRUE(values.ok()) << values.status().message();
    return values.ok() ? *values : std::map<uint64_t, int64_t>();
  }
  Result<std::map<uint64_t, int64_t>> TryRead(TabletId id) {
    Begin();
    Result<std::map<uint64_t, int64_t>> values = ReadBothWays(tablet(id));
    Rollback();
    return values;
  }

 private:
  explicit Life(Env& env) : txns_(env.clock()) {
    cache_ = std::make_unique<BlockCache>(txns_.epochs(), nullptr, 1 << 20);
  }

  template <typename Cursor>
  Result<std::map<uint64_t, int64_t>> ReadAll(Tablet& tablet, Cursor& cursor) {
    std::map<uint64_t, int64_t> values;
    RowRef rows[100];
    for (;;) {
      ReadGuard guard(*txn_);
      ASSIGN_OR_RETURN(const size_t count, cursor.Next(snapshot_, rows));
      if (count == 0) return values;
      Vector numbers{Type(TypeId::kInt8)};
      RETURN_IF_ERROR(GatherColumn(tablet.schema(), 0, {rows, count}, numbers));
      for (size_t i = 0; i < count; ++i) {
        const bool is_new = values.emplace(rows[i].id.value, numbers.data<int64_t>()[i]).second;
        EXPECT_TRUE(is_new) << "row " << rows[i].id.value << " came twice";
      }
    }
  }
  Result<std::map<uint64_t, int64_t>> ReadBothWays(Tablet& tablet) {
    TableCursor scan(*txn_, tablet);
    ASSIGN_OR_RETURN(auto values, ReadAll(tablet, scan));
    IndexCursor cursor(*txn_, tablet, *tablet.FindIndex(kIndex));
    for (const bool backward : {false, true}) {
      cursor.Seek({}, backward);
      ASSIGN_OR_RETURN(const auto found, ReadAll(tablet, cursor));
      EXPECT_EQ(found, values);
    }
    return values;
  }
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

  // They outlive what transactions have of them.
  std::unique_ptr<BlockCache> cache_;
  std::unique_ptr<DataFolder> folder_;
  TxnManager txns_;
  std::unique_ptr<TxnCheckpointSource> source_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<Transaction> txn_;
  Snapshot snapshot_;
};

/// What the tables must hold after each transfer.
struct Model {
  std::map<uint64_t, int64_t> accounts;
  std::map<uint64_t, int64_t> history;
};

/// The parameter: whether rows leave memory.
class RecoveryTest : public ::testing::TestWithParam<bool> {
 protected:
  RecoveryTest() : env_(Env::Real().clock(), Env::Real().random(), files_) {
    EXPECT_TRUE(files_.MakeDirectory(".").ok());
    options_.wal.segment_bytes = 16384;
    options_.wal.idle_note_micros = 0;
    options_.evicts = GetParam();
  }

  /// The first transaction makes the accounts. False if power went.
  bool MakeAccounts(Life& life) {
    life.Begin();
    Model model;
    for (uint64_t i = 0; i < kAccountCount; ++i) {
      auto row = life.Insert(kAccounts, 100);
      if (!row.ok()) return life.Rollback(), false;
      model.accounts[row->value] = 100;
    }
    auto counter = life.Insert(kCounter, 0);
    if (!counter.ok()) return life.Rollback(), false;
    counter_row_ = *counter;
    states_ = {model};
    auto lsn = life.Commit();
    return lsn.ok() && life.wal().WaitDurable(*lsn).ok();
  }

  /// A transfer with its history row; sometimes another history row goes.
  Result<Lsn> Transfer(Life& life) {
    Model model = states_.back();
    const auto number = static_cast<int64_t>(states_.size());
    life.Begin();
    const Status done = [&]() -> Status {
      const uint64_t from = std::next(model.accounts.begin(), random_() % kAccountCount)->first;
      const uint64_t to = std::next(model.accounts.begin(), random_() % kAccountCount)->first;
      if (from != to) {
        const auto amount = static_cast<int64_t>(random_() % 10);
        RETURN_IF_ERROR(life.Update(kAccounts, RowId(from), model.accounts[from] -= amount));
        RETURN_IF_ERROR(life.Update(kAccounts, RowId(to), model.accounts[to] += amount));
      }
      if (!model.history.empty() && random_() % 2 == 0) {
        auto victim = std::next(model.history.begin(), random_() % model.history.size());
        RETURN_IF_ERROR(life.Delete(kHistory, RowId(victim->first)));
        model.history.erase(victim);
      }
      ASSIGN_OR_RETURN(const RowId row, life.Insert(kHistory, number));
      model.history[row.value] = number;
      return life.Update(kCounter, counter_row_, number);
    }();
    if (!done.ok()) return life.Rollback(), done;
    states_.push_back(model);
    Result<Lsn> lsn = life.Commit();
    // Refused: nothing of it may show. (What was appended may, even if it was not acknowledged.)
    if (!lsn.ok()) states_.pop_back();
    return lsn;
  }

  /// The database holds exactly the state after some transfer, `acknowledged` or a later one; the
  /// model goes on from there.
  void Check(Life& life, size_t acknowledged) {
    const auto counter = life.Read(kCounter);
    ASSERT_EQ(counter.size(), 1u);
    const auto number = static_cast<size_t>(counter.begin()->second);
    ASSERT_GE(number, acknowledged);
    ASSERT_LT(number, states_.size());
    states_.resize(number + 1);
    ASSERT_EQ(life.Read(kAccounts), states_.back().accounts);
    ASSERT_EQ(life.Read(kHistory), states_.back().history);
  }

  SimFileSystem files_;
  ComposedEnv env_;
  LifeOptions options_;
  std::mt19937_64 random_{1};
  std::vector<Model> states_;
  RowId counter_row_;
};

TEST_P(RecoveryTest, LosingPowerAtRandomWritesLosesNothingAcknowledged) {
  // More of them for a longer look.
  const char* wanted = std::getenv("OXI_CRASH_SEEDS");
  const uint64_t seeds = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 60;
  uint64_t checkpoints = 0;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_.seed(seed);
    SimFileSystem files;
    ASSERT_TRUE(files.MakeDirectory(".").ok());
    ComposedEnv env(Env::Real().clock(), Env::Real().random(), files);
    states_.clear();
    bool is_set_up = false;
    size_t acknowledged = 0;
    for (int life_number = 0; life_number < 6; ++life_number) {
      files.StopAt(files.write_points() + 5 + random_() % 200);
      {
        auto life = Life::Open(env, options_);
        if (life.ok()) {
          if (!is_set_up) is_set_up = MakeAccounts(**life);
          for (int i = 0; is_set_up && i < 300; ++i) {
            if (random_() % 25 == 0 && (*life)->checkpointer().Run().ok()) ++checkpoints;
            auto lsn = Transfer(**life);
            if (!lsn.ok()) break;
            if (random_() % 4 == 0 && (*life)->wal().WaitDurable(*lsn).ok())
              acknowledged = states_.size() - 1;
          }
        } else {
          ASSERT_EQ(life.code(), ErrorCode::kIoError) << life.status().message();
        }
      }
      files.Crash(random_());
      if (!is_set_up) {
        // Nothing was acknowledged; begin again in a new folder.
        break;
      }
      auto life = Life::Open(env, options_);
      ASSERT_TRUE(life.ok()) << life.status().message() << " " << life.status().info().detail;
      ASSERT_NO_FATAL_FAILURE(Check(**life, acknowledged));
      acknowledged = states_.size() - 1;
    }
  }
  EXPECT_GT(checkpoints, seeds);
}

TEST_P(RecoveryTest, ManyCheckpointsKeepFewSegmentsAndAllRows) {
  size_t most = 0;
  auto life = Life::Open(env_, options_);
  ASSERT_TRUE(life.ok());
  ASSERT_TRUE(MakeAccounts(**life));
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < round * 3; ++i) ASSERT_TRUE(Transfer(**life).ok());
    ASSERT_TRUE((*life)->checkpointer().Run().ok());
    for (const auto& tablet : (*life)->folder().manifest().tablets)
      most = std::max(most, tablet.segments.size());
  }
  EXPECT_GT(most, 1u);
  EXPECT_LE(most, TabletCheckpoint::kSegmentsMax);
  // (A segment and a run each; those merged away may be held until the next checkpoint.)
  EXPECT_LE(files_.List("db/data")->size(), 4 * 3 * TabletCheckpoint::kSegmentsMax);
  const size_t last = states_.size() - 1;
  life->reset();
  life = Life::Open(env_, options_);
  ASSERT_TRUE(life.ok());
  EXPECT_EQ((*life)->wal().replayed().transactions, 0u);
  Check(**life, last);
}

TEST_P(RecoveryTest, AFullDiskStopsNeitherReadingNorLaterWriting) {
  auto life = Life::Open(env_, options_);
  ASSERT_TRUE(life.ok());
  ASSERT_TRUE(MakeAccounts(**life));
  files_.set_capacity(120000);
  Status status;
  for (int i = 0; i < 2000 && status.ok(); ++i) status = Transfer(**life).status();
  EXPECT_EQ(status.code(), ErrorCode::kDiskFull);
  EXPECT_EQ((*life)->Read(kHistory), states_.back().history);
  files_.set_capacity(UINT64_MAX);
  EXPECT_TRUE((*life)->checkpointer().Run().ok());
  auto lsn = Transfer(**life);
  ASSERT_TRUE(lsn.ok());
  ASSERT_TRUE((*life)->wal().WaitDurable(*lsn).ok());
  life->reset();
  files_.Crash(3);
  life = Life::Open(env_, options_);
  ASSERT_TRUE(life.ok());
  Check(**life, states_.size() - 1);
}

TEST_P(RecoveryTest, AForeignFolderAndALockedOneAreRefusedAndLeftAlone) {
  ASSERT_TRUE(files_.MakeDirectory("db").ok());
  ASSERT_TRUE(files_.WriteFileAtomically("db/precious.txt", AsBytes("x")).ok());
  auto life = Life::Open(env_, options_);
  EXPECT_EQ(life.code(), ErrorCode::kConfigFileError);
  EXPECT_EQ(files_.List("db")->size(), 1u);
  ASSERT_TRUE(files_.Remove("db/precious.txt").ok());
  life = Life::Open(env_, options_);
  ASSERT_TRUE(life.ok());
  EXPECT_EQ(Life::Open(env_, options_).code(), ErrorCode::kLockFileExists);
}

TEST_P(RecoveryTest, AFolderRobbedOfItsLogIsNotTakenForANewOne) {
  ASSERT_TRUE(Life::Open(env_, options_).ok());
  const auto names = files_.List("db/wal");
  for (const std::string& name : *names) ASSERT_TRUE(files_.Remove("db/wal/" + name).ok());
  EXPECT_EQ(Life::Open(env_, options_).code(), ErrorCode::kDataCorrupted);
}

TEST_P(RecoveryTest, DamagedFilesAreNamed) {
  {
    auto life = Life::Open(env_, options_);
    ASSERT_TRUE(life.ok());
    ASSERT_TRUE(MakeAccounts(**life));
    ASSERT_TRUE(Transfer(**life).ok());
    ASSERT_TRUE((*life)->checkpointer().Run().ok());
  }
  std::string segment;
  const auto data = files_.List("db/data");
  for (const std::string& name : *data)
    if (name.ends_with(".seg")) segment = "db/data/" + name;
  std::string manifest;
  const auto names = files_.List("db");
  for (const std::string& name : *names)
    if (name.starts_with("manifest-")) manifest = "db/" + name;
  for (const std::string& path : {manifest, std::string("db/OXIBASE")}) {
    const std::string good = *files_.ReadFile(path);
    files_.Damage(path, good.size() / 2, AsBytes("\x80\x81"));
    auto life = Life::Open(env_, options_);
    EXPECT_EQ(life.code(), ErrorCode::kDataCorrupted);
    EXPECT_NE(life.status().message().find(path), std::string_view::npos)
        << life.status().message();
    files_.Damage(path, 0, AsBytes(good));
  }
  EXPECT_TRUE(Life::Open(env_, options_).ok());

  // A damaged block concerns those who read it.
  const std::string good = *files_.ReadFile(segment);
  files_.Damage(segment, 64, AsBytes(std::string((good.size() - 64) / 2, '\x80')));
  auto life = Life::Open(env_, options_);
  ASSERT_TRUE(life.ok());
  size_t damaged = 0;
  for (const TabletId id : {kAccounts, kHistory, kCounter}) {
    const auto values = (*life)->TryRead(id);
    if (values.ok()) continue;
    ++damaged;
    EXPECT_EQ(values.code(), ErrorCode::kDataCorrupted);
    EXPECT_NE(values.status().message().find(segment), std::string_view::npos)
        << values.status().message();
  }
  EXPECT_EQ(damaged, 1u);
}

INSTANTIATE_TEST_SUITE_P(RowsStayOrLeave, RecoveryTest, ::testing::Bool());

TEST(TabletRestoreTest, NamesARowThatIsNotOfItsTable) {
  TxnManager txns(Env::Real().clock());
  const auto finish = [&](SchemaVersion version, size_t bytes) {
    Tablet tablet(TabletId(5), nullptr, txns.epochs());
    tablet.Restore(RowId(3), Timestamp(1), version, std::vector<std::byte>(bytes), true);
    tablet.SetSchema(MakeSchema());
    tablet.set_name("accounts");
    return tablet.FinishRestore();
  };
  const size_t whole = MakeSchema()->newest().fixed_bytes();
  EXPECT_TRUE(finish(1, whole).ok());
  for (const Status& status : {finish(9, whole), finish(1, whole - 1)}) {
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.code(), ErrorCode::kDataCorrupted);
    EXPECT_NE(status.message().find("row 3 of table \"accounts\""), std::string::npos);
  }
}

}  // namespace
}  // namespace oxibase
