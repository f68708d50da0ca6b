// Copies of expressions that hold subqueries: every variable of a statement is produced once, so a
// copy's plans produce variables of their own.
#include <unordered_map>

#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

/// What was renamed, old to new.
struct Renames {
  std::unordered_map<VarId, VarId> vars;
  std::unordered_map<uint32_t, uint32_t> scans, ctes;
};

void RenameVars(Expr& expr, const Renames& renames);

void RenameUses(LogicalNode& node, const Renames& renames) {
  auto rename = [&](VarId& var) {
    const auto found = renames.vars.find(var);
    if (found != renames.vars.end()) var = found->second;
  };
  for (OutputColumn& column : node.output) rename(column.var);
  if (node.kind == LogicalKind::kScan) {
    auto& scan = static_cast<LogicalScan&>(node);
    scan.scan_id = renames.scans.at(scan.scan_id);
    if (scan.row_id) rename(*scan.row_id);
  } else if (node.kind == LogicalKind::kLockRows) {
    for (auto& target : static_cast<LogicalLockRows&>(node).targets) {
      rename(target.row_id);
      const auto found = renames.scans.find(target.scan_id);
      if (found != renames.scans.end()) target.scan_id = found->second;
    }
  } else if (node.kind == LogicalKind::kJoin) {
    rename(static_cast<LogicalJoin&>(node).mark);
  } else if (node.kind == LogicalKind::kCteScan) {
    auto& scan = static_cast<LogicalCteScan&>(node);
    const auto found = renames.ctes.find(scan.cte_id);
    if (found != renames.ctes.end()) scan.cte_id = found->second;
  } else if (node.kind == LogicalKind::kCte) {
    auto& cte = static_cast<LogicalCte&>(node);
    cte.cte_id = renames.ctes.at(cte.cte_id);
  } else if (node.kind == LogicalKind::kRecursiveCte) {
    auto& cte = static_cast<LogicalRecursiveCte&>(node);
    cte.cte_id = renames.ctes.at(cte.cte_id);
  }
  ForEachExpr(node, [&](ExprPtr& expr) { RenameVars(*expr, renames); });
  for (LogicalPtr& child : node.children) RenameUses(*child, renames);
}

void RenameVars(Expr& expr, const Renames& renames) {
  if (expr.kind == ExprKind::kColumn) {
    auto& column = static_cast<ColumnExpr&>(expr);
    const auto found = renames.vars.find(column.index);
    if (found != renames.vars.end()) column.index = found->second;
  }
  if (expr.kind == ExprKind::kSubquery) {
    RenameUses(*static_cast<SubqueryExpr&>(expr).plan, renames);
  }
  ForEachChild(expr, [&](ExprPtr& child) { RenameVars(*child, renames); });
}

/// Calls `visit` for each node of the subqueries in `expr`.
void ForEachNode(const LogicalNode& node, const std::function<void(const LogicalNode&)>& visit);
void ForEachNode(const Expr& expr, const std::function<void(const LogicalNode&)>& visit) {
  if (expr.kind == ExprKind::kSubquery) {
    ForEachNode(*static_cast<const SubqueryExpr&>(expr).plan, visit);
  }
  ForEachChild(expr, [&](const Expr& child) { ForEachNode(child, visit); });
}
void ForEachNode(const LogicalNode& node, const std::function<void(const LogicalNode&)>& visit) {
  visit(node);
  ForEachExpr(node, [&](const Expr& expr) { ForEachNode(expr, visit); });
  for (const LogicalPtr& child : node.children) ForEachNode(*child, visit);
}

}  // namespace

ExprPtr QueryBinder::Copy(const Expr& expr) {
  ExprPtr copy = Clone(expr);
  Renames renames;
  auto fresh = [&](VarId var) {
    if (var == 0 || renames.vars.contains(var)) return;
    const VarId made = next_var_++;
    if (var_depths_.size() <= made) var_depths_.resize(made + 16, -1);
    var_depths_[made] = DepthOf(var);
    renames.vars.emplace(var, made);
  };
  ForEachNode(*copy, [&](const LogicalNode& node) {
    for (const OutputColumn& column : node.output) fresh(column.var);
    if (node.kind == LogicalKind::kScan) {
      const auto& scan = static_cast<const LogicalScan&>(node);
      renames.scans.emplace(scan.scan_id, next_scan_++);
      if (scan.row_id) fresh(*scan.row_id);
    } else if (node.kind == LogicalKind::kCte) {
      const auto& cte = static_cast<const LogicalCte&>(node);
      if (!renames.ctes.contains(cte.cte_id)) renames.ctes.emplace(cte.cte_id, next_cte_++);
    } else if (node.kind == LogicalKind::kRecursiveCte) {
      const auto& cte = static_cast<const LogicalRecursiveCte&>(node);
      if (!renames.ctes.contains(cte.cte_id)) renames.ctes.emplace(cte.cte_id, next_cte_++);
    }
  });
  if (!renames.vars.empty() || !renames.scans.empty()) RenameVars(*copy, renames);
  return copy;
}

}  // namespace oxibase::bind
