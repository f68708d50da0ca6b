// Numerics as text, as binary numbers and on the wire.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "common/numeric.h"
#include "common/numeric_internal.h"

namespace oxibase {
namespace {

using U128 = Numeric::U128;
using Access = NumericAccess;

constexpr uint64_t kTenTo19 = 10'000'000'000'000'000'000u;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Writes a magnitude's digits; returns the end. Needs 40 bytes.
char* WriteDigits(U128 value, char* out) {
  if (value >> 64 == 0) return std::to_chars(out, out + 40, static_cast<uint64_t>(value)).ptr;
  const U128 high = value / kTenTo19;
  const auto low = static_cast<uint64_t>(value % kTenTo19);
  char* p = WriteDigits(high, out);
  char digits[20];
  const char* end = std::to_chars(digits, digits + 20, low).ptr;
  const auto count = static_cast<size_t>(end - digits);
  std::memset(p, '0', 19 - count);
  std::memcpy(p + 19 - count, digits, count);
  return p + 19;
}

/// Appends `digits` with a point before its last `dscale`.
void AppendWithPoint(std::string_view digits, bool negative, int dscale, std::string* out) {
  if (negative) out->push_back('-');
  const auto scale = static_cast<size_t>(dscale);
  if (digits.size() > scale) {
    out->append(digits.substr(0, digits.size() - scale));
    if (scale == 0) return;
    out->push_back('.');
    out->append(digits.substr(digits.size() - scale));
    return;
  }
  out->append("0.");
  out->append(scale - digits.size(), '0');
  out->append(digits);
}

std::string DigitsOf(const Numeric& n) {
  if (n.is_big()) return Access::BigMagnitude(n).str();
  char buffer[48];
  return std::string(buffer, WriteDigits(n.magnitude(), buffer));
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

Status Invalid(std::string_view text) {
  return Error(ErrorCode::kInvalidTextRepresentation,
               "invalid input syntax for type numeric: \"{}\"", text);
}

/// The magnitude written by `digits` (only '0'..'9').
BigInt ParseDigits(std::string_view digits) {
  const size_t first = digits.find_first_not_of('0');
  if (first == std::string_view::npos) return 0;
  return BigInt(std::string(digits.substr(first)));
}

uint16_t LoadU16(const char* p) {
  return static_cast<uint16_t>(static_cast<unsigned char>(p[0]) << 8 |
                               static_cast<unsigned char>(p[1]));
}

void AppendU16(int value, std::string* out) {
  out->push_back(static_cast<char>(value >> 8));
  out->push_back(static_cast<char>(value));
}

template <typename Int>
Result<Int> ToInteger(const Numeric& n, const char* name) {
  if (n.is_nan()) return Error(ErrorCode::kFeatureNotSupported, "cannot convert NaN to {}", name);
  if (n.is_infinite()) {
    return Error(ErrorCode::kFeatureNotSupported, "cannot convert infinity to {}", name);
  }
  __int128 value;
  if (!n.ToInt128(&value) || value < std::numeric_limits<Int>::min() ||
      value > std::numeric_limits<Int>::max()) {
    return Error(ErrorCode::kNumericValueOutOfRange, "{} out of range", name);
  }
  return static_cast<Int>(value);
}

}  // namespace

Result<Numeric> Numeric::Parse(std::string_view text) {
  const char* p = text.data();
  const char* end = p + text.size();
  while (p < end && IsSpace(*p)) ++p;
  while (end > p && IsSpace(end[-1])) --end;
  bool negative = false;
  const char* start = p;
  if (p < end && (*p == '+' || *p == '-')) negative = *p++ == '-';
  if (p == end) return Invalid(text);
  if (!(*p >= '0' && *p <= '9') && *p != '.') {
    const std::string_view word(p, static_cast<size_t>(end - p));
    if (EqualsIgnoringCase(word, "nan") && p == start) return NaN();
    if (EqualsIgnoringCase(word, "infinity") || EqualsIgnoringCase(word, "inf")) {
      return Infinity(negative);
    }
    return Invalid(text);
  }
  U128 small = 0;
  int significant = 0;  // digits in `small`
  bool fits = true;
  const char* digits_begin = p;
  const char* point = nullptr;
  int64_t digit_count = 0;
  for (; p < end; ++p) {
    const char c = *p;
    if (c >= '0' && c <= '9') {
      ++digit_count;
      if (significant < kPow10Max) {
        small = small * 10 + static_cast<unsigned>(c - '0');
        if (small != 0) ++significant;
      } else {
        fits = false;
      }
    } else if (c == '.' && !point) {
      point = p;
    } else {
      break;
    }
  }
  if (digit_count == 0) return Invalid(text);
  const char* digits_end = p;
  int64_t dscale = point ? digits_end - point - 1 : 0;
  int64_t exponent = 0;
  if (p < end && (*p == 'e' || *p == 'E')) {
    ++p;
    bool exponent_negative = false;
    if (p < end && (*p == '+' || *p == '-')) exponent_negative = *p++ == '-';
    if (p == end) return Invalid(text);
    for (; p < end && *p >= '0' && *p <= '9'; ++p) {
      exponent = exponent * 10 + (*p - '0');
      if (exponent >= std::numeric_limits<int32_t>::max() / 2) return OverflowError();
    }
    if (exponent_negative) exponent = -exponent;
  }
  if (p != end) return Invalid(text);
  dscale -= exponent;
  int64_t up = 0;  // zeros to add behind the digits
  if (dscale < 0) {
    up = -dscale;
    dscale = 0;
  }
  if (dscale > kDscaleMax) return OverflowError();
  if (fits) {
    if (small == 0) return Access::Small(0, false, static_cast<int>(dscale));
    if (significant + up <= kPow10Max) {
      return Access::Small(small * Pow10(static_cast<int>(up)), negative, static_cast<int>(dscale));
    }
  }
  // How many digits the result has is known before it is computed.
  std::string digits;
  digits.reserve(static_cast<size_t>(digit_count));
  for (const char* d = digits_begin; d < digits_end; ++d) {
    if (*d != '.' && (*d != '0' || !digits.empty())) digits.push_back(*d);
  }
  if (static_cast<int64_t>(digits.size()) + up - dscale > kIntegerDigitsMax) {
    return OverflowError();
  }
  BigInt magnitude = ParseDigits(digits);
  if (up > 0) magnitude *= BigPow10(static_cast<int>(up));
  return Access::Large(std::move(magnitude), negative, static_cast<int>(dscale));
}

void Numeric::AppendText(std::string* out) const {
  switch (kind_) {
    case Kind::kNaN:
      out->append("NaN");
      return;
    case Kind::kPosInf:
      out->append("Infinity");
      return;
    case Kind::kNegInf:
      out->append("-Infinity");
      return;
    case Kind::kFinite:
      break;
  }
  if (big_) {
    AppendWithPoint(big_->magnitude.str(), negative_, dscale_, out);
    return;
  }
  char buffer[48];
  const char* end = WriteDigits(magnitude_, buffer);
  AppendWithPoint({buffer, static_cast<size_t>(end - buffer)}, negative_, dscale_, out);
}

void Numeric::AppendScientific(int digits, std::string* out) const {
  if (!is_finite()) {
    AppendText(out);
    return;
  }
  digits = std::max(digits, 0);
  int exponent = is_zero() ? 0 : LeadingExponent(*this);
  Numeric rounded = Rescale(*this, digits - exponent, true);
  if (!is_zero() && LeadingExponent(rounded) > exponent) {
    ++exponent;
    rounded = Rescale(*this, digits - exponent, true);
  }
  std::string text = is_zero() ? "0" : DigitsOf(rounded);
  text.resize(static_cast<size_t>(digits) + 1, '0');  // drops the zeros before the point
  if (negative_) out->push_back('-');
  out->push_back(text[0]);
  if (digits > 0) {
    out->push_back('.');
    out->append(text, 1);
  }
  fmt::format_to(std::back_inserter(*out), "e{}{:02}", exponent < 0 ? '-' : '+',
                 std::abs(exponent));
}

Numeric Numeric::FromDouble(double value) {
  if (std::isnan(value)) return NaN();
  if (std::isinf(value)) return Infinity(value < 0);
  return *Parse(fmt::format("{:.15g}", value));
}

Numeric Numeric::FromFloat(float value) {
  if (std::isnan(value)) return NaN();
  if (std::isinf(value)) return Infinity(value < 0);
  return *Parse(fmt::format("{:.6g}", value));
}

double Numeric::ToDoubleLossy() const {
  if (is_nan()) return std::numeric_limits<double>::quiet_NaN();
  if (is_infinite()) return sign() * std::numeric_limits<double>::infinity();
  if (!big_ && magnitude_ >> 53 == 0 && dscale_ <= 22) {
    // Both are exact doubles, so the quotient is correctly rounded.
    double result = static_cast<double>(static_cast<uint64_t>(magnitude_));
    if (dscale_ > 0) result /= static_cast<double>(Pow10(dscale_));
    return negative_ ? -result : result;
  }
  const std::string text = ToText();
  double result = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error == std::errc::result_out_of_range) {
    const bool huge = LeadingExponent(*this) > 0;
    result = huge ? std::numeric_limits<double>::infinity() : 0.0;
    if (negative_) result = -result;
  }
  return result;
}

Result<double> Numeric::ToDouble() const {
  const double result = ToDoubleLossy();
  if (is_finite() && (std::isinf(result) || (result == 0 && !is_zero()))) {
    return Error(ErrorCode::kNumericValueOutOfRange,
                 "\"{}\" is out of range for type double precision", ToText());
  }
  return result;
}

Result<float> Numeric::ToFloat() const {
  if (is_nan()) return std::numeric_limits<float>::quiet_NaN();
  if (is_infinite()) return static_cast<float>(sign()) * std::numeric_limits<float>::infinity();
  const std::string text = ToText();
  float result = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error == std::errc::result_out_of_range) {
    return Error(ErrorCode::kNumericValueOutOfRange, "\"{}\" is out of range for type real", text);
  }
  return result;
}

