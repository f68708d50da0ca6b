#pragma once
// For tests: a segment with rows of which one knows what they hold.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "env/sim_file_system.h"
#include "storage/segment/segment_writer.h"

namespace oxibase {

/// Random rows of many types in a table that got a column later.
class SegmentTest : public ::testing::Test {
 protected:
  SegmentTest() {
    std::vector<std::pair<ColumnId, Type>> columns;
    const TypeId types[] = {TypeId::kInt4, TypeId::kText,    TypeId::kBool,
                            TypeId::kInt8, TypeId::kFloat8,  TypeId::kInterval,
                            TypeId::kUuid, TypeId::kNumeric, TypeId::kInt2};
    int16_t id = 1;
    for (const TypeId type : types) columns.emplace_back(ColumnId(id++), Type(type));
    auto first = std::make_shared<const RowLayout>(SchemaVersion{1}, columns);
    columns.erase(columns.begin() + 2);
    columns.emplace_back(ColumnId(id), Type(TypeId::kText));
    std::vector<Value> missing;
    for (const auto& [column, type] : columns) missing.push_back(Value::Null(type));
    missing.back() = Value::Text("the default of a column that came later");
    auto second = std::make_shared<const RowLayout>(SchemaVersion{2}, columns, missing);
    schema_ =
        std::make_unique<TableSchema>(std::vector<std::shared_ptr<const RowLayout>>{first, second});
    EXPECT_TRUE(files_.MakeDirectory("data").ok());
    options_.path = "data/a.seg";
    options_.tablet = TabletId(7);
    options_.as_of = Timestamp{1000};
  }

  Value RandomValue(Type type) {
    if (random_() % 5 == 0) return Value::Null(type);
    switch (PhysicalTypeOf(type)) {
      case PhysicalType::kBool:
        return Value::Fixed<uint8_t>(type, random_() % 2);
      case PhysicalType::kInt16:
        return Value::Fixed(type, static_cast<int16_t>(random_()));
      case PhysicalType::kInt32:
        return Value::Fixed(type, static_cast<int32_t>(random_() % 100 - 50));
      case PhysicalType::kInt64:
        return Value::Fixed(type, static_cast<int64_t>(random_()));
      case PhysicalType::kFloat64:
        return Value::Fixed(type, 0.5 * static_cast<double>(random_() % 7));
      case PhysicalType::kInterval:
        return Value::Fixed(type, IntervalValue{1, 2, static_cast<int32_t>(random_() % 3)});
      case PhysicalType::kUuid:
        return Value::Fixed(type, UuidValue{});
      default:
        return Value::String(type, std::string(random_() % 60, 'a' + random_() % 26));
    }
  }

  /// Writes `count` rows; `rows_` has the expected values as of the newest layout.
  void Write(uint64_t count) {
    auto writer = SegmentWriter::Create(files_, options_);
    ASSERT_TRUE(writer.ok());
    for (uint64_t i = 1; i <= count; ++i) {
      const RowLayout& layout = schema_->At(random_() % 100 == 0 && i > 3000 ? 2 : 1);
      std::vector<Vector> columns;
      std::vector<const Vector*> pointers;
      for (const RowLayout::Column& column : layout.columns()) {
        columns.emplace_back(column.type);
        columns.back().ResetFlat(1);
        columns.back().SetValue(0, RandomValue(column.type));
      }
      for (const Vector& column : columns) pointers.push_back(&column);
      std::vector<uint64_t> row((layout.BytesNeeded(pointers, 0) + 7) / 8);
      auto* bytes = reinterpret_cast<std::byte*>(row.data());
      layout.Build(pointers, 0, bytes);
      ASSERT_TRUE((*writer)
                      ->Add(*schema_, RowId(i * step_), Timestamp{i}, layout.version(),
                            {bytes, layout.BytesNeeded(pointers, 0)})
                      .ok());
      std::map<int16_t, Value> values;
      for (size_t c = 0; c < layout.columns().size(); ++c)
        values[layout.columns()[c].id.value] = layout.ReadValue(bytes, c);
      rows_.push_back(std::move(values));
    }
    for (uint64_t i = 1; i <= removed_; ++i) ASSERT_TRUE((*writer)->AddRemoved(RowId(i * 2)).ok());
    ASSERT_TRUE((*writer)->Finish().ok());
  }

  SimFileSystem files_;
  uint64_t step_ = 3;  // from row id to row id
  uint64_t removed_ = 5000;
  std::mt19937_64 random_{11};
  std::unique_ptr<TableSchema> schema_;
  SegmentWriter::Options options_;
  std::vector<std::map<int16_t, Value>> rows_;
};

}  // namespace oxibase
