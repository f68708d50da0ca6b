#include "storage/wal/wal_manager.h"

#include <gtest/gtest.h>

#include <random>

#include "env/sim_file_system.h"
#include "storage/wal/wal_replay.h"

namespace oxibase {
namespace {

/// What replay handed out, as text.
class Replayed : public WalReplayTarget, public WalReplayPart {
 public:
  WalReplayPart& Part(size_t, size_t) override { return *this; }
  Status ApplyTxn(TxnId txn, Timestamp commit_ts, ByteSpan changes) override {
    RowChangeReader reader(changes);
    RowChange change;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, reader.Next(&change));
      if (!more) break;
      rows.push_back(change.row.value);
      lines.push_back(
          fmt::format("txn {} at {}: {}", txn.value, commit_ts.value, FormatRowChange(change)));
    }
    return Status::Ok();
  }
  Status ApplySequence(const SequenceState& state) override {
    lines.push_back(
        fmt::format("sequence {} = {} {}", state.sequence, state.last_value, state.is_called));
    return Status::Ok();
  }
  Status ApplyRowIdLease(TabletId tablet, RowId bound) override {
    lines.push_back(fmt::format("lease {} {}", tablet.value, bound.value));
    return Status::Ok();
  }
  Status ApplyFiles(Timestamp commit_ts, ByteSpan payload) override {
    lines.push_back(fmt::format("files at {}: {} bytes", commit_ts.value, payload.size()));
    return Status::Ok();
  }
  std::vector<std::string> lines;
  std::vector<uint64_t> rows;
};

class WalManagerTest : public ::testing::Test {
 protected:
  WalManagerTest() : env_(Env::Real().clock(), Env::Real().random(), files_) {
    EXPECT_TRUE(files_.MakeDirectory("wal").ok());
    options_.segment_bytes = 16384;
    options_.replay_threads = 1;
    options_.idle_note_micros = 0;
  }
  Status Open(WalPosition from = {}) {
    wal_.reset();
    replayed_ = {};
    ASSIGN_OR_RETURN(wal_, WalManager::Open(env_, "wal", options_, from, replayed_));
    return Status::Ok();
  }
  /// One transaction that inserts row `id` with a row of `bytes` bytes.
  Result<WalRange> Append(uint64_t id, size_t bytes = 40) {
    RedoBuffer redo;
    const std::vector<std::byte> row(bytes, static_cast<std::byte>(id));
    redo.Insert(TabletId(3), RowId(id), 1, row);
    return wal_->AppendTxn(TxnId{id}, redo, [this] { return Timestamp{++clock_}; });
  }
  Status Commit(uint64_t id, size_t bytes = 40) {
    ASSIGN_OR_RETURN(const WalRange range, Append(id, bytes));
    return wal_->WaitDurable(range.end);
  }
  std::vector<std::string> Segments() {
    std::vector<std::string> found;
    const auto names = files_.List("wal");
    for (const std::string& name : *names)
      if (ParseWalSegmentName(name)) found.push_back("wal/" + name);
    return found;
  }

  SimFileSystem files_;
  ComposedEnv env_;
  WalOptions options_;
  Replayed replayed_;
  std::unique_ptr<WalManager> wal_;
  uint64_t clock_ = 100;
};

TEST_F(WalManagerTest, WhatWasAppendedComesBackInOrder) {
  ASSERT_TRUE(Open().ok());
  RedoBuffer redo;
  redo.Insert(TabletId(3), RowId(1), 1, AsBytes("first row"));
  const RedoBuffer::Mark savepoint = redo.mark();
  redo.Insert(TabletId(4), RowId(9), 1, AsBytes("rolled back"));
  redo.TruncateTo(savepoint);
  redo.Update(TabletId(4), RowId(2), 7, AsBytes("new"), AsBytes("key"));
  redo.Delete(TabletId(3), RowId(1));
  ASSERT_TRUE(wal_->AppendTxn(TxnId{5}, redo, [] { return Timestamp{101}; }).ok());
  ASSERT_TRUE(wal_->AppendSequence({16400, -7, true}).ok());
  auto last = wal_->AppendRowIdLease(TabletId(3), RowId(4096));
  ASSERT_TRUE(wal_->WaitDurable(last->end).ok());
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(replayed_.lines,
            (std::vector<std::string>{
                "sequence 16400 = -7 true", "lease 3 4096",
                "txn 5 at 101: insert tablet 3 row 1 v1 (9 bytes)",
                "txn 5 at 101: update tablet 4 row 2 v7 (3 bytes) old key (3 bytes)",
                "txn 5 at 101: delete tablet 3 row 1"}));
  EXPECT_EQ(wal_->position().timestamp.value, 101u);
}

