#pragma once
// Floating-point numbers as PostgreSQL reads and prints them.

#include <string>
#include <string_view>

#include "common/status.h"

namespace oxibase {

/// extra_float_digits >= 1: the shortest text that reads back the same ("0.1", "1e+20",
/// "Infinity"); below: 15 (6) + extra_float_digits significant digits.
void AppendFloat8(double value, int extra_float_digits, std::string* out);
void AppendFloat4(float value, int extra_float_digits, std::string* out);

/// Blanks around, NaN, Infinity, inf; 22P02 for other text, 22003 when out of range.
Result<double> ParseFloat8(std::string_view text);
Result<float> ParseFloat4(std::string_view text);

/// Decimal integers with blanks around; `type` ("integer") for the message. 22P02, 22003.
Result<int64_t> ParseInteger(std::string_view text, int64_t min, int64_t max,
                             std::string_view type);

}  // namespace oxibase
