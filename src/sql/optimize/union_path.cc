#include "sql/optimize/union_path.h"

#include <algorithm>

#include "sql/optimize/expr_tools.h"
#include "sql/optimize/or_list.h"

namespace oxibase {
namespace {

/// Each part has a cursor of its own; an OR of more choices reads the table.
constexpr size_t kPartsMax = 64;
/// Each row found is looked up among those found before.
constexpr double kUnionRowCost = kIndexRowCost + 0.5;

std::vector<ExprPtr> CloneAll(const std::vector<ExprPtr>& exprs) {
  std::vector<ExprPtr> copies;
  copies.reserve(exprs.size());
  for (const ExprPtr& expr : exprs) copies.push_back(Clone(*expr));
  return copies;
}

class UnionFinder {
 public:
  UnionFinder(double table_rows, const FindPaths& find) : table_rows_(table_rows), find_(find) {}

  /// `conjuncts`: an OR, which each choice of may be true, and conditions that every row meets.
  std::optional<UnionPath> Cheapest(const std::vector<ExprPtr>& conjuncts) const {
    std::vector<ExprPtr> others;
    for (const ExprPtr& conjunct : conjuncts) {
      if (conjunct->kind != ExprKind::kOr) others.push_back(Clone(*conjunct));
    }
    std::optional<UnionPath> best;
    for (const ExprPtr& conjunct : conjuncts) {
      if (conjunct->kind != ExprKind::kOr) continue;
      std::optional<UnionPath> path = ForOr(static_cast<const BoolExpr&>(*conjunct), others);
      if (path && (!best || path->cost < best->cost)) best = std::move(path);
    }
    return best;
  }

 private:
  std::optional<UnionPath> ForOr(const BoolExpr& either, const std::vector<ExprPtr>& others) const {
    UnionPath all;
    if (either.args.size() > kPartsMax) return {};
    for (const ExprPtr& choice : either.args) {
      std::optional<UnionPath> path = ForChoice(*choice, others);
      if (!path || all.parts.size() + path->parts.size() > kPartsMax) return {};
      all.cost += path->cost;
      std::move(path->parts.begin(), path->parts.end(), std::back_inserter(all.parts));
    }
    return all;
  }

  std::optional<UnionPath> ForChoice(const Expr& choice, const std::vector<ExprPtr>& others) const {
    std::vector<ExprPtr> conjuncts;
    SplitConjuncts(Clone(choice), &conjuncts);
    for (ExprPtr& conjunct : conjuncts) conjunct = OrAsAny(std::move(conjunct));
    std::vector<ExprPtr> copies = CloneAll(others);
    std::move(copies.begin(), copies.end(), std::back_inserter(conjuncts));
    std::optional<UnionPath> best;
    for (IndexPath& path : find_(conjuncts)) {
      if (!path.narrows()) continue;
      const double rows = path.unique ? 1 : std::max(1.0, table_rows_ * path.selectivity);
      const double cost = path.probes * kIndexProbeCost + rows * kUnionRowCost;
      if (best && best->cost <= cost) continue;
      best.emplace();
      best->cost = cost;
      best->parts.push_back(std::move(path));
    }
    std::optional<UnionPath> within = Cheapest(conjuncts);
    return within && (!best || within->cost < best->cost) ? std::move(within) : std::move(best);
  }

  const double table_rows_;
  const FindPaths& find_;
};

}  // namespace

std::optional<UnionPath> FindUnionPath(const std::vector<ExprPtr>& conjuncts, double table_rows,
                                       const FindPaths& find) {
  return UnionFinder(table_rows, find).Cheapest(conjuncts);
}

}  // namespace oxibase
