#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "sql/optimize/expr_tools.h"
#include "sql/optimize/passes.h"

namespace oxibase {
namespace {

/// Subsets of 10 relations are a thousand: within a millisecond. Above, greedy.
constexpr size_t kDpRelationsMax = 10;

struct Predicate {
  ExprPtr expr;
  uint64_t relations = 0;  // bit i: needs relation i
  double selectivity = 1;
};

/// A semi or anti join of the cluster: it keeps or drops rows of its left side, so it may be done
/// wherever there is what its condition reads.
struct SemiJoin {
  std::unique_ptr<LogicalJoin> join;  // its left child taken out
  uint64_t relations = 0;
};
constexpr double kSemiJoinSelectivity = 0.5;

const LogicalJoin* AsJoin(const LogicalNode& node) {
  if (node.kind != LogicalKind::kJoin) return nullptr;
  const auto& join = static_cast<const LogicalJoin&>(node);
  return join.lateral ? nullptr : &join;
}
bool IsInner(const LogicalNode& node) {
  const LogicalJoin* join = AsJoin(node);
  return join && join->type == JoinType::kInner;
}
bool IsSemi(const LogicalNode& node) {
  const LogicalJoin* join = AsJoin(node);
  return join && (join->type == JoinType::kSemi || join->type == JoinType::kAnti ||
                  join->type == JoinType::kNullAwareAnti);
}

void CountJoins(const LogicalNode& node, size_t* inner, size_t* semi) {
  if (IsSemi(node)) {
    ++*semi;
    CountJoins(*node.children[0], inner, semi);
  } else if (IsInner(node)) {
    ++*inner;
    for (const auto& child : node.children) CountJoins(*child, inner, semi);
  }
}

/// A cluster of inner joins, flattened.
class Cluster {
 public:
  explicit Cluster(const Estimator& estimator) : estimator_(estimator) {}

  void Flatten(LogicalPtr node) {
    if (IsInner(*node)) {
      auto& join = static_cast<LogicalJoin&>(*node);
      SplitConjuncts(std::move(join.condition), &conjuncts_);
      Flatten(std::move(join.children[0]));
      Flatten(std::move(join.children[1]));
    } else if (IsSemi(*node)) {
      SemiJoin& semi = semi_joins_.emplace_back();
      semi.join.reset(static_cast<LogicalJoin*>(node.release()));
      Flatten(std::move(semi_joins_[semi_joins_.size() - 1].join->children[0]));
    } else {
      relations_.push_back(std::move(node));
    }
  }

  LogicalPtr Order() {
    if (relations_.size() > 64) {
      LogicalPtr result = LeftDeep();
      for (auto& semi : semi_joins_) result = Join(std::move(result), semi);
      return result;
    }
    Prepare();
    return relations_.size() <= kDpRelationsMax ? ByDynamicProgramming() : Greedily();
  }

 private:
  struct Plan {
    double rows = 0;
    double cost = std::numeric_limits<double>::infinity();
    uint64_t left = 0;  // 0: a single relation
  };

  void Prepare() {
    std::vector<VarSet> outputs(relations_.size());
    for (size_t i = 0; i < relations_.size(); ++i) CollectOutput(*relations_[i], &outputs[i]);
    for (auto& expr : conjuncts_) {
      Predicate predicate;
      VarSet vars;
      CollectVars(*expr, &vars);
      for (size_t i = 0; i < relations_.size(); ++i) {
        if (Intersects(vars, outputs[i])) predicate.relations |= uint64_t{1} << i;
      }
      predicate.selectivity = estimator_.Selectivity(*expr);
      predicate.expr = std::move(expr);
      predicates_.push_back(std::move(predicate));
    }
    conjuncts_.clear();
    for (const auto& relation : relations_) single_rows_.push_back(estimator_.Rows(*relation));
    PlaceSemiJoins(outputs);
  }

