// Functions in FROM.
#include <algorithm>

#include "common/array.h"
#include "expr/function.h"
#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

/// A function whose columns the call defines gets them as further arguments: their names, and for
/// each its type and modifier.
void TellColumns(Expr& expr, const std::vector<OutputColumn>& columns) {
  if (expr.kind != ExprKind::kCall) return;
  auto& call = static_cast<CallExpr&>(expr);
  if (call.function->kind != FunctionKind::kTable) return;
  ArrayBuilder names(TypeId::kText);
  ArrayBuilder types(TypeId::kInt4);
  for (const OutputColumn& column : columns) {
    names.AddString(column.name);
    types.Add(static_cast<int32_t>(column.type.id));
    types.Add(column.type.typmod);
  }
  std::string bytes;
  names.Finish(&bytes);
  call.args.push_back(std::make_unique<ConstantExpr>(Value::String(TypeId::kTextArray, bytes)));
  bytes.clear();
  types.Finish(&bytes);
  call.args.push_back(std::make_unique<ConstantExpr>(Value::String(TypeId::kInt4Array, bytes)));
}

}  // namespace

Result<QueryBinder::FunctionItem> QueryBinder::BindFunctionItem(
    const ast::Expr& call, const std::vector<ast::TypedColumn>& definitions, Level& level) {
  FunctionItem item;
  const auto* func = ast::TryAs<ast::FuncCall>(&call);
  const ast::FuncCall* saved_call = from_call_;
  std::vector<OutputColumn> saved_columns = std::move(from_columns_);
  from_call_ = func;
  from_columns_.clear();
  Result<ExprPtr> bound = BindExpr(call, level);
  item.columns = std::move(from_columns_);
  from_call_ = saved_call;
  from_columns_ = std::move(saved_columns);
  ASSIGN_OR_RETURN(item.call, std::move(bound));
  item.name = ColumnNameOf(call);
  ASSIGN_OR_RETURN(item.call, ResolveUnknown(std::move(item.call)));
  const bool is_record = item.call->type.id == TypeId::kRecord;
  const bool has_columns = item.call->kind == ExprKind::kCall &&
                           !static_cast<const CallExpr&>(*item.call).function->out_columns.empty();
  if (!definitions.empty()) {
    if (!is_record || has_columns) {
      const char* text =
          has_columns
              ? "a column definition list is redundant for a function with OUT parameters"
              : "a column definition list is only allowed for functions returning \"record\"";
      return Error(ErrorCode::kSyntaxError, "{}", text).At(definitions[0].location);
    }
    item.columns.clear();
    for (const ast::TypedColumn& definition : definitions) {
      ASSIGN_OR_RETURN(Type type, BindTypeName(definition.type));
      item.columns.push_back({NewVar(level), type, definition.name});
    }
    TellColumns(*item.call, item.columns);
    return item;
  }
  if (is_record && !has_columns) item.shape = ShapeOf(*item.call);
  if (is_record && !has_columns && !item.shape) {
    return Error(ErrorCode::kSyntaxError,
                 "a column definition list is required for functions returning \"record\"")
        .At(call.location);
  }
  if (item.columns.empty()) {
    item.columns.push_back({NewVar(level), item.call->type, item.name});
  }
  item.scalar = !has_columns && !item.shape;
  item.one_value = item.columns.size() == 1 && !is_record;
  return item;
}

