#include "storage/checkpoint/folder_check.h"

#include <gtest/gtest.h>

#include "env/env.h"
#include "storage/byte_codec.h"
#include "storage/checkpoint/data_folder.h"
#include "storage/checkpoint/log_check.h"
#include "storage/index/run_writer.h"
#include "storage/segment/segment_fixture.h"

namespace oxibase {
namespace {

class NoTarget final : public RecoveryTarget, public WalReplayPart {
  WalReplayPart& Part(size_t, size_t) override { return *this; }
  Status BeginCheckpoint(Timestamp, TxnId) override { return Status::Ok(); }
  Status LoadTablet(TabletId, RowId, std::shared_ptr<const SegmentList>) override {
    return Status::Ok();
  }
  Status ApplyTxn(TxnId, Timestamp, ByteSpan) override { return Status::Ok(); }
  Status ApplySequence(const SequenceState&) override { return Status::Ok(); }
  Status ApplyRowIdLease(TabletId, RowId) override { return Status::Ok(); }
  Status ApplyFiles(Timestamp, ByteSpan) override { return Status::Ok(); }
  void UseStore(SegmentStore&) override {}
};

/// A folder with one segment and one index run.
class FolderCheckTest : public SegmentTest {
 protected:
  static constexpr const char* kFolder = "data/db";

