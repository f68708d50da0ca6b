#pragma once
// What numeric*.cc share: arbitrary precision behind Numeric. Not for others (it pulls in Boost).

#include <boost/multiprecision/cpp_int.hpp>
#include <utility>

#include "common/numeric.h"

namespace oxibase {

using BigInt = boost::multiprecision::cpp_int;

struct Numeric::Big {
  BigInt magnitude;  // at least 2^128
};

struct NumericAccess {
  static Numeric::U128& Magnitude(Numeric& n) { return n.magnitude_; }
  static int16_t& Dscale(Numeric& n) { return n.dscale_; }
  static bool& Negative(Numeric& n) { return n.negative_; }
  static bool Negative(const Numeric& n) { return n.negative_; }
  static const BigInt& BigMagnitude(const Numeric& n) { return n.big_->magnitude; }

  /// A small finite number; keeps zero unsigned.
  static Numeric Small(Numeric::U128 magnitude, bool negative, int dscale) {
    Numeric n;
    n.magnitude_ = magnitude;
    n.negative_ = negative && magnitude != 0;
    n.dscale_ = static_cast<int16_t>(dscale);
    return n;
  }
  /// Any finite number, without a check of its size. REQUIRES: magnitude >= 0
  static Numeric Large(BigInt magnitude, bool negative, int dscale) {
    if (magnitude.is_zero()) return Small(0, false, dscale);
    if (boost::multiprecision::msb(magnitude) < 128) {
      return Small(static_cast<Numeric::U128>(magnitude), negative, dscale);
    }
    Numeric n;
    n.big_ = new Numeric::Big{std::move(magnitude)};
    n.negative_ = negative;
    n.dscale_ = static_cast<int16_t>(dscale);
    return n;
  }
  /// The magnitude whatever its size. REQUIRES: finite
  static BigInt Magnitude(const Numeric& n) {
    return n.big_ ? n.big_->magnitude : BigInt(n.magnitude_);
  }
  static BigInt Signed(const Numeric& n) {
    BigInt value = Magnitude(n);
    if (n.negative_) value = -value;
    return value;
  }
};

/// 10^exponent. REQUIRES: 0 <= exponent <= 38
Numeric::U128 Pow10(int exponent);
inline constexpr int kPow10Max = 38;
BigInt BigPow10(int exponent);

/// Decimal digits of a magnitude; 0 for zero.
int DigitCount(Numeric::U128 magnitude);
int DigitCount(const BigInt& magnitude);
int DigitCount(const Numeric& n);
/// Power of ten of the leading digit: 3 for 1234, -2 for 0.05. REQUIRES: finite, not zero
inline int LeadingExponent(const Numeric& n) { return DigitCount(n) - 1 - n.dscale(); }

/// numerator / 10^digits, rounded half away from zero, or truncated.
BigInt ShiftRight10(const BigInt& numerator, int digits, bool round);

Status OverflowError();
/// Builds the result and checks PostgreSQL's limits of digits. `value` may be negative.
Status MakeResult(BigInt value, int dscale, Numeric* out);

/// Changes the digits after the point; negative `digits` clears digits before it.
Numeric Rescale(const Numeric& n, int digits, bool round);

// Constants of PostgreSQL's choice of result scales.
inline constexpr int kMinSignificantDigits = 16;
inline constexpr int kMaxDisplayScale = 1000;
inline constexpr int kMaxResultScale = 2000;

}  // namespace oxibase
