#include "sql/optimize/estimator.h"

#include <algorithm>
#include <cmath>

#include "expr/function.h"
#include "expr/functions/utf8.h"
#include "sql/optimize/expr_tools.h"
#include "sql/optimize/text_prefix.h"

namespace oxibase {
namespace {

// PostgreSQL's defaults (src/include/utils/selfuncs.h names the same questions).
constexpr double kRowsDefault = 1000;
constexpr double kDistinctDefault = 200;
constexpr double kRangeDefault = 1.0 / 3;
constexpr double kPatternDefault = 0.05;
constexpr double kPrefixCharacter = 0.2;
constexpr double kPrefixMin = 0.005;
constexpr double kPredicateDefault = 0.25;
constexpr double kFunctionRowsDefault = 1000;
constexpr double kRecursionFactor = 10;

std::optional<double> AsNumber(const Value& value) {
  if (value.is_null()) return {};
  switch (PhysicalTypeOf(value.type())) {
    case PhysicalType::kInt16:
      return value.As<int16_t>();
    case PhysicalType::kInt32:
      return value.As<int32_t>();
    case PhysicalType::kInt64:
      return static_cast<double>(value.As<int64_t>());
    case PhysicalType::kFloat32:
      return value.As<float>();
    case PhysicalType::kFloat64:
      return value.As<double>();
    default:
      return {};
  }
}

double ConstantLimit(const ExprPtr& expr, double otherwise) {
  if (!expr) return otherwise;
  if (expr->kind == ExprKind::kConstant) {
    if (auto n = AsNumber(static_cast<const ConstantExpr&>(*expr).value)) return *n;
  }
  return std::min(otherwise, 100.0);
}

}  // namespace

void Estimator::Learn(const LogicalNode& node) {
  if (node.kind == LogicalKind::kScan) {
    const auto& scan = static_cast<const LogicalScan&>(node);
    for (size_t i = 0; i < scan.columns.size(); ++i) {
      origins_[scan.output[i].var] = {scan.table, scan.columns[i]};
    }
  }
  for (const auto& child : node.children) Learn(*child);
}

double Estimator::TableRows(const TableDef& table) const {
  if (!statistics_ || table.virtual_table) return kRowsDefault;
  return std::max(1.0, statistics_->Rows(table));
}

double Estimator::Distinct(const TableDef& table, ColumnId column) const {
  const double rows = TableRows(table);
  for (const auto& index : table.indexes) {
    if (index.unique && index.columns.size() == 1 && index.columns[0].column == column &&
        index.predicate_sql.empty()) {
      return rows;
    }
  }
  if (const ColumnDef* def = table.FindColumn(column); def && def->type.id == TypeId::kBool) {
    return 2;
  }
  const ColumnStatistics* stats = statistics_ ? statistics_->Column(table, column) : nullptr;
  if (stats && stats->distinct > 0) return std::min(rows, stats->distinct);
  return std::min(rows, kDistinctDefault);
}

double Estimator::KnownDistinct(const TableDef& table, ColumnId column) const {
  const ColumnStatistics* stats = statistics_ ? statistics_->Column(table, column) : nullptr;
  return stats ? stats->distinct : 0;
}

double Estimator::Distinct(VarId var) const {
  const auto it = origins_.find(var);
  return it == origins_.end() ? 0 : Distinct(*it->second.table, it->second.column);
}

double Estimator::RangeSelectivity(const Expr& column, const Expr& bound, bool below) const {
  if (column.kind != ExprKind::kColumn || bound.kind != ExprKind::kConstant) return kRangeDefault;
  const auto it = origins_.find(static_cast<const ColumnExpr&>(column).index);
  if (it == origins_.end() || !statistics_) return kRangeDefault;
  const ColumnStatistics* stats = statistics_->Column(*it->second.table, it->second.column);
  if (!stats || !stats->min || !stats->max) return kRangeDefault;
  const auto low = AsNumber(*stats->min), high = AsNumber(*stats->max);
  const auto at = AsNumber(static_cast<const ConstantExpr&>(bound).value);
  if (!low || !high || !at || *high <= *low) return kRangeDefault;
  const double part = std::clamp((*at - *low) / (*high - *low), 0.001, 1.0);
  return below ? part : std::clamp(1 - part, 0.001, 1.0);
}

double Estimator::SelectivityOf(const PrefixMatch& match) const {
  double distinct = 0;
  if (match.subject->kind == ExprKind::kColumn) {
    distinct = Distinct(static_cast<const ColumnExpr&>(*match.subject).index);
  }
  const double one = 1 / (distinct > 0 ? distinct : kDistinctDefault);
  if (match.prefix.is_whole) return one;
  const double part =
      std::pow(kPrefixCharacter, static_cast<double>(utf8::Length(match.prefix.text)));
  return std::max({part, kPrefixMin, one});
}

double Estimator::Selectivity(const Expr& predicate) const {
  switch (predicate.kind) {
    case ExprKind::kAnd: {
      double part = 1;
      for (const auto& arg : static_cast<const BoolExpr&>(predicate).args)
        part *= Selectivity(*arg);
      return part;
    }
    case ExprKind::kOr: {
      double rest = 1;
      for (const auto& arg : static_cast<const BoolExpr&>(predicate).args) {
        rest *= 1 - Selectivity(*arg);
      }
      return 1 - rest;
    }
    case ExprKind::kNot:
      return 1 - Selectivity(*static_cast<const BoolExpr&>(predicate).args[0]);
    case ExprKind::kIsNull:
      return static_cast<const IsNullExpr&>(predicate).negated ? 0.99 : 0.01;
    case ExprKind::kColumn:
      return 0.5;
    case ExprKind::kConstant: {
      const Value& value = static_cast<const ConstantExpr&>(predicate).value;
      return !value.is_null() && value.type().id == TypeId::kBool && value.AsBool() ? 1 : 0;
    }
    case ExprKind::kAnyAll: {
      const auto& any = static_cast<const AnyAllExpr&>(predicate);
      double distinct = kDistinctDefault;
      if (any.left->kind == ExprKind::kColumn) {
        distinct = std::max(1.0, Distinct(static_cast<const ColumnExpr&>(*any.left).index));
      }
      constexpr double kElementsGuess = 5;
      return std::min(1.0, kElementsGuess / distinct);
    }
    case ExprKind::kCall: {
      using Op = Comparison::Op;
      const Comparison comparison = AsComparison(predicate);
      if (comparison.op == Op::kNone) {
        const auto name = static_cast<const CallExpr&>(predicate).function->name;
        if (name == "<>") return 0.99;
        if (const PrefixMatch match = AsPrefixMatch(predicate); match.subject) {
          return SelectivityOf(match);
        }
        return name.starts_with('~') ? kPatternDefault : kPredicateDefault;
      }
      const Expr& left = *comparison.call->args[0];
      const Expr& right = *comparison.call->args[1];
      if (comparison.op == Op::kEqual) {
        double distinct = 0;
        for (const Expr* side : {&left, &right}) {
          if (side->kind == ExprKind::kColumn) {
            distinct = std::max(distinct, Distinct(static_cast<const ColumnExpr&>(*side).index));
          }
        }
        return 1 / (distinct > 0 ? distinct : kDistinctDefault);
      }
      const bool less = comparison.op == Op::kLess || comparison.op == Op::kLessEqual;
      return left.kind == ExprKind::kColumn ? RangeSelectivity(left, right, less)
                                            : RangeSelectivity(right, left, !less);
    }
    default:
      return kPredicateDefault;
  }
}

double Estimator::GroupCount(const std::vector<ExprPtr>& keys, double rows) const {
  double groups = 1;
  for (const auto& key : keys) {
    double distinct = 0;
    if (key->kind == ExprKind::kColumn) {
      distinct = Distinct(static_cast<const ColumnExpr&>(*key).index);
    }
    groups *= distinct > 0 ? distinct : kDistinctDefault;
  }
  return std::max(1.0, std::min(groups, rows));
}

double Estimator::JoinRows(JoinType type, double left, double right, const Expr* condition) const {
  const double part = condition ? Selectivity(*condition) : 1;
  const double inner = std::max(1.0, left * right * part);
  switch (type) {
    case JoinType::kInner:
      return inner;
    case JoinType::kLeft:
    case JoinType::kSingle:
      return std::max(left, inner);
    case JoinType::kRight:
      return std::max(right, inner);
    case JoinType::kFull:
      return std::max(left + right, inner);
    case JoinType::kSemi:
      return std::max(1.0, std::min(left, inner));
    case JoinType::kAnti:
    case JoinType::kNullAwareAnti:
      return std::max(1.0, left * 0.5);
    case JoinType::kMark:
      return left;
  }
  return inner;
}

double Estimator::Rows(const LogicalNode& node) const {
  const auto child = [&](size_t i) { return Rows(*node.children[i]); };
  switch (node.kind) {
    case LogicalKind::kScan:
      return TableRows(*static_cast<const LogicalScan&>(node).table);
    case LogicalKind::kValues:
      return std::max<double>(
          1, static_cast<double>(static_cast<const LogicalValues&>(node).rows_exprs.size()));
    case LogicalKind::kFunctionScan:
      return kFunctionRowsDefault;
    case LogicalKind::kFilter:
      return std::max(1.0,
                      child(0) * Selectivity(*static_cast<const LogicalFilter&>(node).predicate));
    case LogicalKind::kJoin: {
      const auto& join = static_cast<const LogicalJoin&>(node);
      return JoinRows(join.type, child(0), child(1), join.condition.get());
    }
    case LogicalKind::kAggregate: {
      const auto& aggregate = static_cast<const LogicalAggregate&>(node);
      return aggregate.keys.empty() ? 1 : GroupCount(aggregate.keys, child(0));
    }
    case LogicalKind::kDistinct: {
      const double rows = child(0);
      if (node.children[0]->output.size() == 1) {
        const double distinct = Distinct(node.children[0]->output[0].var);
        if (distinct > 0) return std::min(rows, distinct);
      }
      return std::max(1.0, rows / 2);
    }
    case LogicalKind::kLimit: {
      const auto& limit = static_cast<const LogicalLimit&>(node);
      const double rows = child(0);
      return std::clamp(ConstantLimit(limit.limit, rows), 1.0, std::max(1.0, rows));
    }
    case LogicalKind::kSetOp:
      return static_cast<const LogicalSetOp&>(node).op == LogicalSetOp::Op::kUnion
                 ? child(0) + child(1)
                 : child(0);
    case LogicalKind::kCte:
      return child(1);
    case LogicalKind::kCteScan:
      return kRowsDefault;
    case LogicalKind::kRecursiveCte:
      return child(0) * kRecursionFactor;
    default:
      return node.children.empty() ? 1 : child(0);
  }
}

}  // namespace oxibase
