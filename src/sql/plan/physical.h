#pragma once
// Physical plans: what exec runs, as plain data. Columns in expressions are positions in the input
// batch: of a join's condition, in the left columns followed by the right ones.
//
// Parameters of an execution are one array: the client's first, then internal ones, which lateral
// joins and correlated subplans set from outer rows before they open their inner plan again.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/objects.h"
#include "expr/expression.h"
#include "sql/plan/logical.h"
#include "txn/snapshot.h"

namespace oxibase {

enum class PhysicalKind : uint8_t {
  kTableScan,
  kIndexScan,
  kIndexUnionScan,
  kBitmapScan,
  kVirtualScan,
  kValues,
  kFunctionScan,
  kFilter,
  kProject,
  kHashJoin,
  kNestedLoopJoin,
  kIndexJoin,
  kAggregate,
  kWindow,
  kDistinctOn,
  kSort,
  kLimit,
  kSetOp,
  kAppend,
  kCte,
  kCteScan,
  kRecursiveCte,
  kLockRows,
  kInsert,
  kUpdate,
  kDelete,
};

struct PhysicalNode;
using PhysicalPtr = std::unique_ptr<PhysicalNode>;

struct PhysicalNode {
  explicit PhysicalNode(PhysicalKind k) : kind(k) {}
  virtual ~PhysicalNode() = default;
  PhysicalNode(const PhysicalNode&) = delete;
  PhysicalNode& operator=(const PhysicalNode&) = delete;

