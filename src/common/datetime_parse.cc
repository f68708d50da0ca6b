// Reading dates, times and timestamps, by PostgreSQL's rules (DecodeDateTime): the text is split
// into fields, and each field narrows what the following ones may be.
#include <array>
#include <charconv>
#include <cstdlib>

#include "common/datetime.h"
#include "common/datetime_internal.h"

namespace oxibase {
namespace {

/// Parts found so far, as bits.
enum Part : uint32_t {
  kYear = 1 << 0,
  kMonth = 1 << 1,
  kDay = 1 << 2,
  kDayOfYear = 1 << 3,
  kHour = 1 << 4,
  kMinute = 1 << 5,
  kSecond = 1 << 6,
  kZone = 1 << 7,
  kZoneModifier = 1 << 8,
  kAmPm = 1 << 9,
  kEra = 1 << 10,
  kWeekday = 1 << 11,
  kDateParts = kYear | kMonth | kDay,
  kTimeParts = kHour | kMinute | kSecond,
};

enum class WordKind : uint8_t {
  kIgnore,
  kMonth,
  kWeekday,
  kAmPm,  // value 0 am, 1 pm
  kEra,   // value 1 BC
  kNow,
  kDayOffset,  // yesterday, today, tomorrow: value -1, 0, 1
  kEpoch,
  kInfinity,
  kNegInfinity,
  kAllBalls,
  kIsoTime,
  kJulian,
  kDst,
  kUnit,  // known, but not allowed here
};

struct Word {
  std::string_view name;
  WordKind kind;
  int value;
};
constexpr Word kWords[] = {
    {"-infinity", WordKind::kNegInfinity, 0},
    {"ad", WordKind::kEra, 0},
    {"allballs", WordKind::kAllBalls, 0},
    {"am", WordKind::kAmPm, 0},
    {"apr", WordKind::kMonth, 4},
    {"april", WordKind::kMonth, 4},
    {"at", WordKind::kIgnore, 0},
    {"aug", WordKind::kMonth, 8},
    {"august", WordKind::kMonth, 8},
    {"bc", WordKind::kEra, 1},
    {"d", WordKind::kUnit, 0},
    {"dec", WordKind::kMonth, 12},
    {"december", WordKind::kMonth, 12},
    {"dow", WordKind::kUnit, 0},
    {"doy", WordKind::kUnit, 0},
    {"dst", WordKind::kDst, 0},
    {"epoch", WordKind::kEpoch, 0},
    {"feb", WordKind::kMonth, 2},
    {"february", WordKind::kMonth, 2},
    {"fri", WordKind::kWeekday, 5},
    {"friday", WordKind::kWeekday, 5},
    {"h", WordKind::kUnit, 0},
    {"infinity", WordKind::kInfinity, 0},
    {"isodow", WordKind::kUnit, 0},
    {"isoyear", WordKind::kUnit, 0},
    {"j", WordKind::kJulian, 0},
    {"jan", WordKind::kMonth, 1},
    {"january", WordKind::kMonth, 1},
    {"jd", WordKind::kJulian, 0},
    {"jul", WordKind::kMonth, 7},
    {"julian", WordKind::kJulian, 0},
    {"july", WordKind::kMonth, 7},
    {"jun", WordKind::kMonth, 6},
    {"june", WordKind::kMonth, 6},
    {"m", WordKind::kUnit, 0},
    {"mar", WordKind::kMonth, 3},
    {"march", WordKind::kMonth, 3},
    {"may", WordKind::kMonth, 5},
    {"mm", WordKind::kUnit, 0},
    {"mon", WordKind::kWeekday, 1},
    {"monday", WordKind::kWeekday, 1},
    {"nov", WordKind::kMonth, 11},
    {"november", WordKind::kMonth, 11},
    {"now", WordKind::kNow, 0},
    {"oct", WordKind::kMonth, 10},
    {"october", WordKind::kMonth, 10},
    {"on", WordKind::kIgnore, 0},
    {"pm", WordKind::kAmPm, 1},
    {"s", WordKind::kUnit, 0},
    {"sat", WordKind::kWeekday, 6},
    {"saturday", WordKind::kWeekday, 6},
    {"sep", WordKind::kMonth, 9},
    {"sept", WordKind::kMonth, 9},
    {"september", WordKind::kMonth, 9},
    {"sun", WordKind::kWeekday, 0},
    {"sunday", WordKind::kWeekday, 0},
    {"t", WordKind::kIsoTime, 0},
    {"thu", WordKind::kWeekday, 4},
    {"thur", WordKind::kWeekday, 4},
    {"thurs", WordKind::kWeekday, 4},
    {"thursday", WordKind::kWeekday, 4},
    {"today", WordKind::kDayOffset, 0},
    {"tomorrow", WordKind::kDayOffset, 1},
    {"tue", WordKind::kWeekday, 2},
    {"tues", WordKind::kWeekday, 2},
    {"tuesday", WordKind::kWeekday, 2},
    {"wed", WordKind::kWeekday, 3},
    {"wednesday", WordKind::kWeekday, 3},
    {"weds", WordKind::kWeekday, 3},
    {"y", WordKind::kUnit, 0},
    {"yesterday", WordKind::kDayOffset, -1},
};

const Word* FindWord(std::string_view text) {
  text = text.substr(0, 10);
  for (const Word& word : kWords) {
    if (word.name == text) return &word;
  }
  return nullptr;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlpha(char c) { return c >= 'a' && c <= 'z'; }

/// Digits to an int; false on overflow or none. `rest` is what follows them.
bool ParseInt(std::string_view text, int* value, std::string_view* rest) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (error != std::errc()) return false;
  *rest = text.substr(static_cast<size_t>(end - text.data()));
  return true;
}

enum class Outcome : uint8_t { kFields, kTimeOnly, kEpoch, kInfinity, kNegInfinity };

class Decoder {
 public:
  /// `time_only`: bare digits are a time of day.
  Decoder(const DateTimeFormat& format, int64_t now, bool time_only = false)
      : format_(format), now_(now), time_only_(time_only) {}

