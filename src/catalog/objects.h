#pragma once
// What the catalog knows, as immutable plain data. Objects refer to each other by oid only.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/types.h"
#include "common/value.h"

namespace oxibase {

/// Oids below are PostgreSQL's or ours; user objects begin here.
inline constexpr Oid kFirstUserOid = 16384;
inline constexpr Oid kPgCatalogSchema = 11;
inline constexpr Oid kPublicSchema = 2200;
inline constexpr Oid kInformationSchema = 13000;
inline constexpr Oid kPostgresDatabase = 5;
inline constexpr Oid kPostgresRole = 10;
/// pg_database_owner, which owns the public schema.
inline constexpr Oid kDatabaseOwnerRole = 6171;

enum class ObjectKind : char {
  kSchema = 'n',
  kTable = 'r',
  kView = 'v',
  kSequence = 'S',
  kIndex = 'i',
  kComment = 'c',
};

struct ColumnDef {
  ColumnId id;
  std::string name;
  Type type;
  bool not_null = false;
  bool dropped = false;
  /// SQL text, deparsed from the bound expression with every name qualified as needed; bound anew
  /// when a plan is made. Empty: none. Of a generated column: its expression.
  std::string default_sql;
  char identity = 0;       // 0, 'a' ALWAYS, 'd' BY DEFAULT
  bool generated = false;  // GENERATED ALWAYS AS (...) STORED
  /// Stored for an index's expression or predicate; no statement sees it.
  bool hidden = false;
  Oid owned_sequence = 0;  // of serial and identity columns
  Value missing;           // what rows older than the column read as
  SchemaVersion added_in = 0;
};

struct IndexColumn {
  /// A column of the table, or a hidden one that stores the expression.
  ColumnId column;
  std::string expression_sql;  // empty for a plain column
  bool descending = false;
  bool nulls_first = false;
};

enum class IndexMethod : uint8_t { kOrdered, kHash, kBitmap };
/// Its name in SQL: "btree", "hash" (PostgreSQL's words) or "bitmap".
std::string_view IndexMethodName(IndexMethod method);

struct IndexDef {
  Oid oid = 0;
  std::string name;  // shares the table's schema and the name space of relations
  IndexMethod method = IndexMethod::kOrdered;
  bool unique = false;
  bool primary = false;
  bool nulls_not_distinct = false;
  std::vector<IndexColumn> columns;
  std::vector<ColumnId> included;
  std::string predicate_sql;          // of a partial index
  std::optional<ColumnId> predicate;  // hidden boolean column: an entry exists only where true
  Oid constraint = 0;                 // the constraint it serves, or 0
};

enum class ConstraintKind : char {
  kCheck = 'c',
  kForeignKey = 'f',
  kPrimaryKey = 'p',
  kUnique = 'u',
};
enum class ForeignKeyAction : char {
  kNoAction = 'a',
  kRestrict = 'r',
  kCascade = 'c',
  kSetNull = 'n',
  kSetDefault = 'd',
};

struct ConstraintDef {
  Oid oid = 0;
  std::string name;
  ConstraintKind kind = ConstraintKind::kCheck;
  std::vector<ColumnId> columns;
  std::string check_sql;
  Oid index = 0;  // of primary keys and unique constraints; of a foreign key: the referenced index
  // Foreign keys.
  Oid referenced_table = 0;
  std::vector<ColumnId> referenced_columns;
  ForeignKeyAction on_delete = ForeignKeyAction::kNoAction;
  ForeignKeyAction on_update = ForeignKeyAction::kNoAction;
  std::vector<ColumnId> set_columns;  // ON DELETE SET NULL (columns)
  bool match_full = false;
  bool deferrable = false;
  bool initially_deferred = false;
  bool validated = true;
};

/// Rows computed from the catalog or the server's state, named by a table of pg_catalog or sys.
using VirtualTableId = uint32_t;

struct TableDef {
  Oid oid = 0;
  Oid schema = 0;
  std::string name;
  Oid owner = kPostgresRole;
  TabletId tablet;  // one tablet a table, until there are shards
  SchemaVersion schema_version = 0;
  int16_t next_column_id = 1;
  std::vector<ColumnDef> columns;  // in order of creation, dropped ones included
  std::vector<IndexDef> indexes;
  std::vector<ConstraintDef> constraints;
  std::optional<VirtualTableId> virtual_table;  // no tablet then
  bool temporary = false;

  const ColumnDef* FindColumn(std::string_view column_name) const;  // visible ones only
  const ColumnDef* FindColumn(ColumnId id) const;
  const IndexDef* FindIndex(Oid index) const;
  /// Whether at no moment two rows have one key: unique, and not of a deferrable constraint.
  bool IsAlwaysUnique(const IndexDef& index) const;
  const ConstraintDef* FindConstraint(std::string_view constraint_name) const;
  /// Null if it has none.
  const ConstraintDef* PrimaryKey() const;
};

struct ViewDef {
  Oid oid = 0;
  Oid schema = 0;
  std::string name;
  Oid owner = kPostgresRole;
  std::string query_sql;  // deparsed, names qualified
  std::vector<std::pair<std::string, Type>> columns;
  std::vector<Oid> depends_on;
};

struct SequenceDef {
  Oid oid = 0;
  Oid schema = 0;
  std::string name;
  Oid owner = kPostgresRole;
  TypeId type = TypeId::kInt8;
  int64_t start = 1, increment = 1, min_value = 1, max_value = INT64_MAX, cache = 1;
  bool cycle = false;
  Oid owned_by_table = 0;
  ColumnId owned_by_column;
  bool temporary = false;
};

struct SchemaDef {
  Oid oid = 0;
  std::string name;
  Oid owner = kPostgresRole;
};

struct CommentDef {
  Oid object = 0;
  char class_kind = 'r';  // 'r' relation or column, 'n' schema, 'c' constraint, 'd' database, ...
  int16_t sub_id = 0;     // column id
  std::string text;
};

}  // namespace oxibase
