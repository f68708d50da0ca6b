// Logical plans as text: one node a line, children indented below.
#include <fmt/format.h>

#include "sql/plan/logical.h"

namespace oxibase {
namespace {

class Formatter {
 public:
  std::string Take() { return std::move(text_); }

  void Node(const LogicalNode& node, int indent) {
    text_.append(static_cast<size_t>(indent) * 2, ' ');
    Head(node);
    text_ += " ->";
    for (const OutputColumn& column : node.output) {
      text_ += fmt::format(" {}#{}", column.name, column.var);
    }
    text_ += '\n';
    ForEachExpr(node, [&](const Expr& expr) { Subqueries(expr, indent + 1); });
    for (const LogicalPtr& child : node.children) Node(*child, indent + 1);
  }

 private:
  void Subqueries(const Expr& expr, int indent) {
    if (expr.kind == ExprKind::kSubquery) {
      text_.append(static_cast<size_t>(indent) * 2, ' ');
      text_ += "Subquery\n";
      Node(*static_cast<const SubqueryExpr&>(expr).plan, indent + 1);
    }
    ForEachChild(expr, [&](const Expr& child) { Subqueries(child, indent); });
  }

  std::string One(const ExprPtr& expr) { return expr ? oxibase::Format(*expr) : "-"; }
  std::string List(const std::vector<ExprPtr>& exprs) {
    std::string list;
    for (const ExprPtr& expr : exprs) {
      if (!list.empty()) list += ", ";
      list += One(expr);
    }
    return list;
  }
  std::string Keys(const std::vector<SortKey>& keys) {
    std::string list;
    for (const SortKey& key : keys) {
      if (!list.empty()) list += ", ";
      list += One(key.expr);
      if (key.descending) list += " DESC";
      if (key.nulls_first != key.descending)
        list += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
    }
    return list;
  }
  std::string Assignments(const std::vector<std::pair<ColumnId, ExprPtr>>& assignments) {
    std::string list;
    for (const auto& [column, expr] : assignments) {
      if (!list.empty()) list += ", ";
      list += fmt::format("{} = {}", column.value, One(expr));
    }
    return list;
  }
  void Rules(const TableRules& rules) {
    for (const auto& computed : rules.computed) {
      text_ += fmt::format(" computed {} = {}", computed.column.value, One(computed.expr));
    }
    for (const auto& check : rules.checks) {
      text_ += fmt::format(" check {}: {}", check.name, One(check.expr));
    }
  }

  void Head(const LogicalNode& node) {
    switch (node.kind) {
      case LogicalKind::kScan: {
        const auto& n = static_cast<const LogicalScan&>(node);
        text_ += "Scan " + n.table->name;
        if (!n.alias.empty() && n.alias != n.table->name) text_ += " " + n.alias;
        if (n.as_of) text_ += " as of " + One(n.as_of.at);
        break;
      }
      case LogicalKind::kValues: {
        text_ += "Values";
        for (const auto& row : static_cast<const LogicalValues&>(node).rows_exprs)
          text_ += " (" + List(row) + ")";
        break;
      }
      case LogicalKind::kFunctionScan: {
        const auto& n = static_cast<const LogicalFunctionScan&>(node);
        text_ += "FunctionScan";
        for (const auto& call : n.calls) text_ += " " + One(call.call);
        if (n.with_ordinality) text_ += " with ordinality";
        break;
      }
      case LogicalKind::kFilter:
        text_ += "Filter " + One(static_cast<const LogicalFilter&>(node).predicate);
        break;
      case LogicalKind::kProject:
        text_ += "Project " + List(static_cast<const LogicalProject&>(node).exprs);
        break;
      case LogicalKind::kJoin:
        Join(static_cast<const LogicalJoin&>(node));
        break;
      case LogicalKind::kAggregate:
        Aggregate(static_cast<const LogicalAggregate&>(node));
        break;
      case LogicalKind::kWindow:
        Window(static_cast<const LogicalWindow&>(node));
        break;
      case LogicalKind::kDistinct: {
        const auto& n = static_cast<const LogicalDistinct&>(node);
        text_ += n.on.empty() ? "Distinct" : "Distinct on " + List(n.on);
        break;
      }
      case LogicalKind::kSort:
        text_ += "Sort " + Keys(static_cast<const LogicalSort&>(node).keys);
        break;
      case LogicalKind::kLimit: {
        const auto& n = static_cast<const LogicalLimit&>(node);
        text_ += "Limit " + One(n.limit);
        if (n.offset) text_ += " offset " + One(n.offset);
        if (n.with_ties) text_ += " with ties by " + Keys(n.ties);
        break;
      }
      case LogicalKind::kSetOp: {
        const auto& n = static_cast<const LogicalSetOp&>(node);
        static constexpr const char* kNames[] = {"Union", "Intersect", "Except"};
        text_ += kNames[static_cast<int>(n.op)];
        if (n.all) text_ += " all";
        break;
      }
      case LogicalKind::kCte: {
        const auto& n = static_cast<const LogicalCte&>(node);
        text_ += fmt::format("Cte {}@{}{}", n.name, n.cte_id, n.modifies ? " modifies" : "");
        break;
      }
      case LogicalKind::kCteScan: {
        const auto& n = static_cast<const LogicalCteScan&>(node);
        text_ += fmt::format("CteScan {}@{}{}", n.name, n.cte_id,
                             n.working_table ? " working table" : "");
        break;
      }
      case LogicalKind::kRecursiveCte: {
        const auto& n = static_cast<const LogicalRecursiveCte&>(node);
        text_ += fmt::format("RecursiveCte {}@{}{}", n.name, n.cte_id, n.all ? " all" : "");
        break;
      }
      case LogicalKind::kLockRows: {
        text_ += "LockRows";
        for (const auto& target : static_cast<const LogicalLockRows&>(node).targets) {
          static constexpr const char* kModes[] = {"key share", "share", "no key update", "update"};
          text_ += fmt::format(" {}#{} for {}", target.table->name, target.row_id,
                               kModes[static_cast<int>(target.mode)]);
        }
        break;
      }
      case LogicalKind::kInsert:
        Insert(static_cast<const LogicalInsert&>(node));
        break;
      case LogicalKind::kUpdate: {
        const auto& n = static_cast<const LogicalUpdate&>(node);
        text_ += fmt::format("Update {} by #{} set {}", n.table->name, n.row_id,
                             Assignments(n.assignments));
        Rules(n.rules);
        break;
      }
      case LogicalKind::kDelete: {
        const auto& n = static_cast<const LogicalDelete&>(node);
        text_ += fmt::format("Delete {} by #{}", n.table->name, n.row_id);
        break;
      }
    }
  }

