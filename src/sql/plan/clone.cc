// Deep copies of logical plans.
#include "sql/plan/logical.h"

namespace oxibase {
namespace {

ExprPtr Copy(const ExprPtr& expr) { return expr ? Clone(*expr) : nullptr; }

std::vector<ExprPtr> Copy(const std::vector<ExprPtr>& exprs) {
  std::vector<ExprPtr> copies;
  copies.reserve(exprs.size());
  for (const ExprPtr& expr : exprs) copies.push_back(Copy(expr));
  return copies;
}

std::vector<SortKey> Copy(const std::vector<SortKey>& keys) {
  std::vector<SortKey> copies;
  copies.reserve(keys.size());
  for (const SortKey& key : keys)
    copies.push_back({Copy(key.expr), key.descending, key.nulls_first});
  return copies;
}

std::vector<std::pair<ColumnId, ExprPtr>> Copy(
    const std::vector<std::pair<ColumnId, ExprPtr>>& pairs) {
  std::vector<std::pair<ColumnId, ExprPtr>> copies;
  copies.reserve(pairs.size());
  for (const auto& [column, expr] : pairs) copies.emplace_back(column, Copy(expr));
  return copies;
}

TableRules Copy(const TableRules& rules) {
  TableRules copy;
  copy.column_vars = rules.column_vars;
  for (const auto& c : rules.computed) copy.computed.push_back({c.column, Copy(c.expr)});
  for (const auto& c : rules.checks) copy.checks.push_back({c.name, Copy(c.expr)});
  return copy;
}

WindowFrame Copy(const WindowFrame& frame) {
  WindowFrame copy;
  copy.mode = frame.mode;
  copy.start = frame.start;
  copy.end = frame.end;
  copy.start_offset = Copy(frame.start_offset);
  copy.end_offset = Copy(frame.end_offset);
  copy.exclusion = frame.exclusion;
  return copy;
}

template <typename T>
std::unique_ptr<T> CopyExprNode(const std::unique_ptr<T>& node) {
  return std::unique_ptr<T>(static_cast<T*>(Clone(*node).release()));
}

LogicalPtr CopyScan(const LogicalScan& n) {
  auto copy = std::make_unique<LogicalScan>();
  copy->table = n.table;
  copy->alias = n.alias;
  copy->columns = n.columns;
  copy->row_id = n.row_id;
  copy->scan_id = n.scan_id;
  copy->as_of = n.as_of.Copy();
  return copy;
}

LogicalPtr CopyFunctionScan(const LogicalFunctionScan& n) {
  auto copy = std::make_unique<LogicalFunctionScan>();
  for (const auto& call : n.calls) copy->calls.push_back({Copy(call.call), call.columns});
  copy->with_ordinality = n.with_ordinality;
  copy->alias = n.alias;
  return copy;
}

LogicalPtr CopyJoin(const LogicalJoin& n) {
  auto copy = std::make_unique<LogicalJoin>();
  copy->type = n.type;
  copy->condition = Copy(n.condition);
  copy->lateral = n.lateral;
  copy->mark = n.mark;
  return copy;
}

LogicalPtr CopyAggregate(const LogicalAggregate& n) {
  auto copy = std::make_unique<LogicalAggregate>();
  copy->keys = Copy(n.keys);
  for (const auto& call : n.aggregates) copy->aggregates.push_back(CopyExprNode(call));
  copy->grouping_sets = n.grouping_sets;
  copy->grouping_calls = n.grouping_calls;
  return copy;
}

LogicalPtr CopyWindow(const LogicalWindow& n) {
  auto copy = std::make_unique<LogicalWindow>();
  copy->partition_by = Copy(n.partition_by);
  copy->order_by = Copy(n.order_by);
  copy->frame = Copy(n.frame);
  for (const auto& call : n.functions) copy->functions.push_back(CopyExprNode(call));
  copy->start_function = n.start_function;
  copy->end_function = n.end_function;
  return copy;
}

LogicalPtr CopyLimit(const LogicalLimit& n) {
  auto copy = std::make_unique<LogicalLimit>();
  copy->limit = Copy(n.limit);
  copy->offset = Copy(n.offset);
  copy->with_ties = n.with_ties;
  copy->ties = Copy(n.ties);
  return copy;
}

LogicalPtr CopyInsert(const LogicalInsert& n) {
  auto copy = std::make_unique<LogicalInsert>();
  copy->table = n.table;
  copy->columns = n.columns;
  copy->defaults = Copy(n.defaults);
  copy->rules = Copy(n.rules);
  if (n.on_conflict) {
    OnConflictClause clause;
    clause.do_update = n.on_conflict->do_update;
    clause.arbiters = n.on_conflict->arbiters;
    clause.existing_vars = n.on_conflict->existing_vars;
    clause.excluded_vars = n.on_conflict->excluded_vars;
    clause.assignments = Copy(n.on_conflict->assignments);
    clause.where = Copy(n.on_conflict->where);
    copy->on_conflict = std::move(clause);
  }
  return copy;
}

LogicalPtr CopyUpdate(const LogicalUpdate& n) {
  auto copy = std::make_unique<LogicalUpdate>();
  copy->table = n.table;
  copy->scan_id = n.scan_id;
  copy->row_id = n.row_id;
  copy->old_vars = n.old_vars;
  copy->assignments = Copy(n.assignments);
  copy->rules = Copy(n.rules);
  return copy;
}

LogicalPtr CopyDelete(const LogicalDelete& n) {
  auto copy = std::make_unique<LogicalDelete>();
  copy->table = n.table;
  copy->scan_id = n.scan_id;
  copy->row_id = n.row_id;
  copy->old_vars = n.old_vars;
  return copy;
}

LogicalPtr CopyAlone(const LogicalNode& node) {
  switch (node.kind) {
    case LogicalKind::kScan:
      return CopyScan(static_cast<const LogicalScan&>(node));
    case LogicalKind::kValues: {
      auto copy = std::make_unique<LogicalValues>();
      for (const auto& row : static_cast<const LogicalValues&>(node).rows_exprs)
        copy->rows_exprs.push_back(Copy(row));
      return copy;
    }
    case LogicalKind::kFunctionScan:
      return CopyFunctionScan(static_cast<const LogicalFunctionScan&>(node));
    case LogicalKind::kFilter: {
      auto copy = std::make_unique<LogicalFilter>();
      copy->predicate = Copy(static_cast<const LogicalFilter&>(node).predicate);
      return copy;
    }
    case LogicalKind::kProject: {
      auto copy = std::make_unique<LogicalProject>();
      copy->exprs = Copy(static_cast<const LogicalProject&>(node).exprs);
      return copy;
    }
    case LogicalKind::kJoin:
      return CopyJoin(static_cast<const LogicalJoin&>(node));
    case LogicalKind::kAggregate:
      return CopyAggregate(static_cast<const LogicalAggregate&>(node));
    case LogicalKind::kWindow:
      return CopyWindow(static_cast<const LogicalWindow&>(node));
    case LogicalKind::kDistinct: {
      auto copy = std::make_unique<LogicalDistinct>();
      copy->on = Copy(static_cast<const LogicalDistinct&>(node).on);
      return copy;
    }
    case LogicalKind::kSort: {
      auto copy = std::make_unique<LogicalSort>();
      copy->keys = Copy(static_cast<const LogicalSort&>(node).keys);
      return copy;
    }
    case LogicalKind::kLimit:
      return CopyLimit(static_cast<const LogicalLimit&>(node));
    case LogicalKind::kSetOp: {
      const auto& n = static_cast<const LogicalSetOp&>(node);
      auto copy = std::make_unique<LogicalSetOp>();
      copy->op = n.op;
      copy->all = n.all;
      return copy;
    }
    case LogicalKind::kCte: {
      const auto& n = static_cast<const LogicalCte&>(node);
      auto copy = std::make_unique<LogicalCte>();
      copy->cte_id = n.cte_id;
      copy->name = n.name;
      copy->modifies = n.modifies;
      return copy;
    }
    case LogicalKind::kCteScan: {
      const auto& n = static_cast<const LogicalCteScan&>(node);
      auto copy = std::make_unique<LogicalCteScan>();
      copy->cte_id = n.cte_id;
      copy->name = n.name;
      copy->working_table = n.working_table;
      return copy;
    }
    case LogicalKind::kRecursiveCte: {
      const auto& n = static_cast<const LogicalRecursiveCte&>(node);
      auto copy = std::make_unique<LogicalRecursiveCte>();
      copy->cte_id = n.cte_id;
      copy->name = n.name;
      copy->all = n.all;
      return copy;
    }
    case LogicalKind::kLockRows: {
      auto copy = std::make_unique<LogicalLockRows>();
      copy->targets = static_cast<const LogicalLockRows&>(node).targets;
      return copy;
    }
    case LogicalKind::kInsert:
      return CopyInsert(static_cast<const LogicalInsert&>(node));
    case LogicalKind::kUpdate:
      return CopyUpdate(static_cast<const LogicalUpdate&>(node));
    case LogicalKind::kDelete:
      return CopyDelete(static_cast<const LogicalDelete&>(node));
  }
  return nullptr;
}

}  // namespace

LogicalPtr Clone(const LogicalNode& node) {
  LogicalPtr copy = CopyAlone(node);
  copy->output = node.output;
  copy->rows = node.rows;
  for (const LogicalPtr& child : node.children) copy->children.push_back(Clone(*child));
  return copy;
}

}  // namespace oxibase
