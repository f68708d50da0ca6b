// UPDATE and DELETE.
#include <algorithm>

#include "expr/function.h"
#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

using Assignments = std::vector<std::pair<ColumnId, ExprPtr>>;

bool IsPartAssignment(const Expr& expr) {
  return expr.kind == ExprKind::kCall &&
         static_cast<const CallExpr&>(expr).function->name.starts_with("array_assign");
}

/// The assignment to the column that came before, or null.
ExprPtr* EarlierAssignment(Assignments& earlier, ColumnId column) {
  for (auto& [id, expr] : earlier) {
    if (id == column) return &expr;
  }
  return nullptr;
}

Result<const ColumnDef*> AssignedColumn(const ast::TargetColumn& target, const TableDef& table,
                                        Assignments& earlier) {
  const ColumnDef* column = table.FindColumn(target.name);
  if (!column) {
    return Error(ErrorCode::kUndefinedColumn, "column \"{}\" of relation \"{}\" does not exist",
                 target.name, table.name)
        .At(target.location);
  }
  if (column->id == ColumnId()) {
    return Error(ErrorCode::kFeatureNotSupported, "cannot update column \"{}\" of view \"{}\"",
                 target.name, table.name)
        .Detail("View columns that are not columns of their base relation are not updatable.");
  }
  const ExprPtr* before = EarlierAssignment(earlier, column->id);
  if (before && (target.indirection.empty() || !IsPartAssignment(**before))) {
    return Error(ErrorCode::kSyntaxError, "multiple assignments to same column \"{}\"", target.name)
        .At(target.location);
  }
  return column;
}

Status OnlyDefault(const ColumnDef& column, int32_t location) {
  if (!column.generated && column.identity != 'a') return {};
  return Error(ErrorCode::kGeneratedAlways, "column \"{}\" can only be updated to DEFAULT",
               column.name)
      .Detail(column.generated
                  ? fmt::format("Column \"{}\" is a generated column.", column.name)
                  : fmt::format("Column \"{}\" is an identity column defined as GENERATED ALWAYS.",
                                column.name))
      .At(location);
}

}  // namespace

Status QueryBinder::AssignValue(const ast::Expr& value, const TableDef& table,
                                const ast::TargetColumn& target, Level& level,
                                std::vector<std::pair<ColumnId, ExprPtr>>& out) {
  ASSIGN_OR_RETURN(const ColumnDef* column, AssignedColumn(target, table, out));
  if (!target.indirection.empty()) {
    RETURN_IF_ERROR(OnlyDefault(*column, target.location));
    if (value.kind == ast::ExprKind::kSetToDefault) {
      return Error(ErrorCode::kFeatureNotSupported, "cannot set an array element to DEFAULT")
          .At(value.location);
    }
    ASSIGN_OR_RETURN(const ColumnDef part, PartColumn(*column, target));
    ASSIGN_OR_RETURN(ExprPtr element, BindForColumn(value, part, level));
    return AssignToPart(*column, target, std::move(element), level, out);
  }
  if (value.kind == ast::ExprKind::kSetToDefault) {
    if (column->generated) return {};  // computed anyway
    ASSIGN_OR_RETURN(ExprPtr expr, BindDefault(table, *column));
    if (!expr) expr = std::make_unique<ConstantExpr>(Value::Null(column->type));
    out.emplace_back(column->id, std::move(expr));
    return {};
  }
  RETURN_IF_ERROR(OnlyDefault(*column, target.location));
  ASSIGN_OR_RETURN(ExprPtr expr, BindForColumn(value, *column, level));
  out.emplace_back(column->id, std::move(expr));
  return {};
}

Status QueryBinder::AssignToPart(const ColumnDef& column, const ast::TargetColumn& target,
                                 ExprPtr value, Level& level,
                                 std::vector<std::pair<ColumnId, ExprPtr>>& out) {
  ExprPtr* before = EarlierAssignment(out, column.id);
  ExprPtr base;
  if (before) {
    base = std::move(*before);
  } else {
    // The row's own column: the target is the level's first item.
    const RangeEntry& own = *level.names[0].entry;
    for (const ScopeColumn& candidate : own.columns) {
      if (candidate.origin_column == column.id.value || candidate.name == column.name) {
        base = Clone(*candidate.expr);
      }
    }
    if (!base) return Error(ErrorCode::kInternalError, "no column \"{}\"", column.name);
  }
  ASSIGN_OR_RETURN(ExprPtr whole, AssignPart(std::move(base), target, std::move(value), level));
  if (before) {
    *before = std::move(whole);
  } else {
    out.emplace_back(column.id, std::move(whole));
  }
  return {};
}

