// Reading and printing intervals.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "common/datetime.h"
#include "common/datetime_internal.h"

namespace oxibase {
namespace {

using Failure = ParseFailure;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Bits of an interval's range in its typmod.
constexpr int kRangeMonth = 1 << 1;
constexpr int kRangeYear = 1 << 2;
constexpr int kRangeDay = 1 << 3;
constexpr int kRangeHour = 1 << 10;
constexpr int kRangeMinute = 1 << 11;
constexpr int kRangeSecond = 1 << 12;
constexpr int kFullRange = 0x7FFF;

/// Which parts have been given, so that none is given twice.
enum Given : uint32_t {
  kGivenMicro = 1 << 0,
  kGivenMilli = 1 << 1,
  kGivenSecond = 1 << 2,
  kGivenMinute = 1 << 3,
  kGivenHour = 1 << 4,
  kGivenDay = 1 << 5,
  kGivenWeek = 1 << 6,
  kGivenMonth = 1 << 7,
  kGivenYear = 1 << 8,
  kGivenDecade = 1 << 9,
  kGivenCentury = 1 << 10,
  kGivenMillennium = 1 << 11,
  kGivenClock = kGivenSecond | kGivenMinute | kGivenHour,
};

class IntervalReader {
 public:
  Failure ReadWords(std::string_view text, int range);
  Failure ReadIso(std::string_view text);
  IntervalValue result() const {
    return {micros_, static_cast<int32_t>(days_), static_cast<int32_t>(months_)};
  }
  bool Fits() const {
    return months_ == static_cast<int32_t>(months_) && days_ == static_cast<int32_t>(days_);
  }

 private:
  Failure AddUnit(TimeUnit unit, int64_t whole, double fraction, uint32_t* given);
  bool AddMonths(int64_t value, int64_t factor) {
    int64_t product;
    return !__builtin_mul_overflow(value, factor, &product) &&
           !__builtin_add_overflow(months_, product, &months_) &&
           months_ == static_cast<int32_t>(months_);
  }
  bool AddDays(int64_t value, int64_t factor) {
    int64_t product;
    return !__builtin_mul_overflow(value, factor, &product) &&
           !__builtin_add_overflow(days_, product, &days_) && days_ == static_cast<int32_t>(days_);
  }
  bool AddMicros(int64_t value, int64_t factor) {
    int64_t product;
    return !__builtin_mul_overflow(value, factor, &product) &&
           !__builtin_add_overflow(micros_, product, &micros_);
  }
  bool AddFractionMicros(double fraction, int64_t unit) {
    const double value = fraction * static_cast<double>(unit);
    auto whole = static_cast<int64_t>(value);
    // Half a microsecond rounds up, as in PostgreSQL.
    const double rest = value - static_cast<double>(whole);
    if (rest > 0.5) {
      ++whole;
    } else if (rest < -0.5) {
      --whole;
    }
    return !__builtin_add_overflow(micros_, whole, &micros_);
  }
  bool AddFractionDays(double fraction, int days_per_unit) {
    const double days = fraction * days_per_unit;
    const auto whole = static_cast<int64_t>(days);
    return AddDays(whole, 1) && AddFractionMicros(days - static_cast<double>(whole), kMicrosPerDay);
  }
  bool AddFractionMonths(double fraction, int months_per_unit) {
    return AddMonths(std::lrint(fraction * months_per_unit), 1);
  }
  Failure ReadNumber(const std::string& text, TimeUnit* unit, int range, uint32_t* given);

