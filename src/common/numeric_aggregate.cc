#include "common/numeric_aggregate.h"

#include <algorithm>

#include "common/numeric_internal.h"

namespace oxibase {
namespace {

using Access = NumericAccess;

Status DivideByCount(const Numeric& sum, int64_t count, Numeric* out) {
  return Numeric::Div(sum, Numeric::FromInt64(count), out);
}

}  // namespace

void NumericSum::Accumulate(const Numeric& value, bool subtract) {
  count_ += subtract ? -1 : 1;
  if (value.is_finite() && !value.is_big() && value.dscale() == dscale_ &&
      value.magnitude() >> 127 == 0) [[likely]] {
    auto part = static_cast<__int128>(value.magnitude());
    if (Access::Negative(value) != subtract) part = -part;
    __int128 sum;  // on overflow the builtin stores the wrapped value
    if (!__builtin_add_overflow(sum_, part, &sum)) [[likely]] {
      sum_ = sum;
      return;
    }
  }
  AccumulateSlow(value, subtract);
}

void NumericSum::AccumulateSlow(const Numeric& value, bool subtract) {
  const int64_t step = subtract ? -1 : 1;
  if (value.is_nan()) {
    nans_ += step;
    return;
  }
  if (value.is_infinite()) {
    (value.sign() > 0 ? pos_infs_ : neg_infs_) += step;
    return;
  }
  // Move the scale up, or the value's, so that both meet in 128 bits; else count in big_.
  if (value.dscale() > dscale_) {
    const int up = value.dscale() - dscale_;
    __int128 scaled;
    if (up <= kPow10Max - 1 &&
        !__builtin_mul_overflow(sum_, static_cast<__int128>(Pow10(up)), &scaled)) {
      sum_ = scaled;
    } else {
      Numeric::Add(big_, Numeric::FromInt128(sum_, dscale_), &big_)
          .Ignore("sums are checked when they are read");
      sum_ = 0;
    }
    dscale_ = value.dscale();
  }
  if (!value.is_big()) {
    const int up = dscale_ - value.dscale();
    Numeric::U128 magnitude = value.magnitude();
    if (magnitude >> 127 == 0 && up <= kPow10Max &&
        !__builtin_mul_overflow(magnitude, Pow10(up), &magnitude) && magnitude >> 127 == 0) {
      auto part = static_cast<__int128>(magnitude);
      if (Access::Negative(value) != subtract) part = -part;
      __int128 sum;
      if (!__builtin_add_overflow(sum_, part, &sum)) {
        sum_ = sum;
        return;
      }
    }
  }
  if (subtract) {
    Numeric::Sub(big_, value, &big_).Ignore("sums are checked when they are read");
  } else {
    Numeric::Add(big_, value, &big_).Ignore("sums are checked when they are read");
  }
}

void NumericSum::Merge(const NumericSum& other) {
  const int64_t count = count_ + other.count_;
  Accumulate(Numeric::FromInt128(other.sum_, other.dscale_), false);
  Numeric::Add(big_, other.big_, &big_).Ignore("sums are checked when they are read");
  count_ = count;
  nans_ += other.nans_;
  pos_infs_ += other.pos_infs_;
  neg_infs_ += other.neg_infs_;
}

Status NumericSum::Sum(Numeric* out) const {
  if (nans_ > 0 || (pos_infs_ > 0 && neg_infs_ > 0)) {
    *out = Numeric::NaN();
    return {};
  }
  if (pos_infs_ > 0 || neg_infs_ > 0) {
    *out = Numeric::Infinity(neg_infs_ > 0);
    return {};
  }
  const Numeric small = Numeric::FromInt128(sum_, dscale_);
  if (big_.is_zero() && big_.dscale() <= dscale_) {
    *out = small;
    return {};
  }
  return Numeric::Add(big_, small, out);
}

Status NumericSum::Average(Numeric* out) const {
  Numeric sum;
  RETURN_IF_ERROR(Sum(&sum));
  return DivideByCount(sum, count_, out);
}

Status AverageOfIntegers(__int128 sum, int64_t count, Numeric* out) {
  return DivideByCount(Numeric::FromInt128(sum), count, out);
}

void NumericVariance::Add(const Numeric& value) {
  sum_.Add(value);
  Numeric square;
  if (value.is_finite()) {
    Numeric::Mul(value, value, &square).Ignore("a square past the limits fails in Finish");
  }
  squares_.Add(square);
}

void NumericVariance::Subtract(const Numeric& value) {
  sum_.Subtract(value);
  Numeric square;
  if (value.is_finite()) {
    Numeric::Mul(value, value, &square).Ignore("a square past the limits fails in Finish");
  }
  squares_.Subtract(square);
}

void NumericVariance::Merge(const NumericVariance& other) {
  sum_.Merge(other.sum_);
  squares_.Merge(other.squares_);
}

Result<bool> NumericVariance::Finish(Kind kind, Numeric* out) const {
  const bool sample = kind == Kind::kVarSamp || kind == Kind::kStddevSamp;
  const int64_t n = sum_.count();
  if (n <= (sample ? 1 : 0)) return false;
  if (sum_.nans_ > 0 || sum_.pos_infs_ > 0 || sum_.neg_infs_ > 0) {
    *out = Numeric::NaN();
    return true;
  }
  Numeric sum;
  Numeric squares;
  RETURN_IF_ERROR(sum_.Sum(&sum));
  RETURN_IF_ERROR(squares_.Sum(&squares));
  Numeric product;
  RETURN_IF_ERROR(Numeric::Mul(sum, sum, &product));
  RETURN_IF_ERROR(Numeric::Mul(squares, Numeric::FromInt64(n), &squares));
  Numeric numerator;
  RETURN_IF_ERROR(Numeric::Sub(squares, product, &numerator));
  if (numerator.sign() <= 0) {
    *out = Numeric();
    return true;
  }
  Numeric divisor;
  RETURN_IF_ERROR(
      Numeric::Mul(Numeric::FromInt64(n), Numeric::FromInt64(sample ? n - 1 : n), &divisor));
  RETURN_IF_ERROR(Numeric::Div(numerator, divisor, out));
  if (kind == Kind::kStddevPop || kind == Kind::kStddevSamp) {
    // PostgreSQL takes the root at the variance's scale.
    const int scale = out->dscale();
    const int up = 2 * (scale + 1) - scale;
    BigInt root = sqrt(BigInt(Access::Magnitude(*out) * BigPow10(up)));
    root = (root + 5) / 10;
    RETURN_IF_ERROR(MakeResult(std::move(root), scale, out));
  }
  return true;
}

}  // namespace oxibase