Result<std::vector<std::pair<ColumnId, ExprPtr>>> QueryBinder::BindAssignments(
    const std::vector<ast::Assignment>& assignments, const TableDef& table, Level& level,
    LogicalPtr* plan) {
  ClauseScope clause(level, Clause::kUpdateSource);
  std::vector<std::pair<ColumnId, ExprPtr>> out;
  for (const ast::Assignment& assignment : assignments) {
    if (!assignment.multi) {
      RETURN_IF_ERROR(AssignValue(*assignment.value, table, assignment.targets[0], level, out));
      continue;
    }
    const auto mismatch = [&](int32_t location) {
      return Error(ErrorCode::kSyntaxError, "number of columns does not match number of values")
          .At(location);
    };
    if (const auto* row = ast::TryAs<ast::RowExpr>(assignment.value.get())) {
      if (row->args.size() != assignment.targets.size()) return mismatch(row->location);
      for (size_t i = 0; i < row->args.size(); ++i) {
        RETURN_IF_ERROR(AssignValue(*row->args[i], table, assignment.targets[i], level, out));
      }
      continue;
    }
    const auto* link = ast::TryAs<ast::SubLink>(assignment.value.get());
    if (!link || link->type != ast::SubLink::Type::kExpr) {
      return Error(ErrorCode::kFeatureNotSupported,
                   "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() "
                   "expression")
          .At(assignment.value->location);
    }
    std::vector<ExprPtr> fields;
    if (plan) {
      // Joined to each row; a second row of the subquery is 21000.
      ASSIGN_OR_RETURN(LogicalPtr query, BindSelect(*link->query, &level, true));
      Adopt(query->output, level);
      for (const OutputColumn& column : query->output) {
        fields.push_back(RefTo(column));
        fields.back()->location = link->location;
      }
      auto join = std::make_unique<LogicalJoin>();
      join->type = JoinType::kSingle;
      join->lateral = RefersTo(*query, (*plan)->output);
      join->output = (*plan)->output;
      join->output.insert(join->output.end(), query->output.begin(), query->output.end());
      join->children.push_back(std::move(*plan));
      join->children.push_back(std::move(query));
      *plan = std::move(join);
    } else {
      ASSIGN_OR_RETURN(fields, BindRowQuery(*link->query, level, link->location));
    }
    if (fields.size() != assignment.targets.size()) return mismatch(link->location);
    for (size_t i = 0; i < fields.size(); ++i) {
      ASSIGN_OR_RETURN(const ColumnDef* column, AssignedColumn(assignment.targets[i], table, out));
      RETURN_IF_ERROR(OnlyDefault(*column, assignment.targets[i].location));
      if (!assignment.targets[i].indirection.empty()) {
        ASSIGN_OR_RETURN(const ColumnDef part, PartColumn(*column, assignment.targets[i]));
        ASSIGN_OR_RETURN(ExprPtr element, CoerceForAssignment(std::move(fields[i]), part.type,
                                                              column->name, link->location));
        RETURN_IF_ERROR(
            AssignToPart(*column, assignment.targets[i], std::move(element), level, out));
        continue;
      }
      ASSIGN_OR_RETURN(ExprPtr value, CoerceForAssignment(std::move(fields[i]), column->type,
                                                          column->name, link->location));
      out.emplace_back(column->id, std::move(value));
    }
  }
  return out;
}

Result<QueryBinder::Modified> QueryBinder::ScanTarget(const ast::RangeVar& range, const char* verb,
                                                      Level& level) {
  Modified target;
  ASSIGN_OR_RETURN(WriteTarget found, FindTarget(range, verb));
  target.table = std::move(found.table);
  target.view = std::move(found.view);
  target.names = std::move(found.names);
  FromResult scan =
      ScanTable(target.table, range.alias, level, /*with_row_id=*/true, /*with_hidden=*/true);
  target.entry = scan.top;
  const auto& node = static_cast<const LogicalScan&>(*scan.plan);
  size_t at = 0;
  for (const ColumnDef& column : target.table->columns) {
    target.old_vars.push_back(column.dropped ? 0 : node.output[at++].var);
  }
  target.plan = std::move(scan.plan);
  if (target.view) {
    ASSIGN_OR_RETURN(ViewFace face, FaceOf(*target.view, target.old_vars, verb, level));
    target.entry->name = target.view->name;
    target.entry->columns = std::move(face.columns);
    for (ExprPtr& condition : face.conditions) {
      target.plan = FilterBy(std::move(target.plan), std::move(condition));
    }
  }
  RETURN_IF_ERROR(ApplyAlias(*target.entry, range.alias, range.location));
  // Items of FROM cannot look at the target.
  NamespaceItem item{.entry = target.entry};
  item.lateral_only = true;
  item.lateral_ok = false;
  level.names.push_back(item);
  return target;
}

