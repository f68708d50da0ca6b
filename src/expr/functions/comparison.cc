// Comparison of everything that is not a plain number.

#include <cstring>

#include "common/jsonb.h"
#include "common/key_codec.h"
#include "common/numeric.h"
#include "expr/function_registry.h"
#include "expr/functions/comparison_kernels.h"
#include "expr/kernels.h"

namespace oxibase {
namespace {

/// An order from a three-way comparison.
template <typename A, int (*kCompare)(const A&, const A&)>
struct ThreeWayOrder {
  using Left = A;
  using Right = A;
  static bool Eq(const A& a, const A& b) { return kCompare(a, b) == 0; }
  static bool Lt(const A& a, const A& b) { return kCompare(a, b) < 0; }
  static bool Le(const A& a, const A& b) { return kCompare(a, b) <= 0; }
};

struct TextOrder {
  using Left = StringRef;
  using Right = StringRef;
  static bool Eq(const StringRef& a, const StringRef& b) { return a == b; }
  static bool Lt(const StringRef& a, const StringRef& b) { return StringRef::Compare(a, b) < 0; }
  static bool Le(const StringRef& a, const StringRef& b) { return StringRef::Compare(a, b) <= 0; }
};

std::string_view WithoutPadding(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

int CompareBpChar(const StringRef& a, const StringRef& b) {
  return WithoutPadding(a.view()).compare(WithoutPadding(b.view()));
}
int CompareNumeric(const StringRef& a, const StringRef& b) { return Numeric::Compare(a, b); }
int CompareJson(const StringRef& a, const StringRef& b) {
  return CompareJsonb(JsonbView(a.view()), JsonbView(b.view()));
}
int CompareUuid(const UuidValue& a, const UuidValue& b) {
  return std::memcmp(a.bytes, b.bytes, sizeof a.bytes);
}

/// A day is 24 hours and a month 30 days when intervals are compared.
__int128 IntervalSpan(const IntervalValue& v) {
  constexpr int64_t kDay = int64_t{86400} * 1000000;
  return static_cast<__int128>(v.micros) +
         static_cast<__int128>(static_cast<int64_t>(v.months) * 30 + v.days) * kDay;
}
int CompareInterval(const IntervalValue& a, const IntervalValue& b) {
  const __int128 x = IntervalSpan(a);
  const __int128 y = IntervalSpan(b);
  return x < y ? -1 : x > y;
}

template <TypeId kType>
int CompareAs(const StringRef& a, const StringRef& b) {
  static const Validity all_valid;
  const VectorView x{reinterpret_cast<const std::byte*>(&a), kZeroSelection.data(), &all_valid};
  const VectorView y{reinterpret_cast<const std::byte*>(&b), kZeroSelection.data(), &all_valid};
  return CompareValues(kType, x, 0, y, 0);
}

int64_t DateAsTimestamp(int32_t date) {
  if (date == INT32_MIN) return INT64_MIN;
  if (date == INT32_MAX) return INT64_MAX;
  constexpr int64_t kMicrosPerDay = 86400000000;
  // Later than every timestamp but infinity.
  if (date > INT64_MAX / kMicrosPerDay) return INT64_MAX - 1;
  return static_cast<int64_t>(date) * kMicrosPerDay;
}
struct DateTimestampOrder {
  using Left = int32_t;
  using Right = int64_t;
  static bool Eq(int32_t a, int64_t b) { return DateAsTimestamp(a) == b; }
  static bool Lt(int32_t a, int64_t b) { return DateAsTimestamp(a) < b; }
  static bool Le(int32_t a, int64_t b) { return DateAsTimestamp(a) <= b; }
};
struct TimestampDateOrder {
  using Left = int64_t;
  using Right = int32_t;
  static bool Eq(int64_t a, int32_t b) { return a == DateAsTimestamp(b); }
  static bool Lt(int64_t a, int32_t b) { return a < DateAsTimestamp(b); }
  static bool Le(int64_t a, int32_t b) { return a <= DateAsTimestamp(b); }
};

template <typename Order, ComparisonOp kOp>
void AddOne(FunctionRegistry& registry, std::string_view key) {
  using C = Comparison<Order, kOp>;
  registry.Scalar(key, &C::Run, &C::Select);
}

template <typename Order>
void AddSix(FunctionRegistry& registry, std::string_view eq, std::string_view ne,
            std::string_view lt, std::string_view le, std::string_view gt, std::string_view ge) {
  AddOne<Order, ComparisonOp::kEq>(registry, eq);
  AddOne<Order, ComparisonOp::kNe>(registry, ne);
  AddOne<Order, ComparisonOp::kLt>(registry, lt);
  AddOne<Order, ComparisonOp::kLe>(registry, le);
  AddOne<Order, ComparisonOp::kGt>(registry, gt);
  AddOne<Order, ComparisonOp::kGe>(registry, ge);
}

}  // namespace

void RegisterComparison(FunctionRegistry& r) {
  AddSix<TextOrder>(r, "texteq", "textne", "text_lt", "text_le", "text_gt", "text_ge");
  AddSix<TextOrder>(r, "nameeq", "namene", "namelt", "namele", "namegt", "namege");
  AddSix<TextOrder>(r, "nameeqtext", "namenetext", "namelttext", "nameletext", "namegttext",
                    "namegetext");
  AddSix<TextOrder>(r, "texteqname", "textnename", "textltname", "textlename", "textgtname",
                    "textgename");
  AddSix<TextOrder>(r, "byteaeq", "byteane", "bytealt", "byteale", "byteagt", "byteage");
  AddSix<ThreeWayOrder<StringRef, CompareBpChar>>(r, "bpchareq", "bpcharne", "bpcharlt", "bpcharle",
                                                  "bpchargt", "bpcharge");
  AddSix<ThreeWayOrder<StringRef, CompareNumeric>>(r, "numeric_eq", "numeric_ne", "numeric_lt",
                                                   "numeric_le", "numeric_gt", "numeric_ge");
  AddSix<ThreeWayOrder<StringRef, CompareJson>>(r, "jsonb_eq", "jsonb_ne", "jsonb_lt", "jsonb_le",
                                                "jsonb_gt", "jsonb_ge");
  AddSix<ThreeWayOrder<UuidValue, CompareUuid>>(r, "uuid_eq", "uuid_ne", "uuid_lt", "uuid_le",
                                                "uuid_gt", "uuid_ge");
  AddSix<ThreeWayOrder<IntervalValue, CompareInterval>>(
      r, "interval_eq", "interval_ne", "interval_lt", "interval_le", "interval_gt", "interval_ge");
  AddSix<ThreeWayOrder<StringRef, CompareAs<TypeId::kTextArray>>>(
      r, "array_eq", "array_ne", "array_lt", "array_le", "array_gt", "array_ge");
  AddSix<ThreeWayOrder<StringRef, CompareAs<TypeId::kOidVector>>>(
      r, "oidvectoreq", "oidvectorne", "oidvectorlt", "oidvectorle", "oidvectorgt", "oidvectorge");
  AddSix<ThreeWayOrder<StringRef, CompareAs<TypeId::kRecord>>>(
      r, "record_eq", "record_ne", "record_lt", "record_le", "record_gt", "record_ge");
  for (const std::string_view key : {"text_pattern_lt", "bpchar_pattern_lt"}) {
    AddOne<TextOrder, ComparisonOp::kLt>(r, key);
  }
  for (const std::string_view key : {"text_pattern_le", "bpchar_pattern_le"}) {
    AddOne<TextOrder, ComparisonOp::kLe>(r, key);
  }
  for (const std::string_view key : {"text_pattern_gt", "bpchar_pattern_gt"}) {
    AddOne<TextOrder, ComparisonOp::kGt>(r, key);
  }
  for (const std::string_view key : {"text_pattern_ge", "bpchar_pattern_ge"}) {
    AddOne<TextOrder, ComparisonOp::kGe>(r, key);
  }
  AddSix<DateTimestampOrder>(r, "date_eq_timestamp", "date_ne_timestamp", "date_lt_timestamp",
                             "date_le_timestamp", "date_gt_timestamp", "date_ge_timestamp");
  AddSix<TimestampDateOrder>(r, "timestamp_eq_date", "timestamp_ne_date", "timestamp_lt_date",
                             "timestamp_le_date", "timestamp_gt_date", "timestamp_ge_date");
}

}  // namespace oxibase
