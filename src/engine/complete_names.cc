// Session::Complete: what names could stand at some place of a statement.

#include <absl/strings/ascii.h>

#include <algorithm>
#include <set>

#include "engine/session_impl.h"
#include "expr/function.h"
#include "sql/parse/identifier.h"

namespace oxibase {
namespace {

bool IsSystemSchema(Oid schema) {
  return schema == kPgCatalogSchema || schema == kInformationSchema;
}

/// Gathers names that begin with the prefix. Names that nobody asked for are left out: those of the
/// system, unless the prefix begins like them.
class NameCollector {
 public:
  explicit NameCollector(const NameQuery& query) : query_(query) {}

  void Add(std::string_view name) {
    if (name.starts_with(query_.prefix)) names_.insert(QuoteIdentifier(name));
  }
  void AddPlain(std::string_view name) {
    if (name.starts_with(query_.prefix)) names_.emplace(name);
  }
  std::vector<std::string> Take() { return {names_.begin(), names_.end()}; }

 private:
  const NameQuery& query_;
  std::set<std::string> names_;
};

void AddRelations(const CatalogVersion& catalog, const NameQuery& query,
                  const std::set<Oid>& schemas, NameCollector* names) {
  using Kind = NameQuery::Kind;
  const bool all = query.kind == Kind::kRelation;
  const auto wanted = [&](Oid schema) {
    if (!schemas.contains(schema)) return false;
    return !IsSystemSchema(schema) || !query.schema.empty() || query.prefix.starts_with("pg_");
  };
  if (all || query.kind == Kind::kTable || query.kind == Kind::kIndex) {
    for (const auto& [oid, table] : catalog.tables()) {
      if (!wanted(table->schema)) continue;
      if (query.kind != Kind::kIndex) names->Add(table->name);
      if (query.kind != Kind::kIndex) continue;
      for (const IndexDef& index : table->indexes) names->Add(index.name);
    }
  }
  if (all || query.kind == Kind::kView) {
    for (const auto& [oid, view] : catalog.views()) {
      if (wanted(view->schema)) names->Add(view->name);
    }
  }
  if (all || query.kind == Kind::kSequence) {
    for (const auto& [oid, sequence] : catalog.sequences()) {
      if (wanted(sequence->schema)) names->Add(sequence->name);
    }
  }
}

void AddColumns(const CatalogVersion& catalog, Oid relation, NameCollector* names) {
  if (const auto table = catalog.TableByOid(relation)) {
    for (const ColumnDef& column : table->columns) {
      if (!column.dropped && !column.hidden) names->Add(column.name);
    }
  } else if (const auto view = catalog.ViewByOid(relation)) {
    for (const auto& [name, type] : view->columns) names->Add(name);
  }
}

}  // namespace

std::vector<std::string> SessionImpl::Complete(const NameQuery& query) {
  using Kind = NameQuery::Kind;
  const auto catalog = ddl_->catalog();
  NameCollector names(query);
  switch (query.kind) {
    case Kind::kSchema:
      for (const auto& [oid, schema] : catalog->schemas()) names.Add(schema->name);
      break;
    case Kind::kColumn:
      for (const std::string& relation : query.relations) {
        const Result<Oid> oid = FindOid('r', relation);
        if (oid.ok()) AddColumns(*catalog, *oid, &names);
      }
      break;
    case Kind::kFunction:
      for (const Function* function : FunctionTable::Get().all()) {
        if (!function->is_operator) names.Add(function->name);
      }
      break;
    case Kind::kType:
      for (const TypeInfo& type : AllTypes()) {
        if (type.kind == 'b' && type.element == TypeId::kInvalid) names.AddPlain(type.sql_name);
      }
      break;
    case Kind::kSetting:
      for (const SettingInfo& setting : Settings::All()) {
        names.AddPlain(absl::AsciiStrToLower(std::string(setting.name)));
      }
      break;
    default: {
      std::set<Oid> schemas;
      if (query.schema.empty()) {
        const std::vector<Oid> path = SearchPath();
        schemas.insert(path.begin(), path.end());
      } else if (const auto schema = catalog->FindSchema(query.schema)) {
        schemas.insert(schema->oid);
      }
      AddRelations(*catalog, query, schemas, &names);
    }
  }
  return names.Take();
}

}  // namespace oxibase
