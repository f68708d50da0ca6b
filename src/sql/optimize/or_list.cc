#include "sql/optimize/or_list.h"

#include "common/array.h"
#include "expr/function.h"
#include "sql/optimize/expr_tools.h"

namespace oxibase {
namespace {

bool IsFixed(const Expr& expr) {
  return expr.kind == ExprKind::kConstant || expr.kind == ExprKind::kParam;
}

/// The side of `x = value` that is no value; null if `expr` is none such.
const ExprPtr* ComparedSide(const Expr& expr, const ExprPtr** value) {
  const Comparison comparison = AsComparison(expr);
  if (comparison.op != Comparison::Op::kEqual) return nullptr;
  const auto& args = comparison.call->args;
  // Turned round it is the same function only if both sides have one type.
  const bool turned = IsFixed(*args[0]) && args[0]->type.id == args[1]->type.id;
  *value = &args[turned ? 0 : 1];
  return IsFixed(***value) && !IsFixed(*args[turned ? 1 : 0]) ? &args[turned ? 1 : 0] : nullptr;
}

}  // namespace

ExprPtr OrAsAny(ExprPtr expr) {
  if (!expr || expr->kind != ExprKind::kOr) return expr;
  const auto& choices = static_cast<const BoolExpr&>(*expr).args;
  const Expr* compared = nullptr;
  const Function* function = nullptr;
  TypeId element = TypeId::kInvalid;
  std::vector<const ExprPtr*> values;
  bool constant = true;
  for (const ExprPtr& choice : choices) {
    const ExprPtr* value = nullptr;
    const ExprPtr* side = ComparedSide(*choice, &value);
    if (!side || IsVolatile(**side) || ContainsSubquery(**side)) return expr;
    const Function* equals = static_cast<const CallExpr&>(*choice).function;
    if (!compared) {
      compared = side->get();
      function = equals;
      element = (*value)->type.id;
    } else if (equals != function || (*value)->type.id != element || !Equal(*compared, **side)) {
      return expr;
    }
    constant = constant && (*value)->kind == ExprKind::kConstant;
    values.push_back(value);
  }
  const TypeId array_type = ArrayTypeOf(element);
  if (array_type == TypeId::kInvalid) return expr;
  ExprPtr array;
  if (constant) {
    ArrayBuilder builder(element);
    for (const ExprPtr* value : values) {
      builder.AddValue(static_cast<const ConstantExpr&>(**value).value);
    }
    std::string bytes;
    builder.Finish(&bytes);
    array = std::make_unique<ConstantExpr>(Value::String(array_type, std::move(bytes)));
  } else {
    std::vector<ExprPtr> elements;
    for (const ExprPtr* value : values) elements.push_back(Clone(**value));
    array = std::make_unique<ArrayExpr>(Type(array_type), std::move(elements));
  }
  return std::make_unique<AnyAllExpr>(*function, false, Clone(*compared), std::move(array));
}

}  // namespace oxibase
