#include "exec/spilled_rows.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "env/env.h"
#include "env/sim_file_system.h"
#include "exec/row_store.h"

namespace oxibase {
namespace {

class SpilledRowsTest : public testing::Test {
 protected:
  SpilledRowsTest() : space_(files_, Env::Real().random(), "tmp", false) {}

  std::shared_ptr<TempFile> File(uint64_t bytes_max = 0) {
    auto file = space_.Create(bytes_max);
    EXPECT_TRUE(file.ok()) << file.status().message();
    return file.ok() ? *file : nullptr;
  }

  SimFileSystem files_;
  TempSpace space_;
};

std::vector<Type> AllTypes() {
  return {TypeId::kBool,   TypeId::kInt2,      TypeId::kInt4,  TypeId::kInt8,     TypeId::kFloat4,
          TypeId::kFloat8, TypeId::kNumeric,   TypeId::kText,  TypeId::kUuid,     TypeId::kInterval,
          TypeId::kDate,   TypeId::kTextArray, TypeId::kJsonb, TypeId::kTimestamp};
}

/// A value for row `i`, some NULL, some long.
Value ValueAt(Type type, uint32_t i) {
  if (i % 7 == 3) return Value::Null(type);
  const PhysicalType physical = PhysicalTypeOf(type);
  if (physical == PhysicalType::kString) {
    return Value::String(type, std::string(i % 50 == 0 ? 5000 : i % 40, static_cast<char>(i)));
  }
  Value value = Value::Fixed<uint8_t>(type, 0);
  auto* bytes = static_cast<unsigned char*>(static_cast<void*>(value.fixed_data()));
  for (size_t b = 0; b < PhysicalWidth(physical); ++b) {
    bytes[b] = static_cast<unsigned char>(physical == PhysicalType::kBool ? i % 2 : i * 31 + b);
  }
  return value;
}

void Fill(Batch& batch, uint32_t first, uint32_t count) {
  for (Vector& column : batch.columns) {
    column.ResetFlat(count);
    for (uint32_t i = 0; i < count; ++i) column.SetValue(i, ValueAt(column.type(), first + i));
  }
  batch.size = count;
}

bool Same(const Batch& batch, uint32_t row, uint32_t number) {
  for (const Vector& column : batch.columns) {
    const Value got = column.GetValue(row), wanted = ValueAt(column.type(), number);
    if (got.is_null() != wanted.is_null()) return false;
    if (got.is_null()) continue;
    if (column.physical() == PhysicalType::kString) {
      if (got.bytes() != wanted.bytes()) return false;
    } else if (std::memcmp(got.fixed_data(), wanted.fixed_data(),
                           PhysicalWidth(column.physical())) != 0) {
      return false;
    }
  }
  return true;
}

TEST_F(SpilledRowsTest, RowsOfAllTypesComeBackInOrder) {
  SpilledRows rows(File(), AllTypes());
  Batch batch(AllTypes());
  uint32_t written = 0;
  for (const uint32_t count : {1u, 2048u, 3u, 2047u, 1000u, 2048u}) {
    Fill(batch, written, count);
    ASSERT_TRUE(rows.Append(batch).ok());
    written += count;
  }
  ASSERT_TRUE(rows.Finish().ok());
  EXPECT_EQ(rows.rows(), written);
  uint32_t read = 0;
  SpilledRowsReader reader(rows, true);
  for (;;) {
    const auto got = reader.Next();
    ASSERT_TRUE(got.ok()) << got.status().message();
    if (!*got) break;
    for (uint32_t i = 0; i < (*got)->size; ++i) ASSERT_TRUE(Same(**got, i, read + i)) << read + i;
    read += (*got)->size;
  }
  EXPECT_EQ(read, written);
}

TEST_F(SpilledRowsTest, RowsWithoutColumnsAreCounted) {
  SpilledRows rows(File(), {});
  Batch batch;
  batch.size = 5000 % 2048;
  ASSERT_TRUE(rows.Append(batch).ok());
  ASSERT_TRUE(rows.Append(batch).ok());
  ASSERT_TRUE(rows.Finish().ok());
  SpilledRowsReader reader(rows, false);
  uint32_t read = 0;
  for (;;) {
    const auto got = reader.Next();
    ASSERT_TRUE(got.ok());
    if (!*got) break;
    read += (*got)->size;
  }
  EXPECT_EQ(read, 2 * batch.size);
}

TEST_F(SpilledRowsTest, RoomIsUsedAgainAndNothingHasAName) {
  const auto file = File(4 * TempFile::kExtentBytes);
  Batch batch(std::vector<Type>{TypeId::kUuid});
  for (int round = 0; round < 20; ++round) {
    SpilledRows rows(file, {TypeId::kUuid});
    Fill(batch, 0, 2000);
    ASSERT_TRUE(rows.Append(batch).ok());
    const Status status = rows.Finish();
    ASSERT_TRUE(status.ok()) << status.message();
  }
  EXPECT_TRUE(files_.List("tmp")->empty());
  SpilledRows rows(file, {TypeId::kUuid});
  Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) status = rows.Append(batch);
  EXPECT_EQ(status.code(), ErrorCode::kConfigurationLimitExceeded);
}

TEST_F(SpilledRowsTest, AFullDiskAndBadReadsAreErrors) {
  Batch batch(AllTypes());
  Fill(batch, 0, 2000);
  {
    SpilledRows rows(File(), AllTypes());
    files_.set_capacity(100'000);
    Status status;
    for (int i = 0; i < 100 && status.ok(); ++i) status = rows.Append(batch);
    EXPECT_EQ(status.code(), ErrorCode::kDiskFull);
    files_.set_capacity(UINT64_MAX);
  }
  SpilledRows rows(File(), AllTypes());
  ASSERT_TRUE(rows.Append(batch).ok());
  ASSERT_TRUE(rows.Finish().ok());
  files_.FailReads(1);
  EXPECT_EQ(rows.ReadBlock(0, batch).code(), ErrorCode::kIoError);
  EXPECT_TRUE(rows.ReadBlock(0, batch).ok());
}

TEST_F(SpilledRowsTest, AStorePagesOutAndReadsBack) {
  const std::vector<Type> types = {TypeId::kInt4, TypeId::kText};
  RowStore store(types);
  Batch batch(types);
  constexpr uint32_t kRows = 14 * kVectorSize + 77;
  for (uint32_t first = 0; first < kRows; first += kVectorSize) {
    Fill(batch, first, std::min(kVectorSize, kRows - first));
    store.Append(batch);
    if (first == 10 * kVectorSize) {
      ASSERT_TRUE(store.PageOut(File()).ok());
    }
  }
  const size_t before = store.bytes();
  ASSERT_TRUE(store.PageOut(nullptr).ok());
  EXPECT_LT(store.bytes(), before / 2);
  Batch out(types);
  std::vector<uint32_t> wanted;
  for (uint32_t i = 0; i < kVectorSize; ++i) wanted.push_back(i * 7919 % kRows);
  store.Gather(wanted.data(), kVectorSize, out.columns);
  out.size = kVectorSize;
  for (uint32_t i = 0; i < kVectorSize; ++i) ASSERT_TRUE(Same(out, i, wanted[i])) << i;
  for (uint32_t next = 0; next < kRows;) {
    const uint32_t count = store.Borrow(next, 1500, out);
    ASSERT_GT(count, 0u);
    for (uint32_t i = 0; i < count; ++i) ASSERT_TRUE(Same(out, i, next + i)) << next + i;
    next += count;
  }
  EXPECT_TRUE(store.status().ok());
  for (uint32_t chunk = 0; chunk < 8; ++chunk) store.column(chunk * kVectorSize, 0);
  files_.FailReads(1);
  store.column(9 * kVectorSize, 0);
  EXPECT_EQ(store.status().code(), ErrorCode::kIoError);
}

}  // namespace
}  // namespace oxibase
