// Takes away projections that do nothing but give columns other variables, so that later passes see
// joins of joins and filters of scans as what they are.

#include <algorithm>
#include <map>

#include "sql/optimize/expr_tools.h"
#include "sql/optimize/passes.h"

namespace oxibase {
namespace {

class RenameRemover {
 public:
  /// `exact`: the parent takes the node's columns by position, all of them.
  void Visit(LogicalPtr& node, bool exact) {
    if (node->kind == LogicalKind::kProject && !exact && IsRename(*node)) {
      auto& project = static_cast<LogicalProject&>(*node);
      for (size_t i = 0; i < project.exprs.size(); ++i) {
        const auto& column = static_cast<const ColumnExpr&>(*project.exprs[i]);
        if (column.index != project.output[i].var) {
          renamed_.emplace(project.output[i].var, column.index);
        }
      }
      node = std::move(node->children[0]);
      Visit(node, exact);
      return;
    }
    ForEachExpr(*node, [&](ExprPtr& expr) { VisitExpr(*expr); });
    for (size_t i = 0; i < node->children.size(); ++i) {
      Visit(node->children[i], ChildIsExact(*node, i, exact));
    }
  }

  /// Puts the variables that are left in place of those that are gone, everywhere.
  void Rename(LogicalNode& node) const {
    if (renamed_.empty()) return;
    for (auto& column : node.output) column.var = Find(column.var);
    ForEachExpr(node, [&](ExprPtr& expr) { RenameIn(*expr); });
    if (node.kind == LogicalKind::kLockRows) {
      for (auto& target : static_cast<LogicalLockRows&>(node).targets) {
        target.row_id = Find(target.row_id);
      }
    } else if (node.kind == LogicalKind::kUpdate) {
      auto& update = static_cast<LogicalUpdate&>(node);
      update.row_id = Find(update.row_id);
      for (VarId& var : update.old_vars) var = Find(var);
    } else if (node.kind == LogicalKind::kDelete) {
      auto& remove = static_cast<LogicalDelete&>(node);
      remove.row_id = Find(remove.row_id);
      for (VarId& var : remove.old_vars) var = Find(var);
    }
    for (auto& child : node.children) Rename(*child);
  }
  void Rename(std::vector<OutputColumn>& columns) const {
    for (auto& column : columns) column.var = Find(column.var);
  }

 private:
  /// A lateral subquery may hand out an outer query's column as it is: that is no rename. An outer
  /// join makes it NULL where the subquery has no row, and not the column it comes from.
  static bool IsRename(const LogicalNode& node) {
    const auto& project = static_cast<const LogicalProject&>(node);
    VarSet below;
    CollectOutput(*node.children[0], &below);
    switch (node.children[0]->kind) {
      case LogicalKind::kInsert:
      case LogicalKind::kUpdate:
      case LogicalKind::kDelete:
        return false;  // RETURNING
      default:
        return std::all_of(project.exprs.begin(), project.exprs.end(), [&](const ExprPtr& expr) {
          return expr->kind == ExprKind::kColumn &&
                 below.contains(static_cast<const ColumnExpr&>(*expr).index);
        });
    }
  }

  static bool ChildIsExact(const LogicalNode& node, size_t child, bool exact) {
    switch (node.kind) {
      case LogicalKind::kProject:
      case LogicalKind::kAggregate:
      case LogicalKind::kUpdate:
      case LogicalKind::kDelete:
        return false;
      case LogicalKind::kFilter:
      case LogicalKind::kSort:
      case LogicalKind::kLimit:
      case LogicalKind::kWindow:
      case LogicalKind::kLockRows:
        return exact;
      case LogicalKind::kJoin: {
        const JoinType type = static_cast<const LogicalJoin&>(node).type;
        const bool left_only = type == JoinType::kSemi || type == JoinType::kAnti ||
                               type == JoinType::kNullAwareAnti || type == JoinType::kMark;
        return child == 1 && left_only ? false : exact;
      }
      case LogicalKind::kCte:
        return child == 0 || exact;
      default:
        return true;
    }
  }

  void VisitExpr(Expr& expr) {
    if (expr.kind == ExprKind::kSubquery) {
      auto& subquery = static_cast<SubqueryExpr&>(expr);
      for (auto& operand : subquery.left) VisitExpr(*operand);
      Visit(subquery.plan, true);
      return;
    }
    ForEachChild(expr, [&](ExprPtr& child) { VisitExpr(*child); });
  }

  void RenameIn(Expr& expr) const {
    if (expr.kind == ExprKind::kColumn) {
      auto& column = static_cast<ColumnExpr&>(expr);
      column.index = Find(column.index);
      return;
    }
    if (expr.kind == ExprKind::kSubquery) {
      auto& subquery = static_cast<SubqueryExpr&>(expr);
      for (auto& operand : subquery.left) RenameIn(*operand);
      Rename(*subquery.plan);
      return;
    }
    ForEachChild(expr, [&](ExprPtr& child) { RenameIn(*child); });
  }

  VarId Find(VarId var) const {
    for (auto it = renamed_.find(var); it != renamed_.end(); it = renamed_.find(var)) {
      var = it->second;
    }
    return var;
  }

  std::map<VarId, VarId> renamed_;
};

}  // namespace

void RemoveRenames(LogicalPlan& plan) {
  RenameRemover remover;
  remover.Visit(plan.root, false);
  remover.Rename(*plan.root);
  remover.Rename(plan.result);
}

}  // namespace oxibase
