// How to join: by hash, by an index of one side, or row by row.

#include <algorithm>
#include <cmath>

#include "expr/function.h"
#include "sql/optimize/expr_tools.h"
#include "sql/optimize/lower.h"

namespace oxibase {
namespace {

/// An equality whose sides belong to one input each.
struct EquiKey {
  ExprPtr left, right;
  bool null_safe = false;
};

bool SameHash(TypeId a, TypeId b) {
  const auto text = [](TypeId id) { return id == TypeId::kText || id == TypeId::kVarchar; };
  return a == b || (text(a) && text(b));
}

/// Takes the equalities out of `condition` that a hash table can answer.
std::vector<EquiKey> TakeEquiKeys(std::vector<ExprPtr>& condition, const VarSet& left,
                                  const VarSet& right) {
  std::vector<EquiKey> keys;
  std::vector<ExprPtr> rest;
  for (auto& expr : condition) {
    std::vector<ExprPtr>* args = nullptr;
    bool null_safe = false;
    if (AsComparison(*expr).op == Comparison::Op::kEqual) {
      args = &static_cast<CallExpr&>(*expr).args;
    } else if (expr->kind == ExprKind::kIsDistinct && static_cast<IsDistinctExpr&>(*expr).negated) {
      null_safe = true;
    }
    ExprPtr* a = nullptr;
    ExprPtr* b = nullptr;
    if (args) {
      a = &(*args)[0];
      b = &(*args)[1];
    } else if (null_safe) {
      a = &static_cast<IsDistinctExpr&>(*expr).left;
      b = &static_cast<IsDistinctExpr&>(*expr).right;
    }
    bool taken = false;
    if (a &&
        (SameHash((*a)->type.id, (*b)->type.id) ||
         (IsInteger((*a)->type.id) && IsInteger((*b)->type.id))) &&
        !ContainsSubquery(*expr)) {
      VarSet a_vars, b_vars;
      CollectVars(**a, &a_vars);
      CollectVars(**b, &b_vars);
      const bool straight = Intersects(a_vars, left) && !Intersects(a_vars, right) &&
                            Intersects(b_vars, right) && !Intersects(b_vars, left);
      const bool crossed = Intersects(a_vars, right) && !Intersects(a_vars, left) &&
                           Intersects(b_vars, left) && !Intersects(b_vars, right);
      if (straight || crossed) {
        if (crossed) std::swap(a, b);
        WidenIntegers(*a, *b);
        keys.push_back({std::move(*a), std::move(*b), null_safe});
        taken = true;
      }
    }
    if (!taken) rest.push_back(std::move(expr));
  }
  condition = std::move(rest);
  return keys;
}

/// Rows of a range that are found before the first of them is tested.
constexpr double kMatchesAtOnce = 1024;

bool KeepsLeftOnly(JoinType type) {
  return type == JoinType::kSemi || type == JoinType::kAnti || type == JoinType::kNullAwareAnti;
}

bool HasEquiKey(const std::vector<ExprPtr>& condition, const LogicalJoin& join) {
  VarSet left, right;
  CollectOutput(*join.children[0], &left);
  CollectOutput(*join.children[1], &right);
  std::vector<ExprPtr> copies;
  for (const auto& expr : condition) copies.push_back(Clone(*expr));
  return !TakeEquiKeys(copies, left, right).empty();
}

/// Filters `node` by `condition` too; of its columns those of `wanted` go on.
void AddToFilter(LogicalPtr& node, std::vector<ExprPtr> condition,
                 const std::vector<OutputColumn>& wanted) {
  auto filter = std::make_unique<LogicalFilter>();
  filter->output = node->output;
  std::erase_if(filter->output, [&](const OutputColumn& column) {
    return std::none_of(wanted.begin(), wanted.end(),
                        [&](const OutputColumn& other) { return other.var == column.var; });
  });
  if (node->kind == LogicalKind::kFilter) {
    SplitConjuncts(std::move(static_cast<LogicalFilter&>(*node).predicate), &condition);
    node = std::move(node->children[0]);
  }
  filter->predicate = AndAll(std::move(condition));
  filter->children.push_back(std::move(node));
  node = std::move(filter);
}

}  // namespace

// The left child of a join, whose order the join keeps. Each of its rows may come several times, so
// it gives only those columns of a wished order that stand before the first one that is not its
// own, however much it knows of what follows them there.
Result<Lowered> Lowerer::LowerLeft(LogicalNode& left, const Wish& wish, Wish left_wish) {
  VarSet own;
  CollectOutput(left, &own);
  for (const Wish::Order& order : wish.order) {
    if (!own.contains(order.var)) break;
    left_wish.order.push_back(order);
  }
  const size_t given = left_wish.order.size();
  ASSIGN_OR_RETURN(Lowered lowered, Lower(left, left_wish));
  if (given < wish.order.size()) {
    if (lowered.ordered) lowered.presorted = given;
    lowered.ordered = false;
  }
  return lowered;
}

Result<Lowered> Lowerer::LowerJoin(LogicalJoin& join, const Wish& wish) {
  std::vector<ExprPtr> condition;
  SplitConjuncts(std::move(join.condition), &condition);
  if (join.type == JoinType::kRight && !join.lateral) {
    join.type = JoinType::kLeft;
    std::swap(join.children[0], join.children[1]);
  }
  double left_rows = estimator_.Rows(*join.children[0]);
  double right_rows = estimator_.Rows(*join.children[1]);
  if (join.type == JoinType::kInner && !join.lateral && right_rows > left_rows &&
      wish.order.empty() && wish.rows < 0) {
    std::swap(join.children[0], join.children[1]);  // the smaller side is built
    std::swap(left_rows, right_rows);
  }
  // A wished order that the right side alone can give: it goes left, whose order is kept.
  if (join.type == JoinType::kInner && !join.lateral && !wish.order.empty() && wish.rows >= 0) {
    VarSet right_vars;
    CollectOutput(*join.children[1], &right_vars);
    if (std::all_of(wish.order.begin(), wish.order.end(),
                    [&](const Wish::Order& order) { return right_vars.contains(order.var); })) {
      std::swap(join.children[0], join.children[1]);
      std::swap(left_rows, right_rows);
    }
  }
  double selectivity = 1;
  for (const auto& expr : condition) selectivity *= estimator_.Selectivity(*expr);
  const double rows = [&] {
    const double pairs = left_rows * right_rows * selectivity;
    switch (join.type) {
      case JoinType::kInner:
        return std::max(1.0, pairs);
      case JoinType::kSemi:
        return std::max(1.0, std::min(left_rows, pairs));
      case JoinType::kAnti:
      case JoinType::kNullAwareAnti:
        return std::max(1.0, left_rows / 2);
      case JoinType::kFull:
        return std::max(left_rows + right_rows, pairs);
      default:
        return std::max(left_rows, pairs);
    }
  }();

  // The left rows that are needed for what the parent will take.
  const double part = wish.rows >= 0 ? std::min(1.0, (wish.rows + 1) / rows) : 1;
  Wish left_wish;
  if (wish.rows >= 0) left_wish.rows = std::max(1.0, left_rows * part);

  const bool index_join_type = join.type == JoinType::kInner || join.type == JoinType::kLeft ||
                               join.type == JoinType::kSemi || join.type == JoinType::kAnti;
  if (index_join_type && !join.lateral) {
    const bool can_swap = join.type == JoinType::kInner;
    const double hash_cost = std::min(left_rows, right_rows) * kHashBuildCost +
                             std::max(left_rows, right_rows) * kHashProbeCost * part;
    std::optional<IndexPath> best;
    bool best_swapped = false, best_is_union = false;
    double best_cost =
        HasEquiKey(condition, join) ? hash_cost : std::max(hash_cost, left_rows * right_rows);
    for (const bool swapped : {false, true}) {
      if (swapped && !can_swap) break;
      LogicalNode& inner = *join.children[swapped ? 0 : 1];
      LogicalScan* scan = ScanUnder(inner);
      if (!scan || scan->table->virtual_table) continue;
      const double outer_rows = swapped ? right_rows : left_rows;
      const IsBound is_bound = BoundOutside(*scan);
      const std::vector<ExprPtr> facts = FactsOf(inner);
      const auto hidden = HiddenExpressions(*scan);
      const Assume assume = Assuming();
      const auto find = [&](const std::vector<ExprPtr>& conjuncts) {
        return FindIndexPaths(*scan, conjuncts, facts, estimator_, is_bound, false, hidden, assume);
      };
      auto paths = find(condition);
      for (auto& path : paths) {
        const bool first_decides = join.type == JoinType::kSemi || join.type == JoinType::kAnti;
        const bool is_range = !path.any_of && path.equal.empty();
        // Half of a table for each row is read faster without the index.
        if (is_range && !(path.lower && path.upper) &&
            !(first_decides && (path.lower || path.upper))) {
          continue;
        }
        const double matches =
            path.unique ? 1 : std::max(1.0, estimator_.TableRows(*scan->table) * path.selectivity);
        const double needed =
            first_decides ? std::min(matches, is_range ? kMatchesAtOnce : 2.0) : matches;
        // Swapped, the rows would come in another order than the wished one.
        const double part_read = swapped && !wish.order.empty() ? 1 : part;
        const double cost =
            outer_rows * part_read * (path.probes * kIndexProbeCost + needed * kIndexRowCost);
        if (cost < best_cost) {
          best_cost = cost;
          best = std::move(path);
          best_is_union = false;
          best_swapped = swapped;
        }
      }
      // The inner side is opened for each row, with the row's values as parameters.
      if (const auto choice = FindUnionPath(condition, estimator_.TableRows(*scan->table), find)) {
        const double part_read = swapped && !wish.order.empty() ? 1 : part;
        const double cost = outer_rows * part_read * (kReopenCost + choice->cost);
        if (cost < best_cost) {
          best_cost = cost;
          best.reset();
          best_is_union = true;
          best_swapped = swapped;
        }
      }
    }
    if (join.type == JoinType::kSemi) {
      // The left side is not read as a whole then; in the order of its rows the result is not.
      const double sort_cost = wish.order.empty() ? 0 : rows * (1 + 0.3 * std::log2(rows + 1));
      ASSIGN_OR_RETURN(
          std::optional<Lowered> lowered,
          LowerSemiByIndex(join, condition, rows, best_cost + left_rows * part - sort_cost));
      if (lowered) return std::move(*lowered);
    }
    if (best || best_is_union) {
      if (best_swapped) std::swap(join.children[0], join.children[1]);
      if (best_swapped && wish.rows >= 0) left_wish.rows = std::max(1.0, right_rows * part);
      ASSIGN_OR_RETURN(Lowered left, LowerLeft(*join.children[0], wish, std::move(left_wish)));
      if (!best) {
        AddToFilter(join.children[1], std::move(condition), join.output);
        ASSIGN_OR_RETURN(Lowered lowered, LowerNestedLoop(join, std::move(left), {}));
        lowered.node->rows = rows;
        return lowered;
      }
      ASSIGN_OR_RETURN(Lowered lowered, LowerIndexJoin(join, std::move(left), std::move(condition),
                                                       std::move(*best)));
      lowered.node->rows = rows;
      lowered.node->cost = best_cost;
      return lowered;
    }
  }

  VarSet left_vars, right_vars;
  CollectOutput(*join.children[0], &left_vars);
  CollectOutput(*join.children[1], &right_vars);
  std::vector<EquiKey> keys;
  if (!join.lateral) keys = TakeEquiKeys(condition, left_vars, right_vars);
  // NOT IN is decided by its keys alone; a residual would change what a NULL means.
  const bool awkward = (join.type == JoinType::kNullAwareAnti || join.type == JoinType::kMark) &&
                       (!condition.empty() || keys.size() != 1);
  if (keys.empty() || awkward) {
    for (auto& key : keys) {
      // Put the condition together again.
      const Function* equals = nullptr;
      const TypeId types[] = {key.left->type.id, key.right->type.id};
      equals = FunctionTable::Get().FindExact("=", true, types);
      if (!equals) return Error(ErrorCode::kInternalError, "no equality for a join key");
      std::vector<ExprPtr> args;
      args.push_back(std::move(key.left));
      args.push_back(std::move(key.right));
      condition.push_back(std::make_unique<CallExpr>(*equals, TypeId::kBool, std::move(args),
                                                     CallExpr::Syntax::kOperator));
    }
    ASSIGN_OR_RETURN(Lowered left, LowerLeft(*join.children[0], wish, std::move(left_wish)));
    ASSIGN_OR_RETURN(Lowered lowered, LowerNestedLoop(join, std::move(left), std::move(condition)));
    lowered.node->rows = rows;
    return lowered;
  }

  ASSIGN_OR_RETURN(Lowered left, LowerLeft(*join.children[0], wish, std::move(left_wish)));
  ASSIGN_OR_RETURN(Lowered right, Lower(*join.children[1], {}));
  auto result = std::make_unique<PhysicalHashJoin>();
  result->type = join.type;
  RowShape both = left.shape;
  both.insert(both.end(), right.shape.begin(), right.shape.end());
  for (auto& key : keys) {
    RETURN_IF_ERROR(Resolve(key.left, left.shape));
    RETURN_IF_ERROR(Resolve(key.right, right.shape));
    result->left_keys.push_back(std::move(key.left));
    result->right_keys.push_back(std::move(key.right));
    result->null_safe.push_back(key.null_safe);
  }
  result->residual = AndAll(std::move(condition));
  RETURN_IF_ERROR(Resolve(result->residual, both));
  RowShape shape = KeepsLeftOnly(join.type) || join.type == JoinType::kMark ? left.shape : both;
  if (join.type == JoinType::kMark) shape.push_back(join.mark);
  const double cost = left.node->cost + right.node->cost + right_rows * kHashBuildCost +
                      left_rows * kHashProbeCost * part;
  const bool keeps_order = left.ordered && join.type != JoinType::kFull;
  const size_t presorted = left.presorted;
  result->keeps_order = keeps_order || presorted > 0;
  result->children.push_back(std::move(left.node));
  result->children.push_back(std::move(right.node));
  Lowered lowered = Finish(std::move(result), std::move(shape), rows, cost);
  lowered.ordered = keeps_order;
  lowered.presorted = join.type != JoinType::kFull ? presorted : 0;
  return lowered;
}

Result<Lowered> Lowerer::LowerIndexJoin(LogicalJoin& join, Lowered left,
                                        std::vector<ExprPtr> condition, IndexPath path) {
  LogicalNode& inner = *join.children[1];
  LogicalScan& scan = *ScanUnder(inner);
  std::vector<ExprPtr> own;  // the inner side's filter
  if (inner.kind == LogicalKind::kFilter) {
    SplitConjuncts(std::move(static_cast<LogicalFilter&>(inner).predicate), &own);
  }
  for (const size_t covered : path.covered) condition[covered] = nullptr;
  std::erase(condition, nullptr);
  path.covered.clear();
  VarSet needed;
  for (const auto& column : join.output) needed.insert(column.var);
  for (const auto& expr : condition) CollectVars(*expr, &needed);
  ASSIGN_OR_RETURN(Lowered right,
                   FinishScan(scan, std::move(own), needed, &path, false, left.shape));
  auto result = std::make_unique<PhysicalIndexJoin>();
  result->type = join.type;
  result->inner.reset(static_cast<PhysicalIndexScan*>(right.node.release()));
  RowShape both = left.shape;
  both.insert(both.end(), right.shape.begin(), right.shape.end());
  result->residual = AndAll(std::move(condition));
  RETURN_IF_ERROR(Resolve(result->residual, both));
  result->children.push_back(std::move(left.node));
  const bool ordered = left.ordered;
  const size_t presorted = left.presorted;
  Lowered lowered = Finish(
      std::move(result), KeepsLeftOnly(join.type) ? std::move(left.shape) : std::move(both), 0, 0);
  lowered.ordered = ordered;
  lowered.presorted = presorted;
  return lowered;
}

Result<Lowered> Lowerer::LowerNestedLoop(LogicalJoin& join, Lowered left,
                                         std::vector<ExprPtr> condition) {
  auto result = std::make_unique<PhysicalNestedLoopJoin>();
  result->type = join.type;
  scopes_.push_back({&left.shape, false, {}, {}});
  Result<Lowered> inner = Lower(*join.children[1], {});
  const Scope scope = std::move(scopes_.back());
  scopes_.pop_back();
  ASSIGN_OR_RETURN(Lowered right, std::move(inner));
  for (const auto& [var, param] : scope.params) {
    result->params.push_back(
        {param, static_cast<uint32_t>(std::distance(
                    left.shape.begin(), std::find(left.shape.begin(), left.shape.end(), var)))});
  }
  RowShape both = left.shape;
  both.insert(both.end(), right.shape.begin(), right.shape.end());
  result->condition = AndAll(std::move(condition));
  RETURN_IF_ERROR(Resolve(result->condition, both));
  RowShape shape = KeepsLeftOnly(join.type) || join.type == JoinType::kMark ? left.shape : both;
  if (join.type == JoinType::kMark) shape.push_back(join.mark);
  const double cost = left.node->cost + right.node->cost + left.node->rows * right.node->rows;
  const bool ordered = left.ordered && join.type != JoinType::kFull;
  result->children.push_back(std::move(left.node));
  result->children.push_back(std::move(right.node));
  Lowered lowered = Finish(std::move(result), std::move(shape), 0, cost);
  lowered.ordered = ordered;
  return lowered;
}

}  // namespace oxibase
