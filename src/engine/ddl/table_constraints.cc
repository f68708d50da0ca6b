#include "engine/ddl/table_constraints.h"

#include <algorithm>

#include "common/key_codec.h"
#include "engine/ddl/ddl_names.h"
#include "engine/ddl/index_definition.h"
#include "engine/ddl/statements.h"
#include "engine/ddl/storage_properties.h"
#include "engine/ddl/table_columns.h"
#include "engine/ddl/table_expression.h"
#include "expr/resolve.h"

namespace oxibase::ddl {
namespace {

bool ConstraintNameTaken(DdlHost& host, const TableDef& table, const std::string& name) {
  if (table.FindConstraint(name) != nullptr) return true;
  // Like PostgreSQL, made-up names are unique in the schema.
  const auto catalog = host.catalog();
  for (const auto& [oid, other] : catalog->tables()) {
    if (other->schema == table.schema && oid != table.oid &&
        other->FindConstraint(name) != nullptr) {
      return true;
    }
  }
  return false;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : "_") + name;
  return out;
}

/// A table's columns by name: 42703 with `what` ("named in key", ...).
Result<std::vector<ColumnId>> ColumnIds(const TableDef& table,
                                        const std::vector<std::string>& names,
                                        std::string_view what, int32_t location) {
  std::vector<ColumnId> ids;
  for (const std::string& name : names) {
    const ColumnDef* column = table.FindColumn(name);
    if (column == nullptr) {
      return Error(ErrorCode::kUndefinedColumn, "column \"{}\" {} does not exist", name, what)
          .At(location);
    }
    ids.push_back(column->id);
  }
  return ids;
}

ForeignKeyAction Action(ast::ForeignKeyAction action) {
  switch (action) {
    case ast::ForeignKeyAction::kRestrict:
      return ForeignKeyAction::kRestrict;
    case ast::ForeignKeyAction::kCascade:
      return ForeignKeyAction::kCascade;
    case ast::ForeignKeyAction::kSetNull:
      return ForeignKeyAction::kSetNull;
    case ast::ForeignKeyAction::kSetDefault:
      return ForeignKeyAction::kSetDefault;
    case ast::ForeignKeyAction::kNoAction:
      break;
  }
  return ForeignKeyAction::kNoAction;
}

/// The unique constraint or index of `referenced` over just these columns, or null; a deferrable
/// one only if there is no other.
const IndexDef* ReferableIndex(const TableDef& referenced, const std::vector<ColumnId>& columns) {
  const IndexDef* deferrable = nullptr;
  for (const IndexDef& index : referenced.indexes) {
    if (!index.unique || index.predicate.has_value() || index.columns.size() != columns.size()) {
      continue;
    }
    const bool same =
        std::all_of(index.columns.begin(), index.columns.end(), [&](const IndexColumn& column) {
          return column.expression_sql.empty() &&
                 std::find(columns.begin(), columns.end(), column.column) != columns.end();
        });
    if (!same) continue;
    if (referenced.IsAlwaysUnique(index)) return &index;
    deferrable = &index;
  }
  return deferrable;
}

}  // namespace

Status CheckConstraintName(const TableDef& table, const std::string& name) {
  if (table.FindConstraint(name) == nullptr) return {};
  return Error(ErrorCode::kDuplicateObject, "constraint \"{}\" for relation \"{}\" already exists",
               name, table.name);
}

bool RelationNameTaken(DdlHost& host, const TableDef& table, const std::string& name) {
  if (name == table.name) return true;
  for (const IndexDef& index : table.indexes) {
    if (index.name == name) return true;
  }
  return host.catalog()->HasRelation(table.schema, name);
}

Result<std::string> AddCheck(DdlHost& host, TableDef& table, const ast::Constraint& constraint,
                             const std::string& column) {
  ASSIGN_OR_RETURN(StoredExpression stored, BindStored(host, *constraint.expr, ExprUse::kCheck,
                                                       table, TypeId::kBool, "CHECK"));
  ConstraintDef check;
  check.kind = ConstraintKind::kCheck;
  check.oid = host.NewOid();
  check.validated = !constraint.skip_validation;
  for (const size_t position : stored.columns) check.columns.push_back(table.columns[position].id);
  check.check_sql = std::move(stored.sql);
  if (!constraint.name.empty()) {
    RETURN_IF_ERROR(CheckConstraintName(table, constraint.name));
    check.name = constraint.name;
  } else {
    // Named after its column: the one it is written behind, or the only one it speaks of.
    std::string of = column;
    if (of.empty() && stored.columns.size() == 1) of = table.columns[stored.columns[0]].name;
    check.name = ChooseName(table.name, of, "check", [&](const std::string& name) {
      return ConstraintNameTaken(host, table, name);
    });
  }
  if (!constraint.enforced) return NotSupported("NOT ENFORCED").At(constraint.location);
  table.constraints.push_back(std::move(check));
  return table.constraints.back().name;
}

