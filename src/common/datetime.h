#pragma once
// Dates and times: text in and out, fields, arithmetic with intervals.
//
// A date is a day number (int32, 0 = 2000-01-01), a time microseconds since midnight, a timestamp
// microseconds since 2000-01-01 00:00 (int64; timestamptz: UTC). The greatest and the least value
// of each integer are infinity and -infinity. Days follow the proleptic Gregorian calendar from
// 4713 BC on.

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "common/interval.h"
#include "common/numeric.h"
#include "common/status.h"
#include "common/time_zone.h"
#include "common/types.h"

namespace oxibase {

inline constexpr int32_t kDateInfinity = std::numeric_limits<int32_t>::max();
inline constexpr int32_t kDateNegInfinity = std::numeric_limits<int32_t>::min();
inline constexpr int64_t kTimestampInfinity = std::numeric_limits<int64_t>::max();
inline constexpr int64_t kTimestampNegInfinity = std::numeric_limits<int64_t>::min();
/// Day numbers and microseconds of the ends: 4713-11-24 BC to 5874897-12-31, 294276-12-31.
inline constexpr int32_t kDateMin = -2451545;
inline constexpr int32_t kDateEnd = 2145031949;
inline constexpr int64_t kTimestampMin = -211813488000000000;
inline constexpr int64_t kTimestampEnd = 9223371331200000000;
/// 1970-01-01 as a day number.
inline constexpr int32_t kUnixEpochDays = -10957;
inline constexpr int64_t kUnixEpochMicros = kUnixEpochDays * kMicrosPerDay;

inline bool IsInfinite(int32_t date) { return date == kDateInfinity || date == kDateNegInfinity; }
inline bool IsInfinite(int64_t timestamp) {
  return timestamp == kTimestampInfinity || timestamp == kTimestampNegInfinity;
}

/// The settings DateStyle, IntervalStyle and TimeZone, made ready for use.
struct DateTimeFormat {
  enum class Style : uint8_t { kIso, kSql, kPostgres, kGerman };
  enum class Order : uint8_t { kMdy, kDmy, kYmd };
  enum class IntervalStyle : uint8_t { kPostgres, kPostgresVerbose, kSqlStandard, kIso8601 };
  Style style = Style::kIso;
  Order order = Order::kMdy;
  IntervalStyle interval_style = IntervalStyle::kPostgres;
  const Zone* zone = Zone::Utc();

