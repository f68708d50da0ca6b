// INSERT, UPDATE, DELETE: rows of all the table's columns, in the order of its definition.

#include <algorithm>

#include "sql/optimize/expr_tools.h"
#include "sql/optimize/lower.h"

namespace oxibase {
namespace {

size_t ColumnPosition(const TableDef& table, ColumnId id) {
  const auto it = std::find_if(table.columns.begin(), table.columns.end(),
                               [&](const ColumnDef& column) { return column.id == id; });
  return static_cast<size_t>(it - table.columns.begin());
}

uint32_t At(const RowShape& shape, VarId var) {
  return static_cast<uint32_t>(std::find(shape.begin(), shape.end(), var) - shape.begin());
}

}  // namespace

Result<RowRules> Lowerer::LowerRules(TableRules& rules, const TableDef& table) {
  RowRules result;
  for (auto& computed : rules.computed) {
    RETURN_IF_ERROR(Resolve(computed.expr, rules.column_vars));
    result.computed.push_back(
        {static_cast<uint32_t>(ColumnPosition(table, computed.column)), std::move(computed.expr)});
  }
  for (auto& check : rules.checks) {
    RETURN_IF_ERROR(Resolve(check.expr, rules.column_vars));
    result.checks.push_back(std::move(check));
  }
  return result;
}

Result<Lowered> Lowerer::LowerInsert(LogicalInsert& insert, bool returning) {
  const TableDef& table = *insert.table;
  ASSIGN_OR_RETURN(Lowered input, LowerExactly(*insert.children[0], {}));
  auto result = std::make_unique<PhysicalInsert>();
  result->table = insert.table;
  result->returning = returning;
  result->values.resize(table.columns.size());
  for (size_t i = 0; i < insert.columns.size(); ++i) {
    const VarId var = insert.children[0]->output[i].var;
    // By position: one variable may feed two columns.
    auto column = std::make_unique<ColumnExpr>(static_cast<VarId>(i), Var(var).type, Var(var).name);
    result->values[ColumnPosition(table, insert.columns[i])] = std::move(column);
  }
  for (auto& [column, expr] : insert.defaults) {
    RETURN_IF_ERROR(Resolve(expr, {}));
    result->values[ColumnPosition(table, column)] = std::move(expr);
  }
  ASSIGN_OR_RETURN(result->rules, LowerRules(insert.rules, table));
  if (insert.on_conflict) {
    OnConflictClause& clause = *insert.on_conflict;
    PhysicalInsert::OnConflict conflict;
    conflict.do_update = clause.do_update;
    conflict.arbiters = clause.arbiters;
    RowShape both = clause.existing_vars;
    both.insert(both.end(), clause.excluded_vars.begin(), clause.excluded_vars.end());
    for (auto& [column, expr] : clause.assignments) {
      RETURN_IF_ERROR(Resolve(expr, both));
      conflict.assignments.emplace_back(static_cast<uint32_t>(ColumnPosition(table, column)),
                                        std::move(expr));
    }
    RETURN_IF_ERROR(Resolve(clause.where, both));
    conflict.where = std::move(clause.where);
    result->on_conflict = std::move(conflict);
  }
  const double rows = input.node->rows, cost = input.node->cost + rows * 5;
  result->children.push_back(std::move(input.node));
  return Finish(std::move(result), returning ? insert.rules.column_vars : RowShape{}, rows, cost);
}

Result<Lowered> Lowerer::LowerUpdate(LogicalUpdate& update, bool returning) {
  const TableDef& table = *update.table;
  ASSIGN_OR_RETURN(Lowered input, Lower(*update.children[0], {}));
  auto result = std::make_unique<PhysicalUpdate>();
  result->table = update.table;
  result->scan_id = update.scan_id;
  result->row_id_column = At(input.shape, update.row_id);
  result->returning = returning;
  result->values.resize(table.columns.size());
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (!table.columns[i].dropped) result->values[i] = ColumnAt(input.shape, update.old_vars[i]);
  }
  for (auto& [column, expr] : update.assignments) {
    const size_t i = ColumnPosition(table, column);
    RETURN_IF_ERROR(Resolve(expr, input.shape));
    result->values[i] = std::move(expr);
    result->assigned.push_back(static_cast<uint32_t>(i));
  }
  ASSIGN_OR_RETURN(result->rules, LowerRules(update.rules, table));
  RowShape shape;
  if (returning) {
    shape = update.rules.column_vars;
    shape.insert(shape.end(), input.shape.begin(), input.shape.end());
  }
  const double rows = input.node->rows, cost = input.node->cost + rows * 5;
  result->children.push_back(std::move(input.node));
  return Finish(std::move(result), std::move(shape), rows, cost);
}

Result<Lowered> Lowerer::LowerDelete(LogicalDelete& remove, bool returning) {
  const TableDef& table = *remove.table;
  ASSIGN_OR_RETURN(Lowered input, Lower(*remove.children[0], {}));
  auto result = std::make_unique<PhysicalDelete>();
  result->table = remove.table;
  result->scan_id = remove.scan_id;
  result->row_id_column = At(input.shape, remove.row_id);
  result->returning = returning;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const uint32_t position =
        i < remove.old_vars.size() ? At(input.shape, remove.old_vars[i]) : UINT32_MAX;
    result->old_columns.push_back(!table.columns[i].dropped && position < input.shape.size()
                                      ? static_cast<int>(position)
                                      : -1);
  }
  const double rows = input.node->rows, cost = input.node->cost + rows * 4;
  RowShape shape = returning ? input.shape : RowShape{};
  result->children.push_back(std::move(input.node));
  return Finish(std::move(result), std::move(shape), rows, cost);
}

}  // namespace oxibase
