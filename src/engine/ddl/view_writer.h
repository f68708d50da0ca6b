#pragma once
// How pg_get_viewdef's text is put together: a writer for the query, one for each SELECT in it.

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/ddl/ddl_host.h"
#include "engine/ddl/deparse_expression.h"
#include "sql/bind/bind_trace.h"
#include "sql/parse/ast_select.h"

namespace oxibase::ddl {

inline constexpr int kIndentStd = 8;
inline constexpr int kIndentJoin = 4;
inline constexpr int kIndentColumn = 4;

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

}  // namespace oxibase::ddl