  int64_t months_ = 0;
  int64_t days_ = 0;
  int64_t micros_ = 0;
};

Failure IntervalReader::AddUnit(TimeUnit unit, int64_t whole, double fraction, uint32_t* given) {
  bool ok = true;
  switch (unit) {
    case TimeUnit::kMicrosecond:
      ok = AddMicros(whole, 1) && AddFractionMicros(fraction, 1);
      *given = kGivenMicro;
      break;
    case TimeUnit::kMillisecond:
      ok = AddMicros(whole, 1000) && AddFractionMicros(fraction, 1000);
      *given = kGivenMilli;
      break;
    case TimeUnit::kSecond:
      ok = AddMicros(whole, kMicrosPerSecond) && AddFractionMicros(fraction, kMicrosPerSecond);
      // With a fraction it stands for the smaller units too.
      *given = fraction == 0 ? kGivenSecond : kGivenSecond | kGivenMilli | kGivenMicro;
      break;
    case TimeUnit::kMinute:
      ok = AddMicros(whole, kMicrosPerMinute) && AddFractionMicros(fraction, kMicrosPerMinute);
      *given = kGivenMinute;
      break;
    case TimeUnit::kHour:
      ok = AddMicros(whole, kMicrosPerHour) && AddFractionMicros(fraction, kMicrosPerHour);
      *given = kGivenHour;
      break;
    case TimeUnit::kDay:
      ok = AddDays(whole, 1) && AddFractionMicros(fraction, kMicrosPerDay);
      *given = kGivenDay;
      break;
    case TimeUnit::kWeek:
      ok = AddDays(whole, 7) && AddFractionDays(fraction, 7);
      *given = kGivenWeek;
      break;
    case TimeUnit::kMonth:
      ok = AddMonths(whole, 1) && AddFractionDays(fraction, 30);
      *given = kGivenMonth;
      break;
    case TimeUnit::kYear:
      ok = AddMonths(whole, 12) && AddFractionMonths(fraction, 12);
      *given = kGivenYear;
      break;
    case TimeUnit::kDecade:
      ok = AddMonths(whole, 120) && AddFractionMonths(fraction, 120);
      *given = kGivenDecade;
      break;
    case TimeUnit::kCentury:
      ok = AddMonths(whole, 1200) && AddFractionMonths(fraction, 1200);
      *given = kGivenCentury;
      break;
    case TimeUnit::kMillennium:
      ok = AddMonths(whole, 12000) && AddFractionMonths(fraction, 12000);
      *given = kGivenMillennium;
      break;
    default:
      return Failure::kBadFormat;
  }
  return ok ? Failure::kNone : Failure::kFieldOverflow;
}

TimeUnit UnitByRange(int range) {
  if (range == kFullRange || (range & kRangeSecond)) return TimeUnit::kSecond;
  if (range & kRangeMinute) return TimeUnit::kMinute;
  if (range & kRangeHour) return TimeUnit::kHour;
  if (range & kRangeDay) return TimeUnit::kDay;
  if (range & kRangeMonth) return TimeUnit::kMonth;
  if (range & kRangeYear) return TimeUnit::kYear;
  return TimeUnit::kSecond;
}

Failure IntervalReader::ReadNumber(const std::string& text, TimeUnit* unit, int range,
                                   uint32_t* given) {
  if (*unit == TimeUnit::kNone) *unit = UnitByRange(range);
  const bool negative = text[0] == '-';
  const char* p = text.data() + (text[0] == '-' || text[0] == '+');
  const char* end = text.data() + text.size();
  int64_t whole = 0;
  double fraction = 0;
  if (p < end && IsDigit(*p)) {
    const auto [next, error] = std::from_chars(p, end, whole);
    if (error != std::errc()) return Failure::kFieldOverflow;
    p = next;
  } else if (p == end || *p != '.') {
    return Failure::kBadFormat;
  }
  if (p < end && *p == '-') {  // years-months
    int64_t months = 0;
    const auto [next, error] = std::from_chars(p + 1, end, months);
    if (error != std::errc() || months < 0 || months >= 12) return Failure::kFieldOverflow;
    if (next != end) return Failure::kBadFormat;
    *unit = TimeUnit::kMonth;
    if (__builtin_mul_overflow(whole, 12, &whole) ||
        __builtin_add_overflow(whole, months, &whole)) {
      return Failure::kFieldOverflow;
    }
  } else if (p < end && *p == '.') {
    if (!std::all_of(p + 1, end, IsDigit)) return Failure::kBadFormat;
    if (p + 1 < end) fraction = std::strtod(p, nullptr);
  } else if (p != end) {
    return Failure::kBadFormat;
  }
  if (negative) {
    whole = -whole;
    fraction = -fraction;
  }
  const TimeUnit read = *unit;
  if (read == TimeUnit::kHour) *unit = TimeUnit::kDay;  // '1 2' day to hour
  return AddUnit(read, whole, fraction, given);
}

Failure IntervalReader::ReadWords(std::string_view text, int range) {
  std::array<TextField, kTextFieldsMax> fields;
  int count = 0;
  if (text.size() > 256 || !SplitFields(text, fields.data(), &count)) return Failure::kBadFormat;
  TimeUnit unit = TimeUnit::kNone;
  uint32_t seen = 0;
  bool ago = false;
  // From the end, so that units are known before their numbers.
  for (int i = count - 1; i >= 0; --i) {
    const TextField& field = fields[static_cast<size_t>(i)];
    uint32_t given = 0;
    switch (field.kind) {
      case FieldKind::kTime:
      case FieldKind::kTz: {
        const bool is_signed = field.kind == FieldKind::kTz;
        if (!is_signed || field.text.find(':') != std::string::npos) {
          int64_t hour;
          int minute;
          int second;
          int64_t micros;
          Failure failure = ParseClock(std::string_view(field.text).substr(is_signed ? 1 : 0),
                                       &hour, &minute, &second, &micros);
          if (failure == Failure::kNone) {
            if (!is_signed && range == (kRangeMinute | kRangeSecond) &&
                std::count(field.text.begin(), field.text.end(), ':') == 1 && second == 0) {
              second = minute;  // MINUTE TO SECOND: mm:ss
              minute = static_cast<int>(hour);
              hour = 0;
            }
            const int64_t sign = is_signed && field.text[0] == '-' ? -1 : 1;
            if (!AddMicros(sign * hour, kMicrosPerHour) ||
                !AddMicros(sign * (minute * kMicrosPerMinute + second * kMicrosPerSecond + micros),
                           1)) {
              return Failure::kFieldOverflow;
            }
            given = kGivenClock;
            unit = TimeUnit::kDay;  // an unlabelled number before is days
            break;
          }
          if (!is_signed) return failure;
        }
        if (Failure f = ReadNumber(field.text, &unit, range, &given); f != Failure::kNone) return f;
        break;
      }
      case FieldKind::kDate:
      case FieldKind::kNumber:
        if (Failure f = ReadNumber(field.text, &unit, range, &given); f != Failure::kNone) return f;
        break;
      case FieldKind::kString:
      case FieldKind::kSpecial:
        if (field.text == "ago") {
          ago = true;
          unit = TimeUnit::kNone;
          continue;
        }
        unit = FindTimeUnit(field.text);
        if (unit == TimeUnit::kNone) return Failure::kBadFormat;
        continue;
    }
    if (given & seen) return Failure::kBadFormat;
    seen |= given;
  }
  if (seen == 0) return Failure::kBadFormat;
  if (ago) {
    if (micros_ == INT64_MIN) return Failure::kFieldOverflow;
    months_ = -months_;
    days_ = -days_;
    micros_ = -micros_;
  }
  return Failure::kNone;
}

Failure IntervalReader::ReadIso(std::string_view text) {
  // P[n]Y[n]M[n]W[n]DT[n]H[n]M[n]S or Pyyyy-mm-ddThh:mm:ss
  if (text.size() < 2 || text[0] != 'P') return Failure::kBadFormat;
  const char* p = text.data() + 1;
  const char* end = text.data() + text.size();
  bool in_time = false;
  bool has_field = false;
  const auto number = [&](int64_t* whole, double* fraction) {
    const char* start = p;
    const bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) ++p;
    const char* digits = p;
    *whole = 0;
    *fraction = 0;
    while (p < end && IsDigit(*p)) ++p;
    if (p > digits) {
      if (std::from_chars(digits, p, *whole).ec != std::errc()) return false;
    }
    if (p < end && *p == '.') {
      const char* point = p++;
      while (p < end && IsDigit(*p)) ++p;
      if (p - point > 1) *fraction = std::strtod(std::string(point, p).c_str(), nullptr);
    }
    if (negative) {
      *whole = -*whole;
      *fraction = -*fraction;
    }
    return p > start && p > digits;
  };
  while (p < end) {
    if (*p == 'T') {
      in_time = true;
      has_field = true;  // "PT" and "P1YT" pass
      ++p;
      continue;
    }
    int64_t whole;
    double fraction;
    if (!number(&whole, &fraction)) return Failure::kBadFormat;
    const char designator = p < end ? *p : '\0';
    uint32_t given;
    TimeUnit unit = TimeUnit::kNone;
    if (designator == '-' && !in_time && fraction == 0) {
      // yyyy-mm-dd
      const TimeUnit units[] = {TimeUnit::kYear, TimeUnit::kMonth, TimeUnit::kDay};
      for (int i = 0; i < 3; ++i) {
        if (i > 0 && !number(&whole, &fraction)) return Failure::kBadFormat;
        if (Failure f = AddUnit(units[i], whole, fraction, &given); f != Failure::kNone) return f;
        if (p < end && *p == '-') {
          ++p;
        } else {
          break;
        }
      }
      has_field = true;
      continue;
    }
    if (in_time && designator == ':') {
      const TimeUnit units[] = {TimeUnit::kHour, TimeUnit::kMinute, TimeUnit::kSecond};
      for (int i = 0; i < 3; ++i) {
        if (i > 0 && !number(&whole, &fraction)) return Failure::kBadFormat;
        if (Failure f = AddUnit(units[i], whole, fraction, &given); f != Failure::kNone) return f;
        if (p < end && *p == ':') {
          ++p;
        } else {
          break;
        }
      }
      has_field = true;
      continue;
    }
    if (!in_time) {
      unit = designator == 'Y'   ? TimeUnit::kYear
             : designator == 'M' ? TimeUnit::kMonth
             : designator == 'W' ? TimeUnit::kWeek
             : designator == 'D' ? TimeUnit::kDay
                                 : TimeUnit::kNone;
    } else {
      unit = designator == 'H'   ? TimeUnit::kHour
             : designator == 'M' ? TimeUnit::kMinute
             : designator == 'S' ? TimeUnit::kSecond
                                 : TimeUnit::kNone;
    }
    if (unit == TimeUnit::kNone) return Failure::kBadFormat;
    ++p;
    if (Failure f = AddUnit(unit, whole, fraction, &given); f != Failure::kNone) return f;
    has_field = true;
  }
  return has_field ? Failure::kNone : Failure::kBadFormat;
}

struct Parts {
  int32_t years, months, days;
  int64_t hours;
  int minutes, seconds, micros;
};

Parts Split(const IntervalValue& i) {
  Parts parts;
  parts.years = i.months / 12;
  parts.months = i.months % 12;
  parts.days = i.days;
  parts.hours = i.micros / kMicrosPerHour;
  int64_t rest = i.micros % kMicrosPerHour;
  parts.minutes = static_cast<int>(rest / kMicrosPerMinute);
  rest %= kMicrosPerMinute;
  parts.seconds = static_cast<int>(rest / kMicrosPerSecond);
  parts.micros = static_cast<int>(rest % kMicrosPerSecond);
  return parts;
}

void AppendNumber(int64_t value, std::string* out) {
  char buffer[24];
  out->append(buffer, std::to_chars(buffer, buffer + 24, value).ptr);
}

void AppendTwo(int64_t value, std::string* out) {
  if (value < 10) out->push_back('0');
  AppendNumber(value, out);
}

void AppendSeconds(const Parts& parts, bool fill, std::string* out) {
  const int seconds = std::abs(parts.seconds);
  if (fill) {
    AppendTwo(seconds, out);
  } else {
    AppendNumber(seconds, out);
  }
  char buffer[8];
  out->append(buffer, WriteFraction(std::abs(parts.micros), buffer));
}

void AppendPostgres(const Parts& parts, std::string* out) {
  bool is_zero = true;
  bool before = false;
  const auto part = [&](int32_t value, const char* unit) {
    if (value == 0) return;
    if (!is_zero) out->push_back(' ');
    if (before && value > 0) out->push_back('+');
    AppendNumber(value, out);
    out->push_back(' ');
    out->append(unit);
    if (value != 1) out->push_back('s');
    before = value < 0;
    is_zero = false;
  };
  part(parts.years, "year");
  part(parts.months, "mon");
  part(parts.days, "day");
  const bool has_time = parts.hours || parts.minutes || parts.seconds || parts.micros;
  if (!is_zero && !has_time) return;
  const bool minus = parts.hours < 0 || parts.minutes < 0 || parts.seconds < 0 || parts.micros < 0;
  if (!is_zero) out->push_back(' ');
  if (minus) {
    out->push_back('-');
  } else if (before) {
    out->push_back('+');
  }
  AppendTwo(std::abs(parts.hours), out);
  out->push_back(':');
  AppendTwo(std::abs(parts.minutes), out);
  out->push_back(':');
  AppendSeconds(parts, true, out);
}

void AppendVerbose(const Parts& parts, std::string* out) {
  bool is_zero = true;
  bool before = false;
  out->push_back('@');
  const auto part = [&](int64_t value, const char* unit) {
    if (value == 0) return;
    if (is_zero) {
      before = value < 0;
      value = std::abs(value);
    } else if (before) {
      value = -value;
    }
    out->push_back(' ');
    AppendNumber(value, out);
    out->push_back(' ');
    out->append(unit);
    if (value != 1) out->push_back('s');
    is_zero = false;
  };
  part(parts.years, "year");
  part(parts.months, "mon");
  part(parts.days, "day");
  part(parts.hours, "hour");
  part(parts.minutes, "min");
  if (parts.seconds || parts.micros) {
    out->push_back(' ');
    if (parts.seconds < 0 || parts.micros < 0) {
      if (is_zero) {
        before = true;
      } else if (!before) {
        out->push_back('-');
      }
    } else if (before) {
      out->push_back('-');
    }
    AppendSeconds(parts, false, out);
    out->append(std::abs(parts.seconds) != 1 || parts.micros ? " secs" : " sec");
    is_zero = false;
  }
  if (is_zero) out->append(" 0");
  if (before) out->append(" ago");
}

void AppendSqlStandard(Parts parts, std::string* out) {
  const bool has_year_month = parts.years || parts.months;
  const bool has_time = parts.hours || parts.minutes || parts.seconds || parts.micros;
  const bool has_negative = parts.years < 0 || parts.months < 0 || parts.days < 0 ||
                            parts.hours < 0 || parts.minutes < 0 || parts.seconds < 0 ||
                            parts.micros < 0;
  const bool has_positive = parts.years > 0 || parts.months > 0 || parts.days > 0 ||
                            parts.hours > 0 || parts.minutes > 0 || parts.seconds > 0 ||
                            parts.micros > 0;
  const bool standard =
      !(has_negative && has_positive) && !(has_year_month && (has_time || parts.days));
  if (!has_negative && !has_positive) {
    out->push_back('0');
    return;
  }
  const auto clock = [&] {
    AppendNumber(std::abs(parts.hours), out);
    out->push_back(':');
    AppendTwo(std::abs(parts.minutes), out);
    out->push_back(':');
    AppendSeconds(parts, true, out);
  };
  if (!standard) {
    const bool time_negative =
        parts.hours < 0 || parts.minutes < 0 || parts.seconds < 0 || parts.micros < 0;
    fmt::format_to(std::back_inserter(*out), "{}{}-{} {}{} {}",
                   parts.years < 0 || parts.months < 0 ? '-' : '+', std::abs(parts.years),
                   std::abs(parts.months), parts.days < 0 ? '-' : '+', std::abs(parts.days),
                   time_negative ? '-' : '+');
    clock();
    return;
  }
  if (has_negative) out->push_back('-');
  if (has_year_month) {
    fmt::format_to(std::back_inserter(*out), "{}-{}", std::abs(parts.years),
                   std::abs(parts.months));
  } else {
    if (parts.days) {
      AppendNumber(std::abs(parts.days), out);
      out->push_back(' ');
    }
    clock();
  }
}

void AppendIso(const Parts& parts, std::string* out) {
  const auto part = [&](int64_t value, char unit) {
    if (value == 0) return;
    AppendNumber(value, out);
    out->push_back(unit);
  };
  out->push_back('P');
  part(parts.years, 'Y');
  part(parts.months, 'M');
  part(parts.days, 'D');
  const bool has_time = parts.hours || parts.minutes || parts.seconds || parts.micros;
  if (!has_time) {
    if (out->back() == 'P') out->append("T0S");
    return;
  }
  out->push_back('T');
  part(parts.hours, 'H');
  part(parts.minutes, 'M');
  if (parts.seconds || parts.micros) {
    if (parts.seconds < 0 || parts.micros < 0) out->push_back('-');
    AppendSeconds(parts, false, out);
    out->push_back('S');
  }
}

}  // namespace

