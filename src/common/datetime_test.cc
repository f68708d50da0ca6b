#include "common/datetime.h"

#include <gtest/gtest.h>

#include "common/datetime_pattern.h"

namespace oxibase {
namespace {

struct Case {
  const char* op;
  const char* zone;
  const char* a;
  const char* b;
  const char* c;
  const char* expected;
};
constexpr Case kCases[] = {
#include "common/datetime_cases.inc"
};

/// Evaluates one case; the result as text, the SQLSTATE of an error, "" for NULL.
class Evaluation {
 public:
  explicit Evaluation(const Case& c) : case_(c), zone_(*Zone::Find(c.zone)) {
    format_.zone = &zone_;
  }

  std::string Run() {
    const std::string_view op = case_.op;
    const std::string_view a = case_.a;
    const std::string_view b = case_.b;
    const std::string_view c = case_.c;
    if (op == "extract") return Extract();
    if (op == "trunc") {
      if (b == "timestamp") return Print(TruncTimestamp(a, Moment(c)));
      if (b == "timestamptz") return PrintTz(TruncTimestampTz(a, Instant(c), zone_));
      return Print(TruncInterval(a, Span(c)));
    }
    if (op == "tochar") return ToChar();
    if (op == "age") return Print(TimestampAge(Moment(a), Moment(b)));
    if (op == "diff") return Print(TimestampDiff(Moment(a), Moment(b)));
    if (op == "add") return Print(TimestampAddInterval(Moment(a), Span(b)));
    if (op == "addtz") return PrintTz(TimestampTzAddInterval(Instant(a), Span(b), zone_));
    if (op == "imul") return Print(IntervalMul(Span(a), std::atof(case_.b)));
    if (op == "idiv") return Print(IntervalDiv(Span(a), std::atof(case_.b)));
    if (op == "jh") return Print(JustifyHours(Span(a)));
    if (op == "jd") return Print(JustifyDays(Span(a)));
    if (op == "ji") return Print(JustifyInterval(Span(a)));
    if (op == "tots") return PrintTz(ParseTimestampPattern(a, b, zone_));
    const auto date = ParseDatePattern(a, b);
    std::string out;
    if (!date.ok()) return std::string(SqlState(date.code()));
    AppendDate(*date, format_, &out);
    return out;
  }

 private:
  int64_t Moment(std::string_view text) { return *ParseTimestamp(text, -1, format_, 0); }
  int64_t Instant(std::string_view text) { return *ParseTimestampTz(text, -1, format_, 0); }
  IntervalValue Span(std::string_view text) { return *ParseInterval(text, -1, format_); }

  std::string Print(const Result<int64_t>& timestamp) {
    if (!timestamp.ok()) return std::string(SqlState(timestamp.code()));
    std::string out;
    AppendTimestamp(*timestamp, format_, &out);
    return out;
  }
  std::string PrintTz(const Result<int64_t>& timestamp) {
    if (!timestamp.ok()) return std::string(SqlState(timestamp.code()));
    std::string out;
    AppendTimestampTz(*timestamp, format_, &out);
    return out;
  }
  std::string Print(const Result<IntervalValue>& interval) {
    if (!interval.ok()) return std::string(SqlState(interval.code()));
    std::string out;
    AppendInterval(*interval, format_, &out);
    return out;
  }

  std::string Extract() {
    DateTimeValue value;
    const std::string_view type = case_.b;
    const std::string_view text = case_.c;
    if (type == "date") {
      value.kind = DateTimeKind::kDate;
      value.ticks = *ParseDate(text, format_, 0);
    } else if (type == "time") {
      value.kind = DateTimeKind::kTime;
      value.ticks = *ParseTime(text, -1, format_, 0);
    } else if (type == "timestamp") {
      value.ticks = Moment(text);
    } else if (type == "timestamptz") {
      value.kind = DateTimeKind::kTimestampTz;
      value.ticks = Instant(text);
    } else {
      value.kind = DateTimeKind::kInterval;
      value.interval = Span(text);
    }
    Numeric number;
    const auto found = ExtractField(case_.a, value, zone_, &number);
    if (!found.ok()) return std::string(SqlState(found.code()));
    return *found ? number.ToText() : "";
  }

  std::string ToChar() {
    std::string out;
    const std::string_view type = case_.b;
    if (type == "interval") {
      const Status status = FormatInterval(Span(case_.c), case_.a, &out);
      return status.ok() ? out : std::string(SqlState(status.code()));
    }
    const auto done = type == "timestamp"
                          ? FormatTimestamp(Moment(case_.c), case_.a, &out)
                          : FormatTimestampTz(Instant(case_.c), case_.a, zone_, &out);
    return done.ok() ? out : std::string(SqlState(done.code()));
  }

  const Case& case_;
  const Zone& zone_;
  DateTimeFormat format_;
};

TEST(DateTime, AnswersAsPostgres) {
  for (const Case& c : kCases) {
    EXPECT_EQ(Evaluation(c).Run(), c.expected)
        << c.op << ' ' << c.zone << " '" << c.a << "' '" << c.b << "' '" << c.c << "'";
  }
}

TEST(Interval, BareNumbersGoByTheModifier) {
  const auto read = [](std::string_view text, int range) {
    const DateTimeFormat format;
    const auto interval = ParseInterval(text, range << 16 | 0xFFFF, format);
    if (!interval.ok()) return std::string(SqlState(interval.code()));
    std::string out;
    AppendInterval(*interval, format, &out);
    return out;
  };
  EXPECT_EQ(read("1", 1 << 2), "1 year");
  EXPECT_EQ(read("1-2", 1 << 2 | 1 << 1), "1 year 2 mons");
  EXPECT_EQ(read("1 2", 1 << 3 | 1 << 10), "1 day 02:00:00");
  EXPECT_EQ(read("1 2:03", 1 << 3 | 1 << 10 | 1 << 11), "1 day 02:03:00");
  EXPECT_EQ(read("4:05", 1 << 11 | 1 << 12), "00:04:05");
}

TEST(DateTime, CalendarRoundTripsOverAllDays) {
  for (int64_t days = kDateMin; days < kDateEnd; days += 9973) {
    const CivilDate date = CivilFromDays(static_cast<int32_t>(days));
    ASSERT_EQ(DaysFromCivil(date.year, date.month, date.day), days);
  }
}

TEST(Zone, NamesAbbreviationsAndOffsets) {
  EXPECT_EQ(Zone::Find("europe/berlin")->name(), "Europe/Berlin");
  EXPECT_EQ(Zone::Find("EST")->OffsetAt(0), -5 * 3600);
  EXPECT_EQ(Zone::Find("-8")->OffsetAt(0), 8 * 3600);
  EXPECT_EQ(Zone::FindSetting("-8")->OffsetAt(0), -8 * 3600);
  EXPECT_EQ(Zone::Find("<+03>-3")->OffsetAt(0), 3 * 3600);
  EXPECT_EQ(Zone::Find("nowhere/land"), nullptr);
  EXPECT_EQ(Zone::Find("../../etc/passwd"), nullptr);
  EXPECT_EQ(Zone::Fixed(5 * 3600 + 1800)->name(), "<+05:30>-05:30");
}

}  // namespace
}  // namespace oxibase
