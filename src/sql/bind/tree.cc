// Helpers over bound trees.
#include <algorithm>

#include "sql/bind/query_binder.h"

namespace oxibase::bind {

bool IsUnknownLiteral(const Expr& expr) {
  return expr.kind == ExprKind::kConstant && expr.type.id == TypeId::kUnknown;
}

bool IsNullConstant(const Expr& expr) {
  return expr.kind == ExprKind::kConstant && static_cast<const ConstantExpr&>(expr).value.is_null();
}

std::string NameOfExpr(const Expr& expr) {
  return expr.kind == ExprKind::kColumn ? static_cast<const ColumnExpr&>(expr).name : "?column?";
}

RowExpr* AsRow(Expr& expr) {
  return expr.kind == ExprKind::kRow ? static_cast<RowExpr*>(&expr) : nullptr;
}

std::unique_ptr<ColumnExpr> RefTo(const OutputColumn& column) {
  return std::make_unique<ColumnExpr>(column.var, column.type, column.name);
}

std::unique_ptr<LogicalProject> PassThrough(LogicalPtr child) {
  auto project = std::make_unique<LogicalProject>();
  project->output = child->output;
  for (const OutputColumn& column : child->output) project->exprs.push_back(RefTo(column));
  project->children.push_back(std::move(child));
  return project;
}

void ForEachVar(const Expr& expr, const std::function<void(const ColumnExpr&)>& visit) {
  if (expr.kind == ExprKind::kColumn) visit(static_cast<const ColumnExpr&>(expr));
  if (expr.kind == ExprKind::kSubquery) {
    ForEachVar(*static_cast<const SubqueryExpr&>(expr).plan, visit);
  }
  ForEachChild(expr, [&](const Expr& child) { ForEachVar(child, visit); });
}

void ForEachVar(const LogicalNode& node, const std::function<void(const ColumnExpr&)>& visit) {
  ForEachExpr(node, [&](const Expr& expr) { ForEachVar(expr, visit); });
  for (const LogicalPtr& child : node.children) ForEachVar(*child, visit);
}

bool HasVars(const Expr& expr) {
  bool found = false;
  ForEachVar(expr, [&](const ColumnExpr&) { found = true; });
  return found;
}

bool RefersTo(const LogicalNode& plan, const std::vector<OutputColumn>& columns) {
  bool found = false;
  ForEachVar(plan, [&](const ColumnExpr& column) {
    if (found) return;
    found = std::any_of(columns.begin(), columns.end(),
                        [&](const OutputColumn& c) { return c.var == column.index; });
  });
  return found;
}

bool IsVolatileWithin(const Expr& expr) {
  if (IsVolatile(expr)) return true;
  bool found = expr.kind == ExprKind::kSubquery &&
               IsVolatilePlan(*static_cast<const SubqueryExpr&>(expr).plan);
  ForEachChild(expr, [&](const Expr& child) { found = found || IsVolatileWithin(child); });
  return found;
}

bool IsVolatilePlan(const LogicalNode& plan) {
  if (plan.kind == LogicalKind::kLockRows) return true;
  bool found = false;
  ForEachExpr(plan, [&](const Expr& expr) { found = found || IsVolatileWithin(expr); });
  for (const LogicalPtr& child : plan.children) found = found || IsVolatilePlan(*child);
  return found;
}

}  // namespace oxibase::bind
