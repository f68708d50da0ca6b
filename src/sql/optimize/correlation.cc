#include "sql/optimize/correlation.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "expr/function.h"
#include "sql/optimize/access_path.h"

namespace oxibase {
namespace {

/// All groups are in memory at once, which running the subquery again and again did not need.
constexpr double kGroupsMax = 2e6;
/// Of starting a subquery once more.
constexpr double kSubplanCost = 10;

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

/// Whether the expression has a value for every row.
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

/// Whether two different values of one type never equal the same value of the other.
bool TellsApart(TypeId a, TypeId b) { return a == b || (IsInteger(a) && IsInteger(b)); }

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

bool CannotFail(const LogicalNode& node) {
  bool all = true;
  ForEachExpr(node, [&](const Expr& expr) { all = all && CannotFail(expr); });
  for (const auto& child : node.children) all = all && CannotFail(*child);
  return all;
}

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

bool OneRunPays(const LogicalNode& rows, const std::vector<ExprPtr>& keys,
                const std::vector<ExprPtr>& outer, double outer_rows, const Estimator& estimator) {
  const double read = RowsRead(rows, estimator);
  const auto distinct = [&](const std::vector<ExprPtr>& exprs, double most) {
    double values = 1;
    for (const ExprPtr& expr : exprs) {
      const double known = expr->kind == ExprKind::kColumn
                               ? estimator.Distinct(static_cast<const ColumnExpr&>(*expr).index)
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
