// Fields of rows, subscripts and slices of arrays.
#include <algorithm>

#include "expr/function.h"
#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

Status NotComposite(const std::string& field, const Expr& arg, int32_t location) {
  return Error(ErrorCode::kWrongObjectType,
               "column notation .{} applied to type {}, which is not a composite type", field,
               FormatType(arg.type))
      .At(location);
}

Status NoField(const std::string& field, int32_t location) {
  return Error(ErrorCode::kUndefinedColumn, "could not identify column \"{}\" in record data type",
               field)
      .At(location);
}

}  // namespace

Result<ExprPtr> QueryBinder::SelectField(ExprPtr arg, const std::string& field, int32_t location) {
  if (arg->type.id != TypeId::kRecord) return NotComposite(field, *arg, location);
  const RowShapePtr shape = ShapeOf(*arg);
  if (!shape) return NoField(field, location);
  for (size_t i = 0; i < shape->fields.size(); ++i) {
    if (shape->fields[i].name != field) continue;
    if (RowExpr* row = AsRow(*arg)) {
      if (row->names.empty()) break;
      return Result<ExprPtr>(std::move(row->args[i]));
    }
    ExprPtr value = std::make_unique<FieldSelectExpr>(std::move(arg), static_cast<uint32_t>(i),
                                                      shape->fields[i].type);
    value->location = location;
    return Result<ExprPtr>(std::move(value));
  }
  return NoField(field, location);
}

Result<ExprPtr> QueryBinder::BindSubscript(const ast::Expr& syntax, Level& level) {
  ASSIGN_OR_RETURN(ExprPtr index, BindExpr(syntax, level));
  const int32_t at = index->location;
  ASSIGN_OR_RETURN(index, Coerce(std::move(index), TypeId::kInt4, CoercionContext::kAssignment,
                                 CallExpr::Syntax::kImplicitCast, at));
  if (!index) {
    return Error(ErrorCode::kDatatypeMismatch, "array subscript must have type integer").At(at);
  }
  return Result<ExprPtr>(std::move(index));
}

Result<ExprPtr> QueryBinder::BindIndirection(const ast::IndirectionExpr& expr, Level& level) {
  return BindSteps(expr, expr.steps.size(), level);
}

Result<ExprPtr> QueryBinder::BindIndirectionBase(const ast::IndirectionExpr& expr, Level& level) {
  return BindSteps(expr, expr.steps.size() - 1, level);
}

Result<ExprPtr> QueryBinder::BindSteps(const ast::IndirectionExpr& expr, size_t steps,
                                       Level& level) {
  ASSIGN_OR_RETURN(ExprPtr bound, BindExpr(*expr.arg, level));
  for (size_t i = 0; i < steps;) {
    const ast::IndirectionStep& step = expr.steps[i];
    const int32_t location = bound->location;
    if (step.type == ast::IndirectionStep::Type::kStar) {
      return Error(ErrorCode::kSyntaxError, "row expansion via \"*\" is not supported here")
          .At(location);
    }
    if (step.type == ast::IndirectionStep::Type::kField) {
      ASSIGN_OR_RETURN(bound, SelectField(std::move(bound), step.field, location));
      ++i;
      continue;
    }
    size_t end = i;
    while (end < steps && (expr.steps[end].type == ast::IndirectionStep::Type::kSubscript ||
                           expr.steps[end].type == ast::IndirectionStep::Type::kSlice)) {
      ++end;
    }
    ASSIGN_OR_RETURN(bound, BindSubscripts(std::move(bound), expr, i, end, level));
    i = end;
  }
  return Result<ExprPtr>(std::move(bound));
}

Result<ExprPtr> QueryBinder::BindSubscripts(ExprPtr array, const ast::IndirectionExpr& expr,
                                            size_t from, size_t to, Level& level) {
  const int32_t location = array->location;
  if (array->type.id == TypeId::kJsonb) {
    for (size_t i = from; i < to; ++i) {
      if (expr.steps[i].type == ast::IndirectionStep::Type::kSlice) {
        return Error(ErrorCode::kDatatypeMismatch, "jsonb subscript does not support slices")
            .At(location);
      }
      ASSIGN_OR_RETURN(ExprPtr key, BindExpr(*expr.steps[i].upper, level));
      ASSIGN_OR_RETURN(array, MakeOperator("->", std::move(array), std::move(key), location));
    }
    return Result<ExprPtr>(std::move(array));
  }
  // A name is an array of 64 characters, of which one at a time may be read.
  const bool is_name = array->type.id == TypeId::kName;
  const TypeId element = is_name ? TypeId::kChar : ElementTypeOf(array->type.id);
  if (element == TypeId::kInvalid) {
    return Error(ErrorCode::kDatatypeMismatch,
                 "cannot subscript type {} because it does not support subscripting",
                 FormatType(array->type))
        .At(location);
  }
  bool slice = false;
  for (size_t i = from; i < to; ++i) {
    slice = slice || expr.steps[i].type == ast::IndirectionStep::Type::kSlice;
  }
  if (is_name && slice) {
    return Error(ErrorCode::kFeatureNotSupported, "slices of fixed-length arrays not implemented");
  }
  if (is_name && to - from > 1) return ExprPtr(std::make_unique<ConstantExpr>(Value::Null(element)));
  auto bind = [&](const ast::ExprPtr& syntax) -> Result<ExprPtr> {
    if (!syntax) return ExprPtr(std::make_unique<ConstantExpr>(Value::Null(TypeId::kInt4)));
    return BindSubscript(*syntax, level);
  };
  const Type array_type = array->type;
  std::vector<ExprPtr> args;
  args.push_back(std::move(array));
  for (size_t i = from; i < to; ++i) {
    const ast::IndirectionStep& step = expr.steps[i];
    if (!slice) {
      ASSIGN_OR_RETURN(ExprPtr index, bind(step.upper));
      args.push_back(std::move(index));
      continue;
    }
    // A plain subscript among slices counts from 1; an open end is told apart from a NULL one.
    const bool plain = step.type == ast::IndirectionStep::Type::kSubscript;
    ExprPtr lower;
    if (plain) {
      lower = std::make_unique<ConstantExpr>(Value::Int4(1));
    } else if (step.lower) {
      ASSIGN_OR_RETURN(lower, bind(step.lower));
    } else {
      lower = std::make_unique<ConstantExpr>(Value::Int4(INT32_MIN));
    }
    ExprPtr upper;
    if (step.upper) {
      ASSIGN_OR_RETURN(upper, bind(step.upper));
    } else {
      upper = std::make_unique<ConstantExpr>(Value::Int4(INT32_MAX));
    }
    args.push_back(std::move(lower));
    args.push_back(std::move(upper));
  }
  const char* name = slice ? "array_slice" : "array_subscript";
  ASSIGN_OR_RETURN(ExprPtr call, CallByName(name, std::move(args), location));
  call->type = slice ? array_type : Type(element, is_name ? -1 : array_type.typmod);
  return Result<ExprPtr>(std::move(call));
}

}  // namespace oxibase::bind