Result<std::string> AddKey(DdlHost& host, TableDef& table, const ast::Constraint& constraint,
                           const std::string& column) {
  const bool primary = constraint.type == ast::ConstraintType::kPrimaryKey;
  const int32_t at = constraint.location;
  if (primary && table.PrimaryKey() != nullptr) {
    return Error(ErrorCode::kInvalidTableDefinition,
                 "multiple primary keys for table \"{}\" are not allowed", table.name)
        .At(at);
  }
  if (!constraint.using_index.empty()) return AddKeyUsingIndex(host, table, constraint);
  const std::vector<std::string> names =
      constraint.keys.empty() ? std::vector<std::string>{column} : constraint.keys;
  ASSIGN_OR_RETURN(std::vector<ColumnId> ids, ColumnIds(table, names, "named in key", at));
  IndexDef index;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (std::find(ids.begin(), ids.begin() + static_cast<ptrdiff_t>(i), ids[i]) !=
        ids.begin() + static_cast<ptrdiff_t>(i)) {
      return Error(ErrorCode::kDuplicateColumn, "column \"{}\" appears twice in {} constraint",
                   names[i], primary ? "primary key" : "unique")
          .At(at);
    }
    ColumnDef& definition = ColumnOf(table, ids[i]);
    if (!HasKey(definition.type.id)) {
      return Error(ErrorCode::kUndefinedObject,
                   "data type {} has no default operator class for access method \"btree\"",
                   FormatType(definition.type))
          .Hint(
              "You must specify an operator class for the index or define a default operator "
              "class for the data type.");
    }
    if (primary) definition.not_null = true;
    index.columns.push_back(IndexColumn{.column = ids[i]});
  }
  ASSIGN_OR_RETURN(index.included, ColumnIds(table, constraint.including, "named in key", at));
  index.oid = host.NewOid();
  RETURN_IF_ERROR(CheckStorageOptions(constraint.options, true));
  RETURN_IF_ERROR(PutTableProperties(host, index.oid, false, constraint.options));
  index.unique = true;
  index.primary = primary;
  index.nulls_not_distinct = constraint.nulls_not_distinct;

  if (!constraint.name.empty()) {
    RETURN_IF_ERROR(CheckConstraintName(table, constraint.name));
    RETURN_IF_ERROR(host.LockName(table.schema, constraint.name));
    if (RelationNameTaken(host, table, constraint.name)) {
      return Error(ErrorCode::kDuplicateTable, "relation \"{}\" already exists", constraint.name);
    }
    index.name = constraint.name;
  } else {
    index.name = ChooseName(table.name, primary ? "" : Joined(names), primary ? "pkey" : "key",
                            [&](const std::string& name) {
                              return RelationNameTaken(host, table, name) ||
                                     ConstraintNameTaken(host, table, name);
                            });
    RETURN_IF_ERROR(host.LockName(table.schema, index.name));
  }
  ConstraintDef key;
  key.oid = host.NewOid();
  key.name = index.name;
  key.kind = primary ? ConstraintKind::kPrimaryKey : ConstraintKind::kUnique;
  key.columns = std::move(ids);
  key.index = index.oid;
  key.deferrable = constraint.deferrable;
  key.initially_deferred = constraint.initially_deferred;
  index.constraint = key.oid;
  table.indexes.push_back(std::move(index));
  table.constraints.push_back(std::move(key));
  return table.constraints.back().name;
}

