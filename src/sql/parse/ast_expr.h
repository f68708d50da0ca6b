#pragma once
// Expressions. Names, operators and functions are as written; nothing is resolved.

#include "sql/parse/ast.h"

namespace oxibase::ast {

struct SelectStmt;
struct WindowDef;

struct Const : Expr {
  static constexpr ExprKind kKind = ExprKind::kConst;
  enum class Type : uint8_t { kNull, kInteger, kFloat, kString, kBoolean, kBitString };
  Const() : Expr(kKind) {}

  Type type = Type::kNull;
  bool boolean = false;
  /// Fits 32 bits; larger ones come as kFloat, as in PostgreSQL (the binder tries bigint, then
  /// numeric). May be written with underscores or as 0x, 0o, 0b; here it is a number.
  int32_t integer = 0;
  /// kFloat: as written (also `0x1_0000_0000_0`). kString: the string itself. kBitString: b or x,
  /// then the digits.
  std::string text;
};

/// `a`, `t.a`, `s.t.a`, `t.*`, `*`.
struct ColumnRef : Expr {
  static constexpr ExprKind kKind = ExprKind::kColumnRef;
  ColumnRef() : Expr(kKind) {}

  std::vector<std::string> fields;
  /// A star follows the fields (which may be none).
  bool star = false;
};

struct ParamRef : Expr {
  static constexpr ExprKind kKind = ExprKind::kParamRef;
  ParamRef() : Expr(kKind) {}

  /// From 1 on.
  int32_t number = 0;
};

/// PostgreSQL's A_Expr. `location` is the operator's.
struct OperatorExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kOperator;
  enum class Type : uint8_t {
    kOp,           // left op right, or op right (left is null)
    kOpAny,        // left op ANY (right: an array)
    kOpAll,        // left op ALL (right: an array)
    kDistinct,     // left IS DISTINCT FROM right
    kNotDistinct,  // left IS NOT DISTINCT FROM right
    kNullIf,       // NULLIF(left, right)
    kIn,           // left [NOT] IN (list); op is "=" or "<>"
    kLike,         // op is "~~" or "!~~"; with ESCAPE, right is pg_catalog.like_escape(...)
    kILike,        // op is "~~*" or "!~~*"
    kSimilar,      // op is "~" or "!~", right is pg_catalog.similar_to_escape(...)
    kBetween,      // left BETWEEN list[0] AND list[1]
    kNotBetween,
    kBetweenSymmetric,
    kNotBetweenSymmetric,
  };
  OperatorExpr() : Expr(kKind) {}

  Type type = Type::kOp;
  QualifiedName op;
  ExprPtr left;
  ExprPtr right;
  /// Of kIn and the betweens.
  ExprList list;
};

struct BoolExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kBool;
  enum class Type : uint8_t { kAnd, kOr, kNot };
  BoolExpr() : Expr(kKind) {}

  Type type = Type::kAnd;
  /// `a AND b AND c` is one node with three.
  ExprList args;
};

struct SubLink : Expr {
  static constexpr ExprKind kKind = ExprKind::kSubLink;
  enum class Type : uint8_t {
    kExists,
    kAll,    // test op ALL (SELECT ...)
    kAny,    // test op ANY (SELECT ...); IN has an empty op and means "="
    kExpr,   // a scalar subquery
    kArray,  // ARRAY(SELECT ...)
  };
  SubLink();
  ~SubLink() override;

  Type type = Type::kExpr;
  ExprPtr test;
  QualifiedName op;
  std::unique_ptr<SelectStmt> query;
};

struct CaseExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kCase;
  struct When {
    ExprPtr condition;
    ExprPtr result;
    int32_t location = -1;
  };
  CaseExpr() : Expr(kKind) {}

  /// Null for `CASE WHEN condition`.
  ExprPtr arg;
  std::vector<When> whens;
  ExprPtr else_result;
};

struct CoalesceExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kCoalesce;
  CoalesceExpr() : Expr(kKind) {}

  ExprList args;
};

struct MinMaxExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kMinMax;
  MinMaxExpr() : Expr(kKind) {}

  bool greatest = false;
  ExprList args;
};

struct NullTest : Expr {
  static constexpr ExprKind kKind = ExprKind::kNullTest;
  NullTest() : Expr(kKind) {}

  bool negated = false;
  ExprPtr arg;
};

struct BooleanTest : Expr {
  static constexpr ExprKind kKind = ExprKind::kBooleanTest;
  enum class Type : uint8_t { kTrue, kNotTrue, kFalse, kNotFalse, kUnknown, kNotUnknown };
  BooleanTest() : Expr(kKind) {}

  Type type = Type::kTrue;
  ExprPtr arg;
};

