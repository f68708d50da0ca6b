// DROP of every kind of object, and TRUNCATE.
#include <algorithm>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/drop_set.h"
#include "engine/ddl/statements.h"
#include "storage/mvcc/tablet.h"

namespace oxibase::ddl {
namespace {

/// 42809, with the command that would do.
Status WrongKind(const Relation& found, std::string_view wanted) {
  std::string upper;
  for (const char c : KindName(found.kind)) upper += static_cast<char>(std::toupper(c));
  return Error(ErrorCode::kWrongObjectType, "\"{}\" is not {} {}", found.name(),
               wanted == "index" ? "an" : "a", wanted)
      .Hint(fmt::format("Use DROP {} to remove {} {}.", upper,
                        found.kind == ObjectKind::kIndex ? "an" : "a", KindName(found.kind)));
}

Status RefuseSystem(const Relation& found) {
  if (found.oid() >= kFirstUserOid) return {};
  return Error(ErrorCode::kInsufficientPrivilege, "permission denied: \"{}\" is a system catalog",
               found.name());
}

Status AddSchemas(DdlHost& host, const ast::DropStmt& statement, DropSet& drop) {
  for (const ast::QualifiedName& name : statement.names) {
    const auto schema = host.catalog()->FindSchema(name.name);
    if (schema == nullptr) {
      if (!statement.missing_ok) {
        return Error(ErrorCode::kInvalidSchemaName, "schema \"{}\" does not exist", name.name);
      }
      Notice(host, fmt::format("schema \"{}\" does not exist, skipping", name.name));
      continue;
    }
    if (schema->oid < kFirstUserOid && schema->oid != kPublicSchema) {
      return Error(ErrorCode::kDependentObjectsStillExist,
                   "cannot drop schema {} because it is required by the database system",
                   name.name);
    }
    drop.AddSchema(schema->oid);
  }
  return {};
}

Status AddRelations(DdlHost& host, const ast::DropStmt& statement, ObjectKind kind, DropSet& drop) {
  for (const ast::QualifiedName& name : statement.names) {
    // With IF EXISTS a missing schema is no error either.
    ASSIGN_OR_RETURN(const Relation found, FindRelation(host, name, /*missing_schema_ok=*/true));
    if (found && found.oid() >= kFirstUserOid) {
      const Oid locked = found.table ? found.table->oid : found.oid();
      RETURN_IF_ERROR(host.LockTable(locked, TableLockMode::kAccessExclusive));
    }
    if (!found) {
      const bool no_schema = !name.schema.empty() && name.schema != "pg_temp" &&
                             host.catalog()->FindSchema(name.schema) == nullptr;
      if (no_schema && !statement.missing_ok) {
        return Error(ErrorCode::kInvalidSchemaName, "schema \"{}\" does not exist", name.schema);
      }
      if (!statement.missing_ok) {
        return Error(
            kind == ObjectKind::kIndex ? ErrorCode::kUndefinedObject : ErrorCode::kUndefinedTable,
            "{} \"{}\" does not exist", KindName(kind), name.ToString());
      }
      Notice(host, no_schema ? fmt::format("schema \"{}\" does not exist, skipping", name.schema)
                             : fmt::format("{} \"{}\" does not exist, skipping", KindName(kind),
                                           name.ToString()));
      continue;
    }
    if (found.kind != kind) return WrongKind(found, KindName(kind));
    RETURN_IF_ERROR(RefuseSystem(found));
    if (kind == ObjectKind::kTable || kind == ObjectKind::kIndex) {
      RETURN_IF_ERROR(host.CheckNotInUse(*found.table,
                                         kind == ObjectKind::kTable ? "DROP TABLE" : "DROP INDEX"));
    }
    switch (kind) {
      case ObjectKind::kTable:
        drop.AddTable(found.oid());
        break;
      case ObjectKind::kView:
        drop.AddView(found.oid());
        break;
      case ObjectKind::kSequence:
        drop.AddSequence(found.oid());
        break;
      default:
        drop.AddIndex(found.table->oid, found.index->oid);
    }
  }
  return {};
}

/// DROP INDEX CONCURRENTLY.
Result<std::string> DropIndexConcurrently(DdlHost& host, const ast::DropStmt& statement) {
  if (statement.names.size() > 1) {
    return NotSupported("DROP INDEX CONCURRENTLY of several objects");
  }
  if (statement.behavior == ast::DropBehavior::kCascade) {
    return NotSupported("DROP INDEX CONCURRENTLY with CASCADE");
  }
  RETURN_IF_ERROR(host.RefuseInBlock("DROP INDEX CONCURRENTLY"));
  const ast::QualifiedName& name = statement.names[0];
  ASSIGN_OR_RETURN(Relation found, FindRelation(host, name, /*missing_schema_ok=*/true));
  if (!found || found.kind != ObjectKind::kIndex) {
    // (The plain form says what is wrong, or that there is nothing to drop.)
    DropSet drop(host, nullptr);
    RETURN_IF_ERROR(AddRelations(host, statement, ObjectKind::kIndex, drop));
    return std::string("DROP INDEX");
  }
  RETURN_IF_ERROR(RefuseSystem(found));
  RETURN_IF_ERROR(host.LockTable(found.table->oid, TableLockMode::kShareUpdateExclusive));
  TableDef after = *found.table;
  const IndexDef index = *found.index;
  DropSet drop(host, &after);
  drop.AddIndex(after.oid, index.oid);
  RETURN_IF_ERROR(drop.Resolve(statement.behavior));
  RETURN_IF_ERROR(drop.Execute());
  RETURN_IF_ERROR(host.DropIndexBeside(std::move(after), index));
  return std::string("DROP INDEX");
}

}  // namespace

Result<std::string> Drop(DdlHost& host, const ast::DropStmt& statement) {
  if (statement.concurrently) return DropIndexConcurrently(host, statement);
  DropSet drop(host, nullptr);
  switch (statement.type) {
    case ast::ObjectType::kSchema:
      RETURN_IF_ERROR(AddSchemas(host, statement, drop));
      break;
    case ast::ObjectType::kTable:
      RETURN_IF_ERROR(AddRelations(host, statement, ObjectKind::kTable, drop));
      break;
    case ast::ObjectType::kView:
      RETURN_IF_ERROR(AddRelations(host, statement, ObjectKind::kView, drop));
      break;
    case ast::ObjectType::kSequence:
      RETURN_IF_ERROR(AddRelations(host, statement, ObjectKind::kSequence, drop));
      break;
    case ast::ObjectType::kIndex:
      RETURN_IF_ERROR(AddRelations(host, statement, ObjectKind::kIndex, drop));
      break;
    default: {
      std::string words = statement.type_words;
      for (const char c : std::string_view(ast::ObjectTypeName(statement.type))) {
        if (statement.type_words.empty()) words += static_cast<char>(std::toupper(c));
      }
      return NotSupported("DROP " + words);
    }
  }
  RETURN_IF_ERROR(drop.Resolve(statement.behavior));
  RETURN_IF_ERROR(drop.Execute());
  return fmt::format("DROP {}", ObjectWord(statement.type));
}

Result<std::string> Truncate(DdlHost& host, const ast::TruncateStmt& statement) {
  std::vector<std::shared_ptr<const TableDef>> tables;
  auto listed = [&](Oid oid) {
    return std::any_of(tables.begin(), tables.end(),
                       [&](const auto& table) { return table->oid == oid; });
  };
  for (const ast::QualifiedName& name : statement.tables) {
    ASSIGN_OR_RETURN(auto table, GetTable(host, name, TableLockMode::kAccessExclusive));
    if (!listed(table->oid)) tables.push_back(std::move(table));
  }
  // Tables that refer to a truncated one must be truncated, too.
  for (size_t i = 0; i < tables.size(); ++i) {
    for (const auto& [other, key] : host.catalog()->ReferencesTo(tables[i]->oid)) {
      if (listed(other->oid)) continue;
      if (statement.behavior == ast::DropBehavior::kCascade) {
        Notice(host, fmt::format("truncate cascades to table \"{}\"", other->name));
        RETURN_IF_ERROR(host.LockTable(other->oid, TableLockMode::kAccessExclusive));
        tables.push_back(host.catalog()->TableByOid(other->oid));
        continue;
      }
      return Error(ErrorCode::kFeatureNotSupported,
                   "cannot truncate a table referenced in a foreign key constraint")
          .Detail(fmt::format("Table \"{}\" references \"{}\".", other->name, tables[i]->name))
          .Hint(fmt::format("Truncate table \"{}\" at the same time, or use TRUNCATE ... CASCADE.",
                            other->name));
    }
  }
  for (const auto& table : tables) RETURN_IF_ERROR(host.CheckNotInUse(*table, "TRUNCATE"));
  for (const auto& table : tables) {
    TableDef empty = *host.catalog()->TableByOid(table->oid);
    empty.tablet = host.NewTabletId();
    RETURN_IF_ERROR(host.PutTable(std::move(empty)));
    if (!statement.restart_identity) continue;
    for (const auto& [oid, sequence] : host.catalog()->sequences()) {
      if (sequence->owned_by_table == table->oid) {
        RETURN_IF_ERROR(host.RestartSequence(oid, sequence->start));
      }
    }
  }
  return std::string("TRUNCATE TABLE");
}

}  // namespace oxibase::ddl
