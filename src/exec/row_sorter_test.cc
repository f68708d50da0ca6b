#include "exec/row_sorter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace oxibase {
namespace {

std::vector<uint32_t> Sorted(std::vector<RowSorter::Key> keys,
                             const std::vector<std::vector<Value>>& columns) {
  RowSorter sorter(keys);
  std::vector<Vector> vectors;
  std::vector<const Vector*> pointers;
  const auto rows = static_cast<uint32_t>(columns[0].size());
  vectors.reserve(columns.size());
  for (size_t c = 0; c < columns.size(); ++c) {
    Vector& vector = vectors.emplace_back(keys[c].type);
    vector.ResetFlat(rows);
    for (uint32_t i = 0; i < rows; ++i) vector.SetValue(i, columns[c][i]);
    pointers.push_back(&vector);
  }
  sorter.Add(pointers, rows, 0);
  sorter.Sort();
  std::vector<uint32_t> order;
  for (size_t i = 0; i < sorter.size(); ++i) order.push_back(sorter.row(i));
  return order;
}

TEST(RowSorterTest, FixedKeysWithNullsAndDirections) {
  const std::vector<Value> ints = {Value::Int4(3), Value::Int4(-5), Value::Null(TypeId::kInt4),
                                   Value::Int4(3)};
  using Order = std::vector<uint32_t>;
  EXPECT_EQ(Sorted({{TypeId::kInt4}}, {ints}), (Order{1, 0, 3, 2}));
  EXPECT_EQ(Sorted({{TypeId::kInt4, true, true}}, {ints}), (Order{2, 0, 3, 1}));
  const std::vector<Value> doubles = {Value::Float8(0.0), Value::Float8(-0.0),
                                      Value::Float8(-1e300), Value::Float8(__builtin_nan(""))};
  EXPECT_EQ(Sorted({{TypeId::kFloat8}}, {doubles}), (Order{2, 0, 1, 3}));
  EXPECT_EQ(Sorted({{TypeId::kInt4}, {TypeId::kFloat8, true, false}}, {ints, doubles}),
            (Order{1, 3, 0, 2}));
}

TEST(RowSorterTest, TextLongerThanTheEntryHolds) {
  const std::string same(40, 'x');
  const std::vector<Value> texts = {Value::Text(same + "b"), Value::Text(same + "a"),
                                    Value::Text(""), Value::Text(same)};
  EXPECT_EQ(Sorted({{TypeId::kText}}, {texts}), (std::vector<uint32_t>{2, 3, 1, 0}));
  EXPECT_EQ(Sorted({{TypeId::kText, true, true}}, {texts}), (std::vector<uint32_t>{0, 1, 3, 2}));
}

}  // namespace
}  // namespace oxibase
