#pragma once
// What datetime*.cc and interval*.cc share.

#include <cstdint>
#include <string>
#include <string_view>

#include "common/datetime.h"
#include "common/status.h"

namespace oxibase {

inline int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0); }

Status TimestampOutOfRange();
Status IntervalOutOfRange();
/// Days without the limits of a date's integer.
int64_t WideDaysFromCivil(int64_t year, int month, int day);
bool SplitTimestamp(int64_t timestamp, int32_t* days, int64_t* time);
Result<int64_t> JoinTimestamp(int64_t days, int64_t time);

/// What a word may mean in a date, a time or an interval.
enum class TimeUnit : uint8_t {
  kNone,
  kMicrosecond,
  kMillisecond,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kQuarter,
  kYear,
  kDecade,
  kCentury,
  kMillennium,
};
/// PostgreSQL's unit names, of which ten characters count: "mons", "hrs", "us".
TimeUnit FindTimeUnit(std::string_view lower_case);

/// Whether it is a word of dates: a month, a weekday, "now", "t". Such words may be followed at
/// once by digits ("t04", "j245").
bool IsDateWord(std::string_view lower_case);

enum class FieldKind : uint8_t { kNumber, kString, kDate, kTime, kTz, kSpecial };
struct TextField {
  FieldKind kind;
  std::string text;  // lower case
};
inline constexpr int kTextFieldsMax = 25;
/// Splits text into fields by PostgreSQL's rules; false for malformed text.
bool SplitFields(std::string_view text, TextField* fields, int* count);

/// ".123456789" to microseconds, rounded; false if there is anything but digits.
bool ParseFraction(std::string_view text, int64_t* micros);

/// How reading failed; becomes a Status by `DateTimeError`.
enum class ParseFailure : uint8_t {
  kNone,
  kBadFormat,
  kFieldOverflow,
  kMonthDayOverflow,
  kIntervalOverflow,
  kZoneOverflow,
};
Status DateTimeError(ParseFailure failure, std::string_view type, std::string_view text);

/// h:m[:s[.f]] or m:s.f
ParseFailure ParseClock(std::string_view text, int64_t* hour, int* minute, int* second,
                        int64_t* micros);

/// Two digits; returns the end.
inline char* WriteTwo(int value, char* out) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
  return out + 2;
}
/// ".5", ".123456" without trailing zeros; nothing for 0. Returns the end.
char* WriteFraction(int micros, char* out);

}  // namespace oxibase
