// Fields of dates, times and intervals; truncation and bins.
#include <cstdlib>

#include "common/datetime.h"
#include "common/datetime_internal.h"

namespace oxibase {
namespace {

/// Fields besides the units of intervals.
enum class Field : uint8_t {
  kUnknown,
  kUnit,  // see `unit`
  kDow,
  kIsoDow,
  kDoy,
  kIsoYear,
  kJulian,
  kEpoch,
  kTimezone,
  kTimezoneHour,
  kTimezoneMinute,
};

struct FieldName {
  Field field = Field::kUnknown;
  TimeUnit unit = TimeUnit::kNone;
};

std::string LowerCase(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

FieldName FindField(std::string_view name) {
  if (const TimeUnit unit = FindTimeUnit(name); unit != TimeUnit::kNone) {
    return {Field::kUnit, unit};
  }
  name = name.substr(0, 10);
  constexpr struct {
    std::string_view name;
    Field field;
  } kNames[] = {
      {"dow", Field::kDow},
      {"isodow", Field::kIsoDow},
      {"doy", Field::kDoy},
      {"isoyear", Field::kIsoYear},
      {"julian", Field::kJulian},
      {"j", Field::kJulian},
      {"jd", Field::kJulian},
      {"epoch", Field::kEpoch},
      {"timezone", Field::kTimezone},
      {"timezone_h", Field::kTimezoneHour},
      {"timezone_m", Field::kTimezoneMinute},
  };
  for (const auto& entry : kNames) {
    if (entry.name == name) return {entry.field, TimeUnit::kNone};
  }
  return {};
}

const char* KindName(DateTimeKind kind) {
  switch (kind) {
    case DateTimeKind::kDate:
      return "date";
    case DateTimeKind::kTime:
      return "time without time zone";
    case DateTimeKind::kTimestamp:
      return "timestamp without time zone";
    case DateTimeKind::kTimestampTz:
      return "timestamp with time zone";
    case DateTimeKind::kInterval:
      return "interval";
  }
  return "";
}

Status NotSupported(std::string_view field, DateTimeKind kind) {
  return Error(ErrorCode::kFeatureNotSupported, "unit \"{}\" not supported for type {}", field,
               KindName(kind));
}

Status NotRecognized(std::string_view field, DateTimeKind kind) {
  return Error(ErrorCode::kInvalidParameterValue, "unit \"{}\" not recognized for type {}", field,
               KindName(kind));
}

Numeric Whole(int64_t value) { return Numeric::FromInt64(value); }
/// value / 10^dscale
Numeric Scaled(__int128 value, int dscale) { return Numeric::FromInt128(value, dscale); }

/// There is no year 0: 1 BC is shown as -1.
int64_t ShownYear(int64_t year) { return year > 0 ? year : year - 1; }
int64_t Decade(int64_t year) { return year >= 0 ? year / 10 : -((8 - (year - 1)) / 10); }
int64_t Century(int64_t year) { return year > 0 ? (year + 99) / 100 : -((99 - (year - 1)) / 100); }
int64_t Millennium(int64_t year) {
  return year > 0 ? (year + 999) / 1000 : -((999 - (year - 1)) / 1000);
}

/// Fields of a time of day; false if the unit is not one.
bool TimeField(TimeUnit unit, int64_t time, Numeric* out) {
  const int64_t in_minute = time % kMicrosPerMinute;
  switch (unit) {
    case TimeUnit::kMicrosecond:
      *out = Whole(in_minute);
      return true;
    case TimeUnit::kMillisecond:
      *out = Scaled(in_minute, 3);
      return true;
    case TimeUnit::kSecond:
      *out = Scaled(in_minute, 6);
      return true;
    case TimeUnit::kMinute:
      *out = Whole(time / kMicrosPerMinute % 60);
      return true;
    case TimeUnit::kHour:
      *out = Whole(time / kMicrosPerHour);
      return true;
    default:
      return false;
  }
}

bool DateField(const FieldName& name, int32_t days, Numeric* out) {
  const CivilDate date = CivilFromDays(days);
  switch (name.field) {
    case Field::kDow:
      *out = Whole(DayOfWeek(days));
      return true;
    case Field::kIsoDow:
      *out = Whole((DayOfWeek(days) + 6) % 7 + 1);
      return true;
    case Field::kDoy:
      *out = Whole(days - DaysFromCivil(date.year, 1, 1) + 1);
      return true;
    case Field::kIsoYear: {
      int32_t year;
      IsoWeek(days, &year);
      *out = Whole(ShownYear(year));
      return true;
    }
    case Field::kUnit:
      break;
    default:
      return false;
  }
  switch (name.unit) {
    case TimeUnit::kDay:
      *out = Whole(date.day);
      return true;
    case TimeUnit::kWeek:
      *out = Whole(IsoWeek(days, nullptr));
      return true;
    case TimeUnit::kMonth:
      *out = Whole(date.month);
      return true;
    case TimeUnit::kQuarter:
      *out = Whole((date.month - 1) / 3 + 1);
      return true;
    case TimeUnit::kYear:
      *out = Whole(ShownYear(date.year));
      return true;
    case TimeUnit::kDecade:
      *out = Whole(Decade(date.year));
      return true;
    case TimeUnit::kCentury:
      *out = Whole(Century(date.year));
      return true;
    case TimeUnit::kMillennium:
      *out = Whole(Millennium(date.year));
      return true;
    default:
      return false;
  }
}

/// Fields of infinities: those that grow without end are infinite, others NULL.
Result<bool> InfiniteField(std::string_view field, const FieldName& name, bool negative,
                           DateTimeKind kind, Numeric* out) {
  switch (name.field) {
    case Field::kUnknown:
      return NotRecognized(field, kind);
    case Field::kIsoYear:
    case Field::kJulian:
    case Field::kEpoch:
      *out = Numeric::Infinity(negative);
      return true;
    case Field::kUnit:
      if (name.unit == TimeUnit::kYear || name.unit == TimeUnit::kDecade ||
          name.unit == TimeUnit::kCentury || name.unit == TimeUnit::kMillennium) {
        *out = Numeric::Infinity(negative);
        return true;
      }
      return false;
    default:
      return false;
  }
}

Result<bool> IntervalField(std::string_view field, const FieldName& name, const IntervalValue& i,
                           Numeric* out) {
  if (name.field == Field::kEpoch) {
    // A year counts 365.25 days, so all is multiplied by four.
    const int64_t seconds =
        (int64_t{1461} * (i.months / 12) + int64_t{120} * (i.months % 12) + int64_t{4} * i.days) *
        (86400 / 4);
    *out = Scaled(static_cast<__int128>(seconds) * kMicrosPerSecond + i.micros, 6);
    return true;
  }
  if (name.field == Field::kUnknown) return NotRecognized(field, DateTimeKind::kInterval);
  const int32_t years = i.months / 12;
  switch (name.unit) {
    case TimeUnit::kDay:
      *out = Whole(i.days);
      return true;
    case TimeUnit::kMonth:
      *out = Whole(i.months % 12);
      return true;
    case TimeUnit::kQuarter:
      *out = Whole(i.months % 12 / 3 + 1);
      return true;
    case TimeUnit::kYear:
      *out = Whole(years);
      return true;
    case TimeUnit::kDecade:
      *out = Whole(years / 10);
      return true;
    case TimeUnit::kCentury:
      *out = Whole(years / 100);
      return true;
    case TimeUnit::kMillennium:
      *out = Whole(years / 1000);
      return true;
    default:
      break;
  }
  if (TimeField(name.unit, i.micros, out)) return true;
  return NotSupported(field, DateTimeKind::kInterval);
}

/// date_trunc() knows units, and of the other fields only that zones cannot be truncated to.
bool IsTruncUnit(const FieldName& name) {
  return name.field == Field::kUnit || name.field == Field::kTimezone ||
         name.field == Field::kTimezoneHour || name.field == Field::kTimezoneMinute;
}

/// Fields that PostgreSQL sums up in doubles, whose last digit shows it.
bool ExtractDouble(std::string_view field, const DateTimeValue& value, double* out) {
  const FieldName name = FindField(LowerCase(field));
  if (value.kind == DateTimeKind::kInterval && name.field == Field::kEpoch) {
    const IntervalValue& i = value.interval;
    *out = static_cast<double>(i.micros) / 1e6;
    *out += 365.25 * 86400 * (i.months / 12);
    *out += 30.0 * 86400 * (i.months % 12);
    *out += 86400.0 * i.days;
    return true;
  }
  if (name.unit != TimeUnit::kSecond && name.unit != TimeUnit::kMillisecond) return false;
  int64_t micros = value.kind == DateTimeKind::kInterval ? value.interval.micros : value.ticks;
  if (value.kind != DateTimeKind::kInterval) {
    if (value.kind != DateTimeKind::kTime && IsInfinite(value.ticks)) return false;
    micros -= FloorDiv(micros, kMicrosPerMinute) * kMicrosPerMinute;
  }
  const auto seconds = static_cast<double>(micros % kMicrosPerMinute / kMicrosPerSecond);
  const auto fraction = static_cast<double>(micros % kMicrosPerSecond);
  *out = name.unit == TimeUnit::kSecond ? seconds + fraction / 1e6
                                        : seconds * 1000.0 + fraction / 1000.0;
  return true;
}

enum class Cut : uint8_t { kTime, kDate, kInvalid };

/// Truncates wall-clock microseconds. `kDate`: the unit is a day or more.
Cut Truncate(TimeUnit unit, int64_t* local) {
  int64_t step = 0;
  switch (unit) {
    case TimeUnit::kMicrosecond:
      return Cut::kTime;
    case TimeUnit::kMillisecond:
      step = 1000;
      break;
    case TimeUnit::kSecond:
      step = kMicrosPerSecond;
      break;
    case TimeUnit::kMinute:
      step = kMicrosPerMinute;
      break;
    case TimeUnit::kHour:
      step = kMicrosPerHour;
      break;
    default:
      break;
  }
  if (step) {
    *local = FloorDiv(*local, step) * step;
    return Cut::kTime;
  }
  int32_t days;
  int64_t time;
  SplitTimestamp(*local, &days, &time);
  const CivilDate date = CivilFromDays(days);
  int64_t year = date.year;
  int month = 1;
  switch (unit) {
    case TimeUnit::kDay:
      *local = days * kMicrosPerDay;
      return Cut::kDate;
    case TimeUnit::kWeek:
      *local = (static_cast<int64_t>(days) - (DayOfWeek(days) + 6) % 7) * kMicrosPerDay;
      return Cut::kDate;
    case TimeUnit::kMonth:
      month = date.month;
      break;
    case TimeUnit::kQuarter:
      month = (date.month - 1) / 3 * 3 + 1;
      break;
    case TimeUnit::kYear:
      break;
    case TimeUnit::kDecade:
      year = year > 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10;
      break;
    case TimeUnit::kCentury:
      year = year > 0 ? (year + 99) / 100 * 100 - 99 : -((99 - (year - 1)) / 100) * 100 + 1;
      break;
    case TimeUnit::kMillennium:
      year = year > 0 ? (year + 999) / 1000 * 1000 - 999 : -((999 - (year - 1)) / 1000) * 1000 + 1;
      break;
    default:
      return Cut::kInvalid;
  }
  *local = WideDaysFromCivil(year, month, 1) * kMicrosPerDay;
  return Cut::kDate;
}

}  // namespace

Result<bool> ExtractField(std::string_view field, const DateTimeValue& value, const Zone& zone,
                          Numeric* out) {
  const std::string lower = LowerCase(field);
  const FieldName name = FindField(lower);
  const DateTimeKind kind = value.kind;
  if (kind == DateTimeKind::kInterval) return IntervalField(lower, name, value.interval, out);
  if (name.field == Field::kUnknown) return NotRecognized(lower, kind);
  if (kind == DateTimeKind::kTime) {
    if (name.field == Field::kEpoch) {
      *out = Scaled(value.ticks, 6);
      return true;
    }
    if (name.field == Field::kUnit && TimeField(name.unit, value.ticks, out)) return true;
    return NotSupported(lower, kind);
  }
  if (kind == DateTimeKind::kDate) {
    const auto days = static_cast<int32_t>(value.ticks);
    Numeric probe;
    if (name.field == Field::kTimezone || name.field == Field::kTimezoneHour ||
        name.field == Field::kTimezoneMinute ||
        (name.field == Field::kUnit && TimeField(name.unit, 0, &probe))) {
      return NotSupported(lower, kind);
    }
    if (IsInfinite(days)) {
      return InfiniteField(lower, name, days == kDateNegInfinity, kind, out);
    }
    if (name.field == Field::kEpoch) {
      *out = Whole((static_cast<int64_t>(days) - kUnixEpochDays) * 86400);
      return true;
    }
    if (name.field == Field::kJulian) {
      *out = Whole(static_cast<int64_t>(days) + 2451545);
      return true;
    }
    if (DateField(name, days, out)) return true;
    return NotSupported(lower, kind);
  }
  const bool has_zone = kind == DateTimeKind::kTimestampTz;
  if (IsInfinite(value.ticks)) {
    return InfiniteField(lower, name, value.ticks == kTimestampNegInfinity, kind, out);
  }
  const int32_t offset = has_zone ? zone.OffsetAt(value.ticks) : 0;
  switch (name.field) {
    case Field::kEpoch:
      *out = Scaled(static_cast<__int128>(value.ticks) - kUnixEpochMicros, 6);
      return true;
    case Field::kTimezone:
    case Field::kTimezoneHour:
    case Field::kTimezoneMinute:
      if (!has_zone) return NotSupported(lower, kind);
      *out = Whole(name.field == Field::kTimezone       ? offset
                   : name.field == Field::kTimezoneHour ? offset / 3600
                                                        : offset / 60 % 60);
      return true;
    default:
      break;
  }
  int32_t days;
  int64_t time;
  SplitTimestamp(value.ticks + offset * kMicrosPerSecond, &days, &time);
  if (name.field == Field::kJulian) {
    Numeric fraction;
    RETURN_IF_ERROR(Numeric::Div(Whole(time), Whole(kMicrosPerDay), &fraction));
    RETURN_IF_ERROR(Numeric::Add(Whole(static_cast<int64_t>(days) + 2451545), fraction, out));
    return true;
  }
  if (name.field == Field::kUnit && TimeField(name.unit, time, out)) return true;
  if (DateField(name, days, out)) return true;
  return NotSupported(lower, kind);
}

Result<bool> ExtractField(std::string_view field, const DateTimeValue& value, const Zone& zone,
                          double* out) {
  DateTimeValue moment = value;
  if (value.kind == DateTimeKind::kDate) {
    // date_part() takes a date as a timestamp.
    ASSIGN_OR_RETURN(moment.ticks, DateToTimestamp(static_cast<int32_t>(value.ticks)));
    moment.kind = DateTimeKind::kTimestamp;
  }
  if (value.kind == DateTimeKind::kInterval && FindField(LowerCase(field)).field == Field::kEpoch) {
    // Summed up in doubles part by part: PostgreSQL's own rounding.
    const IntervalValue& i = value.interval;
    *out = static_cast<double>(i.micros) / 1e6;
    *out += 365.25 * 86400 * (i.months / 12);
    *out += 30.0 * 86400 * (i.months % 12);
    *out += 86400.0 * i.days;
    return true;
  }
  if (ExtractDouble(field, moment, out)) return true;
  Numeric number;
  ASSIGN_OR_RETURN(const bool has_value, ExtractField(field, moment, zone, &number));
  if (has_value) *out = number.ToDoubleLossy();
  return has_value;
}

Result<int64_t> TruncTimestamp(std::string_view unit, int64_t timestamp) {
  if (IsInfinite(timestamp)) return timestamp;
  const std::string lower = LowerCase(unit);
  const FieldName name = FindField(lower);
  if (!IsTruncUnit(name)) return NotRecognized(lower, DateTimeKind::kTimestamp);
  if (Truncate(name.unit, &timestamp) == Cut::kInvalid) {
    return NotSupported(lower, DateTimeKind::kTimestamp);
  }
  if (timestamp < kTimestampMin) return TimestampOutOfRange();
  return timestamp;
}

Result<int64_t> TruncTimestampTz(std::string_view unit, int64_t timestamp, const Zone& zone) {
  if (IsInfinite(timestamp)) return timestamp;
  const std::string lower = LowerCase(unit);
  const FieldName name = FindField(lower);
  if (!IsTruncUnit(name)) return NotRecognized(lower, DateTimeKind::kTimestampTz);
  const int64_t offset = zone.OffsetAt(timestamp) * kMicrosPerSecond;
  int64_t local = timestamp + offset;
  switch (Truncate(name.unit, &local)) {
    case Cut::kInvalid:
      return NotSupported(lower, DateTimeKind::kTimestampTz);
    case Cut::kTime:
      return local - offset;
    case Cut::kDate:
      break;
  }
  return TimestampToTimestampTz(local, zone);
}

Result<IntervalValue> TruncInterval(std::string_view unit, const IntervalValue& interval) {
  const std::string lower = LowerCase(unit);
  const FieldName name = FindField(lower);
  if (!IsTruncUnit(name)) return NotRecognized(lower, DateTimeKind::kInterval);
  IntervalValue i = interval;
  const auto months = [&](int32_t step) {
    i.months = i.months / step * step;
    i.days = 0;
    i.micros = 0;
    return i;
  };
  const auto micros = [&](int64_t step) {
    i.micros = i.micros / step * step;
    return i;
  };
  switch (name.unit) {
    case TimeUnit::kMillennium:
      return months(12000);
    case TimeUnit::kCentury:
      return months(1200);
    case TimeUnit::kDecade:
      return months(120);
    case TimeUnit::kYear:
      return months(12);
    case TimeUnit::kQuarter:
      return months(3);
    case TimeUnit::kMonth:
      return months(1);
    case TimeUnit::kDay:
      i.micros = 0;
      return i;
    case TimeUnit::kHour:
      return micros(kMicrosPerHour);
    case TimeUnit::kMinute:
      return micros(kMicrosPerMinute);
    case TimeUnit::kSecond:
      return micros(kMicrosPerSecond);
    case TimeUnit::kMillisecond:
      return micros(1000);
    case TimeUnit::kMicrosecond:
      return i;
    case TimeUnit::kWeek:
      return NotSupported(lower, DateTimeKind::kInterval)
          .Detail("Months usually have fractional weeks.");
    default:
      return NotSupported(lower, DateTimeKind::kInterval);
  }
}

Result<int64_t> BinTimestamp(const IntervalValue& stride, int64_t timestamp, int64_t origin) {
  if (IsInfinite(timestamp)) return timestamp;
  if (IsInfinite(origin)) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "origin out of range");
  }
  if (stride.months != 0) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "timestamps cannot be binned into intervals containing months or years");
  }
  int64_t step;
  if (__builtin_mul_overflow(int64_t{stride.days}, kMicrosPerDay, &step) ||
      __builtin_add_overflow(step, stride.micros, &step)) {
    return IntervalOutOfRange();
  }
  if (step <= 0) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "stride must be greater than zero");
  }
  int64_t difference;
  if (__builtin_sub_overflow(timestamp, origin, &difference)) return IntervalOutOfRange();
  int64_t result;
  if (__builtin_add_overflow(origin, FloorDiv(difference, step) * step, &result)) {
    return TimestampOutOfRange();
  }
  return result;
}

}  // namespace oxibase
