#include "sql/optimize/hash_subqueries.h"

#include <algorithm>
#include <utility>

#include "expr/function.h"
#include "expr/hash.h"
#include "sql/optimize/correlation.h"
#include "sql/optimize/expr_tools.h"
#include "sql/optimize/pull_up.h"

namespace oxibase {
namespace {

std::vector<ExprPtr> CloneAll(const std::vector<ExprPtr>& exprs) {
  std::vector<ExprPtr> copies;
  for (const ExprPtr& expr : exprs) copies.push_back(Clone(*expr));
  return copies;
}

ExprPtr IsNull(const Expr& expr, bool negated) {
  return std::make_unique<IsNullExpr>(Clone(expr), negated);
}

ExprPtr Constant(Value value) { return std::make_unique<ConstantExpr>(std::move(value)); }

LogicalPtr Filtered(LogicalPtr input, ExprPtr predicate) {
  auto filter = std::make_unique<LogicalFilter>();
  filter->output = input->output;
  filter->predicate = std::move(predicate);
  filter->children.push_back(std::move(input));
  return filter;
}

/// A second copy of such a plan would make the same CTE again.
bool MayBeCopied(const LogicalNode& node) {
  return node.kind != LogicalKind::kCte && node.kind != LogicalKind::kRecursiveCte &&
         std::all_of(node.children.begin(), node.children.end(),
                     [](const LogicalPtr& child) { return MayBeCopied(*child); });
}

bool IsIn(const SubqueryExpr& subquery) {
  return subquery.subquery_kind == SubqueryKind::kAny &&
         std::all_of(subquery.comparisons.begin(), subquery.comparisons.end(),
                     [](const Function* function) { return function->name == "="; });
}

/// The conditions that tie a subquery to its outer row, taken apart.
struct Ties {
  std::vector<ExprPtr> outer, inner;
  /// Over the outer row alone.
  std::vector<ExprPtr> guards;
};

std::optional<Ties> TakeTies(std::vector<ExprPtr> conjuncts, const VarSet& outer_vars,
                             const VarSet& inner_vars) {
  Ties ties;
  for (ExprPtr& conjunct : conjuncts) {
    VarSet vars;
    CollectVars(*conjunct, &vars);
    if (IsSubset(vars, outer_vars) && !ContainsSubquery(*conjunct)) {
      ties.guards.push_back(std::move(conjunct));
      continue;
    }
    std::optional<Correlation> tie = AsCorrelation(*conjunct, outer_vars, inner_vars);
    if (!tie) return {};
    ties.outer.push_back(std::move(tie->outer));
    ties.inner.push_back(std::move(tie->inner));
  }
  if (ties.outer.empty()) return {};
  return ties;
}

}  // namespace

void SubqueryHasher::Run(ExprPtr& expr, double outer_rows, bool is_condition) {
  if (expr->kind == ExprKind::kSubquery) {
    if (ExprPtr replacement =
            Replace(static_cast<const SubqueryExpr&>(*expr), outer_rows, is_condition)) {
      expr = std::move(replacement);
    }
    return;
  }
  const bool passes = expr->kind == ExprKind::kAnd || expr->kind == ExprKind::kOr;
  ForEachChild(*expr, [&](ExprPtr& child) { Run(child, outer_rows, is_condition && passes); });
}

ExprPtr SubqueryHasher::Replace(const SubqueryExpr& subquery, double outer_rows,
                                bool is_condition) {
  const bool exists = subquery.subquery_kind == SubqueryKind::kExists;
  if (!exists && !IsIn(subquery)) return nullptr;
  const VarSet outer_vars = FreeVars(*subquery.plan);
  if (outer_vars.empty() || !CannotFail(*subquery.plan)) return nullptr;
  LogicalPtr rows = Clone(*subquery.plan);
  std::vector<ExprPtr> columns;
  for (size_t i = 0; i < subquery.left.size(); ++i) {
    const OutputColumn& column = rows->output[i];
    columns.push_back(std::make_unique<ColumnExpr>(column.var, column.type, column.name));
  }
  std::vector<ExprPtr> conjuncts;
  if (!PullUp(rows, &conjuncts) || !FreeVars(*rows).empty()) return nullptr;
  VarSet inner_vars;
  CollectOutput(*rows, &inner_vars);
  std::optional<Ties> ties = TakeTies(std::move(conjuncts), outer_vars, inner_vars);
  if (!ties) return nullptr;
  for (const auto& operand : subquery.left) {
    if (ContainsSubquery(*operand) || IsVolatile(*operand)) return nullptr;
  }
  estimator_.Learn(*rows);
  if (!OneRunPays(*rows, ties->inner, ties->outer, outer_rows, estimator_)) return nullptr;

  std::vector<ExprPtr> left = CloneAll(subquery.left);
  std::vector<ExprPtr> all = CloneAll(columns);
  for (const auto& expr : ties->outer) left.push_back(Clone(*expr));
  for (const auto& expr : ties->inner) all.push_back(Clone(*expr));
  ExprPtr result;
  if (exists || is_condition) {
    result = Among(left, all, std::move(rows));
    if (!result) return nullptr;
  } else {
    // No match, yet one row of those tied to the outer one cannot be compared: the answer is NULL.
    if (columns.size() != 1 || !MayBeCopied(*rows)) return nullptr;
    ExprPtr found = Among(left, all, Clone(*rows));
    ExprPtr with_null =
        Among(ties->outer, ties->inner, Filtered(Clone(*rows), IsNull(*columns[0], false)));
    std::vector<ExprPtr> null_left;
    null_left.push_back(IsNull(*subquery.left[0], false));
    null_left.push_back(Among(ties->outer, ties->inner, std::move(rows)));
    if (!found || !with_null || !null_left[1]) return nullptr;
    std::vector<ExprPtr> unknown;
    unknown.push_back(std::move(with_null));
    unknown.push_back(AndAll(std::move(null_left)));
    auto choice = std::make_unique<CaseExpr>(Type(TypeId::kBool));
    choice->branches.push_back({std::move(found), Constant(Value::Bool(true))});
    choice->branches.push_back({std::make_unique<BoolExpr>(ExprKind::kOr, std::move(unknown)),
                                Constant(Value::Null(TypeId::kBool))});
    choice->otherwise = Constant(Value::Bool(false));
    result = std::move(choice);
  }
  if (ties->guards.empty()) return result;
  std::vector<ExprPtr> both;
  for (auto& guard : ties->guards) {
    both.push_back(
        std::make_unique<BooleanTestExpr>(std::move(guard), BooleanTestExpr::Test::kTrue));
  }
  both.push_back(std::move(result));
  return AndAll(std::move(both));
}

ExprPtr SubqueryHasher::Among(const std::vector<ExprPtr>& left, const std::vector<ExprPtr>& columns,
                              LogicalPtr rows) {
  auto subquery = std::make_unique<SubqueryExpr>(SubqueryKind::kAny, TypeId::kBool);
  auto project = std::make_unique<LogicalProject>();
  std::vector<ExprPtr> known, conjuncts;
  for (size_t i = 0; i < left.size(); ++i) {
    ExprPtr outer = Clone(*left[i]), inner = Clone(*columns[i]);
    known.push_back(IsNull(*inner, true));
    conjuncts.push_back(IsNull(*outer, true));
    WidenIntegers(outer, inner);
    if (outer->type.id != inner->type.id || !IsHashable(inner->type.id)) return nullptr;
    const TypeId types[] = {outer->type.id, inner->type.id};
    const Function* equals = FunctionTable::Get().FindExact("=", true, types);
    if (!equals) return nullptr;
    project->output.push_back({plan_.next_var++, inner->type, "key"});
    project->exprs.push_back(std::move(inner));
    subquery->left.push_back(std::move(outer));
    subquery->comparisons.push_back(equals);
  }
  project->children.push_back(Filtered(std::move(rows), AndAll(std::move(known))));
  subquery->plan = std::move(project);
  conjuncts.push_back(std::move(subquery));
  return AndAll(std::move(conjuncts));
}

}  // namespace oxibase