/// CAST(x AS t), x::t, and typed literals `date '2020-01-01'`.
struct TypeCast : Expr {
  static constexpr ExprKind kKind = ExprKind::kTypeCast;
  TypeCast() : Expr(kKind) {}

  ExprPtr arg;
  TypeName type;
};

struct CollateExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kCollate;
  CollateExpr() : Expr(kKind) {}

  /// Null where COLLATE stands alone (column definitions).
  ExprPtr arg;
  QualifiedName collation;
};

struct ArrayExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kArray;
  ArrayExpr() : Expr(kKind) {}

  ExprList elements;
};

struct RowExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kRow;
  RowExpr() : Expr(kKind) {}

  /// With the word ROW.
  bool explicit_row = false;
  ExprList args;
};

struct FuncCall : Expr {
  static constexpr ExprKind kKind = ExprKind::kFuncCall;
  FuncCall();
  ~FuncCall() override;

  QualifiedName name;
  ExprList args;
  /// ORDER BY inside the parentheses, or after WITHIN GROUP.
  std::vector<SortBy> agg_order;
  ExprPtr agg_filter;
  std::unique_ptr<WindowDef> over;
  bool within_group = false;
  bool star = false;
  bool distinct = false;
  /// The last argument is marked VARIADIC.
  bool variadic = false;
  /// Written with a syntax of its own: EXTRACT(x FROM y), AT TIME ZONE, POSITION(a IN b) ...
  bool sql_syntax = false;
};

/// `x[1]`, `x[1:2]`, `(x).f`, `(x).*`.
struct IndirectionStep {
  enum class Type : uint8_t { kField, kStar, kSubscript, kSlice };
  Type type = Type::kField;
  std::string field;
  /// Lower bound of a slice, may be null.
  ExprPtr lower;
  /// The subscript, or a slice's upper bound, which may be null.
  ExprPtr upper;
};

struct IndirectionExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kIndirection;
  IndirectionExpr() : Expr(kKind) {}

  ExprPtr arg;
  std::vector<IndirectionStep> steps;
};

/// CURRENT_DATE and its like, which are called without parentheses.
struct SqlValueFunction : Expr {
  static constexpr ExprKind kKind = ExprKind::kSqlValueFunction;
  enum class Type : uint8_t {
    kCurrentDate,
    kCurrentTime,
    kCurrentTimestamp,
    kLocalTime,
    kLocalTimestamp,
    kCurrentRole,
    kCurrentUser,
    kUser,
    kSessionUser,
    kCurrentCatalog,
    kCurrentSchema,
  };
  SqlValueFunction() : Expr(kKind) {}

  Type type = Type::kCurrentDate;
  /// Of the times, -1 if not given.
  int32_t precision = -1;
};

struct GroupingFunc : Expr {
  static constexpr ExprKind kKind = ExprKind::kGroupingFunc;
  GroupingFunc() : Expr(kKind) {}

  ExprList args;
};

/// DEFAULT in VALUES or SET.
struct SetToDefault : Expr {
  static constexpr ExprKind kKind = ExprKind::kSetToDefault;
  SetToDefault() : Expr(kKind) {}
};

/// WHERE CURRENT OF cursor.
struct CurrentOfExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kCurrentOf;
  CurrentOfExpr() : Expr(kKind) {}

  std::string cursor;
};

/// `f(name => arg)`.
struct NamedArgExpr : Expr {
  static constexpr ExprKind kKind = ExprKind::kNamedArg;
  NamedArgExpr() : Expr(kKind) {}

  std::string name;
  ExprPtr arg;
};

enum class FrameMode : uint8_t { kRange, kRows, kGroups };
enum class FrameBound : uint8_t {
  kUnboundedPreceding,
  kOffsetPreceding,
  kCurrentRow,
  kOffsetFollowing,
  kUnboundedFollowing,
};
enum class FrameExclusion : uint8_t { kNoOthers, kCurrentRow, kGroup, kTies };

/// OVER (...), OVER w, or WINDOW w AS (...).
struct WindowDef {
  /// `w` of OVER w and of WINDOW w AS.
  std::string name;
  /// `w` of OVER (w ...) and of WINDOW v AS (w ...).
  std::string ref_name;
  ExprList partition_by;
  std::vector<SortBy> order_by;
  /// A frame was written; else the fields below hold the default one.
  bool has_frame = false;
  FrameMode mode = FrameMode::kRange;
  FrameBound start = FrameBound::kUnboundedPreceding;
  FrameBound end = FrameBound::kCurrentRow;
  FrameExclusion exclusion = FrameExclusion::kNoOthers;
  ExprPtr start_offset;
  ExprPtr end_offset;
  int32_t location = -1;
};

}  // namespace oxibase::ast