bool Numeric::ToInt128(__int128* out) const {
  if (!is_finite()) return false;
  U128 magnitude = magnitude_;
  if (big_ || dscale_ > 0) {
    const Numeric rounded = Rescale(*this, 0, true);
    if (rounded.big_) return false;
    magnitude = rounded.magnitude_;
  }
  constexpr U128 kTop = U128{1} << 127;
  if (magnitude > kTop || (magnitude == kTop && !negative_)) return false;
  *out = static_cast<__int128>(negative_ ? ~magnitude + 1 : magnitude);
  return true;
}

Result<int16_t> Numeric::ToInt16() const { return ToInteger<int16_t>(*this, "smallint"); }
Result<int32_t> Numeric::ToInt32() const { return ToInteger<int32_t>(*this, "integer"); }
Result<int64_t> Numeric::ToInt64() const { return ToInteger<int64_t>(*this, "bigint"); }

void Numeric::AppendKey(std::string* out) const {
  // 1 -Infinity, 2 negative, 3 zero, 4 positive, 5 Infinity, 6 NaN. For 2 (complemented) and 4:
  // three bytes of exponent, digits in pairs plus one, 0.
  if (!is_finite() || is_zero()) {
    out->push_back(is_nan() ? 6 : is_zero() ? 3 : sign() > 0 ? 5 : 1);
    return;
  }
  char buffer[48];
  std::string large;
  const char* digits;
  size_t count;
  if (big_) {
    large = DigitsOf(*this);
    digits = large.data();
    count = large.size();
  } else {
    digits = buffer;
    count = static_cast<size_t>(WriteDigits(magnitude_, buffer) - buffer);
  }
  const auto exponent = static_cast<uint32_t>(static_cast<int>(count) - dscale_ + 0x800000);
  while (digits[count - 1] == '0') --count;
  out->push_back(negative_ ? 2 : 4);
  const char flip = negative_ ? '\xFF' : '\0';
  for (int shift = 16; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(static_cast<char>(exponent >> shift) ^ flip));
  }
  for (size_t i = 0; i < count; i += 2) {
    const int pair = (digits[i] - '0') * 10 + (i + 1 < count ? digits[i + 1] - '0' : 0);
    out->push_back(static_cast<char>(static_cast<char>(pair + 1) ^ flip));
  }
  out->push_back(flip);
}

