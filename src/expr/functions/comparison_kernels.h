#pragma once
// Comparison of two vectors, as a vector of booleans and as a selection. An Order says what types
// it compares and how: `Eq(a, b)` and `Lt(a, b)`.

#include <cmath>
#include <span>
#include <type_traits>

#include "expr/function.h"

namespace oxibase {

enum class ComparisonOp : uint8_t { kEq, kNe, kLt, kLe, kGt, kGe };

template <typename A, typename B>
struct NumberOrder {
  using Left = A;
  using Right = B;
  static constexpr bool kFloat = std::is_floating_point_v<A>;
  using Wide = std::common_type_t<A, B>;
  static bool Eq(A a, B b) {
    if constexpr (kFloat) {  // NaN equals NaN and is greater than any number
      return a == b || (std::isnan(a) && std::isnan(b));
    } else {
      return static_cast<Wide>(a) == static_cast<Wide>(b);
    }
  }
  static bool Lt(A a, B b) {
    if constexpr (kFloat) {
      return a < b || (std::isnan(b) && !std::isnan(a));
    } else {
      return static_cast<Wide>(a) < static_cast<Wide>(b);
    }
  }
  static bool Le(A a, B b) {
    if constexpr (kFloat) {
      return a <= b || std::isnan(b);
    } else {
      return static_cast<Wide>(a) <= static_cast<Wide>(b);
    }
  }
};

template <typename Order, ComparisonOp kOp>
struct Comparison {
  using A = typename Order::Left;
  using B = typename Order::Right;

  static bool Test(const A& a, const B& b) {
    if constexpr (kOp == ComparisonOp::kEq) return Order::Eq(a, b);
    if constexpr (kOp == ComparisonOp::kNe) return !Order::Eq(a, b);
    if constexpr (kOp == ComparisonOp::kLt) return Order::Lt(a, b);
    if constexpr (kOp == ComparisonOp::kLe) return Order::Le(a, b);
    if constexpr (kOp == ComparisonOp::kGt) return !Order::Le(a, b);
    if constexpr (kOp == ComparisonOp::kGe) return !Order::Lt(a, b);
  }

  static Status Run(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                    Vector& out) {
    out.ResetFlat(rows);
    const VectorView a = args[0]->view();
    const VectorView b = args[1]->view();
    auto* result = out.data<uint8_t>();
    if (a.validity->all_valid() && b.validity->all_valid()) {
      if (args[0]->is_flat() && args[1]->is_constant()) {
        const B constant = b.Get<B>(0);
        const A* values = a.data<A>();
        for (uint32_t i = 0; i < rows; ++i) result[i] = Test(values[i], constant);
      } else {
        for (uint32_t i = 0; i < rows; ++i) result[i] = Test(a.Get<A>(i), b.Get<B>(i));
      }
      return {};
    }
    for (uint32_t i = 0; i < rows; ++i) {
      const bool is_null = a.IsNull(i) || b.IsNull(i);
      result[i] = is_null ? 0 : Test(a.Get<A>(i), b.Get<B>(i));
      if (is_null) out.validity().SetNull(i);
    }
    return {};
  }

  static Status Select(EvalContext&, CallSite&, std::span<const Vector* const> args,
                       const uint32_t* sel, uint32_t rows, uint32_t* out, uint32_t* count) {
    const VectorView a = args[0]->view();
    const VectorView b = args[1]->view();
    uint32_t n = 0;
    if (args[0]->is_flat() && args[1]->is_constant()) {
      if (b.IsNull(0)) {
        *count = 0;
        return {};
      }
      const B constant = b.Get<B>(0);
      const A* values = a.data<A>();
      if (a.validity->all_valid()) {
        // Without a branch on the values: the loop's speed does not hang on how many pass.
        if (!sel) {
          for (uint32_t i = 0; i < rows; ++i) {
            out[n] = i;
            n += Test(values[i], constant);
          }
        } else {
          for (uint32_t i = 0; i < rows; ++i) {
            const uint32_t row = sel[i];
            out[n] = row;
            n += Test(values[row], constant);
          }
        }
        *count = n;
        return {};
      }
    }
    const bool nulls = !a.validity->all_valid() || !b.validity->all_valid();
    for (uint32_t i = 0; i < rows; ++i) {
      const uint32_t row = sel ? sel[i] : i;
      if (nulls && (a.IsNull(row) || b.IsNull(row))) continue;
      out[n] = row;
      n += Test(a.Get<A>(row), b.Get<B>(row));
    }
    *count = n;
    return {};
  }
};

}  // namespace oxibase
