#include "sql/optimize/bitmap_path.h"

#include <algorithm>
#include <iterator>

#include "sql/optimize/expr_tools.h"
#include "sql/optimize/or_list.h"

namespace oxibase {
namespace {

/// Ranges of one plan, each of which takes a look at the index.
constexpr size_t kRangesMax = 64;
/// A row in a bitmap that is read, joined with others and walked through.
constexpr double kBitCost = 0.02;

size_t CountRanges(const BitmapPath& path) {
  if (path.kind == BitmapPlan::Kind::kIndex) return 1;
  size_t ranges = 0;
  for (const BitmapPath& part : path.parts) ranges += CountRanges(part);
  return ranges;
}

class BitmapFinder {
 public:
  BitmapFinder(double table_rows, const FindPaths& find) : table_rows_(table_rows), find_(find) {}

  std::optional<BitmapPath> ForAll(const std::vector<ExprPtr>& conjuncts) const {
    std::vector<BitmapPath> offers;
    for (IndexPath& path : find_(conjuncts)) {
      if (path.narrows()) offers.push_back(Leaf(std::move(path)));
    }
    for (size_t i = 0; i < conjuncts.size(); ++i) {
      if (conjuncts[i]->kind != ExprKind::kOr) continue;
      std::optional<BitmapPath> either = ForAny(static_cast<const BoolExpr&>(*conjuncts[i]));
      if (!either) continue;
      either->covered = {i};
      offers.push_back(std::move(*either));
    }
    return Intersect(std::move(offers));
  }

 private:
  BitmapPath Leaf(IndexPath path) const {
    BitmapPath leaf;
    leaf.selectivity = path.selectivity;
    leaf.cost = path.probes * kIndexProbeCost + table_rows_ * path.selectivity * kBitCost;
    leaf.covered = path.covered;
    leaf.index = std::move(path);
    return leaf;
  }

  /// The most selective of them, and of the others those that save more reading than they cost.
  std::optional<BitmapPath> Intersect(std::vector<BitmapPath> offers) const {
    if (offers.empty()) return {};
    std::stable_sort(offers.begin(), offers.end(), [](const BitmapPath& a, const BitmapPath& b) {
      return a.selectivity < b.selectivity;
    });
    BitmapPath all;
    all.kind = BitmapPlan::Kind::kAnd;
    for (BitmapPath& offer : offers) {
      const auto is_covered = [&](size_t conjunct) {
        return std::find(all.covered.begin(), all.covered.end(), conjunct) != all.covered.end();
      };
      if (!all.parts.empty()) {
        if (std::any_of(offer.covered.begin(), offer.covered.end(), is_covered)) continue;
        const double saved =
            table_rows_ * all.selectivity * (1 - offer.selectivity) * kBitmapRowCost;
        if (saved <= offer.cost || CountRanges(all) + CountRanges(offer) > kRangesMax) continue;
      }
      all.selectivity *= offer.selectivity;
      all.cost += offer.cost;
      all.covered.insert(all.covered.end(), offer.covered.begin(), offer.covered.end());
      all.parts.push_back(std::move(offer));
    }
    if (all.parts.size() > 1) return all;
    BitmapPath only = std::move(all.parts.front());
    return only;
  }

  std::optional<BitmapPath> ForAny(const BoolExpr& either) const {
    BitmapPath all;
    all.kind = BitmapPlan::Kind::kOr;
    double refused = 1;
    for (const ExprPtr& choice : either.args) {
      std::vector<ExprPtr> conjuncts;
      SplitConjuncts(Clone(*choice), &conjuncts);
      for (ExprPtr& conjunct : conjuncts) conjunct = OrAsAny(std::move(conjunct));
      std::optional<BitmapPath> path = ForAll(conjuncts);
      if (!path || CountRanges(all) + CountRanges(*path) > kRangesMax) return {};
      refused *= 1 - path->selectivity;
      all.cost += path->cost;
      // (An OR within a choice that is nothing but that OR is one with it.)
      if (path->kind == BitmapPlan::Kind::kOr) {
        std::move(path->parts.begin(), path->parts.end(), std::back_inserter(all.parts));
      } else {
        all.parts.push_back(std::move(*path));
      }
    }
    all.selectivity = 1 - refused;
    return all;
  }

  const double table_rows_;
  const FindPaths& find_;
};

}  // namespace

std::optional<BitmapPath> FindBitmapPath(const std::vector<ExprPtr>& conjuncts, double table_rows,
                                         const FindPaths& find) {
  return BitmapFinder(table_rows, find).ForAll(conjuncts);
}

}  // namespace oxibase
