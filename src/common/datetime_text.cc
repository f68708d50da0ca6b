// Printing dates, times and timestamps; the settings DateStyle, IntervalStyle and TimeZone.
#include <charconv>
#include <cstdlib>

#include "common/datetime.h"
#include "common/datetime_internal.h"

namespace oxibase {
namespace {

using Style = DateTimeFormat::Style;
using Order = DateTimeFormat::Order;

constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr const char* kWeekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/// At least four digits.
char* WriteYear(int32_t year, char* out) {
  if (year < 1) year = 1 - year;  // the caller appends " BC"
  if (year < 10000) return WriteTwo(year % 100, WriteTwo(year / 100, out));
  return std::to_chars(out, out + 12, year).ptr;
}

char* WriteDate(const CivilDate& date, const DateTimeFormat& format, char separator, char* out) {
  // All but ISO: two fields by the order, then the year.
  const bool day_first = format.order == Order::kDmy || format.style == Style::kGerman;
  out = WriteTwo(day_first ? date.day : date.month, out);
  *out++ = separator;
  out = WriteTwo(day_first ? date.month : date.day, out);
  *out++ = separator;
  return WriteYear(date.year, out);
}

char* WriteIsoDate(const CivilDate& date, char* out) {
  out = WriteYear(date.year, out);
  *out++ = '-';
  out = WriteTwo(date.month, out);
  *out++ = '-';
  return WriteTwo(date.day, out);
}

char* WriteClock(int64_t time, char* out) {
  const auto seconds = static_cast<int32_t>(time / kMicrosPerSecond);
  out = WriteTwo(seconds / 3600, out);
  *out++ = ':';
  out = WriteTwo(seconds / 60 % 60, out);
  *out++ = ':';
  out = WriteTwo(seconds % 60, out);
  return WriteFraction(static_cast<int>(time % kMicrosPerSecond), out);
}

/// +01, -03:30, +00:53:28
char* WriteOffset(int32_t offset, char* out) {
  *out++ = offset < 0 ? '-' : '+';
  const int32_t seconds = std::abs(offset);
  out = WriteTwo(seconds / 3600, out);
  if (seconds % 3600) {
    *out++ = ':';
    out = WriteTwo(seconds / 60 % 60, out);
  }
  if (seconds % 60) {
    *out++ = ':';
    out = WriteTwo(seconds % 60, out);
  }
  return out;
}

bool AppendInfinity(int64_t timestamp, std::string* out) {
  if (!IsInfinite(timestamp)) return false;
  out->append(timestamp == kTimestampInfinity ? "infinity" : "-infinity");
  return true;
}

/// `zone` null: without a time zone.
void AppendMoment(int64_t local, const DateTimeFormat& format, bool has_zone, int32_t offset,
                  const std::string& abbreviation, std::string* out) {
  int32_t days;
  int64_t time;
  SplitTimestamp(local, &days, &time);
  const CivilDate date = CivilFromDays(days);
  char buffer[96];
  char* p = buffer;
  const auto write_zone_name = [&] {
    if (!has_zone) return;
    *p++ = ' ';
    const size_t size = std::min<size_t>(abbreviation.size(), 10);
    std::memcpy(p, abbreviation.data(), size);
    p += size;
  };
  switch (format.style) {
    case Style::kIso:
      p = WriteIsoDate(date, p);
      *p++ = ' ';
      p = WriteClock(time, p);
      if (has_zone) p = WriteOffset(offset, p);
      break;
    case Style::kSql:
    case Style::kGerman:
      p = WriteDate(date, format, format.style == Style::kSql ? '/' : '.', p);
      *p++ = ' ';
      p = WriteClock(time, p);
      write_zone_name();
      break;
    case Style::kPostgres: {
      const auto word = [&](const char* text) {
        std::memcpy(p, text, 3);
        p += 3;
        *p++ = ' ';
      };
      word(kWeekdays[DayOfWeek(days)]);
      if (format.order == Order::kDmy) {
        p = WriteTwo(date.day, p);
        *p++ = ' ';
        word(kMonths[date.month - 1]);
      } else {
        word(kMonths[date.month - 1]);
        p = WriteTwo(date.day, p);
        *p++ = ' ';
      }
      p = WriteClock(time, p);
      *p++ = ' ';
      p = WriteYear(date.year, p);
      write_zone_name();
      break;
    }
  }
  if (date.year < 1) {
    std::memcpy(p, " BC", 3);
    p += 3;
  }
  out->append(buffer, p);
}

std::string_view NextWord(std::string_view* text) {
  constexpr std::string_view kSeparators = ", \t\n";
  const size_t begin = text->find_first_not_of(kSeparators);
  if (begin == std::string_view::npos) return *text = {};
  size_t end = text->find_first_of(kSeparators, begin);
  if (end == std::string_view::npos) end = text->size();
  const std::string_view word = text->substr(begin, end - begin);
  text->remove_prefix(end);
  return word;
}

std::string LowerCase(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

}  // namespace

char* WriteFraction(int micros, char* out) {
  if (micros == 0) return out;
  *out++ = '.';
  for (int unit = 100000; micros != 0; unit /= 10) {
    *out++ = static_cast<char>('0' + micros / unit);
    micros %= unit;
  }
  return out;
}

Result<DateTimeFormat> DateTimeFormat::Parse(std::string_view date_style,
                                             std::string_view interval_style,
                                             std::string_view time_zone) {
  DateTimeFormat format;
  std::string_view rest = date_style;
  bool has_order = false;
  for (std::string_view word = NextWord(&rest); !word.empty(); word = NextWord(&rest)) {
    const std::string lower = LowerCase(word);
    if (lower == "iso") {
      format.style = Style::kIso;
    } else if (lower == "sql") {
      format.style = Style::kSql;
    } else if (lower.starts_with("postgres")) {
      format.style = Style::kPostgres;
    } else if (lower == "german") {
      format.style = Style::kGerman;
      if (!has_order) format.order = Order::kDmy;
    } else if (lower == "ymd") {
      format.order = Order::kYmd;
      has_order = true;
    } else if (lower == "dmy" || lower.starts_with("euro")) {
      format.order = Order::kDmy;
      has_order = true;
    } else if (lower == "mdy" || lower == "us" || lower.starts_with("noneuro")) {
      format.order = Order::kMdy;
      has_order = true;
    } else if (lower != "default") {
      return Error(ErrorCode::kInvalidParameterValue,
                   "invalid value for parameter \"DateStyle\": \"{}\"", date_style)
          .Detail(fmt::format("Unrecognized key word: \"{}\".", word));
    }
  }
  const std::string interval = LowerCase(interval_style);
  if (interval == "postgres") {
    format.interval_style = IntervalStyle::kPostgres;
  } else if (interval == "postgres_verbose") {
    format.interval_style = IntervalStyle::kPostgresVerbose;
  } else if (interval == "sql_standard") {
    format.interval_style = IntervalStyle::kSqlStandard;
  } else if (interval == "iso_8601") {
    format.interval_style = IntervalStyle::kIso8601;
  } else {
    return Error(ErrorCode::kInvalidParameterValue,
                 "invalid value for parameter \"IntervalStyle\": \"{}\"", interval_style)
        .Hint("Available values: postgres, postgres_verbose, sql_standard, iso_8601.");
  }
  format.zone = Zone::FindSetting(time_zone);
  if (!format.zone) {
    return Error(ErrorCode::kInvalidParameterValue,
                 "invalid value for parameter \"TimeZone\": \"{}\"", time_zone);
  }
  return format;
}

std::string DateTimeFormat::DateStyleText() const {
  constexpr const char* kStyles[] = {"ISO", "SQL", "Postgres", "German"};
  constexpr const char* kOrders[] = {"MDY", "DMY", "YMD"};
  return fmt::format("{}, {}", kStyles[static_cast<int>(style)], kOrders[static_cast<int>(order)]);
}

void AppendDate(int32_t days, const DateTimeFormat& format, std::string* out) {
  if (IsInfinite(days)) {
    out->append(days == kDateInfinity ? "infinity" : "-infinity");
    return;
  }
  const CivilDate date = CivilFromDays(days);
  char buffer[32];
  char* p = buffer;
  switch (format.style) {
    case Style::kIso:
      p = WriteIsoDate(date, p);
      break;
    case Style::kSql:
      p = WriteDate(date, format, '/', p);
      break;
    case Style::kGerman:
      p = WriteDate(date, format, '.', p);
      break;
    case Style::kPostgres:
      p = WriteDate(date, format, '-', p);
      break;
  }
  out->append(buffer, p);
  if (date.year < 1) out->append(" BC");
}

void AppendTime(int64_t time, std::string* out) {
  char buffer[24];
  out->append(buffer, WriteClock(time, buffer));
}

void AppendTimestamp(int64_t timestamp, const DateTimeFormat& format, std::string* out) {
  if (AppendInfinity(timestamp, out)) return;
  static const std::string kNoZone;
  AppendMoment(timestamp, format, false, 0, kNoZone, out);
}

void AppendTimestampTz(int64_t timestamp, const DateTimeFormat& format, std::string* out) {
  if (AppendInfinity(timestamp, out)) return;
  std::string abbreviation;
  const bool needs_name = format.style != Style::kIso;
  const int32_t offset = format.zone->OffsetAt(timestamp, needs_name ? &abbreviation : nullptr);
  AppendMoment(timestamp + offset * kMicrosPerSecond, format, true, offset, abbreviation, out);
}

void AppendTimestampJson(int64_t timestamp, const Zone* zone, std::string* out) {
  if (AppendInfinity(timestamp, out)) return;
  const int32_t offset = zone ? zone->OffsetAt(timestamp) : 0;
  int32_t days;
  int64_t time;
  SplitTimestamp(timestamp + offset * kMicrosPerSecond, &days, &time);
  const CivilDate date = CivilFromDays(days);
  char buffer[64];
  char* p = WriteIsoDate(date, buffer);
  *p++ = 'T';
  p = WriteClock(time, p);
  if (zone) {
    // JSON's offsets always have minutes.
    p = WriteOffset(offset, p);
    if (offset % 3600 == 0) {
      std::memcpy(p, ":00", 3);
      p += 3;
    }
  }
  out->append(buffer, p);
  if (date.year < 1) out->append(" BC");
}

}  // namespace oxibase
