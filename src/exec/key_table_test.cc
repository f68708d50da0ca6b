#include "exec/key_table.h"

#include <gtest/gtest.h>

#include <string>

#include "common/numeric.h"

namespace oxibase {
namespace {

Vector Ints(const std::vector<int>& values) {
  Vector vector(TypeId::kInt4);
  vector.ResetFlat(static_cast<uint32_t>(values.size()));
  for (uint32_t i = 0; i < values.size(); ++i) {
    vector.SetValue(i, values[i] < 0 ? Value::Null(TypeId::kInt4) : Value::Int4(values[i]));
  }
  return vector;
}

TEST(KeyTableTest, FindsWhatItMadeAndTakesNullsForEqual) {
  KeyTable table({TypeId::kInt4}, 8);
  const Vector keys = Ints({1, 2, 1, -1, -1, 3});
  const std::vector<const Vector*> columns = {&keys};
  std::byte* payloads[6];
  uint32_t created[6];
  EXPECT_EQ(table.FindOrInsert(columns, nullptr, 6, payloads, created), 4U);
  EXPECT_EQ(created[2], 3U);
  EXPECT_EQ(payloads[0], payloads[2]);
  EXPECT_EQ(payloads[3], payloads[4]);
  const Vector other = Ints({3, 9});
  const std::vector<const Vector*> wanted = {&other};
  table.Find(wanted, nullptr, 2, payloads);
  EXPECT_EQ(payloads[0], table.payload(3));
  EXPECT_EQ(payloads[1], nullptr);
}

TEST(KeyTableTest, ManyKeysOfTextAndNumericStayInOrder) {
  KeyTable table({TypeId::kText, TypeId::kNumeric}, 0);
  constexpr uint32_t kRows = 2000;
  for (int round = 0; round < 6; ++round) {
    Vector text(TypeId::kText), number(TypeId::kNumeric);
    text.ResetFlat(kRows);
    number.ResetFlat(kRows);
    for (uint32_t i = 0; i < kRows; ++i) {
      const uint32_t n = (i + static_cast<uint32_t>(round) * 1000) % 4000;
      text.SetValue(i, Value::Text("a key of some length " + std::to_string(n)));
      // Equal numbers of another scale.
      std::string bytes;
      Result<Numeric> value = Numeric::Parse(std::to_string(n) + (round % 2 ? ".0" : ".00"));
      ASSERT_TRUE(value.ok());
      value->AppendBytes(&bytes);
      number.SetValue(i, Value::String(TypeId::kNumeric, bytes));
    }
    const std::vector<const Vector*> columns = {&text, &number};
    std::vector<std::byte*> payloads(kRows);
    table.FindOrInsert(columns, nullptr, kRows, payloads.data(), nullptr);
  }
  EXPECT_EQ(table.size(), 4000U);
  Vector keys(TypeId::kText);
  table.ReadKeys(0, 3998, 2, keys);
  EXPECT_EQ(keys.GetValue(1).bytes(), "a key of some length 3999");
}

}  // namespace
}  // namespace oxibase
