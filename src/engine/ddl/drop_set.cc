#include "engine/ddl/drop_set.h"

#include <algorithm>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/index_definition.h"
#include "engine/ddl/statements.h"
#include "engine/ddl/storage_properties.h"
#include "engine/ddl/table_columns.h"
#include "engine/ddl/table_expression.h"
#include "sql/parse/parser.h"

namespace oxibase::ddl {
namespace {

/// Lines of a DETAIL; the rest is counted.
constexpr size_t kReportedMax = 100;

}  // namespace

void EraseIndex(TableDef& table, Oid index) {
  std::erase_if(table.indexes, [&](const IndexDef& i) { return i.oid == index; });
  DropUnusedHiddenColumns(table);
}

void EraseConstraint(TableDef& table, Oid constraint) {
  const auto found = std::find_if(table.constraints.begin(), table.constraints.end(),
                                  [&](const ConstraintDef& c) { return c.oid == constraint; });
  if (found == table.constraints.end()) return;
  const bool key =
      found->kind == ConstraintKind::kPrimaryKey || found->kind == ConstraintKind::kUnique;
  const Oid index = found->index;
  table.constraints.erase(found);
  if (key) EraseIndex(table, index);
}

void EraseColumn(TableDef& table, ColumnId column) {
  auto holds = [&](const std::vector<ColumnId>& ids) {
    return std::find(ids.begin(), ids.end(), column) != ids.end();
  };
  std::vector<Oid> constraints, indexes;
  for (const ConstraintDef& constraint : table.constraints) {
    if (holds(constraint.columns)) constraints.push_back(constraint.oid);
  }
  for (const Oid oid : constraints) EraseConstraint(table, oid);
  for (const IndexDef& index : table.indexes) {
    bool uses = holds(index.included);
    for (const IndexColumn& key : index.columns) uses = uses || key.column == column;
    if (uses) indexes.push_back(index.oid);
  }
  for (const Oid oid : indexes) EraseIndex(table, oid);
  ColumnDef& definition = ColumnOf(table, column);
  definition.dropped = true;
  definition.name = fmt::format("........pg.dropped.{}........", column.value);
  definition.default_sql.clear();
  definition.not_null = definition.generated = false;
  definition.identity = 0;
  definition.owned_sequence = 0;
}

bool ViewBreaks(DdlHost& host, const ViewDef& view, const TableDef& changed) {
  CatalogVersion trial = *host.catalog();
  trial.Put(std::make_shared<const TableDef>(changed));
  return ViewBreaks(host, view, trial);
}

bool ViewBreaks(DdlHost& host, const ViewDef& view, const CatalogVersion& trial) {
  BindContext context = MakeBindContext(host, trial);
  auto parsed = Parse(view.query_sql);
  if (!parsed.ok() || parsed->size() != 1) return true;
  const auto plan = BindStatement(*parsed->front(), context);
  if (!plan.ok() || plan->result.size() != view.columns.size()) return true;
  for (size_t i = 0; i < view.columns.size(); ++i) {
    if (plan->result[i].type != view.columns[i].second) return true;
  }
  return false;
}

std::shared_ptr<const TableDef> DropSet::Table(Oid oid) const {
  if (draft_ != nullptr && draft_->oid == oid) {
    return {std::shared_ptr<const TableDef>(), draft_};
  }
  return host_.catalog()->TableByOid(oid);
}

std::string DropSet::Describe(const Object& object) const {
  const auto catalog = host_.catalog();
  switch (object.kind) {
    case Kind::kSchema:
      return "schema " + SchemaName(*catalog, object.oid);
    case Kind::kView: {
      const auto view = catalog->ViewByOid(object.oid);
      return "view " + VisibleName(host_, view->schema, view->name);
    }
    case Kind::kSequence: {
      const auto sequence = catalog->SequenceByOid(object.oid);
      return "sequence " + VisibleName(host_, sequence->schema, sequence->name);
    }
    default:
      break;
  }
  const auto table = Table(object.oid);
  const std::string name = "table " + VisibleName(host_, table->schema, table->name);
  switch (object.kind) {
    case Kind::kIndex:
      return "index " + VisibleName(host_, table->schema, table->FindIndex(object.sub)->name);
    case Kind::kConstraint:
      for (const ConstraintDef& constraint : table->constraints) {
        if (constraint.oid == object.sub) return "constraint " + constraint.name + " on " + name;
      }
      return name;
    case Kind::kColumn:
      return "column " + table->FindColumn(ColumnId(static_cast<int16_t>(object.sub)))->name +
             " of " + name;
    case Kind::kDefault:
      return "default value for column " +
             table->FindColumn(ColumnId(static_cast<int16_t>(object.sub)))->name + " of " + name;
    default:
      return name;
  }
}

void DropSet::Add(Object object, const Entry* reason) {
  if (!seen_.insert(object).second) return;
  Entry entry{.object = object, .named = reason == nullptr, .silent = false, .reason = {}};
  if (reason != nullptr) {
    entry.silent = reason->silent;
    entry.reason = reason->reason;
  }
  entries_.push_back(std::move(entry));
}

void DropSet::Depends(Object object, const Object& on, bool silent) {
  if (Has(object)) return;
  // Parts of a table that goes anyway are not objects of their own.
  if ((object.kind == Kind::kConstraint || object.kind == Kind::kDefault ||
       object.kind == Kind::kColumn || object.kind == Kind::kIndex) &&
      Has({Kind::kTable, object.oid, 0})) {
    return;
  }
  Entry entry{.object = object, .named = false, .silent = silent, .reason = {}};
  entry.reason = Describe(object) + " depends on " + Describe(on);
  Add(object, &entry);
}

void DropSet::ExpandViewsOn(const Object& object) {
  for (const auto& [oid, view] : host_.catalog()->views()) {
    if (std::find(view->depends_on.begin(), view->depends_on.end(), object.oid) !=
        view->depends_on.end()) {
      Depends({Kind::kView, oid, 0}, object, false);
    }
  }
}

void DropSet::ExpandOwnedSequences(const Object& object, Oid table, ColumnId column) {
  for (const auto& [oid, sequence] : host_.catalog()->sequences()) {
    if (sequence->owned_by_table == table &&
        (column.value == 0 || sequence->owned_by_column == column)) {
      Depends({Kind::kSequence, oid, 0}, object, true);
    }
  }
}

void DropSet::ExpandReferences(const Object& object, Oid table,
                               const std::function<bool(const ConstraintDef&)>& wanted) {
  for (const auto& [other, constraint] : host_.catalog()->ReferencesTo(table)) {
    if (!wanted(*constraint)) continue;
    // The draft may have lost it already.
    const auto current = Table(other->oid);
    const bool there =
        std::any_of(current->constraints.begin(), current->constraints.end(),
                    [&](const ConstraintDef& c) { return c.oid == constraint->oid; });
    if (there) Depends({Kind::kConstraint, other->oid, constraint->oid}, object, false);
  }
}

Status DropSet::ExpandSchema(Oid schema) {
  RETURN_IF_ERROR(host_.LockTable(schema, TableLockMode::kAccessExclusive));
  const auto catalog = host_.catalog();
  const Object object{Kind::kSchema, schema, 0};
  for (const auto& [oid, table] : catalog->tables()) {
    if (table->schema == schema) Depends({Kind::kTable, oid, 0}, object, false);
  }
  for (const auto& [oid, view] : catalog->views()) {
    if (view->schema == schema) Depends({Kind::kView, oid, 0}, object, false);
  }
  for (const auto& [oid, sequence] : catalog->sequences()) {
    // One that belongs to a column goes with its table.
    if (sequence->schema == schema) {
      Depends({Kind::kSequence, oid, 0}, object, sequence->owned_by_table != 0);
    }
  }
  return {};
}

Status DropSet::ExpandTable(Oid table) {
  RETURN_IF_ERROR(host_.LockTable(table, TableLockMode::kAccessExclusive));
  const Object object{Kind::kTable, table, 0};
  ExpandOwnedSequences(object, table, ColumnId());
  ExpandViewsOn(object);
  ExpandReferences(object, table, [](const ConstraintDef&) { return true; });
  return {};
}

Status DropSet::ExpandSequence(Oid sequence) {
  RETURN_IF_ERROR(host_.LockTable(sequence, TableLockMode::kAccessExclusive));
  const auto catalog = host_.catalog();
  const auto definition = catalog->SequenceByOid(sequence);
  const Object object{Kind::kSequence, sequence, 0};
  ExpandViewsOn(object);
  for (const auto& [oid, named] : catalog->tables()) {
    if (Has({Kind::kTable, oid, 0}) || named->virtual_table.has_value()) continue;
    const auto table = Table(oid);
    for (const ColumnDef& column : table->columns) {
      if (column.dropped || column.default_sql.find("regclass") == std::string::npos) continue;
      auto bound = BindStored(host_, column.default_sql, ExprUse::kDefault, *table, column.type,
                              column.name);
      if (!bound.ok()) continue;
      const std::vector<Oid> used = RelationsIn(*bound->bound);
      if (std::find(used.begin(), used.end(), sequence) == used.end()) continue;
      const Object column_object{Kind::kColumn, oid, static_cast<Oid>(column.id.value)};
      if (Has(column_object)) continue;
      Depends({Kind::kDefault, oid, static_cast<Oid>(column.id.value)}, object, false);
    }
  }
  // An identity column can't be without its sequence.
  const auto owner = definition->owned_by_table == 0 ? nullptr : Table(definition->owned_by_table);
  if (owner == nullptr || Has({Kind::kTable, owner->oid, 0})) return {};
  const ColumnDef* column = owner->FindColumn(definition->owned_by_column);
  if (column == nullptr || column->dropped || column->identity == 0 ||
      column->owned_sequence != sequence) {
    return {};
  }
  const Object column_object{Kind::kColumn, owner->oid, static_cast<Oid>(column->id.value)};
  if (Has(column_object)) return {};
  return Error(ErrorCode::kDependentObjectsStillExist, "cannot drop {} because {} requires it",
               Describe(object), Describe(column_object))
      .Hint(fmt::format("You can drop {} instead.", Describe(column_object)));
}

Status DropSet::ExpandIndex(Oid table, Oid index) {
  const auto definition = Table(table);
  const Object object{Kind::kIndex, table, index};
  const IndexDef* found = definition->FindIndex(index);
  if (found->constraint != 0 && !Has({Kind::kConstraint, table, found->constraint})) {
    const std::string constraint = Describe({Kind::kConstraint, table, found->constraint});
    return Error(ErrorCode::kDependentObjectsStillExist, "cannot drop {} because {} requires it",
                 Describe(object), constraint)
        .Hint(fmt::format("You can drop {} instead.", constraint));
  }
  ExpandReferences(object, table, [&](const ConstraintDef& key) { return key.index == index; });
  return {};
}

Status DropSet::ExpandColumn(Oid oid, ColumnId column) {
  const auto table = Table(oid);
  const Object object{Kind::kColumn, oid, static_cast<Oid>(column.value)};
  ExpandOwnedSequences(object, oid, column);
  ExpandReferences(object, oid, [&](const ConstraintDef& key) {
    return std::find(key.referenced_columns.begin(), key.referenced_columns.end(), column) !=
           key.referenced_columns.end();
  });
  size_t position = 0;
  while (table->columns[position].id != column) ++position;
  for (const ColumnDef& other : table->columns) {
    if (other.dropped || other.id == column || (!other.generated && !other.hidden)) continue;
    auto bound = BindStored(host_, other.default_sql, ExprUse::kGenerated, *table, TypeId::kInvalid,
                            other.name);
    if (!bound.ok() ||
        std::find(bound->columns.begin(), bound->columns.end(), position) == bound->columns.end()) {
      continue;
    }
    if (!other.hidden) {
      Depends({Kind::kColumn, oid, static_cast<Oid>(other.id.value)}, object, false);
      continue;
    }
    // An index over an expression of the column goes silently.
    for (const IndexDef& index : table->indexes) {
      bool uses = index.predicate == other.id;
      for (const IndexColumn& key : index.columns) uses = uses || key.column == other.id;
      if (uses) Depends({Kind::kIndex, oid, index.oid}, object, true);
    }
  }
  TableDef without = *table;
  EraseColumn(without, column);
  for (const auto& [view_oid, view] : host_.catalog()->views()) {
    if (std::find(view->depends_on.begin(), view->depends_on.end(), oid) !=
            view->depends_on.end() &&
        ViewBreaks(host_, *view, without)) {
      Depends({Kind::kView, view_oid, 0}, object, false);
    }
  }
  return {};
}

Status DropSet::Expand(Object object) {
  switch (object.kind) {
    case Kind::kSchema:
      return ExpandSchema(object.oid);
    case Kind::kTable:
      return ExpandTable(object.oid);
    case Kind::kView:
      RETURN_IF_ERROR(host_.LockTable(object.oid, TableLockMode::kAccessExclusive));
      ExpandViewsOn(object);
      return {};
    case Kind::kSequence:
      return ExpandSequence(object.oid);
    case Kind::kIndex:
      return ExpandIndex(object.oid, object.sub);
    case Kind::kColumn:
      return ExpandColumn(object.oid, ColumnId(static_cast<int16_t>(object.sub)));
    case Kind::kConstraint: {
      // Foreign keys need the index of the key they refer to.
      for (const ConstraintDef& constraint : Table(object.oid)->constraints) {
        if (constraint.oid != object.sub || constraint.index == 0 ||
            constraint.kind == ConstraintKind::kForeignKey) {
          continue;
        }
        ExpandReferences({Kind::kIndex, object.oid, constraint.index}, object.oid,
                         [&](const ConstraintDef& key) { return key.index == constraint.index; });
      }
      return host_.LockTable(object.oid, TableLockMode::kAccessExclusive);
    }
    case Kind::kDefault:
      return host_.LockTable(object.oid, TableLockMode::kAccessExclusive);
  }
  return {};
}

Status DropSet::Resolve(ast::DropBehavior behavior) {
  // Entries grow while they are looked at.
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Object object = entries_[i].object;
    RETURN_IF_ERROR(Expand(object));
  }
  return CheckUnnamed(behavior);
}

