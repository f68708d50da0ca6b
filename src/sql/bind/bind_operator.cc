// Operators and the constructs that are made of them: IN, BETWEEN, LIKE, IS DISTINCT FROM, NULLIF,
// comparisons of rows, op ANY and ALL over arrays.
#include "expr/function.h"
#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

ExprPtr MakeBool(ExprKind kind, std::vector<ExprPtr> args, int32_t location) {
  if (args.size() == 1 && kind != ExprKind::kNot) return std::move(args[0]);
  ExprPtr bound = std::make_unique<BoolExpr>(kind, std::move(args));
  bound->location = location;
  return bound;
}

}  // namespace

Status QueryBinder::CheckOperatorSchema(const ast::QualifiedName& op) {
  if (op.schema.empty() || op.schema == "pg_catalog") return {};
  if (!context_.catalog.FindSchema(op.schema)) {
    return Error(ErrorCode::kInvalidSchemaName, "schema \"{}\" does not exist", op.schema)
        .At(op.location);
  }
  return Error(ErrorCode::kUndefinedFunction, "operator does not exist: {}", op.ToString())
      .Hint(
          "No operator matches the given name and argument types. You might need to add explicit "
          "type casts.")
      .At(op.location);
}

Result<ExprPtr> QueryBinder::MakeOperator(std::string_view name, ExprPtr left, ExprPtr right,
                                          int32_t location) {
  std::vector<TypeId> types;
  std::vector<ExprPtr> args;
  if (left) {
    types.push_back(left->type.id);
    args.push_back(std::move(left));
  }
  types.push_back(right->type.id);
  args.push_back(std::move(right));
  Result<ResolvedCall> resolved = ResolveOperator(name, types);
  if (!resolved.ok()) {
    Status error = std::move(resolved).status();
    return std::move(error).At(location);
  }
  for (size_t i = 0; i < args.size(); ++i) {
    ASSIGN_OR_RETURN(args[i], CoerceArgument(std::move(args[i]), resolved->arg_types[i]));
  }
  auto call = std::make_unique<CallExpr>(*resolved->function, resolved->result, std::move(args),
                                         CallExpr::Syntax::kOperator);
  call->location = location;
  return call;
}

Result<ExprPtr> QueryBinder::BindComparison(std::string_view op, ExprPtr left, ExprPtr right,
                                            int32_t location) {
  RowExpr* left_row = AsRow(*left);
  RowExpr* right_row = AsRow(*right);
  if (left_row && right_row) {
    return CompareRowFields(op, std::move(left_row->args), std::move(right_row->args), location);
  }
  return MakeOperator(op, std::move(left), std::move(right), location);
}

Result<ExprPtr> QueryBinder::CompareRowFields(std::string_view op, std::vector<ExprPtr> left,
                                              std::vector<ExprPtr> right, int32_t location) {
  if (left.size() != right.size()) {
    return Error(ErrorCode::kSyntaxError, "unequal number of entries in row expressions")
        .At(location);
  }
  if (left.empty()) {
    return Error(ErrorCode::kFeatureNotSupported, "cannot compare rows of zero length")
        .At(location);
  }
  const bool ordering = op == "<" || op == "<=" || op == ">" || op == ">=";
  if (!ordering && op != "=" && op != "<>") {
    if (left.size() == 1)
      return MakeOperator(op, std::move(left[0]), std::move(right[0]), location);
    ASSIGN_OR_RETURN(ExprPtr one,
                     MakeOperator(op, std::move(left[0]), std::move(right[0]), location));
    if (one->type.id != TypeId::kBool) {
      return Error(ErrorCode::kDatatypeMismatch,
                   "row comparison operator must yield type boolean, not type {}",
                   FormatType(one->type))
          .At(location);
    }
    return Error(ErrorCode::kFeatureNotSupported,
                 "could not determine interpretation of row comparison operator {}", op)
        .Hint("Row comparison operators must be associated with btree operator families.")
        .At(location);
  }
  if (!ordering) {
    std::vector<ExprPtr> parts;
    for (size_t i = 0; i < left.size(); ++i) {
      ASSIGN_OR_RETURN(ExprPtr part,
                       BindComparison(op, std::move(left[i]), std::move(right[i]), location));
      parts.push_back(std::move(part));
    }
    return MakeBool(op == "=" ? ExprKind::kAnd : ExprKind::kOr, std::move(parts), location);
  }
  // a < c OR (a = c AND (b < d ...)): the same answers as comparing field by field, NULLs included.
  const std::string_view strict = op.substr(0, 1);
  ExprPtr result;
  for (size_t i = left.size(); i-- > 0;) {
    if (!result) {
      ASSIGN_OR_RETURN(result,
                       BindComparison(op, std::move(left[i]), std::move(right[i]), location));
      continue;
    }
    ASSIGN_OR_RETURN(ExprPtr before,
                     BindComparison(strict, Copy(*left[i]), Copy(*right[i]), location));
    ASSIGN_OR_RETURN(ExprPtr equal,
                     BindComparison("=", std::move(left[i]), std::move(right[i]), location));
    std::vector<ExprPtr> both, either;
    both.push_back(std::move(equal));
    both.push_back(std::move(result));
    either.push_back(std::move(before));
    either.push_back(MakeBool(ExprKind::kAnd, std::move(both), location));
    result = MakeBool(ExprKind::kOr, std::move(either), location);
  }
  return Result<ExprPtr>(std::move(result));
}