  /// Where each is done: as early as it can be, if that is on no more rows than come out in the
  /// end.
  void PlaceSemiJoins(const std::vector<VarSet>& outputs) {
    const uint64_t all = ~uint64_t{0} >> (64 - relations_.size());
    std::vector<uint64_t> places;
    for (const SemiJoin& semi : semi_joins_) {
      VarSet vars;
      if (semi.join->condition) CollectVars(*semi.join->condition, &vars);
      uint64_t place = 0;
      for (size_t i = 0; i < relations_.size(); ++i) {
        if (Intersects(vars, outputs[i])) place |= uint64_t{1} << i;
      }
      if (place == 0) {  // it reads none of them
        const auto least = std::min_element(single_rows_.begin(), single_rows_.end());
        place = uint64_t{1} << (least - single_rows_.begin());
      }
      places.push_back(RowsOf(place) <= RowsOf(all) ? place : all);
    }
    for (size_t i = 0; i < places.size(); ++i) semi_joins_[i].relations = places[i];
  }

  double RowsOf(uint64_t set) const {
    double rows = 1;
    for (size_t i = 0; i < relations_.size(); ++i) {
      if (set >> i & 1) rows *= single_rows_[i];
    }
    for (const auto& predicate : predicates_) {
      if ((predicate.relations & ~set) == 0) rows *= predicate.selectivity;
    }
    for (const auto& semi : semi_joins_) {
      if (semi.relations != 0 && (semi.relations & ~set) == 0) rows *= kSemiJoinSelectivity;
    }
    return std::max(rows, 1.0);
  }

  bool Connected(uint64_t a, uint64_t b) const {
    return std::any_of(predicates_.begin(), predicates_.end(), [&](const Predicate& p) {
      return (p.relations & a) && (p.relations & b) && (p.relations & ~(a | b)) == 0;
    });
  }

  /// A hash join's work: building on one side, probing with the other, the rows it makes; a cross
  /// product pays for each pair.
  double JoinCost(const Plan& a, const Plan& b, double rows, bool connected) const {
    if (!connected) return a.cost + b.cost + a.rows * b.rows + rows;
    return a.cost + b.cost + a.rows + b.rows + std::min(a.rows, b.rows) + rows;
  }

  LogicalPtr ByDynamicProgramming() {
    const size_t n = relations_.size();
    std::vector<Plan> plans(size_t{1} << n);
    for (size_t i = 0; i < n; ++i) {
      const uint64_t set = uint64_t{1} << i;
      plans[set] = {RowsOf(set), single_rows_[i], 0};
    }
    for (uint64_t set = 1; set < plans.size(); ++set) {
      if (std::popcount(set) < 2) continue;
      Plan& best = plans[set];
      best.rows = RowsOf(set);
      for (uint64_t left = (set - 1) & set; left; left = (left - 1) & set) {
        const uint64_t right = set & ~left;
        if (left < right) continue;  // each split once
        const double cost = JoinCost(plans[left], plans[right], best.rows, Connected(left, right));
        if (cost < best.cost) {
          best.cost = cost;
          best.left = left;
        }
      }
    }
    return Build(plans.size() - 1, [&](uint64_t set) { return plans[set].left; });
  }

  LogicalPtr Greedily() {
    std::map<uint64_t, Plan> current;
    std::map<uint64_t, uint64_t> lefts;
    for (size_t i = 0; i < relations_.size(); ++i) {
      const uint64_t set = uint64_t{1} << i;
      current[set] = {RowsOf(set), single_rows_[i], 0};
    }
    while (current.size() > 1) {
      uint64_t best_a = 0, best_b = 0;
      Plan best;
      for (auto a = current.begin(); a != current.end(); ++a) {
        for (auto b = std::next(a); b != current.end(); ++b) {
          const double rows = RowsOf(a->first | b->first);
          const bool connected = Connected(a->first, b->first);
          const double cost = JoinCost(a->second, b->second, rows, connected);
          if (cost < best.cost) {
            best = {rows, cost, a->first};
            best_a = a->first;
            best_b = b->first;
          }
        }
      }
      current.erase(best_a);
      current.erase(best_b);
      lefts[best_a | best_b] = best_a;
      current[best_a | best_b] = best;
    }
    return Build(current.begin()->first, [&](uint64_t set) {
      const auto it = lefts.find(set);
      return it == lefts.end() ? 0 : it->second;
    });
  }

