#include <algorithm>
#include <utility>

#include "expr/function.h"
#include "sql/optimize/expr_tools.h"
#include "sql/optimize/passes.h"

namespace oxibase {
namespace {

/// Moves the correlated conjuncts of a subquery's plan to `pulled`, as far as that leaves its rows'
/// existence unchanged once they are tested in the join's condition instead. Variables they need
/// are handed up through projections. False if correlation is left where it cannot be moved.
bool PullUp(LogicalPtr& node, std::vector<ExprPtr>* pulled) {
  switch (node->kind) {
    case LogicalKind::kFilter: {
      auto& filter = static_cast<LogicalFilter&>(*node);
      if (!PullUp(filter.children[0], pulled)) return false;
      VarSet produced;
      CollectProduced(*filter.children[0], &produced);
      std::vector<ExprPtr> conjuncts, kept;
      SplitConjuncts(std::move(filter.predicate), &conjuncts);
      for (auto& expr : conjuncts) {
        VarSet vars;
        CollectVars(*expr, &vars);
        if (ContainsSubquery(*expr)) {
          // Its own variables are not this plan's: ask for what is free in it alone.
          const bool correlated = [&] {
            LogicalFilter probe;
            probe.predicate = std::move(expr);
            const VarSet free = FreeVars(probe);
            expr = std::move(probe.predicate);
            return !IsSubset(free, produced);
          }();
          if (correlated) return false;
          kept.push_back(std::move(expr));
          continue;
        }
        (IsSubset(vars, produced) ? kept : *pulled).push_back(std::move(expr));
      }
      filter.predicate = AndAll(std::move(kept));
      if (!filter.predicate) node = std::move(filter.children[0]);
      return true;
    }
    case LogicalKind::kProject: {
      auto& project = static_cast<LogicalProject&>(*node);
      const size_t before = pulled->size();
      if (!PullUp(project.children[0], pulled)) return false;
      VarSet below, have;
      CollectOutput(*project.children[0], &below);
      for (const auto& column : project.output) have.insert(column.var);
      for (size_t i = before; i < pulled->size(); ++i) {
        VarSet vars;
        CollectVars(*(*pulled)[i], &vars);
        for (const VarId var : vars) {
          if (!below.contains(var) || !have.insert(var).second) continue;
          const std::function<const OutputColumn*(const LogicalNode&)> find =
              [&](const LogicalNode& n) -> const OutputColumn* {
            for (const auto& column : n.output) {
              if (column.var == var) return &column;
            }
            for (const auto& child : n.children) {
              if (const OutputColumn* found = find(*child)) return found;
            }
            return nullptr;
          };
          const OutputColumn* column = find(*project.children[0]);
          if (!column) return false;
          project.exprs.push_back(std::make_unique<ColumnExpr>(var, column->type, column->name));
          project.output.push_back(*column);
        }
      }
      return true;
    }
    case LogicalKind::kSort:
      // The order of rows does not matter to existence.
      if (!PullUp(node->children[0], pulled)) return false;
      node = std::move(node->children[0]);
      return true;
    case LogicalKind::kJoin: {
      auto& join = static_cast<LogicalJoin&>(*node);
      if (join.type != JoinType::kInner || join.lateral) return FreeVars(join).empty();
      if (!PullUp(join.children[0], pulled) || !PullUp(join.children[1], pulled)) return false;
      return true;  // what is correlated in its own condition shows in the caller's last check
    }
    default:
      return true;
  }
}

/// Makes `join` of left and the subquery's plan, or gives the plan back unchanged in meaning.
bool TryJoin(LogicalPtr& left, SubqueryExpr& subquery, JoinType type) {
  VarSet left_vars;
  CollectOutput(*left, &left_vars);
  LogicalPtr plan = Clone(*subquery.plan);
  std::vector<ExprPtr> condition;
  if (type != JoinType::kNullAwareAnti && !PullUp(plan, &condition)) return false;
  if (Intersects(FreeVars(*plan), left_vars)) return false;
  for (size_t i = 0; i < subquery.left.size(); ++i) {
    const OutputColumn& column = plan->output[i];
    std::vector<ExprPtr> args;
    args.push_back(Clone(*subquery.left[i]));
    args.push_back(std::make_unique<ColumnExpr>(column.var, column.type, column.name));
    condition.push_back(std::make_unique<CallExpr>(*subquery.comparisons[i], TypeId::kBool,
                                                   std::move(args), CallExpr::Syntax::kOperator));
  }
  if (type == JoinType::kNullAwareAnti && condition.size() != 1) return false;
  for (const auto& expr : condition) {
    if (ContainsSubquery(*expr)) return false;
  }
  // Of the subquery's columns only those that the condition reads matter.
  if (plan->kind == LogicalKind::kProject) {
    auto& project = static_cast<LogicalProject&>(*plan);
    VarSet used;
    for (const auto& expr : condition) CollectVars(*expr, &used);
    for (size_t i = project.exprs.size(); i-- > 0;) {
      const auto at = static_cast<std::ptrdiff_t>(i);
      if (used.contains(project.output[i].var) || IsVolatile(*project.exprs[i])) continue;
      project.exprs.erase(project.exprs.begin() + at);
      project.output.erase(project.output.begin() + at);
    }
  }
  auto join = std::make_unique<LogicalJoin>();
  join->type = type;
  join->output = left->output;
  join->condition = AndAll(std::move(condition));
  join->children.push_back(std::move(left));
  join->children.push_back(std::move(plan));
  left = std::move(join);
  return true;
}

bool AllNamed(const SubqueryExpr& subquery, std::string_view name) {
  return std::all_of(subquery.comparisons.begin(), subquery.comparisons.end(),
                     [&](const Function* f) { return f->name == name; });
}

/// Tries to make a join of one conjunct; false leaves everything as it was.
bool UnnestConjunct(const Expr& conjunct, LogicalPtr& input) {
  const Expr* expr = &conjunct;
  bool negated = false;
  while (expr->kind == ExprKind::kNot) {
    negated = !negated;
    expr = static_cast<const BoolExpr&>(*expr).args[0].get();
  }
  if (expr->kind != ExprKind::kSubquery) return false;
  ExprPtr copy = Clone(*expr);
  auto& subquery = static_cast<SubqueryExpr&>(*copy);
  switch (subquery.subquery_kind) {
    case SubqueryKind::kExists:
      return TryJoin(input, subquery, negated ? JoinType::kAnti : JoinType::kSemi);
    case SubqueryKind::kAny:
      if (!AllNamed(subquery, "=")) return false;
      return TryJoin(input, subquery, negated ? JoinType::kNullAwareAnti : JoinType::kSemi);
    default:
      return false;
  }
}

void UnnestNode(LogicalPtr& node);

void UnnestExpr(Expr& expr) {
  if (expr.kind == ExprKind::kSubquery) {
    auto& subquery = static_cast<SubqueryExpr&>(expr);
    for (auto& operand : subquery.left) UnnestExpr(*operand);
    UnnestNode(subquery.plan);
    return;
  }
  ForEachChild(expr, [](ExprPtr& child) { UnnestExpr(*child); });
}

void UnnestNode(LogicalPtr& node) {
  ForEachExpr(*node, [](ExprPtr& expr) { UnnestExpr(*expr); });
  for (auto& child : node->children) UnnestNode(child);
  if (node->kind != LogicalKind::kFilter) return;
  auto& filter = static_cast<LogicalFilter&>(*node);
  if (!ContainsSubquery(*filter.predicate)) return;
  std::vector<ExprPtr> conjuncts, kept, joined;
  SplitConjuncts(std::move(filter.predicate), &conjuncts);
  // What is no subquery goes first, below the joins: fewer rows to look up.
  for (auto& expr : conjuncts) {
    (ContainsSubquery(*expr) ? joined : kept).push_back(std::move(expr));
  }
  LogicalPtr& input = filter.children[0];
  if (!kept.empty()) {
    auto below = std::make_unique<LogicalFilter>();
    below->output = filter.output;
    below->predicate = AndAll(std::move(kept));
    below->children.push_back(std::move(input));
    input = std::move(below);
  }
  std::vector<ExprPtr> rest;
  for (auto& expr : joined) {
    if (!UnnestConjunct(*expr, input)) rest.push_back(std::move(expr));
  }
  filter.predicate = AndAll(std::move(rest));
  if (!filter.predicate) node = std::move(filter.children[0]);
}

}  // namespace

void UnnestSubqueries(LogicalPlan& plan) { UnnestNode(plan.root); }

}  // namespace oxibase
