#pragma once
// Statements that change the catalog.

#include <optional>
#include <variant>

#include "sql/parse/ast_dml.h"

namespace oxibase::ast {

enum class ConstraintType : uint8_t {
  kNull,  // the word NULL: only says that the column is not NOT NULL
  kNotNull,
  kDefault,
  kIdentity,
  kGenerated,
  kCheck,
  kPrimaryKey,
  kUnique,
  kExclusion,
  kForeignKey,
};

enum class ForeignKeyAction : uint8_t { kNoAction, kRestrict, kCascade, kSetNull, kSetDefault };
enum class ForeignKeyMatch : uint8_t { kSimple, kFull, kPartial };

/// A constraint of a column or a table. DEFERRABLE and its like, which the grammar knows as items
/// of their own behind a column's constraint, are folded into it.
struct Constraint {
  ConstraintType type = ConstraintType::kCheck;
  /// Empty if unnamed.
  std::string name;
  bool deferrable = false;
  bool initially_deferred = false;
  bool enforced = true;
  /// NOT VALID.
  bool skip_validation = false;
  bool no_inherit = false;

  /// kDefault, kCheck, kGenerated.
  ExprPtr expr;
  /// kIdentity, kGenerated: ALWAYS, else BY DEFAULT.
  bool generated_always = false;
  /// kGenerated: STORED, else VIRTUAL.
  bool stored = false;
  /// kIdentity: the sequence's options.
  OptionList options;

  /// kPrimaryKey, kUnique (also a table's NOT NULL): columns; empty behind a column.
  std::vector<std::string> keys;
  std::vector<std::string> including;
  bool nulls_not_distinct = false;
  bool without_overlaps = false;
  /// ADD CONSTRAINT ... USING INDEX name.
  std::string using_index;

  /// kForeignKey: own columns (empty behind a column), and what they refer to (empty: the primary
  /// key).
  std::vector<std::string> fk_columns;
  QualifiedName pk_table;
  std::vector<std::string> pk_columns;
  ForeignKeyMatch match = ForeignKeyMatch::kSimple;
  ForeignKeyAction on_update = ForeignKeyAction::kNoAction;
  ForeignKeyAction on_delete = ForeignKeyAction::kNoAction;
  /// ON DELETE SET NULL (columns).
  std::vector<std::string> on_delete_columns;

  int32_t location = -1;
};

struct ColumnDef {
  std::string name;
  /// Null in CREATE TABLE AS and OF.
  std::unique_ptr<TypeName> type;
  QualifiedName collation;
  std::string storage;
  std::string compression;
  std::vector<Constraint> constraints;
  int32_t location = -1;
};

/// LIKE table [INCLUDING ... EXCLUDING ...].
struct LikeClause {
  static constexpr uint32_t kComments = 1 << 0;
  static constexpr uint32_t kCompression = 1 << 1;
  static constexpr uint32_t kConstraints = 1 << 2;
  static constexpr uint32_t kDefaults = 1 << 3;
  static constexpr uint32_t kGenerated = 1 << 4;
  static constexpr uint32_t kIdentity = 1 << 5;
  static constexpr uint32_t kIndexes = 1 << 6;
  static constexpr uint32_t kStatistics = 1 << 7;
  static constexpr uint32_t kStorage = 1 << 8;
  static constexpr uint32_t kAll = 0x7FFFFFFF;

  QualifiedName table;
  uint32_t including = 0;
};

enum class OnCommit : uint8_t { kNone, kPreserveRows, kDeleteRows, kDrop };

/// An element of CREATE TABLE, in the order written.
using TableElement = std::variant<ColumnDef, Constraint, LikeClause>;

struct CreateTableStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kCreateTable;
  CreateTableStmt() : Statement(kKind) {}