  template <typename LeftOf>
  LogicalPtr Build(uint64_t set, const LeftOf& left_of) {
    const uint64_t left = left_of(set);
    if (left == 0) {
      return WithSemiJoins(std::move(relations_[static_cast<size_t>(std::countr_zero(set))]), set);
    }
    auto join = std::make_unique<LogicalJoin>();
    join->children.push_back(Build(left, left_of));
    join->children.push_back(Build(set & ~left, left_of));
    std::vector<ExprPtr> here;
    for (auto& predicate : predicates_) {
      if (predicate.expr && (predicate.relations & ~set) == 0) {
        here.push_back(std::move(predicate.expr));
      }
    }
    join->condition = AndAll(std::move(here));
    for (const auto& child : join->children) {
      join->output.insert(join->output.end(), child->output.begin(), child->output.end());
    }
    return WithSemiJoins(std::move(join), set);
  }

  LogicalPtr WithSemiJoins(LogicalPtr node, uint64_t set) {
    for (auto& semi : semi_joins_) {
      if (semi.join && (semi.relations & ~set) == 0) node = Join(std::move(node), semi);
    }
    return node;
  }

  /// Puts the semi join over `left`, or below the outer joins there that keep all of its rows.
  LogicalPtr Join(LogicalPtr left, SemiJoin& semi) {
    if (const LogicalJoin* outer = AsJoin(*left); outer && outer->type == JoinType::kLeft) {
      VarSet vars, right_vars;
      if (semi.join->condition) CollectVars(*semi.join->condition, &vars);
      CollectOutput(*outer->children[1], &right_vars);
      if (!Intersects(vars, right_vars) &&
          estimator_.Rows(*outer->children[0]) <= estimator_.Rows(*outer)) {
        left->children[0] = Join(std::move(left->children[0]), semi);
        return left;
      }
    }
    semi.join->output = left->output;
    semi.join->children[0] = std::move(left);
    return std::move(semi.join);
  }

  LogicalPtr LeftDeep() {
    LogicalPtr result = std::move(relations_[0]);
    for (size_t i = 1; i < relations_.size(); ++i) {
      auto join = std::make_unique<LogicalJoin>();
      join->output = result->output;
      join->output.insert(join->output.end(), relations_[i]->output.begin(),
                          relations_[i]->output.end());
      join->children.push_back(std::move(result));
      join->children.push_back(std::move(relations_[i]));
      if (i + 1 == relations_.size()) join->condition = AndAll(std::move(conjuncts_));
      result = std::move(join);
    }
    return result;
  }

  const Estimator& estimator_;
  std::vector<LogicalPtr> relations_;
  std::vector<double> single_rows_;
  std::vector<ExprPtr> conjuncts_;
  std::vector<Predicate> predicates_;
  std::vector<SemiJoin> semi_joins_;  // the outermost first
};

void OrderNode(LogicalPtr& node, const Estimator& estimator) {
  const std::function<void(Expr&)> walk = [&](Expr& expr) {
    if (expr.kind == ExprKind::kSubquery) {
      auto& subquery = static_cast<SubqueryExpr&>(expr);
      OrderNode(subquery.plan, estimator);
      for (auto& operand : subquery.left) walk(*operand);
      return;
    }
    ForEachChild(expr, [&](ExprPtr& child) { walk(*child); });
  };
  ForEachExpr(*node, [&](ExprPtr& expr) { walk(*expr); });
  size_t inner = 0, semi = 0;
  CountJoins(*node, &inner, &semi);
  if (inner > 0 && inner + semi > 1) {
    Cluster cluster(estimator);
    cluster.Flatten(std::move(node));
    node = cluster.Order();
    // The relations of the cluster may hold further clusters.
    const std::function<void(LogicalPtr&)> descend = [&](LogicalPtr& n) {
      if (IsInner(*n)) {
        for (auto& child : n->children) descend(child);
      } else if (IsSemi(*n)) {
        descend(n->children[0]);
        OrderNode(n->children[1], estimator);
      } else {
        OrderNode(n, estimator);
      }
    };
    descend(node);
    return;
  }
  for (auto& child : node->children) OrderNode(child, estimator);
}

}  // namespace

void OrderJoins(LogicalPlan& plan, const Estimator& estimator) { OrderNode(plan.root, estimator); }

}  // namespace oxibase