  /// From the settings' texts; 22023 for what they may not be.
  static Result<DateTimeFormat> Parse(std::string_view date_style, std::string_view interval_style,
                                      std::string_view time_zone);
  /// As SHOW DateStyle prints it: "ISO, MDY".
  std::string DateStyleText() const;
};

/// A calendar date; years BC are 0, -1, ... (0 is 1 BC).
struct CivilDate {
  int32_t year = 2000;
  int32_t month = 1;
  int32_t day = 1;
};
CivilDate CivilFromDays(int32_t days);
/// No check of the fields' ranges.
int32_t DaysFromCivil(int64_t year, int month, int day);
bool IsLeapYear(int64_t year);
int DaysInMonth(int64_t year, int month);
/// Sunday is 0.
int DayOfWeek(int32_t days);
/// ISO week and its year.
int IsoWeek(int32_t days, int32_t* iso_year);

// ---- Text in. `now` (microseconds since 2000-01-01 UTC) is what today, now, tomorrow go by.
// 22007 for malformed text, 22008 for fields out of range, 22009 for time zone displacements.
// Typmods (digits of seconds) are applied.
Result<int32_t> ParseDate(std::string_view text, const DateTimeFormat& format, int64_t now);
Result<int64_t> ParseTime(std::string_view text, int32_t typmod, const DateTimeFormat& format,
                          int64_t now);
Result<int64_t> ParseTimestamp(std::string_view text, int32_t typmod, const DateTimeFormat& format,
                               int64_t now);
Result<int64_t> ParseTimestampTz(std::string_view text, int32_t typmod,
                                 const DateTimeFormat& format, int64_t now);
Result<IntervalValue> ParseInterval(std::string_view text, int32_t typmod,
                                    const DateTimeFormat& format);

// ---- Text out.
void AppendDate(int32_t date, const DateTimeFormat& format, std::string* out);
void AppendTime(int64_t time, std::string* out);
void AppendTimestamp(int64_t timestamp, const DateTimeFormat& format, std::string* out);
void AppendTimestampTz(int64_t timestamp, const DateTimeFormat& format, std::string* out);
void AppendInterval(const IntervalValue& interval, const DateTimeFormat& format, std::string* out);
/// As in JSON: ISO 8601 with 'T'.
void AppendTimestampJson(int64_t timestamp, const Zone* zone_or_null, std::string* out);

// ---- Type modifiers: rounding to the digits of seconds.
Result<int64_t> RoundTimestamp(int64_t timestamp, int32_t typmod);
int64_t RoundTime(int64_t time, int32_t typmod);
Result<IntervalValue> RoundInterval(IntervalValue interval, int32_t typmod);

// ---- Conversions. 22008 when out of range; infinities are kept.
Result<int64_t> DateToTimestamp(int32_t date);
Result<int64_t> DateToTimestampTz(int32_t date, const Zone& zone);
int32_t TimestampToDate(int64_t timestamp);
int32_t TimestampTzToDate(int64_t timestamp, const Zone& zone);
/// Microseconds within the day; REQUIRES: finite
int64_t TimestampToTime(int64_t timestamp);
Result<int64_t> TimestampToTimestampTz(int64_t local, const Zone& zone);
Result<int64_t> TimestampTzToTimestamp(int64_t timestamp, const Zone& zone);
/// The time of day that an interval reaches from midnight.
int64_t IntervalToTime(const IntervalValue& interval);

// ---- Arithmetic.
Result<int32_t> DateAddDays(int32_t date, int32_t days);
Result<int64_t> TimestampAddInterval(int64_t timestamp, const IntervalValue& interval);
/// Months and days by the zone's wall clock.
Result<int64_t> TimestampTzAddInterval(int64_t timestamp, const IntervalValue& interval,
                                       const Zone& zone);
int64_t TimeAddInterval(int64_t time, const IntervalValue& interval);
/// a - b, with days of 24 hours. 22008 for infinities.
Result<IntervalValue> TimestampDiff(int64_t a, int64_t b);
/// age(a, b): years, months and days by the calendar.
Result<IntervalValue> TimestampAge(int64_t a, int64_t b);

// ---- Fields.
enum class DateTimeKind : uint8_t { kDate, kTime, kTimestamp, kTimestampTz, kInterval };
/// A value of any of these types, for the functions that take all of them.
struct DateTimeValue {
  DateTimeKind kind = DateTimeKind::kTimestamp;
  int64_t ticks = 0;  // days for a date, microseconds for times and timestamps
  IntervalValue interval;
};
/// extract(field from value). False: NULL (most fields of infinities). 22023 for unknown or
/// unsupported fields.
Result<bool> ExtractField(std::string_view field, const DateTimeValue& value, const Zone& zone,
                          Numeric* out);
/// date_part(): the same as a double.
Result<bool> ExtractField(std::string_view field, const DateTimeValue& value, const Zone& zone,
                          double* out);
/// date_trunc(); for a timestamptz by the zone's wall clock.
Result<int64_t> TruncTimestamp(std::string_view unit, int64_t timestamp);
Result<int64_t> TruncTimestampTz(std::string_view unit, int64_t timestamp, const Zone& zone);
Result<IntervalValue> TruncInterval(std::string_view unit, const IntervalValue& interval);
/// date_bin(). 22008, 22023.
Result<int64_t> BinTimestamp(const IntervalValue& stride, int64_t timestamp, int64_t origin);

// ---- make_*(). 22008 for fields out of range.
Result<int32_t> MakeDate(int32_t year, int32_t month, int32_t day);
Result<int64_t> MakeTime(int32_t hour, int32_t minute, double seconds);
Result<int64_t> MakeTimestamp(int32_t year, int32_t month, int32_t day, int32_t hour,
                              int32_t minute, double seconds);
Result<IntervalValue> MakeInterval(int32_t years, int32_t months, int32_t weeks, int32_t days,
                                   int32_t hours, int32_t minutes, double seconds);
/// to_timestamp(seconds since 1970). 22008, 22023 for NaN.
Result<int64_t> TimestampFromUnix(double seconds);

}  // namespace oxibase
