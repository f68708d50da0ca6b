#include "engine/catalog_loader.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "catalog/catalog_codec.h"
#include "catalog/table_storage.h"
#include "engine/salvage/salvage_mode.h"
#include "engine/session_impl.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"
#include "txn/transaction.h"

namespace oxibase {
namespace {

constexpr Oid kCatalogTableOid = 13100;
constexpr Oid kCatalogIndexOid = 13101;

Status ReadStatistics(Oid table, std::string_view bytes, Database::Impl& db) {
  ASSIGN_OR_RETURN(TableStatistics statistics, DecodeStatistics(bytes));
  MutexLock lock(db.statistics_mu);
  db.statistics[table] = std::make_shared<const TableStatistics>(std::move(statistics));
  return {};
}

Status ReadObject(ObjectKind kind, Oid oid, std::string_view definition, Database::Impl& db,
                  CatalogVersion* catalog, Oid* highest_oid) {
  if (kind == kStatisticsRow) return ReadStatistics(oid, definition, db);
  ASSIGN_OR_RETURN(const auto object, DecodeObject(kind, definition));
  *highest_oid = std::max(*highest_oid, oid + 1);
  if (const auto* table = std::get_if<TableDef>(&object)) {
    for (const auto& index : table->indexes) *highest_oid = std::max(*highest_oid, index.oid + 1);
    for (const auto& constraint : table->constraints) {
      *highest_oid = std::max(*highest_oid, constraint.oid + 1);
    }
  }
  PutObject(*catalog, object);
  return {};
}

/// Adds what the catalog's rows say to `catalog`, and counts oids.
Status ReadObjects(Tablet& tablet, Database::Impl& db, CatalogVersion* catalog) {
  const std::unique_ptr<Transaction> txn = db.txns.NewTransaction();
  txn->Begin({});
  const Snapshot snapshot = txn->BeginStatement();
  TableCursor cursor(*txn, tablet);
  std::array<RowRef, 256> rows;
  Vector kinds{Type(TypeId::kInt4)}, oids{Type(TypeId::kInt8)}, definitions{Type(TypeId::kBytea)};
  Oid highest_oid = kFirstUserOid;
  for (;;) {
    ReadGuard guard(*txn);
    ASSIGN_OR_RETURN(const size_t count, cursor.Next(snapshot, rows));
    if (count == 0) break;
    const std::span<const RowRef> found(rows.data(), count);
    RETURN_IF_ERROR(GatherColumn(tablet.schema(), 0, found, kinds));
    RETURN_IF_ERROR(GatherColumn(tablet.schema(), 1, found, oids));
    RETURN_IF_ERROR(GatherColumn(tablet.schema(), 4, found, definitions));
    for (size_t i = 0; i < count; ++i) {
      const auto oid = static_cast<Oid>(oids.data<int64_t>()[i]);
      const Status status =
          ReadObject(static_cast<ObjectKind>(kinds.data<int32_t>()[i]), oid,
                     definitions.data<StringRef>()[i].view(), db, catalog, &highest_oid);
      if (!status.ok() && db.options.salvage == nullptr) return status;
      if (!status.ok())
        db.options.salvage->on_loss({}, fmt::format("object {}: {}", oid, status.message()));
    }
  }
  db.next_oid.store(highest_oid);
  return {};
}

}  // namespace

const TableDef& CatalogTable() {
  static const TableDef kTable = [] {
    TableDef table;
    table.oid = kCatalogTableOid;
    table.schema = kPgCatalogSchema;
    table.name = "sys_objects";
    table.tablet = kCatalogTablet;
    const auto add = [&](std::string name, TypeId type) {
      ColumnDef column;
      column.id = ColumnId(table.next_column_id++);
      column.name = std::move(name);
      column.type = type;
      column.not_null = true;
      table.columns.push_back(std::move(column));
    };
    add("kind", TypeId::kInt4);
    add("oid", TypeId::kInt8);
    add("sub", TypeId::kInt4);
    add("name", TypeId::kText);
    add("definition", TypeId::kBytea);
    IndexDef index;
    index.oid = kCatalogIndexOid;
    index.name = "sys_objects_pkey";
    index.unique = true;
    for (int16_t i = 1; i <= 3; ++i) index.columns.push_back({ColumnId(i), "", false, false});
    table.indexes.push_back(std::move(index));
    return table;
  }();
  return kTable;
}

Status LoadCatalog(Database::Impl& db) {
  TabletRegistry& registry = db.txns.tablets();
  std::shared_ptr<Tablet> own = registry.Find(kCatalogTablet);
  if (own) {
    own->SetSchema(BuildTableSchema(CatalogTable()));
    own->set_name(CatalogTable().name);
  } else {
    own = db.MakeTablet(CatalogTable());
    registry.Add(own);
  }
  // First the dead rows go, then the indexes are made: each is filled once.
  RETURN_IF_ERROR(own->FinishRestore());
  SalvageMode* const salvage = db.options.salvage;
  for (const auto& index : CatalogTable().indexes) {
    if (salvage != nullptr) break;
    ASSIGN_OR_RETURN([[maybe_unused]] auto made,
                     own->AddIndex(BuildIndexSpec(CatalogTable(), index)));
  }
  auto catalog = std::make_shared<CatalogVersion>();
  AddSystemTables(*catalog);
  RETURN_IF_ERROR(ReadObjects(*own, db, catalog.get()));

  if (salvage != nullptr) {
    std::vector<TabletId> tablets;
    for (const auto& tablet : registry.All()) tablets.push_back(tablet->id());
    salvage->Complete(*catalog, tablets);
  }
  std::vector<Oid> unreadable;
  uint64_t highest_tablet = kFirstUserTablet.value;
  for (const auto& tablet : registry.All()) {
    highest_tablet = std::max(highest_tablet, tablet->id().value + 1);
    if (tablet->id() != kCatalogTablet && !catalog->TableByTablet(tablet->id())) {
      registry.Remove(tablet->id());
    }
  }
  RecoveryProgress progress{RecoveryProgress::Phase::kIndexes, 0, 0};
  for (const auto& [oid, table] : catalog->tables()) progress.total += !table->virtual_table;
  for (const auto& [oid, table] : catalog->tables()) {
    if (table->virtual_table) continue;
    if (db.options.on_recovery) db.options.on_recovery(progress);
    ++progress.done;
    highest_tablet = std::max(highest_tablet, table->tablet.value + 1);
    std::shared_ptr<Tablet> tablet = registry.Find(table->tablet);
    if (tablet) {
      tablet->SetSchema(BuildTableSchema(*table));
      tablet->set_name(table->name);
      tablet->set_table_oid(table->oid);
    } else {
      tablet = db.MakeTablet(*table);  // a table that never had a row
      registry.Add(tablet);
    }
    const Status restored = tablet->FinishRestore();
    if (salvage != nullptr) {
      if (restored.ok()) continue;
      salvage->on_loss(table->tablet, fmt::format("table \"{}\" cannot be read: {}", table->name,
                                                  restored.message()));
      unreadable.push_back(oid);
      continue;
    }
    RETURN_IF_ERROR(restored);
    for (const auto& index : table->indexes) {
      ASSIGN_OR_RETURN([[maybe_unused]] auto made, tablet->AddIndex(BuildIndexSpec(*table, index)));
    }
  }
  for (const Oid oid : unreadable) catalog->RemoveObject(ObjectKind::kTable, oid);
  db.next_tablet.store(highest_tablet);
  catalog->set_number(1);
  MutexLock lock(db.catalog_mu);
  db.catalog = std::move(catalog);
  return {};
}

}  // namespace oxibase
