#include <fmt/format.h>

#include "expr/expression.h"
#include "expr/function.h"
#include "expr/type_io.h"

namespace oxibase {
namespace {

/// Deep trees are cut: EXPLAIN is for readers.
constexpr int kFormatDepthMax = 500;

std::string FormatNode(const Expr& expr, int depth);

std::string Join(const std::vector<ExprPtr>& list, std::string_view separator, int depth) {
  std::string text;
  for (const ExprPtr& e : list) {
    if (!text.empty()) text += separator;
    text += FormatNode(*e, depth);
  }
  return text;
}

std::string Quote(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

std::string FormatConstant(const Value& value) {
  const Type type = value.type();
  if (value.is_null()) return fmt::format("NULL::{}", FormatType(type));
  switch (type.id) {
    case TypeId::kBool:
      return value.AsBool() ? "true" : "false";
    case TypeId::kInt2:
      return fmt::format("'{}'::smallint", value.As<int16_t>());
    case TypeId::kInt4:
      return value.As<int32_t>() < 0 ? fmt::format("'{}'::integer", value.As<int32_t>())
                                     : fmt::format("{}", value.As<int32_t>());
    case TypeId::kInt8:
      return fmt::format("'{}'::bigint", value.As<int64_t>());
    default:
      break;
  }
  std::string text;
  TextOut(value, TypeIo(), &text);
  return fmt::format("{}::{}", Quote(text), FormatType(type));
}

std::string FormatCall(const CallExpr& expr, int depth) {
  using Syntax = CallExpr::Syntax;
  if (expr.syntax == Syntax::kImplicitCast && expr.args.size() == 1) {
    return FormatNode(*expr.args[0], depth);
  }
  if (expr.syntax == Syntax::kExplicitCast && !expr.args.empty()) {
    return fmt::format("({})::{}", FormatNode(*expr.args[0], depth), FormatType(expr.type));
  }
  const std::string_view name = expr.function->name;
  if (expr.syntax == Syntax::kOperator || expr.function->is_operator) {
    if (expr.args.size() == 1)
      return fmt::format("({} {})", name, FormatNode(*expr.args[0], depth));
    return fmt::format("({} {} {})", FormatNode(*expr.args[0], depth), name,
                       FormatNode(*expr.args[1], depth));
  }
  return fmt::format("{}({})", name, Join(expr.args, ", ", depth));
}

std::string FormatAggregate(const AggregateExpr& expr, int depth) {
  std::string text = fmt::format("{}({}", expr.function->name, expr.distinct ? "DISTINCT " : "");
  text += expr.args.empty() && !expr.within_group ? "*" : Join(expr.args, ", ", depth);
  std::string order;
  for (const SortKey& key : expr.order_by) {
    if (!order.empty()) order += ", ";
    order += FormatNode(*key.expr, depth);
    if (key.descending) order += " DESC";
    if (key.nulls_first != key.descending) {
      order += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
    }
  }
  if (expr.within_group) {
    text += fmt::format(") WITHIN GROUP (ORDER BY {})", order);
  } else {
    text += order.empty() ? ")" : fmt::format(" ORDER BY {})", order);
  }
  if (expr.filter) text += fmt::format(" FILTER (WHERE {})", FormatNode(*expr.filter, depth));
  return text;
}

std::string FormatNode(const Expr& expr, int depth) {
  if (++depth > kFormatDepthMax) return "...";
  switch (expr.kind) {
    case ExprKind::kConstant:
      return FormatConstant(static_cast<const ConstantExpr&>(expr).value);
    case ExprKind::kColumn: {
      const auto& e = static_cast<const ColumnExpr&>(expr);
      return e.name.empty() ? fmt::format("#{}", e.index) : e.name;
    }
    case ExprKind::kParam:
      return fmt::format("${}", static_cast<const ParamExpr&>(expr).index + 1);
    case ExprKind::kCall:
      return FormatCall(static_cast<const CallExpr&>(expr), depth);
    case ExprKind::kAnd:
      return fmt::format("({})", Join(static_cast<const BoolExpr&>(expr).args, " AND ", depth));
    case ExprKind::kOr:
      return fmt::format("({})", Join(static_cast<const BoolExpr&>(expr).args, " OR ", depth));
    case ExprKind::kNot:
      return fmt::format("(NOT {})",
                         FormatNode(*static_cast<const BoolExpr&>(expr).args[0], depth));
    case ExprKind::kIsNull: {
      const auto& e = static_cast<const IsNullExpr&>(expr);
      return fmt::format("({} IS {}NULL)", FormatNode(*e.arg, depth), e.negated ? "NOT " : "");
    }
    case ExprKind::kBooleanTest: {
      static constexpr std::string_view kTests[] = {"TRUE",      "NOT TRUE", "FALSE",
                                                    "NOT FALSE", "UNKNOWN",  "NOT UNKNOWN"};
      const auto& e = static_cast<const BooleanTestExpr&>(expr);
      return fmt::format("({} IS {})", FormatNode(*e.arg, depth), kTests[static_cast<int>(e.test)]);
    }
    case ExprKind::kIsDistinct: {
      const auto& e = static_cast<const IsDistinctExpr&>(expr);
      return fmt::format("({} IS {}DISTINCT FROM {})", FormatNode(*e.left, depth),
                         e.negated ? "NOT " : "", FormatNode(*e.right, depth));
    }
    case ExprKind::kCase: {
      const auto& e = static_cast<const CaseExpr&>(expr);
      std::string text = "CASE";
      for (const auto& b : e.branches) {
        text += fmt::format(" WHEN {} THEN {}", FormatNode(*b.condition, depth),
                            FormatNode(*b.result, depth));
      }
      if (e.otherwise) text += " ELSE " + FormatNode(*e.otherwise, depth);
      return text + " END";
    }
    case ExprKind::kCoalesce:
      return fmt::format("COALESCE({})",
                         Join(static_cast<const CoalesceExpr&>(expr).args, ", ", depth));
    case ExprKind::kMinMax: {
      const auto& e = static_cast<const MinMaxExpr&>(expr);
      return fmt::format("{}({})", e.is_greatest ? "GREATEST" : "LEAST", Join(e.args, ", ", depth));
    }
    case ExprKind::kArray:
      return fmt::format("ARRAY[{}]", Join(static_cast<const ArrayExpr&>(expr).args, ", ", depth));
    case ExprKind::kRow:
      return fmt::format("ROW({})", Join(static_cast<const RowExpr&>(expr).args, ", ", depth));
    case ExprKind::kFieldSelect: {
      const auto& e = static_cast<const FieldSelectExpr&>(expr);
      return fmt::format("({}).f{}", FormatNode(*e.arg, depth), e.index + 1);
    }
    case ExprKind::kAnyAll: {
      const auto& e = static_cast<const AnyAllExpr&>(expr);
      return fmt::format("({} {} {} ({}))", FormatNode(*e.left, depth), e.comparison->name,
                         e.is_all ? "ALL" : "ANY", FormatNode(*e.array, depth));
    }
    case ExprKind::kAggregate:
      return FormatAggregate(static_cast<const AggregateExpr&>(expr), depth);
    case ExprKind::kWindow: {
      const auto& e = static_cast<const WindowExpr&>(expr);
      return fmt::format("{}({}) OVER (?)", e.function->name, Join(e.args, ", ", depth));
    }
    case ExprKind::kGrouping:
      return fmt::format("GROUPING({})",
                         Join(static_cast<const GroupingExpr&>(expr).args, ", ", depth));
    case ExprKind::kSubquery:
      return "(SubQuery)";
    case ExprKind::kSubplan: {
      const auto& e = static_cast<const SubplanExpr&>(expr);
      // Asked for values among rows that are read once.
      const bool hashed = e.args.empty() && !e.left.empty();
      return fmt::format("({}SubPlan {})", hashed ? "hashed " : "", e.subplan + 1);
    }
    case ExprKind::kDefault:
      return "DEFAULT";
  }
  return "?";
}

}  // namespace

std::string Format(const Expr& expr) { return FormatNode(expr, 0); }

}  // namespace oxibase
