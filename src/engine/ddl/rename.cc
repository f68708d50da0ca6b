// ALTER ... RENAME, SET SCHEMA, OWNER TO.
//
// Stored SQL names things. Expressions of tables are bound with the old names and written back with
// the new ones. Views keep their text: in it the name is replaced wherever it stands, which is
// right if nothing else that the view speaks of has the old name or the new one; else the change is
// refused.
#include <algorithm>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/drop_set.h"
#include "engine/ddl/statements.h"
#include "engine/ddl/table_columns.h"
#include "engine/ddl/table_constraints.h"
#include "engine/ddl/table_expression.h"
#include "sql/parse/token_cursor.h"

namespace oxibase::ddl {
namespace {

std::string Tag(ast::ObjectType type) { return fmt::format("ALTER {}", ObjectWord(type)); }

Result<Relation> Find(DdlHost& host, const ast::QualifiedName& name, bool missing_ok) {
  ASSIGN_OR_RETURN(Relation found, FindRelation(host, name, missing_ok));
  if (!found && !missing_ok) {
    return Error(ErrorCode::kUndefinedTable, "relation \"{}\" does not exist", name.ToString())
        .At(name.location);
  }
  if (!found) {
    Notice(host, fmt::format("relation \"{}\" does not exist, skipping", name.ToString()));
    return found;
  }
  if (found.oid() < kFirstUserOid) {
    return Error(ErrorCode::kInsufficientPrivilege, "permission denied: \"{}\" is a system catalog",
                 found.name());
  }
  const Oid lock = found.table ? found.table->oid : found.oid();
  RETURN_IF_ERROR(host.LockTable(lock, TableLockMode::kAccessExclusive));
  return found;
}

/// ALTER TABLE may be said of any relation, ALTER VIEW of views alone.
Status CheckKind(const Relation& found, ast::ObjectType type) {
  const bool fits = type == ast::ObjectType::kTable ||
                    (type == ast::ObjectType::kView && found.kind == ObjectKind::kView) ||
                    (type == ast::ObjectType::kIndex && found.kind == ObjectKind::kIndex) ||
                    (type == ast::ObjectType::kSequence && found.kind == ObjectKind::kSequence);
  if (fits) return {};
  return Error(ErrorCode::kWrongObjectType, "\"{}\" is not {} {}", found.name(),
               type == ast::ObjectType::kIndex ? "an" : "a", ast::ObjectTypeName(type));
}

Status RefuseUsedByView(DdlHost& host, Oid oid, const std::string& name) {
  for (const auto& [view_oid, view] : host.catalog()->views()) {
    if (std::find(view->depends_on.begin(), view->depends_on.end(), oid) ==
        view->depends_on.end()) {
      continue;
    }
    return Error(ErrorCode::kFeatureNotSupported,
                 "renaming or moving \"{}\" is not supported while a view uses it", name)
        .Detail(fmt::format("view {} depends on it", VisibleName(host, view->schema, view->name)))
        .Hint("Drop the view first and create it again.");
  }
  return {};
}

/// Whether a relation of the view's, but for `renamed`, is called `name` or has such a column.
bool UsesName(const CatalogVersion& catalog, const ViewDef& view, Oid renamed,
              const std::string& name) {
  for (const Oid oid : view.depends_on) {
    if (oid == renamed) continue;
    if (const auto table = catalog.TableByOid(oid);
        table != nullptr && (table->name == name || table->FindColumn(name) != nullptr)) {
      return true;
    }
    if (const auto other = catalog.ViewByOid(oid); other != nullptr) {
      if (other->name == name) return true;
      for (const auto& [column, type] : other->columns) {
        if (column == name) return true;
      }
    }
  }
  return false;
}

/// The views on `table` as they must be once it has become `after`: `from` renamed to `to`.
Result<std::vector<ViewDef>> RenameInViews(DdlHost& host, const TableDef& after,
                                           const std::string& from, const std::string& to) {
  std::vector<ViewDef> out;
  const auto catalog = host.catalog();
  const bool column = after.FindColumn(to) != nullptr;
  // Views over views see those that were changed before them.
  CatalogVersion trial = *catalog;
  trial.Put(std::make_shared<const TableDef>(after));
  for (const auto& [oid, view] : catalog->views()) {
    if (std::find(view->depends_on.begin(), view->depends_on.end(), after.oid) ==
            view->depends_on.end() ||
        !ViewBreaks(host, *view, trial)) {
      continue;
    }
    ViewDef changed = *view;
    changed.query_sql = ast::RenameInText(view->query_sql, from, to);
    // A table renamed must not be taken for a column, nor the other way round.
    const bool clash =
        UsesName(*catalog, *view, after.oid, from) || UsesName(*catalog, *view, after.oid, to) ||
        (column ? after.name == from || after.name == to : after.FindColumn(from) != nullptr);
    if (clash || ViewBreaks(host, changed, trial)) {
      return RefuseUsedByView(host, after.oid, from);
    }
    trial.Put(std::make_shared<const ViewDef>(changed));
    out.push_back(std::move(changed));
  }
  return out;
}

/// Writes every stored expression of `table` anew: bound as `before`, named as `table`.
Status RewriteExpressions(DdlHost& host, const TableDef& before, TableDef& table) {
  auto rewrite = [&](std::string& sql, ExprUse use, Type type) -> Status {
    if (sql.empty()) return {};
    ASSIGN_OR_RETURN(const StoredExpression stored,
                     BindStored(host, sql, use, before, type, before.name));
    sql = Deparse(host, *stored.bound, table);
    return {};
  };
  for (ColumnDef& column : table.columns) {
    if (column.dropped || (!column.generated && !column.hidden)) continue;
    RETURN_IF_ERROR(rewrite(column.default_sql,
                            column.generated ? ExprUse::kGenerated : ExprUse::kIndexElement,
                            column.generated ? column.type : Type(TypeId::kInvalid)));
  }
  for (ConstraintDef& constraint : table.constraints) {
    RETURN_IF_ERROR(rewrite(constraint.check_sql, ExprUse::kCheck, TypeId::kBool));
  }
  for (IndexDef& index : table.indexes) {
    RETURN_IF_ERROR(rewrite(index.predicate_sql, ExprUse::kIndexPredicate, TypeId::kBool));
    for (IndexColumn& column : index.columns) {
      RETURN_IF_ERROR(rewrite(column.expression_sql, ExprUse::kIndexElement, TypeId::kInvalid));
    }
  }
  return {};
}

Status RenameColumn(DdlHost& host, const Relation& found, const ast::RenameStmt& statement) {
  if (found.view) {
    ViewDef view = *found.view;
    RETURN_IF_ERROR(RefuseUsedByView(host, view.oid, view.name));
    std::pair<std::string, Type>* renamed = nullptr;
    for (auto& column : view.columns) {
      if (column.first == statement.new_name) {
        return Error(ErrorCode::kDuplicateColumn, "column \"{}\" of relation \"{}\" already exists",
                     column.first, view.name);
      }
      if (column.first == statement.sub_name) renamed = &column;
    }
    if (renamed == nullptr) {
      return Error(ErrorCode::kUndefinedColumn, "column \"{}\" does not exist", statement.sub_name);
    }
    renamed->first = statement.new_name;
    return host.PutView(std::move(view));
  }
  if (found.kind != ObjectKind::kTable) {
    return Error(ErrorCode::kWrongObjectType, "cannot rename columns of relation \"{}\"",
                 found.name())
        .Detail(fmt::format("This operation is not supported for {}s.", KindName(found.kind)));
  }
  TableDef table = *found.table;
  ColumnDef* column = FindColumn(table, statement.sub_name);
  if (column == nullptr) {
    return Error(ErrorCode::kUndefinedColumn, "column \"{}\" does not exist", statement.sub_name);
  }
  if (table.FindColumn(statement.new_name) != nullptr) {
    return Error(ErrorCode::kDuplicateColumn, "column \"{}\" of relation \"{}\" already exists",
                 statement.new_name, table.name);
  }
  column->name = statement.new_name;
  RETURN_IF_ERROR(RewriteExpressions(host, *found.table, table));
  ASSIGN_OR_RETURN(std::vector<ViewDef> views,
                   RenameInViews(host, table, statement.sub_name, statement.new_name));
  RETURN_IF_ERROR(host.PutTable(std::move(table)));
  for (ViewDef& view : views) RETURN_IF_ERROR(host.PutView(std::move(view)));
  return {};
}

Status RenameConstraint(DdlHost& host, const Relation& found, const ast::RenameStmt& statement) {
  if (found.kind != ObjectKind::kTable) {
    return Error(ErrorCode::kWrongObjectType, "\"{}\" is not a table", found.name());
  }
  TableDef table = *found.table;
  for (ConstraintDef& constraint : table.constraints) {
    if (constraint.name != statement.sub_name) continue;
    RETURN_IF_ERROR(CheckConstraintName(table, statement.new_name));
    // A key's index has the same name.
    for (IndexDef& index : table.indexes) {
      if (index.constraint != constraint.oid) continue;
      if (RelationNameTaken(host, table, statement.new_name)) {
        return Error(ErrorCode::kDuplicateTable, "relation \"{}\" already exists",
                     statement.new_name);
      }
      index.name = statement.new_name;
    }
    constraint.name = statement.new_name;
    return host.PutTable(std::move(table));
  }
  return Error(ErrorCode::kUndefinedObject, "constraint \"{}\" for table \"{}\" does not exist",
               statement.sub_name, table.name);
}

/// Defaults that name a sequence follow its new name: columns that own it, and any other.
Status RewriteDefaultsWith(DdlHost& host, const SequenceDef& after) {
  std::vector<std::pair<TableDef, std::vector<std::pair<size_t, ExprPtr>>>> changed;
  for (const auto& [oid, table] : host.catalog()->tables()) {
    std::vector<std::pair<size_t, ExprPtr>> uses;
    for (size_t i = 0; i < table->columns.size(); ++i) {
      const ColumnDef& column = table->columns[i];
      if (column.dropped || column.default_sql.find("regclass") == std::string::npos) continue;
      auto bound =
          BindStored(host, column.default_sql, ExprUse::kDefault, *table, column.type, column.name);
      if (!bound.ok()) continue;
      const std::vector<Oid> used = RelationsIn(*bound->bound);
      if (std::find(used.begin(), used.end(), after.oid) != used.end()) {
        uses.emplace_back(i, std::move(bound->bound));
      }
    }
    if (!uses.empty()) changed.emplace_back(*table, std::move(uses));
  }
  RETURN_IF_ERROR(host.PutSequence(after));
  for (auto& [table, uses] : changed) {
    for (auto& [position, expr] : uses) {
      table.columns[position].default_sql = Deparse(host, *expr, table);
    }
    RETURN_IF_ERROR(host.PutTable(std::move(table)));
  }
  return {};
}

/// Gives a relation another name or schema.
Status Move(DdlHost& host, const Relation& found, Oid schema, const std::string& name) {
  RETURN_IF_ERROR(host.LockName(schema, name));
  if (host.catalog()->HasRelation(schema, name)) {
    if (schema == found.schema()) {
      return Error(ErrorCode::kDuplicateTable, "relation \"{}\" already exists", name);
    }
    return Error(ErrorCode::kDuplicateTable, "relation \"{}\" already exists in schema \"{}\"",
                 name, SchemaName(*host.catalog(), schema));
  }
  switch (found.kind) {
    case ObjectKind::kTable: {
      TableDef table = *found.table;
      table.name = name;
      std::vector<ViewDef> views;
      if (table.schema == schema) {
        ASSIGN_OR_RETURN(views, RenameInViews(host, table, found.table->name, name));
      } else {
        RETURN_IF_ERROR(RefuseUsedByView(host, table.oid, found.table->name));
      }
      if (table.schema != schema) {
        for (const IndexDef& index : table.indexes) {
          if (host.catalog()->HasRelation(schema, index.name)) {
            return Error(ErrorCode::kDuplicateTable,
                         "relation \"{}\" already exists in schema \"{}\"", index.name,
                         SchemaName(*host.catalog(), schema));
          }
        }
      }
      const bool moved = table.schema != schema;
      table.schema = schema;
      const Oid oid = table.oid;
      RETURN_IF_ERROR(host.PutTable(std::move(table)));
      for (ViewDef& view : views) RETURN_IF_ERROR(host.PutView(std::move(view)));
      if (!moved) return {};
      // Its sequences go with it.
      std::vector<SequenceDef> owned;
      for (const auto& [sequence_oid, sequence] : host.catalog()->sequences()) {
        if (sequence->owned_by_table == oid) owned.push_back(*sequence);
      }
      for (SequenceDef& sequence : owned) {
        sequence.schema = schema;
        RETURN_IF_ERROR(RewriteDefaultsWith(host, sequence));
      }
      return {};
    }
    case ObjectKind::kView: {
      RETURN_IF_ERROR(RefuseUsedByView(host, found.view->oid, found.view->name));
      ViewDef view = *found.view;
      view.name = name;
      view.schema = schema;
      return host.PutView(std::move(view));
    }
    case ObjectKind::kSequence: {
      RETURN_IF_ERROR(RefuseUsedByView(host, found.sequence->oid, found.sequence->name));
      SequenceDef sequence = *found.sequence;
      sequence.name = name;
      sequence.schema = schema;
      return RewriteDefaultsWith(host, sequence);
    }
    default: {
      if (schema != found.schema()) {
        return Error(ErrorCode::kWrongObjectType, "cannot change schema of index \"{}\"",
                     found.name())
            .Hint("Change the schema of the table instead.");
      }
      TableDef table = *found.table;
      for (IndexDef& index : table.indexes) {
        if (index.oid != found.index->oid) continue;
        index.name = name;
        for (ConstraintDef& constraint : table.constraints) {
          if (constraint.oid == index.constraint) constraint.name = name;
        }
      }
      return host.PutTable(std::move(table));
    }
  }
}

Result<std::string> RenameSchema(DdlHost& host, const ast::RenameStmt& statement) {
  const auto found = host.catalog()->FindSchema(statement.name.name);
  if (found == nullptr) {
    return Error(ErrorCode::kInvalidSchemaName, "schema \"{}\" does not exist",
                 statement.name.name);
  }
  if (found->oid < kFirstUserOid && found->oid != kPublicSchema) {
    return Error(ErrorCode::kInsufficientPrivilege, "permission denied for schema {}",
                 statement.name.name);
  }
  if (statement.new_name.starts_with("pg_")) {
    return Error(ErrorCode::kReservedName, "unacceptable schema name \"{}\"", statement.new_name)
        .Detail("The prefix \"pg_\" is reserved for system schemas.");
  }
  RETURN_IF_ERROR(host.LockTable(found->oid, TableLockMode::kAccessExclusive));
  RETURN_IF_ERROR(host.LockName(0, statement.new_name));
  if (host.catalog()->FindSchema(statement.new_name) != nullptr) {
    return Error(ErrorCode::kDuplicateSchema, "schema \"{}\" already exists", statement.new_name);
  }
  // Stored SQL names the schema; only an empty use of it can follow.
  for (const auto& [oid, view] : host.catalog()->views()) {
    for (const Oid used : view->depends_on) {
      const auto table = host.catalog()->TableByOid(used);
      const auto other = host.catalog()->ViewByOid(used);
      if ((table && table->schema == found->oid) || (other && other->schema == found->oid)) {
        return RefuseUsedByView(host, used, statement.name.name);
      }
    }
  }
  SchemaDef schema = *found;
  schema.name = statement.new_name;
  std::vector<SequenceDef> sequences;
  for (const auto& [oid, sequence] : host.catalog()->sequences()) {
    if (sequence->schema == found->oid) sequences.push_back(*sequence);
  }
  // Bind the defaults while the old name holds, write them when the new one does.
  std::vector<std::pair<TableDef, std::vector<std::pair<size_t, ExprPtr>>>> changed;
  for (const auto& [oid, table] : host.catalog()->tables()) {
    std::vector<std::pair<size_t, ExprPtr>> uses;
    for (size_t i = 0; i < table->columns.size(); ++i) {
      const ColumnDef& column = table->columns[i];
      if (column.dropped || column.default_sql.find("regclass") == std::string::npos) continue;
      ASSIGN_OR_RETURN(StoredExpression bound,
                       BindStored(host, column.default_sql, ExprUse::kDefault, *table, column.type,
                                  column.name));
      uses.emplace_back(i, std::move(bound.bound));
    }
    if (!uses.empty()) changed.emplace_back(*table, std::move(uses));
  }
  RETURN_IF_ERROR(host.PutSchema(std::move(schema)));
  for (auto& [table, uses] : changed) {
    for (auto& [position, expr] : uses) {
      table.columns[position].default_sql = Deparse(host, *expr, table);
    }
    RETURN_IF_ERROR(host.PutTable(std::move(table)));
  }
  return std::string("ALTER SCHEMA");
}

}  // namespace

Result<std::string> Rename(DdlHost& host, const ast::RenameStmt& statement) {
  if (statement.type == ast::ObjectType::kSchema) return RenameSchema(host, statement);
  const bool part = statement.type == ast::ObjectType::kColumn ||
                    statement.type == ast::ObjectType::kTableConstraint;
  const ast::ObjectType of = part ? statement.relation_type : statement.type;
  if (of != ast::ObjectType::kTable && of != ast::ObjectType::kView &&
      of != ast::ObjectType::kIndex && of != ast::ObjectType::kSequence &&
      statement.type != ast::ObjectType::kTableConstraint) {
    return NotSupported(fmt::format("ALTER {} RENAME", ast::ObjectTypeName(of)));
  }
  ASSIGN_OR_RETURN(const Relation found, Find(host, statement.name, statement.missing_ok));
  if (!found) return Tag(of);
  if (statement.type == ast::ObjectType::kTableConstraint) {
    RETURN_IF_ERROR(RenameConstraint(host, found, statement));
    return std::string("ALTER TABLE");
  }
  RETURN_IF_ERROR(CheckKind(found, of));
  if (part) {
    RETURN_IF_ERROR(RenameColumn(host, found, statement));
  } else {
    RETURN_IF_ERROR(Move(host, found, found.schema(), statement.new_name));
  }
  return Tag(of);
}

Result<std::string> SetSchemaOf(DdlHost& host, const ast::AlterObjectSchemaStmt& statement) {
  if (statement.type != ast::ObjectType::kTable && statement.type != ast::ObjectType::kView &&
      statement.type != ast::ObjectType::kSequence) {
    return NotSupported(fmt::format("ALTER {} SET SCHEMA", ast::ObjectTypeName(statement.type)));
  }
  ASSIGN_OR_RETURN(const Relation found, Find(host, statement.name, statement.missing_ok));
  if (!found) return Tag(statement.type);
  RETURN_IF_ERROR(CheckKind(found, statement.type));
  ast::QualifiedName place;
  place.schema = statement.new_schema;
  place.name = found.name();
  ASSIGN_OR_RETURN(const Oid schema, CreationSchemaOf(host, place, /*temporary=*/false));
  if (found.sequence && found.sequence->owned_by_table != 0) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "cannot move an owned sequence into another schema");
  }
  if (schema != found.schema()) RETURN_IF_ERROR(Move(host, found, schema, found.name()));
  return Tag(statement.type);
}

Result<std::string> SetOwner(DdlHost& host, const ast::AlterOwnerStmt& statement) {
  // There is one role.
  if (statement.new_owner != "current_user" && statement.new_owner != "session_user" &&
      statement.new_owner != host.current_user()) {
    return Error(ErrorCode::kUndefinedObject, "role \"{}\" does not exist", statement.new_owner);
  }
  if (statement.type == ast::ObjectType::kSchema) {
    if (host.catalog()->FindSchema(statement.name.name) == nullptr) {
      return Error(ErrorCode::kInvalidSchemaName, "schema \"{}\" does not exist",
                   statement.name.name);
    }
    return std::string("ALTER SCHEMA");
  }
  if (statement.type == ast::ObjectType::kDatabase) return std::string("ALTER DATABASE");
  ASSIGN_OR_RETURN([[maybe_unused]] const Relation found, GetRelation(host, statement.name));
  return Tag(statement.type);
}

}  // namespace oxibase::ddl
