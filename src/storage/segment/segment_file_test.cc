#include "storage/segment/segment_file.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/segment/segment_fixture.h"
#include "storage/segment/segment_reader.h"

namespace oxibase {
namespace {

class SegmentFileTest : public SegmentTest {
 protected:
  Result<std::unique_ptr<SegmentFile>> Open(const std::string& path) {
    return SegmentFile::Open(files_, path, options_.tablet, options_.identity, cache_, &memory_);
  }
  void Open() {
    auto segment = Open(options_.path);
    ASSERT_TRUE(segment.ok()) << segment.status().message();
    segment_ = *std::move(segment);
  }
  /// The row with this index in rows_.
  SegmentFile::Place PlaceOf(size_t row) {
    auto place = segment_->Find(RowId((row + 1) * step_));
    EXPECT_TRUE(place.ok());
    EXPECT_TRUE(place->has_value());
    return **place;
  }
  Value Expected(size_t row, const RowLayout::Column& column) {
    const auto found = rows_[row].find(column.id.value);
    return found == rows_[row].end() ? column.missing : found->second;
  }

  EpochManager epochs_;
  MemoryTracker memory_{"test"};
  BlockCache cache_{epochs_, &memory_, 4 << 20};
  std::unique_ptr<SegmentFile> segment_;
};

TEST_F(SegmentFileTest, FindsEachRowAndNoOther) {
  Write(5000);
  Open();
  EpochGuard guard(epochs_);
  EXPECT_EQ(segment_->row_count(), 5000u);
  std::optional<SegmentFile::Place> before;
  for (uint64_t id = 0; id <= 15'010; ++id) {
    auto place = segment_->Find(RowId(id));
    ASSERT_TRUE(place.ok());
    ASSERT_EQ(place->has_value(), id % 3 == 0 && id > 0 && id <= 15'000) << id;
    if (!place->has_value()) continue;
    const SegmentFile::Group& group = segment_->groups()[(*place)->group];
    EXPECT_EQ(group.first_row + (*place)->position, id / 3 - 1);
    EXPECT_EQ((*segment_->Begins((*place)->group))[(*place)->position], id / 3);
    EXPECT_EQ((*segment_->RowIds((*place)->group))[(*place)->position], id);
  }
}

TEST_F(SegmentFileTest, DenseGroupsNeedNoRowIds) {
  step_ = 1;
  Write(5000);
  Open();
  EpochGuard guard(epochs_);
  for (uint64_t id = 0; id <= 5001; ++id) {
    auto place = segment_->Find(RowId(id));
    ASSERT_TRUE(place.ok());
    ASSERT_EQ(place->has_value(), id > 0 && id <= 5000);
  }
  EXPECT_EQ(cache_.stats().loads, 0u);
}

TEST_F(SegmentFileTest, ValuesAreReachedOneByOneAndInBulk) {
  Write(7000);
  for (const size_t capacity : {size_t{4} << 20, size_t{60'000}, size_t{0}}) {
    cache_.SetCapacity(capacity);
    Open();
    EpochGuard guard(epochs_);
    for (uint32_t g = 0; g < segment_->groups().size(); ++g) {
      const SegmentFile::Group& group = segment_->groups()[g];
      const RowLayout& layout = schema_->At(segment_->schema(g).version);
      for (size_t c = 0; c < layout.columns().size(); ++c) {
        const RowLayout::Column& info = layout.columns()[c];
        ASSERT_EQ(segment_->FindColumn(g, info.id), static_cast<int>(c));
        auto column = segment_->Column(g, c);
        ASSERT_TRUE(column.ok());
        Vector whole(info.type);
        whole.ResetFlat(group.rows);
        (*column)->CopyTo(whole, 0, 0, group.rows);
        std::vector<uint32_t> positions;
        for (uint32_t i = 0; i < 100; ++i) positions.push_back(random_() % group.rows);
        Vector some(info.type);
        some.ResetFlat(110);
        for (uint32_t i = 0; i < 10; ++i) some.validity().SetNull(i);
        (*column)->Gather(some, 10, positions,
                          c % 2 ? DecodedColumn::Strings::kCopy : DecodedColumn::Strings::kBorrow);
        for (uint32_t i = 0; i < group.rows; ++i) {
          const Value expected = Expected(group.first_row + i, info);
          ASSERT_EQ((*column)->GetValue(i, info.type), expected);
          ASSERT_EQ(whole.GetValue(i), expected);
        }
        for (uint32_t i = 0; i < 10; ++i) ASSERT_TRUE(some.IsNull(i));
        for (uint32_t i = 0; i < 100; ++i)
          ASSERT_EQ(some.GetValue(10 + i), Expected(group.first_row + positions[i], info));
      }
    }
    EXPECT_EQ(segment_->FindColumn(0, ColumnId(99)), -1);
  }
}

TEST_F(SegmentFileTest, RowsArePutTogetherInANewerLayout) {
  Write(3500);
  Open();
  const RowLayout& newest = schema_->newest();
  std::vector<Vector> scratch;
  std::vector<std::byte> row;
  for (size_t i = 0; i < 3500; i += 7) {
    EpochGuard guard(epochs_);
    const SegmentFile::Place place = PlaceOf(i);
    ASSERT_TRUE(segment_->ReadRow(place, newest, scratch, row).ok());
    ASSERT_TRUE(newest.Fits(row));
    for (size_t c = 0; c < newest.columns().size(); ++c)
      ASSERT_EQ(newest.ReadValue(row.data(), c), Expected(i, newest.columns()[c]));
  }
}

TEST_F(SegmentFileTest, BoundsAreThoseOfTheFooter) {
  Write(4500);
  Open();
  auto reader = SegmentReader::Open(files_, options_.path, options_.tablet, options_.identity);
  ASSERT_TRUE(reader.ok());
  const SegmentFooter& footer = (*reader)->footer();
  ASSERT_EQ(footer.groups.size(), segment_->groups().size());
  for (uint32_t g = 0; g < footer.groups.size(); ++g) {
    for (size_t c = 0; c < footer.groups[g].columns.size(); ++c) {
      const ZoneMap& expected = footer.groups[g].columns[c].zone;
      const ZoneMap zone = segment_->Zone(g, c);
      EXPECT_EQ(zone.has_bounds, expected.has_bounds);
      EXPECT_EQ(zone.null_count, expected.null_count);
      EXPECT_EQ(zone.min, expected.min);
      EXPECT_EQ(zone.max, expected.max);
    }
  }
}

TEST_F(SegmentFileTest, WhatItHoldsIsCountedAndGoesWithIt) {
  Write(5000);
  Open();
  const auto fences = memory_.bytes();
  EXPECT_GT(fences, 0);
  {
    EpochGuard guard(epochs_);
    ASSERT_TRUE(segment_->Column(0, 0).ok());
  }
  EXPECT_GT(memory_.bytes(), fences);
  segment_.reset();
  epochs_.Collect();
  EXPECT_EQ(memory_.bytes(), 0);
}

TEST_F(SegmentFileTest, AFailedReadNamesFileAndOffsetAndIsNotKept) {
  Write(300);
  Open();
  EpochGuard guard(epochs_);
  files_.FailReads(1);
  auto column = segment_->Column(0, 1);
  ASSERT_FALSE(column.ok());
  EXPECT_EQ(column.code(), ErrorCode::kIoError);
  EXPECT_NE(column.status().message().find("data/a.seg"), std::string_view::npos);
  EXPECT_NE(column.status().message().find("offset"), std::string_view::npos);
  EXPECT_TRUE(segment_->Column(0, 1).ok());
}

TEST_F(SegmentFileTest, AnyDamageIsAnErrorThatNamesTheFile) {
  Write(300);
  const std::string good = *files_.ReadFile(options_.path);
  for (int round = 0; round < 500; ++round) {
    std::string bad = good;
    bad[random_() % bad.size()] ^= static_cast<char>(1 << random_() % 8);
    if (random_() % 4 == 0) bad.resize(random_() % bad.size());
    ASSERT_TRUE(files_.WriteFileAtomically("data/b.seg", AsBytes(bad)).ok());
    auto opened = Open("data/b.seg");
    Status status = opened.ok() ? Status::Ok() : opened.status();
    if (opened.ok()) {
      EpochGuard guard(epochs_);
      SegmentFile& segment = **opened;
      const auto note = [&status](const auto& result) {
        if (!result.ok() && status.ok()) status = result.status();
      };
      for (uint32_t g = 0; g < segment.groups().size(); ++g) {
        note(segment.RowIds(g));
        note(segment.Begins(g));
        for (size_t c = 0; c < segment.schema(g).columns.size(); ++c) note(segment.Column(g, c));
      }
      // What is left are the blocks of removed rows.
      if (status.ok()) {
        auto reader = SegmentReader::Open(files_, "data/b.seg", options_.tablet, {});
        ASSERT_TRUE(reader.ok());
        status = (*reader)->ForEachRemoved([](RowId) {});
      }
    }
    ASSERT_FALSE(status.ok());
    EXPECT_NE(status.message().find("data/b.seg"), std::string_view::npos) << status.message();
  }
}

}  // namespace
}  // namespace oxibase
