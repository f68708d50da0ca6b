// + - * / % and unary - over integers and floats, bit operations.

#include <cmath>
#include <limits>

#include "expr/function_registry.h"
#include "expr/functions/arithmetic_kernels.h"

namespace oxibase {
namespace {

template <typename A, typename B, typename R>
struct Operands {
  using Left = A;
  using Right = B;
  using Out = R;
};

template <typename A, typename B, typename R>
struct IntAdd : Operands<A, B, R> {
  static bool Apply(A a, B b, R* r) { return __builtin_add_overflow(a, b, r); }
  static Status Failure(A, B) { return OutOfRange(R{}); }
};
template <typename A, typename B, typename R>
struct IntSub : Operands<A, B, R> {
  static bool Apply(A a, B b, R* r) { return __builtin_sub_overflow(a, b, r); }
  static Status Failure(A, B) { return OutOfRange(R{}); }
};
template <typename A, typename B, typename R>
struct IntMul : Operands<A, B, R> {
  static bool Apply(A a, B b, R* r) { return __builtin_mul_overflow(a, b, r); }
  static Status Failure(A, B) { return OutOfRange(R{}); }
};
template <typename A, typename B, typename R>
struct IntDiv : Operands<A, B, R> {
  static bool Apply(A a, B b, R* r) {
    if (b == 0 || (b == -1 && static_cast<R>(a) == std::numeric_limits<R>::min())) {
      *r = 0;
      return true;
    }
    *r = static_cast<R>(static_cast<R>(a) / static_cast<R>(b));
    return false;
  }
  static Status Failure(A, B b) { return b == 0 ? DivisionByZero() : OutOfRange(R{}); }
};
template <typename A>
struct IntMod : Operands<A, A, A> {
  static bool Apply(A a, A b, A* r) {
    if (b == 0) {
      *r = 0;
      return true;
    }
    *r = b == -1 ? A{0} : static_cast<A>(a % b);
    return false;
  }
  static Status Failure(A, A) { return DivisionByZero(); }
};

template <typename A, typename B, typename R>
struct FloatAdd : Operands<A, B, R> {
  static bool Apply(A a, B b, R* r) {
    *r = static_cast<R>(a) + static_cast<R>(b);
    return std::isinf(*r) && !std::isinf(a) && !std::isinf(b);
  }
  static Status Failure(A, B) { return FloatOverflow(); }
};
template <typename A, typename B, typename R>
struct FloatSub : Operands<A, B, R> {
  static bool Apply(A a, B b, R* r) {
    *r = static_cast<R>(a) - static_cast<R>(b);
    return std::isinf(*r) && !std::isinf(a) && !std::isinf(b);
  }
  static Status Failure(A, B) { return FloatOverflow(); }
};
template <typename A, typename B, typename R>
struct FloatMul : Operands<A, B, R> {
  static bool Apply(A a, B b, R* r) {
    *r = static_cast<R>(a) * static_cast<R>(b);
    return (std::isinf(*r) && !std::isinf(a) && !std::isinf(b)) || (*r == 0 && a != 0 && b != 0);
  }
  static Status Failure(A a, B b) {
    return std::isinf(static_cast<R>(a) * static_cast<R>(b)) ? FloatOverflow() : FloatUnderflow();
  }
};
template <typename A, typename B, typename R>
struct FloatDiv : Operands<A, B, R> {
  static bool Apply(A a, B b, R* r) {
    *r = static_cast<R>(a) / static_cast<R>(b);
    return (b == 0 && !std::isnan(a)) || (std::isinf(*r) && !std::isinf(a)) ||
           (*r == 0 && a != 0 && !std::isinf(b));
  }
  static Status Failure(A a, B b) {
    if (b == 0) return DivisionByZero();
    return std::isinf(static_cast<R>(a) / static_cast<R>(b)) ? FloatOverflow() : FloatUnderflow();
  }
};

template <typename T>
Result<T> Negate(T a) {
  T r;
  if (__builtin_sub_overflow(T{0}, a, &r)) return OutOfRange(T{});
  return r;
}
template <typename T>
T NegateFloat(T a) {
  return -a;
}
template <typename T>
T Plus(T a) {
  return a;
}
template <typename T>
Result<T> Abs(T a) {
  return a < 0 ? Negate(a) : Result<T>(a);
}
template <typename T>
T AbsFloat(T a) {
  return std::fabs(a);
}

template <typename T>
T BitAnd(T a, T b) {
  return a & b;
}
template <typename T>
T BitOr(T a, T b) {
  return a | b;
}
template <typename T>
T BitXor(T a, T b) {
  return a ^ b;
}
template <typename T>
T BitNot(T a) {
  return static_cast<T>(~a);
}
// As the CPU shifts: the count is taken modulo the width.
template <typename T>
T ShiftLeft(T a, int32_t n) {
  constexpr int32_t kMask = sizeof(T) == 8 ? 63 : 31;
  if constexpr (sizeof(T) == 2) return static_cast<T>(static_cast<uint32_t>(a) << (n & kMask));
  return static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) << (n & kMask));
}
template <typename T>
T ShiftRight(T a, int32_t n) {
  constexpr int32_t kMask = sizeof(T) == 8 ? 63 : 31;
  return static_cast<T>(a >> (n & kMask));
}

