#pragma once
// The binder's inside: one object binds one statement. Its methods live in one file for each noun
// (bind_select.cc, bind_join.cc, bind_call.cc ...).

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "expr/resolve.h"
#include "sql/bind/bind_trace.h"
#include "sql/bind/binder.h"
#include "sql/bind/level.h"
#include "sql/bind/row_shape.h"
#include "sql/parse/ast.h"
#include "sql/parse/ast_dml.h"
#include "sql/parse/ast_expr.h"
#include "sql/parse/ast_select.h"

namespace oxibase::bind {

enum class CoercionContext : uint8_t { kImplicit, kAssignment, kExplicit };

class QueryBinder {
 public:
  QueryBinder(BindContext& context, VarId first_var) : context_(context), next_var_(first_var) {}

  Result<LogicalPlan> BindTop(const ast::Statement& statement);

  // -- Statements.
  /// Any of them, as a top level or as a CTE; `output` holds RETURNING's or SELECT's columns.
  Result<LogicalPtr> BindAnyStatement(const ast::Statement& statement, Level* parent,
                                      bool resolve_unknowns);
  Result<LogicalPtr> BindSelect(const ast::SelectStmt& select, Level* parent,
                                bool resolve_unknowns);
  Result<LogicalPtr> BindInsert(const ast::InsertStmt& insert, Level* parent);
  Result<LogicalPtr> BindUpdate(const ast::UpdateStmt& update, Level* parent);
  Result<LogicalPtr> BindDelete(const ast::DeleteStmt& statement, Level* parent);

  // -- Expressions (bind_expression.cc and its neighbours).
  Result<ExprPtr> BindExpr(const ast::Expr& expr, Level& level);
  /// Binds and coerces to boolean: "argument of WHERE must be type boolean, not type integer".
  Result<ExprPtr> BindCondition(const ast::Expr& expr, Level& level, const char* construct);
  Result<ExprPtr> CoerceToBool(ExprPtr expr, const char* construct);

  // -- Coercion (coerce.cc).
  static bool CanCoerce(TypeId from, TypeId to, CoercionContext context);
  /// Null without error when there is no way.
  Result<ExprPtr> Coerce(ExprPtr expr, Type target, CoercionContext context,
                         CallExpr::Syntax syntax, int32_t location);
  /// As Coerce, implicitly, for argument types that resolution has approved.
  Result<ExprPtr> CoerceArgument(ExprPtr expr, TypeId target);
  /// An unknown literal or parameter becomes text; others are left alone.
  Result<ExprPtr> ResolveUnknown(ExprPtr expr);
  Result<ExprPtr> CoerceUnknown(ExprPtr expr, Type target, CoercionContext context);
  Result<ExprPtr> CoerceParam(ExprPtr expr, Type target);
  /// To `target` as an assignment to `column`: 42804 naming it.
  Result<ExprPtr> CoerceForAssignment(ExprPtr expr, Type target, const std::string& column,
                                      int32_t location);
  Result<ExprPtr> MakeOperator(std::string_view name, ExprPtr left, ExprPtr right,
                               int32_t location);
  /// All to their common type.
  Result<Type> UnifyTypes(std::vector<ExprPtr>& exprs, std::string_view what);
  Result<const Function*> ComparisonFor(std::string_view name, TypeId type, int32_t location);

  /// Rejects parameters whose type nobody has settled.
  Status CheckParams() const;
  LogicalPlan FinishPlan(LogicalPtr root);

  /// A copy whose subqueries produce variables of their own: for expressions used twice.
  ExprPtr Copy(const Expr& expr);
  VarId NewVar(const Level& level);
  /// Makes the columns of a finished subquery belong to `level`.
  void Adopt(const std::vector<OutputColumn>& columns, const Level& level);
  int DepthOf(VarId var) const { return var < var_depths_.size() ? var_depths_[var] : -1; }
  VarId next_var() const { return next_var_; }

