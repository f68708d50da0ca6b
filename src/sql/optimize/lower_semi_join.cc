// A semi join whose right side is small: its distinct rows look up those of the left side.

#include <algorithm>
#include <cmath>

#include "sql/optimize/lower.h"

namespace oxibase {
namespace {

/// Of finding a row among the distinct ones.
constexpr double kDistinctCost = 2;

/// The columns of the right side that decide which left rows match, by equality each, so that of
/// its rows that are distinct in them one at most matches a left row; empty if it is not so.
VarSet KeysOf(const LogicalJoin& join, const std::vector<ExprPtr>& condition) {
  VarSet right, keys, others;
  CollectOutput(*join.children[1], &right);
  for (const auto& expr : condition) {
    const Comparison comparison = AsComparison(*expr);
    bool is_key = false;
    for (size_t i = 0; comparison.op == Comparison::Op::kEqual && i < 2 && !is_key; ++i) {
      const Expr& key = *comparison.call->args[i];
      const Expr& value = *comparison.call->args[1 - i];
      if (key.kind != ExprKind::kColumn) continue;
      const VarId var = static_cast<const ColumnExpr&>(key).index;
      VarSet vars;
      CollectVars(value, &vars);
      if (!right.contains(var) || Intersects(vars, right)) continue;
      keys.insert(var);
      is_key = true;
    }
    if (!is_key) CollectVars(*expr, &others);
  }
  for (const VarId var : others) {
    if (right.contains(var) && !keys.contains(var)) return {};
  }
  return keys;
}

/// Whether a unique index keeps the rows of `node` from being equal in `keys`.
bool IsUniqueIn(LogicalNode& node, const VarSet& keys) {
  const LogicalScan* scan = ScanUnder(node);
  if (!scan || scan->table->virtual_table) return false;
  const auto has = [&](const IndexColumn& column) {
    if (!column.expression_sql.empty()) return false;
    for (size_t i = 0; i < scan->columns.size(); ++i) {
      if (scan->columns[i] == column.column) return keys.contains(scan->output[i].var);
    }
    return false;
  };
  return std::any_of(scan->table->indexes.begin(), scan->table->indexes.end(),
                     [&](const IndexDef& index) {
                       return index.predicate_sql.empty() && scan->table->IsAlwaysUnique(index) &&
                              std::all_of(index.columns.begin(), index.columns.end(), has);
                     });
}

LogicalPtr DistinctIn(LogicalPtr node, const VarSet& keys) {
  std::vector<OutputColumn> output = node->output;
  std::erase_if(output, [&](const OutputColumn& c) { return !keys.contains(c.var); });
  if (output.size() < node->output.size()) {
    auto project = std::make_unique<LogicalProject>();
    for (const OutputColumn& column : output) {
      project->exprs.push_back(std::make_unique<ColumnExpr>(column.var, column.type, column.name));
    }
    project->output = output;
    project->children.push_back(std::move(node));
    node = std::move(project);
  }
  auto distinct = std::make_unique<LogicalDistinct>();
  distinct->output = std::move(output);
  distinct->children.push_back(std::move(node));
  return distinct;
}

}  // namespace

Result<std::optional<Lowered>> Lowerer::LowerSemiByIndex(LogicalJoin& join,
                                                         std::vector<ExprPtr>& condition,
                                                         double rows, double cost_max) {
  std::optional<Lowered> none;
  LogicalScan* scan = ScanUnder(*join.children[0]);
  if (!scan || scan->table->virtual_table) return none;
  const VarSet keys = KeysOf(join, condition);
  if (keys.empty()) return none;
  const IsBound is_bound = BoundOutside(*scan);
  const std::vector<ExprPtr> facts = FactsOf(*join.children[0]);
  const bool is_unique = IsUniqueIn(*join.children[1], keys);
  double lookups = estimator_.Rows(*join.children[1]);
  double best_cost = cost_max;
  const double distinct_cost = is_unique ? 0 : lookups * kDistinctCost;
  if (keys.size() == 1) {
    const double distinct = estimator_.Distinct(*keys.begin());
    if (distinct > 0) lookups = std::min(lookups, distinct);
  }
  std::optional<IndexPath> best;
  const auto hidden = HiddenExpressions(*scan);
  for (IndexPath& path :
       FindIndexPaths(*scan, condition, facts, estimator_, is_bound, false, hidden, Assuming())) {
    if (path.equal.empty()) continue;
    const double matches =
        path.unique ? 1 : std::max(1.0, estimator_.TableRows(*scan->table) * path.selectivity);
    const double cost =
        distinct_cost + lookups * (path.probes * kIndexProbeCost + matches * kIndexRowCost);
    if (cost >= best_cost) continue;
    best_cost = cost;
    best = std::move(path);
  }
  if (!best) return none;
  join.type = JoinType::kInner;
  std::swap(join.children[0], join.children[1]);
  if (!is_unique) join.children[0] = DistinctIn(std::move(join.children[0]), keys);
  ASSIGN_OR_RETURN(Lowered left, Lower(*join.children[0], {}));
  const double left_cost = left.node->cost;
  ASSIGN_OR_RETURN(Lowered lowered,
                   LowerIndexJoin(join, std::move(left), std::move(condition), std::move(*best)));
  lowered.node->rows = rows;
  lowered.node->cost = left_cost + best_cost;
  return std::optional<Lowered>(std::move(lowered));
}

}  // namespace oxibase