Status DropSet::CheckUnnamed(ast::DropBehavior behavior) {
  std::vector<const Entry*> unnamed;
  std::vector<const Entry*> named;
  for (const Entry& entry : entries_) {
    if (entry.named) {
      named.push_back(&entry);
    } else if (!entry.silent) {
      // Of a table that turned out to go as well.
      const Object& object = entry.object;
      const bool part = object.kind == Kind::kConstraint || object.kind == Kind::kDefault ||
                        object.kind == Kind::kColumn || object.kind == Kind::kIndex;
      if (part && Has({Kind::kTable, object.oid, 0})) continue;
      unnamed.push_back(&entry);
    }
  }
  if (unnamed.empty()) return {};
  const bool cascade = behavior == ast::DropBehavior::kCascade;
  std::string detail;
  for (size_t i = 0; i < std::min(unnamed.size(), kReportedMax); ++i) {
    if (i > 0) detail += '\n';
    detail += cascade ? "drop cascades to " + Describe(unnamed[i]->object) : unnamed[i]->reason;
  }
  if (unnamed.size() > kReportedMax) {
    detail += fmt::format("\nand {} other objects (see server log for list)",
                          unnamed.size() - kReportedMax);
  }
  if (cascade) {
    if (unnamed.size() == 1) {
      Notice(host_, std::move(detail));
    } else {
      Notice(host_, fmt::format("drop cascades to {} other objects", unnamed.size()),
             std::move(detail));
    }
    return {};
  }
  Status status =
      named.size() == 1
          ? Error(ErrorCode::kDependentObjectsStillExist,
                  "cannot drop {} because other objects depend on it", Describe(named[0]->object))
          : Error(ErrorCode::kDependentObjectsStillExist,
                  "cannot drop desired object(s) because other objects depend on them");
  return std::move(status)
      .Detail(std::move(detail))
      .Hint("Use DROP ... CASCADE to drop the dependent objects too.");
}

