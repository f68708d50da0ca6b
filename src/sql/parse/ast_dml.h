#pragma once
// INSERT, UPDATE, DELETE, MERGE.

#include "sql/parse/ast_select.h"

namespace oxibase::ast {

/// RETURNING [WITH (OLD AS o, NEW AS n)] targets.
struct ReturningClause {
  std::string old_alias;
  std::string new_alias;
  std::vector<SelectTarget> targets;
};

/// A column that is written: `c`, `c[1]`, `c.f`.
struct TargetColumn {
  std::string name;
  std::vector<IndirectionStep> indirection;
  int32_t location = -1;
};

/// `c = value`, or with `multi` `(a, b) = value`: then the value is a RowExpr of as many fields or
/// a SubLink (kExpr) of as many columns; anything else is for the binder to refuse.
struct Assignment {
  std::vector<TargetColumn> targets;
  bool multi = false;
  ExprPtr value;
};

/// A column or expression of an index; also of ON CONFLICT (...).
struct IndexElement {
  /// Empty for an expression.
  std::string name;
  ExprPtr expr;
  QualifiedName collation;
  QualifiedName opclass;
  OptionList opclass_options;
  SortDirection direction = SortDirection::kDefault;
  SortNulls nulls = SortNulls::kDefault;
};

struct OnConflictClause {
  bool do_update = false;
  /// ON CONFLICT (elements) WHERE ..., or ON CONSTRAINT name; neither for a bare DO NOTHING.
  std::vector<IndexElement> elements;
  ExprPtr index_where;
  std::string constraint;
  int32_t infer_location = -1;
  std::vector<Assignment> set;
  ExprPtr where;
  int32_t location = -1;
};

enum class Overriding : uint8_t { kNone, kUserValue, kSystemValue };

struct InsertStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kInsert;
  InsertStmt() : Statement(kKind) {}

  /// Its alias may be used in ON CONFLICT and RETURNING.
  RangeVar table;
  std::vector<TargetColumn> columns;
  /// Null for DEFAULT VALUES.
  std::unique_ptr<SelectStmt> source;
  Overriding overriding = Overriding::kNone;
  std::unique_ptr<OnConflictClause> on_conflict;
  std::unique_ptr<ReturningClause> returning;
  std::unique_ptr<WithClause> with;
};

struct UpdateStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kUpdate;
  UpdateStmt() : Statement(kKind) {}

  RangeVar table;
  std::vector<Assignment> set;
  std::vector<FromItemPtr> from;
  ExprPtr where;
  std::unique_ptr<ReturningClause> returning;
  std::unique_ptr<WithClause> with;
};

struct DeleteStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kDelete;
  DeleteStmt() : Statement(kKind) {}

  RangeVar table;
  std::vector<FromItemPtr> using_items;
  ExprPtr where;
  std::unique_ptr<ReturningClause> returning;
  std::unique_ptr<WithClause> with;
};

struct MergeStmt : Statement {
  static constexpr StatementKind kKind = StatementKind::kMerge;
  enum class Match : uint8_t { kMatched, kNotMatchedBySource, kNotMatchedByTarget };
  enum class Action : uint8_t { kInsert, kUpdate, kDelete, kDoNothing };
  struct When {
    Match match = Match::kMatched;
    Action action = Action::kDoNothing;
    Overriding overriding = Overriding::kNone;
    ExprPtr condition;
    /// Of an UPDATE.
    std::vector<Assignment> set;
    /// Of an INSERT; no values means DEFAULT VALUES.
    std::vector<TargetColumn> columns;
    ExprList values;
  };
  MergeStmt() : Statement(kKind) {}

  RangeVar table;
  FromItemPtr source;
  ExprPtr on;
  std::vector<When> whens;
  std::unique_ptr<ReturningClause> returning;
  std::unique_ptr<WithClause> with;
};

}  // namespace oxibase::ast
