// Select lists: stars written out, names given.
#include "sql/bind/query_binder.h"
#include "sql/parse/identifier.h"

namespace oxibase::bind {

Status QueryBinder::ExpandRelation(RangeEntry& entry, std::vector<Target>& out, int32_t location) {
  for (const ScopeColumn& column : entry.columns) {
    Target target;
    target.name = column.name;
    target.expr = Clone(*column.expr);
    target.expr->location = location;
    target.location = location;
    target.origin_table = column.origin_table;
    target.origin_column = column.origin_column;
    out.push_back(std::move(target));
  }
  return {};
}

Status QueryBinder::ExpandStar(const ast::Expr& expr, Level& level, std::vector<Target>& out) {
  const size_t before = out.size();
  if (const auto* indirection = ast::TryAs<ast::IndirectionExpr>(&expr)) {
    ASSIGN_OR_RETURN(ExprPtr base, BindIndirectionBase(*indirection, level));
    RowExpr* row = AsRow(*base);
    if (const RowShapePtr shape = row ? nullptr : ShapeOf(*base);
        shape && base->type.id == TypeId::kRecord) {
      for (size_t i = 0; i < shape->fields.size(); ++i) {
        Target target;
        target.name = shape->fields[i].name;
        target.expr = std::make_unique<FieldSelectExpr>(Copy(*base), static_cast<uint32_t>(i),
                                                        shape->fields[i].type);
        target.expr->location = target.location = expr.location;
        out.push_back(std::move(target));
      }
      return {};
    }
    if (!row) {
      return Error(ErrorCode::kWrongObjectType, "type {} is not composite", FormatType(base->type))
          .At(expr.location);
    }
    for (size_t i = 0; i < row->args.size(); ++i) {
      Target target;
      target.name = i < row->names.size() ? row->names[i] : "f" + std::to_string(i + 1);
      target.expr = std::move(row->args[i]);
      target.location = expr.location;
      out.push_back(std::move(target));
    }
    return {};
  }
  const auto& ref = ast::As<ast::ColumnRef>(expr);
  if (ref.fields.empty()) {
    bool any = false;
    std::string text;
    for (const NamespaceItem& item : level.names) {
      if (!item.cols_visible || item.lateral_only) continue;
      any = true;
      RETURN_IF_ERROR(ExpandRelation(*item.entry, out, ref.location));
    }
    if (!any) {
      return Error(ErrorCode::kSyntaxError, "SELECT * with no tables specified is not valid")
          .At(ref.location);
    }
    RecordStar(level, "", before, out, ref.location);
    return {};
  }
  Level* at = nullptr;
  ASSIGN_OR_RETURN(const NamespaceItem* item, RelationOfStar(ref, level, &at));
  RETURN_IF_ERROR(ExpandRelation(*item->entry, out, ref.location));
  RecordStar(level, ref.fields.back(), before, out, ref.location);
  return {};
}

void QueryBinder::RecordStar(Level& level, const std::string& relation, size_t before,
                             const std::vector<Target>& out, int32_t location) {
  if (!context_.replacements || view_depth_ > 0) return;
  std::string text;
  auto add = [&](const std::string& qualifier, const std::string& column) {
    if (!text.empty()) text += ", ";
    if (!qualifier.empty()) text += QuoteIdentifier(qualifier) + ".";
    text += QuoteIdentifier(column);
  };
  if (!relation.empty()) {
    for (size_t i = before; i < out.size(); ++i) add(relation, out[i].name);
  } else {
    for (const NamespaceItem& item : level.names) {
      if (!item.cols_visible || item.lateral_only) continue;
      for (const ScopeColumn& column : item.entry->columns) {
        add(item.rel_visible ? item.entry->name : QualifierOf(level, *column.expr), column.name);
      }
    }
  }
  Replace(location, -1, std::move(text));
}

const ScopeColumn* QueryBinder::ScopeColumnOf(const Level& level, const Expr& expr) {
  if (expr.kind != ExprKind::kColumn) return nullptr;
  const VarId var = static_cast<const ColumnExpr&>(expr).index;
  for (const NamespaceItem& item : level.names) {
    for (const ScopeColumn& column : item.entry->columns) {
      if (column.expr->kind == ExprKind::kColumn &&
          static_cast<const ColumnExpr&>(*column.expr).index == var) {
        return &column;
      }
    }
  }
  return nullptr;
}

std::string QueryBinder::QualifierOf(Level& level, const Expr& expr) {
  if (expr.kind != ExprKind::kColumn) return "";
  const VarId var = static_cast<const ColumnExpr&>(expr).index;
  for (const NamespaceItem& item : level.names) {
    if (!item.rel_visible || item.entry->name.empty()) continue;
    for (const ScopeColumn& column : item.entry->columns) {
      if (column.expr->kind == ExprKind::kColumn &&
          static_cast<const ColumnExpr&>(*column.expr).index == var) {
        return item.entry->name;
      }
    }
  }
  return "";
}

Result<std::vector<QueryBinder::Target>> QueryBinder::BindTargets(
    const std::vector<ast::SelectTarget>& targets, Level& level, Clause clause) {
  ClauseScope scope(level, clause);
  std::vector<Target> bound;
  for (const ast::SelectTarget& syntax : targets) {
    const auto* ref = ast::TryAs<ast::ColumnRef>(syntax.expr.get());
    const auto* indirection = ast::TryAs<ast::IndirectionExpr>(syntax.expr.get());
    const bool star =
        (ref && ref->star) || (indirection && !indirection->steps.empty() &&
                               indirection->steps.back().type == ast::IndirectionStep::Type::kStar);
    if (star) {
      RETURN_IF_ERROR(ExpandStar(*syntax.expr, level, bound));
      continue;
    }
    Target target;
    ASSIGN_OR_RETURN(target.expr, BindExpr(*syntax.expr, level));
    target.name = syntax.name.empty() ? ColumnNameOf(*syntax.expr) : syntax.name;
    target.location = target.expr->location;
    if (const ScopeColumn* column = ScopeColumnOf(level, *target.expr)) {
      target.origin_table = column->origin_table;
      target.origin_column = column->origin_column;
    }
    bound.push_back(std::move(target));
  }
  if (bound.size() > 1664) {
    return Error(ErrorCode::kTooManyColumns, "target lists can have at most 1664 entries");
  }
  return bound;
}

}  // namespace oxibase::bind
