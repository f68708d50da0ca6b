#include "common/numeric.h"

#include <algorithm>
#include <array>
#include <bit>

#include "common/hash.h"
#include "common/numeric_internal.h"

namespace oxibase {
namespace {

using U128 = Numeric::U128;
using Access = NumericAccess;

constexpr auto kPowers = [] {
  std::array<U128, kPow10Max + 1> powers{};
  U128 power = 1;
  for (auto& p : powers) {
    p = power;
    power *= 10;
  }
  return powers;
}();

int BitCount(U128 value) {
  const auto high = static_cast<uint64_t>(value >> 64);
  if (high) return 64 + std::bit_width(high);
  return std::bit_width(static_cast<uint64_t>(value));
}

/// Multiplies by 10^digits if that fits.
bool ScaleUp(U128* value, int digits) {
  if (digits == 0) return true;
  if (digits > kPow10Max) return *value == 0;
  return !__builtin_mul_overflow(*value, kPowers[digits], value);
}

Status DivisionByZero() { return Error(ErrorCode::kDivisionByZero, "division by zero"); }

/// a + b, or a - b, both small, if the result is small too.
bool AddSmall(const Numeric& a, const Numeric& b, bool subtract, Numeric* out) {
  U128 x = a.magnitude();
  U128 y = b.magnitude();
  int dscale = a.dscale();
  if (a.dscale() != b.dscale()) {
    dscale = std::max(a.dscale(), b.dscale());
    if (!ScaleUp(&x, dscale - a.dscale()) || !ScaleUp(&y, dscale - b.dscale())) return false;
  }
  bool negative = Access::Negative(a);
  const bool other_negative = Access::Negative(b) != subtract;
  U128 result;
  if (negative == other_negative) {
    if (__builtin_add_overflow(x, y, &result)) return false;
  } else if (x >= y) {
    result = x - y;
  } else {
    result = y - x;
    negative = other_negative;
  }
  *out = Access::Small(result, negative, dscale);
  return true;
}

Status AddOrSub(const Numeric& a, const Numeric& b, bool subtract, Numeric* out) {
  if (a.is_finite() && b.is_finite()) [[likely]] {
    if (!a.is_big() && !b.is_big() && AddSmall(a, b, subtract, out)) [[likely]]
      return {};
    const int dscale = std::max(a.dscale(), b.dscale());
    BigInt x = Access::Signed(a);
    BigInt y = Access::Signed(b);
    if (dscale > a.dscale()) x *= BigPow10(dscale - a.dscale());
    if (dscale > b.dscale()) y *= BigPow10(dscale - b.dscale());
    if (subtract) {
      x -= y;
    } else {
      x += y;
    }
    return MakeResult(std::move(x), dscale, out);
  }
  if (a.is_nan() || b.is_nan()) {
    *out = Numeric::NaN();
    return {};
  }
  const int b_sign = b.is_infinite() ? (subtract ? -b.sign() : b.sign()) : 0;
  const int a_sign = a.is_infinite() ? a.sign() : 0;
  if (a_sign * b_sign < 0) {
    *out = Numeric::NaN();
  } else {
    *out = Numeric::Infinity(a_sign + b_sign < 0);
  }
  return {};
}

/// Weight and value of the first base-10000 digit, as PostgreSQL stores numbers: its choice of a
/// quotient's scale depends on them.
void FirstBase10000Digit(const Numeric& n, int* weight, int* digit) {
  *weight = 0;
  *digit = 0;
  if (n.is_zero()) return;
  const int count = DigitCount(n);
  const int exponent = count - 1 - n.dscale();
  const int position = ((exponent % 4) + 4) % 4;  // of the leading decimal digit within its group
  *weight = (exponent - position) / 4;
  const int drop = count - (position + 1);
  if (n.is_big()) {
    *digit = static_cast<int>(Access::BigMagnitude(n) / BigPow10(drop));
  } else if (drop >= 0) {
    *digit = static_cast<int>(n.magnitude() / kPowers[drop]);
  } else {
    *digit = static_cast<int>(n.magnitude() * kPowers[-drop]);
  }
}

int DivScale(const Numeric& a, const Numeric& b) {
  int a_weight;
  int a_digit;
  int b_weight;
  int b_digit;
  FirstBase10000Digit(a, &a_weight, &a_digit);
  FirstBase10000Digit(b, &b_weight, &b_digit);
  int weight = a_weight - b_weight;
  if (a_digit <= b_digit) --weight;
  int scale = kMinSignificantDigits - weight * 4;
  scale = std::max({scale, a.dscale(), b.dscale(), 0});
  return std::min(scale, kMaxDisplayScale);
}

/// x * 10^up / y, rounded, when x * 10^up needs at most 256 bits and the quotient 128.
bool DivideSmall(U128 x, int up, U128 y, U128* quotient) {
  if (up > kPow10Max) return false;
  U128 scaled;
  if (!__builtin_mul_overflow(x, kPowers[up], &scaled)) {
    U128 q = scaled / y;
    const U128 r = scaled - q * y;
    if (r >= y - r) ++q;
    *quotient = q;
    return true;
  }
  if (y >> 64) return false;
  // Schoolbook: four 64-bit limbs of the product, divided by one.
  const auto d = static_cast<uint64_t>(y);
  const auto x0 = static_cast<uint64_t>(x);
  const auto x1 = static_cast<uint64_t>(x >> 64);
  const auto p0 = static_cast<uint64_t>(kPowers[up]);
  const auto p1 = static_cast<uint64_t>(kPowers[up] >> 64);
  uint64_t limbs[4];
  U128 t = static_cast<U128>(x0) * p0;
  limbs[0] = static_cast<uint64_t>(t);
  U128 carry = t >> 64;
  const U128 m1 = static_cast<U128>(x0) * p1;
  const U128 m2 = static_cast<U128>(x1) * p0;
  t = carry + static_cast<uint64_t>(m1) + static_cast<uint64_t>(m2);
  limbs[1] = static_cast<uint64_t>(t);
  carry = (t >> 64) + (m1 >> 64) + (m2 >> 64);
  t = static_cast<U128>(x1) * p1 + carry;
  limbs[2] = static_cast<uint64_t>(t);
  limbs[3] = static_cast<uint64_t>(t >> 64);
  uint64_t q[4];
  U128 remainder = 0;
  for (int i = 3; i >= 0; --i) {
    const U128 part = remainder << 64 | limbs[i];
    q[i] = static_cast<uint64_t>(part / d);
    remainder = part % d;
  }
  if (q[3] || q[2]) return false;
  U128 result = static_cast<U128>(q[1]) << 64 | q[0];
  if (remainder >= d - remainder && __builtin_add_overflow(result, U128{1}, &result)) return false;
  *quotient = result;
  return true;
}

}  // namespace

U128 Pow10(int exponent) { return kPowers[exponent]; }

BigInt BigPow10(int exponent) {
  if (exponent <= kPow10Max) return BigInt(kPowers[exponent]);
  return boost::multiprecision::pow(BigInt(10), static_cast<unsigned>(exponent));
}

int DigitCount(U128 magnitude) {
  if (magnitude == 0) return 0;
  // log10(2) = 0.30103: the estimate is right or one too small.
  const int estimate = (BitCount(magnitude) * 1233) >> 12;
  if (estimate > kPow10Max) return estimate;
  return estimate + (magnitude >= kPowers[estimate]);
}

int DigitCount(const BigInt& magnitude) {
  if (magnitude.is_zero()) return 0;
  const auto bits = static_cast<double>(boost::multiprecision::msb(magnitude));
  int digits = static_cast<int>(bits * 0.30102999566398120) + 1;  // right or one too small
  if (magnitude >= BigPow10(digits)) ++digits;
  return digits;
}

int DigitCount(const Numeric& n) {
  return n.is_big() ? DigitCount(Access::BigMagnitude(n)) : DigitCount(n.magnitude());
}

BigInt ShiftRight10(const BigInt& numerator, int digits, bool round) {
  if (digits <= 0) return numerator * BigPow10(-digits);
  const BigInt divisor = BigPow10(digits);
  BigInt quotient;
  BigInt remainder;
  boost::multiprecision::divide_qr(numerator, divisor, quotient, remainder);
  if (round && abs(remainder) * 2 >= divisor) {
    if (numerator < 0) {
      --quotient;
    } else {
      ++quotient;
    }
  }
  return quotient;
}

Status OverflowError() {
  return Error(ErrorCode::kNumericValueOutOfRange, "value overflows numeric format");
}

Status MakeResult(BigInt value, int dscale, Numeric* out) {
  if (dscale > Numeric::kDscaleMax) {
    value = ShiftRight10(value, dscale - Numeric::kDscaleMax, true);
    dscale = Numeric::kDscaleMax;
  }
  const bool negative = value < 0;
  if (negative) value = -value;
  if (!value.is_zero()) {
    const double digits = static_cast<double>(boost::multiprecision::msb(value)) * 0.30103 + 2;
    if (digits > Numeric::kIntegerDigitsMax + dscale &&
        DigitCount(value) > Numeric::kIntegerDigitsMax + dscale) {
      return OverflowError();
    }
  }
  *out = Access::Large(std::move(value), negative, dscale);
  return {};
}

void Numeric::CopyBig(const Numeric& other) { big_ = new Big(*other.big_); }

void Numeric::FreeBig() {
  delete big_;
  big_ = nullptr;
}

void Numeric::DecodeSlow(std::string_view bytes) {
  if (bytes.size() < 2) return;
  uint16_t header;
  std::memcpy(&header, bytes.data(), 2);
  if (header & kNumericSpecialBit) {
    kind_ = static_cast<Kind>(header & 3);
    return;
  }
  dscale_ = static_cast<int16_t>(header & kNumericDscaleMask);
  negative_ = (header & kNumericSignBit) != 0;
  const size_t size = bytes.size() - 2;
  if (size <= 16) {
    std::memcpy(&magnitude_, bytes.data() + 2, size);
    return;
  }
  const auto* first = reinterpret_cast<const unsigned char*>(bytes.data()) + 2;
  auto big = std::make_unique<Big>();
  import_bits(big->magnitude, first, first + size, 8, false);
  big_ = big.release();
}

StringRef Numeric::Store(Arena& arena) const {
  if (!big_ && is_finite()) [[likely]] {
    char buffer[18];
    const auto header =
        static_cast<uint16_t>(dscale_ | (negative_ ? kNumericSignBit : uint16_t{0}));
    std::memcpy(buffer, &header, 2);
    std::memcpy(buffer + 2, &magnitude_, 16);
    const auto size = static_cast<uint32_t>(2 + (BitCount(magnitude_) + 7) / 8);
    if (size <= StringRef::kInlineBytes) return StringRef(buffer, size);
    auto* bytes = reinterpret_cast<char*>(arena.Allocate(size));
    std::memcpy(bytes, buffer, size);
    return StringRef(bytes, size);
  }
  return arena.Copy(Bytes());
}

void Numeric::AppendBytes(std::string* out) const {
  uint16_t header;
  if (!is_finite()) {
    header = static_cast<uint16_t>(kNumericSpecialBit | static_cast<uint16_t>(kind_));
    out->append(reinterpret_cast<const char*>(&header), 2);
    return;
  }
  header = static_cast<uint16_t>(dscale_ | (negative_ ? kNumericSignBit : uint16_t{0}));
  out->append(reinterpret_cast<const char*>(&header), 2);
  if (!big_) {
    out->append(reinterpret_cast<const char*>(&magnitude_), (BitCount(magnitude_) + 7) / 8);
    return;
  }
  export_bits(big_->magnitude, std::back_inserter(*out), 8, false);
}

Status Numeric::Add(const Numeric& a, const Numeric& b, Numeric* out) {
  return AddOrSub(a, b, false, out);
}

Status Numeric::Sub(const Numeric& a, const Numeric& b, Numeric* out) {
  return AddOrSub(a, b, true, out);
}

Status Numeric::Mul(const Numeric& a, const Numeric& b, Numeric* out) {
  if (a.is_finite() && b.is_finite()) [[likely]] {
    const int dscale = a.dscale_ + b.dscale_;
    const bool negative = a.negative_ != b.negative_;
    U128 product;
    if (!a.big_ && !b.big_ && dscale <= kDscaleMax &&
        !__builtin_mul_overflow(a.magnitude_, b.magnitude_, &product)) [[likely]] {
      *out = Access::Small(product, negative, dscale);
      return {};
    }
    BigInt result = Access::Magnitude(a) * Access::Magnitude(b);
    if (negative) result = -result;
    return MakeResult(std::move(result), dscale, out);
  }
  const int sign = a.sign() * b.sign();
  *out = sign == 0 ? NaN() : Infinity(sign < 0);  // NaN's sign is 0, and inf * 0 is NaN
  return {};
}

Status Numeric::Div(const Numeric& a, const Numeric& b, Numeric* out) {
  if (a.is_finite() && b.is_finite()) [[likely]] {
    if (b.is_zero()) return DivisionByZero();
    const int dscale = DivScale(a, b);
    const bool negative = a.negative_ != b.negative_;
    const int up = dscale + b.dscale_ - a.dscale_;
    U128 quotient;
    if (!a.big_ && !b.big_ && DivideSmall(a.magnitude_, up, b.magnitude_, &quotient)) {
      *out = Access::Small(quotient, negative, dscale);
      return {};
    }
    const BigInt divisor = Access::Magnitude(b);
    BigInt q;
    BigInt r;
    divide_qr(BigInt(Access::Magnitude(a) * BigPow10(up)), divisor, q, r);
    if (r * 2 >= divisor) ++q;
    if (negative) q = -q;
    return MakeResult(std::move(q), dscale, out);
  }
  if (a.is_nan() || b.is_nan() || (a.is_infinite() && b.is_infinite())) {
    *out = NaN();
  } else if (a.is_infinite()) {
    if (b.is_zero()) return DivisionByZero();
    *out = Infinity(a.sign() * b.sign() < 0);
  } else {
    *out = Numeric();
  }
  return {};
}

Status Numeric::DivTrunc(const Numeric& a, const Numeric& b, Numeric* out) {
  if (!a.is_finite() || !b.is_finite()) return Div(a, b, out);
  if (b.is_zero()) return DivisionByZero();
  const bool negative = a.negative_ != b.negative_;
  const int dscale = std::max(a.dscale_, b.dscale_);
  U128 x = a.magnitude_;
  U128 y = b.magnitude_;
  if (!a.big_ && !b.big_ && ScaleUp(&x, dscale - a.dscale_) && ScaleUp(&y, dscale - b.dscale_)) {
    *out = Access::Small(x / y, negative, 0);
    return {};
  }
  BigInt q = (Access::Magnitude(a) * BigPow10(dscale - a.dscale_)) /
             (Access::Magnitude(b) * BigPow10(dscale - b.dscale_));
  if (negative) q = -q;
  return MakeResult(std::move(q), 0, out);
}

Status Numeric::Mod(const Numeric& a, const Numeric& b, Numeric* out) {
  if (!a.is_finite() || !b.is_finite()) {
    if (a.is_nan() || b.is_nan()) {
      *out = NaN();
    } else if (a.is_infinite()) {
      if (b.is_zero()) return DivisionByZero();
      *out = NaN();
    } else {
      *out = a;
    }
    return {};
  }
  if (b.is_zero()) return DivisionByZero();
  const int dscale = std::max(a.dscale_, b.dscale_);
  const bool negative = a.negative_;
  U128 x = a.magnitude_;
  U128 y = b.magnitude_;
  if (!a.big_ && !b.big_ && ScaleUp(&x, dscale - a.dscale_) && ScaleUp(&y, dscale - b.dscale_)) {
    *out = Access::Small(x % y, negative, dscale);
    return {};
  }
  BigInt r = (Access::Magnitude(a) * BigPow10(dscale - a.dscale_)) %
             (Access::Magnitude(b) * BigPow10(dscale - b.dscale_));
  if (negative) r = -r;
  return MakeResult(std::move(r), dscale, out);
}

Numeric Rescale(const Numeric& n, int digits, bool round) {
  if (!n.is_finite()) return n;
  const int drop = n.dscale() - digits;
  const bool negative = Access::Negative(n);
  const int dscale = std::max(digits, 0);
  if (drop == 0) return n;
  if (!n.is_big()) {
    U128 m = n.magnitude();
    if (drop < 0) {
      if (ScaleUp(&m, -drop)) return Access::Small(m, negative, dscale);
    } else {
      U128 q = 0;
      if (drop <= kPow10Max) {
        q = m / kPowers[drop];
        const U128 r = m - q * kPowers[drop];
        if (round && r >= kPowers[drop] - r) ++q;
      }
      if (digits >= 0 || ScaleUp(&q, -digits)) return Access::Small(q, negative, dscale);
    }
  }
  BigInt result = ShiftRight10(Access::Magnitude(n), drop, round);
  if (digits < 0) result *= BigPow10(-digits);
  return Access::Large(std::move(result), negative, dscale);
}

Status Numeric::Round(int digits, Numeric* out) const {
  digits = std::clamp(digits, -kMaxResultScale, kMaxResultScale);
  const Numeric result = Rescale(*this, digits, true);
  return result.is_big() ? MakeResult(Access::Signed(result), result.dscale_, out)
                         : (*out = result, Status());
}

Status Numeric::Trunc(int digits, Numeric* out) const {
  *out = Rescale(*this, std::clamp(digits, -kMaxResultScale, kMaxResultScale), false);
  return {};
}

Status Numeric::Ceil(Numeric* out) const {
  const Numeric truncated = Rescale(*this, 0, false);
  if (is_finite() && sign() > 0 && Compare(truncated, *this) != 0) {
    return Add(truncated, FromInt64(1), out);
  }
  *out = truncated;
  return {};
}

Status Numeric::Floor(Numeric* out) const {
  const Numeric truncated = Rescale(*this, 0, false);
  if (is_finite() && sign() < 0 && Compare(truncated, *this) != 0) {
    return Sub(truncated, FromInt64(1), out);
  }
  *out = truncated;
  return {};
}

Numeric Numeric::TrimScale() const {
  if (!is_finite() || dscale_ == 0) return *this;
  if (is_zero()) return Numeric();
  if (!big_) {
    U128 m = magnitude_;
    int dscale = dscale_;
    while (dscale > 0 && m % 10 == 0) {
      m /= 10;
      --dscale;
    }
    return Access::Small(m, negative_, dscale);
  }
  BigInt m = big_->magnitude;
  int dscale = dscale_;
  while (dscale > 0) {
    BigInt q;
    BigInt r;
    const int step = dscale >= 32 ? 16 : 1;
    divide_qr(m, BigPow10(step), q, r);
    if (!r.is_zero()) {
      if (step == 1) break;
      // Fewer than `step` zeros are left: one by one.
      while (dscale > 0 && m % 10 == 0) {
        m /= 10;
        --dscale;
      }
      break;
    }
    m = std::move(q);
    dscale -= step;
  }
  return Access::Large(std::move(m), negative_, dscale);
}

Status Numeric::ApplyTypmod(int32_t typmod) {
  if (typmod < 4) return {};
  const int precision = (typmod - 4) >> 16 & 0xFFFF;
  const int scale = (((typmod - 4) & 0x7FF) ^ 0x400) - 0x400;
  if (is_nan()) return {};
  if (is_infinite()) {
    return Error(ErrorCode::kNumericValueOutOfRange, "numeric field overflow")
        .Detail(fmt::format("A field with precision {}, scale {} cannot hold an infinite value.",
                            precision, scale));
  }
  if (scale != dscale_) *this = Rescale(*this, scale, true);
  if (is_zero() || DigitCount(*this) - dscale_ <= precision - scale) return {};
  const int digits = precision - scale;
  return Error(ErrorCode::kNumericValueOutOfRange, "numeric field overflow")
      .Detail(fmt::format("A field with precision {}, scale {} must round to an absolute value "
                          "less than {}{}.",
                          precision, scale, digits ? "10^" : "", digits ? digits : 1));
}

int Numeric::Compare(const Numeric& a, const Numeric& b) {
  if (a.is_finite() && b.is_finite()) [[likely]] {
    const int a_sign = a.sign();
    const int b_sign = b.sign();
    if (a_sign != b_sign) return a_sign < b_sign ? -1 : 1;
    if (a_sign == 0) return 0;
    U128 x = a.magnitude_;
    U128 y = b.magnitude_;
    int order;
    if (!a.big_ && !b.big_ &&
        (a.dscale_ >= b.dscale_ ? ScaleUp(&y, a.dscale_ - b.dscale_)
                                : ScaleUp(&x, b.dscale_ - a.dscale_))) {
      order = x < y ? -1 : x > y;
    } else {
      const int a_exponent = LeadingExponent(a);
      const int b_exponent = LeadingExponent(b);
      if (a_exponent != b_exponent) {
        order = a_exponent < b_exponent ? -1 : 1;
      } else {
        const int dscale = std::max(a.dscale_, b.dscale_);
        const BigInt left = Access::Magnitude(a) * BigPow10(dscale - a.dscale_);
        const BigInt right = Access::Magnitude(b) * BigPow10(dscale - b.dscale_);
        order = left.compare(right);
      }
    }
    return a_sign < 0 ? -order : order;
  }
  const auto rank = [](const Numeric& n) {
    return n.is_nan() ? 2 : n.kind_ == Kind::kPosInf ? 1 : n.kind_ == Kind::kNegInf ? -1 : 0;
  };
  return rank(a) - rank(b);
}

int Numeric::Compare(const StringRef& a, const StringRef& b) {
  return Compare(Numeric(a), Numeric(b));
}

uint64_t Numeric::Hash() const {
  if (!is_finite()) return HashInt64(0x8000 + static_cast<uint64_t>(kind_));
  if (!big_) {
    // Strip trailing zeros after the point; most values fit 64 bits, where that is cheap.
    U128 m = magnitude_;
    int dscale = m == 0 ? 0 : dscale_;
    while (dscale > 0) {
      if (m >> 64) {
        if (m % 10 != 0) break;
        m /= 10;
      } else {
        const auto low = static_cast<uint64_t>(m);
        if (low % 10 != 0) break;
        m = low / 10;
      }
      --dscale;
    }
    const uint64_t hash = HashInt64(static_cast<uint64_t>(m) ^ (negative_ ? ~uint64_t{0} : 0));
    const uint64_t rest = static_cast<uint64_t>(m >> 64) << 16 | static_cast<uint64_t>(dscale);
    return rest == 0 ? hash : MixHash(hash, rest);
  }
  const Numeric trimmed = TrimScale();
  return trimmed.big_ ? HashBytes(trimmed.Bytes()) : trimmed.Hash();
}

}  // namespace oxibase
