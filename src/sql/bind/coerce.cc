// Coercion: what may become what, and the calls that do it.
#include "expr/cast.h"
#include "expr/function.h"
#include "expr/type_io.h"
#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

CastContext ContextOf(CoercionContext context) {
  switch (context) {
    case CoercionContext::kImplicit:
      return CastContext::kImplicit;
    case CoercionContext::kAssignment:
      return CastContext::kAssignment;
    case CoercionContext::kExplicit:
      return CastContext::kExplicit;
  }
  return CastContext::kImplicit;
}

/// Whether a value of any type satisfies the declared one as it is.
bool TakesAnything(TypeId target) {
  return target == TypeId::kAny || target == TypeId::kInvalid || IsPolymorphic(target);
}

}  // namespace

bool QueryBinder::CanCoerce(TypeId from, TypeId to, CoercionContext context) {
  return from == to || from == TypeId::kUnknown || TakesAnything(to) ||
         CanCast(from, to, ContextOf(context));
}

Result<Value> QueryBinder::ParseConstant(const std::string& text, Type type, int32_t location) {
  Result<Value> value = TextIn(type, text, TypeIo(*context_.eval));
  if (value.ok()) return value;
  Status error = std::move(value).status();
  return std::move(error).At(location);
}

Result<ExprPtr> QueryBinder::CoerceUnknown(ExprPtr expr, Type target, CoercionContext context) {
  const int32_t location = expr->location;
  const Value& text = static_cast<const ConstantExpr&>(*expr).value;
  ExprPtr bound;
  if (text.is_null()) {
    bound = std::make_unique<ConstantExpr>(Value::Null(target));
  } else if (target.id == TypeId::kRecord) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "input of anonymous composite types is not implemented")
        .At(location);
  } else {
    // An interval's modifier says what its fields mean; others are applied afterwards.
    const Type read(target.id, target.id == TypeId::kInterval ? target.typmod : -1);
    ASSIGN_OR_RETURN(Value value, ParseConstant(text.bytes(), read, location));
    if (target.typmod >= 0) {
      Status fits = CoerceTypmod(target, context == CoercionContext::kExplicit, &value);
      if (!fits.ok()) return std::move(fits).At(location);
    }
    value.set_type(target);
    bound = std::make_unique<ConstantExpr>(std::move(value));
  }
  bound->location = location;
  return Result<ExprPtr>(std::move(bound));
}

Result<ExprPtr> QueryBinder::CoerceParam(ExprPtr expr, Type target) {
  auto& param = static_cast<ParamExpr&>(*expr);
  Type& known = context_.param_types[param.index];
  if (known.id == TypeId::kUnknown || known.id == TypeId::kInvalid) {
    known = target.id;
  } else if (known.id != target.id) {
    return Error(ErrorCode::kAmbiguousParameter, "inconsistent types deduced for parameter ${}",
                 param.index + 1)
        .Detail(fmt::format("{} versus {}", FormatType(known.id), FormatType(target.id)))
        .At(param.location);
  }
  expr->type = known;
  return Result<ExprPtr>(std::move(expr));
}

Result<ExprPtr> QueryBinder::Coerce(ExprPtr expr, Type target, CoercionContext context,
                                    CallExpr::Syntax syntax, int32_t location) {
  if (TakesAnything(target.id)) {
    if (expr->kind == ExprKind::kRow) return ResolveUnknown(std::move(expr));
    return Result<ExprPtr>(std::move(expr));
  }
  if (expr->kind == ExprKind::kRow && target.id == TypeId::kRecord) {
    return ResolveUnknown(std::move(expr));
  }
  if (expr->type.id == TypeId::kUnknown && target.id != TypeId::kUnknown) {
    if (expr->kind == ExprKind::kConstant) return CoerceUnknown(std::move(expr), target, context);
    if (expr->kind == ExprKind::kParam) {
      ASSIGN_OR_RETURN(expr, CoerceParam(std::move(expr), target));
    }
  }
  if (expr->type == target) return Result<ExprPtr>(std::move(expr));
  if (expr->type.id == target.id && target.typmod < 0) return Result<ExprPtr>(std::move(expr));
  if (expr->kind == ExprKind::kConstant &&
      static_cast<const ConstantExpr&>(*expr).value.is_null() &&
      CanCoerce(expr->type.id, target.id, context)) {
    ExprPtr null = std::make_unique<ConstantExpr>(Value::Null(target));
    null->location = expr->location;
    return Result<ExprPtr>(std::move(null));
  }
  const int32_t at = expr->location >= 0 ? expr->location : location;
  ExprPtr cast = MakeCastExpr(std::move(expr), target, ContextOf(context));
  if (!cast) return Result<ExprPtr>(ExprPtr());
  cast->location = at;
  if (cast->kind == ExprKind::kCall && syntax == CallExpr::Syntax::kExplicitCast) {
    static_cast<CallExpr&>(*cast).syntax = syntax;
  }
  return Result<ExprPtr>(std::move(cast));
}

