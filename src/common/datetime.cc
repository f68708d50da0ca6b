// The calendar, conversions between date and time types, and their arithmetic.
#include "common/datetime.h"

#include <cmath>

#include "common/datetime_internal.h"

namespace oxibase {
namespace {

/// Days before `month` in a year that begins in March.
constexpr int64_t kDaysPer400Years = 146097;
constexpr int32_t kMarchFirstZero = 730425;  // 2000-01-01 counted from 0000-03-01

bool InTimestampRange(int64_t timestamp) {
  return timestamp >= kTimestampMin && timestamp < kTimestampEnd;
}

Status DateOutOfRange() { return Error(ErrorCode::kDatetimeFieldOverflow, "date out of range"); }

}  // namespace

Status TimestampOutOfRange() {
  return Error(ErrorCode::kDatetimeFieldOverflow, "timestamp out of range");
}

Status IntervalOutOfRange() {
  return Error(ErrorCode::kDatetimeFieldOverflow, "interval out of range");
}

CivilDate CivilFromDays(int32_t days) {
  // Years begin in March here, so that the leap day is a year's last.
  const int64_t z = static_cast<int64_t>(days) + kMarchFirstZero;
  const int64_t era = FloorDiv(z, kDaysPer400Years);
  const auto day_of_era = static_cast<uint32_t>(z - era * kDaysPer400Years);
  const uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t month = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = static_cast<int32_t>(day_of_year - (153 * month + 2) / 5 + 1);
  date.month = static_cast<int32_t>(month < 10 ? month + 3 : month - 9);
  date.year = static_cast<int32_t>(era * 400 + year_of_era + (date.month <= 2));
  return date;
}

int64_t WideDaysFromCivil(int64_t year, int month, int day) {
  year -= month <= 2;
  const int64_t era = FloorDiv(year, 400);
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPer400Years + day_of_era - kMarchFirstZero;
}

int32_t DaysFromCivil(int64_t year, int month, int day) {
  return static_cast<int32_t>(WideDaysFromCivil(year, month, day));
}

bool IsLeapYear(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

int DayOfWeek(int32_t days) {
  // 2000-01-01 was a Saturday.
  const int64_t d = (static_cast<int64_t>(days) + 6) % 7;
  return static_cast<int>(d < 0 ? d + 7 : d);
}

int IsoWeek(int32_t days, int32_t* iso_year) {
  // The week belongs to the year its Thursday lies in.
  const int from_monday = (DayOfWeek(days) + 6) % 7;
  const int32_t thursday = days - from_monday + 3;
  const int32_t year = CivilFromDays(thursday).year;
  if (iso_year) *iso_year = year;
  return (thursday - DaysFromCivil(year, 1, 1)) / 7 + 1;
}

bool SplitTimestamp(int64_t timestamp, int32_t* days, int64_t* time) {
  const int64_t d = FloorDiv(timestamp, kMicrosPerDay);
  *days = static_cast<int32_t>(d);
  *time = timestamp - d * kMicrosPerDay;
  return true;
}

Result<int64_t> JoinTimestamp(int64_t days, int64_t time) {
  int64_t result;
  if (__builtin_mul_overflow(days, kMicrosPerDay, &result) ||
      __builtin_add_overflow(result, time, &result) || !InTimestampRange(result)) {
    return TimestampOutOfRange();
  }
  return result;
}

Result<int64_t> DateToTimestamp(int32_t date) {
  if (date == kDateInfinity) return kTimestampInfinity;
  if (date == kDateNegInfinity) return kTimestampNegInfinity;
  if (date >= kTimestampEnd / kMicrosPerDay) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "date out of range for timestamp");
  }
  return date * kMicrosPerDay;
}

Result<int64_t> DateToTimestampTz(int32_t date, const Zone& zone) {
  ASSIGN_OR_RETURN(const int64_t local, DateToTimestamp(date));
  return TimestampToTimestampTz(local, zone);
}

int32_t TimestampToDate(int64_t timestamp) {
  if (timestamp == kTimestampInfinity) return kDateInfinity;
  if (timestamp == kTimestampNegInfinity) return kDateNegInfinity;
  return static_cast<int32_t>(FloorDiv(timestamp, kMicrosPerDay));
}

