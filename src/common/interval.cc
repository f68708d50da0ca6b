#include "common/interval.h"

#include <cmath>

#include "common/datetime_internal.h"

namespace oxibase {
namespace {

constexpr double kDaysPerMonth = 30.0;
constexpr double kSecondsPerDay = 86400.0;

/// Rounds to microseconds, so that products of doubles do not show their tails.
double RoundMicros(double value) { return std::rint(value * 1e6) / 1e6; }

bool FitsInt32(double value) { return value >= INT32_MIN && value <= INT32_MAX; }
bool FitsInt64(double value) {
  return value >= -9.223372036854775808e18 && value < 9.223372036854775807e18;
}

bool AddTo(int32_t* part, int64_t value) {
  const int64_t sum = *part + value;
  *part = static_cast<int32_t>(sum);
  return sum == *part;
}

/// The fraction of the months flows into days, that of the days into time.
Result<IntervalValue> Spread(double months, double days, double micros) {
  IntervalValue result;
  if (std::isnan(months) || !FitsInt32(months) || !FitsInt32(days)) return IntervalOutOfRange();
  result.months = static_cast<int32_t>(months);
  result.days = static_cast<int32_t>(days);
  double month_remainder_days = RoundMicros((months - result.months) * kDaysPerMonth);
  double second_remainder =
      RoundMicros((days - result.days + month_remainder_days - std::trunc(month_remainder_days)) *
                  kSecondsPerDay);
  // Half a day and half a day make a whole one.
  if (std::fabs(second_remainder) >= kSecondsPerDay) {
    if (!AddTo(&result.days, static_cast<int64_t>(second_remainder / kSecondsPerDay))) {
      return IntervalOutOfRange();
    }
    second_remainder -= static_cast<int>(second_remainder / kSecondsPerDay) * kSecondsPerDay;
  }
  if (!AddTo(&result.days, static_cast<int64_t>(month_remainder_days))) return IntervalOutOfRange();
  const double total = std::rint(micros + second_remainder * 1e6);
  if (!FitsInt64(total)) return IntervalOutOfRange();
  result.micros = static_cast<int64_t>(total);
  return result;
}

}  // namespace

Result<IntervalValue> IntervalAdd(const IntervalValue& a, const IntervalValue& b) {
  IntervalValue result;
  if (__builtin_add_overflow(a.micros, b.micros, &result.micros) ||
      __builtin_add_overflow(a.days, b.days, &result.days) ||
      __builtin_add_overflow(a.months, b.months, &result.months)) {
    return IntervalOutOfRange();
  }
  return result;
}

Result<IntervalValue> IntervalSub(const IntervalValue& a, const IntervalValue& b) {
  IntervalValue result;
  if (__builtin_sub_overflow(a.micros, b.micros, &result.micros) ||
      __builtin_sub_overflow(a.days, b.days, &result.days) ||
      __builtin_sub_overflow(a.months, b.months, &result.months)) {
    return IntervalOutOfRange();
  }
  return result;
}

Result<IntervalValue> IntervalNegate(const IntervalValue& i) { return IntervalSub({}, i); }

Result<IntervalValue> IntervalMul(const IntervalValue& i, double factor) {
  if (std::isnan(factor)) return IntervalOutOfRange();
  return Spread(i.months * factor, i.days * factor, static_cast<double>(i.micros) * factor);
}

Result<IntervalValue> IntervalDiv(const IntervalValue& i, double divisor) {
  if (divisor == 0) return Error(ErrorCode::kDivisionByZero, "division by zero");
  return Spread(i.months / divisor, i.days / divisor, static_cast<double>(i.micros) / divisor);
}

Result<IntervalValue> JustifyHours(IntervalValue i) {
  const int64_t whole_days = i.micros / kMicrosPerDay;
  i.micros -= whole_days * kMicrosPerDay;
  if (!AddTo(&i.days, whole_days)) return IntervalOutOfRange();
  if (i.days > 0 && i.micros < 0) {
    i.micros += kMicrosPerDay;
    --i.days;
  } else if (i.days < 0 && i.micros > 0) {
    i.micros -= kMicrosPerDay;
    ++i.days;
  }
  return i;
}

Result<IntervalValue> JustifyDays(IntervalValue i) {
  const int32_t whole_months = i.days / 30;
  i.days -= whole_months * 30;
  if (!AddTo(&i.months, whole_months)) return IntervalOutOfRange();
  if (i.months > 0 && i.days < 0) {
    i.days += 30;
    --i.months;
  } else if (i.months < 0 && i.days > 0) {
    i.days -= 30;
    ++i.months;
  }
  return i;
}

Result<IntervalValue> JustifyInterval(IntervalValue i) {
  // Pre-justify days where that avoids an overflow when time is added.
  if ((i.days > 0 && i.micros > 0) || (i.days < 0 && i.micros < 0)) {
    const int32_t whole_months = i.days / 30;
    i.days -= whole_months * 30;
    if (!AddTo(&i.months, whole_months)) return IntervalOutOfRange();
  }
  const int64_t whole_days = i.micros / kMicrosPerDay;
  i.micros -= whole_days * kMicrosPerDay;
  if (!AddTo(&i.days, whole_days)) return IntervalOutOfRange();
  const int32_t whole_months = i.days / 30;
  i.days -= whole_months * 30;
  if (!AddTo(&i.months, whole_months)) return IntervalOutOfRange();
  if (i.months > 0 && (i.days < 0 || (i.days == 0 && i.micros < 0))) {
    i.days += 30;
    --i.months;
  } else if (i.months < 0 && (i.days > 0 || (i.days == 0 && i.micros > 0))) {
    i.days -= 30;
    ++i.months;
  }
  if (i.days > 0 && i.micros < 0) {
    i.micros += kMicrosPerDay;
    --i.days;
  } else if (i.days < 0 && i.micros > 0) {
    i.micros -= kMicrosPerDay;
    ++i.days;
  }
  return i;
}

}  // namespace oxibase