template <template <typename, typename, typename> class Op>
void AddInteger(FunctionRegistry& r, std::string_view k2, std::string_view k4, std::string_view k8,
                std::string_view k24, std::string_view k42, std::string_view k28,
                std::string_view k82, std::string_view k48, std::string_view k84) {
  using I2 = int16_t;
  using I4 = int32_t;
  using I8 = int64_t;
  r.Scalar(k2, &Checked<Op<I2, I2, I2>>);
  r.Scalar(k4, &Checked<Op<I4, I4, I4>>);
  r.Scalar(k8, &Checked<Op<I8, I8, I8>>);
  r.Scalar(k24, &Checked<Op<I2, I4, I4>>);
  r.Scalar(k42, &Checked<Op<I4, I2, I4>>);
  r.Scalar(k28, &Checked<Op<I2, I8, I8>>);
  r.Scalar(k82, &Checked<Op<I8, I2, I8>>);
  r.Scalar(k48, &Checked<Op<I4, I8, I8>>);
  r.Scalar(k84, &Checked<Op<I8, I4, I8>>);
}

template <template <typename, typename, typename> class Op>
void AddFloat(FunctionRegistry& r, std::string_view k4, std::string_view k8, std::string_view k48,
              std::string_view k84) {
  r.Scalar(k4, &Checked<Op<float, float, float>>);
  r.Scalar(k8, &Checked<Op<double, double, double>>);
  r.Scalar(k48, &Checked<Op<float, double, double>>);
  r.Scalar(k84, &Checked<Op<double, float, double>>);
}

}  // namespace

void RegisterArithmetic(FunctionRegistry& r) {
  AddInteger<IntAdd>(r, "int2pl", "int4pl", "int8pl", "int24pl", "int42pl", "int28pl", "int82pl",
                     "int48pl", "int84pl");
  AddInteger<IntSub>(r, "int2mi", "int4mi", "int8mi", "int24mi", "int42mi", "int28mi", "int82mi",
                     "int48mi", "int84mi");
  AddInteger<IntMul>(r, "int2mul", "int4mul", "int8mul", "int24mul", "int42mul", "int28mul",
                     "int82mul", "int48mul", "int84mul");
  AddInteger<IntDiv>(r, "int2div", "int4div", "int8div", "int24div", "int42div", "int28div",
                     "int82div", "int48div", "int84div");
  r.Scalar("int2mod", &Checked<IntMod<int16_t>>);
  r.Scalar("int4mod", &Checked<IntMod<int32_t>>);
  r.Scalar("int8mod", &Checked<IntMod<int64_t>>);
  AddFloat<FloatAdd>(r, "float4pl", "float8pl", "float48pl", "float84pl");
  AddFloat<FloatSub>(r, "float4mi", "float8mi", "float48mi", "float84mi");
  AddFloat<FloatMul>(r, "float4mul", "float8mul", "float48mul", "float84mul");
  AddFloat<FloatDiv>(r, "float4div", "float8div", "float48div", "float84div");

  r.Scalar("int2um", &Strict<&Negate<int16_t>>);
  r.Scalar("int4um", &Strict<&Negate<int32_t>>);
  r.Scalar("int8um", &Strict<&Negate<int64_t>>);
  r.Scalar("float4um", &Strict<&NegateFloat<float>>);
  r.Scalar("float8um", &Strict<&NegateFloat<double>>);
  r.Scalar("int2up", &Strict<&Plus<int16_t>>);
  r.Scalar("int4up", &Strict<&Plus<int32_t>>);
  r.Scalar("int8up", &Strict<&Plus<int64_t>>);
  r.Scalar("float4up", &Strict<&Plus<float>>);
  r.Scalar("float8up", &Strict<&Plus<double>>);
  r.Scalar("int2abs", &Strict<&Abs<int16_t>>);
  r.Scalar("int4abs", &Strict<&Abs<int32_t>>);
  r.Scalar("int8abs", &Strict<&Abs<int64_t>>);
  r.Scalar("float4abs", &Strict<&AbsFloat<float>>);
  r.Scalar("float8abs", &Strict<&AbsFloat<double>>);

  r.Scalar("int2and", &Strict<&BitAnd<int16_t>>);
  r.Scalar("int4and", &Strict<&BitAnd<int32_t>>);
  r.Scalar("int8and", &Strict<&BitAnd<int64_t>>);
  r.Scalar("int2or", &Strict<&BitOr<int16_t>>);
  r.Scalar("int4or", &Strict<&BitOr<int32_t>>);
  r.Scalar("int8or", &Strict<&BitOr<int64_t>>);
  r.Scalar("int2xor", &Strict<&BitXor<int16_t>>);
  r.Scalar("int4xor", &Strict<&BitXor<int32_t>>);
  r.Scalar("int8xor", &Strict<&BitXor<int64_t>>);
  r.Scalar("int2not", &Strict<&BitNot<int16_t>>);
  r.Scalar("int4not", &Strict<&BitNot<int32_t>>);
  r.Scalar("int8not", &Strict<&BitNot<int64_t>>);
  r.Scalar("int2shl", &Strict<&ShiftLeft<int16_t>>);
  r.Scalar("int4shl", &Strict<&ShiftLeft<int32_t>>);
  r.Scalar("int8shl", &Strict<&ShiftLeft<int64_t>>);
  r.Scalar("int2shr", &Strict<&ShiftRight<int16_t>>);
  r.Scalar("int4shr", &Strict<&ShiftRight<int32_t>>);
  r.Scalar("int8shr", &Strict<&ShiftRight<int64_t>>);
}

}  // namespace oxibase
