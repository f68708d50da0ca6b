#pragma once
// Bound expressions back to SQL text, as PostgreSQL's pg_get_expr() writes it: what the catalog
// stores for defaults, checks, generated columns and index expressions.

#include <functional>
#include <string>

#include "catalog/catalog_version.h"
#include "expr/expression.h"

namespace oxibase::ddl {

struct DeparseOptions {
  /// The name of a variable, unquoted.
  std::function<std::string(VarId)> column_name;
  /// For 't'::regclass and its like.
  const CatalogVersion* catalog = nullptr;
  /// Relations' names get their schema unless this says that the bare name means them. Null:
  /// always.
  std::function<bool(Oid schema, const std::string& name)> is_visible;
  /// Instead of column_name, if set: what stands for the variable, as it is.
  std::function<std::string(VarId)> column_text;
  /// What stands for a subquery.
  std::function<std::string(const Expr&)> subquery_text;
  /// CASE begins lines, pretty or not.
  bool lines = false;
  /// Of the line that the text begins in.
  int indent = 0;
  /// It is a function's argument: implicit casts are shown.
  bool argument = false;
  /// Leaves out what parentheses are not needed, as psql's \d shows it.
  bool pretty = false;
};

std::string DeparseExpression(const Expr& expr, const DeparseOptions& options);

}  // namespace oxibase::ddl