Result<LogicalPtr> QueryBinder::FilterModified(LogicalPtr plan, const ast::Expr& where,
                                               const Modified& target, Level& level) {
  if (const auto* current = ast::TryAs<ast::CurrentOfExpr>(&where)) {
    if (target.view) {
      return Error(ErrorCode::kFeatureNotSupported,
                   "WHERE CURRENT OF on a view is not implemented");
    }
    context_.current_of.push_back(
        {.cursor = current->cursor, .scan_id = target.entry->scan_id, .table = target.table});
    return plan;
  }
  ClauseScope clause(level, Clause::kWhere);
  ASSIGN_OR_RETURN(ExprPtr bound, BindCondition(where, level, "WHERE"));
  return FilterBy(std::move(plan), std::move(bound));
}

Result<LogicalPtr> QueryBinder::BindUpdate(const ast::UpdateStmt& update, Level* parent) {
  Level level(parent);
  WithScope with;
  if (update.with) {
    ASSIGN_OR_RETURN(with, BindWith(*update.with, level, !parent));
  }
  ASSIGN_OR_RETURN(Modified target, ScanTarget(update.table, "update", level));
  ASSIGN_OR_RETURN(LogicalPtr plan, BindFrom(update.from, level, std::move(target.plan)));
  level.names[0].lateral_ok = true;
  if (update.where) {
    ASSIGN_OR_RETURN(plan, FilterModified(std::move(plan), *update.where, target, level));
  }
  auto node = std::make_unique<LogicalUpdate>();
  ASSIGN_OR_RETURN(node->assignments, BindAssignments(update.set, *target.names, level, &plan));
  node->table = target.table;
  node->scan_id = target.entry->scan_id;
  node->row_id = target.entry->row_id;
  node->old_vars = target.old_vars;
  ASSIGN_OR_RETURN(node->rules, BindRules(*target.table));
  for (size_t i = 0; i < target.table->columns.size(); ++i) {
    const ColumnDef& column = target.table->columns[i];
    if (node->rules.column_vars[i] == 0) continue;
    node->output.push_back({node->rules.column_vars[i], column.type, column.name});
  }
  node->output.insert(node->output.end(), plan->output.begin(), plan->output.end());
  if (update.returning) {
    // RETURNING sees the row as it has become.
    Adopt(node->output, level);
    if (target.view) {
      ASSIGN_OR_RETURN(ViewFace face,
                       FaceOf(*target.view, node->rules.column_vars, "update", level));
      // Their names may be an alias's.
      for (size_t i = 0; i < face.columns.size(); ++i) {
        target.entry->columns[i].expr = std::move(face.columns[i].expr);
      }
    }
    for (ScopeColumn& column : target.entry->columns) {
      if (target.view) break;
      for (size_t i = 0; i < target.table->columns.size(); ++i) {
        const ColumnDef& def = target.table->columns[i];
        if (def.id.value != column.origin_column) continue;
        column.expr = std::make_unique<ColumnExpr>(node->rules.column_vars[i], def.type, def.name);
      }
    }
  }
  node->children.push_back(std::move(plan));
  plan = std::move(node);
  if (update.returning) {
    ASSIGN_OR_RETURN(plan, BindReturning(*update.returning, std::move(plan), level));
  }
  return AttachWith(std::move(with), std::move(plan));
}

Result<LogicalPtr> QueryBinder::BindDelete(const ast::DeleteStmt& statement, Level* parent) {
  Level level(parent);
  WithScope with;
  if (statement.with) {
    ASSIGN_OR_RETURN(with, BindWith(*statement.with, level, !parent));
  }
  ASSIGN_OR_RETURN(Modified target, ScanTarget(statement.table, "delete from", level));
  ASSIGN_OR_RETURN(LogicalPtr plan, BindFrom(statement.using_items, level, std::move(target.plan)));
  level.names[0].lateral_ok = true;
  if (statement.where) {
    ASSIGN_OR_RETURN(plan, FilterModified(std::move(plan), *statement.where, target, level));
  }
  auto node = std::make_unique<LogicalDelete>();
  node->table = target.table;
  node->scan_id = target.entry->scan_id;
  node->row_id = target.entry->row_id;
  node->old_vars = target.old_vars;
  node->output = plan->output;
  node->children.push_back(std::move(plan));
  plan = std::move(node);
  if (statement.returning) {
    ASSIGN_OR_RETURN(plan, BindReturning(*statement.returning, std::move(plan), level));
  }
  return AttachWith(std::move(with), std::move(plan));
}

}  // namespace oxibase::bind
