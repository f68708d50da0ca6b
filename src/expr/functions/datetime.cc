// Dates and times: arithmetic, fields, truncation, making, zones.

#include "common/datetime.h"

#include "expr/function_registry.h"
#include "expr/functions/arithmetic_kernels.h"
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
/// An interval as a displacement, as AT TIME ZONE takes it.
Result<const Zone*> ZoneOfInterval(const Interval& interval) {
  if (interval.months != 0 || interval.days != 0) {
    return Error(ErrorCode::kInvalidParameterValue,
                 "interval time zone must not include months or days");
  }
  return Zone::Fixed(static_cast<int32_t>(interval.micros / kMicrosPerSecond));
}

Status DateOutOfRange() { return Error(ErrorCode::kDatetimeFieldOverflow, "date out of range"); }

Result<int32_t> SubtractDays(int32_t date, int32_t days) {
  if (IsInfinite(date)) return date;
  if (days == INT32_MIN) return DateOutOfRange();
  return DateAddDays(date, -days);
}
Result<int32_t> DateDifference(int32_t a, int32_t b) {
  if (IsInfinite(a) || IsInfinite(b)) {
    return Error(ErrorCode::kDatetimeFieldOverflow, "cannot subtract infinite dates");
  }
  return a - b;
}
Result<int64_t> DateAddInterval(int32_t date, const Interval& interval) {
  ASSIGN_OR_RETURN(const int64_t timestamp, DateToTimestamp(date));
  return TimestampAddInterval(timestamp, interval);
}
Result<int64_t> DateSubInterval(int32_t date, const Interval& interval) {
  ASSIGN_OR_RETURN(const Interval negated, IntervalNegate(interval));
  return DateAddInterval(date, negated);
}
Result<int64_t> TimestampSubInterval(int64_t timestamp, const Interval& interval) {
  ASSIGN_OR_RETURN(const Interval negated, IntervalNegate(interval));
  return TimestampAddInterval(timestamp, negated);
}
Result<int64_t> TzAddInterval(Frame& frame, int64_t timestamp, const Interval& interval) {
  return TimestampTzAddInterval(timestamp, interval, ZoneOf(frame.context));
}
Result<int64_t> TzSubInterval(Frame& frame, int64_t timestamp, const Interval& interval) {
  ASSIGN_OR_RETURN(const Interval negated, IntervalNegate(interval));
  return TzAddInterval(frame, timestamp, negated);
}
Result<int64_t> TimeSubInterval(int64_t time, const Interval& interval) {
  ASSIGN_OR_RETURN(const Interval negated, IntervalNegate(interval));
  return TimeAddInterval(time, negated);
}
Result<int64_t> DateAddTime(int32_t date, int64_t time) {
  ASSIGN_OR_RETURN(const int64_t timestamp, DateToTimestamp(date));
  if (IsInfinite(timestamp)) return timestamp;
  return timestamp + time;
}
Interval TimeDifference(int64_t a, int64_t b) { return {.micros = a - b}; }

// ---- AT TIME ZONE.
Result<int64_t> ToLocal(View name, int64_t timestamp) {
  ASSIGN_OR_RETURN(const Zone* zone, ZoneNamed(name));
  return TimestampTzToTimestamp(timestamp, *zone);
}
Result<int64_t> FromLocal(View name, int64_t timestamp) {
  ASSIGN_OR_RETURN(const Zone* zone, ZoneNamed(name));
  return TimestampToTimestampTz(timestamp, *zone);
}
Result<int64_t> ToLocalInterval(const Interval& offset, int64_t timestamp) {
  ASSIGN_OR_RETURN(const Zone* zone, ZoneOfInterval(offset));
  return TimestampTzToTimestamp(timestamp, *zone);
}
Result<int64_t> FromLocalInterval(const Interval& offset, int64_t timestamp) {
  ASSIGN_OR_RETURN(const Zone* zone, ZoneOfInterval(offset));
  return TimestampToTimestampTz(timestamp, *zone);
}

