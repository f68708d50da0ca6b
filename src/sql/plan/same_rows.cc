// Whether two plans ask the same: for subqueries written twice, as in a select list and GROUP BY.
#include <algorithm>

#include "sql/plan/logical.h"

namespace oxibase {

namespace {

bool SameDirections(const std::vector<SortKey>& a, const std::vector<SortKey>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const SortKey& x, const SortKey& y) {
    return x.descending == y.descending && x.nulls_first == y.nulls_first;
  });
}

bool SameFrame(const WindowFrame& a, const WindowFrame& b) {
  return a.mode == b.mode && a.start == b.start && a.end == b.end && a.exclusion == b.exclusion &&
         !a.start_offset == !b.start_offset && !a.end_offset == !b.end_offset;
}

bool SameNumber(const std::unordered_map<uint32_t, uint32_t>& pairs, uint32_t a, uint32_t b) {
  const auto paired = pairs.find(b);
  return a == (paired == pairs.end() ? b : paired->second);
}

/// What distinguishes nodes of one kind beside children, output and expressions.
bool SameNode(const LogicalNode& a, const LogicalNode& b, SubqueryPairs& pairs) {
  switch (a.kind) {
    case LogicalKind::kScan: {
      const auto& x = static_cast<const LogicalScan&>(a);
      const auto& y = static_cast<const LogicalScan&>(b);
      if (x.table->oid != y.table->oid || x.columns != y.columns || !x.row_id != !y.row_id ||
          x.as_of.is_transaction != y.as_of.is_transaction) {
        return false;
      }
      pairs.scans.emplace(y.scan_id, x.scan_id);
      if (x.row_id) pairs.vars.emplace(*y.row_id, *x.row_id);
      return true;
    }
    case LogicalKind::kValues:
      return static_cast<const LogicalValues&>(a).rows_exprs.size() ==
             static_cast<const LogicalValues&>(b).rows_exprs.size();
    case LogicalKind::kFunctionScan: {
      const auto& x = static_cast<const LogicalFunctionScan&>(a);
      const auto& y = static_cast<const LogicalFunctionScan&>(b);
      return x.with_ordinality == y.with_ordinality &&
             std::equal(x.calls.begin(), x.calls.end(), y.calls.begin(), y.calls.end(),
                        [](const auto& p, const auto& q) { return p.columns == q.columns; });
    }
    case LogicalKind::kFilter:
    case LogicalKind::kProject:
    case LogicalKind::kDistinct:
      return true;
    case LogicalKind::kJoin: {
      const auto& x = static_cast<const LogicalJoin&>(a);
      const auto& y = static_cast<const LogicalJoin&>(b);
      if (x.mark) pairs.vars.emplace(y.mark, x.mark);
      return x.type == y.type && x.lateral == y.lateral && !x.condition == !y.condition;
    }
    case LogicalKind::kAggregate: {
      const auto& x = static_cast<const LogicalAggregate&>(a);
      const auto& y = static_cast<const LogicalAggregate&>(b);
      return x.keys.size() == y.keys.size() && x.aggregates.size() == y.aggregates.size() &&
             x.grouping_sets == y.grouping_sets && x.grouping_calls == y.grouping_calls;
    }
    case LogicalKind::kWindow: {
      const auto& x = static_cast<const LogicalWindow&>(a);
      const auto& y = static_cast<const LogicalWindow&>(b);
      return x.partition_by.size() == y.partition_by.size() &&
             SameDirections(x.order_by, y.order_by) && SameFrame(x.frame, y.frame) &&
             x.start_function == y.start_function && x.end_function == y.end_function &&
             x.functions.size() == y.functions.size();
    }
    case LogicalKind::kSort:
      return SameDirections(static_cast<const LogicalSort&>(a).keys,
                            static_cast<const LogicalSort&>(b).keys);
    case LogicalKind::kLimit: {
      const auto& x = static_cast<const LogicalLimit&>(a);
      const auto& y = static_cast<const LogicalLimit&>(b);
      return !x.limit == !y.limit && !x.offset == !y.offset && x.with_ties == y.with_ties &&
             SameDirections(x.ties, y.ties);
    }
    case LogicalKind::kSetOp: {
      const auto& x = static_cast<const LogicalSetOp&>(a);
      const auto& y = static_cast<const LogicalSetOp&>(b);
      return x.op == y.op && x.all == y.all;
    }
    case LogicalKind::kCte: {
      const auto& x = static_cast<const LogicalCte&>(a);
      const auto& y = static_cast<const LogicalCte&>(b);
      pairs.ctes.emplace(y.cte_id, x.cte_id);
      return !x.modifies && !y.modifies;
    }
    case LogicalKind::kCteScan: {
      const auto& x = static_cast<const LogicalCteScan&>(a);
      const auto& y = static_cast<const LogicalCteScan&>(b);
      return x.working_table == y.working_table && SameNumber(pairs.ctes, x.cte_id, y.cte_id);
    }
    case LogicalKind::kRecursiveCte: {
      const auto& x = static_cast<const LogicalRecursiveCte&>(a);
      const auto& y = static_cast<const LogicalRecursiveCte&>(b);
      pairs.ctes.emplace(y.cte_id, x.cte_id);
      return x.all == y.all;
    }
    case LogicalKind::kLockRows:
    case LogicalKind::kInsert:
    case LogicalKind::kUpdate:
    case LogicalKind::kDelete:
      return false;
  }
  return false;
}

