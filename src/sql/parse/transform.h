#pragma once
// From PostgreSQL's raw parse tree to ours. Private to this folder.
//
// One `Transformer` serves one text. Its functions return what they made, null or half-made after a
// failure; the first failure is kept in `status()` and the caller looks at it once at the end. That
// keeps a few hundred small copies readable, and nothing half-made leaves the parser. Each file
// transform_*.cc has one family of nodes. Everything that recurses holds a `Level`, so a deep tree
// ends in 54001 instead of the end of the stack.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/status.h"
#include "sql/parse/ast_ddl.h"
#include "sql/parse/ast_utility.h"
#include "sql/parse/limits.h"
//
#include "sql/parse/pg_nodes.h"

namespace oxibase::ast {

class Transformer {
 public:
  explicit Transformer(std::string_view text) : text_(text) {}

  const Status& status() const { return status_; }

  /// Puts `as_of` at the table in FROM whose name begins at `relation`.
  void AddAsOf(int32_t relation, std::unique_ptr<AsOf> as_of) {
    as_of_.emplace(relation, std::move(as_of));
  }
  /// 42601 if something was added that found no such table.
  Status CheckAsOfUsed() const;

  /// A statement at the top or inside EXPLAIN, PREPARE and their like.
  StatementPtr TransformStatement(const Node* node);
  /// `text_begin` and `text_length` too.
  StatementPtr TransformRaw(const RawStmt* raw);
  ExprPtr TransformExpr(const Node* node);
  TypeName TransformType(const ::TypeName* type);

 private:
  /// One level of nesting; false when there are too many.
  class Level {
   public:
    explicit Level(Transformer& t) : transformer_(t) { ++t.depth_; }
    ~Level() { --transformer_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    bool TooDeep();

   private:
    Transformer& transformer_;
  };

  /// Keeps the first failure. Returns null, for any kind of pointer.
  std::nullptr_t Fail(Status status);
  std::nullptr_t Refuse(std::string_view what, int location);

  // transform.cc: names, lists, options.
  static std::string Text(const char* s) { return s == nullptr ? std::string() : std::string(s); }
  static std::vector<std::string> Strings(const List* list);
  QualifiedName Name(const List* list, int location = -1);
  static QualifiedName Name(const ::RangeVar* relation);
  std::vector<QualifiedName> RelationNames(const List* list);
  static Alias MakeAlias(const ::Alias* alias);
  ExprList Exprs(const List* list);
  Option MakeOption(const DefElem* def);
  OptionList Options(const List* list);
  SortBy MakeSortBy(const ::SortBy* sort);
  std::vector<SortBy> SortByList(const List* list);
  std::vector<IndirectionStep> Indirection(const List* list);
  static std::string Role(const RoleSpec* role);
  ObjectType Object(::ObjectType type);

  // transform_expr.cc, transform_func.cc
  ExprPtr MakeConst(const A_Const* node);
  ExprPtr MakeColumnRef(const ::ColumnRef* node);
  ExprPtr MakeOperator(const A_Expr* node);
  ExprPtr MakeBool(const ::BoolExpr* node);
  ExprPtr MakeSubLink(const ::SubLink* node);
  ExprPtr MakeCase(const ::CaseExpr* node);
  ExprPtr MakeRow(const ::RowExpr* node);
  ExprPtr MakeTypeCast(const ::TypeCast* node);
  ExprPtr MakeCollate(const CollateClause* node);
  ExprPtr MakeIndirection(const A_Indirection* node);
  ExprPtr MakeSqlValueFunction(const SQLValueFunction* node);
  ExprPtr MakeFuncCall(const ::FuncCall* node);
  WindowDef MakeWindow(const ::WindowDef* node);