Status DropSet::Change(Oid oid, const std::function<void(TableDef&)>& change) {
  if (Has({Kind::kTable, oid, 0})) return {};
  if (draft_ != nullptr && draft_->oid == oid) {
    change(*draft_);
    return {};
  }
  TableDef table = *host_.catalog()->TableByOid(oid);
  change(table);
  return host_.PutTable(std::move(table));
}

Status DropSet::Execute() {
  // Dependents before what they depend on; parts of tables that stay come first of all.
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    const Object& object = entry->object;
    const ColumnId column(static_cast<int16_t>(object.sub));
    switch (object.kind) {
      case Kind::kConstraint:
        RETURN_IF_ERROR(
            Change(object.oid, [&](TableDef& table) { EraseConstraint(table, object.sub); }));
        RETURN_IF_ERROR(
            host_.PutComment({.object = object.sub, .class_kind = 'c', .sub_id = 0, .text = {}}));
        break;
      case Kind::kIndex:
        if (const IndexDef* index = Table(object.oid)->FindIndex(object.sub)) {
          for (size_t i = 0; i <= index->columns.size(); ++i) {
            RETURN_IF_ERROR(StorageProperties().Put(host_, object.sub, static_cast<int16_t>(i)));
          }
        }
        RETURN_IF_ERROR(
            Change(object.oid, [&](TableDef& table) { EraseIndex(table, object.sub); }));
        break;
      case Kind::kDefault:
        RETURN_IF_ERROR(Change(
            object.oid, [&](TableDef& table) { ColumnOf(table, column).default_sql.clear(); }));
        break;
      case Kind::kColumn:
        RETURN_IF_ERROR(Change(object.oid, [&](TableDef& table) { EraseColumn(table, column); }));
        RETURN_IF_ERROR(host_.PutComment(
            {.object = object.oid, .class_kind = 'r', .sub_id = column.value, .text = {}}));
        RETURN_IF_ERROR(StorageProperties().Put(host_, object.oid, column.value));
        break;
      default:
        break;
    }
  }
  for (const Kind kind : {Kind::kView, Kind::kTable, Kind::kSequence, Kind::kSchema}) {
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
      if (entry->object.kind != kind) continue;
      const ObjectKind catalog_kind = kind == Kind::kView       ? ObjectKind::kView
                                      : kind == Kind::kTable    ? ObjectKind::kTable
                                      : kind == Kind::kSequence ? ObjectKind::kSequence
                                                                : ObjectKind::kSchema;
      RETURN_IF_ERROR(host_.Remove(catalog_kind, entry->object.oid));
    }
  }
  return {};
}

}  // namespace oxibase::ddl
