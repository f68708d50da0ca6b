// to_timestamp() and to_date() with a pattern.
#include <charconv>
#include <cstdlib>

#include "common/datetime_internal.h"
#include "common/datetime_pattern.h"
#include "common/datetime_pattern_nodes.h"

namespace oxibase {
namespace {

using F = PatternField;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsSeparator(char c) { return c > ' ' && c < 0x7F && !IsAlpha(c) && !IsDigit(c); }

bool StartsWithIgnoringCase(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (size_t i = 0; i < prefix.size(); ++i) {
    const char a = IsAlpha(text[i]) ? static_cast<char>(text[i] | 0x20) : text[i];
    const char b = IsAlpha(prefix[i]) ? static_cast<char>(prefix[i] | 0x20) : prefix[i];
    if (a != b) return false;
  }
  return true;
}

/// Years of fewer than four digits are taken to be near 2020.
int64_t CompleteYear(int64_t year) {
  if (year < 70) return year + 2000;
  if (year < 100) return year + 1900;
  if (year < 520) return year + 2000;
  if (year < 1000) return year + 1000;
  return year;
}

class PatternReader {
 public:
  PatternReader(std::string_view text, std::string_view pattern)
      : text_(text), rest_(text), nodes_(SplitPattern(pattern)) {}

  Status Read();
  /// After Read.
  Result<int64_t> Days() const;
  Result<int64_t> TimeMicros() const;
  bool has_zone() const { return has_zone_; }
  int32_t offset() const { return zone_sign_ * (zone_hours_ * 3600 + zone_minutes_ * 60); }

 private:
  Status ReadField(size_t i);
  Status ReadInt(size_t i, int64_t* out, int* digits = nullptr);
  Status SetOnce(int64_t* field, int64_t value, const PatternNode& node);
  bool NextIsSeparator(size_t i) const;
  template <size_t N>
  Status ReadName(const PatternNode& node, const char* const (&names)[N], size_t length,
                  int64_t* out);
  Status ReadWord(const PatternNode& node, std::string_view first, std::string_view second,
                  bool* is_second);
  void SkipOrdinal(const PatternNode& node) {
    if (node.ordinal() && rest_.size() >= 2) rest_.remove_prefix(2);
  }
  Status OutOfRange() const {
    return Error(ErrorCode::kDatetimeFieldOverflow, "date/time field value out of range: \"{}\"",
                 text_);
  }
  Status InvalidValue(const PatternNode& node, std::string_view value) const {
    return Error(ErrorCode::kInvalidDatetimeFormat, "invalid value \"{}\" for \"{}\"", value,
                 node.keyword);
  }

  std::string_view text_;
  std::string_view rest_;
  std::vector<PatternNode> nodes_;

