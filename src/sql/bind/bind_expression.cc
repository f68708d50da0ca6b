// Expressions: the dispatch, and the kinds that need no lookup in catalogs or tables of functions.
#include <algorithm>

#include "expr/function.h"
#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

/// Nested expressions, queries and views together: the parser bounds one text at 1,000 levels,
/// views may stack several texts.
constexpr int kNestingMax = 2500;

/// PostgreSQL's MaxTupleAttributeNumber.
constexpr size_t kRowFieldsMax = 1664;

/// PostgreSQL's limit of the protocol's parameter count.
constexpr int32_t kParamMax = 65535;

}  // namespace

Status NestingGuard::Check() const {
  if (binder_.nesting_ <= kNestingMax) return {};
  return Error(ErrorCode::kStatementTooComplex, "stack depth limit exceeded")
      .Hint("Expressions, subqueries and views nest too deeply.");
}

Result<ExprPtr> QueryBinder::BindExpr(const ast::Expr& expr, Level& level) {
  if (is_traced() && !std::exchange(in_trace_, false)) [[unlikely]]
    return BindTraced(expr, level);
  NestingGuard guard(*this);
  RETURN_IF_ERROR(guard.Check());
  switch (expr.kind) {
    case ast::ExprKind::kConst:
      return BindConst(ast::As<ast::Const>(expr));
    case ast::ExprKind::kColumnRef:
      return BindColumnRef(ast::As<ast::ColumnRef>(expr), level);
    case ast::ExprKind::kParamRef:
      return BindParam(ast::As<ast::ParamRef>(expr));
    case ast::ExprKind::kOperator:
      return BindOperator(ast::As<ast::OperatorExpr>(expr), level);
    case ast::ExprKind::kBool:
      return BindBool(ast::As<ast::BoolExpr>(expr), level);
    case ast::ExprKind::kSubLink:
      return BindSubLink(ast::As<ast::SubLink>(expr), level);
    case ast::ExprKind::kCase:
      return BindCase(ast::As<ast::CaseExpr>(expr), level);
    case ast::ExprKind::kCoalesce:
      return BindCoalesce(ast::As<ast::CoalesceExpr>(expr), level);
    case ast::ExprKind::kMinMax:
      return BindMinMax(ast::As<ast::MinMaxExpr>(expr), level);
    case ast::ExprKind::kNullTest:
      return BindNullTest(ast::As<ast::NullTest>(expr), level);
    case ast::ExprKind::kBooleanTest:
      return BindBooleanTest(ast::As<ast::BooleanTest>(expr), level);
    case ast::ExprKind::kTypeCast:
      return BindCast(ast::As<ast::TypeCast>(expr), level);
    case ast::ExprKind::kCollate:
      return BindCollate(ast::As<ast::CollateExpr>(expr), level);
    case ast::ExprKind::kArray:
      return BindArray(ast::As<ast::ArrayExpr>(expr), level, Type());
    case ast::ExprKind::kRow:
      return BindRow(ast::As<ast::RowExpr>(expr), level);
    case ast::ExprKind::kFuncCall:
      return BindCall(ast::As<ast::FuncCall>(expr), level);
    case ast::ExprKind::kIndirection:
      return BindIndirection(ast::As<ast::IndirectionExpr>(expr), level);
    case ast::ExprKind::kSqlValueFunction:
      return BindSqlValueFunction(ast::As<ast::SqlValueFunction>(expr));
    case ast::ExprKind::kGroupingFunc:
      return BindGrouping(ast::As<ast::GroupingFunc>(expr), level);
    case ast::ExprKind::kSetToDefault:
      return Error(ErrorCode::kSyntaxError, "DEFAULT is not allowed in this context")
          .At(expr.location);
    case ast::ExprKind::kCurrentOf:
      return Error(ErrorCode::kFeatureNotSupported, "WHERE CURRENT OF is not supported")
          .At(expr.location);
    case ast::ExprKind::kNamedArg:
      return Error(ErrorCode::kSyntaxError, "a named argument stands outside a function call")
          .At(expr.location);
  }
  return Error(ErrorCode::kInternalError, "unknown kind of expression").At(expr.location);
}

