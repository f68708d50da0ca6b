#include "sql/optimize/pull_up.h"

#include <functional>
#include <utility>

#include "sql/optimize/expr_tools.h"

namespace oxibase {

bool PullUp(LogicalPtr& node, std::vector<ExprPtr>* pulled) {
  switch (node->kind) {
    case LogicalKind::kFilter: {
      auto& filter = static_cast<LogicalFilter&>(*node);
      if (!PullUp(filter.children[0], pulled)) return false;
      VarSet produced;
      CollectProduced(*filter.children[0], &produced);
      std::vector<ExprPtr> conjuncts, kept;
      SplitConjuncts(std::move(filter.predicate), &conjuncts);
      for (auto& expr : conjuncts) {
        VarSet vars;
        CollectVars(*expr, &vars);
        if (ContainsSubquery(*expr)) {
          // Its own variables are not this plan's: ask for what is free in it alone.
          const bool correlated = [&] {
            LogicalFilter probe;
            probe.predicate = std::move(expr);
            const VarSet free = FreeVars(probe);
            expr = std::move(probe.predicate);
            return !IsSubset(free, produced);
          }();
          if (correlated) return false;
          kept.push_back(std::move(expr));
          continue;
        }
        (IsSubset(vars, produced) ? kept : *pulled).push_back(std::move(expr));
      }
      filter.predicate = AndAll(std::move(kept));
      if (!filter.predicate) node = std::move(filter.children[0]);
      return true;
    }
    case LogicalKind::kProject: {
      auto& project = static_cast<LogicalProject&>(*node);
      const size_t before = pulled->size();
      if (!PullUp(project.children[0], pulled)) return false;
      VarSet below, have;
      CollectOutput(*project.children[0], &below);
      for (const auto& column : project.output) have.insert(column.var);
      for (size_t i = before; i < pulled->size(); ++i) {
        VarSet vars;
        CollectVars(*(*pulled)[i], &vars);
        for (const VarId var : vars) {
          if (!below.contains(var) || !have.insert(var).second) continue;
          const std::function<const OutputColumn*(const LogicalNode&)> find =
              [&](const LogicalNode& n) -> const OutputColumn* {
            for (const auto& column : n.output) {
              if (column.var == var) return &column;
            }
            for (const auto& child : n.children) {
              if (const OutputColumn* found = find(*child)) return found;
            }
            return nullptr;
          };
          const OutputColumn* column = find(*project.children[0]);
          if (!column) return false;
          project.exprs.push_back(std::make_unique<ColumnExpr>(var, column->type, column->name));
          project.output.push_back(*column);
        }
      }
      return true;
    }
    case LogicalKind::kSort:
      // The order of rows does not matter to existence.
      if (!PullUp(node->children[0], pulled)) return false;
      node = std::move(node->children[0]);
      return true;
    case LogicalKind::kJoin: {
      auto& join = static_cast<LogicalJoin&>(*node);
      if (join.type != JoinType::kInner || join.lateral) return FreeVars(join).empty();
      if (!PullUp(join.children[0], pulled) || !PullUp(join.children[1], pulled)) return false;
      return true;  // what is correlated in its own condition shows in the caller's last check
    }
    default:
      return true;
  }
}

}  // namespace oxibase
