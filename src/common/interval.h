#pragma once
// Arithmetic of intervals: months, days and microseconds, which do not convert into each other
// except where justify_* and comparisons say so (months of 30 days, days of 24 hours).

#include <cstdint>

#include "common/status.h"
#include "common/types.h"

namespace oxibase {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
inline constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
inline constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;

/// Its length in microseconds with months of 30 days: what comparison goes by.
inline __int128 IntervalSpan(const IntervalValue& i) {
  return (static_cast<__int128>(i.months) * 30 + i.days) * kMicrosPerDay + i.micros;
}
inline int CompareIntervals(const IntervalValue& a, const IntervalValue& b) {
  const __int128 x = IntervalSpan(a);
  const __int128 y = IntervalSpan(b);
  return x < y ? -1 : x > y;
}

// All of these fail with 22008 "interval out of range" when a part does not fit.
Result<IntervalValue> IntervalAdd(const IntervalValue& a, const IntervalValue& b);
Result<IntervalValue> IntervalSub(const IntervalValue& a, const IntervalValue& b);
Result<IntervalValue> IntervalNegate(const IntervalValue& i);
/// Fractions of months spill to days and of days to time, as in PostgreSQL.
Result<IntervalValue> IntervalMul(const IntervalValue& i, double factor);
/// 22012 when the divisor is 0.
Result<IntervalValue> IntervalDiv(const IntervalValue& i, double divisor);
Result<IntervalValue> JustifyHours(IntervalValue i);
Result<IntervalValue> JustifyDays(IntervalValue i);
Result<IntervalValue> JustifyInterval(IntervalValue i);

}  // namespace oxibase
