#pragma once

#include "catalog/objects.h"
#include "engine/database_impl.h"

namespace oxibase {

/// The definition of the catalog's own table: fixed, known before anything is read.
const TableDef& CatalogTable();

/// Reads the catalog out of its tablet (made if there is none), gives the recovered tablets their
/// schemas and indexes, drops those that no table has, and sets the database's catalog and the
/// counters of oids and tablets. While opening.
Status LoadCatalog(Database::Impl& db);

}  // namespace oxibase