  static constexpr int64_t kUnset = INT64_MIN;
  int64_t year_ = kUnset;
  int year_digits_ = 4;
  int64_t century_ = kUnset;
  int64_t month_ = kUnset;
  int64_t day_ = kUnset;
  int64_t day_of_year_ = kUnset;
  int64_t julian_ = kUnset;
  int64_t week_ = kUnset;
  int64_t week_of_month_ = kUnset;
  int64_t iso_week_ = kUnset;
  int64_t weekday_ = kUnset;      // 1..7 from Sunday
  int64_t iso_weekday_ = kUnset;  // 1..7 from Monday
  int64_t iso_day_of_year_ = kUnset;
  bool is_iso_ = false;
  int64_t hour_ = kUnset;
  int64_t minute_ = kUnset;
  int64_t second_ = kUnset;
  int64_t second_of_day_ = kUnset;
  int64_t micros_ = 0;
  int64_t millis_ = 0;
  bool twelve_hours_ = false;
  bool pm_ = false;
  bool bc_ = false;
  bool fixed_ = false;  // FX
  bool has_zone_ = false;
  int32_t zone_sign_ = 1;
  int32_t zone_hours_ = 0;
  int32_t zone_minutes_ = 0;
};

bool PatternReader::NextIsSeparator(size_t i) const {
  if (nodes_[i].ordinal()) return false;
  if (i + 1 == nodes_.size()) return true;
  const PatternNode& next = nodes_[i + 1];
  if (next.field != F::kNone) return !next.is_digit;
  return !(next.literal.size() == 1 && IsDigit(next.literal[0]));
}

Status PatternReader::ReadInt(size_t i, int64_t* out, int* digits) {
  const PatternNode& node = nodes_[i];
  while (!rest_.empty() && IsSpace(rest_.front())) rest_.remove_prefix(1);
  size_t limit = rest_.size();
  if (!node.fill_mode && !NextIsSeparator(i)) {
    limit = node.length;
    if (rest_.size() < limit) {
      return Error(ErrorCode::kInvalidDatetimeFormat,
                   "source string too short for \"{}\" formatting field", node.keyword)
          .Detail(
              fmt::format("Field requires {} characters, but only {} remain.", limit, rest_.size()))
          .Hint("If your source string is not fixed-width, try using the \"FM\" modifier.");
    }
  }
  size_t used = 0;
  if (used < limit && (rest_[used] == '-' || rest_[used] == '+')) ++used;
  const size_t first_digit = used;
  while (used < limit && IsDigit(rest_[used])) ++used;
  int64_t value = 0;
  const size_t start = !rest_.empty() && rest_[0] == '+' ? 1 : 0;
  const auto [end, error] = std::from_chars(rest_.data() + start, rest_.data() + used, value);
  if (used == first_digit) {
    return InvalidValue(node, rest_.substr(0, std::min<size_t>(rest_.size(), node.length)))
        .Detail("Value must be an integer.");
  }
  if (limit == node.length && used < limit && !NextIsSeparator(i) && !node.fill_mode) {
    return InvalidValue(node, rest_.substr(0, limit))
        .Detail(
            fmt::format("Field requires {} characters, but only {} could be parsed.", limit, used))
        .Hint("If your source string is not fixed-width, try using the \"FM\" modifier.");
  }
  if (error != std::errc() || value > INT32_MAX || value < INT32_MIN) {
    return Error(ErrorCode::kDatetimeFieldOverflow,
                 "value for \"{}\" in source string is out of range", node.keyword)
        .Detail("Value must be in the range -2147483648 to 2147483647.");
  }
  rest_.remove_prefix(used);
  *out = value;
  if (digits) *digits = static_cast<int>(used);
  return {};
}

Status PatternReader::SetOnce(int64_t* field, int64_t value, const PatternNode& node) {
  if (*field != kUnset && *field != value) {
    return Error(ErrorCode::kInvalidDatetimeFormat,
                 "conflicting values for \"{}\" field in formatting string", node.keyword)
        .Detail("This value contradicts a previous setting for the same field type.");
  }
  *field = value;
  return {};
}

template <size_t N>
Status PatternReader::ReadName(const PatternNode& node, const char* const (&names)[N],
                               size_t length, int64_t* out) {
  // The longest match, so that XII is not X.
  size_t best = 0;
  for (size_t i = 0; i < N; ++i) {
    std::string_view name = names[i];
    if (length) name = name.substr(0, length);
    if (StartsWithIgnoringCase(rest_, name) && name.size() > best) {
      best = name.size();
      *out = static_cast<int64_t>(i);
    }
  }
  if (best == 0) {
    const size_t word = rest_.find_first_of(" \t\n");
    return InvalidValue(node, rest_.substr(0, word))
        .Detail("The given value did not match any of the allowed values for this field.");
  }
  rest_.remove_prefix(best);
  return {};
}

Status PatternReader::ReadWord(const PatternNode& node, std::string_view first,
                               std::string_view second, bool* is_second) {
  if (StartsWithIgnoringCase(rest_, first)) {
    *is_second = false;
    rest_.remove_prefix(first.size());
    return {};
  }
  if (StartsWithIgnoringCase(rest_, second)) {
    *is_second = true;
    rest_.remove_prefix(second.size());
    return {};
  }
  const size_t word = rest_.find_first_of(" \t\n");
  return InvalidValue(node, rest_.substr(0, word))
      .Detail("The given value did not match any of the allowed values for this field.");
}

Status PatternReader::ReadField(size_t i) {
  const PatternNode& node = nodes_[i];
  int64_t value = 0;
  int digits = 0;
  const auto read_into = [&](int64_t* field) -> Status {
    RETURN_IF_ERROR(ReadInt(i, &value, &digits));
    RETURN_IF_ERROR(SetOnce(field, value, node));
    SkipOrdinal(node);
    return {};
  };
  switch (node.field) {
    case F::kNone:
      return {};
    case F::kFx:
      fixed_ = true;
      return {};
    case F::kAm:
      twelve_hours_ = true;
      return ReadWord(node, "am", "pm", &pm_);
    case F::kAmDots:
      twelve_hours_ = true;
      return ReadWord(node, "a.m.", "p.m.", &pm_);
    case F::kAd:
      return ReadWord(node, "ad", "bc", &bc_);
    case F::kAdDots:
      return ReadWord(node, "a.d.", "b.c.", &bc_);
    case F::kHh12:
      twelve_hours_ = true;
      return read_into(&hour_);
    case F::kHh24:
      return read_into(&hour_);
    case F::kMi:
      return read_into(&minute_);
    case F::kSs:
      return read_into(&second_);
    case F::kSsss:
      return read_into(&second_of_day_);
    case F::kMs:
      RETURN_IF_ERROR(ReadInt(i, &value, &digits));
      millis_ = value * (digits == 1 ? 100 : digits == 2 ? 10 : 1);
      SkipOrdinal(node);
      return {};
    case F::kUs:
    case F::kFraction: {
      RETURN_IF_ERROR(ReadInt(i, &value, &digits));
      for (int k = digits; k < 6; ++k) value *= 10;
      micros_ = value;
      SkipOrdinal(node);
      return {};
    }
    case F::kTz:
    case F::kOf:
      return Error(ErrorCode::kFeatureNotSupported,
                   "formatting field \"{}\" is only supported in to_char", node.keyword);
    case F::kTzh:
      has_zone_ = true;
      if (!rest_.empty() && (rest_[0] == '+' || rest_[0] == '-' || rest_[0] == ' ')) {
        zone_sign_ = rest_[0] == '-' ? -1 : 1;
        rest_.remove_prefix(1);
      }
      RETURN_IF_ERROR(ReadInt(i, &value, &digits));
      zone_hours_ = static_cast<int32_t>(value);
      return {};
    case F::kTzm:
      has_zone_ = true;
      RETURN_IF_ERROR(ReadInt(i, &value, &digits));
      zone_minutes_ = static_cast<int32_t>(value);
      return {};
    case F::kMonth:
      RETURN_IF_ERROR(ReadName(node, kMonthNames, 0, &value));
      return SetOnce(&month_, value + 1, node);
    case F::kMon:
      RETURN_IF_ERROR(ReadName(node, kMonthNames, 3, &value));
      return SetOnce(&month_, value + 1, node);
    case F::kRm:
      RETURN_IF_ERROR(ReadName(node, kRomanMonths, 0, &value));
      return SetOnce(&month_, value + 1, node);
    case F::kDay:
      RETURN_IF_ERROR(ReadName(node, kDayNames, 0, &value));
      return SetOnce(&weekday_, value + 1, node);
    case F::kDy:
      RETURN_IF_ERROR(ReadName(node, kDayNames, 3, &value));
      return SetOnce(&weekday_, value + 1, node);
    case F::kMm:
      return read_into(&month_);
    case F::kDd:
      return read_into(&day_);
    case F::kDdd:
      return read_into(&day_of_year_);
    case F::kIddd:
      is_iso_ = true;
      return read_into(&iso_day_of_year_);
    case F::kD:
      return read_into(&weekday_);
    case F::kId:
      is_iso_ = true;
      return read_into(&iso_weekday_);
    case F::kWw:
      return read_into(&week_);
    case F::kIw:
      is_iso_ = true;
      return read_into(&iso_week_);
    case F::kW:
      return read_into(&week_of_month_);
    case F::kQ:  // read and left aside: a quarter is no date
      RETURN_IF_ERROR(ReadInt(i, &value, &digits));
      SkipOrdinal(node);
      return {};
    case F::kCc:
      return read_into(&century_);
    case F::kJ:
      return read_into(&julian_);
    case F::kYCommaYyy: {
      int64_t thousands = 0;
      const char* end = rest_.data() + rest_.size();
      const auto first = std::from_chars(rest_.data(), end, thousands);
      if (first.ec != std::errc() || first.ptr == end || *first.ptr != ',') {
        return Error(ErrorCode::kInvalidDatetimeFormat, "invalid input string for \"Y,YYY\"");
      }
      const auto second = std::from_chars(first.ptr + 1, end, value);
      if (second.ec != std::errc() || second.ptr - first.ptr != 4) {
        return Error(ErrorCode::kInvalidDatetimeFormat, "invalid input string for \"Y,YYY\"");
      }
      rest_.remove_prefix(static_cast<size_t>(second.ptr - rest_.data()));
      return SetOnce(&year_, thousands * 1000 + value, node);
    }
    case F::kIyyy:
    case F::kIyy:
    case F::kIy:
    case F::kI:
      is_iso_ = true;
      [[fallthrough]];
    case F::kYyyy:
    case F::kYyy:
    case F::kYy:
    case F::kY: {
      RETURN_IF_ERROR(ReadInt(i, &value, &digits));
      const bool full = node.field == F::kYyyy || node.field == F::kIyyy;
      if (!full && digits < 4) value = CompleteYear(value);
      year_digits_ = full ? 4 : node.length;
      SkipOrdinal(node);
      return SetOnce(&year_, value, node);
    }
  }
  return {};
}

Status PatternReader::Read() {
  int extra = 0;  // blanks and separators skipped beyond what the pattern asked for
  for (size_t i = 0; i < nodes_.size() && !rest_.empty(); ++i) {
    const PatternNode& node = nodes_[i];
    const bool is_field = node.field != F::kNone;
    if (!fixed_ && node.field != F::kFx && (is_field || i == 0)) {
      while (!rest_.empty() && IsSpace(rest_[0])) {
        rest_.remove_prefix(1);
        ++extra;
      }
    }
    if (is_field) {
      if (!fixed_ && node.field != F::kFx && node.field != F::kTzh) {
        // A separator before a field of the text may stand without one in the pattern.
        const bool sign = !rest_.empty() && (rest_[0] == '-' || rest_[0] == '+');
        if (i == 0 && !sign) {
          while (!rest_.empty() && IsSeparator(rest_[0])) rest_.remove_prefix(1);
        }
      }
      if (rest_.empty()) break;
      RETURN_IF_ERROR(ReadField(i));
      extra = 0;
      continue;
    }
    if (node.is_separator) {
      if (fixed_) {
        rest_.remove_prefix(1);
        continue;
      }
      --extra;
      if (!rest_.empty() && (IsSpace(rest_[0]) || IsSeparator(rest_[0]))) {
        rest_.remove_prefix(1);
        ++extra;
      }
      continue;
    }
    if (!fixed_ && extra > 0) {
      --extra;
    } else if (!rest_.empty()) {
      size_t size = 1;
      while (size < rest_.size() && (rest_[size] & 0xC0) == 0x80) ++size;
      rest_.remove_prefix(size);
    }
  }
  return {};
}

Result<int64_t> PatternReader::TimeMicros() const {
  int64_t hour = hour_ == kUnset ? 0 : hour_;
  int64_t minute = minute_ == kUnset ? 0 : minute_;
  int64_t second = second_ == kUnset ? 0 : second_;
  if (second_of_day_ != kUnset) {
    hour = second_of_day_ / 3600;
    minute = second_of_day_ / 60 % 60;
    second = second_of_day_ % 60;
  }
  if (twelve_hours_ && hour_ != kUnset) {
    if (hour < 1 || hour > 12) {
      return Error(ErrorCode::kInvalidDatetimeFormat,
                   "hour \"{}\" is invalid for the 12-hour clock", hour)
          .Hint("Use the 24-hour clock, or give an hour between 1 and 12.");
    }
    if (pm_ && hour < 12) hour += 12;
    if (!pm_ && hour == 12) hour = 0;
  }
  const int64_t micros = millis_ * 1000 + micros_;
  if (hour < 0 || hour >= 24 || minute < 0 || minute > 59 || second < 0 || second > 59 ||
      micros < 0 || micros >= kMicrosPerSecond) {
    return OutOfRange();
  }
  return hour * kMicrosPerHour + minute * kMicrosPerMinute + second * kMicrosPerSecond + micros;
}

Result<int64_t> PatternReader::Days() const {
  const auto is_set = [](int64_t field) { return field != kUnset; };
  const bool has_gregorian = is_set(month_) || is_set(day_) || is_set(day_of_year_) ||
                             is_set(week_) || is_set(week_of_month_);
  if (is_iso_ && has_gregorian) {
    return Error(ErrorCode::kInvalidDatetimeFormat, "invalid combination of date conventions")
        .Hint("Do not mix Gregorian and ISO week date conventions in a formatting template.");
  }
  int64_t year = is_set(year_) ? year_ : 0;
  if (is_set(century_)) {
    if (is_set(year_) && year_digits_ <= 2) {
      // Two digits within a century; CC and YYYY: the year wins.
      year = (year_ % 100);
      if (century_ >= 0) {
        year += year ? (century_ - 1) * 100 : century_ * 100;
      }
    } else if (!is_set(year_)) {
      year = (century_ > 0 ? century_ - 1 : century_) * 100 + 1;
    }
  }
  if (bc_ && year > 0) {
    year = -(year - 1);
  } else if (is_set(year_) && year < 0) {
    year += 1;  // -1 is 1 BC
  }
  if (is_set(julian_)) return julian_ - 2451545;
  if (is_iso_) {
    const int64_t week = is_set(iso_week_) ? iso_week_ : 1;
    const int64_t jan4 = WideDaysFromCivil(year, 1, 4);
    const int64_t monday = jan4 - (DayOfWeek(static_cast<int32_t>(jan4)) + 6) % 7;
    if (is_set(iso_day_of_year_)) return monday + iso_day_of_year_ - 1;
    return monday + (week - 1) * 7 + (is_set(iso_weekday_) ? iso_weekday_ - 1 : 0);
  }
  // Zero counts as not written.
  int64_t month = is_set(month_) && month_ != 0 ? month_ : 1;
  int64_t day = is_set(day_) && day_ != 0 ? day_ : 1;
  if (is_set(week_) && !is_set(day_of_year_) && !is_set(month_)) {
    return WideDaysFromCivil(year, 1, 1) + (week_ - 1) * 7;
  }
  if (is_set(week_of_month_) && !is_set(day_)) day = (week_of_month_ - 1) * 7 + 1;
  if (is_set(day_of_year_) && day_of_year_ != 0 && (!is_set(month_) || !is_set(day_))) {
    if (day_of_year_ < 1 || day_of_year_ > (IsLeapYear(year) ? 366 : 365)) return OutOfRange();
    return WideDaysFromCivil(year, 1, 1) + day_of_year_ - 1;
  }
  if (month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, static_cast<int>(month))) {
    return OutOfRange();
  }
  return WideDaysFromCivil(year, static_cast<int>(month), static_cast<int>(day));
}

}  // namespace

Result<int64_t> ParseTimestampPattern(std::string_view text, std::string_view pattern,
                                      const Zone& zone) {
  PatternReader reader(text, pattern);
  RETURN_IF_ERROR(reader.Read());
  ASSIGN_OR_RETURN(const int64_t time, reader.TimeMicros());
  ASSIGN_OR_RETURN(const int64_t days, reader.Days());
  ASSIGN_OR_RETURN(const int64_t local, JoinTimestamp(days, time));
  const int64_t offset = reader.has_zone() ? reader.offset() : zone.OffsetForLocal(local);
  return local - offset * kMicrosPerSecond;
}

Result<int32_t> ParseDatePattern(std::string_view text, std::string_view pattern) {
  PatternReader reader(text, pattern);
  RETURN_IF_ERROR(reader.Read());
  ASSIGN_OR_RETURN([[maybe_unused]] const int64_t time, reader.TimeMicros());
  ASSIGN_OR_RETURN(const int64_t days, reader.Days());
  if (days < kDateMin || days >= kDateEnd) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "date out of range: \"{}\"", text);
  }
  return static_cast<int32_t>(days);
}

}  // namespace oxibase
