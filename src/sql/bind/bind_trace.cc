#include "sql/bind/bind_trace.h"

#include <utility>

#include "sql/bind/query_binder.h"

namespace oxibase::bind {

Result<ExprPtr> QueryBinder::BindTraced(const ast::Expr& expr, Level& level) {
  in_trace_ = true;
  ASSIGN_OR_RETURN(ExprPtr bound, BindExpr(expr, level));
  context_.trace->exprs[&expr] = Clone(*bound);
  if (const auto* link = ast::TryAs<ast::SubLink>(&expr)) {
    context_.trace->subqueries[link->location] = link;
  }
  return Result<ExprPtr>(std::move(bound));
}

void QueryBinder::TraceItem(const ast::FromItem& item, RangeEntry& entry, Level& level) {
  entry.traced = true;
  entry.row_var = NewVar(level);
  context_.trace->rows[&item] = entry.row_var;
  auto& columns = context_.trace->columns[&item];
  for (const ScopeColumn& column : entry.columns) {
    const bool is_column = column.expr->kind == ExprKind::kColumn;
    columns.emplace_back(is_column ? static_cast<const ColumnExpr&>(*column.expr).index : 0,
                         column.name);
  }
}

Result<LogicalPtr> QueryBinder::TraceOutput(const ast::SelectStmt& select,
                                            Result<LogicalPtr> plan) {
  if (plan.ok() && is_traced()) {
    auto& names = context_.trace->outputs[&select];
    for (const OutputColumn& column : (*plan)->output) names.push_back(column.name);
  }
  return plan;
}

void QueryBinder::TraceCall(const ast::FuncCall& call, VarId var, const Expr& bound) {
  context_.trace->calls.insert_or_assign(var, BindTrace::Call{&call, Clone(bound)});
}

}  // namespace oxibase::bind
