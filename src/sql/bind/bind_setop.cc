// UNION, INTERSECT, EXCEPT and VALUES.
#include "expr/function.h"
#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

const char* SetOpName(ast::SetOperation op) {
  switch (op) {
    case ast::SetOperation::kIntersect:
      return "INTERSECT";
    case ast::SetOperation::kExcept:
      return "EXCEPT";
    default:
      return "UNION";
  }
}

int32_t LocationOf(const LogicalNode& plan, size_t column) {
  if (plan.kind != LogicalKind::kProject) return -1;
  return static_cast<const LogicalProject&>(plan).exprs[column]->location;
}

}  // namespace

Result<LogicalPtr> QueryBinder::BindSetOperand(const ast::SelectStmt& select, Level& level) {
  return BindSelect(select, &level, false);
}

Result<LogicalPtr> QueryBinder::CastColumn(LogicalPtr plan, size_t column, Type type, Level& level,
                                           const char* what) {
  const Type from = plan->output[column].type;
  if (from == type) return Result<LogicalPtr>(std::move(plan));
  if (from.id == type.id) {
    // Only the modifier goes.
    if (type.typmod < 0) return Result<LogicalPtr>(std::move(plan));
  }
  const int32_t location = LocationOf(*plan, column);
  if (plan->kind != LogicalKind::kProject) plan = PassThrough(std::move(plan));
  auto& project = static_cast<LogicalProject&>(*plan);
  ASSIGN_OR_RETURN(ExprPtr cast,
                   Coerce(std::move(project.exprs[column]), type.id, CoercionContext::kImplicit,
                          CallExpr::Syntax::kImplicitCast, location));
  if (!cast) {
    return Error(ErrorCode::kCannotCoerce, "{} could not convert type {} to {}", what,
                 FormatType(from), FormatType(type))
        .At(location);
  }
  project.exprs[column] = std::move(cast);
  project.output[column].type = type;
  project.output[column].var = NewVar(level);
  return Result<LogicalPtr>(std::move(plan));
}

Result<LogicalPtr> QueryBinder::CombineSetOperation(const ast::SelectStmt& select, LogicalPtr left,
                                                    LogicalPtr right, Level& level) {
  const char* what = SetOpName(select.set_op);
  if (left->output.size() != right->output.size()) {
    return Error(ErrorCode::kSyntaxError, "each {} query must have the same number of columns",
                 what)
        .At(LocationOf(*right, 0));
  }
  auto node = std::make_unique<LogicalSetOp>();
  node->op = select.set_op == ast::SetOperation::kUnion       ? LogicalSetOp::Op::kUnion
             : select.set_op == ast::SetOperation::kIntersect ? LogicalSetOp::Op::kIntersect
                                                              : LogicalSetOp::Op::kExcept;
  node->all = select.set_all;
  for (size_t i = 0; i < left->output.size(); ++i) {
    const Type types[] = {left->output[i].type, right->output[i].type};
    const TypeId ids[] = {types[0].id, types[1].id};
    size_t failed = 0;
    Result<TypeId> common = SelectCommonType(ids, what, &failed);
    if (!common.ok()) {
      Status error = std::move(common).status();
      return std::move(error).At(LocationOf(failed == 0 ? *left : *right, i));
    }
    const Type type(*common, SelectCommonTypmod(types, *common));
    ASSIGN_OR_RETURN(left, CastColumn(std::move(left), i, type, level, what));
    ASSIGN_OR_RETURN(right, CastColumn(std::move(right), i, type, level, what));
    if (!node->all) {
      ASSIGN_OR_RETURN([[maybe_unused]] const Function* equal,
                       ComparisonFor("=", type.id, LocationOf(*left, i)));
    }
    node->output.push_back({NewVar(level), type, left->output[i].name});
  }
  node->children.push_back(std::move(left));
  node->children.push_back(std::move(right));
  return node;
}

Result<LogicalPtr> QueryBinder::BindSetOperation(const ast::SelectStmt& select, Level& level) {
  std::vector<const ast::LockingClause*> own;
  for (const ast::LockingClause& clause : select.locking) own.push_back(&clause);
  RETURN_IF_ERROR(CheckLocking(select, own));
  ASSIGN_OR_RETURN(LogicalPtr left, BindSetOperand(*select.left, level));
  ASSIGN_OR_RETURN(LogicalPtr right, BindSetOperand(*select.right, level));
  ASSIGN_OR_RETURN(LogicalPtr plan,
                   CombineSetOperation(select, std::move(left), std::move(right), level));
  return SortAndLimitRows(select, std::move(plan), level);
}

Result<LogicalPtr> QueryBinder::BindValuesLists(const ast::SelectStmt& select, Level& level) {
  if (!select.locking.empty()) {
    return Error(ErrorCode::kFeatureNotSupported, "FOR UPDATE cannot be applied to VALUES");
  }
  const size_t columns = select.values_lists[0].size();
  std::vector<std::vector<ExprPtr>> by_column(columns);
  for (const ast::ExprList& list : select.values_lists) {
    ClauseScope clause(level, Clause::kValues);
    ASSIGN_OR_RETURN(std::vector<ExprPtr> row, BindList(list, level));
    if (row.size() != columns) {
      return Error(ErrorCode::kSyntaxError, "VALUES lists must all be the same length")
          .At(list.empty() ? -1 : list[0]->location);
    }
    for (size_t i = 0; i < columns; ++i) by_column[i].push_back(std::move(row[i]));
  }
  auto values = std::make_unique<LogicalValues>();
  values->rows_exprs.resize(select.values_lists.size());
  for (size_t i = 0; i < columns; ++i) {
    ASSIGN_OR_RETURN(Type type, UnifyTypes(by_column[i], "VALUES"));
    values->output.push_back({NewVar(level), type, fmt::format("column{}", i + 1)});
    for (size_t r = 0; r < by_column[i].size(); ++r) {
      values->rows_exprs[r].push_back(std::move(by_column[i][r]));
    }
  }
  return SortAndLimitRows(select, std::move(values), level);
}

}  // namespace oxibase::bind
