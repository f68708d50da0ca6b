#include "sql/optimize/unnest_scalar.h"

#include <utility>

#include "expr/function.h"
#include "sql/optimize/correlation.h"
#include "sql/optimize/expr_tools.h"
#include "sql/optimize/pull_up.h"

namespace oxibase {
namespace {

/// The answer over no rows, if it is not NULL.
bool IsCount(const AggregateExpr& call) {
  return call.function->name == "count" || call.function->name == "regr_count";
}

}  // namespace

void ScalarUnnester::Run(ExprPtr& expr, LogicalPtr& input) {
  if (expr->kind == ExprKind::kSubquery) {
    auto& subquery = static_cast<SubqueryExpr&>(*expr);
    if (subquery.subquery_kind != SubqueryKind::kScalar) return;
    if (ExprPtr replacement = Replace(*subquery.plan, input)) expr = std::move(replacement);
    return;
  }
  ForEachChild(*expr, [&](ExprPtr& child) { Run(child, input); });
}

ExprPtr ScalarUnnester::Replace(const LogicalNode& subquery, LogicalPtr& input) {
  const LogicalNode* top = &subquery;
  ExprPtr result;
  if (top->kind == LogicalKind::kProject) {
    const auto& project = static_cast<const LogicalProject&>(*top);
    if (project.exprs.size() != 1 || ContainsSubquery(*project.exprs[0])) return nullptr;
    result = Clone(*project.exprs[0]);
    top = top->children[0].get();
  }
  if (top->kind != LogicalKind::kAggregate || !CannotFail(*top) ||
      (result && IsVolatile(*result))) {
    return nullptr;
  }
  LogicalPtr node = Clone(*top);
  auto& aggregate = static_cast<LogicalAggregate&>(*node);
  if (!aggregate.keys.empty() || !aggregate.grouping_sets.empty() ||
      !aggregate.grouping_calls.empty() || aggregate.aggregates.empty()) {
    return nullptr;
  }
  for (const auto& call : aggregate.aggregates) {
    if (call->within_group) return nullptr;
  }
  if (!result) {
    const OutputColumn& column = aggregate.output[0];
    result = std::make_unique<ColumnExpr>(column.var, column.type, column.name);
  }
  std::vector<ExprPtr> conjuncts;
  if (!PullUp(aggregate.children[0], &conjuncts) || conjuncts.empty()) return nullptr;
  VarSet outer_vars, inner_vars;
  CollectOutput(*input, &outer_vars);
  CollectOutput(*aggregate.children[0], &inner_vars);
  std::vector<ExprPtr> outer, equalities;
  std::vector<OutputColumn> key_columns;
  for (const ExprPtr& conjunct : conjuncts) {
    std::optional<Correlation> correlation = AsCorrelation(*conjunct, outer_vars, inner_vars);
    if (!correlation) return nullptr;
    const VarId var = plan_.next_var++;
    key_columns.push_back({var, correlation->inner->type, "key"});
    std::vector<ExprPtr> sides;
    sides.push_back(Clone(*correlation->outer));
    sides.push_back(std::make_unique<ColumnExpr>(var, correlation->inner->type, "key"));
    if (correlation->inner_first) std::swap(sides[0], sides[1]);
    equalities.push_back(std::make_unique<CallExpr>(*correlation->call->function, TypeId::kBool,
                                                    std::move(sides), CallExpr::Syntax::kOperator));
    aggregate.keys.push_back(std::move(correlation->inner));
    outer.push_back(std::move(correlation->outer));
  }
  aggregate.output.insert(aggregate.output.begin(), key_columns.begin(), key_columns.end());
  if (Intersects(FreeVars(aggregate), outer_vars)) return nullptr;
  estimator_.Learn(aggregate);
  if (!OneRunPays(*aggregate.children[0], aggregate.keys, outer, estimator_.Rows(*input),
                  estimator_)) {
    return nullptr;
  }

  // An outer row without a group has an aggregate over no rows.
  const size_t first = key_columns.size();
  ReplaceVars(result, [&](VarId var) -> ExprPtr {
    for (size_t i = 0; i < aggregate.aggregates.size(); ++i) {
      const OutputColumn& column = aggregate.output[first + i];
      if (column.var != var || !IsCount(*aggregate.aggregates[i])) continue;
      std::vector<ExprPtr> args;
      args.push_back(std::make_unique<ColumnExpr>(column.var, column.type, column.name));
      args.push_back(std::make_unique<ConstantExpr>(Value::Int8(0)));
      return std::make_unique<CoalesceExpr>(column.type, std::move(args));
    }
    return nullptr;
  });
  auto join = std::make_unique<LogicalJoin>();
  join->type = JoinType::kLeft;
  join->output = input->output;
  join->output.insert(join->output.end(), aggregate.output.begin(), aggregate.output.end());
  join->condition = AndAll(std::move(equalities));
  join->children.push_back(std::move(input));
  join->children.push_back(std::move(node));
  input = std::move(join);
  return result;
}

}  // namespace oxibase
