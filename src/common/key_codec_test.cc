#include "common/key_codec.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "common/array.h"
#include "common/interval.h"
#include "common/jsonb.h"
#include "common/numeric.h"

namespace oxibase {
namespace {

std::string Key(const Value& value, SortOrder order = {}) {
  std::string key;
  AppendKey(&key, value, order);
  return key;
}

int Sign(int i) { return (i > 0) - (i < 0); }

/// All keys must be ordered as the values are listed; equal neighbours stand in one inner list.
void ExpectOrder(const std::vector<std::vector<Value>>& groups) {
  for (size_t i = 0; i < groups.size(); ++i) {
    for (size_t j = 0; j < groups.size(); ++j) {
      for (const Value& a : groups[i]) {
        for (const Value& b : groups[j]) {
          const int wanted = Sign(static_cast<int>(i) - static_cast<int>(j));
          EXPECT_EQ(Sign(Key(a).compare(Key(b))), wanted) << i << ' ' << j;
          EXPECT_EQ(Sign(Key(a, {true, false}).compare(Key(b, {true, false}))), -wanted);
          EXPECT_EQ(Sign(CompareValues(a, b)), wanted) << i << ' ' << j;
          if (wanted == 0) {
            EXPECT_EQ(HashValue(a), HashValue(b));
          }
          if (wanted != 0) {
            EXPECT_FALSE(Key(b).starts_with(Key(a)));
          }
        }
      }
    }
  }
}

Value Num(std::string_view text) {
  return Value::String(TypeId::kNumeric, Numeric::Parse(text)->Bytes());
}
Value Json(std::string_view text) { return Value::String(TypeId::kJsonb, *ParseJsonb(text)); }
Value Blanks(std::string text) { return Value::String(TypeId::kBpChar, std::move(text)); }
Value Span(int32_t months, int32_t days, int64_t micros) {
  return Value::Fixed(TypeId::kInterval, IntervalValue{micros, days, months});
}
Value Ints(const std::vector<int>& values, bool null_at_end = false) {
  ArrayBuilder builder(TypeId::kInt4);
  for (const int v : values) builder.Add<int32_t>(v);
  if (null_at_end) builder.AddNull();
  std::string bytes;
  builder.Finish(&bytes);
  return Value::String(TypeId::kInt4Array, bytes);
}

TEST(KeyCodec, FixedTypes) {
  ExpectOrder({{Value::Int2(-32768)}, {Value::Int2(-1)}, {Value::Int2(0)}, {Value::Int2(32767)}});
  ExpectOrder({{Value::Int4(INT32_MIN)}, {Value::Int4(-1)}, {Value::Int4(0)}, {Value::Int4(256)}});
  ExpectOrder({{Value::Int8(INT64_MIN)}, {Value::Int8(-1)}, {Value::Int8(0)}, {Value::Int8(1)}});
  ExpectOrder({{Value::Bool(false)}, {Value::Bool(true)}});
  ExpectOrder({{Value::Fixed<uint32_t>(TypeId::kOid, 1)},
               {Value::Fixed<uint32_t>(TypeId::kOid, 0xFFFFFFFF)}});
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ExpectOrder({{Value::Float8(-inf)},
               {Value::Float8(-1.5)},
               {Value::Float8(0.0), Value::Float8(-0.0)},
               {Value::Float8(1e-300)},
               {Value::Float8(inf)},
               {Value::Float8(nan), Value::Float8(-nan)}});
  ExpectOrder({{Span(0, -1, 0)},
               {Span(0, 0, 0)},
               {Span(0, 1, 0), Span(0, 0, kMicrosPerDay)},
               {Span(1, 0, 0), Span(0, 30, 0)},
               {Span(1, 0, 1)}});
}

TEST(KeyCodec, Strings) {
  ExpectOrder({{Value::Text("")},
               {Value::Text(std::string("\0", 1))},
               {Value::Text(std::string("\0a", 2))},
               {Value::Text("a")},
               {Value::Text(std::string("a\0", 2))},
               {Value::Text("a ")},
               {Value::Text("ab")},
               {Value::Text("\xFF")}});
  ExpectOrder({{Blanks("a"), Blanks("a  ")}, {Blanks("a b")}, {Blanks("b ")}});
}

TEST(KeyCodec, Numerics) {
  ExpectOrder({{Num("-Infinity")},
               {Num("-1e40")},
               {Num("-12")},
               {Num("-1.1")},
               {Num("-1"), Num("-1.000")},
               {Num("-0.5")},
               {Num("0"), Num("0.00")},
               {Num("1e-50")},
               {Num("0.5")},
               {Num("1.01")},
               {Num("1.1"), Num("1.10")},
               {Num("11")},
               {Num("100"), Num("100.0"), Num("1e2")},
               {Num("1e60"), Num("1e60")},
               {Num("Infinity")},
               {Num("NaN")}});
}

TEST(KeyCodec, ContainersInPostgresOrder) {
  ExpectOrder({{Ints({})}, {Ints({1})}, {Ints({1, 2})}, {Ints({1}, true)}, {Ints({2})}});
  ExpectOrder({{Json("[]")},
               {Json("null")},
               {Json("\"a\"")},
               {Json("1"), Json("1.0")},
               {Json("2")},
               {Json("false")},
               {Json("true")},
               {Json("[5]")},
               {Json("[1, 2]")},
               {Json("[1, [2]]")},
               {Json("{}")},
               {Json("{\"a\": 2}")},
               {Json("{\"b\": 1}")},
               {Json("{\"a\": 1, \"b\": 1}")}});
}

TEST(KeyCodec, NullsStandWhereTheyAreTold) {
  const Value null = Value::Null(TypeId::kInt4);
  const Value one = Value::Int4(1);
  EXPECT_GT(Key(null, {false, false}), Key(one, {false, false}));
  EXPECT_LT(Key(null, {false, true}), Key(one, {false, true}));
  EXPECT_GT(Key(null, {true, false}), Key(one, {true, false}));
  EXPECT_LT(Key(null, {true, true}), Key(one, {true, true}));
}

TEST(KeyCodec, PrefixSuccessor) {
  std::string key("a\xFF\xFF");
  EXPECT_TRUE(MakePrefixSuccessor(&key));
  EXPECT_EQ(key, "b");
  key = "\xFF";
  EXPECT_FALSE(MakePrefixSuccessor(&key));
}

}  // namespace
}  // namespace oxibase
