// CREATE INDEX.
#include "engine/ddl/ddl_names.h"
#include "engine/ddl/index_definition.h"
#include "engine/ddl/rewrite_table.h"
#include "engine/ddl/statements.h"

namespace oxibase::ddl {

Result<std::string> CreateIndex(DdlHost& host, const ast::CreateIndexStmt& statement) {
  // An expression is stored in the rows, which all change then; plain columns need no more than
  // writers kept out.
  bool stores = statement.where != nullptr;
  for (const ast::IndexElement& element : statement.elements) stores |= element.expr != nullptr;
  if (statement.concurrently) RETURN_IF_ERROR(host.RefuseInBlock("CREATE INDEX CONCURRENTLY"));
  ASSIGN_OR_RETURN(const std::shared_ptr<const TableDef> before,
                   GetTable(host, statement.table.name,
                            // (PostgreSQL's SHARE lets two make indexes of one table side by
                            // side; here they change one definition.)
                            statement.concurrently ? TableLockMode::kShareUpdateExclusive
                            : stores               ? TableLockMode::kAccessExclusive
                                                   : TableLockMode::kShareRowExclusive));
  RETURN_IF_ERROR(host.CheckNotInUse(*before, "CREATE INDEX"));
  if (!statement.name.empty()) {
    RETURN_IF_ERROR(host.LockName(before->schema, statement.name));
    if (host.catalog()->HasRelation(before->schema, statement.name)) {
      if (!statement.if_not_exists) {
        return Error(ErrorCode::kDuplicateTable, "relation \"{}\" already exists", statement.name);
      }
      Notice(host, fmt::format("relation \"{}\" already exists, skipping", statement.name), {},
             ErrorCode::kDuplicateTable);
      return std::string("CREATE INDEX");
    }
  }
  TableDef after = *before;
  bool needs_rewrite = false;
  ASSIGN_OR_RETURN(const std::string name, AddIndex(host, after, statement, needs_rewrite));
  if (statement.name.empty()) RETURN_IF_ERROR(host.LockName(after.schema, name));
  if (statement.concurrently) {
    if (needs_rewrite) {
      return NotSupported("CREATE INDEX CONCURRENTLY with an expression or a WHERE clause");
    }
    for (const IndexDef& index : after.indexes) {
      if (!before->FindIndex(index.oid)) RETURN_IF_ERROR(host.BuildIndexBeside(after, index));
    }
  }
  if (!needs_rewrite) {
    RETURN_IF_ERROR(host.PutTable(std::move(after)));
    return std::string("CREATE INDEX");
  }
  RowChange change;
  ASSIGN_OR_RETURN(change.from_new, ComputedColumns(host, after));
  RETURN_IF_ERROR(RewriteTable(host, *before, std::move(after), change));
  return std::string("CREATE INDEX");
}

}  // namespace oxibase::ddl