  // -- Pieces used by binder.cc's other entries.
  Status AddTableScope(Level& level, const TableDef& table, const std::vector<VarId>& vars,
                       const std::string& name);
  Result<Type> BindTypeName(const ast::TypeName& type);
  Result<TableRules> BindRules(const TableDef& table);
  Result<ExprPtr> BindDefault(const TableDef& table, const ColumnDef& column);
  /// `sequences_too`: a sequence may be read as a table.
  Result<ResolvedRelation> FindRelation(const ast::QualifiedName& name, bool missing_ok = false,
                                        bool sequences_too = false);

 private:
  // -- What BindContext::trace is told; nothing of views within the statement.
  bool is_traced() const { return context_.trace != nullptr && view_depth_ == 0; }
  Result<ExprPtr> BindTraced(const ast::Expr& expr, Level& level);
  void TraceItem(const ast::FromItem& item, RangeEntry& entry, Level& level);
  Result<LogicalPtr> TraceOutput(const ast::SelectStmt& select, Result<LogicalPtr> plan);
  void TraceCall(const ast::FuncCall& call, VarId var, const Expr& bound);

  // -- Expressions by kind.
  Result<ExprPtr> BindConst(const ast::Const& expr);
  Result<ExprPtr> BindParam(const ast::ParamRef& expr);
  /// The relation that "t.*" or "s.t.*" names, and the level that it is of.
  Result<NamespaceItem*> RelationOfStar(const ast::ColumnRef& ref, Level& level, Level** at);
  /// An array's subscript: an integer.
  Result<ExprPtr> BindSubscript(const ast::Expr& syntax, Level& level);
  Result<ExprPtr> BindColumnRef(const ast::ColumnRef& expr, Level& level);
  Result<ExprPtr> BindOperator(const ast::OperatorExpr& expr, Level& level);
  Result<ExprPtr> BindIn(const ast::OperatorExpr& expr, Level& level);
  Result<ExprPtr> BindBetween(const ast::OperatorExpr& expr, Level& level);
  Result<ExprPtr> BindDistinctFrom(ExprPtr left, ExprPtr right, bool negated, int32_t location);
  Result<ExprPtr> BindNullIf(const ast::OperatorExpr& expr, Level& level);
  Result<ExprPtr> BindAnyAllArray(const ast::OperatorExpr& expr, Level& level);
  Result<ExprPtr> BindBool(const ast::BoolExpr& expr, Level& level);
  Result<ExprPtr> BindCoalesce(const ast::CoalesceExpr& expr, Level& level);
  Result<ExprPtr> BindMinMax(const ast::MinMaxExpr& expr, Level& level);
  Result<ExprPtr> BindNullTest(const ast::NullTest& expr, Level& level);
  Result<ExprPtr> BindBooleanTest(const ast::BooleanTest& expr, Level& level);
  Result<std::vector<ExprPtr>> BindList(const ast::ExprList& list, Level& level);
  Result<ExprPtr> MakeAnyAll(std::string_view op, bool all, ExprPtr left, ExprPtr array,
                             int32_t location);
  Result<ExprPtr> BindRowAgainstQuery(std::string_view op, const ast::RowExpr& row,
                                      const ast::SubLink& link, Level& level, int32_t location);
  /// A subquery that yields one row: its fields, each as an expression.
  Result<std::vector<ExprPtr>> BindRowQuery(const ast::SelectStmt& query, Level& level,
                                            int32_t location);
  Result<ExprPtr> BindCase(const ast::CaseExpr& expr, Level& level);
  Result<ExprPtr> BindArray(const ast::ArrayExpr& expr, Level& level, Type expected);
  Result<ExprPtr> BindRow(const ast::RowExpr& expr, Level& level);
  Result<ExprPtr> BindCast(const ast::TypeCast& expr, Level& level);
  Result<ExprPtr> BindCollate(const ast::CollateExpr& expr, Level& level);
  Result<ExprPtr> BindIndirection(const ast::IndirectionExpr& expr, Level& level);
  Result<ExprPtr> BindSteps(const ast::IndirectionExpr& expr, size_t steps, Level& level);
  Result<ExprPtr> BindSubscripts(ExprPtr array, const ast::IndirectionExpr& expr, size_t from,
                                 size_t to, Level& level);
  Result<ExprPtr> BindSqlValueFunction(const ast::SqlValueFunction& expr);
  Result<ExprPtr> BindGrouping(const ast::GroupingFunc& expr, Level& level);
  Result<ExprPtr> BindSubLink(const ast::SubLink& expr, Level& level);
  Result<ExprPtr> BindQuantified(const ast::SubLink& expr, Level& level);
  Result<ExprPtr> CompareRowFields(std::string_view op, std::vector<ExprPtr> left,
                                   std::vector<ExprPtr> right, int32_t location);
  Result<ExprPtr> BindComparison(std::string_view op, ExprPtr left, ExprPtr right,
                                 int32_t location);
  Status CheckOperatorSchema(const ast::QualifiedName& op);

