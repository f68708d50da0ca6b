#pragma once
// Logical plans: what the binder makes of a statement and the optimizer rewrites. Every column that
// a node produces is a variable (VarId), unique within the statement, so that rewriting moves nodes
// without renumbering. A node's output is the variables listed in `output`, in order.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/objects.h"
#include "expr/expression.h"
#include "txn/snapshot.h"

namespace oxibase {

struct OutputColumn {
  VarId var = 0;
  Type type;
  std::string name;
  /// The table and column that it is, unchanged; 0: none. For the client's row description.
  Oid origin_table = 0;
  int16_t origin_column = 0;
};

enum class LogicalKind : uint8_t {
  kScan,
  kValues,
  kFunctionScan,
  kFilter,
  kProject,
  kJoin,
  kAggregate,
  kWindow,
  kDistinct,
  kSort,
  kLimit,
  kSetOp,
  kCte,
  kCteScan,
  kRecursiveCte,
  kLockRows,
  kInsert,
  kUpdate,
  kDelete,
};

struct LogicalNode;
using LogicalPtr = std::unique_ptr<LogicalNode>;

struct LogicalNode {
  explicit LogicalNode(LogicalKind k) : kind(k) {}
  virtual ~LogicalNode() = default;
  LogicalNode(const LogicalNode&) = delete;
  LogicalNode& operator=(const LogicalNode&) = delete;

  const LogicalKind kind;
  std::vector<LogicalPtr> children;
  std::vector<OutputColumn> output;
  /// The optimizer's guess; negative: not yet made.
  double rows = -1;
};

/// In which of its states a table is read. Its expression has no columns and no subqueries.
struct AsOfTime {
  /// Null: the one that the statement sees. timestamptz, or bigint: a transaction's id.
  ExprPtr at;
  bool is_transaction = false;