  /// Fills the members below.
  Status Decode(std::string_view text, std::string_view type);

  Outcome outcome = Outcome::kFields;
  int32_t year = 0;
  int32_t month = 0;
  int32_t day = 0;
  int64_t hour = 0;
  int minute = 0;
  int second = 0;
  int64_t micros = 0;
  uint32_t found = 0;
  const Zone* zone = nullptr;  // by name
  int32_t offset = 0;          // east of UTC, if found & kZone and no `zone`

  int32_t Days() const { return DaysFromCivil(year, month, day); }
  int64_t TimeMicros() const {
    return hour * kMicrosPerHour + minute * kMicrosPerMinute + second * kMicrosPerSecond + micros;
  }

 private:
  using Failure = ParseFailure;

  Failure DecodeField(int i);
  Failure DecodeDateField(const TextField& field);
  Failure DecodeNumberField(const TextField& field);
  Failure DecodeWord(int i);
  Failure DecodeDate(std::string_view text);
  Failure DecodeNumber(std::string_view text, uint32_t have, uint32_t* added);
  /// Digits run together: yyyymmdd, hhmmss, hhmm, with a fraction perhaps.
  Failure DecodeRunTogether(std::string_view text, uint32_t have, uint32_t* added);
  Failure DecodeOffset(std::string_view text);
  Failure DecodeJulian(std::string_view text);
  Failure Finish();
  Failure Add(uint32_t parts) {
    if (parts & found) return Failure::kBadFormat;
    found |= parts;
    return Failure::kNone;
  }
  void SetToday(int offset_days);
  bool TimeOverflows() const {
    return hour > 24 || (hour == 24 && (minute > 0 || second > 0 || micros > 0)) ||
           TimeMicros() > kMicrosPerDay;
  }

