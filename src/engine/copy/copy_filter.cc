#include "engine/copy/copy_filter.h"

#include <algorithm>
#include <set>

#include "engine/ddl/table_expression.h"
#include "engine/session_impl.h"

namespace oxibase {
namespace {

/// Variables become positions in the batch; `used` gets them.
void ToPositions(ExprPtr& expr, std::set<size_t>* used) {
  if (expr->kind == ExprKind::kColumn) used->insert(--static_cast<ColumnExpr&>(*expr).index);
  ForEachChild(*expr, [&](ExprPtr& child) { ToPositions(child, used); });
}

}  // namespace

Result<std::unique_ptr<CopyFilter>> CopyFilter::Make(SessionImpl& session, const ast::Expr& where,
                                                     const TableDef& table,
                                                     std::span<const ResultColumn> columns) {
  BindContext bind = session.MakeBindContext();
  bind.allow_params = false;
  ASSIGN_OR_RETURN(ExprPtr condition,
                   BindScalarExpression(where, ExprUse::kCopyWhere, ddl::ScopeOf(table),
                                        TypeId::kBool, "", bind));
  std::set<size_t> used;
  ToPositions(condition, &used);
  ASSIGN_OR_RETURN(Evaluator evaluator, Evaluator::Compile(*condition));
  std::unique_ptr<CopyFilter> filter(
      new CopyFilter(session, table, std::move(condition), std::move(evaluator)));
  std::vector<Type> types;
  for (const ColumnDef& column : table.columns) types.push_back(column.type);
  filter->batch_ = Batch(types);
  for (const size_t position : used) {
    const ColumnDef& column = table.columns[position];
    const auto at = std::find_if(columns.begin(), columns.end(), [&](const ResultColumn& brought) {
      return brought.name == column.name;
    });
    const size_t from = at == columns.end() ? SIZE_MAX : static_cast<size_t>(at - columns.begin());
    filter->inputs_.push_back({position, from, column.id});
  }
  return filter;
}

Result<bool> CopyFilter::Passes(std::span<const Value> row) {
  EvalContext eval;
  session_.FillEval(eval);
  for (const Input& input : inputs_) {
    Vector& column = batch_.columns[input.position];
    if (input.from != SIZE_MAX) {
      column.SetConstant(row[input.from]);
    } else if (table_.FindColumn(input.column)->generated) {
      column.SetConstantNull();
    } else {
      ASSIGN_OR_RETURN(const Value value, session_.DefaultOf(table_, input.column, eval));
      column.SetConstant(value);
    }
  }
  batch_.size = 1;
  uint32_t selected = 0;
  ASSIGN_OR_RETURN(const uint32_t count, evaluator_.Select(eval, batch_, &selected));
  return count == 1;
}

}  // namespace oxibase
