// (start, end) OVERLAPS (start, end), where an end may be an interval.

#include <utility>

#include "common/datetime.h"
#include "expr/function_registry.h"
#include "expr/kernels.h"
#include "expr/time_zone_of.h"

namespace oxibase {
namespace {

enum class Base : uint8_t { kTime, kTimestamp, kTimestampTz };

template <Base kBase>
Result<int64_t> End(Frame& frame, int64_t start, int64_t end) {
  static_cast<void>(frame);
  static_cast<void>(start);
  return end;
}
template <Base kBase>
Result<int64_t> End(Frame& frame, int64_t start, const IntervalValue& length) {
  if constexpr (kBase == Base::kTime) return TimeAddInterval(start, length);
  if constexpr (kBase == Base::kTimestamp) return TimestampAddInterval(start, length);
  return TimestampTzAddInterval(start, length, ZoneOf(frame.context));
}

template <Base kBase, typename First, typename Second>
Result<bool> Overlaps(Frame& frame, int64_t a, First a_end, int64_t c, Second c_end) {
  ASSIGN_OR_RETURN(int64_t b, End<kBase>(frame, a, a_end));
  ASSIGN_OR_RETURN(int64_t d, End<kBase>(frame, c, c_end));
  if (a > b) std::swap(a, b);
  if (c > d) std::swap(c, d);
  if (a == c) return true;
  return a > c ? a < d : c < b;
}

template <Base kBase>
void Add(FunctionRegistry& r, std::string_view both, std::string_view first,
         std::string_view second) {
  using I = IntervalValue;
  r.Scalar(both, &Strict<&Overlaps<kBase, I, I>>);
  r.Scalar(first, &Strict<&Overlaps<kBase, I, int64_t>>);
  r.Scalar(second, &Strict<&Overlaps<kBase, int64_t, I>>);
}

}  // namespace

void RegisterOverlaps(FunctionRegistry& r) {
  r.Scalar("overlaps_timestamp", &Strict<&Overlaps<Base::kTimestamp, int64_t, int64_t>>);
  r.Scalar("overlaps_time", &Strict<&Overlaps<Base::kTime, int64_t, int64_t>>);
  Add<Base::kTime>(r, "overlaps(time,interval,time,interval)", "overlaps(time,interval,time,time)",
                   "overlaps(time,time,time,interval)");
  Add<Base::kTimestamp>(r, "overlaps(timestamp,interval,timestamp,interval)",
                        "overlaps(timestamp,interval,timestamp,timestamp)",
                        "overlaps(timestamp,timestamp,timestamp,interval)");
  Add<Base::kTimestampTz>(r, "overlaps(timestamptz,interval,timestamptz,interval)",
                          "overlaps(timestamptz,interval,timestamptz,timestamptz)",
                          "overlaps(timestamptz,timestamptz,timestamptz,interval)");
}

}  // namespace oxibase