  const DateTimeFormat& format_;
  int64_t now_;
  bool time_only_;
  std::array<TextField, kTextFieldsMax> fields_;
  int count_ = 0;
  const Word* pending_ = nullptr;  // a word that labels the next field
  bool has_text_month_ = false;
  bool two_digit_year_ = false;
  bool is_julian_ = false;
  bool bc_ = false;
  int half_day_ = -1;  // 0 am, 1 pm
  int day_of_year_ = 0;
  std::string unknown_zone_;
};

ParseFailure Decoder::DecodeOffset(std::string_view text) {
  const bool west = text[0] == '-';
  text.remove_prefix(1);
  const size_t length = text.size();
  int hours;
  int minutes = 0;
  int seconds = 0;
  std::string_view rest;
  if (text.empty() || !IsDigit(text[0]) || !ParseInt(text, &hours, &rest)) {
    return Failure::kZoneOverflow;
  }
  if (!rest.empty() && rest[0] == ':') {
    rest.remove_prefix(1);
    if (!rest.empty() && !ParseInt(rest, &minutes, &rest)) return Failure::kZoneOverflow;
    if (!rest.empty() && rest[0] == ':') {
      rest.remove_prefix(1);
      if (!rest.empty() && !ParseInt(rest, &seconds, &rest)) return Failure::kZoneOverflow;
    }
  } else if (rest.empty() && length > 2) {
    minutes = hours % 100;
    hours /= 100;
  }
  if (hours < 0 || hours > 15 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) {
    return Failure::kZoneOverflow;
  }
  if (!rest.empty()) return Failure::kBadFormat;
  offset = hours * 3600 + minutes * 60 + seconds;
  if (west) offset = -offset;
  return Failure::kNone;
}

ParseFailure Decoder::DecodeRunTogether(std::string_view text, uint32_t have, uint32_t* added) {
  const size_t point = text.find('.');
  int64_t fraction = 0;
  bool has_fraction = false;
  if (point != std::string_view::npos) {
    if (!ParseFraction(text.substr(point), &fraction)) return Failure::kBadFormat;
    text = text.substr(0, point);
    has_fraction = true;
  }
  for (const char c : text) {
    if (!IsDigit(c)) return Failure::kBadFormat;
  }
  const auto number = [&](size_t from, size_t length) {
    return std::atoi(std::string(text.substr(from, length)).c_str());
  };
  const size_t n = text.size();
  if (!has_fraction && (have & kDateParts) != kDateParts && n >= 6) {
    if (n > 12) return Failure::kFieldOverflow;
    day = number(n - 2, 2);
    month = number(n - 4, 2);
    year = number(0, n - 4);
    if (n - 4 == 2) two_digit_year_ = true;
    *added = kDateParts;
    return Failure::kNone;
  }
  if ((have & kTimeParts) != kTimeParts && (n == 6 || n == 4)) {
    hour = number(0, 2);
    minute = number(2, 2);
    second = n == 6 ? number(4, 2) : 0;
    micros = fraction;
    *added = kTimeParts;
    return Failure::kNone;
  }
  return Failure::kBadFormat;
}

ParseFailure Decoder::DecodeNumber(std::string_view text, uint32_t have, uint32_t* added) {
  using Order = DateTimeFormat::Order;
  *added = 0;
  int value;
  std::string_view rest;
  if (!ParseInt(text, &value, &rest)) {
    return IsDigit(text[0]) ? Failure::kFieldOverflow : Failure::kBadFormat;
  }
  const size_t digits = text.size() - rest.size();
  if (!rest.empty() && rest[0] == '.') {
    if (digits > 2) return DecodeRunTogether(text, have | kDateParts, added);
    if (!ParseFraction(rest, &micros)) return Failure::kBadFormat;
  } else if (!rest.empty()) {
    return Failure::kBadFormat;
  }
  const size_t length = text.size();
  if (length == 3 && (have & kDateParts) == kYear && value >= 1 && value <= 366) {
    *added = kDayOfYear | kMonth | kDay;
    day_of_year_ = value;
    return Failure::kNone;
  }
  const auto set = [&](uint32_t part) {
    *added = part;
    (part == kYear ? year : part == kMonth ? month : day) = value;
  };
  const bool year_first = length >= 3 || format_.order == Order::kYmd;
  switch (have & kDateParts) {
    case 0:
      set(year_first ? kYear : format_.order == Order::kDmy ? kDay : kMonth);
      break;
    case kYear:
    case kDay:
      set(kMonth);
      break;
    case kMonth:
      set(has_text_month_ && year_first ? kYear : kDay);
      break;
    case kYear | kMonth:
      if (has_text_month_ && length >= 3 && two_digit_year_) {
        // The first number was the day after all.
        day = year;
        year = value;
        two_digit_year_ = false;
        *added = kDay;
        return Failure::kNone;
      }
      set(kDay);
      break;
    case kMonth | kDay:
      set(kYear);
      break;
    case kDateParts:
      return DecodeRunTogether(text, have, added);
    default:
      return Failure::kBadFormat;
  }
  if (*added == kYear) two_digit_year_ = length <= 2;
  return Failure::kNone;
}

ParseFailure Decoder::DecodeDate(std::string_view text) {
  std::array<std::string_view, kTextFieldsMax> parts;
  int count = 0;
  size_t i = 0;
  while (i < text.size() && count < kTextFieldsMax) {
    while (i < text.size() && !IsDigit(text[i]) && !IsAlpha(text[i])) ++i;
    if (i == text.size()) return Failure::kBadFormat;
    const size_t begin = i;
    const bool digits = IsDigit(text[i]);
    while (i < text.size() && (digits ? IsDigit(text[i]) : IsAlpha(text[i]))) ++i;
    parts[count++] = text.substr(begin, i - begin);
    if (i < text.size()) ++i;  // whatever separates, also a letter
  }
  uint32_t have = found;
  for (int k = 0; k < count; ++k) {
    if (!IsAlpha(parts[k][0])) continue;
    const Word* word = FindWord(parts[k]);
    if (word && word->kind == WordKind::kIgnore) continue;
    if (!word || word->kind != WordKind::kMonth || (have & kMonth)) return Failure::kBadFormat;
    month = word->value;
    has_text_month_ = true;
    have |= kMonth;
    parts[k] = {};
  }
  for (int k = 0; k < count; ++k) {
    if (parts[k].empty()) continue;
    uint32_t added = 0;
    if (auto failure = DecodeNumber(parts[k], have, &added); failure != Failure::kNone) {
      return failure;
    }
    if (have & added) return Failure::kBadFormat;
    have |= added;
  }
  if ((have & kDateParts) != kDateParts || (have & ~(kDateParts | kDayOfYear | kZone))) {
    return Failure::kBadFormat;
  }
  found = have;
  return Failure::kNone;
}

void Decoder::SetToday(int offset_days) {
  const CivilDate date = CivilFromDays(TimestampTzToDate(now_, *format_.zone) + offset_days);
  year = date.year;
  month = date.month;
  day = date.day;
  is_julian_ = true;  // the year is not to be touched
}

ParseFailure Decoder::DecodeJulian(std::string_view text) {
  int value;
  std::string_view rest;
  if (!ParseInt(text, &value, &rest) || value < 0) return Failure::kFieldOverflow;
  const CivilDate date = CivilFromDays(value - 2451545);
  year = date.year;
  month = date.month;
  day = date.day;
  is_julian_ = true;
  if (auto failure = Add(kDateParts); failure != Failure::kNone) return failure;
  if (rest.empty()) return Failure::kNone;
  if (rest[0] != '.') return Failure::kBadFormat;
  const double fraction = std::strtod(std::string(rest).c_str(), nullptr);
  auto time = static_cast<int64_t>(fraction * static_cast<double>(kMicrosPerDay));
  hour = time / kMicrosPerHour;
  minute = static_cast<int>(time / kMicrosPerMinute % 60);
  second = static_cast<int>(time / kMicrosPerSecond % 60);
  micros = time % kMicrosPerSecond;
  return Add(kTimeParts);
}

ParseFailure Decoder::DecodeDateField(const TextField& field) {
  if ((found & kDateParts) != kDateParts && !pending_) return DecodeDate(field.text);
  // A zone's name with punctuation, or a time with a zone run together (hhmmss-zz).
  if (IsDigit(field.text[0]) || pending_) {
    if (pending_ && pending_->kind != WordKind::kIsoTime) return Failure::kBadFormat;
    pending_ = nullptr;
    if ((found & kTimeParts) == kTimeParts) return Failure::kBadFormat;
    const size_t dash = field.text.find('-');
    if (dash == std::string::npos) return Failure::kBadFormat;
    if (auto failure = DecodeOffset(field.text.substr(dash)); failure != Failure::kNone) {
      return failure;
    }
    uint32_t added = 0;
    if (auto failure = DecodeRunTogether(field.text.substr(0, dash), found, &added);
        failure != Failure::kNone) {
      return failure;
    }
    return Add(added | kZone);
  }
  zone = Zone::Find(field.text);
  if (!zone) {
    unknown_zone_ = field.text;
    return Failure::kBadFormat;
  }
  return Add(kZone);
}

ParseFailure Decoder::DecodeNumberField(const TextField& field) {
  const std::string& text = field.text;
  if (pending_) {
    const WordKind kind = pending_->kind;
    pending_ = nullptr;
    if (kind == WordKind::kJulian) return DecodeJulian(text);
    if (kind != WordKind::kIsoTime) return Failure::kBadFormat;
    uint32_t added = 0;
    if (auto failure = DecodeRunTogether(text, found | kDateParts, &added);
        failure != Failure::kNone) {
      return failure;
    }
    return added == kTimeParts ? Add(added) : Failure::kBadFormat;
  }
  const size_t point = text.find('.');
  const bool has_point = point != std::string::npos;
  if (time_only_ && !(count_ > 1 && fields_[1].kind == FieldKind::kTime)) {
    uint32_t added = 0;
    if (auto failure = DecodeRunTogether(text, found | kDateParts, &added);
        failure != Failure::kNone) {
      return failure;
    }
    return Add(added);
  }
  if (has_point && !(found & kDateParts)) return DecodeDate(text);
  uint32_t added = 0;
  Failure failure;
  if ((has_point && point > 2) ||
      (!has_point && text.size() >= 6 && (!(found & kDateParts) || !(found & kTimeParts)))) {
    failure = DecodeRunTogether(text, found, &added);
  } else {
    failure = DecodeNumber(text, found, &added);
  }
  return failure == Failure::kNone ? Add(added) : failure;
}

ParseFailure Decoder::DecodeWord(int i) {
  const std::string& text = fields_[static_cast<size_t>(i)].text;
  int32_t abbreviation;
  if (Zone::FindAbbreviation(text, &abbreviation)) {
    offset = abbreviation;
    return Add(kZone);
  }
  const Word* word = FindWord(text);
  if (!word) {
    zone = Zone::Find(text);
    return zone ? Add(kZone) : Failure::kBadFormat;
  }
  switch (word->kind) {
    case WordKind::kIgnore:
      return Failure::kNone;
    case WordKind::kMonth:
      if ((found & kMonth) && !has_text_month_ && !(found & kDay) && month >= 1 && month <= 31) {
        // The number before was the day.
        day = month;
        found = (found & ~kMonth) | kDay;
      }
      has_text_month_ = true;
      month = word->value;
      return Add(kMonth);
    case WordKind::kWeekday:
      return Add(kWeekday);
    case WordKind::kAmPm:
      half_day_ = word->value;
      return Add(kAmPm);
    case WordKind::kEra:
      bc_ = word->value == 1;
      return Add(kEra);
    case WordKind::kNow: {
      SetToday(0);
      const int64_t time = TimestampToTime(now_ + format_.zone->OffsetAt(now_) * kMicrosPerSecond);
      hour = time / kMicrosPerHour;
      minute = static_cast<int>(time / kMicrosPerMinute % 60);
      second = static_cast<int>(time / kMicrosPerSecond % 60);
      micros = time % kMicrosPerSecond;
      offset = format_.zone->OffsetAt(now_);
      return Add(kDateParts | kTimeParts | kZone);
    }
    case WordKind::kDayOffset:
      SetToday(word->value);
      return Add(kDateParts);
    case WordKind::kEpoch:
      outcome = Outcome::kEpoch;
      return Add(kDateParts | kTimeParts | kZone);
    case WordKind::kInfinity:
      outcome = Outcome::kInfinity;
      return Add(kDateParts | kTimeParts | kZone);
    case WordKind::kNegInfinity:
      outcome = Outcome::kNegInfinity;
      return Add(kDateParts | kTimeParts | kZone);
    case WordKind::kAllBalls:
      hour = minute = second = 0;
      micros = 0;
      offset = 0;
      return Add(kTimeParts | kZone);
    case WordKind::kDst:
      offset += 3600;
      return Add(kZoneModifier);
    case WordKind::kIsoTime: {
      if ((!time_only_ && (found & kDateParts) != kDateParts) || i + 1 >= count_) {
        return Failure::kBadFormat;
      }
      const FieldKind next = fields_[static_cast<size_t>(i) + 1].kind;
      if (next != FieldKind::kNumber && next != FieldKind::kTime && next != FieldKind::kDate) {
        return Failure::kBadFormat;
      }
      pending_ = word;
      return Failure::kNone;
    }
    case WordKind::kJulian:
    case WordKind::kUnit:
      pending_ = word;
      return Failure::kNone;
  }
  return Failure::kBadFormat;
}

ParseFailure Decoder::DecodeField(int i) {
  const TextField& field = fields_[static_cast<size_t>(i)];
  switch (field.kind) {
    case FieldKind::kDate:
      return DecodeDateField(field);
    case FieldKind::kTime: {
      if (pending_) {
        if (pending_->kind != WordKind::kIsoTime) return Failure::kBadFormat;
        pending_ = nullptr;
      }
      if (auto failure = ParseClock(field.text, &hour, &minute, &second, &micros);
          failure != Failure::kNone) {
        return failure;
      }
      if (TimeOverflows()) return Failure::kFieldOverflow;
      return Add(kTimeParts);
    }
    case FieldKind::kTz:
      if (auto failure = DecodeOffset(field.text); failure != Failure::kNone) return failure;
      return Add(kZone);
    case FieldKind::kNumber:
      return DecodeNumberField(field);
    case FieldKind::kString:
    case FieldKind::kSpecial:
      return DecodeWord(i);
  }
  return Failure::kBadFormat;
}

ParseFailure Decoder::Finish() {
  if (outcome != Outcome::kFields) return Failure::kNone;
  if ((found & kYear) && !is_julian_) {
    if (bc_) {
      if (year <= 0) return Failure::kFieldOverflow;
      year = -(year - 1);
    } else if (two_digit_year_) {
      if (year < 0) return Failure::kFieldOverflow;
      if (year < 70) {
        year += 2000;
      } else if (year < 100) {
        year += 1900;
      }
    } else if (year <= 0) {
      return Failure::kFieldOverflow;
    }
  }
  if (found & kDayOfYear) {
    const CivilDate date =
        CivilFromDays(static_cast<int32_t>(WideDaysFromCivil(year, 1, 1) + day_of_year_ - 1));
    year = date.year;
    month = date.month;
    day = date.day;
  }
  if ((found & kMonth) && (month < 1 || month > 12)) return Failure::kMonthDayOverflow;
  if ((found & kDay) && (day < 1 || day > 31)) return Failure::kMonthDayOverflow;
  if ((found & kDateParts) == kDateParts && day > DaysInMonth(year, month)) {
    return Failure::kFieldOverflow;
  }
  if (half_day_ >= 0) {
    if (hour > 12) return Failure::kFieldOverflow;
    if (half_day_ == 0 && hour == 12) hour = 0;
    if (half_day_ == 1 && hour != 12) hour += 12;
  }
  if (TimeOverflows()) return Failure::kFieldOverflow;
  if ((found & kDateParts) != kDateParts) {
    if ((found & kTimeParts) != kTimeParts) return Failure::kBadFormat;
    outcome = Outcome::kTimeOnly;
  }
  return Failure::kNone;
}

Status Decoder::Decode(std::string_view text, std::string_view type) {
  Failure failure = Failure::kNone;
  if (text.size() > 200 || !SplitFields(text, fields_.data(), &count_) || count_ == 0) {
    failure = Failure::kBadFormat;
  }
  for (int i = 0; i < count_ && failure == Failure::kNone; ++i) failure = DecodeField(i);
  if (failure == Failure::kNone && pending_) failure = Failure::kBadFormat;
  if (failure == Failure::kNone) failure = Finish();
  if (!unknown_zone_.empty()) {
    return Error(ErrorCode::kInvalidParameterValue, "time zone \"{}\" not recognized",
                 unknown_zone_);
  }
  if (failure != Failure::kNone) return DateTimeError(failure, type, text);
  return {};
}

/// yyyy-mm-dd, at once. False: try the long way.
bool ParsePlainDate(std::string_view text, CivilDate* date) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  int digits[8];
  constexpr int kPlaces[8] = {0, 1, 2, 3, 5, 6, 8, 9};
  for (int i = 0; i < 8; ++i) {
    digits[i] = text[static_cast<size_t>(kPlaces[i])] - '0';
    if (digits[i] < 0 || digits[i] > 9) return false;
  }
  date->year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3];
  date->month = digits[4] * 10 + digits[5];
  date->day = digits[6] * 10 + digits[7];
  return date->year > 0 && date->month >= 1 && date->month <= 12 && date->day >= 1 &&
         date->day <= DaysInMonth(date->year, date->month);
}