Result<ExprPtr> QueryBinder::BindOperator(const ast::OperatorExpr& expr, Level& level) {
  using Type = ast::OperatorExpr::Type;
  switch (expr.type) {
    case Type::kIn:
      return BindIn(expr, level);
    case Type::kBetween:
    case Type::kNotBetween:
    case Type::kBetweenSymmetric:
    case Type::kNotBetweenSymmetric:
      return BindBetween(expr, level);
    case Type::kNullIf:
      return BindNullIf(expr, level);
    case Type::kOpAny:
    case Type::kOpAll:
      return BindAnyAllArray(expr, level);
    case Type::kDistinct:
    case Type::kNotDistinct: {
      ASSIGN_OR_RETURN(ExprPtr left, BindExpr(*expr.left, level));
      ASSIGN_OR_RETURN(ExprPtr right, BindExpr(*expr.right, level));
      return BindDistinctFrom(std::move(left), std::move(right), expr.type == Type::kNotDistinct,
                              expr.location);
    }
    case Type::kOp:
    case Type::kLike:
    case Type::kILike:
    case Type::kSimilar:
      break;
  }
  RETURN_IF_ERROR(CheckOperatorSchema(expr.op));
  const auto* link = ast::TryAs<ast::SubLink>(expr.right.get());
  const auto* row = ast::TryAs<ast::RowExpr>(expr.left.get());
  if (link && row && link->type == ast::SubLink::Type::kExpr) {
    return BindRowAgainstQuery(expr.op.name, *row, *link, level, expr.location);
  }
  ExprPtr left;
  if (expr.left) {
    ASSIGN_OR_RETURN(left, BindExpr(*expr.left, level));
  }
  ASSIGN_OR_RETURN(ExprPtr right, BindExpr(*expr.right, level));
  if (!left) return MakeOperator(expr.op.name, nullptr, std::move(right), expr.location);
  return BindComparison(expr.op.name, std::move(left), std::move(right), expr.location);
}