Result<IntervalValue> ParseInterval(std::string_view text, int32_t typmod,
                                    const DateTimeFormat& format) {
  (void)format;  // the style decides on signs in SQL-standard input only, which is read as given
  const int range = typmod < 0 ? kFullRange : typmod >> 16 & 0x7FFF;
  IntervalReader reader;
  Failure failure = reader.ReadWords(text, range);
  if (failure == Failure::kBadFormat) {
    reader = IntervalReader();
    std::string_view trimmed = text;
    while (!trimmed.empty() && trimmed.front() == ' ') trimmed.remove_prefix(1);
    while (!trimmed.empty() && trimmed.back() == ' ') trimmed.remove_suffix(1);
    const Failure iso = reader.ReadIso(trimmed);
    if (iso != Failure::kBadFormat) failure = iso;
  }
  if (failure == Failure::kFieldOverflow) failure = Failure::kIntervalOverflow;
  if (failure != Failure::kNone) return DateTimeError(failure, "interval", text);
  return RoundInterval(reader.result(), typmod);
}

Result<IntervalValue> RoundInterval(IntervalValue i, int32_t typmod) {
  if (typmod < 0) return i;
  const int range = typmod >> 16 & 0x7FFF;
  const int precision = typmod & 0xFFFF;
  if (range != kFullRange) {
    const auto cut = [&](int64_t unit) { i.micros = i.micros / unit * unit; };
    if (range == kRangeYear) {
      i.months = i.months / 12 * 12;
      i.days = 0;
      i.micros = 0;
    } else if (range == kRangeMonth || range == (kRangeYear | kRangeMonth)) {
      i.days = 0;
      i.micros = 0;
    } else if (range == kRangeDay) {
      i.micros = 0;
    } else if (range & kRangeSecond) {
      // fractions are the precision's affair
    } else if (range & kRangeMinute) {
      cut(kMicrosPerMinute);
    } else if (range & kRangeHour) {
      cut(kMicrosPerHour);
    }
  }
  if (precision < 6) {  // more, 0xFFFF among it, cuts nothing
    constexpr int64_t kUnits[] = {1000000, 100000, 10000, 1000, 100, 10};
    const int64_t unit = kUnits[precision];
    int64_t rounded;
    if (__builtin_add_overflow(i.micros, i.micros >= 0 ? unit / 2 : -unit / 2, &rounded)) {
      return IntervalOutOfRange();
    }
    i.micros = rounded / unit * unit;
  }
  return i;
}

void AppendInterval(const IntervalValue& interval, const DateTimeFormat& format, std::string* out) {
  const Parts parts = Split(interval);
  switch (format.interval_style) {
    case DateTimeFormat::IntervalStyle::kPostgres:
      AppendPostgres(parts, out);
      return;
    case DateTimeFormat::IntervalStyle::kPostgresVerbose:
      AppendVerbose(parts, out);
      return;
    case DateTimeFormat::IntervalStyle::kSqlStandard:
      AppendSqlStandard(parts, out);
      return;
    case DateTimeFormat::IntervalStyle::kIso8601:
      AppendIso(parts, out);
      return;
  }
}

}  // namespace oxibase
