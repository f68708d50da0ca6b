#pragma once
// Expressions that a table's definition stores: bound, checked, and written back as text.

#include <string>
#include <vector>

#include "catalog/objects.h"
#include "engine/ddl/ddl_host.h"
#include "expr/expression.h"
#include "sql/bind/binder.h"

namespace oxibase {
namespace ast {
struct Expr;
}
}  // namespace oxibase

namespace oxibase::ddl {

/// The variable of the column at position i is i + 1; dropped and hidden ones have none.
ScalarScope ScopeOf(const TableDef& table);

struct StoredExpression {
  ExprPtr bound;  // over ScopeOf's variables
  std::string sql;
  /// Positions in TableDef::columns that it refers to.
  std::vector<size_t> columns;
};

/// Binds `expr` over the table's columns. `expected`, `target`: as in BindScalarExpression.
Result<StoredExpression> BindStored(DdlHost& host, const ast::Expr& expr, ExprUse use,
                                    const TableDef& table, Type expected,
                                    const std::string& target);
/// The same from stored text.
Result<StoredExpression> BindStored(DdlHost& host, const std::string& sql, ExprUse use,
                                    const TableDef& table, Type expected,
                                    const std::string& target);

/// Oids of sequences and tables that stand in the expression as 'name'::regclass.
std::vector<Oid> RelationsIn(const Expr& expr);
/// The text of `stored`, bound with `before`'s names, with the names that `after` and the newest
/// catalog have.
std::string Deparse(DdlHost& host, const Expr& bound, const TableDef& after);

}  // namespace oxibase::ddl
