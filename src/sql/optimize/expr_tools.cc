#include "sql/optimize/expr_tools.h"

#include <algorithm>

#include "expr/cast.h"
#include "expr/function.h"

namespace oxibase {

void CollectVars(const Expr& expr, VarSet* vars) {
  if (expr.kind == ExprKind::kColumn) {
    vars->insert(static_cast<const ColumnExpr&>(expr).index);
    return;
  }
  if (expr.kind == ExprKind::kSubquery) {
    const auto& subquery = static_cast<const SubqueryExpr&>(expr);
    for (const auto& operand : subquery.left) CollectVars(*operand, vars);
    CollectUsed(*subquery.plan, vars);
    return;
  }
  ForEachChild(expr, [&](const Expr& child) { CollectVars(child, vars); });
}

void CollectUsed(const LogicalNode& node, VarSet* vars) {
  ForEachExpr(node, [&](const Expr& expr) { CollectVars(expr, vars); });
  if (node.kind == LogicalKind::kLockRows) {
    for (const auto& target : static_cast<const LogicalLockRows&>(node).targets) {
      vars->insert(target.row_id);
    }
  }
  for (const auto& child : node.children) CollectUsed(*child, vars);
}

void CollectOutput(const LogicalNode& node, VarSet* vars) {
  switch (node.kind) {
    case LogicalKind::kFilter:
    case LogicalKind::kSort:
    case LogicalKind::kLimit:
    case LogicalKind::kDistinct:
    case LogicalKind::kLockRows:
      CollectOutput(*node.children[0], vars);
      return;
    case LogicalKind::kJoin: {
      const auto& join = static_cast<const LogicalJoin&>(node);
      CollectOutput(*node.children[0], vars);
      switch (join.type) {
        case JoinType::kSemi:
        case JoinType::kAnti:
        case JoinType::kNullAwareAnti:
          return;
        case JoinType::kMark:
          vars->insert(join.mark);
          return;
        default:
          CollectOutput(*node.children[1], vars);
          return;
      }
    }
    case LogicalKind::kWindow:
      CollectOutput(*node.children[0], vars);
      break;
    case LogicalKind::kCte:
      CollectOutput(*node.children[1], vars);
      return;
    default:
      break;
  }
  for (const auto& column : node.output) vars->insert(column.var);
}

void CollectProduced(const LogicalNode& node, VarSet* vars) {
  for (const auto& column : node.output) vars->insert(column.var);
  const auto add_rules = [&](const TableRules& rules) {
    vars->insert(rules.column_vars.begin(), rules.column_vars.end());
  };
  if (node.kind == LogicalKind::kInsert) {
    const auto& insert = static_cast<const LogicalInsert&>(node);
    add_rules(insert.rules);
    if (insert.on_conflict) {
      const auto& conflict = *insert.on_conflict;
      vars->insert(conflict.existing_vars.begin(), conflict.existing_vars.end());
      vars->insert(conflict.excluded_vars.begin(), conflict.excluded_vars.end());
    }
  } else if (node.kind == LogicalKind::kUpdate) {
    add_rules(static_cast<const LogicalUpdate&>(node).rules);
  } else if (node.kind == LogicalKind::kScan) {
    const auto& scan = static_cast<const LogicalScan&>(node);
    if (scan.row_id) vars->insert(*scan.row_id);
  } else if (node.kind == LogicalKind::kJoin) {
    vars->insert(static_cast<const LogicalJoin&>(node).mark);
  }
  // Plans inside expressions produce variables of their own.
  const std::function<void(const Expr&)> walk = [&](const Expr& expr) {
    if (expr.kind == ExprKind::kSubquery) {
      const auto& subquery = static_cast<const SubqueryExpr&>(expr);
      CollectProduced(*subquery.plan, vars);
      for (const auto& operand : subquery.left) walk(*operand);
      return;
    }
    ForEachChild(expr, walk);
  };
  ForEachExpr(node, walk);
  for (const auto& child : node.children) CollectProduced(*child, vars);
}

VarSet FreeVars(const LogicalNode& node) {
  VarSet used, produced, free;
  CollectUsed(node, &used);
  CollectProduced(node, &produced);
  std::set_difference(used.begin(), used.end(), produced.begin(), produced.end(),
                      std::inserter(free, free.end()));
  return free;
}

bool ContainsSubquery(const Expr& expr) {
  if (expr.kind == ExprKind::kSubquery) return true;
  bool found = false;
  ForEachChild(expr, [&](const Expr& child) { found = found || ContainsSubquery(child); });
  return found;
}

bool IsSubset(const VarSet& part, const VarSet& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

bool Intersects(const VarSet& a, const VarSet& b) {
  return std::any_of(a.begin(), a.end(), [&](VarId var) { return b.contains(var); });
}

namespace {

void CollectParts(ExprPtr& expr, std::vector<ExprPtr*>* parts) {
  if (expr->kind != ExprKind::kAnd) {
    parts->push_back(&expr);
    return;
  }
  for (auto& arg : static_cast<BoolExpr&>(*expr).args) CollectParts(arg, parts);
}

/// (a AND b) OR (a AND c) is a AND (b OR c): what all branches ask for may serve a join or an
/// index. Appends such conditions and returns what is left of the OR; null if that is true.
ExprPtr TakeCommonParts(ExprPtr expr, std::vector<ExprPtr>* conjuncts) {
  auto& branches = static_cast<BoolExpr&>(*expr).args;
  std::vector<std::vector<ExprPtr*>> parts(branches.size());
  CollectParts(branches[0], &parts[0]);
  bool taken = false;
  for (size_t p = 0; p < parts[0].size();) {
    const Expr& part = **parts[0][p];
    std::vector<size_t> same(branches.size(), p);
    bool in_all = !IsVolatile(part) && !ContainsSubquery(part);
    for (size_t b = 1; b < branches.size() && in_all; ++b) {
      if (parts[b].empty()) CollectParts(branches[b], &parts[b]);
      const auto it = std::find_if(parts[b].begin(), parts[b].end(),
                                   [&](const ExprPtr* other) { return Equal(part, **other); });
      in_all = it != parts[b].end();
      same[b] = static_cast<size_t>(it - parts[b].begin());
    }
    if (!in_all) {
      ++p;
      continue;
    }
    conjuncts->push_back(std::move(*parts[0][p]));
    for (size_t b = 0; b < branches.size(); ++b) {
      parts[b].erase(parts[b].begin() + static_cast<ptrdiff_t>(same[b]));
      if (parts[b].empty()) return nullptr;  // the common ones were all that it asked for
    }
    taken = true;
  }
  if (!taken) return expr;
  for (size_t b = 0; b < branches.size(); ++b) {
    std::vector<ExprPtr> rest;
    for (ExprPtr* part : parts[b]) rest.push_back(std::move(*part));
    branches[b] = AndAll(std::move(rest));
  }
  return expr;
}

}  // namespace

void SplitConjuncts(ExprPtr expr, std::vector<ExprPtr>* conjuncts) {
  if (!expr) return;
  if (expr->kind == ExprKind::kOr) expr = TakeCommonParts(std::move(expr), conjuncts);
  if (!expr) return;
  if (expr->kind != ExprKind::kAnd) {
    conjuncts->push_back(std::move(expr));
    return;
  }
  for (auto& arg : static_cast<BoolExpr&>(*expr).args) SplitConjuncts(std::move(arg), conjuncts);
}

ExprPtr AndAll(std::vector<ExprPtr> conjuncts) {
  if (conjuncts.empty()) return nullptr;
  if (conjuncts.size() == 1) return std::move(conjuncts[0]);
  return std::make_unique<BoolExpr>(ExprKind::kAnd, std::move(conjuncts));
}

void ReplaceVars(ExprPtr& expr, const std::function<ExprPtr(VarId)>& replacement) {
  if (!expr) return;
  if (expr->kind == ExprKind::kColumn) {
    if (ExprPtr other = replacement(static_cast<ColumnExpr&>(*expr).index)) expr = std::move(other);
    return;
  }
  if (expr->kind == ExprKind::kSubquery) {
    auto& subquery = static_cast<SubqueryExpr&>(*expr);
    for (auto& operand : subquery.left) ReplaceVars(operand, replacement);
    const std::function<void(LogicalNode&)> walk = [&](LogicalNode& node) {
      ForEachExpr(node, [&](ExprPtr& inner) { ReplaceVars(inner, replacement); });
      for (auto& child : node.children) walk(*child);
    };
    walk(*subquery.plan);
    return;
  }
  ForEachChild(*expr, [&](ExprPtr& child) { ReplaceVars(child, replacement); });
}

Comparison AsComparison(const Expr& expr) {
  using Op = Comparison::Op;
  if (expr.kind != ExprKind::kCall) return {};
  const auto& call = static_cast<const CallExpr&>(expr);
  if (!call.function->is_operator || call.args.size() != 2) return {};
  const std::string_view name = call.function->name;
  if (call.type.id != TypeId::kBool) return {};
  if (name == "=") return {&call, Op::kEqual};
  if (name == "<") return {&call, Op::kLess};
  if (name == "<=") return {&call, Op::kLessEqual};
  if (name == ">") return {&call, Op::kGreater};
  if (name == ">=") return {&call, Op::kGreaterEqual};
  return {};
}

Comparison::Op Flip(Comparison::Op op) {
  using Op = Comparison::Op;
  switch (op) {
    case Op::kLess:
      return Op::kGreater;
    case Op::kLessEqual:
      return Op::kGreaterEqual;
    case Op::kGreater:
      return Op::kLess;
    case Op::kGreaterEqual:
      return Op::kLessEqual;
    default:
      return op;
  }
}

bool IsInteger(TypeId id) {
  return id == TypeId::kInt2 || id == TypeId::kInt4 || id == TypeId::kInt8;
}

void WidenIntegers(ExprPtr& a, ExprPtr& b) {
  if (a->type.id == b->type.id || !IsInteger(a->type.id) || !IsInteger(b->type.id)) return;
  const auto width = [](const ExprPtr& e) { return PhysicalWidth(PhysicalTypeOf(e->type)); };
  const bool widen_a = width(a) < width(b);
  ExprPtr& narrow = widen_a ? a : b;
  const Type wide = widen_a ? b->type : a->type;
  narrow = MakeCastExpr(std::move(narrow), wide, CastContext::kImplicit);
}

}  // namespace oxibase