/// hh:mm:ss[.ffffff], at once.
bool ParsePlainTime(std::string_view text, int64_t* time) {
  if (text.size() < 8 || text[2] != ':' || text[5] != ':') return false;
  const auto two = [&](size_t at) {
    const int high = text[at] - '0';
    const int low = text[at + 1] - '0';
    return high < 0 || high > 9 || low < 0 || low > 9 ? 100 : high * 10 + low;
  };
  const int hour = two(0);
  const int minute = two(3);
  const int second = two(6);
  if (hour > 23 || minute > 59 || second > 59) return false;
  int64_t micros = 0;
  if (text.size() > 8) {
    if (text[8] != '.' || text.size() > 15 || text.size() == 9) return false;
    for (size_t i = 9; i < 15; ++i) {
      const int digit = i < text.size() ? text[i] - '0' : 0;
      if (digit < 0 || digit > 9) return false;
      micros = micros * 10 + digit;
    }
  }
  *time = hour * kMicrosPerHour + minute * kMicrosPerMinute + second * kMicrosPerSecond + micros;
  return true;
}

bool ParsePlainTimestamp(std::string_view text, int64_t* timestamp) {
  CivilDate date;
  if (text.size() < 19 || (text[10] != ' ' && text[10] != 'T') ||
      !ParsePlainDate(text.substr(0, 10), &date)) {
    return false;
  }
  int64_t time;
  if (!ParsePlainTime(text.substr(11), &time)) return false;
  *timestamp = DaysFromCivil(date.year, date.month, date.day) * kMicrosPerDay + time;
  return true;
}

