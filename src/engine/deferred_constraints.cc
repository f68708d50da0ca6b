#include "engine/deferred_constraints.h"

#include <algorithm>
#include <utility>

#include "engine/session_impl.h"
#include "expr/type_io.h"
#include "sql/parse/ast_utility.h"
#include "sql/parse/identifier.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {
namespace {

const ConstraintDef* FindConstraint(const TableDef& table, Oid oid) {
  const auto found = std::find_if(table.constraints.begin(), table.constraints.end(),
                                  [&](const ConstraintDef& c) { return c.oid == oid; });
  return found == table.constraints.end() ? nullptr : &*found;
}

/// The rows of one table that have a key.
struct KeyedRows {
  const CatalogVersion& catalog;
  const TableDef& table;
  const std::vector<ColumnId>& columns;
  std::string Sql(std::span<const std::string> literals, bool lock) const {
    std::string sql = "SELECT 1 FROM ONLY " +
                      QuoteQualified(catalog.SchemaByOid(table.schema)->name, table.name) +
                      " x WHERE ";
    for (size_t i = 0; i < columns.size(); ++i) {
      sql += (i ? " AND x." : "x.") + QuoteIdentifier(table.FindColumn(columns[i])->name) + " = " +
             literals[i];
    }
    return sql + (lock ? " LIMIT 1 FOR KEY SHARE OF x" : " LIMIT 1");
  }
  std::string Names() const {
    std::string names;
    for (const ColumnId id : columns) {
      names += (names.empty() ? "" : ", ") + table.FindColumn(id)->name;
    }
    return names;
  }
};

}  // namespace

bool DeferredConstraints::IsDeferred(const ConstraintDef& constraint) {
  if (!constraint.deferrable) return false;
  const auto own = modes_.find(constraint.oid);
  return own != modes_.end() ? own->second : all_.value_or(constraint.initially_deferred);
}

void DeferredConstraints::Add(Event event, Oid table, Oid constraint, std::vector<Value> key) {
  pending_.push_back({event, table, constraint, std::move(key)});
}

void DeferredConstraints::AddUnique(Oid table, Oid constraint, RowId row) {
  pending_keys_.push_back({table, constraint, row});
}

bool DeferredConstraints::HasPending(Oid table) {
  for (const Pending& pending : pending_) {
    if (pending.event == Event::kWritten) {
      if (pending.table == table) return true;
      continue;
    }
    const auto referring = session_.NewestCatalog()->TableByOid(pending.table);
    const ConstraintDef* key = referring ? FindConstraint(*referring, pending.constraint) : nullptr;
    if (key && key->referenced_table == table) return true;
  }
  return std::any_of(pending_keys_.begin(), pending_keys_.end(),
                     [&](const PendingKey& key) { return key.table == table; });
}

void DeferredConstraints::RollbackTo(const Mark& mark) {
  if (pending_keys_.size() > mark.pending_keys) pending_keys_.resize(mark.pending_keys);
  if (pending_.size() > mark.pending) {
    pending_.erase(pending_.begin() + static_cast<ptrdiff_t>(mark.pending), pending_.end());
  }
  all_ = mark.all;
  modes_ = mark.modes;
}

void DeferredConstraints::Clear() {
  pending_.clear();
  pending_keys_.clear();
  all_.reset();
  modes_.clear();
}

Status DeferredConstraints::Set(const ast::SetConstraintsStmt& statement) {
  if (statement.constraints.empty()) {
    all_ = statement.deferred;
    modes_.clear();
    return statement.deferred ? Status() : CheckImmediate();
  }
  const auto catalog = session_.NewestCatalog();
  for (const ast::QualifiedName& name : statement.constraints) {
    std::vector<Oid> schemas = session_.SearchPath();
    if (!name.schema.empty()) {
      const auto schema = catalog->FindSchema(name.schema);
      if (!schema) {
        return Error(ErrorCode::kInvalidSchemaName, "schema \"{}\" does not exist", name.schema);
      }
      schemas = {schema->oid};
    }
    bool found = false;
    for (const Oid schema : schemas) {
      for (const auto& [oid, table] : catalog->tables()) {
        if (table->schema != schema) continue;
        const ConstraintDef* constraint = table->FindConstraint(name.name);
        if (!constraint) continue;
        if (!constraint->deferrable) {
          return Error(ErrorCode::kWrongObjectType, "constraint \"{}\" is not deferrable",
                       name.name);
        }
        found = true;
        modes_[constraint->oid] = statement.deferred;
      }
      if (found) break;
    }
    if (!found) {
      return Error(ErrorCode::kUndefinedObject, "constraint \"{}\" does not exist",
                   name.ToString());
    }
  }
  return statement.deferred ? Status() : CheckImmediate();
}

bool DeferredConstraints::Waits(Oid table_oid, Oid constraint_oid) {
  const auto table = session_.NewestCatalog()->TableByOid(table_oid);
  const ConstraintDef* constraint = table ? FindConstraint(*table, constraint_oid) : nullptr;
  return constraint && IsDeferred(*constraint);
}