int32_t TimestampTzToDate(int64_t timestamp, const Zone& zone) {
  if (IsInfinite(timestamp)) return TimestampToDate(timestamp);
  return TimestampToDate(timestamp + zone.OffsetAt(timestamp) * kMicrosPerSecond);
}

int64_t TimestampToTime(int64_t timestamp) {
  return timestamp - FloorDiv(timestamp, kMicrosPerDay) * kMicrosPerDay;
}

Result<int64_t> TimestampToTimestampTz(int64_t local, const Zone& zone) {
  if (IsInfinite(local)) return local;
  const int64_t result = local - zone.OffsetForLocal(local) * kMicrosPerSecond;
  if (!InTimestampRange(result)) return TimestampOutOfRange();
  return result;
}

Result<int64_t> TimestampTzToTimestamp(int64_t timestamp, const Zone& zone) {
  if (IsInfinite(timestamp)) return timestamp;
  const int64_t result = timestamp + zone.OffsetAt(timestamp) * kMicrosPerSecond;
  if (!InTimestampRange(result)) return TimestampOutOfRange();
  return result;
}

int64_t IntervalToTime(const IntervalValue& interval) { return TimestampToTime(interval.micros); }

Result<int32_t> DateAddDays(int32_t date, int32_t days) {
  if (IsInfinite(date)) return date;
  int32_t result;
  if (__builtin_add_overflow(date, days, &result) || result < kDateMin || result >= kDateEnd) {
    return DateOutOfRange();
  }
  return result;
}

Result<int64_t> TimestampAddInterval(int64_t timestamp, const IntervalValue& interval) {
  if (IsInfinite(timestamp)) return timestamp;
  int32_t days;
  int64_t time;
  SplitTimestamp(timestamp, &days, &time);
  int64_t wide_days = days;
  if (interval.months != 0) {
    const CivilDate date = CivilFromDays(days);
    const int64_t month = static_cast<int64_t>(date.year) * 12 + date.month - 1 + interval.months;
    const int64_t year = FloorDiv(month, 12);
    const int month_of_year = static_cast<int>(month - year * 12) + 1;
    const int day = std::min(date.day, DaysInMonth(year, month_of_year));
    wide_days = WideDaysFromCivil(year, month_of_year, day);
  }
  wide_days += interval.days;
  ASSIGN_OR_RETURN(int64_t result, JoinTimestamp(wide_days, time));
  if (__builtin_add_overflow(result, interval.micros, &result) || !InTimestampRange(result)) {
    return TimestampOutOfRange();
  }
  return result;
}

Result<int64_t> TimestampTzAddInterval(int64_t timestamp, const IntervalValue& interval,
                                       const Zone& zone) {
  if (IsInfinite(timestamp)) return timestamp;
  if (interval.months != 0 || interval.days != 0) {
    // Months first, back to an instant, then days: each by the wall clock.
    for (const IntervalValue step :
         {IntervalValue{0, 0, interval.months}, IntervalValue{0, interval.days, 0}}) {
      if (step.months == 0 && step.days == 0) continue;
      ASSIGN_OR_RETURN(int64_t local, TimestampTzToTimestamp(timestamp, zone));
      ASSIGN_OR_RETURN(local, TimestampAddInterval(local, step));
      ASSIGN_OR_RETURN(timestamp, TimestampToTimestampTz(local, zone));
    }
  }
  int64_t result;
  if (__builtin_add_overflow(timestamp, interval.micros, &result) || !InTimestampRange(result)) {
    return TimestampOutOfRange();
  }
  return result;
}

int64_t TimeAddInterval(int64_t time, const IntervalValue& interval) {
  return TimestampToTime(time + interval.micros % kMicrosPerDay);
}

Result<IntervalValue> TimestampDiff(int64_t a, int64_t b) {
  if (IsInfinite(a) || IsInfinite(b)) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "cannot subtract infinite timestamps");
  }
  int64_t difference;
  if (__builtin_sub_overflow(a, b, &difference)) return IntervalOutOfRange();
  return IntervalValue{difference % kMicrosPerDay, static_cast<int32_t>(difference / kMicrosPerDay),
                       0};
}

