#pragma once
// One function a statement; each returns the command tag. ddl.cc chooses among them.

#include <string>
#include <string_view>

#include "common/status.h"
#include "engine/ddl/ddl_host.h"
#include "sql/parse/ast_ddl.h"

namespace oxibase::ddl {

Result<std::string> CreateTable(DdlHost& host, const ast::CreateTableStmt& statement);
Result<std::string> CreateTableAs(DdlHost& host, const ast::CreateTableAsStmt& statement);
Result<std::string> CreateIndex(DdlHost& host, const ast::CreateIndexStmt& statement);
Result<std::string> CreateSequence(DdlHost& host, const ast::CreateSequenceStmt& statement);
Result<std::string> AlterSequence(DdlHost& host, const ast::AlterSequenceStmt& statement);
/// `text`: of which the query is a part.
Result<std::string> CreateView(DdlHost& host, const ast::CreateViewStmt& statement,
                               std::string_view text);
Result<std::string> CreateSchema(DdlHost& host, const ast::CreateSchemaStmt& statement,
                                 std::string_view text);
Result<std::string> AlterTable(DdlHost& host, const ast::AlterTableStmt& statement);
Result<std::string> Drop(DdlHost& host, const ast::DropStmt& statement);
Result<std::string> Truncate(DdlHost& host, const ast::TruncateStmt& statement);
Result<std::string> Reindex(DdlHost& host, const ast::ReindexStmt& statement);
Result<std::string> CommentOn(DdlHost& host, const ast::CommentStmt& statement);
Result<std::string> Rename(DdlHost& host, const ast::RenameStmt& statement);
Result<std::string> SetSchemaOf(DdlHost& host, const ast::AlterObjectSchemaStmt& statement);
Result<std::string> SetOwner(DdlHost& host, const ast::AlterOwnerStmt& statement);
Result<std::string> AlterDatabase(DdlHost& host, const ast::AlterDatabaseStmt& statement);

/// "TABLE", "VIEW" ... as in command tags.
std::string_view ObjectWord(ast::ObjectType type);

/// A NOTICE; with the SQLSTATE of the failure that IF NOT EXISTS made of no account.
void Notice(DdlHost& host, std::string message, std::string detail = {},
            ErrorCode code = ErrorCode::kSuccessfulCompletion);

/// Of a new temporary table: has the host empty or drop it when a transaction commits.
void SetOnCommit(DdlHost& host, Oid table, ast::OnCommit action);

/// A new relation's place in the catalog: resolved, named locks taken. False: it exists and
/// `if_not_exists` was said (a NOTICE was given); else 42P07.
struct NewRelation {
  Oid schema = 0;
  bool exists = false;
};
Result<NewRelation> PlaceRelation(DdlHost& host, const ast::QualifiedName& name, bool temporary,
                                  bool if_not_exists);

}  // namespace oxibase::ddl
