#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/status.h"
#include "engine/database_impl.h"

namespace oxibase {

/// How long superseded rows can be read with AS OF: a setting of the database, and an option of
/// each table that counts instead.
inline constexpr std::string_view kHistoryRetention = "history_retention";

/// Microseconds from an interval's text ('1 h', '30 days'); a bare number counts seconds. 22023.
Result<int64_t> ParseHistoryRetention(std::string_view text);

/// What was said of the database, as it was written; "0": nothing.
std::string DatabaseRetention(const CatalogVersion& catalog);

/// Gives the table's tablet the retention that the catalog says. Its history then begins now, if it
/// had none.
void ApplyRetention(Database::Impl& db, const CatalogVersion& catalog, const TableDef& table);
/// The same for all.
void ApplyRetentions(Database::Impl& db, const CatalogVersion& catalog);
/// After recovery: ends the histories of tables that have changed since these were written.
void EndOutdatedHistories(Database::Impl& db, const CatalogVersion& catalog);

/// Whether rows written under `before` may not be read as those of `after` says: columns, types, or
/// what the planner takes for granted.
bool ChangesOldRows(const TableDef& before, const TableDef& after);

}  // namespace oxibase