Result<ExprPtr> QueryBinder::CoerceArgument(ExprPtr expr, TypeId target) {
  const Type from = expr->type;
  const int32_t location = expr->location;
  ASSIGN_OR_RETURN(ExprPtr coerced, Coerce(std::move(expr), target, CoercionContext::kImplicit,
                                           CallExpr::Syntax::kImplicitCast, location));
  if (!coerced) {
    return Error(ErrorCode::kCannotCoerce, "cannot cast type {} to {}", FormatType(from),
                 FormatType(target))
        .At(location);
  }
  return Result<ExprPtr>(std::move(coerced));
}

Result<ExprPtr> QueryBinder::ResolveUnknown(ExprPtr expr) {
  if (RowExpr* row = AsRow(*expr)) {
    for (ExprPtr& field : row->args) {
      ASSIGN_OR_RETURN(field, ResolveUnknown(std::move(field)));
    }
  }
  if (expr->type.id != TypeId::kUnknown) return Result<ExprPtr>(std::move(expr));
  return CoerceArgument(std::move(expr), TypeId::kText);
}

Result<ExprPtr> QueryBinder::CoerceForAssignment(ExprPtr expr, Type target,
                                                 const std::string& column, int32_t location) {
  const Type from = expr->type;
  const int32_t at = expr->location >= 0 ? expr->location : location;
  ASSIGN_OR_RETURN(ExprPtr coerced, Coerce(std::move(expr), target, CoercionContext::kAssignment,
                                           CallExpr::Syntax::kImplicitCast, at));
  if (!coerced) {
    return Error(ErrorCode::kDatatypeMismatch,
                 "column \"{}\" is of type {} but expression is of type {}", column,
                 FormatType(target.id), FormatType(from.id))
        .Hint("You will need to rewrite or cast the expression.")
        .At(at);
  }
  return Result<ExprPtr>(std::move(coerced));
}

Result<Type> QueryBinder::UnifyTypes(std::vector<ExprPtr>& exprs, std::string_view what) {
  std::vector<TypeId> ids;
  std::vector<Type> types;
  for (const ExprPtr& expr : exprs) {
    ids.push_back(expr->type.id);
    types.push_back(expr->type);
  }
  size_t failed = 0;
  Result<TypeId> chosen = SelectCommonType(ids, what, &failed);
  if (!chosen.ok()) {
    Status error = std::move(chosen).status();
    return std::move(error).At(exprs[failed]->location);
  }
  const Type common(*chosen, SelectCommonTypmod(types, *chosen));
  for (size_t i = 0; i < exprs.size(); ++i) {
    const int32_t location = exprs[i]->location;
    ASSIGN_OR_RETURN(exprs[i], Coerce(std::move(exprs[i]), common.id, CoercionContext::kImplicit,
                                      CallExpr::Syntax::kImplicitCast, location));
    if (!exprs[i]) {
      return Error(ErrorCode::kCannotCoerce, "{} could not convert type {} to {}", what,
                   FormatType(ids[i]), FormatType(common.id))
          .At(location);
    }
    if (common.typmod >= 0 && exprs[i]->kind == ExprKind::kConstant) exprs[i]->type = common;
  }
  return common;
}

Result<const Function*> QueryBinder::ComparisonFor(std::string_view name, TypeId type,
                                                   int32_t location) {
  const Function* function = name == "=" ? EqualityOf(type) : LessOf(type);
  if (function) return function;
  if (name == "=") {
    return Error(ErrorCode::kUndefinedFunction,
                 "could not identify an equality operator for type {}", FormatType(type))
        .At(location);
  }
  return Error(ErrorCode::kUndefinedFunction, "could not identify an ordering operator for type {}",
               FormatType(type))
      .Hint("Use an explicit ordering operator or modify the query.")
      .At(location);
}

Result<ExprPtr> QueryBinder::BindCast(const ast::TypeCast& expr, Level& level) {
  ASSIGN_OR_RETURN(Type target, BindTypeName(expr.type));
  ExprPtr arg;
  const auto* array = ast::TryAs<ast::ArrayExpr>(expr.arg.get());
  if (array && IsArrayType(target.id)) {
    ASSIGN_OR_RETURN(arg, BindArray(*array, level, target));
  } else {
    ASSIGN_OR_RETURN(arg, BindExpr(*expr.arg, level));
  }
  const Type from = arg->type;
  const int32_t location = expr.location >= 0 ? expr.location : arg->location;
  ASSIGN_OR_RETURN(ExprPtr cast, Coerce(std::move(arg), target, CoercionContext::kExplicit,
                                        CallExpr::Syntax::kExplicitCast, location));
  if (!cast) {
    return Error(ErrorCode::kCannotCoerce, "cannot cast type {} to {}", FormatType(from),
                 FormatType(target.id))
        .At(location);
  }
  return Result<ExprPtr>(std::move(cast));
}

}  // namespace oxibase::bind
