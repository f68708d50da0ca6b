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
  /// Leaves out what parentheses are not needed, as psql's \d shows it.
  bool pretty = false;
};

std::string DeparseExpression(const Expr& expr, const DeparseOptions& options);

}  // namespace oxibase::ddl
