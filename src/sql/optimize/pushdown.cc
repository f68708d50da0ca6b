#include <algorithm>
#include <utility>

#include "sql/optimize/expr_tools.h"
#include "sql/optimize/nullness.h"
#include "sql/optimize/passes.h"

namespace oxibase {
namespace {

using Conjuncts = std::vector<ExprPtr>;

/// Whether a row with NULL in all of `vars` cannot pass `predicate`.
bool RejectsNulls(const Expr& predicate, const VarSet& vars) {
  return CannotBe(true, predicate, [&](const Expr& expr) {
    return expr.kind == ExprKind::kColumn &&
           vars.contains(static_cast<const ColumnExpr&>(expr).index);
  });
}

LogicalPtr Wrap(LogicalPtr node, Conjuncts conjuncts) {
  if (conjuncts.empty()) return node;
  auto filter = std::make_unique<LogicalFilter>();
  filter->output = node->output;
  filter->predicate = AndAll(std::move(conjuncts));
  filter->children.push_back(std::move(node));
  return filter;
}

VarSet VarsOf(const Expr& expr) {
  VarSet vars;
  CollectVars(expr, &vars);
  return vars;
}

VarSet OutputOf(const LogicalNode& node) {
  VarSet vars;
  CollectOutput(node, &vars);
  return vars;
}

/// Takes those out of `from` for which `wanted` says so.
template <typename Wanted>
Conjuncts Take(Conjuncts& from, const Wanted& wanted) {
  Conjuncts taken, left;
  for (auto& expr : from) (wanted(*expr) ? taken : left).push_back(std::move(expr));
  from = std::move(left);
  return taken;
}

LogicalPtr Push(LogicalPtr node, Conjuncts conjuncts);

void PushIntoSubqueries(Expr& expr) {
  if (expr.kind == ExprKind::kSubquery) {
    auto& subquery = static_cast<SubqueryExpr&>(expr);
    subquery.plan = Push(std::move(subquery.plan), {});
    for (auto& operand : subquery.left) PushIntoSubqueries(*operand);
    return;
  }
  ForEachChild(expr, [](ExprPtr& child) { PushIntoSubqueries(*child); });
}

void PushChildren(LogicalNode& node) {
  for (auto& child : node.children) child = Push(std::move(child), {});
}

LogicalPtr PushJoin(LogicalPtr node, Conjuncts conjuncts) {
  auto& join = static_cast<LogicalJoin&>(*node);
  if (join.type == JoinType::kRight) {
    join.type = JoinType::kLeft;
    std::swap(join.children[0], join.children[1]);
  }
  const VarSet left = OutputOf(*join.children[0]);
  const VarSet right = OutputOf(*join.children[1]);
  const auto only_left = [&](const Expr& e) { return !Intersects(VarsOf(e), right); };
  const auto only_right = [&](const Expr& e) { return !Intersects(VarsOf(e), left); };

  const auto rejects = [&](const VarSet& side) {
    return std::any_of(conjuncts.begin(), conjuncts.end(),
                       [&](const ExprPtr& e) { return RejectsNulls(*e, side); });
  };
  if (join.type == JoinType::kFull) {
    const bool rejects_left = rejects(left), rejects_right = rejects(right);
    if (rejects_left && rejects_right) {
      join.type = JoinType::kInner;
    } else if (rejects_left) {
      join.type = JoinType::kLeft;
    } else if (rejects_right) {
      join.type = JoinType::kLeft;
      std::swap(join.children[0], join.children[1]);
      return PushJoin(std::move(node), std::move(conjuncts));
    }
  }
  if (join.type == JoinType::kLeft && rejects(right)) join.type = JoinType::kInner;

  Conjuncts condition, to_left, to_right, above;
  SplitConjuncts(std::move(join.condition), &condition);
  switch (join.type) {
    case JoinType::kInner:
      for (auto& expr : conjuncts) condition.push_back(std::move(expr));
      to_left = Take(condition, only_left);
      to_right = Take(condition, only_right);
      break;
    case JoinType::kLeft:
      to_left = Take(conjuncts, only_left);
      to_right = Take(condition, only_right);
      above = std::move(conjuncts);
      break;
    case JoinType::kSemi:
      to_left = std::move(conjuncts);
      for (auto& expr : Take(condition, only_left)) to_left.push_back(std::move(expr));
      to_right = Take(condition, only_right);
      break;
    case JoinType::kAnti:
      to_left = std::move(conjuncts);
      to_right = Take(condition, only_right);
      break;
    case JoinType::kNullAwareAnti:
      to_left = std::move(conjuncts);
      break;
    case JoinType::kMark: {
      const VarSet mark = {join.mark};
      above = Take(conjuncts, [&](const Expr& e) { return Intersects(VarsOf(e), mark); });
      to_left = std::move(conjuncts);
      break;
    }
    case JoinType::kSingle:
      to_left = Take(conjuncts, only_left);
      above = std::move(conjuncts);
      break;
    case JoinType::kFull:
    case JoinType::kRight:
      above = std::move(conjuncts);
      break;
  }
  // A lateral right side keeps conditions on the left's variables to itself, as parameters: only
  // what mentions the right side at all goes there.
  join.condition = AndAll(std::move(condition));
  join.children[0] = Push(std::move(join.children[0]), std::move(to_left));
  join.children[1] = Push(std::move(join.children[1]), std::move(to_right));
  return Wrap(std::move(node), std::move(above));
}

LogicalPtr PushProject(LogicalPtr node, Conjuncts conjuncts) {
  auto& project = static_cast<LogicalProject&>(*node);
  const auto find = [&](VarId var) -> const Expr* {
    for (size_t i = 0; i < project.exprs.size(); ++i) {
      if (project.output[i].var == var) return project.exprs[i].get();
    }
    return nullptr;
  };
  Conjuncts below = Take(conjuncts, [&](const Expr& e) {
    for (const VarId var : VarsOf(e)) {
      const Expr* source = find(var);
      if (source && (IsVolatile(*source) || ContainsSubquery(*source))) return false;
    }
    return true;
  });
  for (auto& expr : below) {
    ReplaceVars(expr, [&](VarId var) {
      const Expr* source = find(var);
      return source ? Clone(*source) : nullptr;
    });
  }
  project.children[0] = Push(std::move(project.children[0]), std::move(below));
  return Wrap(std::move(node), std::move(conjuncts));
}

LogicalPtr PushAggregate(LogicalPtr node, Conjuncts conjuncts) {
  auto& aggregate = static_cast<LogicalAggregate&>(*node);
  Conjuncts below;
  if (aggregate.grouping_sets.empty() && !aggregate.keys.empty()) {
    VarSet keys;
    for (size_t i = 0; i < aggregate.keys.size(); ++i) keys.insert(aggregate.output[i].var);
    const VarSet output = OutputOf(aggregate);
    below = Take(conjuncts, [&](const Expr& e) {
      const VarSet vars = VarsOf(e);
      for (const VarId var : vars) {
        if (output.contains(var) && !keys.contains(var)) return false;
      }
      return Intersects(vars, keys);
    });
    for (auto& expr : below) {
      ReplaceVars(expr, [&](VarId var) -> ExprPtr {
        for (size_t i = 0; i < aggregate.keys.size(); ++i) {
          if (aggregate.output[i].var == var) return Clone(*aggregate.keys[i]);
        }
        return nullptr;
      });
    }
  }
  aggregate.children[0] = Push(std::move(aggregate.children[0]), std::move(below));
  return Wrap(std::move(node), std::move(conjuncts));
}

/// Whether `expr` is the same for all rows that are the same in `keys`; `own` are the variables
/// that differ from row to row.
bool IsOver(const Expr& expr, const std::vector<ExprPtr>& keys, const VarSet& own) {
  for (const ExprPtr& key : keys) {
    if (Equal(*key, expr)) return true;
  }
  if (expr.kind == ExprKind::kColumn) {
    return !own.contains(static_cast<const ColumnExpr&>(expr).index);
  }
  if (expr.kind == ExprKind::kSubquery) return false;
  bool all = true;
  ForEachChild(expr, [&](const Expr& child) { all = all && IsOver(child, keys, own); });
  return all;
}

/// What keeps or drops whole partitions (or groups of DISTINCT ON) goes below.
LogicalPtr PushByKeys(LogicalPtr node, const std::vector<ExprPtr>& keys, Conjuncts conjuncts) {
  const VarSet own = OutputOf(*node);
  Conjuncts below = Take(conjuncts, [&](const Expr& e) { return IsOver(e, keys, own); });
  node->children[0] = Push(std::move(node->children[0]), std::move(below));
  return Wrap(std::move(node), std::move(conjuncts));
}

LogicalPtr PushSetOp(LogicalPtr node, const Conjuncts& conjuncts) {
  for (auto& child : node->children) {
    Conjuncts copies;
    for (const auto& conjunct : conjuncts) {
      ExprPtr copy = Clone(*conjunct);
      ReplaceVars(copy, [&](VarId var) -> ExprPtr {
        for (size_t i = 0; i < node->output.size(); ++i) {
          const OutputColumn& column = child->output[i];
          if (node->output[i].var == var) {
            return std::make_unique<ColumnExpr>(column.var, column.type, column.name);
          }
        }
        return nullptr;
      });
      copies.push_back(std::move(copy));
    }
    child = Push(std::move(child), std::move(copies));
  }
  return node;
}

LogicalPtr Push(LogicalPtr node, Conjuncts conjuncts) {
  ForEachExpr(*node, [](ExprPtr& expr) { PushIntoSubqueries(*expr); });
  // What is volatile stays where it was written.
  Conjuncts fixed = Take(conjuncts, [](const Expr& e) { return IsVolatile(e); });
  LogicalPtr result;
  switch (node->kind) {
    case LogicalKind::kFilter: {
      Conjuncts own;
      SplitConjuncts(std::move(static_cast<LogicalFilter&>(*node).predicate), &own);
      for (auto& expr : conjuncts) own.push_back(std::move(expr));
      result = Push(std::move(node->children[0]), std::move(own));
      break;
    }
    case LogicalKind::kJoin:
      result = PushJoin(std::move(node), std::move(conjuncts));
      break;
    case LogicalKind::kProject:
      result = PushProject(std::move(node), std::move(conjuncts));
      break;
    case LogicalKind::kAggregate:
      result = PushAggregate(std::move(node), std::move(conjuncts));
      break;
    case LogicalKind::kSetOp: {
      const bool has_subquery = std::any_of(conjuncts.begin(), conjuncts.end(),
                                            [](const ExprPtr& e) { return ContainsSubquery(*e); });
      if (has_subquery) {
        PushChildren(*node);
        result = Wrap(std::move(node), std::move(conjuncts));
      } else {
        result = PushSetOp(std::move(node), conjuncts);
      }
      break;
    }
    case LogicalKind::kWindow: {
      const auto& keys = static_cast<const LogicalWindow&>(*node).partition_by;
      result = PushByKeys(std::move(node), keys, std::move(conjuncts));
      break;
    }
    case LogicalKind::kDistinct:
      if (const auto& keys = static_cast<const LogicalDistinct&>(*node).on; !keys.empty()) {
        result = PushByKeys(std::move(node), keys, std::move(conjuncts));
        break;
      }
      [[fallthrough]];
    case LogicalKind::kSort:
      node->children[0] = Push(std::move(node->children[0]), std::move(conjuncts));
      result = std::move(node);
      break;
    case LogicalKind::kCte:
      node->children[0] = Push(std::move(node->children[0]), {});
      node->children[1] = Push(std::move(node->children[1]), std::move(conjuncts));
      result = std::move(node);
      break;
    default:
      PushChildren(*node);
      result = Wrap(std::move(node), std::move(conjuncts));
      break;
  }
  return Wrap(std::move(result), std::move(fixed));
}

}  // namespace

void PushDownPredicates(LogicalPlan& plan) { plan.root = Push(std::move(plan.root), {}); }

}  // namespace oxibase