  // transform_select.cc, transform_from.cc
  std::unique_ptr<SelectStmt> MakeSelect(const ::SelectStmt* node);
  StatementPtr MakeTopSelect(const ::SelectStmt* node);
  std::vector<SelectTarget> Targets(const List* list);
  GroupItem MakeGroupItem(const Node* node);
  std::unique_ptr<WithClause> MakeWith(const ::WithClause* node);
  CommonTableExpr MakeCte(const ::CommonTableExpr* node);
  FromItemPtr MakeFromItem(const Node* node);
  std::vector<FromItemPtr> FromItems(const List* list);
  void Fill(const ::RangeVar* node, RangeVar& out);
  FromItemPtr MakeRangeSubselect(const ::RangeSubselect* node);
  FromItemPtr MakeRangeFunction(const ::RangeFunction* node);
  FromItemPtr MakeJoin(const ::JoinExpr* node);
  std::vector<TypedColumn> TypedColumns(const List* list);

  // transform_dml.cc
  StatementPtr MakeInsert(const ::InsertStmt* node);
  StatementPtr MakeUpdate(const ::UpdateStmt* node);
  StatementPtr MakeDelete(const ::DeleteStmt* node);
  StatementPtr MakeMerge(const ::MergeStmt* node);
  std::unique_ptr<ReturningClause> MakeReturning(const ::ReturningClause* node);
  std::unique_ptr<OnConflictClause> MakeOnConflict(const ::OnConflictClause* node);
  std::vector<Assignment> Assignments(const List* list);
  std::vector<TargetColumn> TargetColumns(const List* list);
  TargetColumn MakeTargetColumn(const ResTarget* node);
  std::vector<IndexElement> IndexElements(const List* list);

  // transform_table.cc, transform_alter.cc
  StatementPtr MakeCreateTable(const CreateStmt* node);
  StatementPtr MakeCreateTableAs(const ::CreateTableAsStmt* node);
  void FillInto(const IntoClause* into, CreateTableAsStmt& out);
  ColumnDef MakeColumn(const ::ColumnDef* node);
  Constraint MakeConstraint(const ::Constraint* node);
  std::vector<Constraint> ColumnConstraints(const List* list);
  StatementPtr MakeAlterTable(const ::AlterTableStmt* node);
  AlterTableCommand MakeAlterCommand(const AlterTableCmd* node);

  // transform_ddl.cc
  StatementPtr MakeCreateSchema(const ::CreateSchemaStmt* node);
  StatementPtr MakeCreateSequence(const CreateSeqStmt* node);
  StatementPtr MakeAlterSequence(const AlterSeqStmt* node);
  StatementPtr MakeCreateView(const ViewStmt* node);
  StatementPtr MakeCreateIndex(const IndexStmt* node);
  StatementPtr MakeDrop(const ::DropStmt* node);
  StatementPtr MakeReindex(const ::ReindexStmt* node);
  StatementPtr MakeTruncate(const ::TruncateStmt* node);
  StatementPtr MakeComment(const ::CommentStmt* node);
  StatementPtr MakeRename(const ::RenameStmt* node);
  StatementPtr MakeAlterObjectSchema(const ::AlterObjectSchemaStmt* node);
  StatementPtr MakeAlterOwner(const ::AlterOwnerStmt* node);
  StatementPtr MakeAlterDatabase(const ::AlterDatabaseSetStmt* node);
  QualifiedName ObjectName(const Node* object);

  // transform_utility.cc
  StatementPtr MakeCopy(const ::CopyStmt* node);
  StatementPtr MakeTransaction(const ::TransactionStmt* node);
  StatementPtr MakePrepare(const ::PrepareStmt* node);
  StatementPtr MakeExecute(const ::ExecuteStmt* node);
  StatementPtr MakeDeclareCursor(const ::DeclareCursorStmt* node);
  StatementPtr MakeFetch(const ::FetchStmt* node);
  StatementPtr MakeSet(const VariableSetStmt* node);
  StatementPtr MakeDiscard(const ::DiscardStmt* node);
  StatementPtr MakeExplain(const ::ExplainStmt* node);
  StatementPtr MakeVacuum(const ::VacuumStmt* node);
  StatementPtr MakeLock(const LockStmt* node);
  StatementPtr MakeSetConstraints(const ConstraintsSetStmt* node);

  const std::string_view text_;
  Status status_;
  int depth_ = 0;
  std::map<int32_t, std::unique_ptr<AsOf>> as_of_;
};

/// "CREATE FUNCTION" and its like, for statements that OxiBase does not have.
std::string CommandName(const Node* node);

}  // namespace oxibase::ast