  // -- Calls.
  /// 0A000 if a set-returning call was bound since there were `before` of them.
  Status RefuseSetReturning(const Level& level, size_t before, const char* construct);
  /// 42803 where the level's clause does not allow aggregates.
  Status CheckAggregatePlace(const Level& level, const char* what, int32_t location);
  Status CheckWindowPlace(const Level& level, int32_t location);
  Status CheckSetReturningPlace(const Level& level, int32_t location);
  Result<ExprPtr> BindCall(const ast::FuncCall& call, Level& level);
  Result<ExprPtr> CallByName(std::string_view name, std::vector<ExprPtr> args, int32_t location,
                             CallExpr::Syntax syntax = CallExpr::Syntax::kFunction);
  /// Coerces arguments as the resolution says and brings them in order.
  Result<std::vector<ExprPtr>> PrepareArguments(const ResolvedCall& call,
                                                std::vector<ExprPtr> args);
  Result<ExprPtr> BindAggregate(const ast::FuncCall& call, const ResolvedCall& resolved,
                                std::vector<ExprPtr> args, std::vector<SortKey> order,
                                Level& level);
  Result<ExprPtr> BindWindowCall(const ast::FuncCall& call, const ResolvedCall& resolved,
                                 std::vector<ExprPtr> args, Level& level);
  Result<ExprPtr> BindTableCall(const ast::FuncCall& call, const ResolvedCall& resolved,
                                std::vector<ExprPtr> args, Level& level);
  Result<LevelWindow*> FindWindow(const ast::WindowDef& def, Level& level);
  Result<std::unique_ptr<LevelWindow>> BindWindowDef(const ast::WindowDef& def, Level& level);
  Status BindNamedWindows(const std::vector<ast::WindowDef>& defs, Level& level);
  Status BindFrame(const ast::WindowDef& def, LevelWindow& window, Level& level);
  static void SetFrame(const ast::WindowDef& def, LevelWindow& window);
  /// The offset of RANGE, and the operator that moves the key by it.
  Result<ExprPtr> BindRangeOffset(const Expr& key, ExprPtr offset, bool minus,
                                  const Function*& function);
  /// The columns that a table function yields, polymorphic types resolved.
  std::vector<OutputColumn> TableFunctionColumns(const Function& function, Type result,
                                                 const std::vector<ExprPtr>& args, Level& level);

  // -- Names.
  Result<ExprPtr> TryColumn(const std::string& name, int32_t location, Level& level);
  Result<NamespaceItem*> TryRelation(const std::string& schema, const std::string& name,
                                     int32_t location, Level& level, Level** found_at);
  Result<ExprPtr> ColumnOf(RangeEntry& entry, Level& owner, const std::string& name,
                           int32_t location);
  ExprPtr WholeRow(RangeEntry& entry, Level& owner, int32_t location);
  /// Puts the rows that were asked for below the outer joins of `plan`, where it holds their items.
  void MakeRows(LogicalPtr& plan);

  // -- Row values (row_shape.cc). Null: not known.
  RowShapePtr ShapeOf(const Expr& expr) const;
  /// Of the column `var` that `plan` yields.
  RowShapePtr ShapeIn(const LogicalNode& plan, VarId var) const;
  RowShapePtr FirstShape(const std::vector<ExprPtr>& exprs) const;
  void NoteShape(VarId var, RowShapePtr shape);
  void NoteShapes(const LogicalNode& plan);
  Result<ExprPtr> SelectField(ExprPtr arg, const std::string& field, int32_t location);

