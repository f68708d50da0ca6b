// Roots, exponentials and logarithms of numerics.
//
// Values are computed in binary fixed point with more bits than the result needs and rounded once
// at the end; PostgreSQL's formulas choose the scale of the result.
#include <algorithm>
#include <cmath>

#include "common/numeric.h"
#include "common/numeric_internal.h"

namespace oxibase {
namespace {

using Access = NumericAccess;

constexpr double kLog10E = 0.434294481903252;
constexpr double kLn10 = 2.302585092994046;
constexpr int kGuardBits = 64;

Status DivisionByZero() { return Error(ErrorCode::kDivisionByZero, "division by zero"); }

int ClampScale(int scale, int a_dscale, int b_dscale = 0) {
  return std::min(std::max({scale, a_dscale, b_dscale, 0}), kMaxDisplayScale);
}

bool IsIntegral(const Numeric& n) {
  return n.is_finite() && (n.dscale() == 0 || n.TrimScale().dscale() == 0);
}

/// n * 2^bits
BigInt ToFixed(const Numeric& n, int bits) {
  BigInt value = Access::Signed(n) << bits;
  if (n.dscale() > 0) value /= BigPow10(n.dscale());
  return value;
}

/// value / 2^bits as a numeric of `dscale` digits, rounded.
Status FromFixed(const BigInt& value, int bits, int dscale, Numeric* out) {
  const bool negative = value < 0;
  BigInt scaled = abs(value) * BigPow10(dscale);
  scaled += BigInt(1) << (bits - 1);
  scaled >>= bits;
  if (negative) scaled = -scaled;
  return MakeResult(std::move(scaled), dscale, out);
}

int BitsFor(int decimal_digits) {
  return static_cast<int>(decimal_digits * 3.3219280948873626) + kGuardBits;
}

/// 2 * atanh(z / 2^bits) for |z| < 1/2: 2 (z + z^3/3 + z^5/5 + ...)
BigInt TwoAtanh(const BigInt& z, int bits) {
  const BigInt square = (z * z) >> bits;
  BigInt term = z;
  BigInt sum = z;
  for (unsigned k = 3; !term.is_zero(); k += 2) {
    term *= square;
    term >>= bits;
    // A right shift of a negative number rounds down and would never reach zero.
    if (term == -1) break;
    sum += term / k;
  }
  return sum * 2;
}

BigInt Ln2(int bits) { return TwoAtanh((BigInt(1) << bits) / 3, bits); }

/// ln(x) * 2^bits. REQUIRES: x > 0
BigInt LnFixed(const Numeric& x, int bits) {
  const BigInt numerator = Access::Magnitude(x);
  const BigInt denominator = BigPow10(x.dscale());
  // x = m * 2^k with m in [1/2, 2]
  const int k = static_cast<int>(msb(numerator)) - static_cast<int>(msb(denominator));
  BigInt a = numerator;
  BigInt b = denominator;
  if (k > 0) {
    b <<= k;
  } else {
    a <<= -k;
  }
  // ln m = 2 atanh((m - 1) / (m + 1)), from exact integers, so that numbers near 1 lose nothing.
  const BigInt z = ((a - b) << bits) / (a + b);
  return TwoAtanh(z, bits) + Ln2(bits) * k;
}

/// e^(x / 2^bits) * 2^bits. REQUIRES: |x| < 2^(bits + 15)
BigInt ExpFixed(const BigInt& x, int bits) {
  // x = k ln 2 + r; r is halved 16 times, the series summed, the result squared back.
  constexpr int kHalvings = 16;
  const int work = bits + 2 * kHalvings + 32;
  const BigInt ln2 = Ln2(work);
  BigInt value = x << (work - bits);
  const BigInt quotient = value / ln2;
  const int k = static_cast<int>(quotient);
  BigInt r = value - ln2 * k;
  r >>= kHalvings;
  const BigInt one = BigInt(1) << work;
  BigInt sum = one;
  BigInt term = one;
  for (unsigned i = 1;; ++i) {
    term *= r;
    term >>= work;
    term /= i;
    if (term.is_zero()) break;
    sum += term;
  }
  for (int i = 0; i < kHalvings; ++i) {
    sum *= sum;
    sum >>= work;
  }
  const int shift = k - (work - bits);
  return shift >= 0 ? BigInt(sum << shift) : BigInt(sum >> -shift);
}

/// Decimal weight of ln(x), as PostgreSQL estimates it.
int EstimateLnWeight(const Numeric& x) {
  if (x.sign() <= 0) return 0;
  const Numeric low = *Numeric::Parse("0.9");
  const Numeric high = *Numeric::Parse("1.1");
  if (Numeric::Compare(x, low) >= 0 && Numeric::Compare(x, high) <= 0) {
    Numeric rest;
    if (!Numeric::Sub(x, Numeric::FromInt64(1), &rest).ok() || rest.is_zero()) return 0;
    return LeadingExponent(rest);
  }
  const int digits = DigitCount(x);
  const int drop = std::max(0, digits - 16);
  const Numeric head = drop > 0 ? Rescale(x, x.dscale() - drop, false) : x;
  const double ln = std::log(std::fabs(head.ToDoubleLossy()));
  if (!std::isfinite(ln)) {  // beyond a double: by the exponent alone
    return static_cast<int>(std::log10(std::fabs(LeadingExponent(x) * kLn10)));
  }
  return static_cast<int>(std::log10(std::fabs(ln)));
}

Status LnToScale(const Numeric& x, int scale, Numeric* out) {
  const int bits = BitsFor(scale + 10);
  return FromFixed(LnFixed(x, bits), bits, scale, out);
}

/// x^n, rounded to `scale`; the caller has made sure of the result's size.
Status PowerToScale(const Numeric& base, int64_t exponent, double result_weight, int scale,
                    Numeric* out) {
  const bool negative = base.sign() < 0 && (exponent & 1);
  const auto n = static_cast<uint64_t>(std::abs(exponent));
  const double digits = static_cast<double>(DigitCount(base)) * static_cast<double>(n);
  if (exponent > 0 && digits < 4000) {
    BigInt exact = boost::multiprecision::pow(Access::Magnitude(base), static_cast<unsigned>(n));
    exact = ShiftRight10(exact, base.dscale() * static_cast<int>(n) - scale, true);
    if (negative) exact = -exact;
    return MakeResult(std::move(exact), scale, out);
  }
  // Squaring with a floating binary mantissa: each product doubles the relative error, so the
  // exponent's bits are added to the precision.
  const int precision = BitsFor(static_cast<int>(std::max(0.0, result_weight)) + scale + 10) + 70;
  BigInt mantissa = Access::Magnitude(base);
  long scale2 = 0;  // value = mantissa * 2^scale2
  const auto normalize = [&](BigInt* m, long* e) {
    const int extra = static_cast<int>(msb(*m)) + 1 - precision;
    if (extra > 0) {
      *m >>= extra;
      *e += extra;
    }
  };
  if (base.dscale() > 0) {
    mantissa <<= precision + static_cast<int>(base.dscale() * 3.33) + 8;
    scale2 = -(precision + static_cast<int>(base.dscale() * 3.33) + 8);
    mantissa /= BigPow10(base.dscale());
  }
  normalize(&mantissa, &scale2);
  BigInt result = 1;
  long result_scale2 = 0;
  for (uint64_t bit = n;;) {
    if (bit & 1) {
      result *= mantissa;
      result_scale2 += scale2;
      normalize(&result, &result_scale2);
    }
    bit >>= 1;
    if (bit == 0) break;
    mantissa *= mantissa;
    scale2 *= 2;
    normalize(&mantissa, &scale2);
  }
  if (exponent < 0) {
    const int up = 2 * precision;
    result = (BigInt(1) << up) / result;
    result_scale2 = -up - result_scale2;
  }
  result *= BigPow10(scale);
  if (result_scale2 >= 0) {
    result <<= result_scale2;
  } else {
    const long drop = -result_scale2;
    result += BigInt(1) << (drop - 1);
    result >>= drop;
  }
  if (negative) result = -result;
  return MakeResult(std::move(result), scale, out);
}

Status PowerInteger(const Numeric& base, int64_t exponent, Numeric* out) {
  const int scale = ClampScale(kMinSignificantDigits, base.dscale());
  if (exponent == 0) {
    *out = Rescale(Numeric::FromInt64(1), scale, true);
    return {};
  }
  if (base.is_zero()) {
    if (exponent < 0) return DivisionByZero();
    *out = Access::Small(0, false, scale);
    return {};
  }
  const int drop = std::max(0, DigitCount(base) - 16);
  const Numeric head = Access::Large(ShiftRight10(Access::Magnitude(base), drop, false), false, 0);
  const double weight =
      static_cast<double>(exponent) * (std::log10(head.ToDoubleLossy()) + drop - base.dscale());
  if (weight > Numeric::kIntegerDigitsMax + 8) return OverflowError();
  if (weight + 1 < -scale) {
    *out = Access::Small(0, false, scale);
    return {};
  }
  return PowerToScale(base, exponent, weight, scale, out);
}

bool IsOdd(const Numeric& integral) {
  const Numeric n = Rescale(integral, 0, false);
  return n.is_big() ? bit_test(Access::BigMagnitude(n), 0)
                    : (static_cast<unsigned>(n.magnitude()) & 1) != 0;
}

Status ComplexResult() {
  return Error(ErrorCode::kInvalidArgumentForPowerFunction,
               "a negative number raised to a non-integer power yields a complex result");
}

/// POSIX pow()'s rules for NaN and infinities.
Status PowerSpecial(const Numeric& base, const Numeric& exponent, Numeric* out) {
  const Numeric one = Numeric::FromInt64(1);
  if (base.is_nan()) {
    *out = exponent.is_zero() ? one : Numeric::NaN();
    return {};
  }
  if (exponent.is_nan()) {
    *out = Numeric::Compare(base, one) == 0 ? one : Numeric::NaN();
    return {};
  }
  const int sign = base.sign();
  const int direction = exponent.sign();
  if (sign < 0 && exponent.is_finite() && !IsIntegral(exponent)) return ComplexResult();
  if ((base.is_finite() && Numeric::Compare(base, one) == 0) || direction == 0) {
    *out = one;
  } else if (sign == 0) {
    *out = Numeric();
  } else if (exponent.is_infinite()) {
    Numeric absolute = base;
    absolute.MakeAbs();
    const int order = base.is_infinite() ? 1 : Numeric::Compare(absolute, one);
    if (order == 0) {
      *out = one;
    } else {
      *out = (order > 0) == (direction > 0) ? Numeric::Infinity() : Numeric();
    }
  } else if (direction < 0) {
    *out = Numeric();
  } else {
    *out = Numeric::Infinity(sign < 0 && IsOdd(exponent));
  }
  return {};
}

Status CheckLogarithmArgument(const Numeric& x) {
  if (x.is_nan()) return {};
  if (x.sign() < 0) {
    return Error(ErrorCode::kInvalidArgumentForLogarithm,
                 "cannot take logarithm of a negative number");
  }
  if (x.sign() == 0) {
    return Error(ErrorCode::kInvalidArgumentForLogarithm, "cannot take logarithm of zero");
  }
  return {};
}

}  // namespace

Status Numeric::Sqrt(Numeric* out) const {
  if (is_nan() || kind_ == Kind::kPosInf) {
    *out = *this;
    return {};
  }
  if (sign() < 0) {
    return Error(ErrorCode::kInvalidArgumentForPowerFunction,
                 "cannot take square root of a negative number");
  }
  int scale = 0;
  int weight = 0;  // of base-10000 digits, as PostgreSQL counts
  if (!is_zero()) {
    const int exponent = LeadingExponent(*this);
    weight = (exponent - ((exponent % 4) + 4) % 4) / 4;
  }
  const int half = (weight + 1) * 4 / 2 - 1;
  scale = ClampScale(kMinSignificantDigits - half, dscale_);
  // sqrt(m / 10^d) * 10^s = sqrt(m * 10^(2s - d)); one more digit decides the rounding.
  const int up = 2 * (scale + 1) - dscale_;
  BigInt scaled = Access::Magnitude(*this);
  if (up >= 0) {
    scaled *= BigPow10(up);
  } else {
    scaled /= BigPow10(-up);
  }
  BigInt root = boost::multiprecision::sqrt(scaled);
  root = (root + 5) / 10;
  return MakeResult(std::move(root), scale, out);
}

Status Numeric::Exp(Numeric* out) const {
  if (!is_finite()) {
    *out = kind_ == Kind::kNegInf ? Numeric() : *this;
    return {};
  }
  const double value = ToDoubleLossy();
  const double weight = std::clamp(value * kLog10E, -static_cast<double>(kMaxResultScale),
                                   static_cast<double>(kMaxResultScale));
  const int scale = ClampScale(kMinSignificantDigits - static_cast<int>(weight), dscale_);
  if (std::fabs(value) >= kMaxResultScale * 3) {
    if (value > 0) return OverflowError();
    *out = Access::Small(0, false, scale);
    return {};
  }
  const int bits = BitsFor(scale + static_cast<int>(std::max(0.0, value * kLog10E)) + 10);
  return FromFixed(ExpFixed(ToFixed(*this, bits), bits), bits, scale, out);
}

Status Numeric::Ln(Numeric* out) const {
  RETURN_IF_ERROR(CheckLogarithmArgument(*this));
  if (!is_finite()) {
    *out = *this;
    return {};
  }
  const int scale = ClampScale(kMinSignificantDigits - EstimateLnWeight(*this), dscale_);
  return LnToScale(*this, scale, out);
}

Status Numeric::Log(const Numeric& base, const Numeric& x, Numeric* out) {
  if (base.is_nan() || x.is_nan()) {
    *out = NaN();
    return {};
  }
  RETURN_IF_ERROR(CheckLogarithmArgument(base));
  RETURN_IF_ERROR(CheckLogarithmArgument(x));
  if (base.is_infinite() || x.is_infinite()) {
    *out = base.is_infinite() ? (x.is_infinite() ? NaN() : Numeric()) : Infinity();
    return {};
  }
  const int base_weight = EstimateLnWeight(base);
  const int x_weight = EstimateLnWeight(x);
  const int weight = x_weight - base_weight;
  const int scale = ClampScale(kMinSignificantDigits - weight, base.dscale_, x.dscale_);
  const int bits = BitsFor(scale + std::abs(base_weight) + std::abs(x_weight) + 20);
  const BigInt divisor = LnFixed(base, bits);
  if (divisor.is_zero()) return DivisionByZero();
  return FromFixed((LnFixed(x, bits) << bits) / divisor, bits, scale, out);
}

Status Numeric::Power(const Numeric& base, const Numeric& exponent, Numeric* out) {
  if (base.sign() == 0 && base.is_finite() && exponent.sign() < 0) {
    return Error(ErrorCode::kInvalidArgumentForPowerFunction,
                 "zero raised to a negative power is undefined");
  }
  if (!base.is_finite() || !exponent.is_finite()) return PowerSpecial(base, exponent, out);
  const bool integral = IsIntegral(exponent);
  if (integral) {
    __int128 n;
    if (exponent.ToInt128(&n) && n >= INT32_MIN && n <= INT32_MAX) {
      return PowerInteger(base, static_cast<int64_t>(n), out);
    }
  }
  if (base.sign() < 0 && !integral) return ComplexResult();
  if (base.is_zero()) {
    *out = Access::Small(0, false, kMinSignificantDigits);
    return {};
  }
  const bool negative = base.sign() < 0 && IsOdd(exponent);
  Numeric absolute = base;
  absolute.MakeAbs();
  const double ln = [&] {
    // Eight significant digits, also next to 1 where a double's own logarithm has none.
    const int bits = BitsFor(std::max(0, -EstimateLnWeight(absolute)) + 20);
    return FromFixed(LnFixed(absolute, bits), bits, bits / 4, out).ok() ? out->ToDoubleLossy() : 0;
  }();
  double value = ln * exponent.ToDoubleLossy();
  if (std::fabs(value) > kMaxResultScale * 3.01) {
    if (value > 0) return OverflowError();
    *out = Access::Small(0, false, kMaxDisplayScale);
    return {};
  }
  const double weight = value * kLog10E;
  const int scale =
      ClampScale(kMinSignificantDigits - static_cast<int>(weight), base.dscale_, exponent.dscale_);
  const int exponent_digits = std::max(0, DigitCount(exponent) - exponent.dscale_);
  const int bits = BitsFor(scale + static_cast<int>(std::max(0.0, weight)) + exponent_digits + 15);
  const BigInt product =
      (LnFixed(absolute, bits) * Access::Signed(exponent)) / BigPow10(exponent.dscale_);
  if (abs(product) >= BigInt(kMaxResultScale * 3) << bits) {
    if (product > 0) return OverflowError();
    *out = Access::Small(0, false, scale);
    return {};
  }
  RETURN_IF_ERROR(FromFixed(ExpFixed(product, bits), bits, scale, out));
  if (negative) out->Negate();
  return {};
}

Status Numeric::Factorial(int64_t n, Numeric* out) {
  if (n < 0) {
    return Error(ErrorCode::kNumericValueOutOfRange, "factorial of a negative number is undefined");
  }
  if (n > 32177) return OverflowError();
  BigInt result = 1;
  for (unsigned i = 2; i <= static_cast<unsigned>(n); ++i) result *= i;
  return MakeResult(std::move(result), 0, out);
}

Status Numeric::Gcd(const Numeric& a, const Numeric& b, Numeric* out) {
  if (!a.is_finite() || !b.is_finite()) {
    *out = NaN();
    return {};
  }
  const int dscale = std::max(a.dscale_, b.dscale_);
  BigInt result = gcd(BigInt(Access::Magnitude(a) * BigPow10(dscale - a.dscale_)),
                      BigInt(Access::Magnitude(b) * BigPow10(dscale - b.dscale_)));
  return MakeResult(std::move(result), dscale, out);
}

Status Numeric::Lcm(const Numeric& a, const Numeric& b, Numeric* out) {
  if (!a.is_finite() || !b.is_finite()) {
    *out = NaN();
    return {};
  }
  const int dscale = std::max(a.dscale_, b.dscale_);
  const BigInt x = Access::Magnitude(a) * BigPow10(dscale - a.dscale_);
  const BigInt y = Access::Magnitude(b) * BigPow10(dscale - b.dscale_);
  if (x.is_zero() || y.is_zero()) {
    *out = Access::Small(0, false, dscale);
    return {};
  }
  return MakeResult(BigInt(x / gcd(x, y) * y), dscale, out);
}

}  // namespace oxibase
