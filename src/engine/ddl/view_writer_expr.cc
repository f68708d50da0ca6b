// Expressions of a view's text.
#include <algorithm>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/view_writer.h"
#include "expr/function.h"
#include "sql/parse/identifier.h"

namespace oxibase::ddl {

bool SelectWriter::IsVisible(Oid schema, const std::string& name) const {
  for (const Oid candidate : query_.host_.SearchPath()) {
    if (candidate == schema) return true;
    if (query_.catalog_->HasRelation(candidate, name)) return false;
  }
  return false;
}

DeparseOptions SelectWriter::Options() {
  DeparseOptions options;
  options.catalog = query_.catalog_.get();
  options.pretty = query_.pretty_;
  options.indent = indent_;
  options.lines = true;
  options.is_visible = [this](Oid schema, const std::string& name) {
    return IsVisible(schema, name);
  };
  options.column_text = [this](VarId var) -> std::string {
    for (const Scope* scope = &scope_; scope; scope = scope->outer) {
      const auto found = scope->columns.find(var);
      if (found != scope->columns.end()) return found->second;
    }
    const auto call = query_.trace_.calls.find(var);
    if (call != query_.trace_.calls.end()) return CallText(call->second);
    Unknown("a column without a name");
    return "?";
  };
  options.subquery_text = [this](const Expr& subquery) { return SubqueryText(subquery); };
  return options;
}

std::string SelectWriter::Text(const Expr& bound) {
  switch (bound.kind) {
    case ExprKind::kGrouping:
    case ExprKind::kFieldSelect:
      Unknown("an expression");
      return "?";
    default:
      break;
  }
  std::string text = DeparseExpression(bound, Options());
  if (bound.kind == ExprKind::kConstant && bound.type.id == TypeId::kUnknown) text += "::text";
  return text;
}

std::string SelectWriter::Text(const ast::Expr& expr) {
  const auto found = query_.trace_.exprs.find(&expr);
  if (found != query_.trace_.exprs.end()) return Text(*found->second);
  Unknown("an expression");
  return "?";
}

std::string SelectWriter::CallText(const BindTrace::Call& call) {
  const bool is_window = call.bound->kind == ExprKind::kWindow;
  const auto* aggregate = is_window ? nullptr : static_cast<const AggregateExpr*>(call.bound.get());
  const auto* window = is_window ? static_cast<const WindowExpr*>(call.bound.get()) : nullptr;
  if (aggregate && aggregate->within_group) Unknown("WITHIN GROUP");
  const auto& args = is_window ? window->args : aggregate->args;
  std::string text =
      QuoteIdentifier(is_window ? window->function->name : aggregate->function->name) + "(";
  if (call.tree->distinct) text += "DISTINCT ";
  if (call.tree->star) text += "*";
  for (size_t i = 0; i < args.size(); ++i) {
    DeparseOptions options = Options();
    options.argument = true;
    text += (i > 0 ? ", " : "") + DeparseExpression(*args[i], options);
  }
  if (aggregate && !aggregate->order_by.empty()) {
    text += " ORDER BY ";
    for (size_t i = 0; i < aggregate->order_by.size(); ++i) {
      const SortKey& key = aggregate->order_by[i];
      text += (i > 0 ? ", " : "") + Text(*key.expr) + (key.descending ? " DESC" : "");
      if (key.nulls_first != key.descending) {
        text += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
      }
    }
  }
  text += ")";
  const auto& filter = is_window ? window->filter : aggregate->filter;
  if (filter) text += " FILTER (WHERE " + Text(*filter) + ")";
  if (is_window) text += " OVER " + OverText(*call.tree->over);
  return text;
}

std::string SelectWriter::OverText(const ast::WindowDef& window) {
  return window.name.empty() ? "(" + WindowText(window) + ")" : QuoteIdentifier(window.name);
}

std::string SelectWriter::WindowText(const ast::WindowDef& window) {
  using ast::FrameBound;
  std::string text = window.ref_name.empty() ? "" : QuoteIdentifier(window.ref_name);
  const auto part = [&](const std::string& more) { text += (text.empty() ? "" : " ") + more; };
  for (size_t i = 0; i < window.partition_by.size(); ++i) {
    const std::string item = ItemText(*window.partition_by[i], nullptr);
    if (i == 0) {
      part("PARTITION BY " + item);
    } else {
      text += ", " + item;
    }
  }
  if (!window.order_by.empty()) {
    SelectWriter order(query_, indent_, outer_);
    std::swap(order.scope_, scope_);
    order.OrderBy(window.order_by, nullptr);
    std::swap(order.scope_, scope_);
    part("ORDER BY " + order.Take());
  }
  if (!window.has_frame) return text;
  const auto bound = [&](FrameBound kind, const ast::ExprPtr& offset) -> std::string {
    switch (kind) {
      case FrameBound::kUnboundedPreceding:
        return "UNBOUNDED PRECEDING";
      case FrameBound::kUnboundedFollowing:
        return "UNBOUNDED FOLLOWING";
      case FrameBound::kCurrentRow:
        return "CURRENT ROW";
      case FrameBound::kOffsetPreceding:
        return Text(*offset) + " PRECEDING";
      case FrameBound::kOffsetFollowing:
        return Text(*offset) + " FOLLOWING";
    }
    return "";
  };
  static constexpr const char* kModes[] = {"RANGE", "ROWS", "GROUPS"};
  part(kModes[static_cast<int>(window.mode)]);
  // A frame without BETWEEN ends at the current row.
  part("BETWEEN " + bound(window.start, window.start_offset) + " AND " +
       bound(window.end, window.end_offset));
  static constexpr const char* kExclusions[] = {"", "EXCLUDE CURRENT ROW", "EXCLUDE GROUP",
                                                "EXCLUDE TIES"};
  if (window.exclusion != ast::FrameExclusion::kNoOthers) {
    part(kExclusions[static_cast<int>(window.exclusion)]);
  }
  return text;
}

std::string SelectWriter::SubqueryText(const Expr& expr) {
  const auto found = query_.trace_.subqueries.find(expr.location);
  if (found == query_.trace_.subqueries.end()) {
    Unknown("a subquery");
    return "?";
  }
  const auto& subquery = static_cast<const SubqueryExpr&>(expr);
  const ast::SubLink& link = *found->second;
  const std::string inner =
      "(" + query_.Query(*link.query, query_.NamesOf(*link.query), indent_, &scope_) + ")";
  switch (subquery.subquery_kind) {
    case SubqueryKind::kExists:
      return "(EXISTS " + inner + ")";
    case SubqueryKind::kScalar:
      return inner;
    case SubqueryKind::kArray:
      return "ARRAY" + inner;
    default:
      break;
  }
  if (subquery.left.size() != 1) {
    Unknown("a comparison of rows with a subquery");
    return "?";
  }
  const bool is_any = subquery.subquery_kind == SubqueryKind::kAny;
  const std::string op(subquery.comparisons[0]->name);
  DeparseOptions options = Options();
  options.argument = true;
  return "(" + DeparseExpression(*subquery.left[0], options) + " " +
         (is_any && op == "=" ? "IN" : op + (is_any ? " ANY" : " ALL")) + " " + inner + ")";
}

std::string SelectWriter::ItemText(const ast::Expr& item, const ast::SelectStmt* select) {
  const ast::Expr* expr = &item;
  if (select) {
    const auto* constant = ast::TryAs<ast::Const>(&item);
    const auto* ref = ast::TryAs<ast::ColumnRef>(&item);
    // Of a set operation only the columns' numbers are shown.
    if (select->set_op != ast::SetOperation::kNone) {
      if (constant) return std::to_string(constant->integer);
      const std::vector<std::string>* names = query_.NamesOf(*select);
      for (size_t i = 0; ref && names && i < names->size(); ++i) {
        if ((*names)[i] == ref->fields.back()) return std::to_string(i + 1);
      }
    }
    if (constant && constant->type == ast::Const::Type::kInteger && constant->integer >= 1 &&
        static_cast<size_t>(constant->integer) <= select->targets.size()) {
      expr = select->targets[static_cast<size_t>(constant->integer) - 1].expr.get();
    } else if (ref && !query_.trace_.exprs.contains(&item)) {
      for (const ast::SelectTarget& target : select->targets) {
        const auto* column = ast::TryAs<ast::ColumnRef>(target.expr.get());
        const std::string& name =
            !target.name.empty() || !column ? target.name : column->fields.back();
        if (name == ref->fields.back()) expr = target.expr.get();
      }
    }
  }
  const auto found = query_.trace_.exprs.find(expr);
  if (found == query_.trace_.exprs.end()) {
    Unknown("an item of GROUP BY or ORDER BY");
    return "?";
  }
  const Expr& bound = *found->second;
  const std::string text = Text(bound);
  const bool is_call =
      (bound.kind == ExprKind::kColumn &&
       query_.trace_.calls.contains(static_cast<const ColumnExpr&>(bound).index)) ||
      (bound.kind == ExprKind::kCall &&
       static_cast<const CallExpr&>(bound).syntax == CallExpr::Syntax::kFunction);
  const bool plain =
      bound.kind == ExprKind::kConstant || (bound.kind == ExprKind::kColumn && !is_call);
  return !plain && (query_.pretty_ || is_call) ? "(" + text + ")" : text;
}

}  // namespace oxibase::ddl
