// min and max by an index: the first row in the column's order, instead of all of them.

#include <algorithm>
#include <string>
#include <utility>

#include "expr/function.h"
#include "sql/optimize/lower.h"

namespace oxibase {
namespace {

struct Extreme {
  VarId var = 0;
  Type type;
  bool is_max = false;

  bool operator==(const Extreme& other) const { return var == other.var && is_max == other.is_max; }
};

/// The extreme that an aggregate asks for, if it is one of a column.
std::optional<Extreme> AsExtreme(const AggregateExpr& call) {
  const std::string_view name = call.function->name;
  if ((name != "min" && name != "max") || call.args.size() != 1 || call.filter ||
      !call.order_by.empty() || call.args[0]->kind != ExprKind::kColumn) {
    return {};
  }
  const auto& column = static_cast<const ColumnExpr&>(*call.args[0]);
  return Extreme{column.index, column.type, name == "max"};
}

/// The one table whose rows are aggregated, if conditions on it are all there is.
const LogicalScan* ScanBelow(const LogicalNode& node) {
  const LogicalNode* scan = &node;
  if (node.kind == LogicalKind::kFilter) {
    const Expr& predicate = *static_cast<const LogicalFilter&>(node).predicate;
    if (IsVolatile(predicate) || ContainsSubquery(predicate)) return nullptr;
    scan = node.children[0].get();
  }
  if (scan->kind != LogicalKind::kScan) return nullptr;
  const auto* table_scan = static_cast<const LogicalScan*>(scan);
  return table_scan->table->virtual_table || table_scan->as_of ? nullptr : table_scan;
}

bool MayBeNull(const LogicalScan& scan, VarId var) {
  for (size_t i = 0; i < scan.columns.size(); ++i) {
    if (scan.output[i].var != var) continue;
    const ColumnDef* column = scan.table->FindColumn(scan.columns[i]);
    return column == nullptr || !column->not_null;
  }
  return true;
}

/// SELECT column FROM rows WHERE column IS NOT NULL ORDER BY column LIMIT 1.
LogicalPtr FirstRow(const LogicalNode& rows, const LogicalScan& scan, const Extreme& extreme) {
  LogicalPtr node = Clone(rows);
  const auto column = [&] {
    return std::make_unique<ColumnExpr>(extreme.var, extreme.type, std::string());
  };
  const OutputColumn output = *std::find_if(rows.output.begin(), rows.output.end(),
                                            [&](const auto& c) { return c.var == extreme.var; });
  if (MayBeNull(scan, extreme.var)) {
    std::vector<ExprPtr> conjuncts;
    if (node->kind == LogicalKind::kFilter) {
      SplitConjuncts(std::move(static_cast<LogicalFilter&>(*node).predicate), &conjuncts);
      node = std::move(node->children[0]);
    }
    conjuncts.push_back(std::make_unique<IsNullExpr>(column(), true));
    auto filter = std::make_unique<LogicalFilter>();
    filter->predicate = AndAll(std::move(conjuncts));
    filter->children.push_back(std::move(node));
    node = std::move(filter);
  }
  node->output = {output};
  auto sort = std::make_unique<LogicalSort>();
  sort->keys.push_back({column(), extreme.is_max, false});
  sort->output = {output};
  sort->children.push_back(std::move(node));
  auto limit = std::make_unique<LogicalLimit>();
  limit->limit = std::make_unique<ConstantExpr>(Value::Int8(1));
  limit->output = {output};
  limit->children.push_back(std::move(sort));
  return limit;
}

/// What reading the first row costs; no value if an index does not have the rows in order.
std::optional<double> CostOfFirst(const PhysicalNode& plan) {
  if (plan.kind != PhysicalKind::kLimit) return {};
  const PhysicalNode* node = plan.children[0].get();
  while (node->kind == PhysicalKind::kProject) node = node->children[0].get();
  if (node->kind != PhysicalKind::kIndexScan) return {};
  return node->cost;
}

}  // namespace

bool Lowerer::MayBeExtremes(const LogicalAggregate& aggregate) const {
  if (!aggregate.keys.empty() || !aggregate.grouping_sets.empty() ||
      !aggregate.grouping_calls.empty() || aggregate.aggregates.empty()) {
    return false;
  }
  const LogicalScan* scan = ScanBelow(*aggregate.children[0]);
  if (scan == nullptr || scan->table->indexes.empty()) return false;
  const VarSet columns = OutputOf(*aggregate.children[0]);
  return std::all_of(aggregate.aggregates.begin(), aggregate.aggregates.end(),
                     [&](const std::unique_ptr<AggregateExpr>& call) {
                       const std::optional<Extreme> extreme = AsExtreme(*call);
                       return extreme && columns.contains(extreme->var);
                     });
}

// One extreme is the aggregate over that first row; several are subqueries in a row of their own.
Result<std::optional<Lowered>> Lowerer::LowerExtreme(const LogicalAggregate& aggregate,
                                                     const LogicalNode& rows, double cost_max) {
  const Extreme extreme = *AsExtreme(*aggregate.aggregates[0]);
  for (const auto& call : aggregate.aggregates) {
    if (!(*AsExtreme(*call) == extreme)) return std::optional<Lowered>();
  }
  const Mark mark = SetMark();
  const LogicalPtr first = FirstRow(rows, *ScanBelow(rows), extreme);
  ASSIGN_OR_RETURN(Lowered input, Lower(*first, {}));
  const std::optional<double> cost = CostOfFirst(*input.node);
  if (cost && *cost < cost_max) return std::optional<Lowered>(std::move(input));
  RollbackTo(mark);
  return std::optional<Lowered>();
}

Result<std::optional<Lowered>> Lowerer::LowerExtremes(const LogicalAggregate& aggregate,
                                                      const LogicalNode& rows, double cost_max) {
  const Mark mark = SetMark();
  auto values = std::make_unique<PhysicalValues>();
  std::vector<ExprPtr>& row = values->rows_exprs.emplace_back();
  RowShape shape;
  double cost_sum = 0;
  for (const auto& call : aggregate.aggregates) {
    const Extreme extreme = *AsExtreme(*call);
    auto subquery = std::make_unique<SubqueryExpr>(SubqueryKind::kScalar, extreme.type);
    subquery->plan = FirstRow(rows, *ScanBelow(rows), extreme);
    ExprPtr& expr = row.emplace_back(std::move(subquery));
    RETURN_IF_ERROR(Resolve(expr, {}));
    cost_sum += CostOfFirst(*physical_->subplans.back()).value_or(cost_max);
    if (cost_sum >= cost_max) {
      RollbackTo(mark);
      return std::optional<Lowered>();
    }
    shape.push_back(aggregate.output[shape.size()].var);
  }
  return std::optional<Lowered>(Finish(std::move(values), std::move(shape), 1, cost_sum));
}

}  // namespace oxibase
