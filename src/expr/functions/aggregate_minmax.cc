// min and max over every ordered type.

#include <cmath>

#include "common/key_codec.h"
#include "expr/aggregate_kernels.h"
#include "expr/function_registry.h"

namespace oxibase {
namespace {

template <typename T>
int CompareNumbers(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return static_cast<int>(std::isnan(a)) - std::isnan(b);
  }
  return a < b ? -1 : a > b;
}

int CompareIntervals(const IntervalValue& a, const IntervalValue& b) {
  return CompareValues(Value::Fixed(TypeId::kInterval, a), Value::Fixed(TypeId::kInterval, b));
}

template <typename T, bool kMax, int (*kCompare)(const T&, const T&)>
struct Extreme {
  T value;
  bool any;
  void Add(const T& v) {
    if (!any || (kMax ? kCompare(v, value) > 0 : kCompare(v, value) < 0)) value = v;
    any = true;
  }
  void Merge(const Extreme& other) {
    if (other.any) Add(other.value);
  }
  std::optional<T> Finish() const { return any ? std::optional(value) : std::nullopt; }
};

/// Strings keep their bytes in a buffer that is reused while new extremes fit.
template <bool kMax, TypeId kType>
struct StringExtreme {
  char* bytes;
  uint32_t size;
  uint32_t capacity;
  bool any;

  std::string_view view() const { return {bytes, size}; }

  static int Compare(std::string_view a, std::string_view b) {
    if constexpr (kType == TypeId::kText) return a.compare(b);
    if constexpr (kType == TypeId::kNumeric) return Numeric::Compare(StringRef(a), StringRef(b));
    static const Validity all_valid;
    const StringRef refs[2] = {StringRef(a), StringRef(b)};
    const VectorView values{reinterpret_cast<const std::byte*>(refs), kIdentitySelection.data(),
                            &all_valid};
    return CompareValues(kType, values, 0, values, 1);
  }
  void Keep(std::string_view text, Arena& arena) {
    if (any) {
      const int order = Compare(text, view());
      if (kMax ? order < 0 : order > 0) return;  // of equal ones the last, as PostgreSQL
    }
    any = true;
    if (text.size() > capacity) {
      capacity = static_cast<uint32_t>(std::max<size_t>(32, text.size() * 2));
      bytes = reinterpret_cast<char*>(arena.Allocate(capacity));
    }
    size = static_cast<uint32_t>(text.size());
    if (size > 0) std::memcpy(bytes, text.data(), size);
  }
  void Add(AggregateFrame& frame, std::string_view text) { Keep(text, frame.arena); }
  void Merge(const StringExtreme& other, Arena& arena) {
    if (other.any) Keep(other.view(), arena);
  }
  std::optional<std::string> Finish() const {
    return any ? std::optional(std::string(view())) : std::nullopt;
  }
};

template <typename T, int (*kCompare)(const T&, const T&)>
void Add(FunctionRegistry& r, std::string_view min, std::string_view max) {
  r.Aggregate(min, UnaryAggregate<Extreme<T, false, kCompare>, T>::Get());
  r.Aggregate(max, UnaryAggregate<Extreme<T, true, kCompare>, T>::Get());
}
template <TypeId kType>
void AddString(FunctionRegistry& r, std::string_view min, std::string_view max) {
  r.Aggregate(min, UnaryAggregate<StringExtreme<false, kType>, std::string_view>::Get());
  r.Aggregate(max, UnaryAggregate<StringExtreme<true, kType>, std::string_view>::Get());
}

}  // namespace

void RegisterAggregateMinMax(FunctionRegistry& r) {
  Add<int16_t, CompareNumbers<int16_t>>(r, "min(int2)", "max(int2)");
  Add<int32_t, CompareNumbers<int32_t>>(r, "min(int4)", "max(int4)");
  Add<int64_t, CompareNumbers<int64_t>>(r, "min(int8)", "max(int8)");
  Add<uint32_t, CompareNumbers<uint32_t>>(r, "min(oid)", "max(oid)");
  Add<float, CompareNumbers<float>>(r, "min(float4)", "max(float4)");
  Add<double, CompareNumbers<double>>(r, "min(float8)", "max(float8)");
  Add<int32_t, CompareNumbers<int32_t>>(r, "min(date)", "max(date)");
  Add<int64_t, CompareNumbers<int64_t>>(r, "min(time)", "max(time)");
  Add<int64_t, CompareNumbers<int64_t>>(r, "min(timestamp)", "max(timestamp)");
  Add<int64_t, CompareNumbers<int64_t>>(r, "min(timestamptz)", "max(timestamptz)");
  Add<int64_t, CompareNumbers<int64_t>>(r, "min(tid)", "max(tid)");
  Add<IntervalValue, CompareIntervals>(r, "min(interval)", "max(interval)");
  AddString<TypeId::kText>(r, "min(text)", "max(text)");
  AddString<TypeId::kBpChar>(r, "min(bpchar)", "max(bpchar)");
  AddString<TypeId::kNumeric>(r, "min(numeric)", "max(numeric)");
  AddString<TypeId::kTextArray>(r, "min(anyarray)", "max(anyarray)");
}

}  // namespace oxibase
