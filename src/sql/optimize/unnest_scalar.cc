#include "sql/optimize/unnest_scalar.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "expr/function.h"
#include "sql/optimize/access_path.h"
#include "sql/optimize/expr_tools.h"
#include "sql/optimize/pull_up.h"

namespace oxibase {
namespace {

/// All groups are in memory at once, which running the subquery again and again did not need.
constexpr double kGroupsMax = 2e6;
/// Of starting a subquery once more.
constexpr double kSubplanCost = 10;

bool IsInteger(TypeId id) {
  return id == TypeId::kInt2 || id == TypeId::kInt4 || id == TypeId::kInt8;
}

bool IsText(TypeId id) {
  return id == TypeId::kText || id == TypeId::kVarchar || id == TypeId::kBpChar;
}

template <size_t N>
bool IsOneOf(std::string_view name, const std::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// Whether the call, of arguments that have values, has one too.
bool CallCannotFail(const CallExpr& call) {
  static constexpr std::string_view kComparisons[] = {"=",  "<>", "<",   "<=",  ">",
                                                      ">=", "~~", "!~~", "~~*", "!~~*"};
  static constexpr std::string_view kArithmetic[] = {"+", "-", "*"};
  static constexpr std::string_view kFunctions[] = {"lower", "upper", "length"};
  const std::string_view name = call.function->name;
  const bool exact = call.type.id == TypeId::kNumeric && call.type.typmod < 0;
  if (call.syntax == CallExpr::Syntax::kOperator) {
    return IsOneOf(name, kComparisons) || (exact && IsOneOf(name, kArithmetic));
  }
  if (call.args.size() == 1) {
    const TypeId from = call.args[0]->type.id;
    const TypeId to = call.type.id;
    if (IsText(from) && IsText(to) && call.syntax != CallExpr::Syntax::kFunction) return true;
    if (IsInteger(from) && (exact || to == TypeId::kInt8 || to == TypeId::kFloat8)) return true;
  }
  return call.syntax == CallExpr::Syntax::kFunction && IsOneOf(name, kFunctions);
}

/// Whether the expression has a value for every row. Groups that no outer row asks for are computed
/// too, and must not fail the statement.
bool CannotFail(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kColumn:
    case ExprKind::kConstant:
    case ExprKind::kParam:
      return true;
    case ExprKind::kCall:
      if (!CallCannotFail(static_cast<const CallExpr&>(expr))) return false;
      break;
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
    case ExprKind::kIsNull:
    case ExprKind::kBooleanTest:
    case ExprKind::kIsDistinct:
    case ExprKind::kCase:
    case ExprKind::kCoalesce:
    case ExprKind::kAnyAll:
      break;
    default:
      return false;
  }
  bool all = true;
  ForEachChild(expr, [&](const Expr& child) { all = all && CannotFail(child); });
  return all;
}

/// Whether all that the plan computes can be computed for any rows.
bool CannotFail(const LogicalNode& node) {
  bool all = true;
  ForEachExpr(node, [&](const Expr& expr) { all = all && CannotFail(expr); });
  for (const auto& child : node.children) all = all && CannotFail(*child);
  return all;
}

/// The answer over no rows, if it is not NULL.
bool IsCount(const AggregateExpr& call) {
  return call.function->name == "count" || call.function->name == "regr_count";
}

/// Whether two different values of one type never equal the same value of the other.
bool TellsApart(TypeId a, TypeId b) { return a == b || (IsInteger(a) && IsInteger(b)); }

/// `left = right` with a side over the outer rows and one over the inner.
struct Correlation {
  ExprPtr outer, inner;
  const CallExpr* call = nullptr;
  bool inner_first = false;
};

std::optional<Correlation> AsCorrelation(const Expr& conjunct, const VarSet& outer,
                                         const VarSet& inner) {
  const Comparison comparison = AsComparison(conjunct);
  if (comparison.op != Comparison::Op::kEqual || ContainsSubquery(conjunct)) return {};
  for (const bool inner_first : {false, true}) {
    const Expr& a = *comparison.call->args[inner_first ? 1 : 0];
    const Expr& b = *comparison.call->args[inner_first ? 0 : 1];
    VarSet a_vars, b_vars;
    CollectVars(a, &a_vars);
    CollectVars(b, &b_vars);
    if (a_vars.empty() || b_vars.empty() || !IsSubset(a_vars, outer) || !IsSubset(b_vars, inner) ||
        !TellsApart(a.type.id, b.type.id)) {
      continue;
    }
    return Correlation{Clone(a), Clone(b), comparison.call, inner_first};
  }
  return {};
}

/// Rows of all tables below.
double RowsRead(const LogicalNode& node, const Estimator& estimator) {
  if (node.kind == LogicalKind::kScan) {
    return estimator.TableRows(*static_cast<const LogicalScan&>(node).table);
  }
  double rows = node.children.empty() ? estimator.Rows(node) : 0;
  for (const auto& child : node.children) rows += RowsRead(*child, estimator);
  return rows;
}

/// Whether an index begins with this column.
bool HasIndex(const LogicalNode& node, VarId var) {
  if (node.kind != LogicalKind::kScan) {
    return std::any_of(node.children.begin(), node.children.end(),
                       [&](const LogicalPtr& child) { return HasIndex(*child, var); });
  }
  const auto& scan = static_cast<const LogicalScan&>(node);
  for (size_t i = 0; i < scan.columns.size(); ++i) {
    if (scan.output[i].var != var) continue;
    return std::any_of(scan.table->indexes.begin(), scan.table->indexes.end(),
                       [&](const IndexDef& index) {
                         return !index.predicate && index.columns[0].expression_sql.empty() &&
                                index.columns[0].column == scan.columns[i];
                       });
  }
  return false;
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
  if (!Pays(*aggregate.children[0], aggregate.keys, outer, *input)) return nullptr;

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

bool ScalarUnnester::Pays(const LogicalNode& rows, const std::vector<ExprPtr>& keys,
                          const std::vector<ExprPtr>& outer, const LogicalNode& input) const {
  const double read = RowsRead(rows, estimator_);
  const double outer_rows = estimator_.Rows(input);
  const auto distinct = [&](const std::vector<ExprPtr>& exprs, double most) {
    double values = 1;
    for (const ExprPtr& expr : exprs) {
      const double known = expr->kind == ExprKind::kColumn
                               ? estimator_.Distinct(static_cast<const ColumnExpr&>(*expr).index)
                               : 0;
      values *= known > 0 ? known : most;
    }
    return std::max(1.0, std::min(values, most));
  };
  const double groups = distinct(keys, read);
  if (groups > kGroupsMax) return false;
  const bool indexed = std::any_of(keys.begin(), keys.end(), [&](const ExprPtr& key) {
    return key->kind == ExprKind::kColumn &&
           HasIndex(rows, static_cast<const ColumnExpr&>(*key).index);
  });
  const double once =
      kSubplanCost + (indexed ? kIndexProbeCost + kIndexRowCost * read / groups : read);
  const double grouped = read * 3 + groups * kHashBuildCost + outer_rows * kHashProbeCost;
  return grouped < once * distinct(outer, outer_rows);
}

}  // namespace oxibase
