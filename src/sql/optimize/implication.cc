#include "sql/optimize/implication.h"

#include <algorithm>

#include "expr/evaluator.h"
#include "expr/function.h"
#include "sql/optimize/expr_tools.h"
#include "sql/optimize/nullness.h"

namespace oxibase {
namespace {

using Op = Comparison::Op;

/// `expression op constant`, whichever side the constant was written on.
struct Bound {
  const Expr* expr = nullptr;
  Op op = Op::kNone;
  const Value* value = nullptr;
};

Bound AsBound(const Expr& expr) {
  const Comparison comparison = AsComparison(expr);
  if (comparison.op == Op::kNone) return {};
  for (const bool flipped : {false, true}) {
    const Expr& constant = *comparison.call->args[flipped ? 0 : 1];
    if (constant.kind != ExprKind::kConstant) continue;
    const Value& value = static_cast<const ConstantExpr&>(constant).value;
    if (value.is_null()) return {};
    return {comparison.call->args[flipped ? 1 : 0].get(),
            flipped ? Flip(comparison.op) : comparison.op, &value};
  }
  return {};
}

std::string_view NameOf(Op op) {
  switch (op) {
    case Op::kEqual:
      return "=";
    case Op::kLess:
      return "<";
    case Op::kLessEqual:
      return "<=";
    case Op::kGreater:
      return ">";
    case Op::kGreaterEqual:
      return ">=";
    default:
      return {};
  }
}

/// `a op b`, false when it cannot be told.
bool Holds(const Value& a, Op op, const Value& b) {
  const TypeId types[] = {a.type().id, b.type().id};
  const Function* function = FunctionTable::Get().FindExact(NameOf(op), true, types);
  if (!function) return false;
  std::vector<ExprPtr> args;
  args.push_back(std::make_unique<ConstantExpr>(a));
  args.push_back(std::make_unique<ConstantExpr>(b));
  const CallExpr call(*function, TypeId::kBool, std::move(args), CallExpr::Syntax::kOperator);
  Result<Evaluator> evaluator = Evaluator::Compile(call);
  if (!evaluator.ok()) return false;
  EvalContext context;
  const Result<Value> value = evaluator->EvaluateScalar(context);
  return value.ok() && !value->is_null() && value->AsBool();
}

bool BoundImplies(const Bound& fact, const Bound& claim) {
  if (!Equal(*fact.expr, *claim.expr)) return false;
  const bool fact_below = fact.op == Op::kLess || fact.op == Op::kLessEqual;
  const bool fact_above = fact.op == Op::kGreater || fact.op == Op::kGreaterEqual;
  switch (claim.op) {
    case Op::kEqual:
      return fact.op == Op::kEqual && Holds(*fact.value, Op::kEqual, *claim.value);
    case Op::kLess:
      if (fact.op == Op::kLess) return Holds(*fact.value, Op::kLessEqual, *claim.value);
      return (fact_below || fact.op == Op::kEqual) && Holds(*fact.value, Op::kLess, *claim.value);
    case Op::kGreater:
      if (fact.op == Op::kGreater) return Holds(*fact.value, Op::kGreaterEqual, *claim.value);
      return (fact_above || fact.op == Op::kEqual) &&
             Holds(*fact.value, Op::kGreater, *claim.value);
    case Op::kLessEqual:
      return (fact_below || fact.op == Op::kEqual) &&
             Holds(*fact.value, Op::kLessEqual, *claim.value);
    case Op::kGreaterEqual:
      return (fact_above || fact.op == Op::kEqual) &&
             Holds(*fact.value, Op::kGreaterEqual, *claim.value);
    default:
      return false;
  }
}

bool FactImplies(const Expr& fact, const Expr& claim) {
  if (Equal(fact, claim)) return true;
  if (claim.kind == ExprKind::kIsNull) {
    const auto& test = static_cast<const IsNullExpr&>(claim);
    return test.negated && !test.of_row &&
           CannotBe(true, fact, [&](const Expr& expr) { return Equal(expr, *test.arg); });
  }
  const Bound fact_bound = AsBound(fact);
  const Bound claim_bound = AsBound(claim);
  return fact_bound.expr && claim_bound.expr && BoundImplies(fact_bound, claim_bound);
}

/// Puts parameters in the place of what facts say is equal to them.
void ReplaceEqual(ExprPtr& expr, std::span<const Expr* const> facts) {
  for (const Expr* fact : facts) {
    const Comparison comparison = AsComparison(*fact);
    if (comparison.op != Op::kEqual) continue;
    for (const bool flipped : {false, true}) {
      const Expr& side = *comparison.call->args[flipped ? 1 : 0];
      const Expr& param = *comparison.call->args[flipped ? 0 : 1];
      if (param.kind != ExprKind::kParam || side.type.id != param.type.id || !Equal(side, *expr)) {
        continue;
      }
      expr = Clone(param);
      return;
    }
  }
  ForEachChild(*expr, [&](ExprPtr& child) { ReplaceEqual(child, facts); });
}

}  // namespace

ExprPtr ParameterCondition(std::span<const Expr* const> facts, const Expr& claim) {
  std::vector<ExprPtr> parts, conditions;
  SplitConjuncts(Clone(claim), &parts);
  for (ExprPtr& part : parts) {
    if (Implies(facts, *part)) continue;
    if (ContainsSubquery(*part) || IsVolatile(*part)) return nullptr;
    ReplaceEqual(part, facts);
    VarSet left;
    CollectVars(*part, &left);
    if (!left.empty()) return nullptr;
    conditions.push_back(std::move(part));
  }
  return AndAll(std::move(conditions));
}

bool Implies(std::span<const Expr* const> facts, const Expr& claim) {
  if (claim.kind == ExprKind::kAnd || claim.kind == ExprKind::kOr) {
    const auto& args = static_cast<const BoolExpr&>(claim).args;
    const auto implied = [&](const ExprPtr& arg) { return Implies(facts, *arg); };
    if (claim.kind == ExprKind::kAnd) return std::all_of(args.begin(), args.end(), implied);
    if (std::any_of(args.begin(), args.end(), implied)) return true;
  }
  return std::any_of(facts.begin(), facts.end(),
                     [&](const Expr* fact) { return FactImplies(*fact, claim); });
}

}  // namespace oxibase
