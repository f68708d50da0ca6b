#pragma once
// SQL's numeric: exact decimals of up to 131,072 digits before and 16,383 after the point.
//
// Bytes of a value (as they lie in a StringRef, a row, a Value):
//
//   u16 little-endian: bit 15 sign, bit 14 special, bits 0..13 dscale (digits after the point)
//   magnitude: little-endian integer without leading zero bytes; nothing for zero
//
// The value is sign * magnitude / 10^dscale. With the special bit the low bits say which: 1 NaN,
// 2 +Infinity, 3 -Infinity. Magnitudes below 2^80 (24 digits) lie inline in a StringRef. Equal
// numbers of different dscale (1.0, 1.00) have different bytes: compare with `Compare`, hash with
// `Hash`.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "common/arena.h"
#include "common/status.h"
#include "common/string_ref.h"

namespace oxibase {

/// A numeric taken apart for computing. Magnitudes up to 128 bits live inside; larger ones own an
/// arbitrary-precision integer. A value type; not thread-safe.
///
/// Operations follow PostgreSQL 15 in result scale, rounding (half away from zero), NaN and
/// infinities; they fail with 22003 (out of range), 22012 (division by zero), 2201E and 2201F.
class Numeric {
 public:
  using U128 = unsigned __int128;
  enum class Kind : uint8_t { kFinite, kNaN, kPosInf, kNegInf };
  static constexpr int kDscaleMax = 16383;
  static constexpr int kIntegerDigitsMax = 131072;

  Numeric() = default;
  explicit Numeric(const StringRef& bytes);
  explicit Numeric(std::string_view bytes);
  Numeric(const Numeric& other)
      : magnitude_(other.magnitude_),
        dscale_(other.dscale_),
        kind_(other.kind_),
        negative_(other.negative_) {
    if (other.big_) CopyBig(other);
  }
  Numeric(Numeric&& other) noexcept
      : magnitude_(other.magnitude_),
        big_(other.big_),
        dscale_(other.dscale_),
        kind_(other.kind_),
        negative_(other.negative_) {
    other.big_ = nullptr;
  }
  Numeric& operator=(const Numeric& other) {
    if (this != &other) *this = Numeric(other);
    return *this;
  }
  Numeric& operator=(Numeric&& other) noexcept {
    std::swap(big_, other.big_);
    magnitude_ = other.magnitude_;
    dscale_ = other.dscale_;
    kind_ = other.kind_;
    negative_ = other.negative_;
    return *this;
  }
  ~Numeric() {
    if (big_) FreeBig();
  }

  static Numeric FromInt64(int64_t value) {
    Numeric n;
    n.negative_ = value < 0;
    n.magnitude_ = value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
    return n;
  }
  /// value / 10^dscale
  static Numeric FromInt128(__int128 value, int dscale = 0) {
    Numeric n;
    n.negative_ = value < 0;
    n.magnitude_ = value < 0 ? ~static_cast<U128>(value) + 1 : static_cast<U128>(value);
    n.dscale_ = static_cast<int16_t>(dscale);
    return n;
  }
  static Numeric NaN() { return Special(Kind::kNaN); }
  static Numeric Infinity(bool negative = false) {
    return Special(negative ? Kind::kNegInf : Kind::kPosInf);
  }
  /// As casts do: 15 significant digits (6 for float), NaN and infinities kept.
  static Numeric FromDouble(double value);
  static Numeric FromFloat(float value);
  /// Surrounding blanks, sign, digits, point, exponent, NaN, Infinity. 22P02 for anything else,
  /// 22003 when too large.
  static Result<Numeric> Parse(std::string_view text);

  Kind kind() const { return kind_; }
  bool is_finite() const { return kind_ == Kind::kFinite; }
  bool is_nan() const { return kind_ == Kind::kNaN; }
  bool is_infinite() const { return kind_ == Kind::kPosInf || kind_ == Kind::kNegInf; }
  bool is_zero() const { return is_finite() && magnitude_ == 0 && !big_; }
  /// -1, 0, 1; 0 for NaN.
  int sign() const {
    if (kind_ == Kind::kFinite) return negative_ ? -1 : (magnitude_ == 0 && !big_ ? 0 : 1);
    return kind_ == Kind::kPosInf ? 1 : kind_ == Kind::kNegInf ? -1 : 0;
  }
  /// Digits after the point that are shown; 0 for NaN and infinities.
  int dscale() const { return dscale_; }
  /// The magnitude does not fit 128 bits.
  bool is_big() const { return big_ != nullptr; }
  /// REQUIRES: finite, !is_big()
  U128 magnitude() const { return magnitude_; }

  /// The value's bytes, inline or in `arena`.
  StringRef Store(Arena& arena) const;
  void AppendBytes(std::string* out) const;
  std::string Bytes() const {
    std::string out;
    AppendBytes(&out);
    return out;
  }

