#pragma once
// A pattern of to_char and to_timestamp, split into fields and literal text.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oxibase {

enum class PatternField : uint8_t {
  kNone,
  kAdDots,
  kAd,
  kAmDots,
  kAm,
  kCc,
  kDay,
  kDy,
  kDdd,
  kDd,
  kD,
  kFraction,  // FF1..FF6
  kFx,
  kHh24,
  kHh12,
  kIddd,
  kId,
  kIw,
  kIyyy,
  kIyy,
  kIy,
  kI,
  kJ,
  kMi,
  kMm,
  kMonth,
  kMon,
  kMs,
  kOf,
  kQ,
  kRm,
  kSsss,
  kSs,
  kTzh,
  kTzm,
  kTz,
  kUs,
  kWw,
  kW,
  kYCommaYyy,
  kYyyy,
  kYyy,
  kYy,
  kY,
};

enum class LetterCase : uint8_t { kUpper, kLower, kCapital };

struct PatternNode {
  PatternField field = PatternField::kNone;
  LetterCase letters = LetterCase::kUpper;
  uint8_t length = 0;  // of the keyword: also the digits a number takes when run together
  uint8_t fraction_digits = 0;
  bool is_digit = false;       // the field is read as a number
  bool fill_mode = false;      // FM
  bool ordinal_upper = false;  // TH
  bool ordinal_lower = false;  // th
  bool is_separator = false;   // a literal blank or punctuation
  std::string_view keyword;
  std::string literal;  // one character

  bool ordinal() const { return ordinal_upper || ordinal_lower; }
};

std::vector<PatternNode> SplitPattern(std::string_view pattern);

inline constexpr const char* kMonthNames[] = {"January",   "February", "March",    "April",
                                              "May",       "June",     "July",     "August",
                                              "September", "October",  "November", "December"};
inline constexpr const char* kDayNames[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};
inline constexpr const char* kRomanMonths[] = {"I",   "II",   "III", "IV", "V",  "VI",
                                               "VII", "VIII", "IX",  "X",  "XI", "XII"};

}  // namespace oxibase
