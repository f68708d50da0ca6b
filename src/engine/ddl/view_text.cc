// Laid out as PostgreSQL 15's ruleutils.c does it: a keyword that begins a line stands so that what
// follows it is in column with the rest.
#include "engine/ddl/view_text.h"

#include <algorithm>
#include <set>
#include <vector>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/deparse_expression.h"
#include "expr/function.h"
#include "sql/bind/bind_trace.h"
#include "sql/parse/ast_select.h"
#include "sql/parse/identifier.h"
#include "sql/parse/parser.h"

namespace oxibase::ddl {
namespace {

constexpr int kIndentStd = 8;
constexpr int kIndentJoin = 4;
constexpr int kIndentColumn = 4;

/// What the tables of one SELECT are called, and so their columns.
struct Scope {
  const Scope* outer = nullptr;
  std::map<VarId, std::string> columns;
  std::map<const ast::FromItem*, std::string> names;
  std::set<std::string> taken;
};

class QueryWriter {
 public:
  QueryWriter(DdlHost& host, const BindTrace& trace, bool pretty,
              const std::vector<std::string>& view_names)
      : host_(host),
        catalog_(host.catalog()),
        trace_(trace),
        pretty_(pretty),
        view_names_(&view_names) {}

  /// A whole query; `names`: of its columns, null where nobody sees them.
  std::string Query(const ast::SelectStmt& select, const std::vector<std::string>* names,
                    int indent, const Scope* outer);
  /// The names that the query itself gives its columns.
  const std::vector<std::string>* NamesOf(const ast::SelectStmt& select) const {
    const auto found = trace_.outputs.find(&select);
    return found == trace_.outputs.end() ? nullptr : &found->second;
  }
  /// What could not be written; empty: nothing.
  const std::string& unknown() const { return unknown_; }

 private:
  friend class SelectWriter;

  DdlHost& host_;
  const std::shared_ptr<const CatalogVersion> catalog_;  // shared with the session
  const BindTrace& trace_;
  const bool pretty_;
  const std::vector<std::string>* const view_names_;
  std::string unknown_;
};

/// One query with its own indentation.
class SelectWriter {
 public:
  SelectWriter(QueryWriter& query, int indent, const Scope* outer)
      : query_(query), outer_(outer), indent_(indent) {}

  void Write(const ast::SelectStmt& select, const std::vector<std::string>* names);
  std::string Take() { return std::move(out_); }

 private:
  void Unknown(std::string what) { query_.unknown_ = std::move(what); }

  void Trim() {
    while (out_.ends_with(' ')) out_.pop_back();
  }
  /// A word that begins a line.
  void Keyword(std::string_view word, int before, int after, int plus) {
    indent_ += before;
    Trim();
    out_ += '\n' + std::string(static_cast<size_t>(std::max(indent_, 0) + plus), ' ');
    out_ += word;
    indent_ = std::max(0, indent_ + after);
  }

  void With(const ast::WithClause& with);
  void Block(const ast::SelectStmt& select, const std::vector<std::string>* names);
  void SetOperation(const ast::SelectStmt& select, const std::vector<std::string>* names);
  void Operand(const ast::SelectStmt& select, const std::vector<std::string>* names);
  void Tail(const ast::SelectStmt& select);
  void NameItems(const ast::FromItem& item);
  void FromItem(const ast::FromItem& item);
  void Join(const ast::JoinExpr& join);
  void Relation(const ast::RangeVar& item);
  /// What stands behind an item: its name where that is not the relation's, and its columns' new
  /// names.
  void ItemName(const ast::FromItem& item, const ast::Alias& alias, const std::string& relation);
  void OrderBy(const std::vector<ast::SortBy>& items, const ast::SelectStmt* targets);
  std::string OverText(const ast::WindowDef& window);
  std::string WindowText(const ast::WindowDef& window);

  std::string Text(const ast::Expr& expr);
  std::string Text(const Expr& bound);
  /// An item of GROUP BY or ORDER BY: of `select`'s columns where it names one.
  std::string ItemText(const ast::Expr& item, const ast::SelectStmt* select);
  std::string CallText(const BindTrace::Call& call);
  std::string SubqueryText(const Expr& subquery);
  DeparseOptions Options();
  bool IsVisible(Oid schema, const std::string& name) const;