Result<ExprPtr> QueryBinder::BindConst(const ast::Const& expr) {
  ExprPtr bound;
  switch (expr.type) {
    case ast::Const::Type::kNull:
      bound = std::make_unique<ConstantExpr>(Value::Null(TypeId::kUnknown));
      break;
    case ast::Const::Type::kInteger:
      bound = std::make_unique<ConstantExpr>(Value::Int4(expr.integer));
      break;
    case ast::Const::Type::kBoolean:
      bound = std::make_unique<ConstantExpr>(Value::Bool(expr.boolean));
      break;
    case ast::Const::Type::kString:
      bound = std::make_unique<ConstantExpr>(Value::String(TypeId::kUnknown, expr.text));
      break;
    case ast::Const::Type::kFloat: {
      // The parser folds a sign into the number: -2147483648 is an integer after all.
      auto wide = ParseConstant(expr.text, TypeId::kInt4, expr.location);
      if (!wide.ok()) wide = ParseConstant(expr.text, TypeId::kInt8, expr.location);
      if (!wide.ok() || expr.text.find_first_of(".eE") != std::string::npos) {
        wide = ParseConstant(expr.text, TypeId::kNumeric, expr.location);
      }
      if (!wide.ok()) return std::move(wide).status();
      bound = std::make_unique<ConstantExpr>(std::move(wide).value());
      break;
    }
    case ast::Const::Type::kBitString:
      return Error(ErrorCode::kFeatureNotSupported, "type bit is not supported").At(expr.location);
  }
  bound->location = expr.location;
  return Result<ExprPtr>(std::move(bound));
}

Result<ExprPtr> QueryBinder::BindParam(const ast::ParamRef& expr) {
  if (!context_.allow_params || expr.number < 1 || expr.number > kParamMax || view_depth_ > 0) {
    return Error(ErrorCode::kUndefinedParameter, "there is no parameter ${}", expr.number)
        .At(expr.location);
  }
  const auto n = static_cast<size_t>(expr.number - 1);
  if (context_.param_types.size() <= n) context_.param_types.resize(n + 1);
  Type& type = context_.param_types[n];
  if (type.id == TypeId::kInvalid) type = TypeId::kUnknown;
  param_locations_.try_emplace(expr.number - 1, expr.location);
  ExprPtr bound = std::make_unique<ParamExpr>(static_cast<uint32_t>(n), type);
  bound->location = expr.location;
  return Result<ExprPtr>(std::move(bound));
}

Status QueryBinder::CheckParams() const {
  for (const auto& [index, location] : param_locations_) {
    const TypeId id = context_.param_types[static_cast<size_t>(index)].id;
    if (id == TypeId::kUnknown || id == TypeId::kInvalid) {
      return Error(ErrorCode::kIndeterminateDatatype,
                   "could not determine data type of parameter ${}", index + 1)
          .At(location);
    }
  }
  for (size_t i = 0; i < context_.param_types.size(); ++i) {
    const TypeId id = context_.param_types[i].id;
    if (id == TypeId::kUnknown || id == TypeId::kInvalid) {
      return Error(ErrorCode::kIndeterminateDatatype,
                   "could not determine data type of parameter ${}", i + 1);
    }
  }
  return {};
}

Result<ExprPtr> QueryBinder::CoerceToBool(ExprPtr expr, const char* construct) {
  const int32_t location = expr->location;
  const Type from = expr->type;
  if (from.id == TypeId::kBool) return Result<ExprPtr>(std::move(expr));
  ASSIGN_OR_RETURN(ExprPtr coerced,
                   Coerce(std::move(expr), TypeId::kBool, CoercionContext::kAssignment,
                          CallExpr::Syntax::kImplicitCast, location));
  if (!coerced) {
    return Error(ErrorCode::kDatatypeMismatch, "argument of {} must be type boolean, not type {}",
                 construct, FormatType(from))
        .At(location);
  }
  return Result<ExprPtr>(std::move(coerced));
}

Result<ExprPtr> QueryBinder::BindCondition(const ast::Expr& expr, Level& level,
                                           const char* construct) {
  ASSIGN_OR_RETURN(ExprPtr bound, BindExpr(expr, level));
  return CoerceToBool(std::move(bound), construct);
}

Result<ExprPtr> QueryBinder::BindBool(const ast::BoolExpr& expr, Level& level) {
  static constexpr const char* kNames[] = {"AND", "OR", "NOT"};
  static constexpr ExprKind kKinds[] = {ExprKind::kAnd, ExprKind::kOr, ExprKind::kNot};
  const auto which = static_cast<size_t>(expr.type);
  std::vector<ExprPtr> args;
  for (const ast::ExprPtr& arg : expr.args) {
    ASSIGN_OR_RETURN(ExprPtr bound, BindCondition(*arg, level, kNames[which]));
    args.push_back(std::move(bound));
  }
  ExprPtr bound = std::make_unique<BoolExpr>(kKinds[which], std::move(args));
  bound->location = expr.location;
  return Result<ExprPtr>(std::move(bound));
}

