// Whole-row references. What an outer join leaves out has no row, rather than a row of NULLs: so
// the row is made below the join, in a projection over the item itself, and carried up from there
// as one more column.
#include "sql/bind/query_binder.h"

namespace oxibase::bind {

ExprPtr QueryBinder::WholeRow(RangeEntry& entry, Level& owner, int32_t location) {
  if (entry.scalar_function && entry.columns.size() == 1) {
    ExprPtr value = Clone(*entry.columns[0].expr);
    value->location = location;
    return value;
  }
  std::vector<ExprPtr> fields;
  std::vector<std::string> names;
  for (const ScopeColumn& column : entry.columns) {
    fields.push_back(Clone(*column.expr));
    names.push_back(column.name);
  }
  auto row = std::make_unique<RowExpr>(std::move(fields));
  row->names = std::move(names);
  row->location = location;
  // The row of a join is put together above it, as in PostgreSQL.
  const bool below = entry.node && (entry.nullable || entry.traced);
  if (!below) return row;
  if (!entry.row_var) entry.row_var = NewVar(owner);
  const OutputColumn column{entry.row_var, TypeId::kRecord, entry.name + ".*"};
  if (!entry.row_made) {
    entry.row_made = true;
    NoteShape(entry.row_var, ShapeOf(*row));
    rows_.push_back({column, std::move(row), entry.node});
  }
  ExprPtr ref = RefTo(column);
  ref->location = location;
  return ref;
}

namespace {

bool Reads(const LogicalNode& node, const OutputColumn& column) {
  bool found = false;
  ForEachExpr(node, [&](const Expr& expr) {
    ForEachVar(expr, [&](const ColumnExpr& ref) { found = found || ref.index == column.var; });
  });
  return found;
}

void HandUp(LogicalNode& node, const OutputColumn& column) {
  auto end = node.output.end();
  if (node.kind == LogicalKind::kWindow) {
    end -= static_cast<ptrdiff_t>(static_cast<const LogicalWindow&>(node).functions.size());
  }
  if (node.kind == LogicalKind::kProject) {
    static_cast<LogicalProject&>(node).exprs.push_back(RefTo(column));
  }
  node.output.insert(end, column);
}

/// Finds `item` in the plan and makes it yield `column` too, through all between it and whoever
/// reads that. `needed`: somebody above does. False: `item` is not there.
bool CarryUp(LogicalPtr& plan, const LogicalNode* item, const OutputColumn& column, ExprPtr& row,
             bool needed) {
  if (plan.get() == item) {
    if (!needed) return true;
    auto project = PassThrough(std::move(plan));
    project->exprs.push_back(std::move(row));
    project->output.push_back(column);
    plan = std::move(project);
    return true;
  }
  for (size_t i = 0; i < plan->children.size(); ++i) {
    bool wanted = needed || Reads(*plan, column);
    for (size_t other = 0; other < plan->children.size() && !wanted; ++other) {
      wanted = other != i && RefersTo(*plan->children[other], {column});
    }
    if (!CarryUp(plan->children[i], item, column, row, wanted)) continue;
    if (needed) HandUp(*plan, column);
    return true;
  }
  return false;
}

}  // namespace

void QueryBinder::MakeRows(LogicalPtr& plan) {
  std::erase_if(rows_, [&](NullableRow& made) {
    return CarryUp(plan, made.item, made.column, made.row, false);
  });
}

}  // namespace oxibase::bind
