#pragma once
// Arithmetic that can overflow, in loops that look at the overflow once at their end.

#include <span>

#include "common/status.h"
#include "expr/function.h"
#include "expr/kernels.h"

namespace oxibase {

/// `Op::Apply(a, b, &r)` returns true when the result does not fit; `Op::Failure(a, b)` is the
/// error then. Rows with NULL are not computed.
template <typename Op>
Status Checked(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
               Vector& out) {
  using A = typename Op::Left;
  using B = typename Op::Right;
  using R = typename Op::Out;
  out.ResetFlat(rows);
  const VectorView a = args[0]->view();
  const VectorView b = args[1]->view();
  R* result = out.data<R>();
  if (a.validity->all_valid() && b.validity->all_valid()) {
    bool failed = false;
    if (args[0]->is_flat() && args[1]->is_flat()) {
      const A* x = a.data<A>();
      const B* y = b.data<B>();
      for (uint32_t i = 0; i < rows; ++i) failed |= Op::Apply(x[i], y[i], &result[i]);
    } else if (args[0]->is_flat() && args[1]->is_constant()) {
      const A* x = a.data<A>();
      const B y = b.Get<B>(0);
      for (uint32_t i = 0; i < rows; ++i) failed |= Op::Apply(x[i], y, &result[i]);
    } else {
      for (uint32_t i = 0; i < rows; ++i) {
        failed |= Op::Apply(a.Get<A>(i), b.Get<B>(i), &result[i]);
      }
    }
    if (!failed) [[likely]]
      return {};
    for (uint32_t i = 0; i < rows; ++i) {
      if (Op::Apply(a.Get<A>(i), b.Get<B>(i), &result[i])) {
        return Op::Failure(a.Get<A>(i), b.Get<B>(i));
      }
    }
  }
  for (uint32_t i = 0; i < rows; ++i) {
    if (a.IsNull(i) || b.IsNull(i)) {
      kernels::PutNull(out, i);
    } else if (Op::Apply(a.Get<A>(i), b.Get<B>(i), &result[i])) {
      return Op::Failure(a.Get<A>(i), b.Get<B>(i));
    }
  }
  return {};
}

inline Status OutOfRange(int16_t) {
  return Error(ErrorCode::kNumericValueOutOfRange, "smallint out of range");
}
inline Status OutOfRange(int32_t) {
  return Error(ErrorCode::kNumericValueOutOfRange, "integer out of range");
}
inline Status OutOfRange(int64_t) {
  return Error(ErrorCode::kNumericValueOutOfRange, "bigint out of range");
}
inline Status FloatOverflow() {
  return Error(ErrorCode::kNumericValueOutOfRange, "value out of range: overflow");
}
inline Status FloatUnderflow() {
  return Error(ErrorCode::kNumericValueOutOfRange, "value out of range: underflow");
}
inline Status DivisionByZero() { return Error(ErrorCode::kDivisionByZero, "division by zero"); }

}  // namespace oxibase
