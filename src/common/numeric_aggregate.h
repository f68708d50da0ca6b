#pragma once
// Running sums of numerics, for sum, avg, variance and stddev.

#include <cstdint>
#include <memory>

#include "common/numeric.h"

namespace oxibase {

/// Adds numerics exactly: in 128 bits at one scale while that lasts, in arbitrary precision
/// beyond. Values may be taken out again (moving window frames). Not thread-safe.
class NumericSum {
 public:
  void Add(const Numeric& value) { Accumulate(value, false); }
  void Subtract(const Numeric& value) { Accumulate(value, true); }
  /// Adds all that `other` has seen.
  void Merge(const NumericSum& other);

  int64_t count() const { return count_; }
  /// sum(): REQUIRES count() > 0
  Status Sum(Numeric* out) const;
  /// avg(): REQUIRES count() > 0
  Status Average(Numeric* out) const;

 private:
  friend class NumericVariance;
  void Accumulate(const Numeric& value, bool subtract);
  void AccumulateSlow(const Numeric& value, bool subtract);

  __int128 sum_ = 0;   // times 10^-dscale_
  Numeric big_;        // further part, once sum_ no longer sufficed
  int64_t count_ = 0;  // all values, special ones included
  int64_t nans_ = 0;
  int64_t pos_infs_ = 0;
  int64_t neg_infs_ = 0;
  int32_t dscale_ = 0;
};

/// Sum and sum of squares: var_pop, var_samp, stddev_pop, stddev_samp over numerics and integers.
class NumericVariance {
 public:
  void Add(const Numeric& value);
  void Subtract(const Numeric& value);
  void Merge(const NumericVariance& other);
  int64_t count() const { return sum_.count(); }

  enum class Kind : uint8_t { kVarPop, kVarSamp, kStddevPop, kStddevSamp };
  /// False when the result is NULL (too few values).
  Result<bool> Finish(Kind kind, Numeric* out) const;

 private:
  NumericSum sum_;
  NumericSum squares_;
};

/// sum(bigint), avg(integer types): `sum` of `count` integers. REQUIRES: count > 0
Status AverageOfIntegers(__int128 sum, int64_t count, Numeric* out);

}  // namespace oxibase