void Numeric::AppendBinary(std::string* out) const {
  if (!is_finite()) {
    AppendU16(0, out);
    AppendU16(0, out);
    AppendU16(is_nan() ? 0xC000 : sign() > 0 ? 0xD000 : 0xF000, out);
    AppendU16(is_nan() ? 0 : 0x20, out);  // as PostgreSQL does
    return;
  }
  // Pad the digits so that groups of four meet the point, then strip zero groups at both ends.
  std::string digits = is_zero() ? "" : DigitsOf(*this);
  const int exponent = static_cast<int>(digits.size()) - dscale_;  // digits before the point
  const int lead = ((4 - exponent % 4) % 4 + 4) % 4;
  digits.insert(0, static_cast<size_t>(lead % 4), '0');
  digits.append((4 - digits.size() % 4) % 4, '0');
  size_t first = 0;
  size_t last = digits.size();
  const auto is_zero_group = [&](size_t at) { return digits.compare(at, 4, "0000") == 0; };
  int weight = (exponent + lead % 4) / 4 - 1;
  while (first < last && is_zero_group(first)) {
    first += 4;
    --weight;
  }
  while (last > first && is_zero_group(last - 4)) last -= 4;
  if (first == last) weight = 0;
  AppendU16(static_cast<int>((last - first) / 4), out);
  AppendU16(weight, out);
  AppendU16(negative_ ? 0x4000 : 0, out);
  AppendU16(dscale_, out);
  for (size_t i = first; i < last; i += 4) {
    AppendU16((digits[i] - '0') * 1000 + (digits[i + 1] - '0') * 100 + (digits[i + 2] - '0') * 10 +
                  (digits[i + 3] - '0'),
              out);
  }
}