LogicalPtr QueryBinder::ExpandRows(std::unique_ptr<LogicalFunctionScan> scan,
                                   const std::vector<RowShapePtr>& shapes, Level& level) {
  if (std::none_of(shapes.begin(), shapes.end(), [](const auto& shape) { return shape; })) {
    return scan;
  }
  auto project = std::make_unique<LogicalProject>();
  size_t at = 0;
  const auto keep = [&] {
    const OutputColumn& column = scan->output[at++];
    project->exprs.push_back(RefTo(column));
    project->output.push_back(column);
  };
  for (size_t call = 0; call < scan->calls.size(); ++call) {
    if (!shapes[call]) {
      for (uint32_t i = 0; i < scan->calls[call].columns; ++i) keep();
      continue;
    }
    const OutputColumn& row = scan->output[at++];
    for (size_t i = 0; i < shapes[call]->fields.size(); ++i) {
      const RowShape::Field& field = shapes[call]->fields[i];
      project->exprs.push_back(
          std::make_unique<FieldSelectExpr>(RefTo(row), static_cast<uint32_t>(i), field.type));
      project->output.push_back({NewVar(level), field.type, field.name});
      NoteShape(project->output.back().var, field.shape);
    }
  }
  while (at < scan->output.size()) keep();
  project->children.push_back(std::move(scan));
  return project;
}

Result<QueryBinder::FromResult> QueryBinder::BindRangeFunction(const ast::RangeFunction& item,
                                                               Level& level) {
  auto scan = std::make_unique<LogicalFunctionScan>();
  bool scalar = false;
  bool one_value = false;
  std::string first_name;
  std::vector<RowShapePtr> shapes;  // of each of the calls
  const bool saved = level.lateral_active;
  level.lateral_active = true;
  Status status = [&]() -> Status {
    ClauseScope clause(level, Clause::kFromFunction);
    for (const auto& function : item.functions) {
      const auto& definitions =
          function.columns.empty() && item.functions.size() == 1 ? item.columns : function.columns;
      // unnest of several arrays is several functions side by side.
      const auto* call = ast::TryAs<ast::FuncCall>(function.call.get());
      const bool many = call && call->name.name == "unnest" && call->args.size() > 1 &&
                        (call->name.schema.empty() || call->name.schema == "pg_catalog");
      std::vector<FunctionItem> bound;
      if (many) {
        for (const ast::ExprPtr& arg : call->args) {
          ASSIGN_OR_RETURN(FunctionItem part, BindUnnest(*arg, level));
          bound.push_back(std::move(part));
        }
      } else {
        ASSIGN_OR_RETURN(FunctionItem one, BindFunctionItem(*function.call, definitions, level));
        bound.push_back(std::move(one));
      }
      for (FunctionItem& part : bound) {
        if (scan->calls.empty()) {
          first_name = part.name;
          scalar = part.scalar;
          one_value = part.one_value;
        } else {
          scalar = one_value = false;
        }
        shapes.push_back(part.shape);
        scan->output.insert(scan->output.end(), part.columns.begin(), part.columns.end());
        scan->calls.push_back({std::move(part.call), static_cast<uint32_t>(part.columns.size())});
      }
    }
    return {};
  }();
  level.lateral_active = saved;
  RETURN_IF_ERROR(status);
  const std::string& name = item.alias.empty() ? first_name : item.alias.name;
  if (scalar) scan->output[0].name = name;
  if (item.ordinality) {
    scan->with_ordinality = true;
    scan->output.push_back({NewVar(level), TypeId::kInt8, "ordinality"});
  }
  scan->alias = name;
  LogicalPtr plan = ExpandRows(std::move(scan), shapes, level);
  FromResult result = EntryOf(std::move(plan), RangeEntry::Kind::kFunction, first_name, level);
  result.top->scalar_function = one_value && !item.ordinality;
  RETURN_IF_ERROR(ApplyAlias(*result.top, item.alias, item.location));
  return result;
}

Result<QueryBinder::FunctionItem> QueryBinder::BindUnnest(const ast::Expr& array, Level& level) {
  FunctionItem item;
  ASSIGN_OR_RETURN(ExprPtr arg, BindExpr(array, level));
  std::vector<ExprPtr> args;
  args.push_back(std::move(arg));
  ASSIGN_OR_RETURN(item.call, CallByName("unnest", std::move(args), array.location));
  item.name = "unnest";
  item.scalar = item.one_value = true;
  item.columns.push_back({NewVar(level), item.call->type, "unnest"});
  return item;
}

}  // namespace oxibase::bind
