// Shapes of row values: which fields an expression of type record has.
#include "sql/bind/row_shape.h"

#include <algorithm>

#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

bool MayHaveShape(Type type) {
  return type.id == TypeId::kRecord || type.id == TypeId::kRecordArray;
}

size_t PositionOf(const LogicalNode& plan, VarId var) {
  const auto found = std::find_if(plan.output.begin(), plan.output.end(),
                                  [&](const OutputColumn& column) { return column.var == var; });
  return static_cast<size_t>(found - plan.output.begin());
}

}  // namespace

RowShapePtr QueryBinder::FirstShape(const std::vector<ExprPtr>& exprs) const {
  for (const ExprPtr& expr : exprs) {
    if (RowShapePtr shape = ShapeOf(*expr)) return shape;
  }
  return nullptr;
}

RowShapePtr QueryBinder::ShapeOf(const Expr& expr) const {
  if (!MayHaveShape(expr.type)) return nullptr;
  switch (expr.kind) {
    case ExprKind::kColumn: {
      const auto found = shapes_.find(static_cast<const ColumnExpr&>(expr).index);
      return found == shapes_.end() ? nullptr : found->second;
    }
    case ExprKind::kRow: {
      const auto& row = static_cast<const RowExpr&>(expr);
      auto shape = std::make_shared<RowShape>();
      for (size_t i = 0; i < row.args.size(); ++i) {
        shape->fields.push_back({i < row.names.size() ? row.names[i] : fmt::format("f{}", i + 1),
                                 row.args[i]->type, ShapeOf(*row.args[i])});
      }
      return shape;
    }
    case ExprKind::kFieldSelect: {
      const auto& select = static_cast<const FieldSelectExpr&>(expr);
      const RowShapePtr shape = ShapeOf(*select.arg);
      return shape && select.index < shape->fields.size() ? shape->fields[select.index].shape
                                                          : nullptr;
    }
    case ExprKind::kCase: {
      const auto& choice = static_cast<const CaseExpr&>(expr);
      for (const CaseExpr::Branch& branch : choice.branches) {
        if (RowShapePtr shape = ShapeOf(*branch.result)) return shape;
      }
      return choice.otherwise ? ShapeOf(*choice.otherwise) : nullptr;
    }
    case ExprKind::kSubquery: {
      const auto& query = static_cast<const SubqueryExpr&>(expr);
      const bool yields_column = query.subquery_kind == SubqueryKind::kScalar ||
                                 query.subquery_kind == SubqueryKind::kArray;
      return yields_column ? ShapeIn(*query.plan, query.plan->output[0].var) : nullptr;
    }
    case ExprKind::kCoalesce:
      return FirstShape(static_cast<const CoalesceExpr&>(expr).args);
    case ExprKind::kMinMax:
      return FirstShape(static_cast<const MinMaxExpr&>(expr).args);
    case ExprKind::kArray:
      return FirstShape(static_cast<const ArrayExpr&>(expr).args);
    // What makes a record of records hands one of them on: array_agg, lag, unnest, a subscript.
    case ExprKind::kCall:
      return FirstShape(static_cast<const CallExpr&>(expr).args);
    case ExprKind::kAggregate:
      return FirstShape(static_cast<const AggregateExpr&>(expr).args);
    case ExprKind::kWindow:
      return FirstShape(static_cast<const WindowExpr&>(expr).args);
    default:
      return nullptr;
  }
}

RowShapePtr QueryBinder::ShapeIn(const LogicalNode& plan, VarId var) const {
  const auto known = shapes_.find(var);
  if (known != shapes_.end()) return known->second;
  const size_t at = PositionOf(plan, var);
  if (at == plan.output.size() || !MayHaveShape(plan.output[at].type)) return nullptr;
  switch (plan.kind) {
    case LogicalKind::kProject: {
      const Expr& expr = *static_cast<const LogicalProject&>(plan).exprs[at];
      if (expr.kind == ExprKind::kColumn) {
        return ShapeIn(*plan.children[0], static_cast<const ColumnExpr&>(expr).index);
      }
      return ShapeOf(expr);
    }
    case LogicalKind::kValues:
      for (const auto& row : static_cast<const LogicalValues&>(plan).rows_exprs) {
        if (RowShapePtr shape = ShapeOf(*row[at])) return shape;
      }
      return nullptr;
    case LogicalKind::kFunctionScan: {
      size_t first = 0;
      for (const auto& call : static_cast<const LogicalFunctionScan&>(plan).calls) {
        if (at == first && call.columns == 1) return ShapeOf(*call.call);
        first += call.columns;
      }
      return nullptr;
    }
    case LogicalKind::kSetOp:
    case LogicalKind::kRecursiveCte:
      for (const LogicalPtr& child : plan.children) {
        if (RowShapePtr shape = ShapeIn(*child, child->output[at].var)) return shape;
      }
      return nullptr;
    default:
      for (const LogicalPtr& child : plan.children) {
        if (RowShapePtr shape = ShapeIn(*child, var)) return shape;
      }
      return nullptr;
  }
}

void QueryBinder::NoteShape(VarId var, RowShapePtr shape) {
  if (shape) shapes_.insert_or_assign(var, std::move(shape));
}

void QueryBinder::NoteShapes(const LogicalNode& plan) {
  for (const OutputColumn& column : plan.output) {
    if (MayHaveShape(column.type)) NoteShape(column.var, ShapeIn(plan, column.var));
  }
}

}  // namespace oxibase::bind