// ---- age().
Result<Interval> AgeTz(Frame& frame, int64_t a, int64_t b) {
  ASSIGN_OR_RETURN(const int64_t x, TimestampTzToTimestamp(a, ZoneOf(frame.context)));
  ASSIGN_OR_RETURN(const int64_t y, TimestampTzToTimestamp(b, ZoneOf(frame.context)));
  return TimestampAge(x, y);
}
/// Midnight of the current day, as wall-clock time.
Result<int64_t> Today(Frame& frame) {
  return DateToTimestamp(
      TimestampTzToDate(frame.context.transaction_micros, ZoneOf(frame.context)));
}
Result<Interval> AgeFromToday(Frame& frame, int64_t timestamp) {
  ASSIGN_OR_RETURN(const int64_t today, Today(frame));
  return TimestampAge(today, timestamp);
}
Result<Interval> AgeTzFromToday(Frame& frame, int64_t timestamp) {
  ASSIGN_OR_RETURN(const int64_t local, TimestampTzToTimestamp(timestamp, ZoneOf(frame.context)));
  return AgeFromToday(frame, local);
}

// ---- Comparisons that need a zone.
/// What lies beyond all timestamps is beyond all but the infinite ones.
int CompareBeyond(const Result<int64_t>& a, bool is_early, int64_t timestamp) {
  if (a.ok()) return *a < timestamp ? -1 : static_cast<int>(*a > timestamp);
  if (is_early) return timestamp == INT64_MIN ? 1 : -1;
  return timestamp == INT64_MAX ? -1 : 1;
}
Result<int> CompareDateTz(Frame& frame, int32_t date, int64_t timestamp) {
  return CompareBeyond(DateToTimestampTz(date, ZoneOf(frame.context)), date < 0, timestamp);
}
Result<int> CompareLocalTz(Frame& frame, int64_t local, int64_t timestamp) {
  return CompareBeyond(TimestampToTimestampTz(local, ZoneOf(frame.context)), local < 0, timestamp);
}
enum class Op : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe };
template <Op kOp>
bool Test(int order) {
  if constexpr (kOp == Op::kEq) return order == 0;
  if constexpr (kOp == Op::kNe) return order != 0;
  if constexpr (kOp == Op::kLt) return order < 0;
  if constexpr (kOp == Op::kLe) return order <= 0;
  if constexpr (kOp == Op::kGt) return order > 0;
  if constexpr (kOp == Op::kGe) return order >= 0;
}
template <typename A, Result<int> (*kCompare)(Frame&, A, int64_t), Op kOp>
Result<bool> Compare(Frame& frame, A a, int64_t b) {
  ASSIGN_OR_RETURN(const int order, kCompare(frame, a, b));
  return Test<kOp>(order);
}
template <typename A, Result<int> (*kCompare)(Frame&, A, int64_t), Op kOp>
Result<bool> CompareMirrored(Frame& frame, int64_t a, A b) {
  ASSIGN_OR_RETURN(const int order, kCompare(frame, b, a));
  return Test<kOp>(-order);
}
template <typename A, Result<int> (*kCompare)(Frame&, A, int64_t)>
void AddComparisons(FunctionRegistry& r, const View (&keys)[6], const View (&mirrored)[6]) {
  r.Scalar(keys[0], &Strict<&Compare<A, kCompare, Op::kEq>>);
  r.Scalar(keys[1], &Strict<&Compare<A, kCompare, Op::kNe>>);
  r.Scalar(keys[2], &Strict<&Compare<A, kCompare, Op::kLt>>);
  r.Scalar(keys[3], &Strict<&Compare<A, kCompare, Op::kLe>>);
  r.Scalar(keys[4], &Strict<&Compare<A, kCompare, Op::kGt>>);
  r.Scalar(keys[5], &Strict<&Compare<A, kCompare, Op::kGe>>);
  r.Scalar(mirrored[0], &Strict<&CompareMirrored<A, kCompare, Op::kEq>>);
  r.Scalar(mirrored[1], &Strict<&CompareMirrored<A, kCompare, Op::kNe>>);
  r.Scalar(mirrored[2], &Strict<&CompareMirrored<A, kCompare, Op::kLt>>);
  r.Scalar(mirrored[3], &Strict<&CompareMirrored<A, kCompare, Op::kLe>>);
  r.Scalar(mirrored[4], &Strict<&CompareMirrored<A, kCompare, Op::kGt>>);
  r.Scalar(mirrored[5], &Strict<&CompareMirrored<A, kCompare, Op::kGe>>);
}

}  // namespace