  QualifiedName name;
  RangeVar::Persistence persistence = RangeVar::Persistence::kPermanent;
  bool if_not_exists = false;
  std::vector<TableElement> elements;
  std::vector<QualifiedName> inherits;
  /// PARTITION BY was written, or PARTITION OF (`partition_of` is its only parent, in `inherits`).
  bool partitioned = false;
  bool partition_of = false;
  std::unique_ptr<TypeName> of_type;
  OptionList options;
  OnCommit on_commit = OnCommit::kNone;
  std::string tablespace;
  std::string access_method;
};

/// CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW.
struct CreateTableAsStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kCreateTableAs;
  CreateTableAsStmt() : Statement(kKind) {}

  QualifiedName name;
  RangeVar::Persistence persistence = RangeVar::Persistence::kPermanent;
  bool materialized_view = false;
  bool if_not_exists = false;
  bool select_into = false;
  bool with_no_data = false;
  std::vector<std::string> columns;
  OptionList options;
  OnCommit on_commit = OnCommit::kNone;
  std::string tablespace;
  std::string access_method;
  /// A SelectStmt or an ExecuteStmt.
  StatementPtr query;
};

enum class AlterTableKind : uint8_t {
  kAddColumn,         // column, missing_ok (IF NOT EXISTS)
  kColumnDefault,     // name; expr, null for DROP DEFAULT
  kDropNotNull,       // name
  kSetNotNull,        // name
  kSetExpression,     // name, expr
  kDropExpression,    // name, missing_ok
  kSetStatistics,     // name, integer
  kSetColumnOptions,  // name, options
  kResetColumnOptions,
  kSetStorage,          // name, text
  kSetCompression,      // name, text
  kDropColumn,          // name, behavior, missing_ok
  kAddConstraint,       // constraint
  kAlterConstraint,     // constraint (name, deferrable, initially_deferred, enforced)
  kValidateConstraint,  // name
  kDropConstraint,      // name, behavior, missing_ok
  kAlterColumnType,     // name; column (type, collation); expr from USING
  kChangeOwner,         // text
  kSetLogged,
  kSetUnlogged,
  kSetTablespace,    // name
  kSetOptions,       // options
  kResetOptions,     // options
  kAddIdentity,      // name, constraint (kIdentity)
  kSetIdentity,      // name, options
  kDropIdentity,     // name, missing_ok
  kReplicaIdentity,  // text: d, f, n or i (then name)
  kEnableRowSecurity,
  kDisableRowSecurity,
  kForceRowSecurity,
  kNoForceRowSecurity,
  kClusterOn,  // name
  kDropCluster,
  kEnableTrigger,  // name, or empty: text says all or user
  kDisableTrigger,
  kInherit,
  kNoInherit,
  kUnsupported,  // text: the subcommand's words
};

struct AlterTableCommand {
  AlterTableKind kind = AlterTableKind::kUnsupported;
  std::string name;
  std::unique_ptr<ColumnDef> column;
  std::unique_ptr<Constraint> constraint;
  ExprPtr expr;
  OptionList options;
  std::string text;
  int32_t integer = 0;
  DropBehavior behavior = DropBehavior::kRestrict;
  bool missing_ok = false;
};

/// ALTER TABLE, INDEX, VIEW, SEQUENCE ... with subcommands of ALTER TABLE.
struct AlterTableStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kAlterTable;
  AlterTableStmt() : Statement(kKind) {}

  ObjectType object_type = ObjectType::kTable;
  RangeVar table;
  bool missing_ok = false;
  std::vector<AlterTableCommand> commands;
};

struct CreateSchemaStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kCreateSchema;
  CreateSchemaStmt() : Statement(kKind) {}

  /// Empty with AUTHORIZATION alone: then the role's name.
  std::string name;
  std::string owner;
  bool if_not_exists = false;
  /// Tables, views ... created inside.
  std::vector<StatementPtr> elements;
};

struct CreateSequenceStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kCreateSequence;
  CreateSequenceStmt() : Statement(kKind) {}

  QualifiedName name;
  RangeVar::Persistence persistence = RangeVar::Persistence::kPermanent;
  bool if_not_exists = false;
  /// as (type), start, increment, minvalue, maxvalue (no value: NO ...), cache, cycle (boolean),
  /// owned_by (list; {"none"}), restart.
  OptionList options;
};

