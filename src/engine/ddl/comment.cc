// COMMENT ON.
#include <algorithm>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/statements.h"

namespace oxibase::ddl {
namespace {

/// Others may read and write it, but not comment on it or change it. An index comes with its table.
Result<Relation> GetLocked(DdlHost& host, const ast::QualifiedName& name) {
  ASSIGN_OR_RETURN(Relation found, GetRelation(host, name));
  const Oid oid = found.table ? found.table->oid : found.oid();
  RETURN_IF_ERROR(host.LockTable(oid, TableLockMode::kShareUpdateExclusive));
  return found;
}

Result<CommentDef> Target(DdlHost& host, const ast::CommentStmt& statement) {
  CommentDef comment;
  switch (statement.type) {
    case ast::ObjectType::kSchema: {
      const auto schema = host.catalog()->FindSchema(statement.name.name);
      if (schema == nullptr) {
        return Error(ErrorCode::kInvalidSchemaName, "schema \"{}\" does not exist",
                     statement.name.name);
      }
      RETURN_IF_ERROR(host.LockTable(schema->oid, TableLockMode::kShareUpdateExclusive));
      comment.object = schema->oid;
      comment.class_kind = 'n';
      return comment;
    }
    case ast::ObjectType::kDatabase:
      if (host.eval().session == nullptr ||
          statement.name.name != host.eval().session->CurrentDatabase()) {
        return Error(ErrorCode::kInvalidCatalogName, "database \"{}\" does not exist",
                     statement.name.name);
      }
      comment.object = kPostgresDatabase;
      comment.class_kind = 'd';
      return comment;
    case ast::ObjectType::kTable:
    case ast::ObjectType::kView:
    case ast::ObjectType::kSequence:
    case ast::ObjectType::kIndex: {
      ASSIGN_OR_RETURN(const Relation found, GetLocked(host, statement.name));
      const ObjectKind wanted = statement.type == ast::ObjectType::kTable  ? ObjectKind::kTable
                                : statement.type == ast::ObjectType::kView ? ObjectKind::kView
                                : statement.type == ast::ObjectType::kSequence
                                    ? ObjectKind::kSequence
                                    : ObjectKind::kIndex;
      if (found.kind != wanted) {
        return Error(ErrorCode::kWrongObjectType, "\"{}\" is not {} {}", statement.name.name,
                     wanted == ObjectKind::kIndex ? "an" : "a", KindName(wanted));
      }
      comment.object = found.oid();
      return comment;
    }
    case ast::ObjectType::kColumn: {
      ASSIGN_OR_RETURN(const Relation found, GetLocked(host, statement.name));
      comment.object = found.oid();
      if (found.view) {
        const auto& columns = found.view->columns;
        const auto column = std::find_if(columns.begin(), columns.end(), [&](const auto& c) {
          return c.first == statement.sub_name;
        });
        if (column == columns.end()) return UndefinedColumn(statement.sub_name, found.name());
        comment.sub_id = static_cast<int16_t>(column - columns.begin() + 1);
        return comment;
      }
      if (found.kind != ObjectKind::kTable) {
        return Error(ErrorCode::kWrongObjectType, "cannot set comment on relation \"{}\"",
                     statement.name.name)
            .Detail(fmt::format("This operation is not supported for {}s.", KindName(found.kind)));
      }
      const ColumnDef* column = found.table->FindColumn(statement.sub_name);
      if (column == nullptr) return UndefinedColumn(statement.sub_name, found.name());
      comment.sub_id = column->id.value;
      return comment;
    }
    case ast::ObjectType::kTableConstraint: {
      ASSIGN_OR_RETURN(const auto table,
                       GetTable(host, statement.name, TableLockMode::kShareUpdateExclusive));
      const ConstraintDef* constraint = table->FindConstraint(statement.sub_name);
      if (constraint == nullptr) {
        return Error(ErrorCode::kUndefinedObject,
                     "constraint \"{}\" for table \"{}\" does not exist", statement.sub_name,
                     table->name);
      }
      comment.object = constraint->oid;
      comment.class_kind = 'c';
      return comment;
    }
    default:
      return NotSupported("COMMENT on this kind of object");
  }
}

}  // namespace

Result<std::string> CommentOn(DdlHost& host, const ast::CommentStmt& statement) {
  ASSIGN_OR_RETURN(CommentDef comment, Target(host, statement));
  if (!statement.remove) comment.text = statement.comment;
  RETURN_IF_ERROR(host.PutComment(std::move(comment)));
  return std::string("COMMENT");
}

}  // namespace oxibase::ddl