/// The calls of aggregates and windows, which ForEachExpr shows by their arguments only.
template <typename Node, typename Calls>
bool SameCalls(const LogicalNode& a, const LogicalNode& b, Calls Node::* member,
               SubqueryPairs& pairs) {
  const Calls& x = static_cast<const Node&>(a).*member;
  const Calls& y = static_cast<const Node&>(b).*member;
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [&](const auto& p, const auto& q) { return Equal(*p, *q, pairs); });
}

}  // namespace

bool SameRows(const LogicalNode& a, const LogicalNode& b, SubqueryPairs& pairs) {
  if (a.kind != b.kind || a.children.size() != b.children.size() ||
      a.output.size() != b.output.size() || !SameNode(a, b, pairs)) {
    return false;
  }
  // Children first: what a node reads is what they produce. A variable of neither, from outside of
  // both, is the same in both.
  for (size_t i = 0; i < a.children.size(); ++i) {
    if (!SameRows(*a.children[i], *b.children[i], pairs)) return false;
  }
  for (size_t i = 0; i < a.output.size(); ++i) {
    if (a.output[i].type != b.output[i].type) return false;
    const auto [paired, added] = pairs.vars.emplace(b.output[i].var, a.output[i].var);
    if (!added && paired->second != a.output[i].var) return false;
  }
  std::vector<const Expr*> mine, theirs;
  ForEachExpr(a, [&](const Expr& expr) { mine.push_back(&expr); });
  ForEachExpr(b, [&](const Expr& expr) { theirs.push_back(&expr); });
  if (!std::equal(mine.begin(), mine.end(), theirs.begin(), theirs.end(),
                  [&](const Expr* x, const Expr* y) { return Equal(*x, *y, pairs); })) {
    return false;
  }
  if (a.kind == LogicalKind::kAggregate) {
    return SameCalls(a, b, &LogicalAggregate::aggregates, pairs);
  }
  if (a.kind == LogicalKind::kWindow) return SameCalls(a, b, &LogicalWindow::functions, pairs);
  return true;
}

bool SubqueryExpr::SameSubquery(const SubqueryExprBase& other, SubqueryPairs& pairs) const {
  const auto& that = static_cast<const SubqueryExpr&>(other);
  return subquery_kind == that.subquery_kind && comparisons == that.comparisons &&
         SameRows(*plan, *that.plan, pairs);
}

}  // namespace oxibase