Result<ExprPtr> QueryBinder::BindIn(const ast::OperatorExpr& expr, Level& level) {
  const bool negated = expr.op.name == "<>";
  ASSIGN_OR_RETURN(ExprPtr left, BindExpr(*expr.left, level));
  std::vector<ExprPtr> plain, others;
  for (const ast::ExprPtr& item : expr.list) {
    ASSIGN_OR_RETURN(ExprPtr bound, BindExpr(*item, level));
    (HasVars(*bound) || bound->kind == ExprKind::kRow ? others : plain).push_back(std::move(bound));
  }
  std::vector<ExprPtr> parts;
  if (plain.size() > 1 && left->kind != ExprKind::kRow) {
    std::vector<TypeId> ids = {left->type.id};
    for (const ExprPtr& item : plain) ids.push_back(item->type.id);
    Result<TypeId> common = SelectCommonType(ids, "IN");
    const TypeId array =
        common.ok() && *common != TypeId::kRecord ? ArrayTypeOf(*common) : TypeId::kInvalid;
    if (array != TypeId::kInvalid) {
      for (ExprPtr& item : plain) {
        ASSIGN_OR_RETURN(item, CoerceArgument(std::move(item), *common));
      }
      ExprPtr list = std::make_unique<ArrayExpr>(array, std::move(plain));
      list->location = expr.location;
      plain.clear();
      ASSIGN_OR_RETURN(ExprPtr part, MakeAnyAll(negated ? "<>" : "=", negated, Copy(*left),
                                                std::move(list), expr.location));
      parts.push_back(std::move(part));
    }
  }
  for (auto* list : {&plain, &others}) {
    for (ExprPtr& item : *list) {
      ASSIGN_OR_RETURN(ExprPtr part, BindComparison(negated ? "<>" : "=", Copy(*left),
                                                    std::move(item), expr.location));
      ASSIGN_OR_RETURN(part, CoerceToBool(std::move(part), "IN"));
      parts.push_back(std::move(part));
    }
  }
  return MakeBool(negated ? ExprKind::kAnd : ExprKind::kOr, std::move(parts), expr.location);
}

Result<ExprPtr> QueryBinder::MakeAnyAll(std::string_view op, bool all, ExprPtr left, ExprPtr array,
                                        int32_t location) {
  const TypeId element =
      array->type.id == TypeId::kUnknown ? TypeId::kUnknown : ElementTypeOf(array->type.id);
  if (element == TypeId::kInvalid) {
    return Error(ErrorCode::kWrongObjectType, "op ANY/ALL (array) requires array on right side")
        .At(location);
  }
  const TypeId operands[] = {left->type.id, element};
  Result<ResolvedCall> resolved = ResolveOperator(op, operands);
  if (!resolved.ok()) {
    Status error = std::move(resolved).status();
    return std::move(error).At(location);
  }
  if (resolved->result.id != TypeId::kBool) {
    return Error(ErrorCode::kWrongObjectType,
                 "op ANY/ALL (array) requires operator to yield boolean")
        .At(location);
  }
  ASSIGN_OR_RETURN(left, CoerceArgument(std::move(left), resolved->arg_types[0]));
  const TypeId wanted = ArrayTypeOf(resolved->arg_types[1]);
  if (wanted == TypeId::kInvalid) {
    return Error(ErrorCode::kUndefinedObject, "could not find array type for data type {}",
                 FormatType(resolved->arg_types[1]))
        .At(location);
  }
  ASSIGN_OR_RETURN(array, CoerceArgument(std::move(array), wanted));
  auto bound =
      std::make_unique<AnyAllExpr>(*resolved->function, all, std::move(left), std::move(array));
  bound->location = location;
  return bound;
}

Result<ExprPtr> QueryBinder::BindAnyAllArray(const ast::OperatorExpr& expr, Level& level) {
  RETURN_IF_ERROR(CheckOperatorSchema(expr.op));
  ASSIGN_OR_RETURN(ExprPtr left, BindExpr(*expr.left, level));
  ASSIGN_OR_RETURN(ExprPtr right, BindExpr(*expr.right, level));
  return MakeAnyAll(expr.op.name, expr.type == ast::OperatorExpr::Type::kOpAll, std::move(left),
                    std::move(right), expr.location);
}

