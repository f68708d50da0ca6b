// Mathematics over double precision; random().

#include <openssl/rand.h>

#include <cmath>
#include <cstdlib>
#include <numbers>

#include "expr/function_registry.h"
#include "expr/functions/arithmetic_kernels.h"
#include "expr/kernels.h"
#include "expr/random_state.h"

namespace oxibase {
namespace {

using View = std::string_view;

Status InputOutOfRange() {
  return Error(ErrorCode::kNumericValueOutOfRange, "input is out of range");
}

Result<double> InRange(double result, bool may_be_infinite, bool may_be_zero) {
  if (std::isinf(result) && !may_be_infinite) return FloatOverflow();
  if (result == 0 && !may_be_zero) return FloatUnderflow();
  return result;
}

Result<double> Sqrt(double a) {
  if (a < 0) {
    return Error(ErrorCode::kInvalidArgumentForPowerFunction,
                 "cannot take square root of a negative number");
  }
  return std::sqrt(a);
}
Result<double> Power(double a, double b) {
  if (std::isnan(a)) return b == 0 ? 1.0 : a;
  if (std::isnan(b)) return a == 1 ? 1.0 : b;
  if (a == 0 && b < 0) {
    return Error(ErrorCode::kInvalidArgumentForPowerFunction,
                 "zero raised to a negative power is undefined");
  }
  if (a < 0 && std::floor(b) != b && !std::isinf(b)) {
    return Error(ErrorCode::kInvalidArgumentForPowerFunction,
                 "a negative number raised to a non-integer power yields a complex result");
  }
  const double result = std::pow(a, b);
  return InRange(result, std::isinf(a) || std::isinf(b), a == 0 || std::isinf(a) || std::isinf(b));
}
Result<double> Exp(double a) { return InRange(std::exp(a), std::isinf(a), std::isinf(a)); }
Status LogDomain(double a) {
  return a == 0 ? Error(ErrorCode::kInvalidArgumentForLogarithm, "cannot take logarithm of zero")
                : Error(ErrorCode::kInvalidArgumentForLogarithm,
                        "cannot take logarithm of a negative number");
}
Result<double> Ln(double a) {
  if (a <= 0) return LogDomain(a);
  return std::log(a);
}
Result<double> Log10(double a) {
  if (a <= 0) return LogDomain(a);
  return std::log10(a);
}
double Sign(double a) { return a > 0 ? 1.0 : a < 0 ? -1.0 : 0.0; }
double Trunc(double a) { return a >= 0 ? std::floor(a) : -std::floor(-a); }

template <double (*kFunction)(double)>
Result<double> Finite(double a) {
  if (std::isinf(a)) return InputOutOfRange();
  return kFunction(a);
}
template <double (*kFunction)(double)>
Result<double> WithinOne(double a) {
  if (a < -1 || a > 1) return InputOutOfRange();
  return kFunction(a);
}
double Cot(double a) { return 1.0 / std::tan(a); }

// In degrees, exact at multiples of 30 and 45 where the true value is a short decimal: each is
// scaled by what the library says at those points, as PostgreSQL does. The constants are volatile
// so that the compiler computes them as the library would at run time.
constexpr double kRadians = std::numbers::pi / 180;
volatile double degree_30 = 30, degree_60 = 60, one = 1, half = 0.5;

double SinTo30(double degrees) {
  return std::sin(degrees * kRadians) / std::sin(degree_30 * kRadians) / 2;
}
double CosTo60(double degrees) {
  const double scale = 1 - std::cos(degree_60 * kRadians);
  return 1 - (1 - std::cos(degrees * kRadians)) / scale / 2;
}
double SinOfQuadrant(double degrees) {  // 0..90
  return degrees <= 30 ? SinTo30(degrees) : CosTo60(90 - degrees);
}
double CosOfQuadrant(double degrees) {
  return degrees <= 60 ? CosTo60(degrees) : SinTo30(90 - degrees);
}
double SinDegrees(double a) {
  double sign = 1;
  a = std::fmod(a, 360);
  if (a < 0) {
    a = -a;
    sign = -sign;
  }
  if (a > 180) {
    a = 360 - a;
    sign = -sign;
  }
  if (a > 90) a = 180 - a;
  return sign * SinOfQuadrant(a);
}
double CosDegrees(double a) {
  double sign = 1;
  a = std::fabs(std::fmod(a, 360));
  if (a > 180) a = 360 - a;
  if (a > 90) {
    a = 180 - a;
    sign = -sign;
  }
  return sign * CosOfQuadrant(a);
}
double TanOf45() { return SinOfQuadrant(45) / CosOfQuadrant(45); }
double TanDegrees(double a) {
  double sign = 1;
  a = std::fmod(a, 360);
  if (a < 0) {
    a = -a;
    sign = -sign;
  }
  if (a > 180) {
    a = 360 - a;
    sign = -sign;
  }
  if (a > 90) {
    a = 180 - a;
    sign = -sign;
  }
  const double result = sign * (SinOfQuadrant(a) / CosOfQuadrant(a) / TanOf45());
  return result == 0 ? 0 : result;
}
double CotDegrees(double a) {
  double sign = 1;
  a = std::fmod(a, 360);
  if (a < 0) {
    a = -a;
    sign = -sign;
  }
  if (a > 180) {
    a = 360 - a;
    sign = -sign;
  }
  if (a > 90) {
    a = 180 - a;
    sign = -sign;
  }
  const double result = sign * (CosOfQuadrant(a) / SinOfQuadrant(a) * TanOf45());
  return result == 0 ? 0 : result;
}
double ToDegrees(double radians) { return radians / kRadians; }
double AsinOfQuadrant(double a) {  // 0..1
  return a <= 0.5 ? std::asin(a) / std::asin(half) * 30 : 90 - std::acos(a) / std::acos(half) * 60;
}
double AcosOfQuadrant(double a) {
  return a <= 0.5 ? 90 - std::asin(a) / std::asin(half) * 30 : std::acos(a) / std::acos(half) * 60;
}
double AsinDegrees(double a) { return a >= 0 ? AsinOfQuadrant(a) : -AsinOfQuadrant(-a); }
double AcosDegrees(double a) { return a >= 0 ? AcosOfQuadrant(a) : 90 + AsinOfQuadrant(-a); }
double AtanDegrees(double a) { return std::atan(a) / std::atan(one) * 45; }
double Atan2Degrees(double y, double x) { return std::atan2(y, x) / std::atan(one) * 45; }
Result<double> Degrees(double a) { return InRange(ToDegrees(a), std::isinf(a), true); }
double Radians(double a) { return a * (std::numbers::pi / 180); }
Result<double> Cosh(double a) { return std::cosh(a); }  // infinity when it is too large
Result<double> Sinh(double a) { return std::sinh(a); }
Result<double> Acosh(double a) {
  if (a < 1) return InputOutOfRange();
  return std::acosh(a);
}
Result<double> Atanh(double a) {
  if (a < -1 || a > 1) return InputOutOfRange();
  return std::atanh(a);
}

Status SeedFromSystem(RandomState& state) {
  uint64_t seed = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&seed), sizeof seed) != 1) {
    return Error(ErrorCode::kSystemError, "could not generate random values");
  }
  state.Seed(seed);
  return {};
}

