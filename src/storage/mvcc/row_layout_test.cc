#include "storage/mvcc/row_layout.h"

#include <gtest/gtest.h>

#include <cstring>

#include "storage/mvcc/row_version.h"

namespace oxibase {
namespace {

class RowLayoutTest : public testing::Test {
 protected:
  static Vector Column(Type type, const Value& value) {
    Vector vector(type);
    vector.ResetFlat(1);
    vector.SetValue(0, value);
    return vector;
  }
  std::vector<std::byte> Build(const RowLayout& layout, const std::vector<Value>& values) {
    std::vector<Vector> vectors;
    for (size_t i = 0; i < values.size(); ++i) {
      vectors.push_back(Column(layout.columns()[i].type, values[i]));
    }
    std::vector<const Vector*> pointers;
    for (const Vector& vector : vectors) pointers.push_back(&vector);
    std::vector<std::byte> row(layout.BytesNeeded(pointers, 0));
    layout.Build(pointers, 0, row.data());
    EXPECT_EQ(layout.RowBytes(row.data()), row.size());
    return row;
  }
};

TEST_F(RowLayoutTest, ReadsBackWhatItBuilt) {
  const std::string text(100, 'x');
  const RowLayout layout(3, {{ColumnId(1), TypeId::kBool},
                             {ColumnId(2), TypeId::kText},
                             {ColumnId(3), TypeId::kInt8},
                             {ColumnId(4), TypeId::kInt2},
                             {ColumnId(5), TypeId::kText},
                             {ColumnId(6), TypeId::kFloat8}});
  const auto row = Build(layout, {Value::Bool(true), Value::Text(text), Value::Int8(-7),
                                  Value::Int2(12), Value::Text("short"), Value::Float8(1.5)});
  EXPECT_TRUE(layout.ReadValue(row.data(), 0).AsBool());
  EXPECT_EQ(layout.ReadString(row.data(), 1).view(), text);
  EXPECT_EQ(layout.ReadFixed<int64_t>(row.data(), 2), -7);
  EXPECT_EQ(layout.ReadFixed<int16_t>(row.data(), 3), 12);
  EXPECT_EQ(layout.ReadValue(row.data(), 4).bytes(), "short");
  EXPECT_EQ(layout.ReadFixed<double>(row.data(), 5), 1.5);
}

TEST_F(RowLayoutTest, TellsWhatIsNoRow) {
  const RowLayout layout(1, {{ColumnId(1), TypeId::kInt4}, {ColumnId(2), TypeId::kText}});
  auto row = Build(layout, {Value::Int4(1), Value::Text(std::string(100, 'x'))});
  EXPECT_TRUE(layout.Fits(row));
  EXPECT_FALSE(layout.Fits(std::span(row).first(row.size() - 1)));
  EXPECT_FALSE(layout.Fits(std::span(row).first(layout.fixed_bytes() - 1)));
  std::memset(row.data() + layout.columns()[1].offset + 8, 0xff, 8);
  EXPECT_FALSE(layout.Fits(row));
}

TEST_F(RowLayoutTest, NullsTakeTheirBitAndAZeroSlot) {
  const RowLayout layout(1, {{ColumnId(1), TypeId::kInt4}, {ColumnId(2), TypeId::kText}});
  const auto row = Build(layout, {Value::Null(TypeId::kInt4), Value::Null(TypeId::kText)});
  EXPECT_TRUE(layout.IsNull(row.data(), 0));
  EXPECT_TRUE(layout.ReadValue(row.data(), 1).is_null());
  EXPECT_EQ(row.size(), layout.fixed_bytes());
}

TEST_F(RowLayoutTest, ARowCanBeMoved) {
  const RowLayout layout(1, {{ColumnId(1), TypeId::kText}, {ColumnId(2), TypeId::kText}});
  const std::string a(13, 'a'), b(4000, 'b');
  auto row = Build(layout, {Value::Text(a), Value::Text(b)});
  const std::vector<std::byte> copy(row);
  row.clear();
  EXPECT_EQ(layout.ReadString(copy.data(), 0).view(), a);
  EXPECT_EQ(layout.ReadString(copy.data(), 1).view(), b);
}

TEST_F(RowLayoutTest, SlotsAreAligned) {
  const RowLayout layout(1, {{ColumnId(1), TypeId::kBool},
                             {ColumnId(2), TypeId::kInt4},
                             {ColumnId(3), TypeId::kUuid},
                             {ColumnId(4), TypeId::kInt8}});
  for (const auto& column : layout.columns()) {
    EXPECT_EQ(column.offset % std::min<size_t>(8, PhysicalWidth(column.physical)), 0u);
  }
}

}  // namespace
}  // namespace oxibase
