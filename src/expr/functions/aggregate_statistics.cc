// Variance, standard deviation, correlation and regression; sum and avg of intervals.

#include <cmath>

#include "common/datetime.h"
#include "common/numeric_aggregate.h"
#include "expr/aggregate_kernels.h"
#include "expr/function_registry.h"
#include "expr/functions/arithmetic_kernels.h"

namespace oxibase {
namespace {

using Kind = NumericVariance::Kind;

/// Over doubles by the method of Youngs and Cramer, as PostgreSQL does.
template <typename T, Kind kKind>
struct FloatVariance {
  double n;
  double sum;
  double squares;  // sum of squared differences from the mean
  Status Add(T value) {
    const auto x = static_cast<double>(value);
    const double before = sum;
    n += 1;
    sum += x;
    if (n > 1) {
      const double d = x * n - sum;
      squares += d * d / (n * (n - 1));
      if (std::isinf(sum) || std::isinf(squares)) {
        // Infinite without an infinity among the values.
        if (!std::isinf(before) && !std::isinf(x)) return FloatOverflow();
        squares = std::nan("");
      }
    } else if (std::isnan(x) || std::isinf(x)) {
      squares = std::nan("");
    }
    return {};
  }
  void Merge(const FloatVariance& other) {
    if (other.n == 0) return;
    if (n == 0) {
      *this = other;
      return;
    }
    const double d = sum / n - other.sum / other.n;
    squares += other.squares + n * other.n * d * d / (n + other.n);
    n += other.n;
    sum += other.sum;
  }
  std::optional<double> Finish() const {
    constexpr bool kSample = kKind == Kind::kVarSamp || kKind == Kind::kStddevSamp;
    if (n == 0 || (kSample && n <= 1)) return std::nullopt;
    const double variance = squares / (kSample ? n - 1 : n);
    constexpr bool kRoot = kKind == Kind::kStddevPop || kKind == Kind::kStddevSamp;
    return kRoot ? std::sqrt(variance) : variance;
  }
};

template <typename T, Kind kKind>
struct ExactVariance {
  NumericVariance variance;
  void Add(const T& value) {
    if constexpr (std::is_same_v<T, Numeric>) {
      variance.Add(value);
    } else {
      variance.Add(Numeric::FromInt64(value));
    }
  }
  void Remove(const T& value) {
    if constexpr (std::is_same_v<T, Numeric>) {
      variance.Subtract(value);
    } else {
      variance.Subtract(Numeric::FromInt64(value));
    }
  }
  void Merge(const ExactVariance& other) { variance.Merge(other.variance); }
  Result<std::optional<Numeric>> Finish() const {
    Numeric result;
    ASSIGN_OR_RETURN(const bool found, variance.Finish(kKind, &result));
    if (!found) return std::optional<Numeric>();
    return std::optional<Numeric>(std::move(result));
  }
};

struct SumInterval {
  IntervalValue sum;
  int64_t count;
  Status Add(const IntervalValue& value) {
    ASSIGN_OR_RETURN(sum, IntervalAdd(sum, value));
    ++count;
    return {};
  }
  std::optional<IntervalValue> Finish() const {
    return count > 0 ? std::optional(sum) : std::nullopt;
  }
};
struct AvgInterval : SumInterval {
  Result<std::optional<IntervalValue>> Finish() const {
    if (count == 0) return std::optional<IntervalValue>();
    ASSIGN_OR_RETURN(const IntervalValue result, IntervalDiv(sum, static_cast<double>(count)));
    return std::optional<IntervalValue>(result);
  }
};

/// Sums over pairs (Y, X), again by Youngs and Cramer.
struct Regression {
  double n, sx, sxx, sy, syy, sxy;
  Status Add(double y, double x) {
    const double sx_before = sx, sy_before = sy;
    n += 1;
    sx += x;
    sy += y;
    if (n > 1) {
      const double dx = x * n - sx;
      const double dy = y * n - sy;
      const double scale = 1.0 / (n * (n - 1));
      sxx += dx * dx * scale;
      syy += dy * dy * scale;
      sxy += dx * dy * scale;
      // Infinite without an infinity among the values.
      const bool x_finite = !std::isinf(sx_before) && !std::isinf(x);
      const bool y_finite = !std::isinf(sy_before) && !std::isinf(y);
      if (((std::isinf(sx) || std::isinf(sxx)) && x_finite) ||
          ((std::isinf(sy) || std::isinf(syy)) && y_finite) ||
          (std::isinf(sxy) && x_finite && y_finite)) {
        return FloatOverflow();
      }
      for (double* product : {&sxx, &syy, &sxy}) {
        if (std::isinf(*product)) *product = std::nan("");
      }
    }
    return {};
  }
};

enum class Pair : uint8_t {
  kCount,
  kSxx,
  kSyy,
  kSxy,
  kAvgX,
  kAvgY,
  kR2,
  kSlope,
  kIntercept,
  kCovarPop,
  kCovarSamp,
  kCorr,
};

template <Pair kPair>
std::optional<double> FinishPair(const Regression& r) {
  if (r.n < 1) return std::nullopt;
  switch (kPair) {
    case Pair::kSxx:
      return r.sxx;
    case Pair::kSyy:
      return r.syy;
    case Pair::kSxy:
      return r.sxy;
    case Pair::kAvgX:
      return r.sx / r.n;
    case Pair::kAvgY:
      return r.sy / r.n;
    case Pair::kR2:
      if (r.sxx == 0) return std::nullopt;
      if (r.syy == 0) return 1.0;
      return (r.sxy * r.sxy) / (r.sxx * r.syy);
    case Pair::kSlope:
      return r.sxx == 0 ? std::nullopt : std::optional(r.sxy / r.sxx);
    case Pair::kIntercept:
      return r.sxx == 0 ? std::nullopt : std::optional((r.sy - r.sx * r.sxy / r.sxx) / r.n);
    case Pair::kCovarPop:
      return r.sxy / r.n;
    case Pair::kCovarSamp:
      return r.n < 2 ? std::nullopt : std::optional(r.sxy / (r.n - 1));
    case Pair::kCorr:
      return r.sxx == 0 || r.syy == 0 ? std::nullopt
                                      : std::optional(r.sxy / std::sqrt(r.sxx * r.syy));
    case Pair::kCount:
      break;
  }
  return std::nullopt;
}

Status UpdatePairs(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                   std::byte* const* states, Arena&) {
  const VectorView y = args[0]->view();
  const VectorView x = args[1]->view();
  for (uint32_t i = 0; i < rows; ++i) {
    if (y.IsNull(i) || x.IsNull(i)) continue;
    RETURN_IF_ERROR(
        reinterpret_cast<Regression*>(states[i])->Add(y.Get<double>(i), x.Get<double>(i)));
  }
  return {};
}
template <Pair kPair>
Status FinalizePairs(EvalContext&, CallSite&, std::byte* const* states, uint32_t count,
                     Vector& out) {
  out.ResetFlat(count);
  for (uint32_t i = 0; i < count; ++i) {
    const auto& state = *reinterpret_cast<const Regression*>(states[i]);
    if constexpr (kPair == Pair::kCount) {
      out.data<int64_t>()[i] = static_cast<int64_t>(state.n);
    } else {
      RETURN_IF_ERROR(kernels::Deliver(out, i, FinishPair<kPair>(state)));
    }
  }
  return {};
}
template <Pair kPair>
const AggregateImpl* PairAggregate() {
  static constexpr AggregateImpl kImpl = {.state_bytes = sizeof(Regression),
                                          .init = nullptr,
                                          .update = UpdatePairs,
                                          .update_one = nullptr,
                                          .combine = nullptr,
                                          .finalize = FinalizePairs<kPair>,
                                          .retract = nullptr,
                                          .destroy = nullptr};
  return &kImpl;
}

template <Kind kKind>
void AddVariance(FunctionRegistry& r, std::string_view int2, std::string_view int4,
                 std::string_view int8, std::string_view numeric, std::string_view float4,
                 std::string_view float8) {
  r.Aggregate(int2, UnaryAggregate<ExactVariance<int16_t, kKind>, int16_t>::Get());
  r.Aggregate(int4, UnaryAggregate<ExactVariance<int32_t, kKind>, int32_t>::Get());
  r.Aggregate(int8, UnaryAggregate<ExactVariance<int64_t, kKind>, int64_t>::Get());
  r.Aggregate(numeric, UnaryAggregate<ExactVariance<Numeric, kKind>, Numeric>::Get());
  r.Aggregate(float4, UnaryAggregate<FloatVariance<float, kKind>, float>::Get());
  r.Aggregate(float8, UnaryAggregate<FloatVariance<double, kKind>, double>::Get());
}

}  // namespace

void RegisterAggregateStatistics(FunctionRegistry& r) {
  AddVariance<Kind::kVarPop>(r, "var_pop(int2)", "var_pop(int4)", "var_pop(int8)",
                             "var_pop(numeric)", "var_pop(float4)", "var_pop(float8)");
  AddVariance<Kind::kVarSamp>(r, "var_samp(int2)", "var_samp(int4)", "var_samp(int8)",
                              "var_samp(numeric)", "var_samp(float4)", "var_samp(float8)");
  AddVariance<Kind::kVarSamp>(r, "variance(int2)", "variance(int4)", "variance(int8)",
                              "variance(numeric)", "variance(float4)", "variance(float8)");
  AddVariance<Kind::kStddevPop>(r, "stddev_pop(int2)", "stddev_pop(int4)", "stddev_pop(int8)",
                                "stddev_pop(numeric)", "stddev_pop(float4)", "stddev_pop(float8)");
  AddVariance<Kind::kStddevSamp>(r, "stddev_samp(int2)", "stddev_samp(int4)", "stddev_samp(int8)",
                                 "stddev_samp(numeric)", "stddev_samp(float4)",
                                 "stddev_samp(float8)");
  AddVariance<Kind::kStddevSamp>(r, "stddev(int2)", "stddev(int4)", "stddev(int8)",
                                 "stddev(numeric)", "stddev(float4)", "stddev(float8)");
  r.Aggregate("sum(interval)", UnaryAggregate<SumInterval, IntervalValue>::Get());
  r.Aggregate("avg(interval)", UnaryAggregate<AvgInterval, IntervalValue>::Get());
  r.Aggregate("regr_count(float8,float8)", PairAggregate<Pair::kCount>());
  r.Aggregate("regr_sxx(float8,float8)", PairAggregate<Pair::kSxx>());
  r.Aggregate("regr_syy(float8,float8)", PairAggregate<Pair::kSyy>());
  r.Aggregate("regr_sxy(float8,float8)", PairAggregate<Pair::kSxy>());
  r.Aggregate("regr_avgx(float8,float8)", PairAggregate<Pair::kAvgX>());
  r.Aggregate("regr_avgy(float8,float8)", PairAggregate<Pair::kAvgY>());
  r.Aggregate("regr_r2(float8,float8)", PairAggregate<Pair::kR2>());
  r.Aggregate("regr_slope(float8,float8)", PairAggregate<Pair::kSlope>());
  r.Aggregate("regr_intercept(float8,float8)", PairAggregate<Pair::kIntercept>());
  r.Aggregate("covar_pop(float8,float8)", PairAggregate<Pair::kCovarPop>());
  r.Aggregate("covar_samp(float8,float8)", PairAggregate<Pair::kCovarSamp>());
  r.Aggregate("corr(float8,float8)", PairAggregate<Pair::kCorr>());
}

}  // namespace oxibase