struct AlterSequenceStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kAlterSequence;
  AlterSequenceStmt() : Statement(kKind) {}

  QualifiedName name;
  bool missing_ok = false;
  OptionList options;
};

struct CreateViewStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kCreateView;
  enum class CheckOption : uint8_t { kNone, kLocal, kCascaded };
  CreateViewStmt() : Statement(kKind) {}

  QualifiedName name;
  RangeVar::Persistence persistence = RangeVar::Persistence::kPermanent;
  bool or_replace = false;
  std::vector<std::string> columns;
  std::unique_ptr<SelectStmt> query;
  /// Where the query stands in the text.
  int32_t query_begin = 0;
  int32_t query_length = 0;
  /// CREATE RECURSIVE VIEW: `query` is then more than what stands there.
  bool recursive = false;
  OptionList options;
  CheckOption check_option = CheckOption::kNone;
};

struct CreateIndexStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kCreateIndex;
  CreateIndexStmt() : Statement(kKind) {}

  /// Empty: made up from table and columns.
  std::string name;
  RangeVar table;
  /// "btree" if not written.
  std::string method;
  bool unique = false;
  bool concurrently = false;
  bool if_not_exists = false;
  bool nulls_not_distinct = false;
  std::vector<IndexElement> elements;
  std::vector<IndexElement> including;
  ExprPtr where;
  OptionList options;
  std::string tablespace;
};

struct DropStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kDrop;
  DropStmt() : Statement(kKind) {}

  ObjectType type = ObjectType::kTable;
  /// For kOther: the words, e.g. "EVENT TRIGGER".
  std::string type_words;
  std::vector<QualifiedName> names;
  DropBehavior behavior = DropBehavior::kRestrict;
  bool missing_ok = false;
  bool concurrently = false;
};

struct ReindexStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kReindex;
  enum class Type : uint8_t { kIndex, kTable, kSchema, kDatabase, kSystem };
  ReindexStmt() : Statement(kKind) {}

  Type type = Type::kIndex;
  /// Of a schema or database only the name.
  QualifiedName name;
  /// concurrently, verbose, tablespace.
  OptionList options;
};

struct TruncateStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kTruncate;
  TruncateStmt() : Statement(kKind) {}

  std::vector<QualifiedName> tables;
  bool restart_identity = false;
  DropBehavior behavior = DropBehavior::kRestrict;
};

struct CommentStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kComment;
  CommentStmt() : Statement(kKind) {}

  ObjectType type = ObjectType::kTable;
  /// The object; for a column or constraint, the table it belongs to.
  QualifiedName name;
  /// Column or constraint.
  std::string sub_name;
  bool remove = false;
  std::string comment;
};

/// ALTER ... RENAME.
struct RenameStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kRename;
  RenameStmt() : Statement(kKind) {}

  ObjectType type = ObjectType::kTable;
  /// For columns and constraints: what was named after ALTER.
  ObjectType relation_type = ObjectType::kTable;
  QualifiedName name;
  std::string sub_name;
  std::string new_name;
  bool missing_ok = false;
};

struct AlterObjectSchemaStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kAlterObjectSchema;
  AlterObjectSchemaStmt() : Statement(kKind) {}

  ObjectType type = ObjectType::kTable;
  QualifiedName name;
  std::string new_schema;
  bool missing_ok = false;
};

struct AlterOwnerStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kAlterOwner;
  AlterOwnerStmt() : Statement(kKind) {}

  ObjectType type = ObjectType::kTable;
  QualifiedName name;
  std::string new_owner;
};

/// ALTER DATABASE ... SET and RESET.
struct AlterDatabaseStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kAlterDatabase;
  AlterDatabaseStmt() : Statement(kKind) {}

  std::string database;
  /// Empty: all (RESET ALL).
  std::string setting;
  /// None: its default.
  std::optional<std::string> value;
};

}  // namespace oxibase::ast
