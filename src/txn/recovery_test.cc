// Databases that lose power: transactions, checkpoints and recovery together, on a simulated file
// system that forgets what was not synced.

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "env/sim_file_system.h"
#include "storage/checkpoint/tablet_checkpoint.h"
#include "txn/life_fixture.h"

namespace oxibase {
namespace {

/// What the tables must hold after each transfer.
struct Model {
  std::map<uint64_t, int64_t> accounts;
  std::map<uint64_t, int64_t> history;
};

enum class Rows : uint8_t { kStay, kLeave, kMoveAtOnce };

/// The parameter: whether rows leave memory, and, at the end, whether already those that a
/// transaction has written do so.
class RecoveryTest : public ::testing::TestWithParam<Rows> {
 protected:
  RecoveryTest() : env_(Env::Real().clock(), Env::Real().random(), files_) {
    EXPECT_TRUE(files_.MakeDirectory(".").ok());
    options_.wal.segment_bytes = 16384;
    options_.wal.idle_note_micros = 0;
    options_.evicts = GetParam() != Rows::kStay;
    if (GetParam() == Rows::kMoveAtOnce) options_.txn_bytes_max = 200;
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
  const uint64_t writes = GetParam() == Rows::kMoveAtOnce ? 1500 : 200;  // to files
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
      files.StopAt(files.write_points() + 5 + random_() % writes);
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
  EXPECT_GT(checkpoints, seeds / 2);
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
  ASSERT_TRUE(Transfer(**life).ok());
  (*life)->txns().epochs().Collect();
  ASSERT_TRUE((*life)->checkpointer().Run().ok());
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

INSTANTIATE_TEST_SUITE_P(RowsStayOrLeave, RecoveryTest,
                         ::testing::Values(Rows::kStay, Rows::kLeave, Rows::kMoveAtOnce));

TEST(TabletRestoreTest, NamesARowThatIsNotOfItsTable) {
  TxnManager txns(Env::Real().clock());
  const auto finish = [&](SchemaVersion version, size_t bytes) {
    Tablet tablet(TabletId(5), nullptr, txns.epochs());
    EpochGuard guard(txns.epochs());
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
