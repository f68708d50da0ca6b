// ALTER TABLE's subcommands about storage: nothing changes but what the catalog tells.
#include <algorithm>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/index_definition.h"
#include "engine/ddl/storage_properties.h"
#include "engine/ddl/table_change.h"

namespace oxibase::ddl {
namespace {

using Kind = ast::AlterTableKind;
using Properties = StorageProperties;

constexpr int32_t kStatisticsMax = 10000;

/// The target as it is kept; empty: the default.
Result<std::string> StatisticsTarget(DdlHost& host, int32_t target) {
  if (target < -1) {
    return Error(ErrorCode::kInvalidParameterValue, "statistics target {} is too low", target);
  }
  if (target > kStatisticsMax) {
    ErrorInfo info;
    info.code = ErrorCode::kInvalidParameterValue;
    info.message = fmt::format("lowering statistics target to {}", kStatisticsMax);
    host.Notice("WARNING", info);
    target = kStatisticsMax;
  }
  return target < 0 ? std::string() : std::to_string(target);
}

Status CheckColumnOptions(const ast::OptionList& options) {
  for (const ast::Option& option : options) {
    if (option.name == "n_distinct" || option.name == "n_distinct_inherited") continue;
    return Error(ErrorCode::kInvalidParameterValue, "unrecognized parameter \"{}\"", option.name);
  }
  return {};
}

Result<const IndexDef*> IndexNamed(const TableDef& table, const std::string& name) {
  for (const IndexDef& index : table.indexes) {
    if (index.name == name) return &index;
  }
  return Error(ErrorCode::kUndefinedObject, "index \"{}\" for table \"{}\" does not exist", name,
               table.name);
}

/// Whether its entries tell every row from every other.
Status CheckIdentityIndex(const TableDef& table, const IndexDef& index) {
  if (!index.unique) {
    return Error(ErrorCode::kWrongObjectType,
                 "cannot use non-unique index \"{}\" as replica identity", index.name);
  }
  if (!table.IsAlwaysUnique(index)) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "cannot use non-immediate index \"{}\" as replica identity", index.name);
  }
  if (index.predicate) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "cannot use partial index \"{}\" as replica identity", index.name);
  }
  for (const IndexColumn& key : index.columns) {
    if (!key.expression_sql.empty()) {
      return Error(ErrorCode::kFeatureNotSupported,
                   "cannot use expression index \"{}\" as replica identity", index.name);
    }
    if (const ColumnDef* column = table.FindColumn(key.column); !column->not_null) {
      return Error(ErrorCode::kWrongObjectType,
                   "index \"{}\" cannot be used as replica identity because column \"{}\" is "
                   "nullable",
                   index.name, column->name);
    }
  }
  return {};
}

}  // namespace

Status TableChange::ColumnStorage(const ast::AlterTableCommand& command) {
  ASSIGN_OR_RETURN(const ColumnDef* column, Column(command.name));
  const Oid oid = after_.oid;
  const int16_t id = column->id.value;
  switch (command.kind) {
    case Kind::kSetStatistics: {
      ASSIGN_OR_RETURN(const std::string target, StatisticsTarget(host_, command.integer));
      return SetProperty(host_, oid, id, Properties::kStatistics, target);
    }
    case Kind::kSetStorage: {
      ASSIGN_OR_RETURN(const char letter, StorageLetter(command.text, column->type));
      return SetProperty(host_, oid, id, Properties::kStorage, std::string(1, letter));
    }
    case Kind::kSetCompression: {
      ASSIGN_OR_RETURN(const std::string letter, CompressionLetter(command.text, column->type));
      return SetProperty(host_, oid, id, Properties::kCompression, letter);
    }
    case Kind::kSetColumnOptions:
      RETURN_IF_ERROR(CheckColumnOptions(command.options));
      return ChangeProperties(host_, oid, id,
                              [&](Properties& p) { p.SetOptions(command.options); });
    default:
      return ChangeProperties(host_, oid, id,
                              [&](Properties& p) { p.ResetOptions(command.options); });
  }
}

