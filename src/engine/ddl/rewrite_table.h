#pragma once

#include <vector>

#include "catalog/objects.h"
#include "engine/ddl/ddl_host.h"
#include "expr/expression.h"

namespace oxibase::ddl {

/// How the rows of a table change when its definition does. Expressions are over ScopeOf's
/// variables: position in TableDef::columns, plus one.
struct RowChange {
  struct Computed {
    size_t position;
    ExprPtr expr;
  };
  /// Over the old row: changed types, defaults of new columns.
  std::vector<Computed> from_old;
  /// Over the new row, in this order: generated and hidden columns.
  std::vector<Computed> from_new;
};

/// Binds all generated and hidden columns of `table` for `from_new`.
Result<std::vector<RowChange::Computed>> ComputedColumns(DdlHost& host, const TableDef& table);

/// Gives `after` a tablet of its own with every live row of `before`'s, changed by `change`; puts
/// `after` into the catalog. `before` is what the catalog has. New NOT NULL columns are checked
/// (23502), unique indexes too (23505); checks and foreign keys are not.
/// REQUIRES: an ACCESS EXCLUSIVE lock on the table
Status RewriteTable(DdlHost& host, const TableDef& before, TableDef after, const RowChange& change);

}  // namespace oxibase::ddl