Result<ExprPtr> QueryBinder::BindBetween(const ast::OperatorExpr& expr, Level& level) {
  using Type = ast::OperatorExpr::Type;
  ASSIGN_OR_RETURN(ExprPtr value, BindExpr(*expr.left, level));
  ASSIGN_OR_RETURN(ExprPtr low, BindExpr(*expr.list[0], level));
  ASSIGN_OR_RETURN(ExprPtr high, BindExpr(*expr.list[1], level));
  const bool symmetric =
      expr.type == Type::kBetweenSymmetric || expr.type == Type::kNotBetweenSymmetric;
  const bool negated = expr.type == Type::kNotBetween || expr.type == Type::kNotBetweenSymmetric;
  auto range = [&](const Expr& from, const Expr& to) -> Result<ExprPtr> {
    std::vector<ExprPtr> parts;
    ASSIGN_OR_RETURN(ExprPtr first,
                     BindComparison(negated ? "<" : ">=", Copy(*value), Copy(from), expr.location));
    ASSIGN_OR_RETURN(ExprPtr second,
                     BindComparison(negated ? ">" : "<=", Copy(*value), Copy(to), expr.location));
    parts.push_back(std::move(first));
    parts.push_back(std::move(second));
    return MakeBool(negated ? ExprKind::kOr : ExprKind::kAnd, std::move(parts), expr.location);
  };
  ASSIGN_OR_RETURN(ExprPtr bound, range(*low, *high));
  if (!symmetric) return Result<ExprPtr>(std::move(bound));
  std::vector<ExprPtr> both;
  both.push_back(std::move(bound));
  ASSIGN_OR_RETURN(ExprPtr swapped, range(*high, *low));
  both.push_back(std::move(swapped));
  return MakeBool(negated ? ExprKind::kAnd : ExprKind::kOr, std::move(both), expr.location);
}

Result<ExprPtr> QueryBinder::BindDistinctFrom(ExprPtr left, ExprPtr right, bool negated,
                                              int32_t location) {
  // With a literal NULL it is IS [NOT] NULL.
  if (IsUnknownLiteral(*right) && IsNullConstant(*right)) std::swap(left, right);
  if (IsUnknownLiteral(*left) && IsNullConstant(*left)) {
    ASSIGN_OR_RETURN(right, ResolveUnknown(std::move(right)));
    auto test = std::make_unique<IsNullExpr>(std::move(right), !negated);
    test->location = location;
    return test;
  }
  RowExpr* left_row = AsRow(*left);
  RowExpr* right_row = AsRow(*right);
  if (left_row && right_row) {
    if (left_row->args.size() != right_row->args.size()) {
      return Error(ErrorCode::kSyntaxError, "unequal number of entries in row expressions")
          .At(location);
    }
    std::vector<ExprPtr> parts;
    for (size_t i = 0; i < left_row->args.size(); ++i) {
      ASSIGN_OR_RETURN(ExprPtr part,
                       BindDistinctFrom(std::move(left_row->args[i]), std::move(right_row->args[i]),
                                        negated, location));
      parts.push_back(std::move(part));
    }
    if (parts.empty()) return ExprPtr(std::make_unique<ConstantExpr>(Value::Bool(negated)));
    return MakeBool(negated ? ExprKind::kAnd : ExprKind::kOr, std::move(parts), location);
  }
  ASSIGN_OR_RETURN(ExprPtr equal, MakeOperator("=", std::move(left), std::move(right), location));
  auto& call = static_cast<CallExpr&>(*equal);
  if (call.type.id != TypeId::kBool) {
    return Error(ErrorCode::kDatatypeMismatch,
                 "IS DISTINCT FROM requires = operator to yield boolean")
        .At(location);
  }
  auto bound = std::make_unique<IsDistinctExpr>(*call.function, std::move(call.args[0]),
                                                std::move(call.args[1]), negated);
  bound->location = location;
  return bound;
}

Result<ExprPtr> QueryBinder::BindNullIf(const ast::OperatorExpr& expr, Level& level) {
  ASSIGN_OR_RETURN(ExprPtr left, BindExpr(*expr.left, level));
  ASSIGN_OR_RETURN(ExprPtr right, BindExpr(*expr.right, level));
  ASSIGN_OR_RETURN(ExprPtr equal, MakeOperator("=", Copy(*left), std::move(right), expr.location));
  if (equal->type.id != TypeId::kBool) {
    return Error(ErrorCode::kDatatypeMismatch, "NULLIF requires = operator to yield boolean")
        .At(expr.location);
  }
  // The result is the first argument as it was compared.
  left = Copy(*static_cast<CallExpr&>(*equal).args[0]);
  auto bound = std::make_unique<CaseExpr>(left->type);
  bound->branches.push_back(
      {std::move(equal), std::make_unique<ConstantExpr>(Value::Null(left->type))});
  bound->otherwise = std::move(left);
  bound->location = expr.location;
  return bound;
}

}  // namespace oxibase::bind
