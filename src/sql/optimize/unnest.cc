#include <algorithm>
#include <utility>

#include "expr/function.h"
#include "sql/optimize/expr_tools.h"
#include "sql/optimize/hash_subqueries.h"
#include "sql/optimize/passes.h"
#include "sql/optimize/pull_up.h"
#include "sql/optimize/unnest_scalar.h"

namespace oxibase {
namespace {

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

bool IsChange(const LogicalNode& node) {
  return node.kind == LogicalKind::kInsert || node.kind == LogicalKind::kUpdate ||
         node.kind == LogicalKind::kDelete;
}

class Unnester {
 public:
  Unnester(LogicalPlan& plan, Estimator& estimator)
      : estimator_(estimator), scalars_(plan, estimator), hasher_(plan, estimator) {}

  /// `limited`: only some of the rows below are wanted, nobody knows which; the node's own
  /// expressions then are evaluated for few rows.
  void Visit(LogicalPtr& node, bool limited) {
    ForEachExpr(*node, [this](ExprPtr& expr) { VisitExpr(*expr); });
    const bool passes = node->kind == LogicalKind::kProject || node->kind == LogicalKind::kSort ||
                        node->kind == LogicalKind::kFilter || node->kind == LogicalKind::kLockRows;
    const bool below = node->kind == LogicalKind::kLimit || (passes && limited);
    for (auto& child : node->children) Visit(child, below);
    if (node->kind == LogicalKind::kFilter) {
      VisitFilter(node, limited);
    } else if (node->kind == LogicalKind::kProject && !limited && !IsChange(*node->children[0])) {
      auto& project = static_cast<LogicalProject&>(*node);
      for (auto& expr : project.exprs) {
        if (ContainsSubquery(*expr)) scalars_.Run(expr, project.children[0]);
      }
    }
    Hash(*node, limited);
  }

 private:
  void VisitExpr(Expr& expr) {
    if (expr.kind == ExprKind::kSubquery) {
      auto& subquery = static_cast<SubqueryExpr&>(expr);
      for (auto& operand : subquery.left) VisitExpr(*operand);
      Visit(subquery.plan, false);
      return;
    }
    ForEachChild(expr, [this](ExprPtr& child) { VisitExpr(*child); });
  }

  void VisitFilter(LogicalPtr& node, bool limited) {
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
    if (!limited) {
      for (auto& expr : rest) scalars_.Run(expr, input);
    }
    filter.predicate = AndAll(std::move(rest));
    if (!filter.predicate) node = std::move(filter.children[0]);
  }

  /// What is left in the node's expressions.
  void Hash(LogicalNode& node, bool limited) {
    double rows = 1;
    for (const auto& child : node.children) rows = std::max(rows, estimator_.Rows(*child));
    if (limited) rows = std::min(rows, kLimitedRows);
    const bool is_condition = node.kind == LogicalKind::kFilter;
    ForEachExpr(node, [&](ExprPtr& expr) {
      if (ContainsSubquery(*expr)) hasher_.Run(expr, rows, is_condition);
    });
  }

  /// A guess for those that are looked at below a LIMIT.
  static constexpr double kLimitedRows = 100;

  Estimator& estimator_;
  ScalarUnnester scalars_;
  SubqueryHasher hasher_;
};

}  // namespace

void UnnestSubqueries(LogicalPlan& plan, Estimator& estimator) {
  Unnester(plan, estimator).Visit(plan.root, false);
}

}  // namespace oxibase