Result<std::string> AddKeyUsingIndex(DdlHost& host, TableDef& table,
                                     const ast::Constraint& constraint) {
  const bool primary = constraint.type == ast::ConstraintType::kPrimaryKey;
  const auto index = std::find_if(table.indexes.begin(), table.indexes.end(),
                                  [&](const auto& i) { return i.name == constraint.using_index; });
  if (index == table.indexes.end()) {
    return Error(ErrorCode::kUndefinedObject, "index \"{}\" does not exist", constraint.using_index)
        .At(constraint.location);
  }
  if (index->constraint != 0) {
    return Error(ErrorCode::kObjectNotInPrerequisiteState,
                 "index \"{}\" is already associated with a constraint", index->name)
        .At(constraint.location);
  }
  if (!index->unique) {
    return Error(ErrorCode::kWrongObjectType, "\"{}\" is not a unique index", index->name)
        .Detail("Cannot create a primary key or unique constraint using such an index.")
        .At(constraint.location);
  }
  if (index->predicate.has_value()) {
    return Error(ErrorCode::kWrongObjectType, "\"{}\" is a partial index", index->name)
        .Detail("Cannot create a primary key or unique constraint using such an index.")
        .At(constraint.location);
  }
  ConstraintDef key;
  for (const IndexColumn& column : index->columns) {
    if (!column.expression_sql.empty()) {
      return Error(ErrorCode::kWrongObjectType, "index \"{}\" contains expressions", index->name)
          .Detail("Cannot create a primary key or unique constraint using such an index.")
          .At(constraint.location);
    }
    key.columns.push_back(column.column);
    if (primary) ColumnOf(table, column.column).not_null = true;
  }
  if (!constraint.name.empty() && constraint.name != index->name) {
    RETURN_IF_ERROR(CheckConstraintName(table, constraint.name));
    Notice(host, fmt::format(
                     "ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index \"{}\" to \"{}\"",
                     index->name, constraint.name));
    if (RelationNameTaken(host, table, constraint.name)) {
      return Error(ErrorCode::kDuplicateTable, "relation \"{}\" already exists", constraint.name);
    }
    index->name = constraint.name;
  }
  key.oid = host.NewOid();
  key.name = index->name;
  key.kind = primary ? ConstraintKind::kPrimaryKey : ConstraintKind::kUnique;
  key.deferrable = constraint.deferrable;
  key.initially_deferred = constraint.initially_deferred;
  // Storage knows an index as deferrable or not: another one is built in its place.
  if (key.deferrable) index->oid = host.NewOid();
  key.index = index->oid;
  index->constraint = key.oid;
  index->primary = primary;
  table.constraints.push_back(std::move(key));
  return table.constraints.back().name;
}

Status CheckForeignKeyTypes(const ConstraintDef& key, const TableDef& table,
                            const TableDef& referenced) {
  for (size_t i = 0; i < key.columns.size(); ++i) {
    const ColumnDef& own = *table.FindColumn(key.columns[i]);
    const ColumnDef& other = *referenced.FindColumn(key.referenced_columns[i]);
    if (ResolveComparison("=", other.type.id, own.type.id).ok()) continue;
    return Error(ErrorCode::kDatatypeMismatch,
                 "foreign key constraint \"{}\" cannot be implemented", key.name)
        .Detail(fmt::format("Key columns \"{}\" and \"{}\" are of incompatible types: {} and {}.",
                            own.name, other.name, FormatType(own.type), FormatType(other.type)));
  }
  return {};
}