Status Random(EvalContext& context, CallSite&, std::span<const Vector* const>, uint32_t rows,
              Vector& out) {
  out.ResetFlat(rows);
  RandomState own;
  RandomState& state = context.random ? *context.random : own;
  if (!state.is_seeded()) RETURN_IF_ERROR(SeedFromSystem(state));
  for (uint32_t i = 0; i < rows; ++i) out.data<double>()[i] = state.NextDouble();
  return {};
}

Result<View> SetSeed(Frame& frame, double seed) {
  if (!frame.context.random) {
    return Error(ErrorCode::kFeatureNotSupported, "setseed() cannot be used here");
  }
  if (seed < -1 || seed > 1 || std::isnan(seed)) {
    return Error(ErrorCode::kInvalidParameterValue,
                 "setseed parameter {} is out of allowed range [-1,1]", seed);
  }
  frame.context.random->Seed(seed);
  return View();
}

}  // namespace

void RegisterMathFloat(FunctionRegistry& r) {
  r.Scalar("dsqrt", &Strict<&Sqrt>);
  r.Scalar("dcbrt", StrictOf([](double a) { return std::cbrt(a); }));
  r.Scalar("dpow", &Strict<&Power>);
  r.Scalar("dexp", &Strict<&Exp>);
  r.Scalar("dlog1", &Strict<&Ln>);
  r.Scalar("dlog10", &Strict<&Log10>);
  r.Scalar("dround", StrictOf([](double a) { return std::rint(a); }));
  r.Scalar("dtrunc", &Strict<&Trunc>);
  r.Scalar("dceil", StrictOf([](double a) { return std::ceil(a); }));
  r.Scalar("dfloor", StrictOf([](double a) { return std::floor(a); }));
  r.Scalar("dsign", &Strict<&Sign>);
  r.Scalar("dpi", StrictOf([]() { return std::numbers::pi; }));
  r.Scalar("degrees", &Strict<&Degrees>);
  r.Scalar("radians", &Strict<&Radians>);
  r.Scalar("dsin", &Strict<&Finite<static_cast<double (*)(double)>(std::sin)>>);
  r.Scalar("dcos", &Strict<&Finite<static_cast<double (*)(double)>(std::cos)>>);
  r.Scalar("dtan", &Strict<&Finite<static_cast<double (*)(double)>(std::tan)>>);
  r.Scalar("dcot", &Strict<&Finite<Cot>>);
  r.Scalar("dasin", &Strict<&WithinOne<static_cast<double (*)(double)>(std::asin)>>);
  r.Scalar("dacos", &Strict<&WithinOne<static_cast<double (*)(double)>(std::acos)>>);
  r.Scalar("datan", StrictOf([](double a) { return std::atan(a); }));
  r.Scalar("datan2", StrictOf([](double a, double b) { return std::atan2(a, b); }));
  r.Scalar("dsind", &Strict<&Finite<SinDegrees>>);
  r.Scalar("dcosd", &Strict<&Finite<CosDegrees>>);
  r.Scalar("dtand", &Strict<&Finite<TanDegrees>>);
  r.Scalar("dcotd", &Strict<&Finite<CotDegrees>>);
  r.Scalar("dasind", &Strict<&WithinOne<AsinDegrees>>);
  r.Scalar("dacosd", &Strict<&WithinOne<AcosDegrees>>);
  r.Scalar("datand", &Strict<&AtanDegrees>);
  r.Scalar("datan2d", &Strict<&Atan2Degrees>);
  r.Scalar("dsinh", &Strict<&Sinh>);
  r.Scalar("dcosh", &Strict<&Cosh>);
  r.Scalar("dtanh", StrictOf([](double a) { return std::tanh(a); }));
  r.Scalar("dasinh", StrictOf([](double a) { return std::asinh(a); }));
  r.Scalar("dacosh", &Strict<&Acosh>);
  r.Scalar("datanh", &Strict<&Atanh>);
  r.Scalar("drandom", &Random);
  r.Scalar("setseed", &Strict<&SetSeed>);
}

}  // namespace oxibase
