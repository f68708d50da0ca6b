// The clauses of a view's text.
#include "engine/ddl/view_writer.h"

#include "sql/parse/identifier.h"

namespace oxibase::ddl {

std::string QueryWriter::Query(const ast::SelectStmt& select, const std::vector<std::string>* names,
                               int indent, const Scope* outer) {
  SelectWriter writer(*this, indent, outer);
  writer.Write(select, names);
  return writer.Take();
}

void SelectWriter::OrderBy(const std::vector<ast::SortBy>& items, const ast::SelectStmt* targets) {
  for (size_t i = 0; i < items.size(); ++i) {
    const ast::SortBy& item = items[i];
    if (i > 0) out_ += ", ";
    out_ += ItemText(*item.expr, targets);
    const bool descending =
        item.direction == ast::SortDirection::kDescending ||
        (item.direction == ast::SortDirection::kUsing && item.use_operator.name == ">");
    if (descending) out_ += " DESC";
    if (item.nulls == ast::SortNulls::kDefault) continue;
    const bool first = item.nulls == ast::SortNulls::kFirst;
    if (first != descending) out_ += first ? " NULLS FIRST" : " NULLS LAST";
  }
}

void SelectWriter::Block(const ast::SelectStmt& select, const std::vector<std::string>* names) {
  indent_ += kIndentStd;
  out_ += ' ';
  if (!query_.unknown_.empty()) return;
  out_ += "SELECT";
  if (select.distinct) out_ += " DISTINCT";
  if (!select.distinct_on.empty()) {
    out_ += " ON (";
    for (size_t i = 0; i < select.distinct_on.size(); ++i) {
      out_ += (i > 0 ? ", " : "") + ItemText(*select.distinct_on[i], &select);
    }
    out_ += ")";
  }
  for (size_t i = 0; i < select.targets.size(); ++i) {
    const ast::SelectTarget& target = select.targets[i];
    const auto* ref = ast::TryAs<ast::ColumnRef>(target.expr.get());
    if (ref && ref->star) return Unknown("a star");
    std::string text = Text(*target.expr);
    const auto bound = query_.trace_.exprs.find(target.expr.get());
    std::string own = "?column?";
    if (bound != query_.trace_.exprs.end() && bound->second->kind == ExprKind::kColumn && ref &&
        !ref->fields.empty()) {
      own = ref->fields.back();
    }
    if (names && i < names->size() && (*names)[i] != own) {
      text += " AS " + QuoteIdentifier((*names)[i]);
    }
    out_ += i > 0 ? ", " : " ";
    if (text.starts_with('\n')) {
      Trim();
    } else if (i > 0) {
      Keyword("", -kIndentStd, kIndentStd, kIndentColumn);
    }
    out_ += text;
  }
  for (size_t i = 0; i < select.from.size(); ++i) {
    if (i == 0) {
      Keyword(" FROM ", -kIndentStd, kIndentStd, 2);
    } else {
      out_ += ", ";
      Keyword("", -kIndentStd, kIndentStd, kIndentColumn);
    }
    FromItem(*select.from[i]);
  }
  if (select.where) {
    Keyword(" WHERE ", -kIndentStd, kIndentStd, 1);
    out_ += Text(*select.where);
  }
  if (!select.group_by.empty()) {
    Keyword(" GROUP BY ", -kIndentStd, kIndentStd, 1);
    for (size_t i = 0; i < select.group_by.size(); ++i) {
      if (select.group_by[i].type != ast::GroupItem::Type::kExpr) return Unknown("grouping sets");
      out_ += (i > 0 ? ", " : "") + ItemText(*select.group_by[i].expr, &select);
    }
  }
  if (select.having) {
    Keyword(" HAVING ", -kIndentStd, kIndentStd, 0);
    out_ += Text(*select.having);
  }
  for (size_t i = 0; i < select.windows.size(); ++i) {
    if (i == 0) {
      Keyword(" WINDOW ", -kIndentStd, kIndentStd, 1);
    } else {
      out_ += ", ";
    }
    out_ += QuoteIdentifier(select.windows[i].name) + " AS (" + WindowText(select.windows[i]) + ")";
  }
}

void SelectWriter::Operand(const ast::SelectStmt& select, const std::vector<std::string>* names) {
  const bool tail =
      select.with || !select.order_by.empty() || select.limit_count || select.limit_offset;
  if (select.set_op != ast::SetOperation::kNone && !tail) return SetOperation(select, names);
  const std::string text = query_.Query(select, names, indent_, outer_);
  out_ += tail ? "(" + text + ")" : text;
}

void SelectWriter::SetOperation(const ast::SelectStmt& select,
                                const std::vector<std::string>* names) {
  const auto is_operation = [](const ast::SelectStmt& side) {
    return side.set_op != ast::SetOperation::kNone && side.order_by.empty() && !side.limit_count &&
           !side.limit_offset && !side.with;
  };
  const ast::SelectStmt& left = *select.left;
  const bool left_paren =
      is_operation(left) && (left.set_op != select.set_op || left.set_all != select.set_all);
  if (left_paren) {
    out_ += '(';
    Keyword("", kIndentStd, 0, 0);
  }
  Operand(left, names);
  Keyword(left_paren ? ") " : "", left_paren ? -kIndentStd : 0, 0, 0);
  out_ += select.set_op == ast::SetOperation::kUnion       ? "UNION "
          : select.set_op == ast::SetOperation::kIntersect ? "INTERSECT "
                                                           : "EXCEPT ";
  if (select.set_all) out_ += "ALL ";
  const bool right_paren = is_operation(*select.right);
  if (right_paren) out_ += '(';
  Keyword("", right_paren ? kIndentStd : 0, 0, 0);
  Operand(*select.right, top_ ? names : query_.NamesOf(*select.right));
  if (right_paren) {
    indent_ -= kIndentStd;
    Keyword(")", 0, 0, 0);
  }
}

void SelectWriter::Tail(const ast::SelectStmt& select) {
  if (!select.order_by.empty()) {
    Keyword(" ORDER BY ", -kIndentStd, kIndentStd, 1);
    OrderBy(select.order_by, &select);
  }
  if (select.limit_offset) {
    Keyword(" OFFSET ", -kIndentStd, kIndentStd, 0);
    out_ += Text(*select.limit_offset);
  }
  if (select.limit_count) {
    if (select.with_ties) {
      Keyword(" FETCH FIRST ", -kIndentStd, kIndentStd, 0);
      out_ += Text(*select.limit_count) + " ROWS WITH TIES";
      return;
    }
    Keyword(" LIMIT ", -kIndentStd, kIndentStd, 0);
    const auto* constant = ast::TryAs<ast::Const>(select.limit_count.get());
    out_ +=
        constant && constant->type == ast::Const::Type::kNull ? "ALL" : Text(*select.limit_count);
  }
}

void SelectWriter::With(const ast::WithClause& with) {
  indent_ += kIndentStd;
  out_ += ' ';
  for (size_t i = 0; i < with.ctes.size(); ++i) {
    const ast::CommonTableExpr& cte = with.ctes[i];
    const auto* query = ast::TryAs<ast::SelectStmt>(cte.query.get());
    if (!query || cte.search || cte.cycle) return Unknown("WITH");
    out_ += i > 0 ? ", " : with.recursive ? "WITH RECURSIVE " : "WITH ";
    out_ += QuoteIdentifier(cte.name);
    for (size_t c = 0; c < cte.columns.size(); ++c) {
      out_ += (c > 0 ? ", " : "(") + QuoteIdentifier(cte.columns[c]);
    }
    if (!cte.columns.empty()) out_ += ')';
    out_ += " AS ";
    if (cte.materialized == ast::CteMaterialize::kAlways) out_ += "MATERIALIZED ";
    if (cte.materialized == ast::CteMaterialize::kNever) out_ += "NOT MATERIALIZED ";
    out_ += '(';
    Keyword("", 0, 0, 0);
    out_ += query_.Query(*query, query_.NamesOf(*query), indent_, &scope_);
    Keyword("", 0, 0, 0);
    out_ += ')';
  }
  Keyword("", -kIndentStd, 0, 0);
}

void SelectWriter::Write(const ast::SelectStmt& select, const std::vector<std::string>* names) {
  scope_.outer = outer_;
  if (!select.locking.empty()) return Unknown("row locks");
  if (!select.values_lists.empty()) return Unknown("VALUES");
  top_ = names == query_.view_names_;
  for (const auto& item : select.from) NameItems(*item);
  if (select.with) {
    std::map<VarId, std::string> columns;
    std::swap(columns, scope_.columns);
    With(*select.with);
    std::swap(columns, scope_.columns);
  }
  if (select.set_op != ast::SetOperation::kNone) {
    SetOperation(select, names);
  } else {
    Block(select, names);
  }
  Tail(select);
}

}  // namespace oxibase::ddl
