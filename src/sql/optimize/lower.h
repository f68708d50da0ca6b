#pragma once
// The last pass: from variables to positions, from what to how.

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "common/status.h"
#include "sql/optimize/access_path.h"
#include "sql/optimize/bitmap_path.h"
#include "sql/optimize/estimator.h"
#include "sql/optimize/expr_tools.h"
#include "sql/optimize/optimizer.h"
#include "sql/optimize/union_path.h"
#include "sql/plan/logical.h"
#include "sql/plan/physical.h"

namespace oxibase {

/// Variables by position in a batch.
using RowShape = std::vector<VarId>;

/// What the parent would like: an order of rows (by variables) and how many rows it will take.
struct Wish {
  struct Order {
    VarId var;
    bool descending;
    bool nulls_first;
  };
  std::vector<Order> order;
  double rows = -1;  // negative: all
  /// Rows that are equal in all columns handed up may be left out.
  bool distinct = false;
};

/// What the node's parents read, as column pruning left it.
VarSet OutputOf(const LogicalNode& node);

/// A plan with the variables that its columns are.
struct Lowered {
  PhysicalPtr node;
  RowShape shape;
  bool ordered = false;  // the wished order holds
  size_t presorted = 0;  // so many of its first columns do
};

class Lowerer {
 public:
  Lowerer(LogicalPlan& plan, const OptimizerContext& context, const Estimator& estimator);

  Result<std::shared_ptr<const PhysicalPlan>> Run();

 private:
  /// Variables of an outer row that an inner plan may refer to, and the parameters made of them.
  struct Scope {
    const RowShape* shape;
    bool is_subplan;
    std::map<VarId, uint32_t> params;
    /// Parameters of scopes further out that pass through this subplan.
    std::map<uint32_t, Type> passing;
  };

  Result<Lowered> Lower(LogicalNode& node, const Wish& wish);
  /// As Lower, with exactly the node's output columns in their order.
  Result<Lowered> LowerExactly(LogicalNode& node, const Wish& wish);
  /// `needed`: the variables to hand up; the others serve the conjuncts alone.
  Result<Lowered> LowerScan(LogicalScan& scan, std::vector<ExprPtr> conjuncts, const VarSet& needed,
                            const Wish& wish);
  Result<Lowered> FinishScan(LogicalScan& scan, std::vector<ExprPtr> conjuncts,
                             const VarSet& needed, IndexPath* path, bool backward,
                             const RowShape& outer);
  Result<BitmapPlan> MakeBitmap(BitmapPath path, double table_rows);
  Result<Lowered> LowerBitmapScan(LogicalScan& scan, std::vector<ExprPtr> conjuncts,
                                  const VarSet& needed, BitmapPath path);
  Result<Lowered> LowerUnionScan(LogicalScan& scan, std::vector<ExprPtr> conjuncts,
                                 const VarSet& needed, UnionPath path);
  Result<Lowered> FillScan(std::unique_ptr<PhysicalScanBase> node, const LogicalScan& scan,
                           std::vector<ExprPtr> conjuncts, const VarSet& needed);
  Result<IndexRange> MakeRange(IndexPath path, const RowShape& outer);
  double KnownKeys(const IndexDef& index, const LogicalScan& scan) const;
  std::function<ExprPtr(const IndexDef&, size_t)> HiddenExpressions(const LogicalScan& scan) const;
  Result<Lowered> LowerLeft(LogicalNode& left, const Wish& wish, Wish left_wish);
  /// Whether the plan may count on `predicate`; notes in it what it would have to assume.
  bool MayAssume(std::span<const Expr* const> facts, const Expr& predicate);
  Assume Assuming() {
    return [this](std::span<const Expr* const> facts, const Expr& predicate) {
      return MayAssume(facts, predicate);
    };
  }
  Result<Lowered> LowerJoin(LogicalJoin& join, const Wish& wish);
  Result<Lowered> LowerIndexJoin(LogicalJoin& join, Lowered left, std::vector<ExprPtr> condition,
                                 IndexPath path);
  /// A semi join as lookups of its left side, a table, by the distinct rows of the right one; no
  /// value, and nothing touched, if that cannot be or costs `cost_max` or more.
  Result<std::optional<Lowered>> LowerSemiByIndex(LogicalJoin& join,
                                                  std::vector<ExprPtr>& condition, double rows,
                                                  double cost_max);
  Result<Lowered> LowerNestedLoop(LogicalJoin& join, Lowered left, std::vector<ExprPtr> condition);
  Result<Lowered> LowerAggregate(LogicalAggregate& aggregate, const Wish& wish);
  Result<std::optional<Lowered>> LowerGroupedInput(const LogicalAggregate& aggregate, double groups,
                                                   const Wish& wish);
  /// Whether the aggregate only asks for min or max of columns of one table's rows.
  bool MayBeExtremes(const LogicalAggregate& aggregate) const;
  /// The first of `rows` (the aggregate's input, untouched) in an index's order in place of all of
  /// them, if that costs less. REQUIRES: MayBeExtremes
  Result<std::optional<Lowered>> LowerExtreme(const LogicalAggregate& aggregate,
                                              const LogicalNode& rows, double cost_max);
  /// The same for the whole aggregate: one row of subqueries.
  Result<std::optional<Lowered>> LowerExtremes(const LogicalAggregate& aggregate,
                                               const LogicalNode& rows, double cost_max);
  Result<Lowered> LowerWindow(LogicalWindow& window, const Wish& wish);
  Result<Lowered> SortRows(Lowered input, std::vector<SortKey> keys, size_t presorted);
  Result<Lowered> LowerSort(LogicalSort& sort, const Wish& wish);
  Result<Lowered> LowerLimit(LogicalLimit& limit, const Wish& wish);
  Result<Lowered> LowerDistinct(LogicalDistinct& distinct);
  Result<Lowered> LowerSetOp(LogicalSetOp& set_op);
  Result<Lowered> LowerInsert(LogicalInsert& insert, bool returning);
  Result<Lowered> LowerUpdate(LogicalUpdate& update, bool returning);
  Result<Lowered> LowerDelete(LogicalDelete& remove, bool returning);
  Result<RowRules> LowerRules(TableRules& rules, const TableDef& table);

  /// What lowering has left behind so far, so that an attempt can be taken back.
  struct Mark {
    size_t subplans;
    uint32_t params;
    std::vector<Scope> scopes;
  };
  Mark SetMark() const { return {physical_->subplans.size(), physical_->param_count, scopes_}; }
  void RollbackTo(const Mark& mark);

  Status Resolve(ExprPtr& expr, const RowShape& shape);
  Status ResolveAll(std::vector<ExprPtr>& exprs, const RowShape& shape);
  Status ResolveKeys(std::vector<SortKey>& keys, const RowShape& shape);
  Status ResolveSubquery(ExprPtr& expr, const RowShape& shape);
  Result<ExprPtr> OuterParam(VarId var, Type type);

  ExprPtr ColumnAt(const RowShape& shape, VarId var) const;
  /// Sets the node's types, names and estimates for the columns of `shape`.
  Lowered Finish(PhysicalPtr node, RowShape shape, double rows, double cost);
  Lowered Project(Lowered input, const RowShape& wanted);
  const OutputColumn& Var(VarId var) const;
  void LearnVars(const LogicalNode& node);

  LogicalPlan& plan_;
  const OptimizerContext& context_;
  const Estimator& estimator_;
  std::shared_ptr<PhysicalPlan> physical_;
  std::map<VarId, OutputColumn> vars_;
  std::vector<Scope> scopes_;  // innermost last
};

}  // namespace oxibase
