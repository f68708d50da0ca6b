// Fields of dates and times: extract, date_part, date_trunc, date_bin.

#include "common/datetime.h"
#include "expr/function_registry.h"
#include "expr/kernels.h"
#include "expr/time_zone_of.h"

namespace oxibase {
namespace {

using View = std::string_view;
using Interval = IntervalValue;

Result<const Zone*> ZoneNamed(View name) {
  const Zone* zone = Zone::Find(name);
  if (!zone) {
    return Error(ErrorCode::kInvalidParameterValue, "time zone \"{}\" not recognized", name);
  }
  return zone;
}
// ---- Fields.
template <DateTimeKind kKind, typename T>
DateTimeValue MakeValue(const T& v) {
  DateTimeValue value;
  value.kind = kKind;
  if constexpr (std::is_same_v<T, Interval>) {
    value.interval = v;
  } else {
    value.ticks = v;
  }
  return value;
}
template <DateTimeKind kKind, typename T, typename Out>
Result<std::optional<Out>> Extract(Frame& frame, View field, const T& v) {
  Out out{};
  ASSIGN_OR_RETURN(const bool found,
                   ExtractField(field, MakeValue<kKind>(v), ZoneOf(frame.context), &out));
  if (!found) return std::optional<Out>();
  return std::optional<Out>(std::move(out));
}
/// date_part('...', date) is that of the timestamp.
Result<std::optional<double>> DatePartOfDate(Frame& frame, View field, int32_t date) {
  ASSIGN_OR_RETURN(const int64_t timestamp, DateToTimestamp(date));
  return Extract<DateTimeKind::kTimestamp, int64_t, double>(frame, field, timestamp);
}

Result<int64_t> TruncTz(Frame& frame, View unit, int64_t timestamp) {
  return TruncTimestampTz(unit, timestamp, ZoneOf(frame.context));
}
Result<int64_t> TruncTzZone(View unit, int64_t timestamp, View name) {
  ASSIGN_OR_RETURN(const Zone* zone, ZoneNamed(name));
  return TruncTimestampTz(unit, timestamp, *zone);
}

template <DateTimeKind kKind, typename T>
void AddFields(FunctionRegistry& r, View part, View extract) {
  r.Scalar(part, &Strict<&Extract<kKind, T, double>>);
  r.Scalar(extract, &Strict<&Extract<kKind, T, Numeric>>);
}

}  // namespace

void RegisterDateTimeFields(FunctionRegistry& r) {
  AddFields<DateTimeKind::kTimestamp, int64_t>(r, "timestamp_part", "extract_timestamp");
  AddFields<DateTimeKind::kTimestampTz, int64_t>(r, "timestamptz_part", "extract_timestamptz");
  AddFields<DateTimeKind::kTime, int64_t>(r, "time_part", "extract_time");
  AddFields<DateTimeKind::kInterval, Interval>(r, "interval_part", "extract_interval");
  r.Scalar("extract_date", &Strict<&Extract<DateTimeKind::kDate, int32_t, Numeric>>);
  r.Scalar("date_part(text,date)", &Strict<&DatePartOfDate>);
  r.Scalar("timestamp_trunc", &Strict<&TruncTimestamp>);
  r.Scalar("timestamptz_trunc", &Strict<&TruncTz>);
  r.Scalar("timestamptz_trunc_zone", &Strict<&TruncTzZone>);
  r.Scalar("interval_trunc", &Strict<&TruncInterval>);
  r.Scalar("timestamp_bin", &Strict<&BinTimestamp>);
  r.Scalar("timestamptz_bin", &Strict<&BinTimestamp>);
}

}  // namespace oxibase