  void AppendText(std::string* out) const;
  std::string ToText() const {
    std::string out;
    AppendText(&out);
    return out;
  }
  /// Scientific notation, as to_char's EEEE and jsonb never print it; `digits` after the point.
  void AppendScientific(int digits, std::string* out) const;
  /// Nearest double; overflow is 22003.
  Result<double> ToDouble() const;
  Result<float> ToFloat() const;
  /// As ToDouble, but huge values become infinities (statistics, estimates).
  double ToDoubleLossy() const;
  /// Rounded half away from zero; 22003 "integer out of range" and the like; NaN and infinity
  /// are 0A000.
  Result<int16_t> ToInt16() const;
  Result<int32_t> ToInt32() const;
  Result<int64_t> ToInt64() const;
  /// False when not a finite number that fits after rounding.
  bool ToInt128(__int128* out) const;

  // REQUIRES for all of these: `out` may be one of the arguments.
  static Status Add(const Numeric& a, const Numeric& b, Numeric* out);
  static Status Sub(const Numeric& a, const Numeric& b, Numeric* out);
  static Status Mul(const Numeric& a, const Numeric& b, Numeric* out);
  static Status Div(const Numeric& a, const Numeric& b, Numeric* out);
  /// div(): the quotient's integer part.
  static Status DivTrunc(const Numeric& a, const Numeric& b, Numeric* out);
  static Status Mod(const Numeric& a, const Numeric& b, Numeric* out);
  static Status Power(const Numeric& base, const Numeric& exponent, Numeric* out);
  static Status Log(const Numeric& base, const Numeric& x, Numeric* out);
  static Status Gcd(const Numeric& a, const Numeric& b, Numeric* out);
  static Status Lcm(const Numeric& a, const Numeric& b, Numeric* out);
  Status Sqrt(Numeric* out) const;
  Status Exp(Numeric* out) const;
  Status Ln(Numeric* out) const;
  /// factorial(n); 22003 when negative or too large.
  static Status Factorial(int64_t n, Numeric* out);

  void Negate() {
    if (kind_ == Kind::kFinite) {
      negative_ = !negative_ && !(magnitude_ == 0 && !big_);
    } else if (kind_ != Kind::kNaN) {
      kind_ = kind_ == Kind::kPosInf ? Kind::kNegInf : Kind::kPosInf;
    }
  }
  void MakeAbs() {
    negative_ = false;
    if (kind_ == Kind::kNegInf) kind_ = Kind::kPosInf;
  }
  /// sign(): -1, 0, 1 or NaN.
  Numeric Sign() const { return is_nan() ? NaN() : FromInt64(sign()); }
  /// round(x, digits): half away from zero; digits may be negative.
  Status Round(int digits, Numeric* out) const;
  Status Trunc(int digits, Numeric* out) const;
  Status Ceil(Numeric* out) const;
  Status Floor(Numeric* out) const;
  /// trim_scale(): without trailing zeros after the point. min_scale() is dscale() of that.
  Numeric TrimScale() const;
  /// scale() of a numeric(p, s): rounds to the scale and checks the precision (22003 "numeric
  /// field overflow"). A typmod below 4 leaves the value alone.
  Status ApplyTypmod(int32_t typmod);

  /// PostgreSQL's order: -Infinity < numbers < Infinity < NaN, NaN = NaN. <0, 0, >0.
  static int Compare(const Numeric& a, const Numeric& b);
  static int Compare(const StringRef& a, const StringRef& b);
  /// Equal numbers have equal hashes whatever their dscale.
  uint64_t Hash() const;

  /// Appends bytes whose memcmp order is `Compare`'s order; no key is a prefix of another.
  void AppendKey(std::string* out) const;

  /// The wire's binary form: base-10000 digits.
  void AppendBinary(std::string* out) const;
  /// 22P03 when malformed.
  static Result<Numeric> ParseBinary(std::string_view bytes);

  /// Implementation: arbitrary-precision magnitude; only numeric*.cc look inside.
  struct Big;

 private:
  friend struct NumericAccess;

  static Numeric Special(Kind kind) {
    Numeric n;
    n.kind_ = kind;
    return n;
  }
  void CopyBig(const Numeric& other);
  void FreeBig();
  void DecodeSlow(std::string_view bytes);

  U128 magnitude_ = 0;
  Big* big_ = nullptr;  // owned; null while the magnitude fits 128 bits
  int16_t dscale_ = 0;
  Kind kind_ = Kind::kFinite;
  bool negative_ = false;
};

inline constexpr uint16_t kNumericSignBit = 0x8000;
inline constexpr uint16_t kNumericSpecialBit = 0x4000;
inline constexpr uint16_t kNumericDscaleMask = 0x3FFF;

inline Numeric::Numeric(const StringRef& bytes) {
  if (bytes.is_inline() && bytes.size() >= 2) [[likely]] {
    // Inline bytes beyond the size are zero, so whole words may be loaded.
    const char* p = bytes.data();
    uint16_t header;
    uint64_t low;
    uint16_t high;
    std::memcpy(&header, p, 2);
    if (!(header & kNumericSpecialBit)) [[likely]] {
      std::memcpy(&low, p + 2, 8);
      std::memcpy(&high, p + 10, 2);
      magnitude_ = static_cast<U128>(high) << 64 | low;
      dscale_ = static_cast<int16_t>(header & kNumericDscaleMask);
      negative_ = (header & kNumericSignBit) != 0;
      return;
    }
  }
  DecodeSlow(bytes.view());
}

inline Numeric::Numeric(std::string_view bytes) { DecodeSlow(bytes); }

}  // namespace oxibase