Result<ExprPtr> QueryBinder::BindCase(const ast::CaseExpr& expr, Level& level) {
  const size_t calls_before = level.set_returning.size();
  ExprPtr operand;
  if (expr.arg) {
    ASSIGN_OR_RETURN(operand, BindExpr(*expr.arg, level));
    ASSIGN_OR_RETURN(operand, ResolveUnknown(std::move(operand)));
  }
  std::vector<ExprPtr> conditions;
  std::vector<ExprPtr> results(1);  // the ELSE first: PostgreSQL lets it choose the type
  for (const auto& when : expr.whens) {
    if (operand) {
      ASSIGN_OR_RETURN(ExprPtr value, BindExpr(*when.condition, level));
      ASSIGN_OR_RETURN(ExprPtr equal,
                       BindComparison("=", Copy(*operand), std::move(value), when.location));
      ASSIGN_OR_RETURN(equal, CoerceToBool(std::move(equal), "CASE/WHEN"));
      conditions.push_back(std::move(equal));
    } else {
      ASSIGN_OR_RETURN(ExprPtr condition, BindCondition(*when.condition, level, "CASE/WHEN"));
      conditions.push_back(std::move(condition));
    }
    ASSIGN_OR_RETURN(ExprPtr result, BindExpr(*when.result, level));
    results.push_back(std::move(result));
  }
  if (expr.else_result) {
    ASSIGN_OR_RETURN(results[0], BindExpr(*expr.else_result, level));
  } else {
    results[0] = std::make_unique<ConstantExpr>(Value::Null(TypeId::kUnknown));
  }
  RETURN_IF_ERROR(RefuseSetReturning(level, calls_before, "CASE"));
  ASSIGN_OR_RETURN(Type type, UnifyTypes(results, "CASE"));
  auto bound = std::make_unique<CaseExpr>(type);
  for (size_t i = 0; i < conditions.size(); ++i) {
    bound->branches.push_back({std::move(conditions[i]), std::move(results[i + 1])});
  }
  if (expr.else_result) bound->otherwise = std::move(results[0]);
  bound->location = expr.location;
  return bound;
}

Result<ExprPtr> QueryBinder::BindCoalesce(const ast::CoalesceExpr& expr, Level& level) {
  const size_t calls_before = level.set_returning.size();
  std::vector<ExprPtr> args;
  for (const ast::ExprPtr& arg : expr.args) {
    ASSIGN_OR_RETURN(ExprPtr bound, BindExpr(*arg, level));
    args.push_back(std::move(bound));
  }
  RETURN_IF_ERROR(RefuseSetReturning(level, calls_before, "COALESCE"));
  ASSIGN_OR_RETURN(Type type, UnifyTypes(args, "COALESCE"));
  auto bound = std::make_unique<CoalesceExpr>(type, std::move(args));
  bound->location = expr.location;
  return bound;
}

Result<ExprPtr> QueryBinder::BindMinMax(const ast::MinMaxExpr& expr, Level& level) {
  const char* what = expr.greatest ? "GREATEST" : "LEAST";
  std::vector<ExprPtr> args;
  for (const ast::ExprPtr& arg : expr.args) {
    ASSIGN_OR_RETURN(ExprPtr bound, BindExpr(*arg, level));
    args.push_back(std::move(bound));
  }
  ASSIGN_OR_RETURN(Type type, UnifyTypes(args, what));
  const Function* less = LessOf(type.id);
  if (!less) {
    return Error(ErrorCode::kUndefinedFunction,
                 "could not identify a comparison function for type {}", FormatType(type))
        .At(expr.location);
  }
  auto bound = std::make_unique<MinMaxExpr>(type, *less, expr.greatest, std::move(args));
  bound->location = expr.location;
  return bound;
}

Result<ExprPtr> QueryBinder::BindNullTest(const ast::NullTest& expr, Level& level) {
  ASSIGN_OR_RETURN(ExprPtr arg, BindExpr(*expr.arg, level));
  ASSIGN_OR_RETURN(arg, ResolveUnknown(std::move(arg)));
  const bool of_row = arg->type.id == TypeId::kRecord;
  auto bound = std::make_unique<IsNullExpr>(std::move(arg), expr.negated);
  bound->of_row = of_row;
  bound->location = expr.location;
  return bound;
}

