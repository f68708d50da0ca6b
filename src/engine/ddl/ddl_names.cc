#include "engine/ddl/ddl_names.h"

#include <algorithm>

#include "engine/ddl/statements.h"
#include "sql/parse/identifier.h"

namespace oxibase::ddl {
namespace {

Relation FindIn(const CatalogVersion& catalog, Oid schema, std::string_view name) {
  Relation found;
  if ((found.table = catalog.FindTable(schema, name))) {
    found.kind = ObjectKind::kTable;
  } else if ((found.view = catalog.FindView(schema, name))) {
    found.kind = ObjectKind::kView;
  } else if ((found.sequence = catalog.FindSequence(schema, name))) {
    found.kind = ObjectKind::kSequence;
  } else if (auto [table, index] = catalog.FindIndex(schema, name); index != nullptr) {
    found.kind = ObjectKind::kIndex;
    found.table = std::move(table);
    found.index = index;
  }
  return found;
}

Status CheckDatabase(const ast::QualifiedName& name, DdlHost& host) {
  if (name.catalog.empty() || host.eval().session == nullptr ||
      name.catalog == host.eval().session->CurrentDatabase()) {
    return {};
  }
  return Error(ErrorCode::kFeatureNotSupported,
               "cross-database references are not implemented: \"{}.{}.{}\"", name.catalog,
               name.schema, name.name)
      .At(name.location);
}

/// 0 if there is none.
Oid SchemaOid(DdlHost& host, const CatalogVersion& catalog, std::string_view name) {
  if (name == "pg_temp") return host.ExistingTempSchema();
  const auto schema = catalog.FindSchema(name);
  return schema ? schema->oid : 0;
}

/// The longest prefix of at most `bytes` that ends between characters.
std::string_view Clip(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

std::string_view KindName(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kSchema:
      return "schema";
    case ObjectKind::kTable:
      return "table";
    case ObjectKind::kView:
      return "view";
    case ObjectKind::kSequence:
      return "sequence";
    case ObjectKind::kIndex:
      return "index";
    default:
      return "object";
  }
}

BindContext MakeBindContext(DdlHost& host, const CatalogVersion& catalog) {
  BindContext context{.catalog = catalog};
  context.search_path = host.SearchPath();
  context.temp_schema = host.ExistingTempSchema();
  context.eval = &host.eval();
  context.allow_params = false;
  return context;
}

Result<Relation> FindRelation(DdlHost& host, const ast::QualifiedName& name,
                              bool missing_schema_ok) {
  RETURN_IF_ERROR(CheckDatabase(name, host));
  const auto catalog = host.catalog();
  if (!name.schema.empty()) {
    const Oid schema = SchemaOid(host, *catalog, name.schema);
    if (schema == 0) {
      if (missing_schema_ok) return Relation{};
      return Error(ErrorCode::kInvalidSchemaName, "schema \"{}\" does not exist", name.schema)
          .At(name.location);
    }
    return FindIn(*catalog, schema, name.name);
  }
  for (const Oid schema : host.SearchPath()) {
    if (Relation found = FindIn(*catalog, schema, name.name)) return found;
  }
  return Relation{};
}

Result<Relation> GetRelation(DdlHost& host, const ast::QualifiedName& name) {
  ASSIGN_OR_RETURN(Relation found, FindRelation(host, name));
  if (!found) {
    return Error(ErrorCode::kUndefinedTable, "relation \"{}\" does not exist", name.ToString())
        .At(name.location);
  }
  return found;
}

Result<std::shared_ptr<const TableDef>> GetTable(DdlHost& host, const ast::QualifiedName& name,
                                                 TableLockMode mode, bool missing_ok) {
  ASSIGN_OR_RETURN(Relation found, FindRelation(host, name, missing_ok));
  if (!found) {
    if (missing_ok) {
      Notice(host, fmt::format("relation \"{}\" does not exist, skipping", name.ToString()));
      return std::shared_ptr<const TableDef>();
    }
    return Error(ErrorCode::kUndefinedTable, "relation \"{}\" does not exist", name.ToString())
        .At(name.location);
  }
  if (found.kind != ObjectKind::kTable) {
    return Error(ErrorCode::kWrongObjectType, "\"{}\" is not a table", name.name).At(name.location);
  }
  if (found.table->virtual_table.has_value() || found.table->oid < kFirstUserOid) {
    return Error(ErrorCode::kInsufficientPrivilege, "permission denied: \"{}\" is a system catalog",
                 name.name)
        .At(name.location);
  }
  RETURN_IF_ERROR(host.LockTable(found.table->oid, mode));
  return found.table;
}

Result<Oid> CreationSchemaOf(DdlHost& host, const ast::QualifiedName& name, bool temporary) {
  RETURN_IF_ERROR(CheckDatabase(name, host));
  if (temporary) {
    ASSIGN_OR_RETURN(const Oid temp, host.TempSchema());
    if (!name.schema.empty() && name.schema != "pg_temp" &&
        SchemaOid(host, *host.catalog(), name.schema) != temp) {
      return Error(ErrorCode::kInvalidTableDefinition,
                   "cannot create temporary relation in non-temporary schema")
          .At(name.location);
    }
    return temp;
  }
  if (name.schema == "pg_temp") return host.TempSchema();
  if (!name.schema.empty()) {
    const Oid schema = SchemaOid(host, *host.catalog(), name.schema);
    if (schema == 0) {
      return Error(ErrorCode::kInvalidSchemaName, "schema \"{}\" does not exist", name.schema)
          .At(name.location);
    }
    if (schema == kPgCatalogSchema || schema == kInformationSchema) {
      return Error(ErrorCode::kInsufficientPrivilege, "permission denied to create \"{}.{}\"",
                   name.schema, name.name)
          .Detail("System catalog modifications are currently disallowed.");
    }
    return schema;
  }
  const Oid schema = host.CreationSchema();
  if (schema == 0) {
    return Error(ErrorCode::kInvalidSchemaName, "no schema has been selected to create in")
        .At(name.location);
  }
  return schema;
}

std::string SchemaName(const CatalogVersion& catalog, Oid schema) {
  const auto found = catalog.SchemaByOid(schema);
  return found ? found->name : std::to_string(schema);
}

std::string VisibleName(DdlHost& host, Oid schema, std::string_view name) {
  const auto catalog = host.catalog();
  for (const Oid candidate : host.SearchPath()) {
    if (candidate == schema) return std::string(name);
    if (catalog->HasRelation(candidate, name)) break;
  }
  return SchemaName(*catalog, schema) + "." + std::string(name);
}

std::string QualifiedSqlName(const CatalogVersion& catalog, Oid schema, std::string_view name) {
  return QuoteQualified(SchemaName(catalog, schema), name);
}

std::string MakeObjectName(std::string_view name1, std::string_view name2, std::string_view label) {
  size_t overhead = 0;
  if (!name2.empty()) overhead += 1;
  if (!label.empty()) overhead += label.size() + 1;
  const size_t available = kNameBytesMax > overhead ? kNameBytesMax - overhead : 0;
  size_t length1 = name1.size(), length2 = name2.size();
  while (length1 + length2 > available) {
    if (length1 > length2) {
      --length1;
    } else {
      --length2;
    }
  }
  std::string out(Clip(name1, length1));
  if (!name2.empty()) out += "_" + std::string(Clip(name2, length2));
  if (!label.empty()) out += "_" + std::string(label);
  return out;
}

std::string ChooseName(std::string_view name1, std::string_view name2, std::string_view label,
                       const std::function<bool(const std::string&)>& taken) {
  for (int pass = 0;; ++pass) {
    const std::string numbered = std::string(label) + (pass == 0 ? "" : std::to_string(pass));
    std::string name = MakeObjectName(name1, name2, numbered);
    if (!taken(name)) return name;
  }
}

Status NotSupported(std::string_view what) {
  return Error(ErrorCode::kFeatureNotSupported, "{} is not supported", what);
}

Status UndefinedColumn(std::string_view column, std::string_view table) {
  return Error(ErrorCode::kUndefinedColumn, "column \"{}\" of relation \"{}\" does not exist",
               column, table);
}

}  // namespace oxibase::ddl