TEST_F(WalManagerTest, ALargeTransactionIsChunkedAndComesBackWhole) {
  ASSERT_TRUE(Open().ok());
  RedoBuffer redo;
  const std::vector<std::byte> row(3 << 20);
  for (uint64_t i = 1; i <= 5; ++i) redo.Insert(TabletId(3), RowId(i), 1, row);
  auto range = wal_->AppendTxn(TxnId{1}, redo, [this] { return Timestamp{++clock_}; });
  ASSERT_TRUE(range.ok());
  ASSERT_TRUE(wal_->WaitDurable(range->end).ok());
  ASSERT_TRUE(Commit(6).ok());
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(replayed_.rows, (std::vector<uint64_t>{1, 2, 3, 4, 5, 6}));
}

/// Every part keeps what is its own; a row that says so fails.
class Shares : public WalReplayTarget {
 public:
  static constexpr uint64_t kBadRow = 1'000'000;

  class Share : public WalReplayPart {
   public:
    Share(size_t part, size_t parts) : part_(part), parts_(parts) {}
    Status ApplyTxn(TxnId, Timestamp commit_ts, ByteSpan changes) override {
      RowChangeReader reader(changes);
      RowChange change;
      for (;;) {
        ASSIGN_OR_RETURN(const bool more, reader.Next(&change));
        if (!more) return {};
        if (change.row.value % parts_ != part_) continue;
        if (change.row.value >= kBadRow) {
          return Error(ErrorCode::kDataCorrupted, "bad row {}", change.row.value);
        }
        rows[change.row.value].push_back(commit_ts.value);
      }
    }
    std::map<uint64_t, std::vector<uint64_t>> rows;

   private:
    const size_t part_;
    const size_t parts_;
  };
  WalReplayPart& Part(size_t part, size_t parts) override {
    shares.push_back(std::make_unique<Share>(part, parts));
    return *shares.back();
  }
  Status ApplySequence(const SequenceState&) override { return {}; }
  Status ApplyRowIdLease(TabletId, RowId) override { return {}; }
  Status ApplyFiles(Timestamp, ByteSpan) override { return {}; }
  std::vector<std::unique_ptr<Share>> shares;
};

TEST_F(WalManagerTest, ThreadsShareReplayAndKeepTheOrderOfEachRow) {
  options_.segment_bytes = 1 << 20;
  ASSERT_TRUE(Open().ok());
  constexpr uint64_t kTransactions = 12'000, kRows = 100;
  const std::vector<std::byte> row(1000);
  for (uint64_t i = 1; i <= kTransactions; ++i) {
    RedoBuffer redo;
    redo.Update(TabletId(3), RowId(i % kRows + 1), 1, row);
    ASSERT_TRUE(wal_->AppendTxn(TxnId{i}, redo, [i] { return Timestamp{i}; }).ok());
  }
  const auto lease = wal_->AppendRowIdLease(TabletId(3), RowId(4096));
  ASSERT_TRUE(wal_->WaitDurable(lease->end).ok());
  wal_.reset();
  uint64_t told = 0, told_total = 0;
  options_.replay_threads = 3;
  options_.on_replay = [&](uint64_t done, uint64_t total) {
    EXPECT_GE(done, told);
    EXPECT_LE(done, total);
    told = done;
    told_total = total;
  };
  {
    Shares shares;
    auto wal = WalManager::Open(env_, "wal", options_, {}, shares);
    ASSERT_TRUE(wal.ok()) << wal.status().message();
    ASSERT_EQ(shares.shares.size(), 3u);
    EXPECT_EQ(told, told_total);
    EXPECT_GT(told, kTransactions * 1000);
    size_t rows = 0;
    for (const auto& share : shares.shares) {
      for (const auto& [id, versions] : share->rows) {
        ++rows;
        EXPECT_EQ(versions.size(), kTransactions / kRows);
        EXPECT_TRUE(std::is_sorted(versions.begin(), versions.end()));
      }
    }
    EXPECT_EQ(rows, kRows);
    // The first of two bad records is told, whoever meets one sooner.
    for (const uint64_t bad : {Shares::kBadRow, Shares::kBadRow + 1}) {
      RedoBuffer redo;
      redo.Insert(TabletId(3), RowId(bad), 1, row);
      const auto end = (*wal)->AppendTxn(TxnId{bad}, redo, [&] { return Timestamp{bad}; });
      ASSERT_TRUE((*wal)->WaitDurable(end->end).ok());
    }
  }
  told = 0;
  Shares shares;
  const auto wal = WalManager::Open(env_, "wal", options_, {}, shares);
  ASSERT_FALSE(wal.ok());
  EXPECT_EQ(wal.status().code(), ErrorCode::kDataCorrupted);
  EXPECT_NE(wal.status().message().find("bad row"), std::string::npos) << wal.status().message();
}

