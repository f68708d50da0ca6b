// Subqueries in expressions.
#include "expr/function.h"
#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

const char* ForbiddenPlace(Clause clause) {
  switch (clause) {
    case Clause::kDefault:
      return "DEFAULT expression";
    case Clause::kCheck:
      return "check constraint";
    case Clause::kGenerated:
      return "column generation expression";
    case Clause::kIndexElement:
      return "index expression";
    case Clause::kIndexPredicate:
      return "index predicate";
    case Clause::kAlterUsing:
      return "transform expression";
    case Clause::kExecute:
      return "EXECUTE parameter";
    case Clause::kCopyWhere:
      return "COPY FROM WHERE condition";
    default:
      return nullptr;
  }
}

/// Puts a Project over `plan` that casts column i by `exprs[i]`.
LogicalPtr ProjectColumns(LogicalPtr plan, std::vector<ExprPtr> exprs,
                          std::vector<OutputColumn> output) {
  auto project = std::make_unique<LogicalProject>();
  project->exprs = std::move(exprs);
  project->output = std::move(output);
  project->children.push_back(std::move(plan));
  return project;
}

}  // namespace

Result<ExprPtr> QueryBinder::BindSubLink(const ast::SubLink& link, Level& level) {
  RETURN_IF_ERROR(CountJoin(link.location));
  if (const char* place = ForbiddenPlace(level.clause)) {
    return Error(ErrorCode::kFeatureNotSupported, "cannot use subquery in {}", place)
        .At(link.location);
  }
  if (link.type == ast::SubLink::Type::kAny || link.type == ast::SubLink::Type::kAll) {
    return BindQuantified(link, level);
  }
  ASSIGN_OR_RETURN(LogicalPtr plan, BindSelect(*link.query, &level, true));
  std::unique_ptr<SubqueryExpr> bound;
  if (link.type == ast::SubLink::Type::kExists) {
    bound = std::make_unique<SubqueryExpr>(SubqueryKind::kExists, TypeId::kBool);
  } else {
    if (plan->output.size() != 1) {
      return Error(ErrorCode::kSyntaxError, "subquery must return only one column")
          .At(link.location);
    }
    const Type type = plan->output[0].type;
    if (link.type == ast::SubLink::Type::kArray) {
      const TypeId array = IsArrayType(type.id) ? type.id : ArrayTypeOf(type.id);
      if (array == TypeId::kInvalid) {
        return Error(ErrorCode::kUndefinedObject, "could not find array type for data type {}",
                     FormatType(type))
            .At(link.location);
      }
      bound = std::make_unique<SubqueryExpr>(SubqueryKind::kArray, Type(array, type.typmod));
    } else {
      bound = std::make_unique<SubqueryExpr>(SubqueryKind::kScalar, type);
    }
  }
  bound->plan = std::move(plan);
  bound->location = link.location;
  return bound;
}

