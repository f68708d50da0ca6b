// to_char() of dates, times and intervals.
#include "common/datetime_pattern.h"

#include <cstdlib>

#include "common/datetime_internal.h"
#include "common/datetime_pattern_nodes.h"

namespace oxibase {
namespace {

using F = PatternField;

struct Keyword {
  std::string_view name;
  F field;
  LetterCase letters;
  bool is_digit;
};
constexpr LetterCase kU = LetterCase::kUpper;
constexpr LetterCase kL = LetterCase::kLower;
constexpr LetterCase kC = LetterCase::kCapital;
/// Longer ones first among those with a common beginning.
constexpr Keyword kKeywords[] = {
    {"A.D.", F::kAdDots, kU, false}, {"A.M.", F::kAmDots, kU, false},
    {"AD", F::kAd, kU, false},       {"AM", F::kAm, kU, false},
    {"B.C.", F::kAdDots, kU, false}, {"BC", F::kAd, kU, false},
    {"CC", F::kCc, kU, true},        {"DAY", F::kDay, kU, false},
    {"DDD", F::kDdd, kU, true},      {"DD", F::kDd, kU, true},
    {"DY", F::kDy, kU, false},       {"Day", F::kDay, kC, false},
    {"Dy", F::kDy, kC, false},       {"D", F::kD, kU, true},
    {"FF1", F::kFraction, kU, true}, {"FF2", F::kFraction, kU, true},
    {"FF3", F::kFraction, kU, true}, {"FF4", F::kFraction, kU, true},
    {"FF5", F::kFraction, kU, true}, {"FF6", F::kFraction, kU, true},
    {"FX", F::kFx, kU, false},       {"HH24", F::kHh24, kU, true},
    {"HH12", F::kHh12, kU, true},    {"HH", F::kHh12, kU, true},
    {"IDDD", F::kIddd, kU, true},    {"ID", F::kId, kU, true},
    {"IW", F::kIw, kU, true},        {"IYYY", F::kIyyy, kU, true},
    {"IYY", F::kIyy, kU, true},      {"IY", F::kIy, kU, true},
    {"I", F::kI, kU, true},          {"J", F::kJ, kU, true},
    {"MI", F::kMi, kU, true},        {"MM", F::kMm, kU, true},
    {"MONTH", F::kMonth, kU, false}, {"MON", F::kMon, kU, false},
    {"MS", F::kMs, kU, true},        {"Month", F::kMonth, kC, false},
    {"Mon", F::kMon, kC, false},     {"OF", F::kOf, kU, false},
    {"P.M.", F::kAmDots, kU, false}, {"PM", F::kAm, kU, false},
    {"Q", F::kQ, kU, true},          {"RM", F::kRm, kU, false},
    {"SSSSS", F::kSsss, kU, true},   {"SSSS", F::kSsss, kU, true},
    {"SS", F::kSs, kU, true},        {"TZH", F::kTzh, kU, false},
    {"TZM", F::kTzm, kU, true},      {"TZ", F::kTz, kU, false},
    {"US", F::kUs, kU, true},        {"WW", F::kWw, kU, true},
    {"W", F::kW, kU, true},          {"Y,YYY", F::kYCommaYyy, kU, true},
    {"YYYY", F::kYyyy, kU, true},    {"YYY", F::kYyy, kU, true},
    {"YY", F::kYy, kU, true},        {"Y", F::kY, kU, true},
    {"a.d.", F::kAdDots, kL, false}, {"a.m.", F::kAmDots, kL, false},
    {"ad", F::kAd, kL, false},       {"am", F::kAm, kL, false},
    {"b.c.", F::kAdDots, kL, false}, {"bc", F::kAd, kL, false},
    {"cc", F::kCc, kU, true},        {"day", F::kDay, kL, false},
    {"ddd", F::kDdd, kU, true},      {"dd", F::kDd, kU, true},
    {"dy", F::kDy, kL, false},       {"d", F::kD, kU, true},
    {"ff1", F::kFraction, kU, true}, {"ff2", F::kFraction, kU, true},
    {"ff3", F::kFraction, kU, true}, {"ff4", F::kFraction, kU, true},
    {"ff5", F::kFraction, kU, true}, {"ff6", F::kFraction, kU, true},
    {"fx", F::kFx, kU, false},       {"hh24", F::kHh24, kU, true},
    {"hh12", F::kHh12, kU, true},    {"hh", F::kHh12, kU, true},
    {"iddd", F::kIddd, kU, true},    {"id", F::kId, kU, true},
    {"iw", F::kIw, kU, true},        {"iyyy", F::kIyyy, kU, true},
    {"iyy", F::kIyy, kU, true},      {"iy", F::kIy, kU, true},
    {"i", F::kI, kU, true},          {"j", F::kJ, kU, true},
    {"mi", F::kMi, kU, true},        {"mm", F::kMm, kU, true},
    {"month", F::kMonth, kL, false}, {"mon", F::kMon, kL, false},
    {"ms", F::kMs, kU, true},        {"of", F::kOf, kU, false},
    {"p.m.", F::kAmDots, kL, false}, {"pm", F::kAm, kL, false},
    {"q", F::kQ, kU, true},          {"rm", F::kRm, kL, false},
    {"sssss", F::kSsss, kU, true},   {"ssss", F::kSsss, kU, true},
    {"ss", F::kSs, kU, true},        {"tzh", F::kTzh, kU, false},
    {"tzm", F::kTzm, kU, true},      {"tz", F::kTz, kL, false},
    {"us", F::kUs, kU, true},        {"ww", F::kWw, kU, true},
    {"w", F::kW, kU, true},          {"y,yyy", F::kYCommaYyy, kU, true},
    {"yyyy", F::kYyyy, kU, true},    {"yyy", F::kYyy, kU, true},
    {"yy", F::kYy, kU, true},        {"y", F::kY, kU, true},
};

bool IsSeparator(char c) {
  return c > ' ' && c < 0x7F && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
         !(c >= '0' && c <= '9');
}

std::string InCase(std::string text, LetterCase letters) {
  if (letters == LetterCase::kCapital) return text;
  for (char& c : text) {
    if (letters == LetterCase::kUpper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (letters == LetterCase::kLower && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

/// What to_char prints; for an interval, years to seconds hold its parts.
struct Broken {
  int64_t year = 0;
  int month = 0;
  int day = 0;
  int32_t days = 0;  // day number
  int64_t hour = 0;
  int minute = 0;
  int second = 0;
  int micros = 0;
  bool is_interval = false;
  bool has_zone = false;
  int32_t offset = 0;
  std::string zone;
};

class Writer {
 public:
  Writer(const Broken& t, std::string* out) : t_(t), out_(out) {}

  Status Write(const PatternNode& node) {
    if (node.field == F::kNone) {
      out_->append(node.literal);
      return {};
    }
    const size_t begin = out_->size();
    RETURN_IF_ERROR(WriteField(node));
    if (node.ordinal() && node.is_digit) AppendOrdinal(node, begin);
    return {};
  }

 private:
  void Number(const PatternNode& node, int64_t value, int width) {
    // A sign takes no digit's place.
    if (node.fill_mode) width = 0;
    fmt::format_to(std::back_inserter(*out_), "{}{:0{}}", value < 0 ? "-" : "", std::abs(value),
                   width);
  }

  void AppendOrdinal(const PatternNode& node, size_t begin) {
    const std::string_view number = std::string_view(*out_).substr(begin);
    if (number.empty()) return;
    const char last = number.back();
    const bool teen = number.size() > 1 && number[number.size() - 2] == '1';
    const char* suffix = teen          ? "th"
                         : last == '1' ? "st"
                         : last == '2' ? "nd"
                         : last == '3' ? "rd"
                                       : "th";
    out_->append(InCase(suffix, node.ordinal_upper ? LetterCase::kUpper : LetterCase::kLower));
  }

  Status NotForIntervals() const {
    return Error(ErrorCode::kInvalidDatetimeFormat,
                 "invalid format specification for an interval value")
        .Hint("Intervals are not tied to specific calendar dates.");
  }

  void Name(const PatternNode& node, const char* name, size_t length, size_t width) {
    std::string text(name);
    if (length) text.resize(length);
    text = InCase(std::move(text), node.letters);
    if (!node.fill_mode && text.size() < width) text.append(width - text.size(), ' ');
    out_->append(text);
  }

  int64_t ShownYear() const { return t_.is_interval || t_.year > 0 ? t_.year : -(t_.year - 1); }
  int DayOfYear() const {
    if (t_.is_interval) return static_cast<int>((t_.year * 12 + t_.month) * 30 + t_.day);
    return t_.days - DaysFromCivil(t_.year, 1, 1) + 1;
  }
  int64_t IsoYear() const {
    int32_t year;
    IsoWeek(t_.days, &year);
    return year > 0 ? year : -(year - 1);
  }

  Status WriteField(const PatternNode& node);

  const Broken& t_;
  std::string* out_;
};

Status Writer::WriteField(const PatternNode& node) {
  switch (node.field) {
    case F::kNone:
    case F::kFx:
      return {};
    case F::kAmDots:
      out_->append(InCase(t_.hour % 24 >= 12 ? "P.M." : "A.M.", node.letters));
      return {};
    case F::kAm:
      out_->append(InCase(t_.hour % 24 >= 12 ? "PM" : "AM", node.letters));
      return {};
    case F::kHh12:
      Number(node, t_.hour % 12 == 0 ? 12 : t_.hour % 12, 2);
      return {};
    case F::kHh24:
      Number(node, t_.hour, 2);
      return {};
    case F::kMi:
      Number(node, t_.minute, 2);
      return {};
    case F::kSs:
      Number(node, t_.second, 2);
      return {};
    case F::kMs:
      fmt::format_to(std::back_inserter(*out_), "{:03}", t_.micros / 1000);
      return {};
    case F::kUs:
      fmt::format_to(std::back_inserter(*out_), "{:06}", t_.micros);
      return {};
    case F::kFraction: {
      int value = t_.micros;
      for (int i = node.fraction_digits; i < 6; ++i) value /= 10;
      fmt::format_to(std::back_inserter(*out_), "{:0{}}", value,
                     static_cast<int>(node.fraction_digits));
      return {};
    }
    case F::kSsss:
      fmt::format_to(std::back_inserter(*out_), "{}", t_.hour * 3600 + t_.minute * 60 + t_.second);
      return {};
    case F::kTz:
      if (t_.is_interval) return NotForIntervals();
      if (t_.has_zone) out_->append(InCase(t_.zone, node.letters));
      return {};
    case F::kTzh:
      if (t_.is_interval) return NotForIntervals();
      fmt::format_to(std::back_inserter(*out_), "{}{:02}", t_.offset < 0 ? '-' : '+',
                     std::abs(t_.offset) / 3600);
      return {};
    case F::kTzm:
      if (t_.is_interval) return NotForIntervals();
      fmt::format_to(std::back_inserter(*out_), "{:02}", std::abs(t_.offset) / 60 % 60);
      return {};
    case F::kOf:
      if (t_.is_interval) return NotForIntervals();
      fmt::format_to(std::back_inserter(*out_), "{}{:0{}}", t_.offset < 0 ? '-' : '+',
                     std::abs(t_.offset) / 3600, node.fill_mode ? 0 : 2);
      if (std::abs(t_.offset) / 60 % 60) {
        fmt::format_to(std::back_inserter(*out_), ":{:02}", std::abs(t_.offset) / 60 % 60);
      }
      return {};
    case F::kAdDots:
      if (t_.is_interval) return NotForIntervals();
      out_->append(InCase(t_.year <= 0 ? "B.C." : "A.D.", node.letters));
      return {};
    case F::kAd:
      if (t_.is_interval) return NotForIntervals();
      out_->append(InCase(t_.year <= 0 ? "BC" : "AD", node.letters));
      return {};
    case F::kMonth:
    case F::kMon:
      if (t_.is_interval) return NotForIntervals();
      Name(node, kMonthNames[t_.month - 1], node.field == F::kMon ? 3 : 0,
           node.field == F::kMon ? 0 : 9);
      return {};
    case F::kMm:
      Number(node, t_.month, 2);
      return {};
    case F::kDay:
    case F::kDy:
      if (t_.is_interval) return NotForIntervals();
      Name(node, kDayNames[DayOfWeek(t_.days)], node.field == F::kDy ? 3 : 0,
           node.field == F::kDy ? 0 : 9);
      return {};
    case F::kDdd:
      Number(node, DayOfYear(), 3);
      return {};
    case F::kIddd: {
      int32_t year;
      const int week = IsoWeek(t_.days, &year);
      Number(node, (week - 1) * 7 + (DayOfWeek(t_.days) + 6) % 7 + 1, 3);
      return {};
    }
    case F::kDd:
      Number(node, t_.day, t_.day < 0 ? 1 : 2);  // of an interval
      return {};
    case F::kD:
      if (t_.is_interval) return NotForIntervals();
      Number(node, DayOfWeek(t_.days) + 1, 0);
      return {};
    case F::kId:
      if (t_.is_interval) return NotForIntervals();
      Number(node, (DayOfWeek(t_.days) + 6) % 7 + 1, 0);
      return {};
    case F::kWw:
      Number(node, (DayOfYear() - 1) / 7 + 1, 2);
      return {};
    case F::kIw:
      Number(node, IsoWeek(t_.days, nullptr), 2);
      return {};
    case F::kW:
      Number(node, (t_.day - 1) / 7 + 1, 0);
      return {};
    case F::kQ:
      if (t_.month != 0) Number(node, (t_.month - 1) / 3 + 1, 0);
      return {};
    case F::kCc: {
      int64_t century;
      if (t_.is_interval) {
        century = t_.year / 100;
      } else {
        century = t_.year > 0 ? (t_.year - 1) / 100 + 1 : t_.year / 100 - 1;
      }
      Number(node, century, 2);
      return {};
    }
    case F::kYCommaYyy: {
      const int64_t thousands = ShownYear() / 1000;
      fmt::format_to(std::back_inserter(*out_), "{},{:03}", thousands,
                     ShownYear() - thousands * 1000);
      return {};
    }
    case F::kYyyy:
    case F::kIyyy:
      Number(node, node.field == F::kIyyy ? IsoYear() : ShownYear(), 4);
      return {};
    case F::kYyy:
    case F::kIyy:
      Number(node, (node.field == F::kIyy ? IsoYear() : ShownYear()) % 1000, 3);
      return {};
    case F::kYy:
    case F::kIy:
      Number(node, (node.field == F::kIy ? IsoYear() : ShownYear()) % 100, 2);
      return {};
    case F::kY:
    case F::kI:
      Number(node, (node.field == F::kI ? IsoYear() : ShownYear()) % 10, 1);
      return {};
    case F::kRm:
      if (t_.month == 0 && t_.year == 0) return {};
      // An interval's months count down from XII when negative.
      Name(node,
           kRomanMonths[t_.month > 0   ? t_.month - 1
                        : t_.month < 0 ? 12 + t_.month
                                       : 11],
           0, 4);
      return {};
    case F::kJ:
      fmt::format_to(std::back_inserter(*out_), "{}", static_cast<int64_t>(t_.days) + 2451545);
      return {};
  }
  return {};
}

void BreakTimestamp(int64_t local, Broken* t) {
  int64_t time;
  SplitTimestamp(local, &t->days, &time);
  const CivilDate date = CivilFromDays(t->days);
  t->year = date.year;
  t->month = date.month;
  t->day = date.day;
  t->hour = time / kMicrosPerHour;
  t->minute = static_cast<int>(time / kMicrosPerMinute % 60);
  t->second = static_cast<int>(time / kMicrosPerSecond % 60);
  t->micros = static_cast<int>(time % kMicrosPerSecond);
}

Status WriteAll(const Broken& t, std::string_view pattern, std::string* out) {
  Writer writer(t, out);
  for (const PatternNode& node : SplitPattern(pattern)) RETURN_IF_ERROR(writer.Write(node));
  return {};
}

}  // namespace

std::vector<PatternNode> SplitPattern(std::string_view pattern) {
  std::vector<PatternNode> nodes;
  while (!pattern.empty()) {
    PatternNode node;
    // FM and TM before a keyword.
    std::string_view rest = pattern;
    for (bool more = true; more;) {
      more = false;
      if (rest.starts_with("FM") || rest.starts_with("fm")) {
        node.fill_mode = more = true;
      } else if (rest.starts_with("TM") || rest.starts_with("tm")) {
        node.fill_mode = more = true;  // names in the locale's language: English
      }
      if (more) rest.remove_prefix(2);
    }
    const Keyword* found = nullptr;
    for (const Keyword& keyword : kKeywords) {
      if (rest.starts_with(keyword.name) && (!found || keyword.name.size() > found->name.size())) {
        found = &keyword;
      }
    }
    if (found) {
      node.field = found->field;
      node.letters = found->letters;
      node.is_digit = found->is_digit;
      node.keyword = found->name;
      node.length = static_cast<uint8_t>(found->name.size());
      if (found->field == F::kFraction) {
        node.fraction_digits = static_cast<uint8_t>(found->name[2] - '0');
        node.length = node.fraction_digits;
      }
      if (found->field == F::kHh24 || found->field == F::kHh12) node.length = 2;
      if (found->field == F::kMs) node.length = 3;
      if (found->field == F::kUs) node.length = 6;
      if (found->field == F::kSsss) node.length = 5;
      if (found->field == F::kJ) node.length = 7;
      rest.remove_prefix(found->name.size());
      if (rest.starts_with("TH")) {
        node.ordinal_upper = true;
        rest.remove_prefix(2);
      } else if (rest.starts_with("th")) {
        node.ordinal_lower = true;
        rest.remove_prefix(2);
      } else if (rest.starts_with("SP")) {
        rest.remove_prefix(2);
      }
      pattern = rest;
      nodes.push_back(std::move(node));
      continue;
    }
    pattern = rest;
    if (pattern.empty()) break;
    const auto add_character = [&] {
      PatternNode literal;
      size_t size = 1;
      while (size < pattern.size() && (pattern[size] & 0xC0) == 0x80) ++size;
      literal.literal = pattern.substr(0, size);
      pattern.remove_prefix(size);
      nodes.push_back(std::move(literal));
    };
    if (pattern[0] == '"') {
      pattern.remove_prefix(1);
      while (!pattern.empty()) {
        if (pattern[0] == '"') {
          pattern.remove_prefix(1);
          break;
        }
        if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
        add_character();
      }
      continue;
    }
    if (pattern.starts_with("\\\"")) pattern.remove_prefix(1);
    const char c = pattern[0];
    const bool separator = c == ' ' || (c >= '\t' && c <= '\r') || IsSeparator(c);
    add_character();
    nodes.back().is_separator = separator;
  }
  return nodes;
}

Result<bool> FormatTimestamp(int64_t timestamp, std::string_view pattern, std::string* out) {
  if (IsInfinite(timestamp) || pattern.empty()) return false;
  Broken t;
  BreakTimestamp(timestamp, &t);
  RETURN_IF_ERROR(WriteAll(t, pattern, out));
  return true;
}

Result<bool> FormatTimestampTz(int64_t timestamp, std::string_view pattern, const Zone& zone,
                               std::string* out) {
  if (IsInfinite(timestamp) || pattern.empty()) return false;
  Broken t;
  t.has_zone = true;
  t.offset = zone.OffsetAt(timestamp, &t.zone);
  BreakTimestamp(timestamp + t.offset * kMicrosPerSecond, &t);
  RETURN_IF_ERROR(WriteAll(t, pattern, out));
  return true;
}

Status FormatInterval(const IntervalValue& interval, std::string_view pattern, std::string* out) {
  Broken t;
  t.is_interval = true;
  t.year = interval.months / 12;
  t.month = interval.months % 12;
  t.day = interval.days;
  t.hour = interval.micros / kMicrosPerHour;
  t.minute = static_cast<int>(interval.micros / kMicrosPerMinute % 60);
  t.second = static_cast<int>(interval.micros / kMicrosPerSecond % 60);
  t.micros = static_cast<int>(interval.micros % kMicrosPerSecond);
  return WriteAll(t, pattern, out);
}

}  // namespace oxibase
