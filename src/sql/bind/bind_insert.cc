// INSERT and ON CONFLICT.
#include <algorithm>

#include "sql/bind/query_binder.h"

namespace oxibase::bind {

Result<QueryBinder::WriteTarget> QueryBinder::FindTarget(const ast::RangeVar& range,
                                                         const char* verb) {
  ASSIGN_OR_RETURN(ResolvedRelation relation,
                   FindRelation(range.name, /*missing_ok=*/false, /*sequences_too=*/true));
  if (relation.sequence) {
    return Error(ErrorCode::kWrongObjectType, "cannot change sequence \"{}\"",
                 relation.sequence->name)
        .At(range.location);
  }
  WriteTarget target;
  if (relation.view) {
    Result<WriteTarget> found = FindViewTarget(std::move(relation.view), verb);
    if (!found.ok()) return std::move(found).status().At(range.location);
    target = std::move(found).value();
  } else {
    target.table = target.names = std::move(relation.table);
  }
  if (target.table->virtual_table) {
    return Error(ErrorCode::kInsufficientPrivilege, "permission denied: \"{}\" is a system catalog",
                 target.table->name)
        .At(range.location);
  }
  modifies_ = true;
  return target;
}

namespace {

Result<std::vector<const ColumnDef*>> TargetColumns(const std::vector<ast::TargetColumn>& names,
                                                    const TableDef& table) {
  std::vector<const ColumnDef*> columns;
  for (const ast::TargetColumn& name : names) {
    const ColumnDef* column = table.FindColumn(name.name);
    if (!column) {
      return Error(ErrorCode::kUndefinedColumn, "column \"{}\" of relation \"{}\" does not exist",
                   name.name, table.name)
          .At(name.location);
    }
    const auto same = std::find(columns.begin(), columns.end(), column);
    // Several parts of one column may be given, but not a part and the whole.
    const bool parts = same != columns.end() && !name.indirection.empty() &&
                       !names[static_cast<size_t>(same - columns.begin())].indirection.empty();
    if (same != columns.end() && !parts) {
      return Error(ErrorCode::kDuplicateColumn, "column \"{}\" specified more than once", name.name)
          .At(name.location);
    }
    columns.push_back(column);
  }
  if (names.empty()) {
    for (const ColumnDef& column : table.columns) {
      if (!column.dropped && !column.hidden) columns.push_back(&column);
    }
  }
  return columns;
}

Status CheckWritable(const ColumnDef& column, ast::Overriding overriding, int32_t location) {
  if (column.generated) {
    return Error(ErrorCode::kGeneratedAlways,
                 "cannot insert a non-DEFAULT value into column \"{}\"", column.name)
        .Detail(fmt::format("Column \"{}\" is a generated column.", column.name))
        .At(location);
  }
  if (column.identity == 'a' && overriding == ast::Overriding::kNone) {
    return Error(ErrorCode::kGeneratedAlways,
                 "cannot insert a non-DEFAULT value into column \"{}\"", column.name)
        .Detail(fmt::format("Column \"{}\" is an identity column defined as GENERATED ALWAYS.",
                            column.name))
        .Hint("Use OVERRIDING SYSTEM VALUE to override.")
        .At(location);
  }
  return {};
}

bool IsPlainValues(const ast::SelectStmt& select) {
  return !select.values_lists.empty() && select.order_by.empty() && !select.limit_count &&
         !select.limit_offset && select.locking.empty() && !select.with;
}

Status TooMany(int32_t location) {
  return Error(ErrorCode::kSyntaxError, "INSERT has more expressions than target columns")
      .At(location);
}
Status TooFew(int32_t location) {
  return Error(ErrorCode::kSyntaxError, "INSERT has more target columns than expressions")
      .At(location);
}

}  // namespace

Result<LogicalPtr> QueryBinder::BindInsertValues(const ast::InsertStmt& insert,
                                                 const TableDef& table,
                                                 std::vector<const ColumnDef*>& columns,
                                                 Level& level) {
  const auto& lists = insert.source->values_lists;
  const size_t width = lists[0].size();
  std::vector<std::vector<ExprPtr>> by_column(width);  // null: DEFAULT
  ClauseScope clause(level, Clause::kValues);
  if (width > columns.size()) return TooMany(lists[0][columns.size()]->location);
  if (width < columns.size() && !insert.columns.empty()) {
    return TooFew(insert.columns[width].location);
  }
  for (const ast::ExprList& list : lists) {
    if (list.size() != width) {
      return Error(ErrorCode::kSyntaxError, "VALUES lists must all be the same length")
          .At(list.empty() ? -1 : list[0]->location);
    }
    for (size_t i = 0; i < width; ++i) {
      if (list[i]->kind == ast::ExprKind::kSetToDefault) {
        by_column[i].push_back(nullptr);
        continue;
      }
      const ColumnDef& column = *columns[i];
      ASSIGN_OR_RETURN(ExprPtr value, BindForColumn(*list[i], column, level));
      by_column[i].push_back(std::move(value));
    }
  }
  columns.resize(width);
  auto values = std::make_unique<LogicalValues>();
  values->rows_exprs.resize(lists.size());
  std::vector<const ColumnDef*> written;
  for (size_t i = 0; i < width; ++i) {
    const ColumnDef& column = *columns[i];
    auto& cells = by_column[i];
    const bool all_default =
        std::all_of(cells.begin(), cells.end(), [](const ExprPtr& cell) { return !cell; });
    if (!all_default) {
      int32_t at = -1;
      for (const ExprPtr& cell : cells) {
        if (cell) at = cell->location;
      }
      RETURN_IF_ERROR(CheckWritable(column, insert.overriding, at));
    }
    if (all_default) continue;
    if (column.identity && insert.overriding == ast::Overriding::kUserValue) continue;
    for (size_t r = 0; r < cells.size(); ++r) {
      if (!cells[r]) {
        ASSIGN_OR_RETURN(cells[r], BindDefault(table, column));
        if (!cells[r]) cells[r] = std::make_unique<ConstantExpr>(Value::Null(column.type));
      }
      values->rows_exprs[r].push_back(std::move(cells[r]));
    }
    values->output.push_back({NewVar(level), column.type, column.name});
    written.push_back(&column);
  }
  columns = std::move(written);
  return values;
}

Result<ExprPtr> QueryBinder::BindForColumn(const ast::Expr& syntax, const ColumnDef& column,
                                           Level& level) {
  ExprPtr value;
  const auto* array = ast::TryAs<ast::ArrayExpr>(&syntax);
  if (array && array->elements.empty() && IsArrayType(column.type.id)) {
    ASSIGN_OR_RETURN(value, BindArray(*array, level, column.type));
  } else {
    ASSIGN_OR_RETURN(value, BindExpr(syntax, level));
  }
  return CoerceForAssignment(std::move(value), column.type, column.name, syntax.location);
}

Result<LogicalPtr> QueryBinder::BindInsertSelect(const ast::InsertStmt& insert,
                                                 std::vector<const ColumnDef*>& columns,
                                                 Level& level) {
  ASSIGN_OR_RETURN(LogicalPtr source, BindSelect(*insert.source, &level, false));
  const size_t width = source->output.size();
  if (width > columns.size()) {
    const bool project = source->kind == LogicalKind::kProject;
    return TooMany(project ? static_cast<LogicalProject&>(*source).exprs[columns.size()]->location
                           : -1);
  }
  if (width < columns.size()) {
    if (!insert.columns.empty()) return TooFew(insert.columns[width].location);
    columns.resize(width);
  }
  bool changes = false;
  for (size_t i = 0; i < width; ++i) {
    RETURN_IF_ERROR(CheckWritable(*columns[i], insert.overriding, -1));
    changes = changes || source->output[i].type != columns[i]->type ||
              (columns[i]->identity && insert.overriding == ast::Overriding::kUserValue);
  }
  if (!changes) return Result<LogicalPtr>(std::move(source));
  // Untyped literals of the select list take the column's type, so it is cast in place.
  if (source->kind != LogicalKind::kProject) source = PassThrough(std::move(source));
  auto& project = static_cast<LogicalProject&>(*source);
  std::vector<ExprPtr> exprs;
  std::vector<OutputColumn> output;
  std::vector<const ColumnDef*> written;
  for (size_t i = 0; i < width; ++i) {
    const ColumnDef& column = *columns[i];
    if (column.identity && insert.overriding == ast::Overriding::kUserValue) continue;
    OutputColumn out = project.output[i];
    const bool same = out.type == column.type;
    ASSIGN_OR_RETURN(ExprPtr cast, CoerceForAssignment(std::move(project.exprs[i]), column.type,
                                                       column.name, -1));
    if (!same) {
      out.var = NewVar(level);
      out.type = cast->type;
    }
    exprs.push_back(std::move(cast));
    output.push_back(std::move(out));
    written.push_back(&column);
  }
  project.exprs = std::move(exprs);
  project.output = std::move(output);
  columns = std::move(written);
  return Result<LogicalPtr>(std::move(source));
}

Result<LogicalPtr> QueryBinder::BindInsert(const ast::InsertStmt& insert, Level* parent) {
  Level level(parent);
  WithScope with;
  if (insert.with) {
    ASSIGN_OR_RETURN(with, BindWith(*insert.with, level, !parent));
  }
  ASSIGN_OR_RETURN(const WriteTarget target, FindTarget(insert.table, "insert into"));
  const std::shared_ptr<const TableDef>& table = target.table;
  ASSIGN_OR_RETURN(std::vector<const ColumnDef*> columns,
                   TargetColumns(insert.columns, *target.names));
  // Parts of columns (a[1]) are bound as columns of their own, then brought together.
  const bool has_parts =
      std::any_of(insert.columns.begin(), insert.columns.end(),
                  [](const ast::TargetColumn& target) { return !target.indirection.empty(); });
  std::vector<ColumnDef> parts;
  if (has_parts) {
    parts.reserve(columns.size());
    for (size_t i = 0; i < columns.size(); ++i) {
      ASSIGN_OR_RETURN(ColumnDef part, PartColumn(*columns[i], insert.columns[i]));
      parts.push_back(std::move(part));
      if (!insert.columns[i].indirection.empty()) columns[i] = &parts.back();
    }
  }
  const std::vector<const ColumnDef*> bound_columns = columns;
  auto node = std::make_unique<LogicalInsert>();
  LogicalPtr source;
  if (!insert.source) {
    source = OneRow();
    columns.clear();
  } else if (IsPlainValues(*insert.source)) {
    ASSIGN_OR_RETURN(source, BindInsertValues(insert, *table, columns, level));
  } else {
    ASSIGN_OR_RETURN(source, BindInsertSelect(insert, columns, level));
  }
  if (has_parts) {
    std::vector<const ColumnDef*> written = std::move(columns);
    ASSIGN_OR_RETURN(source, AssembleParts(insert.columns, bound_columns, *table, std::move(source),
                                           written, level));
    columns = std::move(written);
  }
  node->table = table;
  for (const ColumnDef* column : columns) {
    if (column->id == ColumnId()) {
      return Error(ErrorCode::kFeatureNotSupported,
                   "cannot insert into column \"{}\" of view \"{}\"", column->name,
                   target.view->name)
          .Detail("View columns that are not columns of their base relation are not updatable.");
    }
    const auto& before = node->columns;
    if (std::find(before.begin(), before.end(), column->id) != before.end()) {
      return Error(ErrorCode::kSyntaxError, "multiple assignments to same column \"{}\"",
                   table->FindColumn(column->id)->name);
    }
    node->columns.push_back(column->id);
  }
  for (const ColumnDef& column : table->columns) {
    if (column.dropped || column.hidden || column.generated) continue;
    const auto& given = node->columns;
    if (std::find(given.begin(), given.end(), column.id) != given.end()) continue;
    ASSIGN_OR_RETURN(ExprPtr value, BindDefault(*table, column));
    if (value) node->defaults.emplace_back(column.id, std::move(value));
  }
  ASSIGN_OR_RETURN(node->rules, BindRules(*table));
  const std::string name =
      insert.table.alias.empty() ? target.names->name : insert.table.alias.name;
  if (insert.on_conflict) {
    ASSIGN_OR_RETURN(OnConflictClause clause,
                     BindOnConflict(*insert.on_conflict, target, name, level));
    node->on_conflict = std::move(clause);
  }
  for (size_t i = 0; i < table->columns.size(); ++i) {
    const ColumnDef& column = table->columns[i];
    if (node->rules.column_vars[i] == 0) continue;
    node->output.push_back({node->rules.column_vars[i], column.type, column.name});
  }
  const std::vector<VarId> vars = node->rules.column_vars;
  node->children.push_back(std::move(source));
  LogicalPtr plan = std::move(node);
  if (insert.returning) {
    RETURN_IF_ERROR(AddTargetScope(level, target, vars, name));
    ASSIGN_OR_RETURN(plan, BindReturning(*insert.returning, std::move(plan), level));
  }
  return AttachWith(std::move(with), std::move(plan));
}

Result<LogicalPtr> QueryBinder::BindReturning(const ast::ReturningClause& returning,
                                              LogicalPtr plan, Level& level) {
  if (!returning.old_alias.empty() || !returning.new_alias.empty()) {
    return Error(ErrorCode::kFeatureNotSupported, "RETURNING WITH (OLD, NEW) is not supported");
  }
  ASSIGN_OR_RETURN(std::vector<Target> targets,
                   BindTargets(returning.targets, level, Clause::kReturning));
  for (Target& target : targets) {
    ASSIGN_OR_RETURN(target.expr, ResolveUnknown(std::move(target.expr)));
  }
  return ProjectTargets(std::move(plan), targets, level);
}

}  // namespace oxibase::bind
