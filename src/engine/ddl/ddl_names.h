#pragma once
// Finding and making names for DDL, with PostgreSQL's messages.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/catalog_version.h"
#include "common/status.h"
#include "engine/ddl/ddl_host.h"
#include "sql/bind/binder.h"
#include "sql/parse/ast_ddl.h"

namespace oxibase::ddl {

/// A relation of any kind; at most one pointer is set (an index comes with its table).
struct Relation {
  ObjectKind kind = ObjectKind::kTable;
  std::shared_ptr<const TableDef> table;
  const IndexDef* index = nullptr;
  std::shared_ptr<const ViewDef> view;
  std::shared_ptr<const SequenceDef> sequence;

  explicit operator bool() const { return table || view || sequence; }
  Oid oid() const {
    return index      ? index->oid
           : table    ? table->oid
           : view     ? view->oid
           : sequence ? sequence->oid
                      : 0;
  }
  Oid schema() const {
    return table ? table->schema : view ? view->schema : sequence ? sequence->schema : 0;
  }
  const std::string& name() const {
    return index ? index->name : table ? table->name : view ? view->name : sequence->name;
  }
};

/// "table", "view", "sequence", "index".
std::string_view KindName(ObjectKind kind);

BindContext MakeBindContext(DdlHost& host, const CatalogVersion& catalog);

/// Along the search path if it has no schema; an empty one if there is none. 3F000 for an explicit
/// schema that does not exist (none: `missing_schema_ok`), 0A000 for another database.
Result<Relation> FindRelation(DdlHost& host, const ast::QualifiedName& name,
                              bool missing_schema_ok = false);
/// 42P01 if there is none.
Result<Relation> GetRelation(DdlHost& host, const ast::QualifiedName& name);
/// A table, locked: 42809 for other kinds, 42501 for those of the system. Null with `missing_ok`
/// when there is none, after a NOTICE.
Result<std::shared_ptr<const TableDef>> GetTable(DdlHost& host, const ast::QualifiedName& name,
                                                 TableLockMode mode, bool missing_ok = false);

/// Where a new relation goes: 3F000, 0A000, 42P16, 42501 (system schemas).
Result<Oid> CreationSchemaOf(DdlHost& host, const ast::QualifiedName& name, bool temporary);

/// The name of an object for messages: qualified unless it is the one that its bare name means.
std::string VisibleName(DdlHost& host, Oid schema, std::string_view name);
std::string SchemaName(const CatalogVersion& catalog, Oid schema);
/// Quoted where needed and always qualified, for stored SQL.
std::string QualifiedSqlName(const CatalogVersion& catalog, Oid schema, std::string_view name);

/// PostgreSQL's makeObjectName: "name1_name2_label" cut to the length of a name.
std::string MakeObjectName(std::string_view name1, std::string_view name2, std::string_view label);
/// The first of label, label1, label2 ... that gives a name which is not `taken`.
std::string ChooseName(std::string_view name1, std::string_view name2, std::string_view label,
                       const std::function<bool(const std::string&)>& taken);

/// 0A000 with a clear text.
Status NotSupported(std::string_view what);
Status UndefinedColumn(std::string_view column, std::string_view table);

}  // namespace oxibase::ddl
