#include "common/float_format.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace oxibase {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

/// Shortest digits, written plainly while the exponent is in [-4, exponent_end).
template <typename Float>
void AppendShortest(Float value, int exponent_end, std::string* out) {
  char text[32];
  const char* end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  const char* p = text;
  if (*p == '-') {
    out->push_back('-');
    ++p;
  }
  // d[.ddd]e±xx
  char digits[24];
  int count = 0;
  digits[count++] = *p++;
  if (*p == '.') {
    for (++p; *p != 'e'; ++p) digits[count++] = *p;
  }
  const char* exponent_text = p;
  int exponent = 0;
  std::from_chars(p + 2, end, exponent);
  if (p[1] == '-') exponent = -exponent;
  const auto length = static_cast<size_t>(count);
  if (exponent < -4 || exponent >= exponent_end) {
    out->push_back(digits[0]);
    if (count > 1) {
      out->push_back('.');
      out->append(digits + 1, length - 1);
    }
    out->append(exponent_text, end);
    return;
  }
  if (exponent < 0) {
    out->append("0.");
    out->append(static_cast<size_t>(-exponent - 1), '0');
    out->append(digits, length);
    return;
  }
  const auto before = static_cast<size_t>(exponent) + 1;
  if (length <= before) {
    out->append(digits, length);
    out->append(before - length, '0');
    return;
  }
  out->append(digits, before);
  out->push_back('.');
  out->append(digits + before, length - before);
}

template <typename Float>
void AppendFloat(Float value, int digits, int exponent_end, int extra_digits, std::string* out) {
  if (std::isnan(value)) {
    out->append("NaN");
  } else if (std::isinf(value)) {
    out->append(value < 0 ? "-Infinity" : "Infinity");
  } else if (extra_digits > 0) {
    if (value == 0) {
      out->append(std::signbit(value) ? "-0" : "0");
    } else {
      AppendShortest(value, exponent_end, out);
    }
  } else {
    char text[64];
    const int precision = digits + extra_digits < 1 ? 1 : digits + extra_digits;
    const int size =
        std::snprintf(text, sizeof text, "%.*g", precision, static_cast<double>(value));
    out->append(text, static_cast<size_t>(size));
  }
}

template <typename Float>
Result<Float> ParseFloat(std::string_view text, const char* type) {
  std::string_view body = Trim(text);
  const auto invalid = [&] {
    return Error(ErrorCode::kInvalidTextRepresentation, "invalid input syntax for type {}: \"{}\"",
                 type, text);
  };
  const bool negative = !body.empty() && body[0] == '-';
  if (!body.empty() && (body[0] == '+' || body[0] == '-')) body.remove_prefix(1);
  if (body.empty()) return invalid();
  const char first = body[0];
  if (!(first >= '0' && first <= '9') && first != '.') {
    Float special;
    if (EqualsIgnoringCase(body, "nan")) {
      special = std::numeric_limits<Float>::quiet_NaN();
    } else if (EqualsIgnoringCase(body, "infinity") || EqualsIgnoringCase(body, "inf")) {
      special = std::numeric_limits<Float>::infinity();
    } else {
      return invalid();
    }
    return negative ? -special : special;
  }
  Float value = 0;
  auto parsed = std::from_chars(body.data(), body.data() + body.size(), value);
  if (body.size() > 2 && first == '0' && (body[1] | 0x20) == 'x') {
    parsed =
        std::from_chars(body.data() + 2, body.data() + body.size(), value, std::chars_format::hex);
  }
  if (parsed.ec == std::errc::result_out_of_range) {
    return Error(ErrorCode::kNumericValueOutOfRange, "\"{}\" is out of range for type {}", text,
                 type);
  }
  if (parsed.ec != std::errc() || parsed.ptr != body.data() + body.size()) return invalid();
  return negative ? -value : value;
}

}  // namespace

void AppendFloat8(double value, int extra_float_digits, std::string* out) {
  AppendFloat(value, 15, 15, extra_float_digits, out);
}

void AppendFloat4(float value, int extra_float_digits, std::string* out) {
  AppendFloat(value, 6, 6, extra_float_digits, out);
}

Result<double> ParseFloat8(std::string_view text) {
  return ParseFloat<double>(text, "double precision");
}

Result<float> ParseFloat4(std::string_view text) { return ParseFloat<float>(text, "real"); }

Result<int64_t> ParseInteger(std::string_view text, int64_t min, int64_t max,
                             std::string_view type) {
  std::string_view body = Trim(text);
  const bool plus = !body.empty() && body[0] == '+';
  if (plus) body.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), value);
  if ((error != std::errc() && error != std::errc::result_out_of_range) ||
      end != body.data() + body.size() || (plus && body[0] == '-')) {
    return Error(ErrorCode::kInvalidTextRepresentation, "invalid input syntax for type {}: \"{}\"",
                 type, text);
  }
  if (error != std::errc() || value < min || value > max) {
    return Error(ErrorCode::kNumericValueOutOfRange, "value \"{}\" is out of range for type {}",
                 text, type);
  }
  return value;
}

}  // namespace oxibase
