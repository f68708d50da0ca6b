#pragma once
// What the files of information_schema share.

#include <string>
#include <string_view>
#include <vector>

#include "engine/system/system_table.h"

namespace oxibase::system_tables {

inline constexpr std::string_view kCatalogName = "postgres";

inline std::string SchemaName(const Source& s, Oid schema) {
  const auto def = s.catalog.SchemaByOid(schema);
  return def ? def->name : "";
}

inline Value YesNo(bool yes) { return T(yes ? "YES" : "NO"); }

/// Relations of privileges, elements of arrays, what uses what; and empty ones.
std::vector<SystemTable> InformationSchemaUsageTables();

}  // namespace oxibase::system_tables