Result<std::string> AddForeignKey(DdlHost& host, TableDef& table, const ast::Constraint& constraint,
                                  const std::string& column) {
  const int32_t at = constraint.location;
  if (constraint.match == ast::ForeignKeyMatch::kPartial) {
    return Error(ErrorCode::kFeatureNotSupported, "MATCH PARTIAL not yet implemented").At(at);
  }
  if (!constraint.enforced) return NotSupported("NOT ENFORCED").At(at);
  // The table may refer to itself while it is being made.
  std::shared_ptr<const TableDef> other;
  const TableDef* referenced = &table;
  const bool self_named =
      constraint.pk_table.name == table.name &&
      (constraint.pk_table.schema.empty()
           ? !host.catalog()->TableByOid(table.oid) ||
                 host.catalog()->TableByOid(table.oid)->name == table.name
           : constraint.pk_table.schema == SchemaName(*host.catalog(), table.schema));
  bool self = self_named;
  if (self_named && constraint.pk_table.schema.empty()) {
    // A table of the same name earlier in the search path would be meant instead.
    ASSIGN_OR_RETURN(const Relation found, FindRelation(host, constraint.pk_table));
    self = !found || found.oid() == table.oid || found.schema() == table.schema;
  }
  if (!self) {
    ASSIGN_OR_RETURN(const Relation found, GetRelation(host, constraint.pk_table));
    if (found.kind != ObjectKind::kTable) {
      return Error(ErrorCode::kWrongObjectType, "referenced relation \"{}\" is not a table",
                   constraint.pk_table.name)
          .At(at);
    }
    ASSIGN_OR_RETURN(other, GetTable(host, constraint.pk_table, TableLockMode::kShareRowExclusive));
    referenced = other.get();
  }
  if (referenced->temporary != table.temporary) {
    const std::string_view word = table.temporary ? "temporary" : "permanent";
    return Error(ErrorCode::kInvalidTableDefinition,
                 "constraints on {} tables may reference only {} tables", word, word);
  }
  const std::vector<std::string> names =
      constraint.fk_columns.empty() ? std::vector<std::string>{column} : constraint.fk_columns;
  ConstraintDef key;
  key.kind = ConstraintKind::kForeignKey;
  ASSIGN_OR_RETURN(key.columns,
                   ColumnIds(table, names, "referenced in foreign key constraint", at));
  if (constraint.pk_columns.empty()) {
    const ConstraintDef* primary = referenced->PrimaryKey();
    if (primary == nullptr) {
      return Error(ErrorCode::kUndefinedObject,
                   "there is no primary key for referenced table \"{}\"", referenced->name);
    }
    if (primary->deferrable) {
      return Error(ErrorCode::kObjectNotInPrerequisiteState,
                   "cannot use a deferrable primary key for referenced table \"{}\"",
                   referenced->name);
    }
    key.referenced_columns = primary->columns;
    key.index = primary->index;
  } else {
    ASSIGN_OR_RETURN(key.referenced_columns, ColumnIds(*referenced, constraint.pk_columns,
                                                       "referenced in foreign key constraint", at));
    const IndexDef* index = ReferableIndex(*referenced, key.referenced_columns);
    if (index == nullptr && key.columns.size() == key.referenced_columns.size()) {
      return Error(ErrorCode::kInvalidForeignKey,
                   "there is no unique constraint matching given keys for referenced table \"{}\"",
                   referenced->name);
    }
    if (index != nullptr && !referenced->IsAlwaysUnique(*index)) {
      return Error(ErrorCode::kObjectNotInPrerequisiteState,
                   "cannot use a deferrable unique constraint for referenced table \"{}\"",
                   referenced->name);
    }
    key.index = index == nullptr ? 0 : index->oid;
  }
  if (key.columns.size() != key.referenced_columns.size()) {
    return Error(ErrorCode::kInvalidForeignKey,
                 "number of referencing and referenced columns for foreign key disagree");
  }
  key.referenced_table = referenced->oid;
  key.on_delete = Action(constraint.on_delete);
  key.on_update = Action(constraint.on_update);
  key.match_full = constraint.match == ast::ForeignKeyMatch::kFull;
  key.deferrable = constraint.deferrable;
  key.initially_deferred = constraint.initially_deferred;
  key.validated = !constraint.skip_validation;
  for (const std::string& name : constraint.on_delete_columns) {
    const ColumnDef* set = table.FindColumn(name);
    if (set == nullptr ||
        std::find(key.columns.begin(), key.columns.end(), set->id) == key.columns.end()) {
      return Error(ErrorCode::kInvalidColumnReference,
                   "column \"{}\" referenced in ON DELETE SET action must be part of foreign key",
                   name);
    }
    key.set_columns.push_back(set->id);
  }
  for (const ColumnId id : key.columns) {
    if (!table.FindColumn(id)->generated) continue;
    for (const auto& [action, word] :
         {std::pair(key.on_delete, "DELETE"), std::pair(key.on_update, "UPDATE")}) {
      const bool sets = action == ForeignKeyAction::kSetNull ||
                        action == ForeignKeyAction::kSetDefault ||
                        (action == ForeignKeyAction::kCascade && word[0] == 'U');
      if (!sets) continue;
      return Error(ErrorCode::kSyntaxError,
                   "invalid ON {} action for foreign key constraint containing generated column",
                   word);
    }
  }
  if (!constraint.name.empty()) {
    RETURN_IF_ERROR(CheckConstraintName(table, constraint.name));
    key.name = constraint.name;
  } else {
    key.name = ChooseName(table.name, Joined(names), "fkey", [&](const std::string& name) {
      return ConstraintNameTaken(host, table, name);
    });
  }
  RETURN_IF_ERROR(CheckForeignKeyTypes(key, table, *referenced));
  key.oid = host.NewOid();
  table.constraints.push_back(std::move(key));
  return table.constraints.back().name;
}

Result<std::vector<std::string>> AddNotNull(TableDef& table, const ast::Constraint& constraint) {
  for (const std::string& name : constraint.keys) {
    ColumnDef* column = FindColumn(table, name);
    if (column == nullptr) return UndefinedColumn(name, table.name).At(constraint.location);
    column->not_null = true;
  }
  return constraint.keys;
}

}  // namespace oxibase::ddl