/// A plain timestamp with Z, +hh, +hh:mm or nothing behind it. `has_offset` false: local time.
bool ParsePlainInstant(std::string_view text, int64_t* local, bool* has_offset, int32_t* offset) {
  if (text.size() < 19) return false;
  const size_t end = text.find_first_of("+-Z", 19);
  *has_offset = end != std::string_view::npos;
  *offset = 0;
  if (!ParsePlainTimestamp(text.substr(0, end), local)) return false;
  if (!*has_offset) return true;
  const std::string_view zone = text.substr(end);
  if (zone == "Z") return true;
  const auto digit = [&](size_t at) {
    const int value = zone[at] - '0';
    return value < 0 || value > 9 ? 100 : value;
  };
  if (zone.size() != 3 && !(zone.size() == 6 && zone[3] == ':')) return false;
  const int hours = digit(1) * 10 + digit(2);
  const int minutes = zone.size() == 6 ? digit(4) * 10 + digit(5) : 0;
  if (hours > 15 || minutes > 59) return false;  // the long way says what is wrong
  *offset = hours * 3600 + minutes * 60;
  if (zone[0] == '-') *offset = -*offset;
  return true;
}

/// Local microseconds of the decoded fields; 22008 beyond the limits.
Result<int64_t> LocalTimestamp(const Decoder& decoder, std::string_view text) {
  const int64_t days = WideDaysFromCivil(decoder.year, decoder.month, decoder.day);
  auto joined = JoinTimestamp(days, decoder.TimeMicros());
  if (!joined.ok()) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "timestamp out of range: \"{}\"", text);
  }
  return joined;
}

}  // namespace

