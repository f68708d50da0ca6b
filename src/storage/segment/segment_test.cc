#include <gtest/gtest.h>

#include "storage/segment/segment_fixture.h"
#include "storage/segment/segment_reader.h"

namespace oxibase {
namespace {

TEST_F(SegmentTest, RowsComeBackAsTheyWereReadThroughTheNewestSchemaOfTheirGroup) {
  Write(7000);
  auto reader = SegmentReader::Open(files_, options_.path, options_.tablet, options_.identity);
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  size_t at = 0;
  ASSERT_TRUE(
      (*reader)
          ->ForEachRow([&](RowId id, Timestamp begin, SchemaVersion version, ByteSpan bytes) {
            EXPECT_EQ(id.value, (at + 1) * 3);
            EXPECT_EQ(begin.value, at + 1);
            const RowLayout& layout = schema_->At(version);
            for (size_t c = 0; c < layout.columns().size(); ++c) {
              const auto& column = layout.columns()[c];
              const auto expected = rows_[at].find(column.id.value);
              EXPECT_EQ(layout.ReadValue(bytes.data(), c),
                        expected == rows_[at].end() ? column.missing : expected->second);
            }
            ++at;
            return Status::Ok();
          })
          .ok());
  EXPECT_EQ(at, 7000u);
  uint64_t removed = 0;
  ASSERT_TRUE(
      (*reader)->ForEachRemoved([&](RowId id) { EXPECT_EQ(id.value, ++removed * 2); }).ok());
  EXPECT_EQ(removed, 5000u);
  const SegmentFooter::Group& group = (*reader)->footer().groups[0];
  EXPECT_EQ(group.first.value, 3u);
  const ZoneMap& zone = group.columns[0].zone;
  ASSERT_TRUE(zone.has_bounds);
  int32_t min = 0;
  std::memcpy(&min, zone.min.data(), sizeof min);
  EXPECT_EQ(min, -50);
}

TEST_F(SegmentTest, AFileOfTheFirstFormatIsRead) {
  static constexpr unsigned char kFile[] = {
#include "storage/segment/format1_sample.inc"
  };
  removed_ = 3;
  Write(30);  // what that file was made from
  ASSERT_TRUE(files_.WriteFileAtomically(options_.path, std::as_bytes(std::span(kFile))).ok());
  auto reader = SegmentReader::Open(files_, options_.path, options_.tablet, options_.identity);
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  size_t at = 0;
  const Status read =
      (*reader)->ForEachRow([&](RowId id, Timestamp, SchemaVersion version, ByteSpan bytes) {
        EXPECT_EQ(id.value, (at + 1) * 3);
        const RowLayout& layout = schema_->At(version);
        for (size_t c = 0; c < layout.columns().size(); ++c)
          EXPECT_EQ(layout.ReadValue(bytes.data(), c), rows_[at][layout.columns()[c].id.value]);
        ++at;
        return Status::Ok();
      });
  ASSERT_TRUE(read.ok()) << read.message();
  EXPECT_EQ(at, 30u);
}

TEST_F(SegmentTest, AnyDamageIsAnErrorThatNamesTheFile) {
  Write(300);
  const std::string good = *files_.ReadFile(options_.path);
  for (int round = 0; round < 500; ++round) {
    std::string bad = good;
    bad[random_() % bad.size()] ^= static_cast<char>(1 << random_() % 8);
    if (random_() % 4 == 0) bad.resize(random_() % bad.size());
    ASSERT_TRUE(files_.WriteFileAtomically("data/b.seg", AsBytes(bad)).ok());
    auto reader = SegmentReader::Open(files_, "data/b.seg", options_.tablet, options_.identity);
    Status status = reader.ok() ? Status::Ok() : reader.status();
    if (status.ok())
      status = (*reader)->ForEachRow(
          [](RowId, Timestamp, SchemaVersion, ByteSpan) { return Status::Ok(); });
    if (status.ok()) status = (*reader)->ForEachRemoved([](RowId) {});
    ASSERT_FALSE(status.ok());
    EXPECT_NE(status.message().find("data/b.seg"), std::string_view::npos) << status.message();
  }
}

}  // namespace
}  // namespace oxibase
