#pragma once
// Columns of CREATE TABLE and ALTER TABLE ADD COLUMN.

#include <string>
#include <vector>

#include "catalog/objects.h"
#include "engine/ddl/ddl_host.h"
#include "expr/expression.h"
#include "sql/parse/ast_ddl.h"

namespace oxibase::ddl {

/// A constraint written behind a column, with that column's name.
struct ColumnConstraint {
  const ast::Constraint* constraint;
  std::string column;
};

/// What a new column asks for besides itself.
struct NewColumn {
  ColumnId id;
  const ast::Constraint* default_value = nullptr;  // DEFAULT or GENERATED ... AS
  const ast::Constraint* identity = nullptr;
  /// serial and its like.
  bool serial = false;
  std::vector<ColumnConstraint> constraints;  // CHECK, keys, REFERENCES
};

/// Adds a column with its type, NOT NULL and identity mark; everything else is in the result, to be
/// done when all columns are known. Errors: 42701, 42704, 42601, 42P16, 54011.
Result<NewColumn> AddColumn(DdlHost& host, TableDef& table, const ast::ColumnDef& column);
/// Checks a column's name and type; adds it.
Result<ColumnId> AddPlainColumn(TableDef& table, std::string name, Type type, int32_t location);

/// Makes the sequence that serial or an identity column needs. REQUIRES: the table's oid, schema
/// and name are set
Status MakeColumnSequence(DdlHost& host, TableDef& table, const NewColumn& column);
/// Binds and stores the default or generation expression; null if there is none.
Result<ExprPtr> StoreDefault(DdlHost& host, TableDef& table, const NewColumn& column);
/// Binds `expr` as the default of a column and stores its text; null for a NULL constant.
Result<ExprPtr> SetDefault(DdlHost& host, TableDef& table, ColumnDef& column,
                           const ast::Expr& expr);
/// Binds and stores a generated column's expression.
Result<ExprPtr> SetGenerated(DdlHost& host, TableDef& table, ColumnDef& column,
                             const ast::Expr& expr);

ColumnDef* FindColumn(TableDef& table, std::string_view name);
ColumnDef& ColumnOf(TableDef& table, ColumnId id);

}  // namespace oxibase::ddl
