#include "engine/ddl/ddl.h"

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/statements.h"

namespace oxibase {

bool IsDdl(const ast::Statement& statement) {
  switch (statement.kind) {
    case ast::StatementKind::kCreateTable:
    case ast::StatementKind::kCreateTableAs:
    case ast::StatementKind::kAlterTable:
    case ast::StatementKind::kCreateSchema:
    case ast::StatementKind::kCreateSequence:
    case ast::StatementKind::kAlterSequence:
    case ast::StatementKind::kCreateView:
    case ast::StatementKind::kCreateIndex:
    case ast::StatementKind::kDrop:
    case ast::StatementKind::kTruncate:
    case ast::StatementKind::kReindex:
    case ast::StatementKind::kComment:
    case ast::StatementKind::kRename:
    case ast::StatementKind::kAlterObjectSchema:
    case ast::StatementKind::kAlterOwner:
    case ast::StatementKind::kAlterDatabase:
      return true;
    default:
      return false;
  }
}

std::string DdlTag(const ast::Statement& statement) {
  const auto of = [](std::string_view verb, ast::ObjectType type) {
    return fmt::format("{} {}", verb, ddl::ObjectWord(type));
  };
  switch (statement.kind) {
    case ast::StatementKind::kCreateTable:
      return "CREATE TABLE";
    case ast::StatementKind::kCreateTableAs:
      return ast::As<ast::CreateTableAsStmt>(statement).select_into ? "SELECT INTO"
                                                                    : "CREATE TABLE AS";
    case ast::StatementKind::kAlterTable:
      return of("ALTER", ast::As<ast::AlterTableStmt>(statement).object_type);
    case ast::StatementKind::kCreateSchema:
      return "CREATE SCHEMA";
    case ast::StatementKind::kCreateSequence:
      return "CREATE SEQUENCE";
    case ast::StatementKind::kAlterSequence:
      return "ALTER SEQUENCE";
    case ast::StatementKind::kCreateView:
      return "CREATE VIEW";
    case ast::StatementKind::kCreateIndex:
      return "CREATE INDEX";
    case ast::StatementKind::kDrop:
      return of("DROP", ast::As<ast::DropStmt>(statement).type);
    case ast::StatementKind::kTruncate:
      return "TRUNCATE TABLE";
    case ast::StatementKind::kReindex:
      return "REINDEX";
    case ast::StatementKind::kComment:
      return "COMMENT";
    case ast::StatementKind::kRename: {
      const auto& rename = ast::As<ast::RenameStmt>(statement);
      const bool part = rename.type == ast::ObjectType::kColumn ||
                        rename.type == ast::ObjectType::kTableConstraint;
      return of("ALTER", part ? rename.relation_type : rename.type);
    }
    case ast::StatementKind::kAlterObjectSchema:
      return of("ALTER", ast::As<ast::AlterObjectSchemaStmt>(statement).type);
    case ast::StatementKind::kAlterOwner:
      return of("ALTER", ast::As<ast::AlterOwnerStmt>(statement).type);
    case ast::StatementKind::kAlterDatabase:
      return "ALTER DATABASE";
    default:
      return "this statement";
  }
}

Result<std::string> ExecuteDdl(DdlHost& host, const ast::Statement& statement,
                               std::string_view text) {
  switch (statement.kind) {
    case ast::StatementKind::kCreateTable:
      return ddl::CreateTable(host, ast::As<ast::CreateTableStmt>(statement));
    case ast::StatementKind::kCreateTableAs:
      return ddl::CreateTableAs(host, ast::As<ast::CreateTableAsStmt>(statement));
    case ast::StatementKind::kAlterTable:
      return ddl::AlterTable(host, ast::As<ast::AlterTableStmt>(statement));
    case ast::StatementKind::kCreateSchema:
      return ddl::CreateSchema(host, ast::As<ast::CreateSchemaStmt>(statement), text);
    case ast::StatementKind::kCreateSequence:
      return ddl::CreateSequence(host, ast::As<ast::CreateSequenceStmt>(statement));
    case ast::StatementKind::kAlterSequence:
      return ddl::AlterSequence(host, ast::As<ast::AlterSequenceStmt>(statement));
    case ast::StatementKind::kCreateView:
      return ddl::CreateView(host, ast::As<ast::CreateViewStmt>(statement), text);
    case ast::StatementKind::kCreateIndex:
      return ddl::CreateIndex(host, ast::As<ast::CreateIndexStmt>(statement));
    case ast::StatementKind::kDrop:
      return ddl::Drop(host, ast::As<ast::DropStmt>(statement));
    case ast::StatementKind::kTruncate:
      return ddl::Truncate(host, ast::As<ast::TruncateStmt>(statement));
    case ast::StatementKind::kReindex:
      return ddl::Reindex(host, ast::As<ast::ReindexStmt>(statement));
    case ast::StatementKind::kComment:
      return ddl::CommentOn(host, ast::As<ast::CommentStmt>(statement));
    case ast::StatementKind::kRename:
      return ddl::Rename(host, ast::As<ast::RenameStmt>(statement));
    case ast::StatementKind::kAlterObjectSchema:
      return ddl::SetSchemaOf(host, ast::As<ast::AlterObjectSchemaStmt>(statement));
    case ast::StatementKind::kAlterOwner:
      return ddl::SetOwner(host, ast::As<ast::AlterOwnerStmt>(statement));
    case ast::StatementKind::kAlterDatabase:
      return ddl::AlterDatabase(host, ast::As<ast::AlterDatabaseStmt>(statement));
    default:
      return ddl::NotSupported("this statement");
  }
}

namespace ddl {

std::string_view ObjectWord(ast::ObjectType type) {
  switch (type) {
    case ast::ObjectType::kView:
      return "VIEW";
    case ast::ObjectType::kIndex:
      return "INDEX";
    case ast::ObjectType::kSequence:
      return "SEQUENCE";
    case ast::ObjectType::kSchema:
      return "SCHEMA";
    default:
      return "TABLE";
  }
}

void SetOnCommit(DdlHost& host, Oid table, ast::OnCommit action) {
  if (action == ast::OnCommit::kDeleteRows || action == ast::OnCommit::kDrop) {
    host.AtCommit(table, action == ast::OnCommit::kDrop);
  }
}

void Notice(DdlHost& host, std::string message, std::string detail, ErrorCode code) {
  ErrorInfo info;
  info.code = code;
  info.message = std::move(message);
  info.detail = std::move(detail);
  host.Notice("NOTICE", info);
}

Result<NewRelation> PlaceRelation(DdlHost& host, const ast::QualifiedName& name, bool temporary,
                                  bool if_not_exists) {
  NewRelation out;
  ASSIGN_OR_RETURN(out.schema, CreationSchemaOf(host, name, temporary));
  RETURN_IF_ERROR(host.LockName(out.schema, name.name));
  out.exists = host.catalog()->HasRelation(out.schema, name.name);
  if (!out.exists) return out;
  if (!if_not_exists) {
    return Error(ErrorCode::kDuplicateTable, "relation \"{}\" already exists", name.name);
  }
  Notice(host, fmt::format("relation \"{}\" already exists, skipping", name.name), {},
         ErrorCode::kDuplicateTable);
  return out;
}

}  // namespace ddl
}  // namespace oxibase
