#pragma once
// Whether the rows that are there satisfy a constraint that is new.

#include "catalog/objects.h"
#include "engine/ddl/ddl_host.h"

namespace oxibase::ddl {

/// 23502 if a row has NULL there.
Status ValidateNotNull(DdlHost& host, const TableDef& table, const ColumnDef& column);
/// 23514 if the check is false for a row.
Status ValidateCheck(DdlHost& host, const TableDef& table, const ConstraintDef& check);
/// 23503 if a row refers to none.
Status ValidateForeignKey(DdlHost& host, const TableDef& table, const ConstraintDef& key);

}  // namespace oxibase::ddl
