#include <algorithm>
#include <bit>
#include <limits>
#include <map>

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

/// A cluster of inner joins, flattened.
class Cluster {
 public:
  explicit Cluster(const Estimator& estimator) : estimator_(estimator) {}

  void Flatten(LogicalPtr node) {
    if (node->kind == LogicalKind::kJoin) {
      auto& join = static_cast<LogicalJoin&>(*node);
      if (join.type == JoinType::kInner && !join.lateral) {
        SplitConjuncts(std::move(join.condition), &conjuncts_);
        Flatten(std::move(join.children[0]));
        Flatten(std::move(join.children[1]));
        return;
      }
    }
    relations_.push_back(std::move(node));
  }

  LogicalPtr Order() {
    if (relations_.size() > 64) return LeftDeep();
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
  }

  double RowsOf(uint64_t set) const {
    double rows = 1;
    for (size_t i = 0; i < relations_.size(); ++i) {
      if (set >> i & 1) rows *= single_rows_[i];
    }
    for (const auto& predicate : predicates_) {
      if ((predicate.relations & ~set) == 0) rows *= predicate.selectivity;
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

  void EstimateSingles() {
    for (const auto& relation : relations_) single_rows_.push_back(estimator_.Rows(*relation));
  }

  LogicalPtr ByDynamicProgramming() {
    EstimateSingles();
    const size_t n = relations_.size();
    std::vector<Plan> plans(size_t{1} << n);
    for (size_t i = 0; i < n; ++i) {
      plans[size_t{1} << i] = {single_rows_[i], single_rows_[i], 0};
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
    EstimateSingles();
    std::map<uint64_t, Plan> current;
    std::map<uint64_t, uint64_t> lefts;
    for (size_t i = 0; i < relations_.size(); ++i) {
      current[uint64_t{1} << i] = {single_rows_[i], single_rows_[i], 0};
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
    if (left == 0) return std::move(relations_[static_cast<size_t>(std::countr_zero(set))]);
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
    return join;
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
  if (node->kind == LogicalKind::kJoin) {
    const auto& join = static_cast<const LogicalJoin&>(*node);
    const auto is_inner = [](const LogicalNode& n) {
      return n.kind == LogicalKind::kJoin &&
             static_cast<const LogicalJoin&>(n).type == JoinType::kInner &&
             !static_cast<const LogicalJoin&>(n).lateral;
    };
    if (is_inner(join) && (is_inner(*join.children[0]) || is_inner(*join.children[1]))) {
      Cluster cluster(estimator);
      cluster.Flatten(std::move(node));
      node = cluster.Order();
      // The relations of the cluster may hold further clusters.
      const std::function<void(LogicalPtr&)> descend = [&](LogicalPtr& n) {
        if (is_inner(*n)) {
          for (auto& child : n->children) descend(child);
        } else {
          OrderNode(n, estimator);
        }
      };
      descend(node);
      return;
    }
  }
  for (auto& child : node->children) OrderNode(child, estimator);
}

}  // namespace

void OrderJoins(LogicalPlan& plan, const Estimator& estimator) { OrderNode(plan.root, estimator); }

}  // namespace oxibase