Result<ExprPtr> QueryBinder::BindBooleanTest(const ast::BooleanTest& expr, Level& level) {
  static constexpr const char* kNames[] = {"IS TRUE",      "IS NOT TRUE", "IS FALSE",
                                           "IS NOT FALSE", "IS UNKNOWN",  "IS NOT UNKNOWN"};
  const auto which = static_cast<size_t>(expr.type);
  ASSIGN_OR_RETURN(ExprPtr arg, BindCondition(*expr.arg, level, kNames[which]));
  auto bound =
      std::make_unique<BooleanTestExpr>(std::move(arg), static_cast<BooleanTestExpr::Test>(which));
  bound->location = expr.location;
  return bound;
}

Result<ExprPtr> QueryBinder::BindArray(const ast::ArrayExpr& expr, Level& level, Type expected) {
  if (expr.elements.empty() && expected.id == TypeId::kInvalid) {
    return Error(ErrorCode::kIndeterminateDatatype, "cannot determine type of empty array")
        .Hint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
        .At(expr.location);
  }
  std::vector<ExprPtr> elements;
  bool nested = false;
  for (const ast::ExprPtr& element : expr.elements) {
    ExprPtr bound;
    if (const auto* inner = ast::TryAs<ast::ArrayExpr>(element.get())) {
      ASSIGN_OR_RETURN(bound, BindArray(*inner, level, expected));
    } else {
      ASSIGN_OR_RETURN(bound, BindExpr(*element, level));
    }
    nested = nested || IsArrayType(bound->type.id);
    elements.push_back(std::move(bound));
  }
  Type array = expected;
  if (expected.id == TypeId::kInvalid) {
    ASSIGN_OR_RETURN(Type element, UnifyTypes(elements, "ARRAY"));
    array = nested ? element.id : ArrayTypeOf(element.id);
    if (array.id == TypeId::kInvalid) {
      return Error(ErrorCode::kUndefinedObject, "could not find array type for data type {}",
                   FormatType(element))
          .At(expr.location);
    }
  } else {
    const Type element = nested ? expected : Type(ElementTypeOf(expected.id), expected.typmod);
    for (ExprPtr& e : elements) {
      const Type from = e->type;
      const int32_t location = e->location;
      ASSIGN_OR_RETURN(e, Coerce(std::move(e), element, CoercionContext::kExplicit,
                                 CallExpr::Syntax::kExplicitCast, location));
      if (!e) {
        return Error(ErrorCode::kCannotCoerce, "cannot cast type {} to {}", FormatType(from),
                     FormatType(element))
            .At(location);
      }
    }
  }
  auto bound = std::make_unique<ArrayExpr>(array, std::move(elements));
  bound->location = expr.location;
  return bound;
}

Result<ExprPtr> QueryBinder::BindRow(const ast::RowExpr& expr, Level& level) {
  ASSIGN_OR_RETURN(std::vector<ExprPtr> fields, BindList(expr.args, level));
  if (fields.size() > kRowFieldsMax) {
    return Error(ErrorCode::kTooManyColumns, "ROW expressions can have at most {} entries",
                 kRowFieldsMax)
        .At(expr.location);
  }
  auto bound = std::make_unique<RowExpr>(std::move(fields));
  for (size_t i = 0; i < bound->args.size(); ++i) {
    bound->names.push_back("f" + std::to_string(i + 1));
  }
  bound->location = expr.location;
  return bound;
}

Result<std::vector<ExprPtr>> QueryBinder::BindList(const ast::ExprList& list, Level& level) {
  std::vector<ExprPtr> bound;
  for (const ast::ExprPtr& item : list) {
    // t.* in a row stands for all its columns.
    const auto* ref = ast::TryAs<ast::ColumnRef>(item.get());
    const auto* indirection = ast::TryAs<ast::IndirectionExpr>(item.get());
    const bool star =
        (ref && ref->star) || (indirection && !indirection->steps.empty() &&
                               indirection->steps.back().type == ast::IndirectionStep::Type::kStar);
    if (star) {
      std::vector<Target> targets;
      RETURN_IF_ERROR(ExpandStar(*item, level, targets));
      for (Target& target : targets) bound.push_back(std::move(target.expr));
      continue;
    }
    ASSIGN_OR_RETURN(ExprPtr expr, BindExpr(*item, level));
    bound.push_back(std::move(expr));
  }
  return bound;
}

