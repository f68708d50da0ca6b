#pragma once
// Tables of pg_catalog and information_schema: a name, columns, and a function that makes the rows
// out of the catalog as the session sees it.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog_version.h"
#include "common/status.h"
#include "common/value.h"
#include "expr/eval_context.h"

namespace oxibase {

class SessionImpl;

namespace system_tables {

using Emit = std::function<void(std::span<const Value>)>;

/// What a table's rows are made of.
struct Source {
  SessionImpl& session;
  const CatalogVersion& catalog;
  const Emit& emit;

  void Row(std::initializer_list<Value> values) const {
    emit(std::span<const Value>(values.begin(), values.size()));
  }
};

struct SystemTable {
  Oid oid;
  Oid schema;
  std::string_view name;
  /// "name type, ..." with pg_type's names.
  std::string_view columns;
  Status (*rows)(const Source&);
};

// One list for each file.
std::vector<SystemTable> RelationTables();
std::vector<SystemTable> DependencyTables();
std::vector<SystemTable> PrivilegeTables();
std::vector<SystemTable> AbsentTables();
std::vector<SystemTable> BackupTables();
std::vector<SystemTable> HistoryTables();
std::vector<SystemTable> TypeTables();
std::vector<SystemTable> ServerTables();
std::vector<SystemTable> StatisticsTables();
std::vector<SystemTable> InformationSchemaTables();

// Values by their SQL types.
inline Value O(Oid oid) { return Value::Fixed<uint32_t>(TypeId::kOid, oid); }
inline Value N(std::string_view name) { return Value::String(TypeId::kName, std::string(name)); }
inline Value T(std::string_view text) { return Value::Text(std::string(text)); }
inline Value C(char c) { return Value::Fixed<char>(TypeId::kChar, c); }
inline Value B(bool b) { return Value::Bool(b); }
inline Value I2(int64_t i) { return Value::Int2(static_cast<int16_t>(i)); }
inline Value I4(int64_t i) { return Value::Int4(static_cast<int32_t>(i)); }
inline Value I8(int64_t i) { return Value::Int8(i); }
inline Value F4(double f) { return Value::Float4(static_cast<float>(f)); }
/// NULL; the column's type is put in by the scan.
inline Value Null() { return Value(); }
/// int2vector and int2[] of numbers; the vectors count from 0.
Value Int2Vector(std::span<const int16_t> numbers);
Value Int2Array(std::span<const int16_t> numbers);
Value OidVector(std::span<const Oid> oids);
Value TextArray(const std::vector<std::string>& items);
/// aclitem[] of such texts.
Value AclArray(std::initializer_list<std::string_view> items);

// Oids that refer from one system table to another, PostgreSQL's own.
inline constexpr Oid kBtreeMethod = 403;
inline constexpr Oid kHashMethod = 405;
inline constexpr Oid kBitmapMethod = 8405;  // not in PostgreSQL
inline constexpr Oid kHeapMethod = 2;
inline constexpr Oid kDefaultCollation = 100;
inline constexpr Oid kClassOfClass = 1259;
inline constexpr Oid kClassOfNamespace = 2615;
inline constexpr Oid kClassOfConstraint = 2606;
inline constexpr Oid kClassOfDatabase = 1262;

/// A default is not an object of its own: its oid is made of its column's place.
Oid DefaultOid(const TableDef& table, const ColumnDef& column);

/// 100 for types of text, else 0.
Oid CollationOf(TypeId type);

}  // namespace system_tables
}  // namespace oxibase