  void Join(const LogicalJoin& n) {
    static constexpr const char* kNames[] = {"Inner", "Left",          "Right",  "Full", "Semi",
                                             "Anti",  "NullAwareAnti", "Single", "Mark"};
    text_ += fmt::format("{}Join{}", kNames[static_cast<int>(n.type)], n.lateral ? " lateral" : "");
    if (n.condition) text_ += " on " + One(n.condition);
    if (n.type == JoinType::kMark) text_ += fmt::format(" mark #{}", n.mark);
  }

  void Aggregate(const LogicalAggregate& n) {
    text_ += "Aggregate";
    if (!n.keys.empty()) text_ += " by " + List(n.keys);
    for (const auto& call : n.aggregates) text_ += " " + oxibase::Format(*call);
    for (const auto& set : n.grouping_sets) {
      text_ += fmt::format(" set ({})", fmt::join(set, ","));
    }
    for (const auto& call : n.grouping_calls) {
      text_ += fmt::format(" grouping({})", fmt::join(call, ","));
    }
  }

  void Window(const LogicalWindow& n) {
    text_ += "Window";
    if (!n.partition_by.empty()) text_ += " partition by " + List(n.partition_by);
    if (!n.order_by.empty()) text_ += " order by " + Keys(n.order_by);
    static constexpr const char* kModes[] = {"range", "rows", "groups"};
    static constexpr const char* kBounds[] = {"unbounded preceding", "preceding", "current row",
                                              "following", "unbounded following"};
    text_ += fmt::format(" {} {} to {}", kModes[static_cast<int>(n.frame.mode)],
                         kBounds[static_cast<int>(n.frame.start)],
                         kBounds[static_cast<int>(n.frame.end)]);
    for (const auto& call : n.functions) text_ += " " + oxibase::Format(*call);
  }

  void Insert(const LogicalInsert& n) {
    text_ += "Insert " + n.table->name + " (";
    for (size_t i = 0; i < n.columns.size(); ++i) {
      text_ += fmt::format("{}{}", i ? "," : "", n.columns[i].value);
    }
    text_ += ")";
    if (!n.defaults.empty()) text_ += " defaults " + Assignments(n.defaults);
    Rules(n.rules);
    if (n.on_conflict) {
      text_ += fmt::format(" on conflict ({})", fmt::join(n.on_conflict->arbiters, ","));
      if (n.on_conflict->do_update) text_ += " set " + Assignments(n.on_conflict->assignments);
      if (n.on_conflict->where) text_ += " where " + One(n.on_conflict->where);
    }
  }

  std::string text_;
};

}  // namespace

std::string Format(const LogicalNode& node) {
  Formatter formatter;
  formatter.Node(node, 0);
  return formatter.Take();
}

}  // namespace oxibase
