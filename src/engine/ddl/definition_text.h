#pragma once
// Definitions as SQL text: pg_get_indexdef(), pg_get_constraintdef(), pg_get_expr() and
// pg_get_viewdef(). `pretty` is what psql's \d asks for: fewer parentheses, schemas only where the
// search path needs them.

#include <string>

#include "catalog/objects.h"
#include "engine/ddl/ddl_host.h"

namespace oxibase::ddl {

/// `column` > 0: that key column (or included one) alone, without order.
std::string IndexDefinition(DdlHost& host, const TableDef& table, const IndexDef& index, int column,
                            bool pretty);
std::string ConstraintDefinition(DdlHost& host, const TableDef& table,
                                 const ConstraintDef& constraint, bool pretty);
/// Its DEFAULT or generation expression; empty if there is none.
std::string DefaultDefinition(DdlHost& host, const TableDef& table, const ColumnDef& column,
                              bool pretty);
/// Laid out as PostgreSQL does where ViewQueryText knows how; else as it was written.
std::string ViewDefinition(DdlHost& host, const ViewDef& view, bool pretty);
/// Stored SQL over the table's columns, as it would be written now; with `type` as what is assigned
/// to a column of that type. Text that no longer binds is
/// returned as it is.
std::string ExpressionText(DdlHost& host, const TableDef& table, const std::string& sql,
                           bool pretty, Type type = Type());

}  // namespace oxibase::ddl