  QueryWriter& query_;
  const Scope* const outer_;
  Scope scope_;
  bool top_ = false;  // its columns are the view's
  int indent_;
  std::string out_;
};

std::string QueryWriter::Query(const ast::SelectStmt& select, const std::vector<std::string>* names,
                               int indent, const Scope* outer) {
  SelectWriter writer(*this, indent, outer);
  writer.Write(select, names);
  return writer.Take();
}

// --- Expressions.

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

// --- FROM.

void SelectWriter::NameItems(const ast::FromItem& item) {
  if (item.kind == ast::FromItemKind::kJoin) {
    const auto& join = ast::As<ast::JoinExpr>(item);
    NameItems(*join.left);
    return NameItems(*join.right);
  }
  const auto columns = query_.trace_.columns.find(&item);
  if (columns == query_.trace_.columns.end() || item.kind == ast::FromItemKind::kRangeFunction) {
    return Unknown("an item of FROM");
  }
  const bool is_relation = item.kind == ast::FromItemKind::kRangeVar;
  const ast::Alias& alias =
      is_relation ? ast::As<ast::RangeVar>(item).alias : ast::As<ast::RangeSubselect>(item).alias;
  const std::string wanted =
      is_relation && alias.empty() ? ast::As<ast::RangeVar>(item).name.name : alias.name;
  const auto taken = [&](const std::string& name) {
    for (const Scope* scope = &scope_; scope; scope = scope->outer) {
      if (scope->taken.contains(name)) return true;
    }
    return false;
  };
  std::string name = wanted;
  for (int i = 1; taken(name); ++i) name = wanted + "_" + std::to_string(i);
  scope_.taken.insert(name);
  for (const auto& [var, column] : columns->second) {
    scope_.columns[var] = QuoteIdentifier(name) + "." + QuoteIdentifier(column);
  }
  scope_.names[&item] = std::move(name);
}

void SelectWriter::ItemName(const ast::FromItem& item, const ast::Alias& alias,
                            const std::string& relation) {
  const std::string& name = scope_.names[&item];
  if (name != relation || !alias.empty()) {
    if (name != relation || !alias.columns.empty()) out_ += " " + QuoteIdentifier(name);
  }
  if (alias.columns.empty()) return;
  out_ += "(";
  const auto& columns = query_.trace_.columns.at(&item);
  for (size_t i = 0; i < columns.size(); ++i) {
    out_ += (i > 0 ? ", " : "") + QuoteIdentifier(columns[i].second);
  }
  out_ += ")";
}

void SelectWriter::Relation(const ast::RangeVar& item) {
  const ast::QualifiedName& name = item.name;
  if (!item.inherit) out_ += "ONLY ";
  std::string text = QuoteIdentifier(name.name);
  if (!name.schema.empty()) {
    const auto schema = query_.catalog_->FindSchema(name.schema);
    if (!schema || !IsVisible(schema->oid, name.name)) {
      text = QuoteQualified(name.schema, name.name);
    }
  }
  out_ += text;
  ItemName(item, item.alias, name.name);
}

void SelectWriter::FromItem(const ast::FromItem& item) {
  switch (item.kind) {
    case ast::FromItemKind::kRangeVar:
      return Relation(ast::As<ast::RangeVar>(item));
    case ast::FromItemKind::kRangeSubselect: {
      const auto& subselect = ast::As<ast::RangeSubselect>(item);
      if (subselect.lateral) out_ += "LATERAL ";
      // Within it its own columns have other names, and those beside it none unless it is LATERAL.
      const std::map<VarId, std::string> columns = scope_.columns;
      if (!subselect.lateral) scope_.columns.clear();
      for (const auto& [var, name] : query_.trace_.columns.at(&item)) scope_.columns.erase(var);
      out_ += "(" +
              query_.Query(*subselect.query, query_.NamesOf(*subselect.query), indent_, &scope_) +
              ")";
      scope_.columns = columns;
      return ItemName(item, subselect.alias, "");
    }
    case ast::FromItemKind::kRangeFunction:
      return Unknown("a function in FROM");
    case ast::FromItemKind::kJoin:
      return Join(ast::As<ast::JoinExpr>(item));
  }
}

void SelectWriter::Join(const ast::JoinExpr& join) {
  if (join.natural || !join.alias.empty() || !join.using_alias.empty()) {
    return Unknown("a join with names of its own");
  }
  if (!join.using_columns.empty() && join.type != ast::JoinType::kInner &&
      join.type != ast::JoinType::kLeft) {
    return Unknown("USING of an outer join");
  }
  if (!query_.pretty_) out_ += '(';
  FromItem(*join.left);
  const bool conditional = join.on || !join.using_columns.empty();
  const char* word = " LEFT JOIN ";
  switch (join.type) {
    case ast::JoinType::kInner:
      word = conditional ? " JOIN " : " CROSS JOIN ";
      break;
    case ast::JoinType::kLeft:
      break;
    case ast::JoinType::kFull:
      word = " FULL JOIN ";
      break;
    case ast::JoinType::kRight:
      word = " RIGHT JOIN ";
      break;
  }
  Keyword(word, -kIndentStd, kIndentStd, kIndentJoin);
  const bool paren = query_.pretty_ && join.right->kind == ast::FromItemKind::kJoin;
  if (paren) out_ += '(';
  FromItem(*join.right);
  if (paren) out_ += ')';
  if (!join.using_columns.empty()) {
    out_ += " USING (";
    for (size_t i = 0; i < join.using_columns.size(); ++i) {
      out_ += (i > 0 ? ", " : "") + QuoteIdentifier(join.using_columns[i]);
    }
    out_ += ")";
  } else if (join.on) {
    out_ += " ON " + (query_.pretty_ ? Text(*join.on) : "(" + Text(*join.on) + ")");
  }
  if (!query_.pretty_) out_ += ')';
}

// --- Clauses.

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
  const bool is_operation = select.set_op != ast::SetOperation::kNone;
  if (!select.order_by.empty()) {
    Keyword(" ORDER BY ", -kIndentStd, kIndentStd, 1);
    if (is_operation) return Unknown("ORDER BY of a set operation");
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

}  // namespace

Result<std::string> ViewQueryText(DdlHost& host, const ViewDef& view, bool pretty) {
  ASSIGN_OR_RETURN(const std::vector<ast::StatementPtr> statements, Parse(view.query_sql));
  const auto* select =
      statements.size() == 1 ? ast::TryAs<ast::SelectStmt>(statements[0].get()) : nullptr;
  if (!select) return NotSupported("a view without a query");
  BindTrace trace;
  const auto catalog = host.catalog();
  BindContext context = MakeBindContext(host, *catalog);
  context.trace = &trace;
  RETURN_IF_ERROR(BindStatement(*select, context).status());
  std::vector<std::string> names;
  for (const auto& [name, type] : view.columns) names.push_back(name);
  QueryWriter writer(host, trace, pretty, names);
  std::string text = writer.Query(*select, &names, 0, nullptr);
  if (!writer.unknown().empty()) return NotSupported(writer.unknown());
  return text;
}

}  // namespace oxibase::ddl