Result<Numeric> Numeric::ParseBinary(std::string_view bytes) {
  const auto fail = [](const char* what) {
    return Error(ErrorCode::kInvalidBinaryRepresentation,
                 "invalid {} in external \"numeric\" value", what);
  };
  if (bytes.size() < 8) {
    return Error(ErrorCode::kProtocolViolation, "insufficient data left in message");
  }
  const int count = LoadU16(bytes.data());
  const int weight = static_cast<int16_t>(LoadU16(bytes.data() + 2));
  const int sign = LoadU16(bytes.data() + 4);
  const int dscale = LoadU16(bytes.data() + 6);
  if (bytes.size() < 8 + 2 * static_cast<size_t>(count)) {
    return Error(ErrorCode::kProtocolViolation, "insufficient data left in message");
  }
  if (bytes.size() > 8 + 2 * static_cast<size_t>(count)) return fail("length");
  if (sign == 0xC000) return NaN();
  if (sign == 0xD000) return Infinity();
  if (sign == 0xF000) return Infinity(true);
  if (sign != 0 && sign != 0x4000) return fail("sign");
  if (dscale > kDscaleMax) return fail("scale");
  std::string digits;
  digits.reserve(static_cast<size_t>(count) * 4);
  for (int i = 0; i < count; ++i) {
    const int digit = LoadU16(bytes.data() + 8 + 2 * i);
    if (digit >= 10000) return fail("digit");
    const char group[4] = {
        static_cast<char>('0' + digit / 1000), static_cast<char>('0' + digit / 100 % 10),
        static_cast<char>('0' + digit / 10 % 10), static_cast<char>('0' + digit % 10)};
    digits.append(group, 4);
  }
  // digits * 10^-fraction is the value; cut or pad to dscale, as PostgreSQL truncates.
  const int fraction = 4 * (count - 1 - weight);
  BigInt magnitude = ParseDigits(digits);
  magnitude = ShiftRight10(magnitude, fraction - dscale, false);
  Numeric result;
  if (sign == 0x4000) magnitude = -magnitude;
  RETURN_IF_ERROR(MakeResult(std::move(magnitude), dscale, &result));
  return result;
}

}  // namespace oxibase