Result<ExprPtr> QueryBinder::BindQuantified(const ast::SubLink& link, Level& level) {
  std::string op = link.op.empty() ? "=" : link.op.name;
  bool all = link.type == ast::SubLink::Type::kAll;
  RETURN_IF_ERROR(CheckOperatorSchema(link.op));
  ASSIGN_OR_RETURN(ExprPtr test, BindExpr(*link.test, level));
  std::vector<ExprPtr> left;
  // A relation's whole row is one value; ROW(...) is as many as it has.
  if (RowExpr* row = AsRow(*test); row && link.test->kind == ast::ExprKind::kRow) {
    left = std::move(row->args);
  } else {
    left.push_back(std::move(test));
  }
  ASSIGN_OR_RETURN(LogicalPtr plan, BindSelect(*link.query, &level, true));
  if (plan->output.size() != left.size()) {
    return Error(ErrorCode::kSyntaxError, "subquery has too {} columns",
                 plan->output.size() > left.size() ? "many" : "few")
        .At(link.location);
  }
  // Rows: "<>" of any field is the negation of "=" of all of them.
  bool negate = false;
  if (left.size() > 1 && op == "<>") {
    op = "=";
    all = !all;
    negate = true;
  }
  if (left.size() > 1 && op != "=") {
    return Error(ErrorCode::kFeatureNotSupported,
                 "row comparison operator {} with ANY or ALL is not supported", op)
        .At(link.location);
  }
  auto bound =
      std::make_unique<SubqueryExpr>(all ? SubqueryKind::kAll : SubqueryKind::kAny, TypeId::kBool);
  std::vector<ExprPtr> casts;
  std::vector<OutputColumn> output;
  bool cast_needed = false;
  for (size_t i = 0; i < left.size(); ++i) {
    const OutputColumn& column = plan->output[i];
    const TypeId operands[] = {left[i]->type.id, column.type.id};
    Result<ResolvedCall> resolved = ResolveOperator(op, operands);
    if (!resolved.ok()) {
      Status error = std::move(resolved).status();
      return std::move(error).At(link.location);
    }
    if (resolved->result.id != TypeId::kBool) {
      return Error(ErrorCode::kDatatypeMismatch,
                   "row comparison operator must yield type boolean, not type {}",
                   FormatType(resolved->result))
          .At(link.location);
    }
    ASSIGN_OR_RETURN(left[i], CoerceArgument(std::move(left[i]), resolved->arg_types[0]));
    ASSIGN_OR_RETURN(ExprPtr right, CoerceArgument(RefTo(column), resolved->arg_types[1]));
    if (right->kind == ExprKind::kColumn) {
      output.push_back(column);
    } else {
      cast_needed = true;
      output.push_back({NewVar(level), right->type, column.name});
    }
    casts.push_back(std::move(right));
    bound->comparisons.push_back(resolved->function);
  }
  if (cast_needed) plan = ProjectColumns(std::move(plan), std::move(casts), std::move(output));
  bound->left = std::move(left);
  bound->plan = std::move(plan);
  bound->location = link.location;
  if (!negate) return bound;
  std::vector<ExprPtr> args;
  args.push_back(std::move(bound));
  ExprPtr inverse = std::make_unique<BoolExpr>(ExprKind::kNot, std::move(args));
  inverse->location = link.location;
  return Result<ExprPtr>(std::move(inverse));
}

Result<std::vector<ExprPtr>> QueryBinder::BindRowQuery(const ast::SelectStmt& query, Level& level,
                                                       int32_t location) {
  ASSIGN_OR_RETURN(LogicalPtr plan, BindSelect(query, &level, true));
  auto row = std::make_unique<SubqueryExpr>(SubqueryKind::kRowFromQuery, TypeId::kRecord);
  const std::vector<OutputColumn> columns = plan->output;
  row->plan = std::move(plan);
  row->location = location;
  std::vector<ExprPtr> fields;
  for (size_t i = 0; i < columns.size(); ++i) {
    // NOLINTNEXTLINE(bugprone-use-after-move): moved from in the last round only
    ExprPtr source = i + 1 < columns.size() ? Copy(*row) : ExprPtr();
    if (!source) source = std::move(row);
    fields.push_back(std::make_unique<FieldSelectExpr>(std::move(source), static_cast<uint32_t>(i),
                                                       columns[i].type));
    fields.back()->location = location;
  }
  return fields;
}

Result<ExprPtr> QueryBinder::BindRowAgainstQuery(std::string_view op, const ast::RowExpr& row,
                                                 const ast::SubLink& link, Level& level,
                                                 int32_t location) {
  ASSIGN_OR_RETURN(ExprPtr left, BindRow(row, level));
  ASSIGN_OR_RETURN(std::vector<ExprPtr> right, BindRowQuery(*link.query, level, location));
  auto& fields = static_cast<RowExpr&>(*left).args;
  if (fields.size() != right.size()) {
    return Error(ErrorCode::kSyntaxError, "subquery has too {} columns",
                 right.size() > fields.size() ? "many" : "few")
        .At(link.location);
  }
  return CompareRowFields(op, std::move(fields), std::move(right), location);
}

}  // namespace oxibase::bind