TEST_F(WalManagerTest, ReplayBeginsAtACheckpointAndOlderFilesAreReused) {
  ASSERT_TRUE(Open().ok());
  for (uint64_t i = 1; i <= 300; ++i) ASSERT_TRUE(Commit(i, 200).ok());
  const size_t files_before = Segments().size();
  EXPECT_GT(files_before, 4u);
  const WalPosition at = wal_->position();
  ASSERT_TRUE(wal_->RemoveBefore(at.replay_from).ok());
  EXPECT_EQ(Segments().size(), 1u);
  for (uint64_t i = 301; i <= 500; ++i) ASSERT_TRUE(Commit(i, 200).ok());
  ASSERT_TRUE(Open(at).ok());
  ASSERT_EQ(replayed_.rows.size(), 200u);
  EXPECT_EQ(replayed_.rows.front(), 301u);
  EXPECT_EQ(replayed_.rows.back(), 500u);
}

TEST_F(WalManagerTest, FilesOlderThanTheCheckpointAreRefused) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Commit(1).ok());
  const std::string path = Segments().front();
  const auto old = files_.ReadFile(path);
  ASSERT_TRUE(old.ok());
  for (uint64_t i = 2; i <= 5; ++i) ASSERT_TRUE(Commit(i).ok());
  const WalPosition at = wal_->position();
  wal_.reset();
  EXPECT_TRUE(Open(at).ok());
  wal_.reset();
  ASSERT_TRUE(files_.WriteFileAtomically(path, AsBytes(*old)).ok());
  const Status status = Open(at);
  EXPECT_EQ(status.code(), ErrorCode::kDataCorrupted) << status.message();
}

TEST_F(WalManagerTest, OnDurableIsCalledOnceTheRecordIsOnDisk) {
  ASSERT_TRUE(Open().ok());
  Mutex mu;
  CondVar cv;
  bool called = false;
  auto range = Append(1);
  wal_->OnDurable(range->end, [&](const Status& status) {
    EXPECT_TRUE(status.ok());
    MutexLock lock(mu);
    called = true;
    cv.NotifyAll();
  });
  MutexLock lock(mu);
  while (!called) cv.Wait(mu);
  EXPECT_GE(wal_->durable_lsn(), range->end);
}

TEST_F(WalManagerTest, AFullDiskFailsTheCommitCleanlyAndWritingGoesOnLater) {
  ASSERT_TRUE(Open().ok());
  files_.set_capacity(40000);
  uint64_t id = 1;
  Status status;
  while ((status = Commit(id, 500)).ok()) ++id;
  EXPECT_EQ(status.code(), ErrorCode::kDiskFull);
  EXPECT_EQ(Commit(id, 500).code(), ErrorCode::kDiskFull);
  files_.set_capacity(UINT64_MAX);
  EXPECT_TRUE(Commit(id, 500).ok());
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(replayed_.rows.size(), id);
}