  explicit operator bool() const { return at != nullptr; }
  AsOfTime Copy() const { return {at ? Clone(*at) : nullptr, is_transaction}; }
};

/// A stored or virtual table. `output` variables correspond to `columns`. `row_id` (type int8) and
/// `table_oid` are produced too when set, as further variables that also stand in `output`.
struct LogicalScan : LogicalNode {
  LogicalScan() : LogicalNode(LogicalKind::kScan) {}
  std::shared_ptr<const TableDef> table;
  std::string alias;
  std::vector<ColumnId> columns;
  std::optional<VarId> row_id;
  uint32_t scan_id = 0;  // unique in the statement: names this scan for row locks and re-checks
  AsOfTime as_of;
};

/// Rows of expressions; no child. One row without columns is SELECT without FROM.
struct LogicalValues : LogicalNode {
  LogicalValues() : LogicalNode(LogicalKind::kValues) {}
  std::vector<std::vector<ExprPtr>> rows_exprs;
};

/// Set-returning functions in FROM (or moved there from a select list), run side by side as ROWS
/// FROM does. Each call is a CallExpr of a table function or any scalar expression (one row).
/// Arguments may refer to outer variables when it is the right side of a lateral join.
struct LogicalFunctionScan : LogicalNode {
  LogicalFunctionScan() : LogicalNode(LogicalKind::kFunctionScan) {}
  struct Call {
    ExprPtr call;
    uint32_t columns = 1;  // how many of `output` are its own
  };
  std::vector<Call> calls;
  bool with_ordinality = false;  // the last output variable
  std::string alias;
};

struct LogicalFilter : LogicalNode {
  LogicalFilter() : LogicalNode(LogicalKind::kFilter) {}
  ExprPtr predicate;
};

/// output[i] = exprs[i]. An expression that is a plain column may keep its variable. Set-returning
/// calls do not stand here: the binder makes a LogicalFunctionScan (lateral) of them.
struct LogicalProject : LogicalNode {
  LogicalProject() : LogicalNode(LogicalKind::kProject) {}
  std::vector<ExprPtr> exprs;
};

enum class JoinType : uint8_t {
  kInner,  // a null condition: cross join
  kLeft,
  kRight,
  kFull,
  kSemi,           // output: the left side's
  kAnti,           // the same; NOT EXISTS
  kNullAwareAnti,  // NOT IN: a NULL on either side makes the answer unknown
  kSingle,         // left outer; more than one match is 21000 (scalar subqueries)
  kMark,           // left side plus a boolean (nullable) variable: x IN (...)
};

struct LogicalJoin : LogicalNode {
  LogicalJoin() : LogicalNode(LogicalKind::kJoin) {}
  JoinType type = JoinType::kInner;
  ExprPtr condition;     // may be null
  bool lateral = false;  // the right side refers to variables of the left
  VarId mark = 0;        // kMark: also the last of `output`
};

/// Groups by `keys` (output variables key_vars, the first of `output`); then one variable for each
/// aggregate, then one for each GROUPING call. Grouping sets list positions of keys; empty list of
/// sets: one set of all keys. Keys outside the set are NULL.
struct LogicalAggregate : LogicalNode {
  LogicalAggregate() : LogicalNode(LogicalKind::kAggregate) {}
  std::vector<ExprPtr> keys;
  std::vector<std::unique_ptr<AggregateExpr>> aggregates;
  std::vector<std::vector<uint32_t>> grouping_sets;
  std::vector<std::vector<uint32_t>> grouping_calls;  // positions of keys, GROUPING(...) bit order
};

/// Adds one variable for each function behind the child's. All share partition, order and frame:
/// the binder makes one node for each distinct window.
struct LogicalWindow : LogicalNode {
  LogicalWindow() : LogicalNode(LogicalKind::kWindow) {}
  std::vector<ExprPtr> partition_by;
  std::vector<SortKey> order_by;
  WindowFrame frame;
  std::vector<std::unique_ptr<WindowExpr>> functions;
  /// RANGE with an offset: in_range arithmetic functions (order key +/- offset).
  const Function* start_function = nullptr;
  const Function* end_function = nullptr;
};

/// DISTINCT: on all output columns if `on` is empty, else DISTINCT ON (first row of each group in
/// the child's order).
struct LogicalDistinct : LogicalNode {
  LogicalDistinct() : LogicalNode(LogicalKind::kDistinct) {}
  std::vector<ExprPtr> on;
};

struct LogicalSort : LogicalNode {
  LogicalSort() : LogicalNode(LogicalKind::kSort) {}
  std::vector<SortKey> keys;
};

struct LogicalLimit : LogicalNode {
  LogicalLimit() : LogicalNode(LogicalKind::kLimit) {}
  ExprPtr limit, offset;  // bigint, no variables; null: none
  bool with_ties = false;
  std::vector<SortKey> ties;  // the order that ties go by: the child sort's keys
};

/// Children have the same column types; output variables are its own.
struct LogicalSetOp : LogicalNode {
  LogicalSetOp() : LogicalNode(LogicalKind::kSetOp) {}
  enum class Op : uint8_t { kUnion, kIntersect, kExcept };
  Op op = Op::kUnion;
  bool all = false;
};

/// WITH name AS MATERIALIZED (children[0]) in children[1]; run at most once, on first use (data-
/// modifying ones always to the end). CTEs used once and not volatile are inlined by the binder
/// unless MATERIALIZED is said.
struct LogicalCte : LogicalNode {
  LogicalCte() : LogicalNode(LogicalKind::kCte) {}
  uint32_t cte_id = 0;
  std::string name;
  bool modifies = false;
};

/// One reading of a materialised CTE, or of a recursive CTE's working table.
struct LogicalCteScan : LogicalNode {
  LogicalCteScan() : LogicalNode(LogicalKind::kCteScan) {}
  uint32_t cte_id = 0;
  std::string name;
  bool working_table = false;
};

/// children[0]: the first term, children[1]: the recursive one, which reads the working table
/// `cte_id`. Output variables are its own.
struct LogicalRecursiveCte : LogicalNode {
  LogicalRecursiveCte() : LogicalNode(LogicalKind::kRecursiveCte) {}
  uint32_t cte_id = 0;
  std::string name;
  bool all = false;  // UNION ALL
};

/// SELECT ... FOR UPDATE: locks the rows of these scans, below LIMIT and above everything else.
struct LogicalLockRows : LogicalNode {
  LogicalLockRows() : LogicalNode(LogicalKind::kLockRows) {}
  struct Target {
    uint32_t scan_id = 0;
    VarId row_id = 0;
    std::shared_ptr<const TableDef> table;
    RowLockMode mode = RowLockMode::kUpdate;
    LockWait wait = LockWait::kBlock;
  };
  std::vector<Target> targets;
};

/// A table's checks and generated columns, bound for one statement. Variables stand for the table's
/// visible columns after the change, in `column_vars` (parallel to TableDef::columns, 0 for
/// dropped).
struct TableRules {
  std::vector<VarId> column_vars;
  struct Computed {  // generated columns and hidden columns of indexes, in order of dependence
    ColumnId column;
    ExprPtr expr;
  };
  std::vector<Computed> computed;
  struct Check {
    std::string name;
    ExprPtr expr;
  };
  std::vector<Check> checks;
};

struct OnConflictClause {
  bool do_update = false;
  std::vector<Oid> arbiters;  // index oids; empty: any (DO NOTHING only)
  /// DO UPDATE: SET expressions over the existing row's variables (`existing_vars`, parallel to
  /// TableDef::columns) and the proposed row's (`excluded_vars`).
  std::vector<VarId> existing_vars, excluded_vars;
  std::vector<std::pair<ColumnId, ExprPtr>> assignments;
  ExprPtr where;
};

/// children[0] yields one variable for each of `columns` in order. RETURNING is a LogicalProject
/// above it: its output is the new row's `rules.column_vars` that are referred to.
struct LogicalInsert : LogicalNode {
  LogicalInsert() : LogicalNode(LogicalKind::kInsert) {}
  std::shared_ptr<const TableDef> table;
  std::vector<ColumnId> columns;  // targets of the child's output
  /// For columns not in `columns`: their default (null: NULL), over no variables.
  std::vector<std::pair<ColumnId, ExprPtr>> defaults;
  TableRules rules;
  std::optional<OnConflictClause> on_conflict;
};

/// children[0] yields the target's row id (`row_id`), all its old columns (`old_vars`, parallel to
/// TableDef::columns) and whatever the expressions need. Its output: the new row's variables
/// (rules.column_vars), and every variable of the child (for RETURNING with FROM).
struct LogicalUpdate : LogicalNode {
  LogicalUpdate() : LogicalNode(LogicalKind::kUpdate) {}
  std::shared_ptr<const TableDef> table;
  uint32_t scan_id = 0;
  VarId row_id = 0;
  std::vector<VarId> old_vars;
  std::vector<std::pair<ColumnId, ExprPtr>> assignments;
  TableRules rules;
};

/// Output: every variable of the child (old row's included).
struct LogicalDelete : LogicalNode {
  LogicalDelete() : LogicalNode(LogicalKind::kDelete) {}
  std::shared_ptr<const TableDef> table;
  uint32_t scan_id = 0;
  VarId row_id = 0;
  std::vector<VarId> old_vars;
};

/// A subquery in an expression, as the binder leaves it. Its plan may refer to outer variables.
struct SubqueryExpr : SubqueryExprBase {
  SubqueryExpr(SubqueryKind k, Type t) : SubqueryExprBase(t), subquery_kind(k) {}
  ExprPtr CloneSubquery() const override;
  void ForEachOperand(const std::function<void(ExprPtr&)>& visit) override;
  bool SameSubquery(const SubqueryExprBase& other, SubqueryPairs& pairs) const override;
  SubqueryKind subquery_kind;
  LogicalPtr plan;
  /// kAny and kAll: left operands and, for each, the comparison with the plan's column. The
  /// subquery's columns have been cast as the comparison wants.
  std::vector<ExprPtr> left;
  std::vector<const Function*> comparisons;
};

/// A bound statement: the plan and what the client is told of it.
struct LogicalPlan {
  LogicalPtr root;
  std::vector<OutputColumn> result;  // columns for the client; empty: none (no RETURNING)
  std::vector<Type> param_types;
  VarId next_var = 1;  // the optimizer takes fresh ones from here
  uint32_t next_cte = 1;
  uint32_t next_scan = 1;
  /// Every table and view the plan depends on, for locks and for the plan cache.
  std::vector<Oid> depends_on;
  enum class Command : uint8_t { kSelect, kInsert, kUpdate, kDelete } command = Command::kSelect;
  bool modifies = false;  // also true for data-modifying CTEs and row locks
};

LogicalPtr Clone(const LogicalNode& node);
/// Whether both yield the same rows over the same data: the same nodes and expressions, what `b`
/// produces itself taken for what `a` does. Plans that modify data never do.
bool SameRows(const LogicalNode& a, const LogicalNode& b, SubqueryPairs& pairs);
/// Calls `visit` for each expression that stands in this node itself (not in its children), which
/// it may replace. Aggregates and window functions are visited by their arguments, order and
/// filter.
void ForEachExpr(LogicalNode& node, const std::function<void(ExprPtr&)>& visit);
void ForEachExpr(const LogicalNode& node, const std::function<void(const Expr&)>& visit);
/// Indented, one node a line: for EXPLAIN of passes and for tests.
std::string Format(const LogicalNode& node);

}  // namespace oxibase
