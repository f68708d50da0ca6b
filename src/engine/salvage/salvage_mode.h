#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "catalog/catalog_version.h"
#include "common/status.h"
#include "storage/segment/segment_format.h"

namespace oxibase {

/// How a folder is opened that FolderSalvage made: what of the catalog cannot be read is told and
/// passed over, no indexes are made, nothing is written but into the log of the overlay. Such a
/// database is for reading whole tables.
struct SalvageMode {
  /// The catalog has lost rows: tablets that no table has get a table made of their segments'
  /// columns, "table_1004" in "public".
  bool name_tablets = false;
  /// What the segments of each tablet say about columns, by schema version.
  std::map<TabletId, std::map<SchemaVersion, SegmentFooter::Schema>> schemas;
  /// Told of what is lost. Tablet 0: none.
  std::function<void(TabletId, std::string)> on_loss;

  /// Makes the catalog hold together: tables fit their segments, and refer to nothing that is not
  /// there. `tablets` are those that there are.
  void Complete(CatalogVersion& catalog, const std::vector<TabletId>& tablets) const;

 private:
  bool Fits(const TableDef& table) const;
  /// A table of columns that the segments have; those that `known` names keep their names.
  TableDef FromSegments(TabletId tablet, const TableDef* known, Oid oid) const;
  void KeepReferences(CatalogVersion& catalog) const;
};

}  // namespace oxibase