bool IsDateWord(std::string_view lower_case) { return FindWord(lower_case) != nullptr; }

Result<int32_t> ParseDate(std::string_view text, const DateTimeFormat& format, int64_t now) {
  CivilDate plain;
  if (ParsePlainDate(text, &plain)) return DaysFromCivil(plain.year, plain.month, plain.day);
  Decoder decoder(format, now);
  RETURN_IF_ERROR(decoder.Decode(text, "date"));
  switch (decoder.outcome) {
    case Outcome::kEpoch:
      return kUnixEpochDays;
    case Outcome::kInfinity:
      return kDateInfinity;
    case Outcome::kNegInfinity:
      return kDateNegInfinity;
    case Outcome::kTimeOnly:
      return DateTimeError(ParseFailure::kBadFormat, "date", text);
    case Outcome::kFields:
      break;
  }
  const int64_t days = WideDaysFromCivil(decoder.year, decoder.month, decoder.day);
  if (days < kDateMin || days >= kDateEnd) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "date out of range: \"{}\"", text);
  }
  return static_cast<int32_t>(days);
}

Result<int64_t> ParseTime(std::string_view text, int32_t typmod, const DateTimeFormat& format,
                          int64_t now) {
  int64_t plain;
  if (ParsePlainTime(text, &plain)) return RoundTime(plain, typmod);
  Decoder decoder(format, now, true);
  RETURN_IF_ERROR(decoder.Decode(text, "time"));
  if (decoder.outcome != Outcome::kFields && decoder.outcome != Outcome::kTimeOnly) {
    return DateTimeError(ParseFailure::kBadFormat, "time", text);
  }
  if ((decoder.found & kTimeParts) != kTimeParts) {
    return DateTimeError(ParseFailure::kBadFormat, "time", text);
  }
  return RoundTime(decoder.TimeMicros(), typmod);
}

