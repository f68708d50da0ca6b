// Casts between dates, times, timestamps and intervals.
#include <optional>

#include "common/datetime.h"
#include "expr/cast_kernels.h"
#include "expr/kernels.h"
#include "expr/time_zone_of.h"

namespace oxibase {
namespace {

Result<int64_t> DateToMoment(int32_t date) { return DateToTimestamp(date); }
Result<int64_t> DateToInstant(Frame& frame, int32_t date) {
  return DateToTimestampTz(date, ZoneOf(frame.context));
}
int32_t MomentToDate(int64_t timestamp) { return TimestampToDate(timestamp); }
int32_t InstantToDate(Frame& frame, int64_t timestamp) {
  return TimestampTzToDate(timestamp, ZoneOf(frame.context));
}
std::optional<int64_t> MomentToTime(int64_t timestamp) {
  if (IsInfinite(timestamp)) return std::nullopt;
  return TimestampToTime(timestamp);
}
Result<std::optional<int64_t>> InstantToTime(Frame& frame, int64_t timestamp) {
  if (IsInfinite(timestamp)) return std::optional<int64_t>();
  ASSIGN_OR_RETURN(const int64_t local, TimestampTzToTimestamp(timestamp, ZoneOf(frame.context)));
  return std::optional<int64_t>(TimestampToTime(local));
}
Result<int64_t> MomentToInstant(Frame& frame, int64_t timestamp) {
  return TimestampToTimestampTz(timestamp, ZoneOf(frame.context));
}
Result<int64_t> InstantToMoment(Frame& frame, int64_t timestamp) {
  return TimestampTzToTimestamp(timestamp, ZoneOf(frame.context));
}
IntervalValue TimeToInterval(int64_t time) { return {time, 0, 0}; }
int64_t IntervalToClock(IntervalValue interval) { return IntervalToTime(interval); }

}  // namespace

Kernel FindDateTimeCast(TypeId from, TypeId to) {
  using T = TypeId;
  switch (from) {
    case T::kDate:
      if (to == T::kTimestamp) return Strict<DateToMoment>;
      if (to == T::kTimestampTz) return Strict<DateToInstant>;
      return nullptr;
    case T::kTimestamp:
      if (to == T::kDate) return Strict<MomentToDate>;
      if (to == T::kTime) return Strict<MomentToTime>;
      if (to == T::kTimestampTz) return Strict<MomentToInstant>;
      return nullptr;
    case T::kTimestampTz:
      if (to == T::kDate) return Strict<InstantToDate>;
      if (to == T::kTime) return Strict<InstantToTime>;
      if (to == T::kTimestamp) return Strict<InstantToMoment>;
      return nullptr;
    case T::kTime:
      return to == T::kInterval ? Strict<TimeToInterval> : nullptr;
    case T::kInterval:
      return to == T::kTime ? Strict<IntervalToClock> : nullptr;
    default:
      return nullptr;
  }
}

}  // namespace oxibase
