#include "sql/plan/logical.h"

namespace oxibase {

ExprPtr SubqueryExpr::CloneSubquery() const {
  auto copy = std::make_unique<SubqueryExpr>(subquery_kind, type);
  copy->location = location;
  copy->plan = Clone(*plan);
  for (const ExprPtr& operand : left) copy->left.push_back(Clone(*operand));
  copy->comparisons = comparisons;
  return copy;
}

void SubqueryExpr::ForEachOperand(const std::function<void(ExprPtr&)>& visit) {
  for (ExprPtr& operand : left) visit(operand);
}

namespace {

using Visit = std::function<void(ExprPtr&)>;

void VisitOne(ExprPtr& expr, const Visit& visit) {
  if (expr) visit(expr);
}
void VisitAll(std::vector<ExprPtr>& exprs, const Visit& visit) {
  for (ExprPtr& expr : exprs) VisitOne(expr, visit);
}
void VisitKeys(std::vector<SortKey>& keys, const Visit& visit) {
  for (SortKey& key : keys) VisitOne(key.expr, visit);
}
void VisitRules(TableRules& rules, const Visit& visit) {
  for (auto& computed : rules.computed) VisitOne(computed.expr, visit);
  for (auto& check : rules.checks) VisitOne(check.expr, visit);
}

}  // namespace

void ForEachExpr(LogicalNode& node, const Visit& visit) {
  switch (node.kind) {
    case LogicalKind::kScan:
      VisitOne(static_cast<LogicalScan&>(node).as_of.at, visit);
      break;
    case LogicalKind::kValues:
      for (auto& row : static_cast<LogicalValues&>(node).rows_exprs) VisitAll(row, visit);
      break;
    case LogicalKind::kFunctionScan:
      for (auto& call : static_cast<LogicalFunctionScan&>(node).calls) VisitOne(call.call, visit);
      break;
    case LogicalKind::kFilter:
      VisitOne(static_cast<LogicalFilter&>(node).predicate, visit);
      break;
    case LogicalKind::kProject:
      VisitAll(static_cast<LogicalProject&>(node).exprs, visit);
      break;
    case LogicalKind::kJoin:
      VisitOne(static_cast<LogicalJoin&>(node).condition, visit);
      break;
    case LogicalKind::kAggregate: {
      auto& aggregate = static_cast<LogicalAggregate&>(node);
      VisitAll(aggregate.keys, visit);
      for (auto& call : aggregate.aggregates) {
        VisitAll(call->args, visit);
        VisitOne(call->filter, visit);
        VisitKeys(call->order_by, visit);
      }
      break;
    }
    case LogicalKind::kWindow: {
      auto& window = static_cast<LogicalWindow&>(node);
      VisitAll(window.partition_by, visit);
      VisitKeys(window.order_by, visit);
      VisitOne(window.frame.start_offset, visit);
      VisitOne(window.frame.end_offset, visit);
      for (auto& call : window.functions) {
        VisitAll(call->args, visit);
        VisitOne(call->filter, visit);
      }
      break;
    }
    case LogicalKind::kDistinct:
      VisitAll(static_cast<LogicalDistinct&>(node).on, visit);
      break;
    case LogicalKind::kSort:
      VisitKeys(static_cast<LogicalSort&>(node).keys, visit);
      break;
    case LogicalKind::kLimit: {
      auto& limit = static_cast<LogicalLimit&>(node);
      VisitOne(limit.limit, visit);
      VisitOne(limit.offset, visit);
      VisitKeys(limit.ties, visit);
      break;
    }
    case LogicalKind::kInsert: {
      auto& insert = static_cast<LogicalInsert&>(node);
      for (auto& [column, expr] : insert.defaults) VisitOne(expr, visit);
      VisitRules(insert.rules, visit);
      if (insert.on_conflict) {
        for (auto& [column, expr] : insert.on_conflict->assignments) VisitOne(expr, visit);
        VisitOne(insert.on_conflict->where, visit);
      }
      break;
    }
    case LogicalKind::kUpdate: {
      auto& update = static_cast<LogicalUpdate&>(node);
      for (auto& [column, expr] : update.assignments) VisitOne(expr, visit);
      VisitRules(update.rules, visit);
      break;
    }
    case LogicalKind::kSetOp:
    case LogicalKind::kCte:
    case LogicalKind::kCteScan:
    case LogicalKind::kRecursiveCte:
    case LogicalKind::kLockRows:
    case LogicalKind::kDelete:
      break;
  }
}

void ForEachExpr(const LogicalNode& node, const std::function<void(const Expr&)>& visit) {
  // The visitor sees each expression as const, so nothing is changed.
  ForEachExpr(const_cast<LogicalNode&>(node), [&](ExprPtr& expr) { visit(*expr); });
}

}  // namespace oxibase
