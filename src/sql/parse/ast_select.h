#pragma once
// SELECT, VALUES, set operations, and what stands in FROM.

#include <string_view>

#include "sql/parse/ast_expr.h"

namespace oxibase::ast {

/// AS OF: the state that a table is read in.
struct AsOf {
  enum class Kind : uint8_t { kTimestamp, kTransaction };
  Kind kind = Kind::kTimestamp;
  ExprPtr expr;
  /// The expression as it was written.
  std::string text;
  int32_t location = -1;
};

struct RangeVar : FromItem {
  static constexpr FromItemKind kKind = FromItemKind::kRangeVar;
  enum class Persistence : uint8_t { kPermanent, kUnlogged, kTemporary };
  RangeVar() : FromItem(kKind) {}

  /// `name.location` is the item's location, too.
  QualifiedName name;
  /// False after ONLY.
  bool inherit = true;
  Persistence persistence = Persistence::kPermanent;
  Alias alias;
  /// Only in FROM; null: as it is.
  std::unique_ptr<AsOf> as_of;
};

struct RangeSubselect : FromItem {
  static constexpr FromItemKind kKind = FromItemKind::kRangeSubselect;
  RangeSubselect();
  ~RangeSubselect() override;

  bool lateral = false;
  std::unique_ptr<SelectStmt> query;
  /// May be empty (as of PostgreSQL 16).
  Alias alias;
};

/// A column of `AS t (a int, b text)` or of CREATE TABLE's simplest form.
struct TypedColumn {
  std::string name;
  TypeName type;
  QualifiedName collation;
  int32_t location = -1;
};

struct RangeFunction : FromItem {
  static constexpr FromItemKind kKind = FromItemKind::kRangeFunction;
  struct Function {
    /// A FuncCall, or an expression with the syntax of a function (COALESCE, CURRENT_DATE ...).
    ExprPtr call;
    std::vector<TypedColumn> columns;
  };
  RangeFunction() : FromItem(kKind) {}

  bool lateral = false;
  bool ordinality = false;
  bool rows_from = false;
  /// One, or several with ROWS FROM.
  std::vector<Function> functions;
  Alias alias;
  std::vector<TypedColumn> columns;
};

enum class JoinType : uint8_t { kInner, kLeft, kFull, kRight };

struct JoinExpr : FromItem {
  static constexpr FromItemKind kKind = FromItemKind::kJoin;
  JoinExpr() : FromItem(kKind) {}

  /// CROSS JOIN is kInner without ON, USING and NATURAL.
  JoinType type = JoinType::kInner;
  bool natural = false;
  FromItemPtr left;
  FromItemPtr right;
  std::vector<std::string> using_columns;
  Alias using_alias;
  ExprPtr on;
  Alias alias;
};

struct SelectTarget {
  /// From AS, else empty.
  std::string name;
  ExprPtr expr;
  int32_t location = -1;
};

/// An element of GROUP BY: an expression, or a construct over such elements.
struct GroupItem {
  enum class Type : uint8_t { kExpr, kEmpty, kRollup, kCube, kSets };
  Type type = Type::kExpr;
  /// kExpr; a RowExpr inside kRollup, kCube or kSets stands for several expressions.
  ExprPtr expr;
  /// kRollup, kCube, kSets.
  std::vector<GroupItem> content;
  int32_t location = -1;
};

enum class LockStrength : uint8_t { kKeyShare, kShare, kNoKeyUpdate, kUpdate };
/// "FOR UPDATE" and the like, for messages.
std::string_view LockClauseName(LockStrength strength);
enum class LockWait : uint8_t { kBlock, kSkip, kNoWait };

struct LockingClause {
  LockStrength strength = LockStrength::kUpdate;
  LockWait wait = LockWait::kBlock;
  /// Empty: all.
  std::vector<QualifiedName> tables;
};

enum class CteMaterialize : uint8_t { kDefault, kAlways, kNever };

struct CommonTableExpr {
  std::string name;
  std::vector<std::string> columns;
  CteMaterialize materialized = CteMaterialize::kDefault;
  /// A SelectStmt, or with data modification an InsertStmt, UpdateStmt, DeleteStmt, MergeStmt.
  StatementPtr query;
  int32_t location = -1;

  /// SEARCH DEPTH|BREADTH FIRST BY columns SET sequence_column.
  struct Search {
    std::vector<std::string> columns;
    bool breadth_first = false;
    std::string sequence_column;
    int32_t location = -1;
  };
  std::unique_ptr<Search> search;

  /// CYCLE columns SET mark_column [TO mark_value DEFAULT mark_default] USING path_column.
  struct Cycle {
    std::vector<std::string> columns;
    std::string mark_column;
    ExprPtr mark_value;
    ExprPtr mark_default;
    std::string path_column;
    int32_t location = -1;
  };
  std::unique_ptr<Cycle> cycle;
};

struct WithClause {
  bool recursive = false;
  std::vector<CommonTableExpr> ctes;
  int32_t location = -1;
};

enum class SetOperation : uint8_t { kNone, kUnion, kIntersect, kExcept };

/// Three shapes: a query block (targets ...), VALUES (values_lists is not empty), or a set
/// operation (set_op is not kNone: left and right). ORDER BY, LIMIT, locking and WITH belong to all
/// three.
struct SelectStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kSelect;
  SelectStmt() : Statement(kKind) {}

  bool distinct = false;
  /// DISTINCT ON (...); then `distinct` is set, too.
  ExprList distinct_on;
  /// May be empty: SELECT FROM t.
  std::vector<SelectTarget> targets;
  /// Items between commas.
  std::vector<FromItemPtr> from;
  ExprPtr where;
  std::vector<GroupItem> group_by;
  bool group_distinct = false;
  ExprPtr having;
  /// The WINDOW clause.
  std::vector<WindowDef> windows;

  /// Elements may be SetToDefault anywhere the grammar has VALUES: the binder refuses them outside
  /// INSERT.
  std::vector<ExprList> values_lists;

  SetOperation set_op = SetOperation::kNone;
  bool set_all = false;
  std::unique_ptr<SelectStmt> left;
  std::unique_ptr<SelectStmt> right;

  std::vector<SortBy> order_by;
  ExprPtr limit_offset;
  /// LIMIT ALL is a null Const.
  ExprPtr limit_count;
  bool with_ties = false;
  std::vector<LockingClause> locking;
  std::unique_ptr<WithClause> with;

  /// Offset of the statement's first word where known, for errors about the statement as a whole.
  int32_t location = -1;
};

}  // namespace oxibase::ast
