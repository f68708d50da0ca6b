// REINDEX.
#include <absl/strings/ascii.h>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/statements.h"

namespace oxibase::ddl {
namespace {

bool IsOn(const ast::Option& option) {
  using Kind = ast::Option::ValueKind;
  if (option.value_kind == Kind::kNone) return true;
  if (option.value_kind == Kind::kInteger) return option.integer != 0;
  const std::string text = absl::AsciiStrToLower(option.text);
  return text != "off" && text != "false" && text != "0";
}

/// All indexes of a table, or the one.
Status Rebuild(DdlHost& host, const TableDef& table, Oid only, bool concurrently) {
  if (!concurrently) RETURN_IF_ERROR(host.CheckNotInUse(table, "REINDEX"));
  for (const IndexDef& index : table.indexes) {
    if (only == 0 || index.oid == only) {
      RETURN_IF_ERROR(host.RebuildIndexBeside(table, index));
    }
  }
  return {};
}

}  // namespace

Result<std::string> Reindex(DdlHost& host, const ast::ReindexStmt& statement) {
  using Type = ast::ReindexStmt::Type;
  bool concurrently = false;
  for (const ast::Option& option : statement.options) {
    if (option.name == "concurrently") {
      concurrently = IsOn(option);
    } else if (option.name == "tablespace") {
      return NotSupported("REINDEX (TABLESPACE)");
    } else if (option.name != "verbose") {
      return Error(ErrorCode::kSyntaxError, "unrecognized REINDEX option \"{}\"", option.name)
          .At(option.location);
    }
  }
  // Writers wait for the plain form, as with CREATE INDEX.
  const TableLockMode mode =
      concurrently ? TableLockMode::kShareUpdateExclusive : TableLockMode::kShareRowExclusive;
  const std::string name = statement.name.name;
  if (concurrently) RETURN_IF_ERROR(host.RefuseInBlock("REINDEX CONCURRENTLY"));
  switch (statement.type) {
    case Type::kIndex: {
      ASSIGN_OR_RETURN(const Relation found, GetRelation(host, statement.name));
      if (found.kind != ObjectKind::kIndex) {
        return Error(ErrorCode::kWrongObjectType, "\"{}\" is not an index", found.name());
      }
      const auto table = found.table;
      const Oid index = found.index->oid;
      RETURN_IF_ERROR(host.LockTable(table->oid, mode));
      RETURN_IF_ERROR(Rebuild(host, *table, index, concurrently));
      break;
    }
    case Type::kTable: {
      ASSIGN_OR_RETURN(const auto table, GetTable(host, statement.name, mode));
      if (table->indexes.empty()) {
        Notice(host,
               fmt::format("table \"{}\" has no indexes{}", table->name,
                           concurrently ? " that can be reindexed concurrently" : " to reindex"));
      }
      RETURN_IF_ERROR(Rebuild(host, *table, 0, concurrently));
      break;
    }
    case Type::kSchema:
    case Type::kDatabase: {
      const bool one = statement.type == Type::kSchema;
      RETURN_IF_ERROR(host.RefuseInBlock(one ? "REINDEX SCHEMA" : "REINDEX DATABASE"));
      const auto catalog = host.catalog();
      Oid schema = 0;
      if (one) {
        const auto found = catalog->FindSchema(name);
        if (!found) {
          return Error(ErrorCode::kInvalidSchemaName, "schema \"{}\" does not exist", name);
        }
        schema = found->oid;
      } else if (!name.empty() && name != "postgres") {
        return NotSupported("REINDEX of another database than the open one");
      }
      for (const auto& [oid, table] : catalog->tables()) {
        if (table->virtual_table || table->indexes.empty()) continue;
        if (oid < kFirstUserOid || (one && table->schema != schema)) continue;
        if (table->temporary && table->schema != host.ExistingTempSchema()) continue;
        RETURN_IF_ERROR(host.LockTable(oid, mode));
        RETURN_IF_ERROR(Rebuild(host, *table, 0, concurrently));
      }
      break;
    }
    case Type::kSystem:
      return NotSupported("REINDEX SYSTEM");
  }
  return std::string("REINDEX");
}

}  // namespace oxibase::ddl