  FolderCheckTest() {
    ComposedEnv env(Env::Real().clock(), Env::Real().random(), files_);
    EpochManager epochs;
    BlockCache cache(epochs, nullptr, 0);
    DataFolder::Options options;
    options.path = kFolder;
    options.cache = &cache;
    options.wal.segment_bytes = 1 << 16;
    NoTarget target;
    auto opened = DataFolder::Open(env, options, target);
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    DataFolder& folder = **opened;
    options_.path = segment_ = JoinPath(folder.data_path(), SegmentFileName(1));
    options_.identity = folder.identity();
    Write(4500);
    RunWriter::Options run;
    run.path = run_ = JoinPath(folder.data_path(), RunFileName(2));
    run.tablet = options_.tablet;
    run.index = 5;
    run.identity = folder.identity();
    run.leaf_bytes = run.node_bytes = 400;
    auto writer = RunWriter::Create(files_, run);
    for (uint64_t i = 0; i < 3000; ++i)
      EXPECT_TRUE((*writer)->Add("key " + std::to_string(10'000 + i), RowId(i + 1)).ok());
    EXPECT_TRUE((*writer)->Finish().ok());
    Manifest manifest;
    manifest.number = 1;
    manifest.as_of = options_.as_of;
    manifest.wal = folder.wal().position();
    manifest.next_file_number = 3;
    manifest.tablets.push_back(
        {options_.tablet, RowId(20'000), 4500, {{1, 0, 4500, removed_, options_.as_of, {{5, 2}}}}});
    EXPECT_TRUE(folder.Publish(std::move(manifest)).ok());
    uint64_t time = 5000;
    for (uint64_t i = 1; i <= 20; ++i) {
      RedoBuffer redo;
      redo.Insert(options_.tablet, RowId(30'000 + i), 1, AsBytes(std::string(100, 'r')));
      EXPECT_TRUE(folder.wal().AppendTxn(TxnId(i), redo, [&] { return Timestamp{++time}; }).ok());
    }
    LogFiles(folder.wal());
    wal_ = JoinPath(JoinPath(kFolder, "wal"), WalSegmentName(kWalFirstLsn));
  }

  /// A transaction whose segment has a first byte, and, if `whole`, is named.
  static void LogFiles(WalManager& wal) {
    std::vector<std::byte> payload;
    ByteWriter piece(payload);
    for (const uint64_t value : {1, 0, 9, 0, 77}) piece.Varint(value);  // of 9.seg, from 0 on
    EXPECT_TRUE(wal.AppendFiles(TxnId(50), payload).ok());
    payload.clear();
    for (const uint64_t value : {2, 7, 9, 1, 0, 0}) piece.Varint(value);  // 9.seg, of tablet 7
    EXPECT_TRUE(wal.AppendFiles(TxnId(50), payload).ok());
    EXPECT_TRUE(wal.AppendTxn(TxnId(50), RedoBuffer(), [] { return Timestamp{6000}; }, true).ok());
  }

  /// Messages of what a check finds.
  std::vector<std::string> Damages() {
    FolderCheck check(files_, kFolder);
    const Status status = check.Run();
    EXPECT_TRUE(status.ok()) << status.message();
    counts_ = check.counts();
    std::vector<std::string> messages;
    for (const Status& damage : check.damages()) messages.emplace_back(damage.message());
    return messages;
  }
  void Flip(const std::string& path, uint64_t offset) {
    std::string bytes = *files_.ReadFile(path);
    bytes[offset] ^= 1;
    files_.Damage(path, offset, AsBytes(bytes.substr(offset, 1)));
  }

  void Replace(const std::string& path, std::string_view bytes) {
    const auto file = files_.Open(path, OpenMode::kCreateOrEmpty);
    ASSERT_TRUE(file.ok() && (*file)->Append(AsBytes(bytes)).ok());
  }
  /// Where in the log's file the `n`th record lies, from 0 on.
  uint64_t LogRecord(int n) {
    const std::string bytes = *files_.ReadFile(wal_);
    uint64_t at = kWalSegmentHeaderBytes;
    for (; n > 0; --n)
      at +=
          WalRecordHeader::Decode(AsBytes(bytes).subspan(at, kWalRecordHeaderBytes))->total_bytes();
    return at;
  }

  std::string segment_, run_, wal_;
  FolderCheck::Counts counts_;
};

TEST_F(FolderCheckTest, AWholeFolderHasNoDamage) {
  EXPECT_EQ(Damages(), std::vector<std::string>());
  EXPECT_EQ(counts_.rows, 4500u);
  EXPECT_EQ(counts_.index_entries, 3000u);
  EXPECT_GE(counts_.files, 5u);
}

TEST_F(FolderCheckTest, EachDamagedBlockIsListedOnce) {
  // Three places far from one another in the segment, two in the run.
  for (const uint64_t offset : {100, 30'000, 60'000}) Flip(segment_, offset);
  for (const uint64_t offset : {70, 8'000}) Flip(run_, offset);
  const std::vector<std::string> damages = Damages();
  size_t in_segment = 0;
  size_t in_run = 0;
  for (const std::string& damage : damages) {
    EXPECT_NE(damage.find("offset"), std::string::npos) << damage;
    in_segment += damage.find(segment_) != std::string::npos ? 1 : 0;
    in_run += damage.find(run_) != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(in_segment, 3u);
  EXPECT_GE(in_run, 2u);
}

TEST_F(FolderCheckTest, AnyFlippedBitOfAFileThatCountsIsFound) {
  for (const std::string& path : {segment_, run_, JoinPath(kFolder, ManifestName(1))}) {
    const size_t size = files_.ReadFile(path)->size();
    for (int round = 0; round < 25; ++round) {
      const uint64_t offset = random_() % size;
      Flip(path, offset);
      const std::vector<std::string> damages = Damages();
      ASSERT_FALSE(damages.empty()) << path << " " << offset;
      EXPECT_NE(damages[0].find(path), std::string::npos) << damages[0];
      Flip(path, offset);
    }
  }
  EXPECT_TRUE(Damages().empty());
}

TEST_F(FolderCheckTest, MissingFiles) {
  ASSERT_TRUE(files_.Remove(run_).ok());
  EXPECT_EQ(Damages().size(), 1u);
  ASSERT_TRUE(files_.Remove(segment_).ok());
  EXPECT_EQ(Damages().size(), 2u);
  const auto names = files_.List(JoinPath(kFolder, "wal"));
  for (const std::string& name : *names)
    ASSERT_TRUE(files_.Remove(JoinPath(JoinPath(kFolder, "wal"), name)).ok());
  EXPECT_GE(Damages().size(), 3u);
}

TEST_F(FolderCheckTest, FilesThatAreTooShortOrOthersAre) {
  const std::string manifest = JoinPath(kFolder, ManifestName(1));
  const std::string format = JoinPath(kFolder, DataFolder::kFormatFile);
  for (const std::string& path : {segment_, run_, manifest, wal_, format}) {
    const std::string whole = *files_.ReadFile(path);
    std::vector<std::string> others = {"", whole.substr(0, whole.size() / 2),
                                       *files_.ReadFile(path == segment_ ? run_ : segment_)};
    // Only the log has room at its end.
    if (path != wal_) others.push_back(whole.substr(0, whole.size() - 1));
    if (path == wal_)
      others[1] = whole.substr(0, LogRecord(0) + 5);  // behind the checkpoint it may be torn
    for (const std::string& bytes : others) {
      Replace(path, bytes);
      const std::vector<std::string> damages = Damages();
      ASSERT_FALSE(damages.empty()) << path << " " << bytes.size();
      EXPECT_NE(damages[0].find(path), std::string::npos) << damages[0];
    }
    Replace(path, whole);
    ASSERT_TRUE(Damages().empty()) << path;
  }
}

TEST_F(FolderCheckTest, DamageInTheLogsMiddleIsOneButNotATornEnd) {
  // An opening (before the checkpoint), 20 transactions, three records of one with a segment, the
  // note of the end.
  for (int record = 1; record < 24; ++record) {
    const uint64_t at = LogRecord(record) + random_() % 72;
    Flip(wal_, at);
    ASSERT_EQ(Damages().size(), 1u) << record;
    EXPECT_NE(Damages()[0].find("offset " + std::to_string(LogRecord(record))), std::string::npos);
    Flip(wal_, at);
  }
  EXPECT_EQ(Damages().size(), 0u);
  EXPECT_EQ(counts_.log_records, 24u);  // with the note
  Flip(wal_, LogRecord(24) + 20);
  EXPECT_EQ(Damages().size(), 0u);
}

TEST_F(FolderCheckTest, FilesThatNobodyNamesAreNone) {
  // What checkpoints that did not end and transactions in flight leave.
  Replace(JoinPath(kFolder, "data/0000000000000009.seg"), "half of a segm");
  Replace(JoinPath(kFolder, "data/000000000000000a.run"), "");
  Replace(JoinPath(kFolder, "manifest-0000000000000002.tmp"), "OXIMA");
  EXPECT_TRUE(Damages().empty());
}

TEST_F(FolderCheckTest, RecordsThatMakeNoSenseTogether) {
  LogCheck check(Timestamp{10});
  WalReader::Record record;
  record.header.kind = WalRecordKind::kCommit;
  record.header.txn = TxnId(1);
  record.header.timestamp = Timestamp{10};
  EXPECT_TRUE(check.Add(record).ok());  // the checkpoint has it
  record.header.timestamp = Timestamp{11};
  EXPECT_EQ(check.Add(record).code(), ErrorCode::kDataCorrupted);
  record.header.kind = WalRecordKind::kAddFiles;
  std::vector<std::byte> payload;
  ByteWriter piece(payload);
  for (const uint64_t value : {1, 0, 9, 5, 77}) piece.Varint(value);  // from 5 on
  record.payload = payload;
  EXPECT_EQ(check.Add(record).code(), ErrorCode::kDataCorrupted);
  payload.clear();
  for (const uint64_t value : {2, 7, 8, 1, 0, 0}) piece.Varint(value);  // 8.seg has no piece
  record.payload = payload;
  EXPECT_EQ(check.Add(record).code(), ErrorCode::kDataCorrupted);
  record.header.kind = WalRecordKind::kTxn;
  record.payload = AsBytes("\x02zz");
  EXPECT_EQ(check.Add(record).code(), ErrorCode::kDataCorrupted);
}

TEST_F(FolderCheckTest, WhatIsNoDatabaseIsRefused) {
  ASSERT_TRUE(files_.MakeDirectory("data/other").ok());
  EXPECT_EQ(FolderCheck(files_, "data/other").Run().code(), ErrorCode::kUndefinedFile);
  const auto lock = files_.Lock("data/db/lock");
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(FolderCheck(files_, kFolder).Run().code(), ErrorCode::kLockFileExists);
}

}  // namespace
}  // namespace oxibase
