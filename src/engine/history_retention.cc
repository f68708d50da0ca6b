#include "engine/history_retention.h"

#include <algorithm>

#include "common/datetime.h"
#include "common/interval.h"
#include "engine/ddl/storage_properties.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {
namespace {

/// Longer than anybody's data lives; the arithmetic of timestamps stays far from its ends.
constexpr int64_t kRetentionDaysMax = 36'500;

std::string OptionOf(const CatalogVersion& catalog, Oid object) {
  const auto properties = ddl::StorageProperties::Of(catalog, object);
  return std::string(properties.Get("option." + std::string(kHistoryRetention)));
}

/// Changes with all that ChangesOldRows looks at.
uint64_t ShapeOf(const TableDef& table) {
  uint64_t shape = table.schema_version + uint64_t{1};
  const auto add = [&](uint64_t number) {
    // (Kept on disk: the same in every program.)
    shape = (shape ^ number) * 0x9e3779b97f4a7c15;
    shape ^= shape >> 29;
  };
  for (const ColumnDef& column : table.columns) {
    add(static_cast<uint64_t>(column.id.value));
    add(static_cast<uint64_t>(column.type.id));
    add(static_cast<uint64_t>(static_cast<uint32_t>(column.type.typmod)));
    add((column.dropped ? 1 : 0) + (column.not_null ? 2 : 0));
  }
  for (const IndexDef& index : table.indexes) {
    if (index.unique) add(index.oid);
  }
  for (const ConstraintDef& constraint : table.constraints) {
    add(constraint.oid);
    add((constraint.validated ? 1 : 0) + (constraint.deferrable ? 2 : 0));
  }
  return shape;
}

}  // namespace

Result<int64_t> ParseHistoryRetention(std::string_view text) {
  const auto bad = [&] {
    return Error(ErrorCode::kInvalidParameterValue, "invalid value for parameter \"{}\": \"{}\"",
                 kHistoryRetention, text)
        .Hint("It is an interval from 0 to 100 years, such as '12 hours'.");
  };
  Result<IntervalValue> interval = ParseInterval(text, -1, DateTimeFormat());
  if (!interval.ok()) return bad();
  const __int128 span = IntervalSpan(*interval);
  if (span < 0 || span > static_cast<__int128>(kRetentionDaysMax) * kMicrosPerDay) return bad();
  return static_cast<int64_t>(span);
}

std::string DatabaseRetention(const CatalogVersion& catalog) {
  std::string text = OptionOf(catalog, kPostgresDatabase);
  return text.empty() ? "0" : text;
}

void ApplyRetention(Database::Impl& db, const CatalogVersion& catalog, const TableDef& table) {
  if (table.virtual_table) return;
  const std::shared_ptr<Tablet> tablet = db.txns.tablets().Find(table.tablet);
  if (!tablet) return;
  std::string text = OptionOf(catalog, table.oid);
  if (text.empty()) text = DatabaseRetention(catalog);
  const Result<int64_t> micros = ParseHistoryRetention(text);
  tablet->history().set_shape(ShapeOf(table));
  db.txns.SetRetention(*tablet, micros.ok() ? *micros : 0);
}

void EndOutdatedHistories(Database::Impl& db, const CatalogVersion& catalog) {
  for (const auto& [oid, table] : catalog.tables()) {
    const std::shared_ptr<Tablet> tablet = db.txns.tablets().Find(table->tablet);
    if (tablet == nullptr || tablet->history().shape() == ShapeOf(*table)) continue;
    tablet->history().Begin(Timestamp::Max());
  }
}

void ApplyRetentions(Database::Impl& db, const CatalogVersion& catalog) {
  for (const auto& [oid, table] : catalog.tables()) ApplyRetention(db, catalog, *table);
}

bool ChangesOldRows(const TableDef& before, const TableDef& after) {
  if (before.schema_version != after.schema_version) return true;
  const bool same_columns =
      std::equal(before.columns.begin(), before.columns.end(), after.columns.begin(),
                 after.columns.end(), [](const ColumnDef& a, const ColumnDef& b) {
                   return a.id == b.id && a.type == b.type && a.dropped == b.dropped &&
                          (a.not_null || !b.not_null);
                 });
  const bool same_keys =
      std::all_of(after.indexes.begin(), after.indexes.end(), [&](const IndexDef& index) {
        return !index.unique || before.FindIndex(index.oid) != nullptr;
      });
  const bool same_constraints = std::all_of(
      after.constraints.begin(), after.constraints.end(), [&](const ConstraintDef& constraint) {
        return std::any_of(
            before.constraints.begin(), before.constraints.end(), [&](const ConstraintDef& old) {
              return old.oid == constraint.oid && old.validated == constraint.validated &&
                     old.deferrable == constraint.deferrable;
            });
      });
  return !same_columns || !same_keys || !same_constraints;
}

}  // namespace oxibase