void RegisterDateTime(FunctionRegistry& r) {
  r.Scalar("date_pli", &Strict<&DateAddDays>);
  r.Scalar("date_mii", &Strict<&SubtractDays>);
  r.Scalar("date_mi", &Strict<&DateDifference>);
  r.Scalar("date_pl_interval", &Strict<&DateAddInterval>);
  r.Scalar("date_mi_interval", &Strict<&DateSubInterval>);
  r.Scalar("timestamp_pl_interval", &Strict<&TimestampAddInterval>);
  r.Scalar("timestamp_mi_interval", &Strict<&TimestampSubInterval>);
  r.Scalar("timestamptz_pl_interval", &Strict<&TzAddInterval>);
  r.Scalar("timestamptz_mi_interval", &Strict<&TzSubInterval>);
  r.Scalar("timestamp_mi", &Strict<&TimestampDiff>);
  r.Scalar("time_pl_interval", &Strict<&TimeAddInterval>);
  r.Scalar("time_mi_interval", &Strict<&TimeSubInterval>);
  r.Scalar("time_mi_time", &Strict<&TimeDifference>);
  r.Scalar("datetime_timestamp", &Strict<&DateAddTime>);
  r.Scalar("timedate_pl(time,date)",
           StrictOf([](int64_t time, int32_t date) { return DateAddTime(date, time); }));
  r.Scalar("integer_pl_date(int4,date)",
           StrictOf([](int32_t days, int32_t date) { return DateAddDays(date, days); }));
  r.Scalar("interval_pl_date(interval,date)",
           StrictOf([](const Interval& i, int32_t d) { return DateAddInterval(d, i); }));
  r.Scalar("interval_pl_time(interval,time)",
           StrictOf([](const Interval& i, int64_t t) { return TimeAddInterval(t, i); }));
  r.Scalar("interval_pl_timestamp(interval,timestamp)",
           StrictOf([](const Interval& i, int64_t t) { return TimestampAddInterval(t, i); }));
  r.Scalar("interval_pl_timestamptz(interval,timestamptz)",
           StrictOf([](Frame& f, const Interval& i, int64_t t) { return TzAddInterval(f, t, i); }));
  r.Scalar("interval_pl", &Strict<&IntervalAdd>);
  r.Scalar("interval_mi", &Strict<&IntervalSub>);
  r.Scalar("interval_um", &Strict<&IntervalNegate>);
  r.Scalar("interval_mul", &Strict<&IntervalMul>);
  r.Scalar("interval_div", &Strict<&IntervalDiv>);
  r.Scalar("mul_d_interval",
           StrictOf([](double factor, const Interval& i) { return IntervalMul(i, factor); }));
  r.Scalar("interval_justify_hours", &Strict<&JustifyHours>);
  r.Scalar("interval_justify_days", &Strict<&JustifyDays>);
  r.Scalar("interval_justify_interval", &Strict<&JustifyInterval>);

  r.Scalar("timestamptz_zone", &Strict<&ToLocal>);
  r.Scalar("timestamp_zone", &Strict<&FromLocal>);
  r.Scalar("timestamptz_izone", &Strict<&ToLocalInterval>);
  r.Scalar("timestamp_izone", &Strict<&FromLocalInterval>);
  r.Scalar("timestamp_age", &Strict<&TimestampAge>);
  r.Scalar("timestamptz_age", &Strict<&AgeTz>);
  r.Scalar("age(timestamp)", &Strict<&AgeFromToday>);
  r.Scalar("age(timestamptz)", &Strict<&AgeTzFromToday>);
  r.Scalar("date_finite", StrictOf([](int32_t d) { return !IsInfinite(d); }));
  r.Scalar("timestamp_finite", StrictOf([](int64_t t) { return !IsInfinite(t); }));
  r.Scalar("interval_finite", StrictOf([](const Interval&) { return true; }));

  r.Scalar("make_date", &Strict<&MakeDate>);
  r.Scalar("make_time", &Strict<&MakeTime>);
  r.Scalar("make_timestamp", &Strict<&MakeTimestamp>);
  r.Scalar("make_timestamptz", StrictOf([](Frame& f, int32_t y, int32_t mo, int32_t d, int32_t h,
                                           int32_t mi, double s) -> Result<int64_t> {
             ASSIGN_OR_RETURN(const int64_t local, MakeTimestamp(y, mo, d, h, mi, s));
             return TimestampToTimestampTz(local, ZoneOf(f.context));
           }));
  r.Scalar("make_timestamptz_at_timezone",
           StrictOf([](int32_t y, int32_t mo, int32_t d, int32_t h, int32_t mi, double s,
                       View zone) -> Result<int64_t> {
             ASSIGN_OR_RETURN(const int64_t local, MakeTimestamp(y, mo, d, h, mi, s));
             return FromLocal(zone, local);
           }));
  // Any number of the seven arguments; the rest are 0.
  const Kernel make_interval = [](EvalContext&, CallSite&, std::span<const Vector* const> args,
                                  uint32_t rows, Vector& out) -> Status {
    out.ResetFlat(rows);
    for (uint32_t i = 0; i < rows; ++i) {
      int32_t parts[6] = {};
      double seconds = 0;
      bool is_null = false;
      for (size_t k = 0; k < args.size(); ++k) {
        const VectorView view = args[k]->view();
        if (view.IsNull(i)) {
          is_null = true;
        } else if (k < 6) {
          parts[k] = view.Get<int32_t>(i);
        } else {
          seconds = view.Get<double>(i);
        }
      }
      if (is_null) {
        kernels::PutNull(out, i);
        continue;
      }
      ASSIGN_OR_RETURN(
          out.data<IntervalValue>()[i],
          MakeInterval(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], seconds));
    }
    return {};
  };
  r.Scalar("make_interval", make_interval);
  r.Scalar("float8_timestamptz", &Strict<&TimestampFromUnix>);

  AddComparisons<int32_t, CompareDateTz>(
      r,
      {"date_eq_timestamptz", "date_ne_timestamptz", "date_lt_timestamptz", "date_le_timestamptz",
       "date_gt_timestamptz", "date_ge_timestamptz"},
      {"timestamptz_eq_date", "timestamptz_ne_date", "timestamptz_lt_date", "timestamptz_le_date",
       "timestamptz_gt_date", "timestamptz_ge_date"});
  AddComparisons<int64_t, CompareLocalTz>(
      r,
      {"timestamp_eq_timestamptz", "timestamp_ne_timestamptz", "timestamp_lt_timestamptz",
       "timestamp_le_timestamptz", "timestamp_gt_timestamptz", "timestamp_ge_timestamptz"},
      {"timestamptz_eq_timestamp", "timestamptz_ne_timestamp", "timestamptz_lt_timestamp",
       "timestamptz_le_timestamp", "timestamptz_gt_timestamp", "timestamptz_ge_timestamp"});
}

}  // namespace oxibase
