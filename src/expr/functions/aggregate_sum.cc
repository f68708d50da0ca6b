// count, sum and avg over numbers.

#include <cmath>

#include "common/numeric_aggregate.h"
#include "expr/aggregate_kernels.h"
#include "expr/function_registry.h"
#include "expr/functions/arithmetic_kernels.h"

namespace oxibase {
namespace {

// count(*) and count(x) are the same but for NULLs, and need no value: written out.
Status CountUpdate(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                   std::byte* const* states, Arena&) {
  if (args.empty()) {
    for (uint32_t i = 0; i < rows; ++i) ++*reinterpret_cast<int64_t*>(states[i]);
    return {};
  }
  const VectorView view = args[0]->view();
  for (uint32_t i = 0; i < rows; ++i) {
    *reinterpret_cast<int64_t*>(states[i]) += !view.IsNull(i);
  }
  return {};
}

int64_t CountValid(std::span<const Vector* const> args, uint32_t rows) {
  if (args.empty()) return rows;
  const VectorView view = args[0]->view();
  if (view.validity->all_valid()) return rows;
  int64_t n = 0;
  for (uint32_t i = 0; i < rows; ++i) n += !view.IsNull(i);
  return n;
}
Status CountUpdateOne(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                      std::byte* state, Arena&) {
  *reinterpret_cast<int64_t*>(state) += CountValid(args, rows);
  return {};
}
Status CountRetract(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                    std::byte* state) {
  *reinterpret_cast<int64_t*>(state) -= CountValid(args, rows);
  return {};
}
Status CountCombine(CallSite&, std::byte* into, const std::byte* from, Arena&) {
  *reinterpret_cast<int64_t*>(into) += *reinterpret_cast<const int64_t*>(from);
  return {};
}
Status CountFinalize(EvalContext&, CallSite&, std::byte* const* states, uint32_t count,
                     Vector& out) {
  out.ResetFlat(count);
  for (uint32_t i = 0; i < count; ++i) {
    out.data<int64_t>()[i] = *reinterpret_cast<const int64_t*>(states[i]);
  }
  return {};
}
constexpr AggregateImpl kCount = {.state_bytes = 16,
                                  .init = nullptr,
                                  .update = CountUpdate,
                                  .update_one = CountUpdateOne,
                                  .combine = CountCombine,
                                  .finalize = CountFinalize,
                                  .retract = CountRetract,
                                  .destroy = nullptr};

/// sum(int2), sum(int4): a bigint, which no table overflows.
template <typename T>
struct SumSmall {
  int64_t sum;
  int64_t count;
  void Add(T value) {
    sum += value;
    ++count;
  }
  void Remove(T value) {
    sum -= value;
    --count;
  }
  void Merge(const SumSmall& other) {
    sum += other.sum;
    count += other.count;
  }
  std::optional<int64_t> Finish() const { return count > 0 ? std::optional(sum) : std::nullopt; }
};

/// Sum of bigints and averages of all integers: 128 bits, a numeric at the end.
template <typename T>
struct SumWide {
  __int128 sum;
  int64_t count;
  void Add(T value) {
    sum += value;
    ++count;
  }
  void Remove(T value) {
    sum -= value;
    --count;
  }
  void Merge(const SumWide& other) {
    sum += other.sum;
    count += other.count;
  }
  std::optional<Numeric> Finish() const {
    return count > 0 ? std::optional(Numeric::FromInt128(sum)) : std::nullopt;
  }
};
template <typename T>
struct AvgInteger : SumWide<T> {
  Result<std::optional<Numeric>> Finish() const {
    if (this->count == 0) return std::optional<Numeric>();
    Numeric result;
    RETURN_IF_ERROR(AverageOfIntegers(this->sum, this->count, &result));
    return std::optional<Numeric>(std::move(result));
  }
};

template <typename T>
struct SumFloat {
  T sum;
  int64_t count;
  Status Add(T value) {
    const T before = sum;
    sum = count == 0 ? value : sum + value;
    ++count;
    if (std::isinf(sum) && !std::isinf(before) && !std::isinf(value)) return FloatOverflow();
    return {};
  }
  void Merge(const SumFloat& other) {
    if (other.count == 0) return;
    sum = count == 0 ? other.sum : sum + other.sum;
    count += other.count;
  }
  std::optional<T> Finish() const { return count > 0 ? std::optional(sum) : std::nullopt; }
};
template <typename T>
struct AvgFloat {
  double sum;
  int64_t count;
  Status Add(T value) {
    const double before = sum;
    sum += value;
    ++count;
    if (std::isinf(sum) && !std::isinf(before) && !std::isinf(value)) return FloatOverflow();
    return {};
  }
  void Merge(const AvgFloat& other) {
    sum += other.sum;
    count += other.count;
  }
  std::optional<double> Finish() const {
    return count > 0 ? std::optional(sum / static_cast<double>(count)) : std::nullopt;
  }
};

struct SumNumeric {
  NumericSum sum;
  void Add(const Numeric& value) { sum.Add(value); }
  void Remove(const Numeric& value) { sum.Subtract(value); }
  void Merge(const SumNumeric& other) { sum.Merge(other.sum); }
  Result<std::optional<Numeric>> Finish() const {
    if (sum.count() == 0) return std::optional<Numeric>();
    Numeric result;
    RETURN_IF_ERROR(sum.Sum(&result));
    return std::optional<Numeric>(std::move(result));
  }
};
struct AvgNumeric : SumNumeric {
  void Merge(const AvgNumeric& other) { sum.Merge(other.sum); }
  Result<std::optional<Numeric>> Finish() const {
    if (sum.count() == 0) return std::optional<Numeric>();
    Numeric result;
    RETURN_IF_ERROR(sum.Average(&result));
    return std::optional<Numeric>(std::move(result));
  }
};

struct BoolAnd {
  bool value;
  int64_t count;
  void Add(bool v) {
    value = count == 0 ? v : value && v;
    ++count;
  }
  void Merge(const BoolAnd& other) {
    if (other.count > 0) Add(other.value), count += other.count - 1;
  }
  std::optional<bool> Finish() const { return count > 0 ? std::optional(value) : std::nullopt; }
};
struct BoolOr {
  bool value;
  int64_t count;
  void Add(bool v) {
    value = value || v;
    ++count;
  }
  void Merge(const BoolOr& other) {
    value = value || other.value;
    count += other.count;
  }
  std::optional<bool> Finish() const { return count > 0 ? std::optional(value) : std::nullopt; }
};

enum class BitOp { kAnd, kOr, kXor };
template <typename T, BitOp kOp>
struct BitAggregate {
  T value;
  bool any;
  void Add(T v) {
    if (!any) {
      value = v;
    } else if constexpr (kOp == BitOp::kAnd) {
      value &= v;
    } else if constexpr (kOp == BitOp::kOr) {
      value |= v;
    } else {
      value ^= v;
    }
    any = true;
  }
  void Merge(const BitAggregate& other) {
    if (other.any) Add(other.value);
  }
  std::optional<T> Finish() const { return any ? std::optional(value) : std::nullopt; }
};

}  // namespace

void RegisterAggregateSum(FunctionRegistry& r) {
  r.Aggregate("count()", &kCount);
  r.Aggregate("count(any)", &kCount);
  r.Aggregate("sum(int2)", UnaryAggregate<SumSmall<int16_t>, int16_t>::Get());
  r.Aggregate("sum(int4)", UnaryAggregate<SumSmall<int32_t>, int32_t>::Get());
  r.Aggregate("sum(int8)", UnaryAggregate<SumWide<int64_t>, int64_t>::Get());
  r.Aggregate("sum(float4)", UnaryAggregate<SumFloat<float>, float>::Get());
  r.Aggregate("sum(float8)", UnaryAggregate<SumFloat<double>, double>::Get());
  r.Aggregate("sum(numeric)", UnaryAggregate<SumNumeric, Numeric>::Get());
  r.Aggregate("avg(int2)", UnaryAggregate<AvgInteger<int16_t>, int16_t>::Get());
  r.Aggregate("avg(int4)", UnaryAggregate<AvgInteger<int32_t>, int32_t>::Get());
  r.Aggregate("avg(int8)", UnaryAggregate<AvgInteger<int64_t>, int64_t>::Get());
  r.Aggregate("avg(float4)", UnaryAggregate<AvgFloat<float>, float>::Get());
  r.Aggregate("avg(float8)", UnaryAggregate<AvgFloat<double>, double>::Get());
  r.Aggregate("avg(numeric)", UnaryAggregate<AvgNumeric, Numeric>::Get());
  r.Aggregate("bool_and(bool)", UnaryAggregate<BoolAnd, bool>::Get());
  r.Aggregate("every(bool)", UnaryAggregate<BoolAnd, bool>::Get());
  r.Aggregate("bool_or(bool)", UnaryAggregate<BoolOr, bool>::Get());
  r.Aggregate("bit_and(int2)", UnaryAggregate<BitAggregate<int16_t, BitOp::kAnd>, int16_t>::Get());
  r.Aggregate("bit_and(int4)", UnaryAggregate<BitAggregate<int32_t, BitOp::kAnd>, int32_t>::Get());
  r.Aggregate("bit_and(int8)", UnaryAggregate<BitAggregate<int64_t, BitOp::kAnd>, int64_t>::Get());
  r.Aggregate("bit_or(int2)", UnaryAggregate<BitAggregate<int16_t, BitOp::kOr>, int16_t>::Get());
  r.Aggregate("bit_or(int4)", UnaryAggregate<BitAggregate<int32_t, BitOp::kOr>, int32_t>::Get());
  r.Aggregate("bit_or(int8)", UnaryAggregate<BitAggregate<int64_t, BitOp::kOr>, int64_t>::Get());
  r.Aggregate("bit_xor(int2)", UnaryAggregate<BitAggregate<int16_t, BitOp::kXor>, int16_t>::Get());
  r.Aggregate("bit_xor(int4)", UnaryAggregate<BitAggregate<int32_t, BitOp::kXor>, int32_t>::Get());
  r.Aggregate("bit_xor(int8)", UnaryAggregate<BitAggregate<int64_t, BitOp::kXor>, int64_t>::Get());
}

}  // namespace oxibase