Result<ExprPtr> QueryBinder::BindCollate(const ast::CollateExpr& expr, Level& level) {
  const ast::QualifiedName& name = expr.collation;
  const bool known = (name.schema.empty() || name.schema == "pg_catalog") &&
                     (name.name == "C" || name.name == "default" || name.name == "POSIX" ||
                      name.name == "ucs_basic");
  if (!known) {
    return Error(ErrorCode::kFeatureNotSupported, "collation \"{}\" is not supported",
                 name.ToString())
        .At(expr.location);
  }
  ASSIGN_OR_RETURN(ExprPtr arg, BindExpr(*expr.arg, level));
  ASSIGN_OR_RETURN(arg, ResolveUnknown(std::move(arg)));
  const char category = TypeCategory(arg->type.id);
  if (category != 'S' && !(category == 'A' && TypeCategory(ElementTypeOf(arg->type.id)) == 'S')) {
    return Error(ErrorCode::kDatatypeMismatch, "collations are not supported by type {}",
                 FormatType(arg->type))
        .At(expr.location);
  }
  return Result<ExprPtr>(std::move(arg));
}

Result<ExprPtr> QueryBinder::BindSqlValueFunction(const ast::SqlValueFunction& expr) {
  using Kind = ast::SqlValueFunction::Type;
  // Functions of its own, so that a stored expression is shown as it was written.
  auto now_as = [&](Type type, const char* name) -> Result<ExprPtr> {
    ASSIGN_OR_RETURN(ExprPtr now, CallByName(name, {}, expr.location));
    if (type.id == TypeId::kTimestampTz && type.typmod < 0) return Result<ExprPtr>(std::move(now));
    ASSIGN_OR_RETURN(ExprPtr cast, Coerce(std::move(now), type, CoercionContext::kExplicit,
                                          CallExpr::Syntax::kExplicitCast, expr.location));
    if (!cast) {
      return Error(ErrorCode::kCannotCoerce, "cannot cast type timestamp with time zone to {}",
                   FormatType(type))
          .At(expr.location);
    }
    return Result<ExprPtr>(std::move(cast));
  };
  const int32_t precision = expr.precision > 6 ? 6 : expr.precision;
  switch (expr.type) {
    case Kind::kCurrentDate:
      return now_as(TypeId::kDate, "current_date");
    case Kind::kCurrentTime:
      return Error(ErrorCode::kFeatureNotSupported, "type time with time zone is not supported")
          .At(expr.location);
    case Kind::kCurrentTimestamp:
      return now_as({TypeId::kTimestampTz, precision}, "current_timestamp");
    case Kind::kLocalTime:
      return now_as({TypeId::kTime, precision}, "localtime");
    case Kind::kLocalTimestamp:
      return now_as({TypeId::kTimestamp, precision}, "localtimestamp");
    case Kind::kCurrentRole:
    case Kind::kCurrentUser:
    case Kind::kUser:
      return CallByName("current_user", {}, expr.location);
    case Kind::kSessionUser:
      return CallByName("session_user", {}, expr.location);
    case Kind::kCurrentCatalog:
      return CallByName("current_database", {}, expr.location);
    case Kind::kCurrentSchema:
      return CallByName("current_schema", {}, expr.location);
  }
  return Error(ErrorCode::kInternalError, "unknown value function").At(expr.location);
}

Result<ExprPtr> QueryBinder::BindGrouping(const ast::GroupingFunc& expr, Level& level) {
  if (expr.args.size() > 31) {
    return Error(ErrorCode::kTooManyArguments, "GROUPING must have fewer than 32 arguments")
        .At(expr.location);
  }
  std::vector<ExprPtr> args;
  int depth = -1;
  for (const ast::ExprPtr& arg : expr.args) {
    ASSIGN_OR_RETURN(ExprPtr bound, BindExpr(*arg, level));
    ForEachVar(*bound, [&](const ColumnExpr& c) { depth = std::max(depth, DepthOf(c.index)); });
    args.push_back(std::move(bound));
  }
  Level* owner = &level;
  while (depth >= 0 && owner->depth > depth && owner->parent) owner = owner->parent;
  RETURN_IF_ERROR(CheckAggregatePlace(*owner, "grouping operations", expr.location));
  const VarId var = NewVar(*owner);
  owner->groupings.push_back({std::move(args), var, expr.location, {}});
  auto ref = std::make_unique<ColumnExpr>(var, TypeId::kInt4, "grouping");
  ref->location = expr.location;
  return ref;
}

}  // namespace oxibase::bind
