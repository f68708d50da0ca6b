// ALTER DATABASE ... SET.
#include "engine/ddl/ddl_names.h"
#include "engine/ddl/statements.h"
#include "engine/ddl/storage_properties.h"
#include "engine/history_retention.h"

namespace oxibase::ddl {

Result<std::string> AlterDatabase(DdlHost& host, const ast::AlterDatabaseStmt& statement) {
  if (host.eval().session == nullptr ||
      statement.database != host.eval().session->CurrentDatabase()) {
    return Error(ErrorCode::kInvalidCatalogName, "database \"{}\" does not exist",
                 statement.database);
  }
  if (statement.setting != kHistoryRetention) {
    return NotSupported(fmt::format("ALTER DATABASE ... SET {}", statement.setting));
  }
  const std::string value = statement.value.value_or("");
  if (statement.value) RETURN_IF_ERROR(ParseHistoryRetention(value).status());
  RETURN_IF_ERROR(host.LockName(0, "database " + statement.database));
  RETURN_IF_ERROR(
      SetProperty(host, kPostgresDatabase, 0, "option." + std::string(kHistoryRetention), value));
  return std::string("ALTER DATABASE");
}

}  // namespace oxibase::ddl