TEST_F(WalManagerTest, AFailedSyncEndsWritingAndTheOutcomeIsUnknown) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Commit(1).ok());
  files_.FailSyncs(1);
  EXPECT_EQ(Commit(2).code(), ErrorCode::kTransactionResolutionUnknown);
  EXPECT_EQ(Commit(3).code(), ErrorCode::kIoError);
  wal_.reset();
  files_.Crash(1);
  ASSERT_TRUE(Open().ok());
  ASSERT_FALSE(replayed_.rows.empty());
  EXPECT_EQ(replayed_.rows.front(), 1u);
  EXPECT_TRUE(Commit(4).ok());
}

TEST_F(WalManagerTest, DamageBeforeTheTailIsRefusedAndNamed) {
  ASSERT_TRUE(Open().ok());
  std::vector<WalRange> ranges;
  for (uint64_t i = 1; i <= 100; ++i) {
    ranges.push_back(*Append(i, 300));
    ASSERT_TRUE(wal_->WaitDurable(ranges.back().end).ok());
  }
  wal_.reset();
  const std::string first = Segments().front();
  files_.Damage(first, kWalSegmentHeaderBytes + ranges[10].begin.value - 8 + 100, AsBytes("x"));
  const Status status = Open();
  ASSERT_EQ(status.code(), ErrorCode::kDataCorrupted);
  EXPECT_NE(status.message().find(first), std::string_view::npos) << status.message();
  // The same when a length is hit, so that the next record cannot be found by it.
  files_.Damage(first, kWalSegmentHeaderBytes + ranges[5].begin.value - 8 + 12, AsBytes("abcd"));
  EXPECT_EQ(Open().code(), ErrorCode::kDataCorrupted);
}

TEST_F(WalManagerTest, AfterAnIdleNoteEvenTheLastCommitIsGuarded) {
  options_.idle_note_micros = 1000;
  ASSERT_TRUE(Open().ok());
  auto range = Append(1);
  ASSERT_TRUE(wal_->WaitDurable(range->end).ok());
  wal_.reset();  // closing notes at the latest
  files_.Damage(Segments().front(), kWalSegmentHeaderBytes + range->begin.value - 8 + 80,
                AsBytes("xy"));
  EXPECT_EQ(Open().code(), ErrorCode::kDataCorrupted);
}

TEST_F(WalManagerTest, AForeignOrMissingFileIsRefused) {
  ASSERT_TRUE(Open().ok());
  for (uint64_t i = 1; i <= 100; ++i) ASSERT_TRUE(Commit(i, 300).ok());
  const WalPosition end = wal_->position();
  wal_.reset();
  options_.identity[0] = std::byte{1};
  EXPECT_EQ(Open().code(), ErrorCode::kDataCorrupted);
  options_.identity[0] = std::byte{0};
  const std::vector<std::string> segments = Segments();
  ASSERT_TRUE(files_.Remove(segments[1]).ok());
  EXPECT_EQ(Open().code(), ErrorCode::kDataCorrupted);
  for (const std::string& path : segments) files_.Remove(path).Ignore("one is gone already");
  EXPECT_EQ(Open(end).code(), ErrorCode::kDataCorrupted);
}

