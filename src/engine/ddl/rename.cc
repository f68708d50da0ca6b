// ALTER ... RENAME, SET SCHEMA, OWNER TO.
//
// Stored SQL names things. Expressions of tables are bound with the old names and written back with
// the new ones. Views keep their text: in it the name is replaced wherever it stands, which is
// right if nothing else that the view speaks of has the old name or the new one; else the change is
// refused.
#include <algorithm>
#include <functional>

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

Status UsedByView(DdlHost& host, const ViewDef& view, const std::string& name) {
  return Error(ErrorCode::kFeatureNotSupported,
               "renaming or moving \"{}\" is not supported while a view uses it", name)
      .Detail(fmt::format("view {} depends on it", VisibleName(host, view.schema, view.name)))
      .Hint("Drop the view first and create it again.");
}

Status RefuseUsedByView(DdlHost& host, Oid oid, const std::string& name) {
  for (const auto& [view_oid, view] : host.catalog()->views()) {
    if (std::find(view->depends_on.begin(), view->depends_on.end(), oid) !=
        view->depends_on.end()) {
      return UsedByView(host, *view, name);
    }
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

/// A column or a relation under another name.
struct Renaming {
  Oid relation = 0;
  std::string relation_name;  // as it was
  std::vector<std::string> columns;
  std::string from, to;
  bool column = false;
};

/// Whether something else that the view speaks of has the old name or the new one. A table renamed
/// must not be taken for a column, nor the other way round.
bool Clashes(const CatalogVersion& catalog, const ViewDef& view, const Renaming& renaming) {
  return UsesName(catalog, view, renaming.relation, renaming.from) ||
         UsesName(catalog, view, renaming.relation, renaming.to) ||
         (renaming.column
              ? renaming.relation_name == renaming.from || renaming.relation_name == renaming.to
              : std::find(renaming.columns.begin(), renaming.columns.end(), renaming.from) !=
                    renaming.columns.end());
}

/// Ways to write a view's query with the new name, the best first.
using Rewrite = std::function<std::vector<std::string>(const ViewDef&)>;

/// The views on `used` as they must be in `trial`, where something has another name. 0A000 if one
/// cannot be written so that it can be bound.
Result<std::vector<ViewDef>> MendViews(DdlHost& host, CatalogVersion trial,
                                       const std::function<bool(Oid)>& used, const Rewrite& rewrite,
                                       const std::string& name) {
  std::vector<ViewDef> out;
  std::vector<std::shared_ptr<const ViewDef>> pending;
  for (const auto& [oid, view] : trial.views()) {
    if (std::any_of(view->depends_on.begin(), view->depends_on.end(), used)) {
      pending.push_back(view);
    }
  }
  auto mend = [&](const ViewDef& view) {
    if (!ViewBreaks(host, view, trial)) return true;
    for (std::string& text : rewrite(view)) {
      ViewDef changed = view;
      changed.query_sql = std::move(text);
      if (ViewBreaks(host, changed, trial)) continue;
      trial.Put(std::make_shared<const ViewDef>(changed));
      out.push_back(std::move(changed));
      return true;
    }
    return false;
  };
  // Views over views can be bound only after those.
  for (size_t before = pending.size() + 1; pending.size() < before;) {
    before = pending.size();
    std::erase_if(pending, [&](const auto& view) { return mend(*view); });
  }
  if (!pending.empty()) return UsedByView(host, *pending.front(), name);
  return out;
}

/// The views on a relation once one of its columns has another name.
Result<std::vector<ViewDef>> RenameColumnInViews(DdlHost& host, CatalogVersion trial,
                                                 const Renaming& renaming) {
  const auto catalog = host.catalog();
  return MendViews(
      host, std::move(trial), [&](Oid oid) { return oid == renaming.relation; },
      [&](const ViewDef& view) -> std::vector<std::string> {
        if (Clashes(*catalog, view, renaming)) return {};
        return {ast::RenameInText(view.query_sql, renaming.from, renaming.to)};
      },
      renaming.from);
}

/// The views on a relation once it has another name or schema.
Result<std::vector<ViewDef>> MoveInViews(DdlHost& host, CatalogVersion trial, const Relation& found,
                                         Oid schema, const std::string& name) {
  const auto catalog = host.catalog();
  Renaming renaming;
  renaming.relation = found.oid();
  renaming.relation_name = renaming.from = found.name();
  renaming.to = name;
  if (found.table) {
    for (const ColumnDef& column : found.table->columns) renaming.columns.push_back(column.name);
  } else if (found.view) {
    for (const auto& [column, type] : found.view->columns) renaming.columns.push_back(column);
  }
  const std::string old_schema = SchemaName(*catalog, found.schema());
  const std::string new_schema = SchemaName(*catalog, schema);
  return MendViews(
      host, std::move(trial), [&](Oid oid) { return oid == found.oid(); },
      [&](const ViewDef& view) {
        std::vector<std::string> texts;
        std::string moved =
            ast::RenameQualified(view.query_sql, old_schema, found.name(), new_schema, name);
        // The old name must not stand for anything any more.
        if (name == found.name() || ast::RenameInText(moved, found.name(), "") == moved) {
          texts.push_back(std::move(moved));
        }
        if (schema == found.schema() && !Clashes(*catalog, view, renaming)) {
          texts.push_back(ast::RenameInText(view.query_sql, found.name(), name));
        }
        return texts;
      },
      found.name());
}

Status PutViews(DdlHost& host, std::vector<ViewDef> views) {
  for (ViewDef& view : views) RETURN_IF_ERROR(host.PutView(std::move(view)));
  return {};
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
    CatalogVersion trial = *host.catalog();
    trial.Put(std::make_shared<const ViewDef>(view));
    ASSIGN_OR_RETURN(std::vector<ViewDef> views, RenameColumnInViews(host, std::move(trial),
                                                                     {view.oid,
                                                                      view.name,
                                                                      {},
                                                                      statement.sub_name,
                                                                      statement.new_name,
                                                                      /*column=*/true}));
    RETURN_IF_ERROR(host.PutView(std::move(view)));
    return PutViews(host, std::move(views));
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
  CatalogVersion trial = *host.catalog();
  trial.Put(std::make_shared<const TableDef>(table));
  ASSIGN_OR_RETURN(
      std::vector<ViewDef> views,
      RenameColumnInViews(
          host, std::move(trial),
          {table.oid, table.name, {}, statement.sub_name, statement.new_name, /*column=*/true}));
  RETURN_IF_ERROR(host.PutTable(std::move(table)));
  return PutViews(host, std::move(views));
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
      CatalogVersion trial = *host.catalog();
      trial.Put(std::make_shared<const TableDef>(table));
      ASSIGN_OR_RETURN(std::vector<ViewDef> views,
                       MoveInViews(host, std::move(trial), found, schema, name));
      RETURN_IF_ERROR(host.PutTable(std::move(table)));
      RETURN_IF_ERROR(PutViews(host, std::move(views)));
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
      ViewDef view = *found.view;
      view.name = name;
      view.schema = schema;
      CatalogVersion trial = *host.catalog();
      trial.Put(std::make_shared<const ViewDef>(view));
      ASSIGN_OR_RETURN(std::vector<ViewDef> views,
                       MoveInViews(host, std::move(trial), found, schema, name));
      RETURN_IF_ERROR(host.PutView(std::move(view)));
      return PutViews(host, std::move(views));
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
  SchemaDef schema = *found;
  schema.name = statement.new_name;
  CatalogVersion trial = *host.catalog();
  trial.Put(std::make_shared<const SchemaDef>(schema));
  auto is_inside = [&](Oid oid) {
    const auto table = trial.TableByOid(oid);
    const auto view = trial.ViewByOid(oid);
    const auto sequence = trial.SequenceByOid(oid);
    return (table && table->schema == schema.oid) || (view && view->schema == schema.oid) ||
           (sequence && sequence->schema == schema.oid);
  };
  ASSIGN_OR_RETURN(std::vector<ViewDef> views,
                   MendViews(
                       host, trial, is_inside,
                       [&](const ViewDef& view) -> std::vector<std::string> {
                         return {ast::RenameQualified(view.query_sql, statement.name.name, "",
                                                      statement.new_name, "")};
                       },
                       statement.name.name));
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
  RETURN_IF_ERROR(PutViews(host, std::move(views)));
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
