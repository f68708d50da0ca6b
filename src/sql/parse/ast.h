#pragma once
// The syntax tree: what a statement says, before any name in it means anything. Shaped after
// PostgreSQL's raw parse tree, so that the binder can follow PostgreSQL's rules; owned top down.
// Every node that an error may point at has `location`, a byte offset into the text (-1: unknown).
//
// A tree is immutable after parsing and may then be read from many threads. Its depth is bounded
// (limits.h), so plain recursion over it is safe.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace oxibase::ast {

enum class ExprKind : uint8_t {
  kConst,
  kColumnRef,
  kParamRef,
  kOperator,
  kBool,
  kSubLink,
  kCase,
  kCoalesce,
  kMinMax,
  kNullTest,
  kBooleanTest,
  kTypeCast,
  kCollate,
  kArray,
  kRow,
  kFuncCall,
  kIndirection,
  kSqlValueFunction,
  kGroupingFunc,
  kSetToDefault,
  kCurrentOf,
  kNamedArg,
};

enum class FromItemKind : uint8_t { kRangeVar, kRangeSubselect, kRangeFunction, kJoin };

enum class StatementKind : uint8_t {
  kSelect,
  kInsert,
  kUpdate,
  kDelete,
  kMerge,
  kCreateTable,
  kCreateTableAs,
  kAlterTable,
  kCreateSchema,
  kCreateSequence,
  kAlterSequence,
  kCreateView,
  kCreateIndex,
  kDrop,
  kTruncate,
  kReindex,
  kComment,
  kRename,
  kAlterObjectSchema,
  kAlterOwner,
  kAlterDatabase,
  kCopy,
  kTransaction,
  kPrepare,
  kExecute,
  kDeallocate,
  kDeclareCursor,
  kFetch,
  kClosePortal,
  kSet,
  kShow,
  kDiscard,
  kListen,
  kUnlisten,
  kNotify,
  kExplain,
  kVacuum,
  kCheckpoint,
  kLockTable,
  kSetConstraints,
  kUnsupported,
};

struct Expr {
  explicit Expr(ExprKind k) : kind(k) {}
  virtual ~Expr() = default;
  Expr(const Expr&) = delete;
  Expr& operator=(const Expr&) = delete;

  const ExprKind kind;
  int32_t location = -1;
};
using ExprPtr = std::unique_ptr<Expr>;
using ExprList = std::vector<ExprPtr>;

/// Something in a FROM clause.
struct FromItem {
  explicit FromItem(FromItemKind k) : kind(k) {}
  virtual ~FromItem() = default;
  FromItem(const FromItem&) = delete;
  FromItem& operator=(const FromItem&) = delete;

  const FromItemKind kind;
  int32_t location = -1;
};
using FromItemPtr = std::unique_ptr<FromItem>;

struct Statement {
  explicit Statement(StatementKind k) : kind(k) {}
  virtual ~Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  const StatementKind kind;
  /// Where the statement stands in the parsed text, without the semicolon and the blanks around it;
  /// set for top-level statements only. Locations inside count from the text's beginning, too.
  int32_t text_begin = 0;
  int32_t text_length = 0;
};
using StatementPtr = std::unique_ptr<Statement>;

/// `As<CaseExpr>(expr)`: a node as what its kind says it is.
/// REQUIRES: node.kind == T::kKind
template <typename T, typename Base>
const T& As(const Base& node) {
  return static_cast<const T&>(node);
}
template <typename T, typename Base>
T& As(Base& node) {
  return static_cast<T&>(node);
}

/// The node as a `T`, or null if it is of another kind or is itself null.
template <typename T, typename Base>
const T* TryAs(const Base* node) {
  return node != nullptr && node->kind == T::kKind ? static_cast<const T*>(node) : nullptr;
}

/// `schema.name`; parts that were not written are empty. Words of the grammar that mean a system
/// object (INT, EXTRACT, BETWEEN's operators) come with the schema pg_catalog, as in PostgreSQL.
struct QualifiedName {
  std::string catalog;
  std::string schema;
  std::string name;
  int32_t location = -1;

  bool empty() const { return name.empty(); }
  /// "schema.name", for messages.
  std::string ToString() const { return schema.empty() ? name : schema + "." + name; }
};

/// A type as written: `numeric(10, 2)[]`, `interval day to second(3)`, `t.c%TYPE`.
struct TypeName {
  QualifiedName name;
  bool setof = false;
  /// `name%TYPE`: then `name` is a column (catalog.schema.name = schema.table.column).
  bool pct_type = false;
  /// What stands in parentheses. For interval as the grammar makes it: the first is the field mask
  /// (kIntervalYear | ...; kIntervalFullRange if only a precision was given), the second the
  /// precision.
  ExprList typmods;
  /// One entry a pair of brackets: its bound, or -1 for `[]`.
  std::vector<int32_t> array_bounds;
  int32_t location = -1;

  bool is_array() const { return !array_bounds.empty(); }
};

/// Bits of an interval's field mask, PostgreSQL's values.
inline constexpr int32_t kIntervalMonth = 1 << 1;
inline constexpr int32_t kIntervalYear = 1 << 2;
inline constexpr int32_t kIntervalDay = 1 << 3;
inline constexpr int32_t kIntervalHour = 1 << 10;
inline constexpr int32_t kIntervalMinute = 1 << 11;
inline constexpr int32_t kIntervalSecond = 1 << 12;
inline constexpr int32_t kIntervalFullRange = 0x7FFF;

/// `AS t (a, b)`.
struct Alias {
  std::string name;
  std::vector<std::string> columns;

  bool empty() const { return name.empty(); }
};

enum class SortDirection : uint8_t { kDefault, kAscending, kDescending, kUsing };
enum class SortNulls : uint8_t { kDefault, kFirst, kLast };

struct SortBy {
  ExprPtr expr;
  SortDirection direction = SortDirection::kDefault;
  SortNulls nulls = SortNulls::kDefault;
  /// With kUsing.
  QualifiedName use_operator;
  int32_t location = -1;
};

enum class DropBehavior : uint8_t { kRestrict, kCascade };

/// `name = value` in a list of options. Which values make sense is the statement's business.
struct Option {
  enum class ValueKind : uint8_t {
    kNone,     // the name alone, or e.g. NO MINVALUE
    kString,   // `text`
    kInteger,  // `integer`, and its digits in `text`
    kFloat,    // a number with point or exponent, or beyond int32: `text`
    kBoolean,  // `boolean`, and "true" or "false" in `text`
    kList,     // `list`
    kStar,     // *
    kType,     // `type`
  };
  std::string name_space;
  std::string name;
  ValueKind value_kind = ValueKind::kNone;
  std::string text;
  int32_t integer = 0;
  bool boolean = false;
  std::vector<std::string> list;
  std::unique_ptr<TypeName> type;
  int32_t location = -1;
};
using OptionList = std::vector<Option>;

enum class ObjectType : uint8_t {
  kTable,
  kView,
  kMaterializedView,
  kIndex,
  kSequence,
  kSchema,
  kColumn,
  kTableConstraint,
  kDatabase,
  kFunction,
  kProcedure,
  kRoutine,
  kAggregate,
  kType,
  kDomain,
  kRole,
  kTrigger,
  kExtension,
  kCollation,
  kOther,
};

/// The word for an object's type in messages: "table", "index" ...
const char* ObjectTypeName(ObjectType type);

}  // namespace oxibase::ast
