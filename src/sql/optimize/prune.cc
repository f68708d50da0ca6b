#include <algorithm>

#include "sql/optimize/expr_tools.h"
#include "sql/optimize/passes.h"

namespace oxibase {
namespace {

/// Keeps `items[i]` and `output[offset + i]` where the variable is used.
template <typename Item>
void KeepUsed(std::vector<Item>& items, std::vector<OutputColumn>& output, size_t offset,
              const VarSet& used) {
  size_t kept = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!used.contains(output[offset + i].var)) continue;
    if (kept != i) {
      items[kept] = std::move(items[i]);
      output[offset + kept] = std::move(output[offset + i]);
    }
    ++kept;
  }
  const auto first = output.begin() + static_cast<std::ptrdiff_t>(offset);
  output.erase(first + static_cast<std::ptrdiff_t>(kept),
               first + static_cast<std::ptrdiff_t>(items.size()));
  items.resize(kept);
}

/// Goes from the root down, since a projection's inputs are used only if its output is.
class Pruner {
 public:
  explicit Pruner(const std::vector<OutputColumn>& result) { Use(result); }

  void Visit(LogicalNode& node) {
    switch (node.kind) {
      case LogicalKind::kFilter:
      case LogicalKind::kJoin:
        // What only its own condition reads goes no further up.
        std::erase_if(node.output,
                      [this](const OutputColumn& column) { return !used_.contains(column.var); });
        break;
      case LogicalKind::kProject: {
        auto& project = static_cast<LogicalProject&>(node);
        // What has effects is evaluated, whether somebody looks at its value or not.
        for (size_t i = 0; i < project.exprs.size(); ++i) {
          if (IsVolatile(*project.exprs[i])) used_.insert(project.output[i].var);
        }
        KeepUsed(project.exprs, project.output, 0, used_);
        break;
      }
      case LogicalKind::kAggregate: {
        auto& aggregate = static_cast<LogicalAggregate&>(node);
        KeepUsed(aggregate.aggregates, aggregate.output, aggregate.keys.size(), used_);
        break;
      }
      case LogicalKind::kWindow: {
        auto& window = static_cast<LogicalWindow&>(node);
        const size_t own = window.functions.size();
        KeepUsed(window.functions, window.output, window.output.size() - own, used_);
        break;
      }
      case LogicalKind::kScan: {
        auto& scan = static_cast<LogicalScan&>(node);
        KeepUsed(scan.columns, scan.output, 0, used_);
        return;
      }
      case LogicalKind::kDistinct:
      case LogicalKind::kSetOp:
      case LogicalKind::kCte:
      case LogicalKind::kRecursiveCte:
      case LogicalKind::kInsert:
      case LogicalKind::kUpdate:
      case LogicalKind::kDelete:
        // Their children's columns count by position, or all of them do.
        for (size_t i = 0; i < node.children.size(); ++i) {
          if (node.kind == LogicalKind::kCte && i == 1) continue;
          Use(node.children[i]->output);
        }
        break;
      case LogicalKind::kLockRows:
        for (const auto& target : static_cast<const LogicalLockRows&>(node).targets) {
          used_.insert(target.row_id);
        }
        break;
      default:
        break;
    }
    if (node.kind == LogicalKind::kDelete) used_.insert(static_cast<LogicalDelete&>(node).row_id);
    if (node.kind == LogicalKind::kUpdate) {
      auto& update = static_cast<LogicalUpdate&>(node);
      used_.insert(update.row_id);
      used_.insert(update.old_vars.begin(), update.old_vars.end());
    }
    ForEachExpr(node, [&](ExprPtr& expr) { VisitExpr(*expr); });
    // A lateral right side uses the left one's variables: right before left. A CTE's second child
    // reads the first by position only.
    for (size_t i = node.children.size(); i-- > 0;) Visit(*node.children[i]);
  }

 private:
  void Use(const std::vector<OutputColumn>& columns) {
    for (const auto& column : columns) used_.insert(column.var);
  }

  void VisitExpr(Expr& expr) {
    if (expr.kind == ExprKind::kColumn) {
      used_.insert(static_cast<const ColumnExpr&>(expr).index);
      return;
    }
    if (expr.kind == ExprKind::kSubquery) {
      auto& subquery = static_cast<SubqueryExpr&>(expr);
      for (auto& operand : subquery.left) VisitExpr(*operand);
      if (subquery.subquery_kind != SubqueryKind::kExists) Use(subquery.plan->output);
      Visit(*subquery.plan);
      return;
    }
    ForEachChild(expr, [&](ExprPtr& child) { VisitExpr(*child); });
  }

  VarSet used_;
};

}  // namespace

void PruneColumns(LogicalPlan& plan) { Pruner(plan.result).Visit(*plan.root); }

}  // namespace oxibase
