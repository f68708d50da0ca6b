// Arithmetic and mathematics over numeric; gcd and lcm of integers.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "expr/function_registry.h"
#include "expr/functions/arithmetic_kernels.h"
#include "expr/kernels.h"

namespace oxibase {
namespace {

template <typename T>
Result<T> Gcd(T a, T b) {
  using U = std::make_unsigned_t<T>;
  const auto magnitude = [](T v) { return v < 0 ? U{0} - static_cast<U>(v) : static_cast<U>(v); };
  const U result = std::gcd(magnitude(a), magnitude(b));
  if (result > static_cast<U>(std::numeric_limits<T>::max())) return OutOfRange(T{});
  return static_cast<T>(result);
}
template <typename T>
Result<T> Lcm(T a, T b) {
  if (a == 0 || b == 0) return T{0};
  ASSIGN_OR_RETURN(const T gcd, Gcd(a, b));
  T result;
  if (__builtin_mul_overflow(static_cast<T>(a / gcd), b, &result)) return OutOfRange(T{});
  if (result < 0 && __builtin_sub_overflow(T{0}, result, &result)) return OutOfRange(T{});
  return result;
}

Numeric Negate(const Numeric& a) {
  Numeric r = a;
  r.Negate();
  return r;
}
Numeric Abs(const Numeric& a) {
  Numeric r = a;
  r.MakeAbs();
  return r;
}
int ClampDigits(int32_t digits) {
  return std::clamp(digits, -Numeric::kIntegerDigitsMax, Numeric::kDscaleMax);
}
Result<Numeric> Round(const Numeric& a, int32_t digits) {
  Numeric r;
  RETURN_IF_ERROR(a.Round(ClampDigits(digits), &r));
  return r;
}
Result<Numeric> Trunc(const Numeric& a, int32_t digits) {
  Numeric r;
  RETURN_IF_ERROR(a.Trunc(ClampDigits(digits), &r));
  return r;
}
template <Status (Numeric::*kMethod)(Numeric*) const>
Result<Numeric> Method(const Numeric& a) {
  Numeric r;
  RETURN_IF_ERROR((a.*kMethod)(&r));
  return r;
}
Result<Numeric> LogTen(const Numeric& a) {
  Numeric r;
  RETURN_IF_ERROR(Numeric::Log(Numeric::FromInt64(10), a, &r));
  return r;
}
Result<Numeric> Factorial(int64_t n) {
  Numeric r;
  RETURN_IF_ERROR(Numeric::Factorial(n, &r));
  return r;
}
std::optional<int32_t> Scale(const Numeric& a) {
  return a.is_finite() ? std::optional<int32_t>(a.dscale()) : std::nullopt;
}
std::optional<int32_t> MinScale(const Numeric& a) {
  return a.is_finite() ? std::optional<int32_t>(a.TrimScale().dscale()) : std::nullopt;
}

Status BucketError(std::string_view text) {
  return Error(ErrorCode::kInvalidArgumentForWidthBucketFunction, "{}", text);
}

Result<int32_t> WidthBucketFloat(double operand, double low, double high, int32_t count) {
  if (count <= 0) return BucketError("count must be greater than zero");
  if (std::isnan(operand) || std::isnan(low) || std::isnan(high)) {
    return BucketError("operand, lower bound, and upper bound cannot be NaN");
  }
  if (std::isinf(low) || std::isinf(high)) {
    return BucketError("lower and upper bounds must be finite");
  }
  if (low == high) return BucketError("lower bound cannot equal upper bound");
  const bool rising = low < high;
  if (rising ? operand < low : operand > low) return 0;
  if (rising ? operand >= high : operand <= high) {
    if (count == std::numeric_limits<int32_t>::max()) return OutOfRange(int32_t{});
    return count + 1;
  }
  const double width = rising ? (high - low) : (low - high);
  const double distance = rising ? (operand - low) : (low - operand);
  const auto bucket = static_cast<int32_t>(static_cast<double>(count) * (distance / width)) + 1;
  return std::min(bucket, count);
}

Result<int32_t> WidthBucketNumeric(const Numeric& operand, const Numeric& low, const Numeric& high,
                                   int32_t count) {
  if (count <= 0) return BucketError("count must be greater than zero");
  if (operand.is_nan() || low.is_nan() || high.is_nan()) {
    return BucketError("operand, lower bound, and upper bound cannot be NaN");
  }
  if (low.is_infinite() || high.is_infinite()) {
    return BucketError("lower and upper bounds must be finite");
  }
  const int order = Numeric::Compare(low, high);
  if (order == 0) return BucketError("lower bound cannot equal upper bound");
  const int to_low = Numeric::Compare(operand, low);
  const int to_high = Numeric::Compare(operand, high);
  if (order < 0 ? to_low < 0 : to_low > 0) return 0;
  if (order < 0 ? to_high >= 0 : to_high <= 0) {
    if (count == std::numeric_limits<int32_t>::max()) return OutOfRange(int32_t{});
    return count + 1;
  }
  Numeric distance, width, scaled, bucket;
  RETURN_IF_ERROR(Numeric::Sub(operand, low, &distance));
  RETURN_IF_ERROR(Numeric::Sub(high, low, &width));
  RETURN_IF_ERROR(Numeric::Mul(distance, Numeric::FromInt64(count), &scaled));
  RETURN_IF_ERROR(Numeric::DivTrunc(scaled, width, &bucket));
  ASSIGN_OR_RETURN(const int32_t result, bucket.ToInt32());
  return result + 1;
}

}  // namespace

void RegisterMathNumeric(FunctionRegistry& r) {
  r.Scalar("numeric_add", &Strict<&Numeric::Add>);
  r.Scalar("numeric_sub", &Strict<&Numeric::Sub>);
  r.Scalar("numeric_mul", &Strict<&Numeric::Mul>);
  r.Scalar("numeric_div", &Strict<&Numeric::Div>);
  r.Scalar("numeric_div_trunc", &Strict<&Numeric::DivTrunc>);
  r.Scalar("numeric_mod", &Strict<&Numeric::Mod>);
  r.Scalar("numeric_power", &Strict<&Numeric::Power>);
  r.Scalar("numeric_log", &Strict<&Numeric::Log>);
  r.Scalar("numeric_gcd", &Strict<&Numeric::Gcd>);
  r.Scalar("numeric_lcm", &Strict<&Numeric::Lcm>);
  r.Scalar("numeric_uminus", &Strict<&Negate>);
  r.Scalar("numeric_uplus", StrictOf([](const Numeric& a) { return a; }));
  r.Scalar("numeric_abs", &Strict<&Abs>);
  r.Scalar("numeric_sign", StrictOf([](const Numeric& a) { return a.Sign(); }));
  r.Scalar("numeric_round", &Strict<&Round>);
  r.Scalar("round(numeric)", StrictOf([](const Numeric& a) { return Round(a, 0); }));
  r.Scalar("numeric_trunc", &Strict<&Trunc>);
  r.Scalar("trunc(numeric)", StrictOf([](const Numeric& a) { return Trunc(a, 0); }));
  r.Scalar("numeric_ceil", &Strict<&Method<&Numeric::Ceil>>);
  r.Scalar("numeric_floor", &Strict<&Method<&Numeric::Floor>>);
  r.Scalar("numeric_sqrt", &Strict<&Method<&Numeric::Sqrt>>);
  r.Scalar("numeric_exp", &Strict<&Method<&Numeric::Exp>>);
  r.Scalar("numeric_ln", &Strict<&Method<&Numeric::Ln>>);
  r.Scalar("log(numeric)", &Strict<&LogTen>);
  r.Scalar("log10(numeric)", &Strict<&LogTen>);
  r.Scalar("numeric_fac", &Strict<&Factorial>);
  r.Scalar("numeric_scale", &Strict<&Scale>);
  r.Scalar("numeric_min_scale", &Strict<&MinScale>);
  r.Scalar("numeric_trim_scale", StrictOf([](const Numeric& a) { return a.TrimScale(); }));
  r.Scalar("int4gcd", &Strict<&Gcd<int32_t>>);
  r.Scalar("int8gcd", &Strict<&Gcd<int64_t>>);
  r.Scalar("int4lcm", &Strict<&Lcm<int32_t>>);
  r.Scalar("int8lcm", &Strict<&Lcm<int64_t>>);
  r.Scalar("width_bucket_float8", &Strict<&WidthBucketFloat>);
  r.Scalar("width_bucket_numeric", &Strict<&WidthBucketNumeric>);
}

}  // namespace oxibase