// Several lives of a log, each ended by a loss of power at a random write: every acknowledged
// transaction is there, and what is there is a beginning of what was appended.
TEST_F(WalManagerTest, CrashesAtRandomWritesLoseNothingAcknowledged) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SimFileSystem files;
    ComposedEnv env(Env::Real().clock(), Env::Real().random(), files);
    ASSERT_TRUE(files.MakeDirectory("wal").ok());
    std::mt19937_64 random(seed);
    std::vector<uint64_t> expected;  // survivors of earlier lives
    uint64_t id = 0;
    uint64_t clock = 1;
    for (int life = 0; life < 4; ++life) {
      Replayed replayed;
      std::vector<uint64_t> appended = expected;
      size_t acknowledged = expected.size();
      files.StopAt(files.write_points() + 1 + random() % 60);
      {
        auto wal = WalManager::Open(env, "wal", options_, {}, replayed);
        if (wal.ok()) {
          ASSERT_EQ(replayed.rows, expected) << "seed " << seed;
          for (int i = 0; i < 100; ++i) {
            RedoBuffer redo;
            const std::vector<std::byte> row(random() % 2000, std::byte{7});
            redo.Insert(TabletId(1), RowId(++id), 1, row);
            auto range = (*wal)->AppendTxn(TxnId{id}, redo, [&] { return Timestamp{++clock}; });
            if (!range.ok()) break;
            appended.push_back(id);
            if (random() % 3 == 0 && (*wal)->WaitDurable(range->end).ok())
              acknowledged = appended.size();
          }
        }
      }
      files.Crash(random());
      Replayed after;
      auto wal = WalManager::Open(env, "wal", options_, {}, after);
      ASSERT_TRUE(wal.ok()) << "seed " << seed << ": " << wal.status().message();
      ASSERT_GE(after.rows.size(), acknowledged) << "seed " << seed;
      ASSERT_LE(after.rows.size(), appended.size()) << "seed " << seed;
      appended.resize(after.rows.size());
      ASSERT_EQ(after.rows, appended) << "seed " << seed;
      expected = after.rows;
    }
  }
}

TEST_F(WalManagerTest, AnyDamageEndsInAnErrorOrAPrefix) {
  ASSERT_TRUE(Open().ok());
  for (uint64_t i = 1; i <= 60; ++i) ASSERT_TRUE(Append(i, i * 7).ok());
  ASSERT_TRUE(wal_->WaitDurable(Append(61)->end).ok());
  wal_.reset();
  std::mt19937_64 random(42);
  const std::vector<std::string> segments = Segments();
  for (int round = 0; round < 400; ++round) {
    const std::string& path = segments[random() % segments.size()];
    auto before = files_.ReadFile(path);
    std::string after = *before;
    for (uint64_t i = 0; i <= random() % 8; ++i) {
      const size_t at = random() % after.size();
      const size_t count = std::min<size_t>(1 + random() % 40, after.size() - at);
      for (size_t k = 0; k < count; ++k) after[at + k] = static_cast<char>(random());
    }
    SimFileSystem copy;
    ComposedEnv env(Env::Real().clock(), Env::Real().random(), copy);
    ASSERT_TRUE(copy.MakeDirectory("wal").ok());
    for (const std::string& name : segments) {
      auto bytes = files_.ReadFile(name);
      auto file = copy.Open(name, OpenMode::kCreateNew);
      ASSERT_TRUE((*file)->WriteAt(0, AsBytes(name == path ? after : *bytes)).ok());
    }
    Replayed replayed;
    auto wal = WalManager::Open(env, "wal", options_, {}, replayed);
    for (size_t i = 0; i < replayed.rows.size(); ++i) ASSERT_EQ(replayed.rows[i], i + 1);
    const bool refused =
        wal.code() == ErrorCode::kDataCorrupted || wal.code() == ErrorCode::kFeatureNotSupported;
    ASSERT_TRUE(wal.ok() || refused) << wal.status().message();
  }
}

TEST(RowChangeReaderTest, RandomBytesNeverCrash) {
  std::mt19937_64 random(7);
  RedoBuffer redo;
  for (uint64_t i = 1; i < 30; ++i) {
    redo.Update(TabletId(i % 3 + 1), RowId(i * 1000), 1, AsBytes("some row bytes"), AsBytes("k"));
    redo.Delete(TabletId(2), RowId(i));
  }
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::byte> bytes(redo.bytes().begin(), redo.bytes().end());
    for (uint64_t i = 0; i <= random() % 4; ++i)
      bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    bytes.resize(random() % (bytes.size() + 1));
    RowChangeReader reader(bytes);
    RowChange change;
    while (true) {
      auto more = reader.Next(&change);
      if (!more.ok()) {
        ASSERT_EQ(more.code(), ErrorCode::kDataCorrupted);
        break;
      }
      if (!*more) break;
    }
  }
}

}  // namespace
}  // namespace oxibase
