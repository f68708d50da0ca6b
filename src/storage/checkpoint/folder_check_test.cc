#include "storage/checkpoint/folder_check.h"

#include <gtest/gtest.h>

#include "env/env.h"
#include "storage/checkpoint/data_folder.h"
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

  std::string segment_, run_;
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

TEST_F(FolderCheckTest, WhatIsNoDatabaseIsRefused) {
  ASSERT_TRUE(files_.MakeDirectory("data/other").ok());
  EXPECT_EQ(FolderCheck(files_, "data/other").Run().code(), ErrorCode::kUndefinedFile);
  const auto lock = files_.Lock("data/db/lock");
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(FolderCheck(files_, kFolder).Run().code(), ErrorCode::kLockFileExists);
}

}  // namespace
}  // namespace oxibase
