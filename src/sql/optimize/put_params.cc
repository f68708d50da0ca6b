// Puts the values of parameters into a plan, which then is good for them alone.
#include "sql/optimize/passes.h"

namespace oxibase {
namespace {

void PutIn(ExprPtr& expr, std::span<const Value> values) {
  if (expr->kind == ExprKind::kParam) {
    const uint32_t index = static_cast<const ParamExpr&>(*expr).index;
    if (index >= values.size() || values[index].type().id != expr->type.id) return;
    auto constant = std::make_unique<ConstantExpr>(values[index]);
    constant->type = expr->type;
    constant->location = expr->location;
    expr = std::move(constant);
    return;
  }
  if (expr->kind == ExprKind::kSubquery) {
    auto& subquery = static_cast<SubqueryExpr&>(*expr);
    for (auto& operand : subquery.left) PutIn(operand, values);
    PutParams(*subquery.plan, values);
    return;
  }
  ForEachChild(*expr, [&](ExprPtr& child) { PutIn(child, values); });
}

}  // namespace

void PutParams(LogicalNode& node, std::span<const Value> values) {
  ForEachExpr(node, [&](ExprPtr& expr) { PutIn(expr, values); });
  for (auto& child : node.children) PutParams(*child, values);
}

}  // namespace oxibase
