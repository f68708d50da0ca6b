#include "engine/salvage/salvage_mode.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "catalog/catalog_codec.h"

namespace oxibase {
namespace {

constexpr int kRelationsMax = 1'000'000;  // more of one table's oids are a sign of nonsense

}  // namespace

bool SalvageMode::Fits(const TableDef& table) const {
  const auto stored = schemas.find(table.tablet);
  if (stored == schemas.end()) return true;
  for (const auto& [version, schema] : stored->second) {
    if (version > table.schema_version) return false;
    size_t at = 0;
    for (const ColumnDef& column : table.columns) {
      if (column.added_in > version) continue;
      if (at == schema.columns.size() || schema.columns[at].first != column.id ||
          PhysicalTypeOf(schema.columns[at].second) != PhysicalTypeOf(column.type))
        return false;
      ++at;
    }
    if (at != schema.columns.size()) return false;
  }
  return true;
}

TableDef SalvageMode::FromSegments(TabletId tablet, const TableDef* known, Oid oid) const {
  TableDef table;
  table.oid = oid;
  table.schema = known != nullptr ? known->schema : kPublicSchema;
  table.name = known != nullptr ? known->name : fmt::format("table_{}", tablet.value);
  table.tablet = tablet;
  const auto stored = schemas.find(tablet);
  if (stored == schemas.end()) return table;
  table.schema_version = stored->second.rbegin()->first;
  for (const auto& [version, schema] : stored->second) {
    for (const auto& [id, type] : schema.columns) {
      if (table.FindColumn(id) != nullptr) continue;
      ColumnDef column;
      column.id = id;
      column.type = type;
      // Before the oldest version that is known there is no row.
      column.added_in = version == stored->second.begin()->first ? 0 : version;
      const ColumnDef* named = known != nullptr ? known->FindColumn(id) : nullptr;
      column.name = named != nullptr ? named->name : fmt::format("column_{}", id.value);
      column.dropped = named != nullptr && named->dropped;
      column.hidden = named != nullptr && named->hidden;
      table.next_column_id = std::max<int16_t>(table.next_column_id, id.value + 1);
      table.columns.push_back(std::move(column));
    }
  }
  return table;
}

void SalvageMode::Complete(CatalogVersion& catalog, const std::vector<TabletId>& tablets) const {
  Oid next_oid = kFirstUserOid;
  for (const auto& [oid, table] : catalog.tables()) {
    next_oid = std::max(next_oid, oid + 1);
    for (const IndexDef& index : table->indexes) next_oid = std::max(next_oid, index.oid + 1);
  }
  for (const auto& [oid, view] : catalog.views()) next_oid = std::max(next_oid, oid + 1);
  for (const auto& [oid, sequence] : catalog.sequences()) next_oid = std::max(next_oid, oid + 1);
  if (next_oid > UINT32_MAX - kRelationsMax) next_oid = kFirstUserOid;

  std::vector<TableDef> made;
  for (const auto& [oid, table] : catalog.tables()) {
    if (table->virtual_table || Fits(*table)) continue;
    on_loss(table->tablet,
            fmt::format("the definition of table \"{}\" does not fit its rows: it is older than "
                        "they are, and is replaced by their columns",
                        table->name));
    made.push_back(FromSegments(table->tablet, table.get(), oid));
  }
  for (const TabletId tablet : tablets) {
    if (!name_tablets || tablet < kFirstUserTablet || catalog.TableByTablet(tablet)) continue;
    if (!schemas.contains(tablet)) {
      on_loss(tablet, fmt::format("tablet {} has no table, and all its rows are in the log, which "
                                  "does not tell their columns: they are lost",
                                  tablet.value));
      continue;
    }
    while (catalog.TableByOid(next_oid)) ++next_oid;
    made.push_back(FromSegments(tablet, nullptr, next_oid++));
    on_loss(tablet, fmt::format("the definition of the table whose rows are in tablet {} is lost: "
                                "it is written as \"{}\"",
                                tablet.value, made.back().name));
  }
  for (TableDef& table : made) catalog.Put(std::make_shared<const TableDef>(std::move(table)));
  KeepReferences(catalog);
}

void SalvageMode::KeepReferences(CatalogVersion& catalog) const {
  const auto need_schema = [&](Oid oid) {
    if (catalog.SchemaByOid(oid)) return;
    SchemaDef schema;
    schema.oid = oid;
    schema.name = oid == kPublicSchema ? std::string("public") : fmt::format("schema_{}", oid);
    if (oid == kPublicSchema) schema.owner = kDatabaseOwnerRole;
    catalog.Put(std::make_shared<const SchemaDef>(schema));
    on_loss({}, fmt::format("the name of schema {} is lost", oid));
  };
  need_schema(kPublicSchema);
  for (const auto& [oid, view] : catalog.views()) need_schema(view->schema);
  for (const auto& [oid, sequence] : catalog.sequences()) need_schema(sequence->schema);
  std::vector<TableDef> changed;
  for (const auto& [oid, table] : catalog.tables()) {
    if (table->virtual_table) continue;
    need_schema(table->schema);
    TableDef kept = *table;
    const size_t keys = std::erase_if(kept.constraints, [&](const ConstraintDef& constraint) {
      if (constraint.kind != ConstraintKind::kForeignKey) return false;
      const auto referenced = constraint.referenced_table == table->oid
                                  ? table
                                  : catalog.TableByOid(constraint.referenced_table);
      if (!referenced) return true;
      return std::any_of(
          constraint.referenced_columns.begin(), constraint.referenced_columns.end(),
          [&](ColumnId column) { return referenced->FindColumn(column) == nullptr; });
    });
    if (keys > 0)
      on_loss(table->tablet,
              fmt::format("{} foreign keys of table \"{}\" refer to tables that are lost", keys,
                          table->name));
    bool is_changed = keys > 0;
    for (ColumnDef& column : kept.columns) {
      if (column.owned_sequence == 0 || catalog.SequenceByOid(column.owned_sequence)) continue;
      on_loss(table->tablet, fmt::format("the sequence of column \"{}\" of table \"{}\" is lost",
                                         column.name, table->name));
      column.owned_sequence = 0;
      column.identity = 0;
      column.default_sql.clear();
      is_changed = true;
    }
    if (is_changed) changed.push_back(std::move(kept));
  }
  for (TableDef& table : changed) catalog.Put(std::make_shared<const TableDef>(std::move(table)));
}

}  // namespace oxibase