  void NoteLateral(Level& owner, const NamespaceItem& item);
  Status MissingColumn(const std::string& relation, const std::string& column, int32_t location,
                       Level& level);
  Status MissingRelation(const std::string& schema, const std::string& name, int32_t location,
                         Level& level);
  Status SystemColumn(const std::string& name, int32_t location);

  // -- FROM.
  struct FromResult {
    LogicalPtr plan;
    std::vector<NamespaceItem> names;  // what it adds to the level's name space
    std::shared_ptr<RangeEntry> top;   // all its columns, for USING above it
  };
  Result<ScopeColumn> MergeColumns(const ScopeColumn& left, const ScopeColumn& right,
                                   ast::JoinType type);
  struct FunctionItem {
    ExprPtr call;
    std::vector<OutputColumn> columns;
    std::string name;
    bool scalar = false;     // its column has no name of its own
    bool one_value = false;  // it returns a value, not a row: so its alias is that value
    RowShapePtr shape;       // of its one column, a row, whose fields are what it yields
  };
  Result<FunctionItem> BindFunctionItem(const ast::Expr& call,
                                        const std::vector<ast::TypedColumn>& definitions,
                                        Level& level);
  /// The fields of the calls' rows in place of the rows; a null shape: columns as they are.
  LogicalPtr ExpandRows(std::unique_ptr<LogicalFunctionScan> scan,
                        const std::vector<RowShapePtr>& shapes, Level& level);
  Result<FunctionItem> BindUnnest(const ast::Expr& array, Level& level);
  /// Another join, or a subquery that may become one: 54001 when there are too many.
  Status CountJoin(int32_t location);
  Result<LogicalPtr> BindFrom(const std::vector<ast::FromItemPtr>& items, Level& level,
                              LogicalPtr start = nullptr);
  Result<FromResult> BindFromItem(const ast::FromItem& item, Level& level);
  Result<FromResult> BindRangeVar(const ast::RangeVar& item, Level& level);
  Result<AsOfTime> BindAsOf(const ast::AsOf& as_of, Level& level);
  Result<FromResult> BindRangeSubselect(const ast::RangeSubselect& item, Level& level);
  Result<FromResult> BindRangeFunction(const ast::RangeFunction& item, Level& level);
  Result<FromResult> BindJoin(const ast::JoinExpr& item, Level& level);
  Result<FromResult> BindView(const ViewDef& view, const ast::RangeVar& item, Level& level);
  Result<FromResult> BindSequence(const SequenceDef& sequence, const ast::RangeVar& item,
                                  Level& level);
  Result<FromResult> BindCteReference(CteEntry& cte, const ast::RangeVar& item, Level& level);
  FromResult ScanTable(std::shared_ptr<const TableDef> table, const ast::Alias& alias, Level& level,
                       bool with_row_id, bool with_hidden);
  Status ApplyAlias(RangeEntry& entry, const ast::Alias& alias, int32_t location);
  Status CheckNewNames(const std::vector<NamespaceItem>& have,
                       const std::vector<NamespaceItem>& added, int32_t location);
  FromResult EntryOf(LogicalPtr plan, RangeEntry::Kind kind, const std::string& name, Level& level);
  std::shared_ptr<CteEntry> FindCte(const std::string& name, Level& level);