Status TableChange::TableStorage(const ast::AlterTableCommand& command) {
  const Oid oid = after_.oid;
  switch (command.kind) {
    case Kind::kSetOptions:
      RETURN_IF_ERROR(CheckStorageOptions(command.options, false));
      return ChangeProperties(host_, oid, 0, [&](Properties& p) { p.SetOptions(command.options); });
    case Kind::kResetOptions:
      return ChangeProperties(host_, oid, 0,
                              [&](Properties& p) { p.ResetOptions(command.options); });
    case Kind::kSetLogged:
    case Kind::kSetUnlogged:
      if (after_.temporary) {
        return Error(ErrorCode::kInvalidTableDefinition,
                     "cannot change logged status of table \"{}\" because it is temporary",
                     after_.name);
      }
      return SetProperty(host_, oid, 0, Properties::kPersistence,
                         command.kind == Kind::kSetUnlogged ? "u" : "");
    case Kind::kClusterOn: {
      ASSIGN_OR_RETURN(const IndexDef* index, IndexNamed(after_, command.name));
      if (index->method != IndexMethod::kOrdered) {
        return Error(ErrorCode::kFeatureNotSupported,
                     "cannot cluster on index \"{}\" because access method does not support "
                     "clustering",
                     index->name);
      }
      if (index->predicate) {
        return Error(ErrorCode::kFeatureNotSupported, "cannot cluster on partial index \"{}\"",
                     index->name);
      }
      return SetProperty(host_, oid, 0, Properties::kClusteredOn, std::to_string(index->oid));
    }
    case Kind::kDropCluster:
      return SetProperty(host_, oid, 0, Properties::kClusteredOn, "");
    default: {
      std::string identity;
      if (command.text == "i") {
        ASSIGN_OR_RETURN(const IndexDef* index, IndexNamed(after_, command.name));
        RETURN_IF_ERROR(CheckIdentityIndex(after_, *index));
        identity = std::to_string(index->oid);
      }
      return ChangeProperties(host_, oid, 0, [&](Properties& p) {
        p.Set(Properties::kReplicaIdentity, command.text == "d" ? "" : command.text);
        p.Set(Properties::kIdentityIndex, identity);
      });
    }
  }
}

Status SetStorageOfOther(DdlHost& host, const Relation& found,
                         const ast::AlterTableCommand& command) {
  const Oid oid = found.oid();
  switch (command.kind) {
    case Kind::kSetOptions:
      if (found.kind != ObjectKind::kView) {
        RETURN_IF_ERROR(CheckStorageOptions(command.options, true));
      } else {
        RETURN_IF_ERROR(CheckViewOptions(command.options));
      }
      return ChangeProperties(host, oid, 0, [&](Properties& p) { p.SetOptions(command.options); });
    case Kind::kResetOptions:
      return ChangeProperties(host, oid, 0,
                              [&](Properties& p) { p.ResetOptions(command.options); });
    case Kind::kSetLogged:
    case Kind::kSetUnlogged:
      if (found.kind == ObjectKind::kSequence) {
        return SetProperty(host, oid, 0, Properties::kPersistence,
                           command.kind == Kind::kSetUnlogged ? "u" : "");
      }
      break;
    case Kind::kSetStatistics: {
      if (found.kind != ObjectKind::kIndex) break;
      const auto at = static_cast<size_t>(command.integer);
      if (at == 0 || at > found.index->columns.size() ||
          found.index->columns[at - 1].expression_sql.empty()) {
        return Error(ErrorCode::kFeatureNotSupported,
                     "cannot alter statistics on a column of index \"{}\" that is no expression",
                     found.name())
            .Hint("Alter statistics on table column instead.");
      }
      return NotSupported("ALTER INDEX ... SET STATISTICS");
    }
    case Kind::kColumnDefault:
      if (found.kind == ObjectKind::kView) return NotSupported("a default of a view's column");
      break;
    default:
      break;
  }
  return Error(ErrorCode::kWrongObjectType, "ALTER action cannot be performed on relation \"{}\"",
               found.name())
      .Detail(fmt::format("This operation is not supported for {}s.", KindName(found.kind)));
}

}  // namespace oxibase::ddl