Status DeferredConstraints::CheckImmediate() {
  std::vector<Pending> now;
  std::vector<Pending> later;
  for (Pending& pending : pending_) {
    const bool waits = Waits(pending.table, pending.constraint);
    (waits ? later : now).push_back(std::move(pending));
  }
  pending_ = std::move(later);
  std::vector<PendingKey> keys_now;
  std::vector<PendingKey> keys_later;
  std::map<Oid, bool> waits;  // there may be a key for every row of a table
  for (const PendingKey& key : pending_keys_) {
    const auto [known, is_new] = waits.try_emplace(key.constraint);
    if (is_new) known->second = Waits(key.table, key.constraint);
    (known->second ? keys_later : keys_now).push_back(key);
  }
  pending_keys_ = std::move(keys_later);
  RETURN_IF_ERROR(CheckKeys(keys_now));
  for (const Pending& pending : now) RETURN_IF_ERROR(Check(pending));
  return {};
}

Status DeferredConstraints::CheckAll() {
  if (!pending_keys_.empty()) {
    const std::vector<PendingKey> keys = std::exchange(pending_keys_, {});
    RETURN_IF_ERROR(CheckKeys(keys));
  }
  // A check takes locks and reads; it adds nothing to the list.
  const std::vector<Pending> all = std::exchange(pending_, {});
  for (const Pending& pending : all) RETURN_IF_ERROR(Check(pending));
  return {};
}

Status DeferredConstraints::CheckKeys(std::span<const PendingKey> keys) {
  const auto catalog = session_.NewestCatalog();
  Oid known = 0;
  std::shared_ptr<const TableDef> table;
  std::shared_ptr<Tablet> tablet;
  const TabletIndex* index = nullptr;
  for (const PendingKey& key : keys) {
    if (key.constraint != known) {
      known = key.constraint;
      index = nullptr;
      table = catalog->TableByOid(key.table);
      const ConstraintDef* constraint = table ? FindConstraint(*table, key.constraint) : nullptr;
      if (constraint) {
        ASSIGN_OR_RETURN(tablet, session_.FindTablet(*table));
        index = tablet->FindIndex(constraint->index);
      }
    }
    if (!index) continue;  // dropped meanwhile
    RETURN_IF_ERROR(session_.CheckInterrupts());
    Status status = CheckUniqueKey(session_.txn(), *tablet, *index, key.row);
    if (status.ok()) continue;
    if (status.code() != ErrorCode::kUniqueViolation) return status;
    return std::move(status).Table(catalog->SchemaByOid(table->schema)->name, table->name);
  }
  return {};
}

Status DeferredConstraints::Check(const Pending& pending) {
  const auto catalog = session_.NewestCatalog();
  const auto table = catalog->TableByOid(pending.table);
  const ConstraintDef* constraint = table ? FindConstraint(*table, pending.constraint) : nullptr;
  if (!constraint) return {};  // dropped meanwhile
  const auto referenced = catalog->TableByOid(constraint->referenced_table);
  if (!referenced) return {};
  std::vector<std::string> literals;
  std::string values;
  const TypeIo io(session_.io_settings(), 0, &session_.catalog_lookup());
  for (const Value& value : pending.key) {
    std::string text;
    TextOut(value, io, &text);
    values += (values.empty() ? "" : ", ") + text;
    // Plain "character" would mean one character.
    const std::string type =
        value.type().id == TypeId::kBpChar ? "bpchar" : FormatType(Type(value.type().id));
    literals.push_back(QuoteLiteral(text) + "::" + type);
  }
  const KeyedRows referring{*catalog, *table, constraint->columns};
  const KeyedRows keys{*catalog, *referenced, constraint->referenced_columns};
  const bool written = pending.event == Event::kWritten;
  const std::string schema = catalog->SchemaByOid(table->schema)->name;
  if (written) {
    // The row may have changed or gone since.
    ASSIGN_OR_RETURN(const auto still, session_.FirstRow(referring.Sql(literals, false)));
    if (!still) return {};
  }
  ASSIGN_OR_RETURN(const auto key, session_.FirstRow(keys.Sql(literals, true)));
  if (key) return {};
  if (written) {
    return Error(ErrorCode::kForeignKeyViolation,
                 "insert or update on table \"{}\" violates foreign key constraint \"{}\"",
                 table->name, constraint->name)
        .Detail(fmt::format("Key ({})=({}) is not present in table \"{}\".", referring.Names(),
                            values, referenced->name))
        .Table(schema, table->name)
        .Constraint(constraint->name);
  }
  ASSIGN_OR_RETURN(const auto row, session_.FirstRow(referring.Sql(literals, true)));
  if (!row) return {};
  return Error(ErrorCode::kForeignKeyViolation,
               "update or delete on table \"{}\" violates foreign key constraint \"{}\" on table "
               "\"{}\"",
               referenced->name, constraint->name, table->name)
      .Detail(fmt::format("Key ({})=({}) is still referenced from table \"{}\".", keys.Names(),
                          values, table->name))
      .Table(schema, table->name)
      .Constraint(constraint->name);
}

}  // namespace oxibase
