#pragma once

#include <string>

#include "catalog/objects.h"
#include "engine/ddl/ddl_host.h"
#include "sql/parse/ast_ddl.h"

namespace oxibase::ddl {

/// Adds the index that CREATE INDEX describes to the definition, without name and oid checks of its
/// own relation beyond what is said here. Expressions and predicates become hidden stored columns:
/// `needs_rewrite` then says that the rows need values for them. Returns the index's name.
Result<std::string> AddIndex(DdlHost& host, TableDef& table, const ast::CreateIndexStmt& statement,
                             bool& needs_rewrite);

/// Drops hidden columns that no index needs any more.
void DropUnusedHiddenColumns(TableDef& table);

/// 22023 for a parameter in WITH (...) that tables or indexes do not have; known ones have no
/// effect here.
Status CheckStorageOptions(const ast::OptionList& options, bool of_index);
/// 42704 unless it is the default one.
Status CheckTablespace(const std::string& tablespace);

}  // namespace oxibase::ddl