  // -- SELECT.
  struct Target {
    std::string name;
    ExprPtr expr;
    int32_t location = -1;
    Oid origin_table = 0;
    int16_t origin_column = 0;
    bool junk = false;  // only for ORDER BY, GROUP BY, DISTINCT ON
  };
  Result<std::vector<Target>> BindTargets(const std::vector<ast::SelectTarget>& targets,
                                          Level& level, Clause clause);
  Status ExpandStar(const ast::Expr& expr, Level& level, std::vector<Target>& out);
  Status ExpandRelation(RangeEntry& entry, std::vector<Target>& out, int32_t location);
  void RecordStar(Level& level, const std::string& relation, size_t before,
                  const std::vector<Target>& out, int32_t location);
  /// The column of FROM that the expression is; null if it is none of this level.
  static const ScopeColumn* ScopeColumnOf(const Level& level, const Expr& expr);
  static std::string QualifierOf(Level& level, const Expr& expr);
  Result<ExprPtr> BindIndirectionBase(const ast::IndirectionExpr& expr, Level& level);
  Result<LogicalPtr> BindBlock(const ast::SelectStmt& select, Level& level, bool resolve_unknowns);
  Result<LogicalPtr> BindValuesLists(const ast::SelectStmt& select, Level& level);
  Result<LogicalPtr> BindSetOperation(const ast::SelectStmt& select, Level& level);
  Result<LogicalPtr> CombineSetOperation(const ast::SelectStmt& select, LogicalPtr left,
                                         LogicalPtr right, Level& level);
  Result<LogicalPtr> BindSetOperand(const ast::SelectStmt& select, Level& level);
  Result<LogicalPtr> CastColumn(LogicalPtr plan, size_t column, Type type, Level& level,
                                const char* what);
  Result<LogicalPtr> BindSelectBody(const ast::SelectStmt& select, Level& level,
                                    bool resolve_unknowns);
  static LogicalPtr OneRow();
  static LogicalPtr FilterBy(LogicalPtr plan, ExprPtr predicate);
  LogicalPtr ProjectTargets(LogicalPtr plan, std::vector<Target>& targets, Level& level);
  /// ORDER BY, LIMIT over rows whose columns alone may be named: set operations and VALUES.
  Result<LogicalPtr> SortAndLimitRows(const ast::SelectStmt& select, LogicalPtr plan, Level& level);
  Result<LogicalPtr> AddLimit(const ast::SelectStmt& select, LogicalPtr plan,
                              const std::vector<SortKey>& sort, Level& level);
  Result<ExprPtr> BindLimitExpr(const ast::Expr& expr, Clause clause, Level& level);
  Result<SortKey> MakeSortKey(const ast::SortBy& sort, ExprPtr expr);
  Result<std::vector<SortKey>> BindSortKeys(const std::vector<ast::SortBy>& sorts, Level& level,
                                            Clause clause);
  /// A position, an output name (SQL92) or an expression: the index of a target, which may be new.
  Result<size_t> FindOutput(const ast::Expr& expr, std::vector<Target>& targets, Level& level,
                            Clause clause);
  Result<LogicalPtr> LockRows(LogicalPtr plan, Level& level);
  /// The row ids that a cursor's query shows besides its columns; `plan` is below its LIMIT.
  std::vector<VarId> CursorRowIds(const ast::SelectStmt& select, const LogicalNode& plan,
                                  const Level& level);
  Status CheckLocking(const ast::SelectStmt& select,
                      const std::vector<const ast::LockingClause*>& locking);
  /// The clause that locks the item of this name; the strongest if there are several. Null: none.
  static const ast::LockingClause* LockOf(const Level& level, const std::string& name);
  /// Binds a subquery of FROM that `lock` (may be null) reaches: PostgreSQL takes the lock inside.
  Result<LogicalPtr> BindLockedQuery(const ast::SelectStmt& query, Level* level,
                                     const ast::LockingClause* lock);

  // Grouping.
 public:
  struct Grouping;

 private:
  Status ReplaceGroupedIn(LogicalNode& plan, Level& level, Grouping& grouping);
  Status ResolveGroupings(Level& level, const Grouping& grouping);
  Status BindGroupBy(const ast::SelectStmt& select, std::vector<Target>& targets, Level& level,
                     Grouping& grouping);
  Status FlattenGroupItem(const ast::GroupItem& item, std::vector<Target>& targets, Level& level,
                          Grouping& grouping, std::vector<std::vector<uint32_t>>& sets);
  Result<uint32_t> AddGroupKey(const ast::Expr& expr, std::vector<Target>& targets, Level& level,
                               Grouping& grouping);
  Status ReplaceGrouped(ExprPtr& expr, Level& level, Grouping& grouping, bool in_subquery);
  Result<LogicalPtr> AddAggregate(LogicalPtr plan, Level& level, Grouping& grouping);
  LogicalPtr AddWindows(LogicalPtr plan, Level& level);
  LogicalPtr AddSetReturning(LogicalPtr plan, Level& level, bool before_grouping);