Result<int64_t> ParseTimestamp(std::string_view text, int32_t typmod, const DateTimeFormat& format,
                               int64_t now) {
  int64_t plain;
  if (ParsePlainTimestamp(text, &plain)) return RoundTimestamp(plain, typmod);
  Decoder decoder(format, now);
  RETURN_IF_ERROR(decoder.Decode(text, "timestamp"));
  switch (decoder.outcome) {
    case Outcome::kEpoch:
      return kUnixEpochMicros;
    case Outcome::kInfinity:
      return kTimestampInfinity;
    case Outcome::kNegInfinity:
      return kTimestampNegInfinity;
    case Outcome::kTimeOnly:
      return DateTimeError(ParseFailure::kBadFormat, "timestamp", text);
    case Outcome::kFields:
      break;
  }
  // A zone is read and left aside.
  ASSIGN_OR_RETURN(const int64_t local, LocalTimestamp(decoder, text));
  return RoundTimestamp(local, typmod);
}

Result<int64_t> ParseTimestampTz(std::string_view text, int32_t typmod,
                                 const DateTimeFormat& format, int64_t now) {
  int64_t plain;
  bool has_offset;
  int32_t plain_offset;
  if (ParsePlainInstant(text, &plain, &has_offset, &plain_offset)) {
    if (!has_offset) plain_offset = format.zone->OffsetForLocal(plain);
    return RoundTimestamp(plain - plain_offset * kMicrosPerSecond, typmod);
  }
  Decoder decoder(format, now);
  RETURN_IF_ERROR(decoder.Decode(text, "timestamp with time zone"));
  switch (decoder.outcome) {
    case Outcome::kEpoch:
      return kUnixEpochMicros;
    case Outcome::kInfinity:
      return kTimestampInfinity;
    case Outcome::kNegInfinity:
      return kTimestampNegInfinity;
    case Outcome::kTimeOnly:
      return DateTimeError(ParseFailure::kBadFormat, "timestamp with time zone", text);
    case Outcome::kFields:
      break;
  }
  const int64_t days = WideDaysFromCivil(decoder.year, decoder.month, decoder.day);
  int64_t local;
  if (__builtin_mul_overflow(days, kMicrosPerDay, &local) ||
      __builtin_add_overflow(local, decoder.TimeMicros(), &local)) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "timestamp out of range: \"{}\"", text);
  }
  int32_t offset = decoder.offset;
  if (!(decoder.found & kZone)) {
    offset = format.zone->OffsetForLocal(local);
  } else if (decoder.zone) {
    offset = decoder.zone->OffsetForLocal(local);
  }
  int64_t result;
  if (__builtin_sub_overflow(local, offset * kMicrosPerSecond, &result) || result < kTimestampMin ||
      result >= kTimestampEnd) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "timestamp out of range: \"{}\"", text);
  }
  return RoundTimestamp(result, typmod);
}

Result<int64_t> RoundTimestamp(int64_t timestamp, int32_t typmod) {
  if (typmod < 0 || typmod >= 6 || IsInfinite(timestamp)) return timestamp;
  constexpr int64_t kUnits[] = {1000000, 100000, 10000, 1000, 100, 10};
  const int64_t unit = kUnits[typmod];
  const int64_t half = unit / 2;
  if (timestamp >= 0) return (timestamp + half) / unit * unit;
  return -((-timestamp + half) / unit * unit);
}

int64_t RoundTime(int64_t time, int32_t typmod) {
  if (typmod < 0 || typmod >= 6) return time;
  constexpr int64_t kUnits[] = {1000000, 100000, 10000, 1000, 100, 10};
  const int64_t unit = kUnits[typmod];
  return (time + unit / 2) / unit * unit;
}

}  // namespace oxibase
