#include "sql/optimize/nullness.h"

#include <algorithm>

#include "expr/function.h"

namespace oxibase {
namespace {

using Test = BooleanTestExpr::Test;

bool AllNull(const std::vector<ExprPtr>& args, const TakenAsNull& taken) {
  return std::all_of(args.begin(), args.end(),
                     [&](const ExprPtr& arg) { return IsNullWhen(*arg, taken); });
}

bool BooleanTestCannotBe(bool value, const BooleanTestExpr& test, const TakenAsNull& taken) {
  switch (test.test) {
    case Test::kTrue:
      return value && CannotBe(true, *test.arg, taken);
    case Test::kNotTrue:
      return !value && CannotBe(true, *test.arg, taken);
    case Test::kFalse:
      return value && CannotBe(false, *test.arg, taken);
    case Test::kNotFalse:
      return !value && CannotBe(false, *test.arg, taken);
    case Test::kUnknown:
      return !value && IsNullWhen(*test.arg, taken);
    case Test::kNotUnknown:
      return value && IsNullWhen(*test.arg, taken);
  }
  return false;
}

}  // namespace

bool IsNullWhen(const Expr& expr, const TakenAsNull& taken) {
  if (taken(expr)) return true;
  switch (expr.kind) {
    case ExprKind::kConstant:
      return static_cast<const ConstantExpr&>(expr).value.is_null();
    case ExprKind::kCall: {
      const auto& call = static_cast<const CallExpr&>(expr);
      return call.function->strict &&
             std::any_of(call.args.begin(), call.args.end(),
                         [&](const ExprPtr& arg) { return IsNullWhen(*arg, taken); });
    }
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
      return AllNull(static_cast<const BoolExpr&>(expr).args, taken);
    case ExprKind::kCoalesce:
      return AllNull(static_cast<const CoalesceExpr&>(expr).args, taken);
    case ExprKind::kAnyAll:
      // A NULL on the left decides nothing: ANY over an empty array is false, ALL is true.
      return IsNullWhen(*static_cast<const AnyAllExpr&>(expr).array, taken);
    default:
      return false;
  }
}

bool CannotBe(bool value, const Expr& expr, const TakenAsNull& taken) {
  switch (expr.kind) {
    case ExprKind::kAnd:
    case ExprKind::kOr: {
      // One operand alone makes AND false and OR true.
      const auto& args = static_cast<const BoolExpr&>(expr).args;
      const auto cannot = [&](const ExprPtr& arg) { return CannotBe(value, *arg, taken); };
      return value == (expr.kind == ExprKind::kAnd) ? std::any_of(args.begin(), args.end(), cannot)
                                                    : std::all_of(args.begin(), args.end(), cannot);
    }
    case ExprKind::kNot:
      return CannotBe(!value, *static_cast<const BoolExpr&>(expr).args[0], taken);
    case ExprKind::kIsNull: {
      const auto& test = static_cast<const IsNullExpr&>(expr);
      return test.negated == value && IsNullWhen(*test.arg, taken);
    }
    case ExprKind::kBooleanTest:
      return BooleanTestCannotBe(value, static_cast<const BooleanTestExpr&>(expr), taken);
    case ExprKind::kAnyAll: {
      const auto& test = static_cast<const AnyAllExpr&>(expr);
      const bool all_unknown = test.comparison->strict && IsNullWhen(*test.left, taken);
      return (all_unknown && test.is_all != value) || IsNullWhen(expr, taken);
    }
    default:
      return IsNullWhen(expr, taken);
  }
}

}  // namespace oxibase