  const PhysicalKind kind;
  std::vector<PhysicalPtr> children;
  std::vector<Type> types;         // of the output columns
  std::vector<std::string> names;  // for EXPLAIN
  double rows = 0, cost = 0;       // estimates; cost in PostgreSQL's units
};

/// Scans read `columns`, keep the rows that pass `filter` (over `columns`), and put out the columns
/// at `projection`, then the row id (int8) if asked for.
struct PhysicalScanBase : PhysicalNode {
  using PhysicalNode::PhysicalNode;
  std::shared_ptr<const TableDef> table;
  std::string alias;
  std::vector<ColumnId> columns;
  ExprPtr filter;
  std::vector<uint32_t> projection;
  bool emit_row_id = false;
  uint32_t scan_id = 0;
  AsOfTime as_of;  // of table scans
};

struct PhysicalTableScan : PhysicalScanBase {
  PhysicalTableScan() : PhysicalScanBase(PhysicalKind::kTableScan) {}
};

/// The part of an index to read: equality on a prefix of its columns, then maybe a range on the
/// next. Values have the type of the indexed column; a NULL among them means no rows. They hold
/// parameters and constants, or, in an index join, columns of the outer batch.
struct IndexRange {
  std::vector<ExprPtr> equal;
  /// Instead of the last of `equal`: an array whose elements are looked up one after another,
  /// sorted and without repetition.
  ExprPtr any_of;
  ExprPtr lower, upper;
  bool lower_inclusive = true, upper_inclusive = true;
  bool exclude_null = false;  // "IS NOT NULL" on the column after `equal`
  bool only_null = false;     // "IS NULL" on it, instead of bounds
};

struct PhysicalIndexScan : PhysicalScanBase {
  PhysicalIndexScan() : PhysicalScanBase(PhysicalKind::kIndexScan) {}
  Oid index = 0;
  IndexRange range;
  bool backward = false;
  /// Of rows with the same key only the first one that is visible.
  bool distinct = false;
};

/// The rows of several parts of indexes, each row once, in no order: for conditions joined by OR.
/// `filter` has the whole condition; the ranges need only hold every row that passes it.
struct PhysicalIndexUnionScan : PhysicalScanBase {
  PhysicalIndexUnionScan() : PhysicalScanBase(PhysicalKind::kIndexUnionScan) {}
  struct Part {
    Oid index = 0;
    IndexRange range;
  };
  std::vector<Part> parts;
};

/// Sets of rows that bitmap indexes give, and what AND and OR make of them.
struct BitmapPlan {
  enum class Kind : uint8_t { kIndex, kAnd, kOr };
  Kind kind = Kind::kIndex;
  double rows = 0;  // expected, for EXPLAIN
  double cost = 0;
  // kIndex:
  Oid index = 0;
  IndexRange range;
  // The others:
  std::vector<BitmapPlan> parts;
};

/// The rows that a bitmap has, in order of row id. `filter` has the whole condition: the bitmap
/// need only have every row that passes it.
struct PhysicalBitmapScan : PhysicalScanBase {
  PhysicalBitmapScan() : PhysicalScanBase(PhysicalKind::kBitmapScan) {}
  BitmapPlan bitmap;
  /// What of `filter` the indexes do not answer, for EXPLAIN.
  ExprPtr rest;
};

struct PhysicalVirtualScan : PhysicalScanBase {
  PhysicalVirtualScan() : PhysicalScanBase(PhysicalKind::kVirtualScan) {}
};

struct PhysicalValues : PhysicalNode {
  PhysicalValues() : PhysicalNode(PhysicalKind::kValues) {}
  std::vector<std::vector<ExprPtr>> rows_exprs;
};

struct PhysicalFunctionScan : PhysicalNode {
  PhysicalFunctionScan() : PhysicalNode(PhysicalKind::kFunctionScan) {}
  std::vector<LogicalFunctionScan::Call> calls;
  bool with_ordinality = false;
  std::string alias;
};

struct PhysicalFilter : PhysicalNode {
  PhysicalFilter() : PhysicalNode(PhysicalKind::kFilter) {}
  ExprPtr predicate;
};

struct PhysicalProject : PhysicalNode {
  PhysicalProject() : PhysicalNode(PhysicalKind::kProject) {}
  std::vector<ExprPtr> exprs;
};

/// Builds on children[1], probes with children[0]. Output: left columns, then right ones (only left
/// ones for semi and anti; left and the mark for kMark).
struct PhysicalHashJoin : PhysicalNode {
  PhysicalHashJoin() : PhysicalNode(PhysicalKind::kHashJoin) {}
  JoinType type = JoinType::kInner;
  /// left_keys[i] over the left batch, right_keys[i] over the right one, of one type.
  std::vector<ExprPtr> left_keys, right_keys;
  /// Keys that match NULL with NULL (IS NOT DISTINCT FROM), parallel to the keys; empty: none.
  std::vector<bool> null_safe;
  ExprPtr residual;  // over both; may be null
  /// Somebody counts on the left rows' order.
  bool keeps_order = false;
};

/// For each left row runs children[1]: again with `params` set where it is correlated, else over
/// its rows kept from the first run.
struct PhysicalNestedLoopJoin : PhysicalNode {
  PhysicalNestedLoopJoin() : PhysicalNode(PhysicalKind::kNestedLoopJoin) {}
  JoinType type = JoinType::kInner;
  ExprPtr condition;
  struct Param {
    uint32_t param;  // internal parameter to set
    uint32_t left_column;
  };
  std::vector<Param> params;  // empty: not correlated
};

/// Nested loop over an index: for each left row looks up `range` (over the left batch) in
/// `inner`. Output: left columns, then the inner scan's (left only for semi and anti).
struct PhysicalIndexJoin : PhysicalNode {
  PhysicalIndexJoin() : PhysicalNode(PhysicalKind::kIndexJoin) {}
  JoinType type = JoinType::kInner;  // kInner, kLeft, kSemi, kAnti
  std::unique_ptr<PhysicalIndexScan>
      inner;         // its range refers to left columns; its filter to its own
  ExprPtr residual;  // over left ++ inner output
};

struct PhysicalAggregate : PhysicalNode {
  PhysicalAggregate() : PhysicalNode(PhysicalKind::kAggregate) {}
  std::vector<ExprPtr> keys;
  std::vector<std::unique_ptr<AggregateExpr>> aggregates;
  std::vector<std::vector<uint32_t>> grouping_sets;
  std::vector<std::vector<uint32_t>> grouping_calls;
  bool streaming = false;  // input comes ordered by the keys, there is one set of them
};

struct PhysicalWindow : PhysicalNode {
  PhysicalWindow() : PhysicalNode(PhysicalKind::kWindow) {}
  std::vector<ExprPtr> partition_by;
  std::vector<SortKey> order_by;
  WindowFrame frame;
  std::vector<std::unique_ptr<WindowExpr>> functions;
  const Function* start_function = nullptr;
  const Function* end_function = nullptr;
  bool input_sorted = false;  // else the operator sorts by partition and order
  /// The input is in order and no function looks beyond the row it is for: rows pass through.
  bool streaming = false;
};

/// Input is ordered so that rows equal in `on` are neighbours; keeps the first of each.
struct PhysicalDistinctOn : PhysicalNode {
  PhysicalDistinctOn() : PhysicalNode(PhysicalKind::kDistinctOn) {}
  std::vector<ExprPtr> on;
};

/// With `limit` (bigint expressions limit + offset): a top-N heap.
struct PhysicalSort : PhysicalNode {
  PhysicalSort() : PhysicalNode(PhysicalKind::kSort) {}
  std::vector<SortKey> keys;
  /// The input is in order of so many of the first keys: rows equal in them are sorted together and
  /// come out before the next ones are read.
  size_t presorted = 0;
  ExprPtr limit, offset;
};

struct PhysicalLimit : PhysicalNode {
  PhysicalLimit() : PhysicalNode(PhysicalKind::kLimit) {}
  ExprPtr limit, offset;
  bool with_ties = false;
  std::vector<SortKey> ties;
};

/// INTERSECT and EXCEPT, by hash. UNION ALL is kAppend, UNION an aggregate over it.
struct PhysicalSetOp : PhysicalNode {
  PhysicalSetOp() : PhysicalNode(PhysicalKind::kSetOp) {}
  LogicalSetOp::Op op = LogicalSetOp::Op::kIntersect;
  bool all = false;
};

struct PhysicalAppend : PhysicalNode {
  PhysicalAppend() : PhysicalNode(PhysicalKind::kAppend) {}
};

struct PhysicalCte : PhysicalNode {
  PhysicalCte() : PhysicalNode(PhysicalKind::kCte) {}
  uint32_t cte_id = 0;
  std::string name;
  bool modifies = false;
};

struct PhysicalCteScan : PhysicalNode {
  PhysicalCteScan() : PhysicalNode(PhysicalKind::kCteScan) {}
  uint32_t cte_id = 0;
  std::string name;
  bool working_table = false;
};

struct PhysicalRecursiveCte : PhysicalNode {
  PhysicalRecursiveCte() : PhysicalNode(PhysicalKind::kRecursiveCte) {}
  uint32_t cte_id = 0;
  std::string name;
  bool all = false;
};

struct PhysicalLockRows : PhysicalNode {
  PhysicalLockRows() : PhysicalNode(PhysicalKind::kLockRows) {}
  struct Target {
    uint32_t scan_id = 0;
    uint32_t row_id_column = 0;
    std::shared_ptr<const TableDef> table;
    RowLockMode mode = RowLockMode::kUpdate;
    LockWait wait = LockWait::kBlock;
  };
  std::vector<Target> targets;
};

/// Checks and computed columns over a row of all the table's columns in TableDef order (dropped
/// ones hold NULL): that is the input batch of these expressions.
struct RowRules {
  struct Computed {
    uint32_t column;  // position in TableDef::columns
    ExprPtr expr;
  };
  std::vector<Computed> computed;
  std::vector<TableRules::Check> checks;
};

/// Foreign keys are found in the TableDef by the operator. Output: the new row's columns in
/// TableDef order (dropped ones NULL), if `returning`; else nothing but the count.
struct PhysicalInsert : PhysicalNode {
  PhysicalInsert() : PhysicalNode(PhysicalKind::kInsert) {}
  std::shared_ptr<const TableDef> table;
  /// One for each column of TableDef (dropped: null = NULL), over the child's batch.
  std::vector<ExprPtr> values;
  RowRules rules;
  bool returning = false;
  struct OnConflict {
    bool do_update = false;
    std::vector<Oid> arbiters;
    /// Over the existing row's columns followed by the proposed row's, both in TableDef order.
    std::vector<std::pair<uint32_t, ExprPtr>> assignments;
    ExprPtr where;
  };
  std::optional<OnConflict> on_conflict;
};

/// Output if `returning`: the new row in TableDef order, then all columns of the child.
struct PhysicalUpdate : PhysicalNode {
  PhysicalUpdate() : PhysicalNode(PhysicalKind::kUpdate) {}
  std::shared_ptr<const TableDef> table;
  uint32_t scan_id = 0;
  uint32_t row_id_column = 0;  // in the child's batch
  /// One for each column of TableDef over the child's batch: an assignment or the old column.
  std::vector<ExprPtr> values;
  std::vector<uint32_t> assigned;  // positions in TableDef that SET names
  RowRules rules;
  bool returning = false;
};

/// Output if `returning`: all columns of the child. The child also yields every column that foreign
/// keys of other tables refer to; `old_columns`: for each column of TableDef its position in the
/// child's batch, or -1.
struct PhysicalDelete : PhysicalNode {
  PhysicalDelete() : PhysicalNode(PhysicalKind::kDelete) {}
  std::shared_ptr<const TableDef> table;
  uint32_t scan_id = 0;
  uint32_t row_id_column = 0;
  std::vector<int> old_columns;
  bool returning = false;
};

struct PhysicalPlan {
  PhysicalPtr root;
  /// Of SubplanExpr: each is run on demand, with its internal parameters.
  std::vector<PhysicalPtr> subplans;
  std::vector<OutputColumn> result;
  std::vector<Type> param_types;  // the client's
  uint32_t param_count = 0;       // with the internal ones
  LogicalPlan::Command command = LogicalPlan::Command::kSelect;
  bool modifies = false;
  std::vector<Oid> depends_on;
  /// Conditions on parameters alone, under each of which there may be a better plan: a partial
  /// index would have all the rows. At most kAssumptionsMax.
  std::vector<ExprPtr> assumptions;
  /// What parameters are may make another plan far better whatever this one is thought to cost: an
  /// index may serve the pattern that one is, or few rows pass where many were hoped to.
  bool values_matter = false;
};

/// A plan for each subset of them may be kept.
inline constexpr size_t kAssumptionsMax = 4;

}  // namespace oxibase
