// Splitting text into date and time fields, and the words that may stand in them.
#include <cmath>
#include <cstdlib>

#include "common/datetime_internal.h"

namespace oxibase {
namespace {

/// Of a word, so many characters count.
constexpr size_t kTokenBytes = 10;

struct Unit {
  std::string_view name;
  TimeUnit unit;
};
constexpr Unit kUnits[] = {
    {"c", TimeUnit::kCentury},
    {"cent", TimeUnit::kCentury},
    {"centuries", TimeUnit::kCentury},
    {"century", TimeUnit::kCentury},
    {"d", TimeUnit::kDay},
    {"day", TimeUnit::kDay},
    {"days", TimeUnit::kDay},
    {"dec", TimeUnit::kDecade},
    {"decade", TimeUnit::kDecade},
    {"decades", TimeUnit::kDecade},
    {"decs", TimeUnit::kDecade},
    {"h", TimeUnit::kHour},
    {"hour", TimeUnit::kHour},
    {"hours", TimeUnit::kHour},
    {"hr", TimeUnit::kHour},
    {"hrs", TimeUnit::kHour},
    {"m", TimeUnit::kMinute},
    {"microsecon", TimeUnit::kMicrosecond},
    {"mil", TimeUnit::kMillennium},
    {"millennia", TimeUnit::kMillennium},
    {"millennium", TimeUnit::kMillennium},
    {"millisecon", TimeUnit::kMillisecond},
    {"mils", TimeUnit::kMillennium},
    {"min", TimeUnit::kMinute},
    {"mins", TimeUnit::kMinute},
    {"minute", TimeUnit::kMinute},
    {"minutes", TimeUnit::kMinute},
    {"mon", TimeUnit::kMonth},
    {"mons", TimeUnit::kMonth},
    {"month", TimeUnit::kMonth},
    {"months", TimeUnit::kMonth},
    {"ms", TimeUnit::kMillisecond},
    {"msec", TimeUnit::kMillisecond},
    {"mseconds", TimeUnit::kMillisecond},
    {"msecs", TimeUnit::kMillisecond},
    {"qtr", TimeUnit::kQuarter},
    {"quarter", TimeUnit::kQuarter},
    {"s", TimeUnit::kSecond},
    {"sec", TimeUnit::kSecond},
    {"second", TimeUnit::kSecond},
    {"seconds", TimeUnit::kSecond},
    {"secs", TimeUnit::kSecond},
    {"us", TimeUnit::kMicrosecond},
    {"usec", TimeUnit::kMicrosecond},
    {"usecond", TimeUnit::kMicrosecond},
    {"useconds", TimeUnit::kMicrosecond},
    {"usecs", TimeUnit::kMicrosecond},
    {"w", TimeUnit::kWeek},
    {"week", TimeUnit::kWeek},
    {"weeks", TimeUnit::kWeek},
    {"y", TimeUnit::kYear},
    {"year", TimeUnit::kYear},
    {"years", TimeUnit::kYear},
    {"yr", TimeUnit::kYear},
    {"yrs", TimeUnit::kYear},
};

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsPunct(char c) { return c > ' ' && c < 0x7F && !IsDigit(c) && !IsAlpha(c); }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

TimeUnit FindTimeUnit(std::string_view lower_case) {
  lower_case = lower_case.substr(0, kTokenBytes);
  for (const Unit& unit : kUnits) {
    if (unit.name == lower_case) return unit.unit;
  }
  return TimeUnit::kNone;
}

bool SplitFields(std::string_view text, TextField* fields, int* count) {
  const char* p = text.data();
  const char* end = p + text.size();
  const auto at = [&](const char* q) { return q < end ? *q : '\0'; };
  int n = 0;
  while (p < end) {
    if (IsSpace(*p)) {
      ++p;
      continue;
    }
    if (n == kTextFieldsMax) return false;
    TextField& field = fields[n];
    field.text.clear();
    const auto take = [&](auto accept) {
      while (p < end && accept(*p)) field.text.push_back(Lower(*p++));
    };
    if (IsDigit(*p)) {
      take(IsDigit);
      if (at(p) == ':') {
        field.kind = FieldKind::kTime;
        take([](char c) { return IsDigit(c) || c == ':' || c == '.'; });
      } else if (at(p) == '-' || at(p) == '/' || at(p) == '.') {
        const char delimiter = *p;
        field.text.push_back(*p++);
        if (IsDigit(at(p))) {
          field.kind = delimiter == '.' ? FieldKind::kNumber : FieldKind::kDate;
          take(IsDigit);
          if (at(p) == delimiter) {
            field.kind = FieldKind::kDate;
            take([=](char c) { return IsDigit(c) || c == delimiter; });
          }
        } else {
          field.kind = FieldKind::kDate;
          take([=](char c) { return IsDigit(c) || IsAlpha(c) || c == delimiter; });
        }
      } else {
        field.kind = FieldKind::kNumber;
      }
    } else if (*p == '.') {
      field.kind = FieldKind::kNumber;
      field.text.push_back(*p++);
      take(IsDigit);
    } else if (IsAlpha(*p)) {
      field.kind = FieldKind::kString;
      take(IsAlpha);
      const char next = at(p);
      const bool is_date = next == '-' || next == '/' || next == '.' ||
                           ((next == '+' || IsDigit(next)) && !IsDateWord(field.text));
      if (is_date) {
        field.kind = FieldKind::kDate;
        take([](char c) {
          return IsDigit(c) || IsAlpha(c) || c == '+' || c == '-' || c == '/' || c == '_' ||
                 c == '.' || c == ':';
        });
      }
    } else if (*p == '+' || *p == '-') {
      field.text.push_back(*p++);
      while (p < end && IsSpace(*p)) ++p;
      if (IsDigit(at(p))) {
        field.kind = FieldKind::kTz;
        take([](char c) { return IsDigit(c) || c == ':' || c == '.' || c == '-'; });
      } else if (IsAlpha(at(p))) {
        field.kind = FieldKind::kSpecial;
        take(IsAlpha);
      } else {
        return false;
      }
    } else if (IsPunct(*p)) {
      ++p;
      continue;
    } else {
      return false;
    }
    ++n;
  }
  *count = n;
  return true;
}

bool ParseFraction(std::string_view text, int64_t* micros) {
  // text[0] is the point
  double fraction = 0;
  if (text.size() > 1) {
    for (const char c : text.substr(1)) {
      if (!IsDigit(c)) return false;
    }
    fraction = std::strtod(std::string(text).c_str(), nullptr);
  }
  *micros = static_cast<int64_t>(std::rint(fraction * 1e6));
  return true;
}

ParseFailure ParseClock(std::string_view text, int64_t* hour, int* minute, int* second,
                        int64_t* micros) {
  // At most three numbers, split by ':'; a fraction may follow the second or third.
  int64_t parts[3] = {};
  int count = 0;
  *micros = 0;
  bool fraction = false;
  for (;;) {
    size_t digits = 0;
    while (digits < text.size() && IsDigit(text[digits])) {
      parts[count] = parts[count] * 10 + (text[digits++] - '0');
      // Hours of an interval may be many.
      if (parts[count] > (count == 0 ? INT64_MAX / kMicrosPerHour : INT32_MAX)) {
        return ParseFailure::kFieldOverflow;
      }
    }
    if (digits == 0 && count < 2 && !(count == 1 && text.empty())) return ParseFailure::kBadFormat;
    text.remove_prefix(digits);
    ++count;
    if (text.empty()) break;
    if (text[0] == '.' && count >= 2) {
      if (!ParseFraction(text, micros)) return ParseFailure::kBadFormat;
      fraction = true;
      break;
    }
    if (text[0] != ':' || count == 3) return ParseFailure::kBadFormat;
    text.remove_prefix(1);
  }
  if (count < 2) return ParseFailure::kBadFormat;
  if (count == 2 && fraction) {  // mm:ss.sss
    parts[2] = parts[1];
    parts[1] = parts[0];
    parts[0] = 0;
  }
  if (parts[1] > 59 || parts[2] > 60 || *micros > kMicrosPerSecond) {
    return ParseFailure::kFieldOverflow;
  }
  *hour = parts[0];
  *minute = static_cast<int>(parts[1]);
  *second = static_cast<int>(parts[2]);
  return ParseFailure::kNone;
}

Status DateTimeError(ParseFailure failure, std::string_view type, std::string_view text) {
  switch (failure) {
    case ParseFailure::kFieldOverflow:
      return Error(ErrorCode::kDatetimeFieldOverflow, "date/time field value out of range: \"{}\"",
                   text);
    case ParseFailure::kMonthDayOverflow:
      return Error(ErrorCode::kDatetimeFieldOverflow, "date/time field value out of range: \"{}\"",
                   text)
          .Hint("Perhaps you need a different \"datestyle\" setting.");
    case ParseFailure::kIntervalOverflow:
      return Error(ErrorCode::kIntervalFieldOverflow, "interval field value out of range: \"{}\"",
                   text);
    case ParseFailure::kZoneOverflow:
      return Error(ErrorCode::kInvalidTimeZoneDisplacementValue,
                   "time zone displacement out of range: \"{}\"", text);
    case ParseFailure::kNone:
    case ParseFailure::kBadFormat:
      break;
  }
  return Error(ErrorCode::kInvalidDatetimeFormat, "invalid input syntax for type {}: \"{}\"", type,
               text);
}

}  // namespace oxibase