  // -- WITH.
  struct WithScope {
    struct Definition {
      std::shared_ptr<CteEntry> entry;
      LogicalPtr plan;
      bool can_inline = false;
      bool recursive = false;
    };
    std::vector<Definition> definitions;
  };
  Result<WithScope> BindWith(const ast::WithClause& with, Level& level, bool is_top);
  Status BindRecursiveCte(const ast::CommonTableExpr& cte, const ast::SelectStmt& select,
                          Level& outer, WithScope::Definition& definition);
  Status NameCteColumns(const ast::CommonTableExpr& cte, CteEntry& entry);
  LogicalPtr AttachWith(WithScope with, LogicalPtr plan);

  // -- Data modification.
  /// What INSERT, UPDATE or DELETE names.
  struct WriteTarget {
    std::shared_ptr<const TableDef> table;
    /// Through which the table is written; null: it was named itself.
    std::shared_ptr<const ViewDef> view;
    /// The table with its columns as they are called and ordered in the view. One that the view
    /// computes has no id.
    std::shared_ptr<const TableDef> names;
  };
  Result<WriteTarget> FindTarget(const ast::RangeVar& range, const char* verb);
  /// A view over one table: its columns and which rows it shows, over `vars` of the table's
  /// columns.
  struct ViewFace {
    std::vector<ScopeColumn> columns;
    std::vector<ExprPtr> conditions;
  };
  Result<ViewFace> FaceOf(const ViewDef& view, const std::vector<VarId>& vars, const char* verb,
                          Level& level);
  Result<std::shared_ptr<const TableDef>> TableBehind(const ViewDef& view, const char* verb);
  Result<WriteTarget> FindViewTarget(std::shared_ptr<const ViewDef> view, const char* verb);
  Result<LogicalPtr> BindReturning(const ast::ReturningClause& returning, LogicalPtr plan,
                                   Level& level);
  Result<LogicalPtr> BindInsertValues(const ast::InsertStmt& insert, const TableDef& table,
                                      std::vector<const ColumnDef*>& columns, Level& level);
  Result<LogicalPtr> BindInsertSelect(const ast::InsertStmt& insert,
                                      std::vector<const ColumnDef*>& columns, Level& level);
  Result<ExprPtr> BindForColumn(const ast::Expr& syntax, const ColumnDef& column, Level& level);
  /// INSERT INTO t (a[1], ...): the source's columns brought together by column.
  Result<LogicalPtr> AssembleParts(const std::vector<ast::TargetColumn>& targets,
                                   const std::vector<const ColumnDef*>& parts,
                                   const TableDef& table, LogicalPtr source,
                                   std::vector<const ColumnDef*>& columns, Level& level);
  /// The column as a part of it is written: an element, or for a slice the array.
  Result<ColumnDef> PartColumn(const ColumnDef& column, const ast::TargetColumn& target);
  /// `base` with the part that `target` names replaced by `value`.
  Result<ExprPtr> AssignPart(ExprPtr base, const ast::TargetColumn& target, ExprPtr value,
                             Level& level);
  struct Modified {  // the target of UPDATE or DELETE
    std::shared_ptr<const TableDef> table;
    std::shared_ptr<const ViewDef> view;  // as in WriteTarget
    std::shared_ptr<const TableDef> names;
    std::shared_ptr<RangeEntry> entry;
    std::vector<VarId> old_vars;
    LogicalPtr plan;
  };
  /// WHERE of UPDATE and DELETE.
  Result<LogicalPtr> FilterModified(LogicalPtr plan, const ast::Expr& where, const Modified& target,
                                    Level& level);
  Result<Modified> ScanTarget(const ast::RangeVar& range, const char* verb, Level& level);
  Status AssignValue(const ast::Expr& value, const TableDef& table, const ast::TargetColumn& target,
                     Level& level, std::vector<std::pair<ColumnId, ExprPtr>>& out);
  /// Adds the assignment of a part of `column`, or brings it into the one there is.
  Status AssignToPart(const ColumnDef& column, const ast::TargetColumn& target, ExprPtr value,
                      Level& level, std::vector<std::pair<ColumnId, ExprPtr>>& out);
  /// The target's columns, or its view's, over `vars` as an item of the level.
  Status AddTargetScope(Level& level, const WriteTarget& target, const std::vector<VarId>& vars,
                        const std::string& name);
  Result<OnConflictClause> BindOnConflict(const ast::OnConflictClause& clause,
                                          const WriteTarget& target, const std::string& alias,
                                          Level& level);
  Result<std::vector<Oid>> InferArbiters(const ast::OnConflictClause& clause,
                                         const WriteTarget& target, Level& level);
  Result<std::vector<std::pair<ColumnId, ExprPtr>>> BindAssignments(
      const std::vector<ast::Assignment>& assignments, const TableDef& table, Level& level,
      LogicalPtr* plan);
  Result<ExprPtr> BindStored(const std::string& sql, const TableDef& table,
                             const std::vector<VarId>& vars, Clause clause, Type expected,
                             const std::string& target);