Result<IntervalValue> TimestampAge(int64_t a, int64_t b) {
  if (IsInfinite(a) || IsInfinite(b)) return TimestampOutOfRange();
  const bool negative = a < b;
  const int64_t later = negative ? b : a;
  const int64_t earlier = negative ? a : b;
  int32_t days1;
  int32_t days2;
  int64_t time1;
  int64_t time2;
  SplitTimestamp(later, &days1, &time1);
  SplitTimestamp(earlier, &days2, &time2);
  const CivilDate date1 = CivilFromDays(days1);
  const CivilDate date2 = CivilFromDays(days2);
  int64_t time = time1 - time2;
  int32_t days = date1.day - date2.day;
  int32_t months = (date1.year - date2.year) * 12 + date1.month - date2.month;
  if (time < 0) {
    time += kMicrosPerDay;
    --days;
  }
  // Borrow the length of the earlier date's month.
  if (days < 0) {
    days += DaysInMonth(date2.year, date2.month);
    --months;
  }
  if (negative) return IntervalValue{-time, -days, -months};
  return IntervalValue{time, days, months};
}

Result<int32_t> MakeDate(int32_t year, int32_t month, int32_t day) {
  const auto fail = [&] {
    return Error(ErrorCode::kDatetimeFieldOverflow, "date field value out of range: {}-{:02}-{:02}",
                 year, month, day);
  };
  if (year == 0) return fail();
  int64_t y = year < 0 ? int64_t{year} + 1 : year;
  if (month < 1 || month > 12 || day < 1 || y > 6000000 || y < -5000 ||
      day > DaysInMonth(y, month)) {
    return fail();
  }
  const int64_t days = WideDaysFromCivil(y, month, day);
  if (days < kDateMin || days >= kDateEnd) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "date out of range: {}-{:02}-{:02}", year,
                 month, day);
  }
  return static_cast<int32_t>(days);
}

Result<int64_t> MakeTime(int32_t hour, int32_t minute, double seconds) {
  const bool ok = hour >= 0 && minute >= 0 && minute <= 59 && seconds >= 0 && seconds <= 60 &&
                  (hour < 24 || (hour == 24 && minute == 0 && seconds == 0));
  if (!ok) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "time field value out of range: {}:{:02}:{}",
                 hour, minute, fmt::format("{:02g}", seconds));
  }
  const int64_t time = hour * kMicrosPerHour + minute * kMicrosPerMinute +
                       static_cast<int64_t>(std::rint(seconds * 1e6));
  return time;
}

Result<int64_t> MakeTimestamp(int32_t year, int32_t month, int32_t day, int32_t hour,
                              int32_t minute, double seconds) {
  ASSIGN_OR_RETURN(const int32_t days, MakeDate(year, month, day));
  ASSIGN_OR_RETURN(const int64_t time, MakeTime(hour, minute, seconds));
  return JoinTimestamp(days, time);
}

Result<IntervalValue> MakeInterval(int32_t years, int32_t months, int32_t weeks, int32_t days,
                                   int32_t hours, int32_t minutes, double seconds) {
  if (!std::isfinite(seconds)) return IntervalOutOfRange();
  const int64_t wide_months = int64_t{years} * 12 + months;
  const int64_t wide_days = int64_t{weeks} * 7 + days;
  const double micros = std::rint(seconds * 1e6);
  if (wide_months != static_cast<int32_t>(wide_months) ||
      wide_days != static_cast<int32_t>(wide_days) || std::fabs(micros) > 9.2e18) {
    return IntervalOutOfRange();
  }
  return IntervalValue{
      hours * kMicrosPerHour + minutes * kMicrosPerMinute + static_cast<int64_t>(micros),
      static_cast<int32_t>(wide_days), static_cast<int32_t>(wide_months)};
}

Result<int64_t> TimestampFromUnix(double seconds) {
  if (std::isnan(seconds)) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "timestamp cannot be NaN");
  }
  if (std::isinf(seconds)) return seconds > 0 ? kTimestampInfinity : kTimestampNegInfinity;
  const double shifted = seconds + static_cast<double>(kUnixEpochDays) * 86400.0;
  const double micros = std::rint(shifted * 1e6);
  if (micros < static_cast<double>(kTimestampMin) || micros >= static_cast<double>(kTimestampEnd)) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "timestamp out of range: \"{:g}\"", seconds);
  }
  return static_cast<int64_t>(micros);
}

}  // namespace oxibase