  // -- Conversions of constants.
  Result<Value> ParseConstant(const std::string& text, Type type, int32_t location);

  void DependOn(Oid oid);
  void Replace(int32_t location, int32_t length, std::string text);

  BindContext& context_;
  VarId next_var_;
  uint32_t next_cte_ = 1;
  uint32_t next_scan_ = 1;
  std::vector<int> var_depths_;
  /// What the variables of type record, and arrays of it, consist of.
  std::unordered_map<VarId, RowShapePtr> shapes_;
  struct NullableRow {
    OutputColumn column;
    ExprPtr row;
    const LogicalNode* item;  // in the plan that is being bound
  };
  std::vector<NullableRow> rows_;  // asked for, not yet made
  int nesting_ = 0;                // of BindExpr and BindSelect, views included
  int view_depth_ = 0;
  bool in_trace_ = false;  // BindExpr was called by BindTraced
  int joins_ = 0;          // of the statement so far, views' own and subqueries included
  /// Of the view that is being bound: for its tables that do not say it themselves.
  AsOfTime view_as_of_;
  bool modifies_ = false;
  /// The top of a cursor's query; null: it is no cursor's.
  const ast::SelectStmt* cursor_block_ = nullptr;
  /// For the block that is bound next: the clause outside that locks its rows.
  const ast::LockingClause* pushed_lock_ = nullptr;
  /// The tables of the last block that handed its row ids out instead of locking them.
  std::vector<LogicalLockRows::Target> lockable_;
  /// The call that is itself an item of FROM, and its columns.
  const ast::FuncCall* from_call_ = nullptr;
  std::vector<OutputColumn> from_columns_;
  /// For errors: unresolved parameters by number.
  std::map<int32_t, int32_t> param_locations_;
  friend class NestingGuard;
};

/// Counts nesting; ok() is false when it has gone too deep.
class NestingGuard {
 public:
  explicit NestingGuard(QueryBinder& binder) : binder_(binder) { ++binder_.nesting_; }
  ~NestingGuard() { --binder_.nesting_; }
  NestingGuard(const NestingGuard&) = delete;
  NestingGuard& operator=(const NestingGuard&) = delete;
  Status Check() const;

 private:
  QueryBinder& binder_;
};

/// A name for a plan's column: the expression's own if it is a column.
std::string NameOfExpr(const Expr& expr);

/// The name PostgreSQL gives a column of a select list without AS.
std::string ColumnNameOf(const ast::Expr& expr);

// -- Helpers over bound trees (tree.cc).
bool IsUnknownLiteral(const Expr& expr);
bool IsNullConstant(const Expr& expr);
/// The fields of ROW(...); null if it is something else.
RowExpr* AsRow(Expr& expr);
/// Makes a Project that passes everything through.
std::unique_ptr<LogicalProject> PassThrough(LogicalPtr child);
std::unique_ptr<ColumnExpr> RefTo(const OutputColumn& column);
/// Calls `visit` for each variable read by the expression or plan, subqueries included.
void ForEachVar(const Expr& expr, const std::function<void(const ColumnExpr&)>& visit);
void ForEachVar(const LogicalNode& node, const std::function<void(const ColumnExpr&)>& visit);
bool HasVars(const Expr& expr);
/// Whether `plan` reads a variable that is among `columns`.
bool RefersTo(const LogicalNode& plan, const std::vector<OutputColumn>& columns);
/// As IsVolatile, with the plans of subqueries.
bool IsVolatileWithin(const Expr& expr);
bool IsVolatilePlan(const LogicalNode& plan);

}  // namespace oxibase::bind
