// Function calls: which function, and what kind of call it is.
#include <algorithm>

#include "expr/function.h"
#include "sql/bind/query_binder.h"

namespace oxibase::bind {

const char* ClauseName(Clause clause) {
  switch (clause) {
    case Clause::kNone:
      return "this context";
    case Clause::kJoinOn:
      return "JOIN conditions";
    case Clause::kFromSubselect:
      return "FROM clause of their own query level";
    case Clause::kFromFunction:
      return "functions in FROM";
    case Clause::kWhere:
      return "WHERE";
    case Clause::kHaving:
      return "HAVING";
    case Clause::kFilter:
      return "FILTER";
    case Clause::kWindowPartition:
      return "window PARTITION BY";
    case Clause::kWindowOrder:
      return "window ORDER BY";
    case Clause::kWindowFrame:
      return "window frame clauses";
    case Clause::kSelect:
      return "SELECT";
    case Clause::kInsertTarget:
      return "INSERT";
    case Clause::kUpdateSource:
    case Clause::kUpdateTarget:
      return "UPDATE";
    case Clause::kGroupBy:
      return "GROUP BY";
    case Clause::kOrderBy:
      return "ORDER BY";
    case Clause::kDistinctOn:
      return "DISTINCT ON";
    case Clause::kLimit:
      return "LIMIT";
    case Clause::kOffset:
      return "OFFSET";
    case Clause::kAsOf:
      return "AS OF";
    case Clause::kReturning:
      return "RETURNING";
    case Clause::kValues:
      return "VALUES";
    case Clause::kDefault:
      return "DEFAULT expressions";
    case Clause::kCheck:
      return "check constraints";
    case Clause::kGenerated:
      return "column generation expressions";
    case Clause::kIndexElement:
      return "index expressions";
    case Clause::kIndexPredicate:
      return "index predicates";
    case Clause::kAlterUsing:
      return "transform expressions";
    case Clause::kExecute:
      return "EXECUTE parameters";
    case Clause::kCopyWhere:
      return "COPY FROM WHERE conditions";
    case Clause::kUtility:
      return "utility statements";
  }
  return "this context";
}

Status QueryBinder::RefuseSetReturning(const Level& level, size_t before, const char* construct) {
  if (level.set_returning.size() == before) return {};
  return Error(ErrorCode::kFeatureNotSupported, "set-returning functions are not allowed in {}",
               construct)
      .Hint("You might be able to move the set-returning function into a LATERAL FROM item.")
      .At(level.set_returning[before].call->location);
}

Status QueryBinder::CheckAggregatePlace(const Level& level, const char* what, int32_t location) {
  switch (level.clause) {
    case Clause::kHaving:
    case Clause::kSelect:
    case Clause::kOrderBy:
    case Clause::kDistinctOn:
    case Clause::kWindowPartition:
    case Clause::kWindowOrder:
      return {};
    default:
      return Error(ErrorCode::kGroupingError, "{} are not allowed in {}", what,
                   ClauseName(level.clause))
          .At(location);
  }
}

Status QueryBinder::CheckWindowPlace(const Level& level, int32_t location) {
  switch (level.clause) {
    case Clause::kSelect:
    case Clause::kOrderBy:
    case Clause::kDistinctOn:
      return {};
    case Clause::kWindowPartition:
    case Clause::kWindowOrder:
    case Clause::kWindowFrame:
      return Error(ErrorCode::kWindowingError,
                   "window functions are not allowed in window definitions")
          .At(location);
    default:
      return Error(ErrorCode::kWindowingError, "window functions are not allowed in {}",
                   ClauseName(level.clause))
          .At(location);
  }
}

Status QueryBinder::CheckSetReturningPlace(const Level& level, int32_t location) {
  switch (level.clause) {
    case Clause::kSelect:
    case Clause::kOrderBy:
    case Clause::kDistinctOn:
    case Clause::kGroupBy:
      return {};
    case Clause::kFromFunction:
      return Error(ErrorCode::kFeatureNotSupported,
                   "set-returning functions must appear at top level of FROM")
          .At(location);
    default:
      return Error(ErrorCode::kFeatureNotSupported, "set-returning functions are not allowed in {}",
                   ClauseName(level.clause))
          .At(location);
  }
}

Result<std::vector<ExprPtr>> QueryBinder::PrepareArguments(const ResolvedCall& call,
                                                           std::vector<ExprPtr> args) {
  for (size_t i = 0; i < args.size(); ++i) {
    const TypeId target = i < call.arg_types.size() ? call.arg_types[i] : TypeId::kAny;
    ASSIGN_OR_RETURN(args[i], CoerceArgument(std::move(args[i]), target));
    if (args[i]->type.id == TypeId::kUnknown) {
      ASSIGN_OR_RETURN(args[i], ResolveUnknown(std::move(args[i])));
    }
  }
  if (!call.argument_order.empty()) {
    std::vector<ExprPtr> ordered;
    for (const uint32_t position : call.argument_order) {
      if (position == kDefaultArgument) {
        const TypeId type = call.function->args[ordered.size()];
        ordered.push_back(std::make_unique<ConstantExpr>(Value::Fixed<int64_t>(type, 0)));
      } else {
        ordered.push_back(std::move(args[position]));
      }
    }
    args = std::move(ordered);
  }
  if (call.array_from < args.size() ||
      (call.array_from != SIZE_MAX && call.array_from == args.size() &&
       call.array_from < call.arg_types.size())) {
    const TypeId element = call.arg_types[call.array_from];
    std::vector<ExprPtr> elements;
    for (size_t i = call.array_from; i < args.size(); ++i) elements.push_back(std::move(args[i]));
    args.resize(call.array_from);
    args.push_back(std::make_unique<ArrayExpr>(ArrayTypeOf(element), std::move(elements)));
  }
  return args;
}

Result<ExprPtr> QueryBinder::CallByName(std::string_view name, std::vector<ExprPtr> args,
                                        int32_t location, CallExpr::Syntax syntax) {
  std::vector<TypeId> types;
  for (const ExprPtr& arg : args) types.push_back(arg->type.id);
  CallRequest request;
  request.name = name;
  request.args = types;
  Result<ResolvedCall> resolved = ResolveFunction(request);
  if (!resolved.ok()) {
    Status error = std::move(resolved).status();
    return std::move(error).At(location);
  }
  ASSIGN_OR_RETURN(args, PrepareArguments(*resolved, std::move(args)));
  auto call =
      std::make_unique<CallExpr>(*resolved->function, resolved->result, std::move(args), syntax);
  call->location = location;
  return call;
}

namespace {

Status NotAnAggregate(const char* what, const ast::FuncCall& call) {
  return Error(ErrorCode::kWrongObjectType, "{} specified, but {} is not an aggregate function",
               what, call.name.ToString())
      .At(call.location);
}

Status CheckPlainCall(const ast::FuncCall& call, const Function* function) {
  if (call.star) {
    return Error(ErrorCode::kWrongObjectType,
                 "{}(*) specified, but {} is not an aggregate function", call.name.ToString(),
                 call.name.ToString())
        .At(call.location);
  }
  if (call.distinct) return NotAnAggregate("DISTINCT", call);
  if (call.within_group) return NotAnAggregate("WITHIN GROUP", call);
  if (!call.agg_order.empty()) return NotAnAggregate("ORDER BY", call);
  if (call.agg_filter && (!function || function->kind != FunctionKind::kWindow)) {
    return NotAnAggregate("FILTER", call);
  }
  if (call.over && (!function || function->kind != FunctionKind::kWindow)) {
    return Error(ErrorCode::kWrongObjectType,
                 "OVER specified, but {} is not a window function nor an aggregate function",
                 call.name.ToString())
        .At(call.location);
  }
  return {};
}

}  // namespace

Result<ExprPtr> QueryBinder::BindCall(const ast::FuncCall& call, Level& level) {
  const ast::QualifiedName& name = call.name;
  if (!name.schema.empty() && name.schema != "pg_catalog" && name.schema != "information_schema") {
    if (!context_.catalog.FindSchema(name.schema)) {
      return Error(ErrorCode::kInvalidSchemaName, "schema \"{}\" does not exist", name.schema)
          .At(call.location);
    }
  }
  std::vector<ExprPtr> args;
  std::vector<std::string_view> arg_names;
  bool named = false;
  {
    for (const ast::ExprPtr& arg : call.args) {
      const auto* named_arg = ast::TryAs<ast::NamedArgExpr>(arg.get());
      if (!named_arg && named) {
        return Error(ErrorCode::kSyntaxError, "positional argument cannot follow named argument")
            .At(arg->location);
      }
      if (named_arg &&
          std::find(arg_names.begin(), arg_names.end(), named_arg->name) != arg_names.end()) {
        return Error(ErrorCode::kSyntaxError, "argument name \"{}\" used more than once",
                     named_arg->name)
            .At(arg->location);
      }
      arg_names.push_back(named_arg ? std::string_view(named_arg->name) : std::string_view());
      named = named || named_arg;
      ASSIGN_OR_RETURN(ExprPtr bound, BindExpr(named_arg ? *named_arg->arg : *arg, level));
      args.push_back(std::move(bound));
    }
  }
  std::vector<SortKey> order;
  if (!call.agg_order.empty()) {
    ASSIGN_OR_RETURN(order, BindSortKeys(call.agg_order, level, Clause::kNone));
  }
  std::vector<TypeId> types;
  for (const ExprPtr& arg : args) types.push_back(arg->type.id);
  if (call.within_group) {
    for (const SortKey& key : order) {
      types.push_back(key.expr->type.id);
      arg_names.emplace_back();
    }
  }
  CallRequest request;
  request.name = name.name;
  request.args = types;
  if (named) request.arg_names = arg_names;
  request.variadic_array = call.variadic;
  const bool ours =
      name.schema.empty() || name.schema == "pg_catalog" || name.schema == "information_schema";
  Result<ResolvedCall> resolved =
      ours ? ResolveFunction(request)
           : Result<ResolvedCall>(
                 Error(ErrorCode::kUndefinedFunction, "function {}.{} does not exist", name.schema,
                       DescribeCall(request))
                     .Hint("No function matches the given name and argument types. You might need "
                           "to add explicit type casts."));
  if (!resolved.ok()) {
    Status error = std::move(resolved).status();
    return std::move(error).At(call.location);
  }
  const Function* function = resolved->function;
  if (!function) {
    RETURN_IF_ERROR(CheckPlainCall(call, nullptr));
    const Type from = args[0]->type;
    ASSIGN_OR_RETURN(ExprPtr cast,
                     Coerce(std::move(args[0]), resolved->result, CoercionContext::kExplicit,
                            CallExpr::Syntax::kExplicitCast, call.location));
    if (!cast) {
      return Error(ErrorCode::kCannotCoerce, "cannot cast type {} to {}", FormatType(from),
                   FormatType(resolved->result))
          .At(call.location);
    }
    return Result<ExprPtr>(std::move(cast));
  }
  switch (function->kind) {
    case FunctionKind::kAggregate:
      if (call.over) {
        if (call.distinct) {
          return Error(ErrorCode::kFeatureNotSupported,
                       "DISTINCT is not implemented for window functions")
              .At(call.location);
        }
        if (function->ordered_set) {
          return Error(ErrorCode::kFeatureNotSupported,
                       "OVER is not supported for ordered-set aggregate {}", name.name)
              .At(call.location);
        }
        if (!order.empty()) {
          return Error(ErrorCode::kFeatureNotSupported,
                       "aggregate ORDER BY is not implemented for window functions")
              .At(call.location);
        }
        return BindWindowCall(call, *resolved, std::move(args), level);
      }
      return BindAggregate(call, *resolved, std::move(args), std::move(order), level);
    case FunctionKind::kWindow:
      if (!call.over) {
        return Error(ErrorCode::kWrongObjectType, "window function {} requires an OVER clause",
                     name.name)
            .At(call.location);
      }
      RETURN_IF_ERROR(CheckPlainCall(call, function));
      return BindWindowCall(call, *resolved, std::move(args), level);
    case FunctionKind::kTable:
      RETURN_IF_ERROR(CheckPlainCall(call, function));
      return BindTableCall(call, *resolved, std::move(args), level);
    case FunctionKind::kScalar:
      break;
  }
  RETURN_IF_ERROR(CheckPlainCall(call, function));
  if (call.variadic && function->variadic && function->args.back() == TypeId::kAny) {
    // An array in place of the arguments: what concat makes of it is array_to_string's affair.
    if (function->name != "concat" && function->name != "concat_ws") {
      return Error(ErrorCode::kFeatureNotSupported, "VARIADIC is not supported for function {}",
                   function->name)
          .At(call.location);
    }
    std::vector<ExprPtr> joined;
    joined.push_back(std::move(args.back()));
    joined.push_back(function->name == "concat" ? std::make_unique<ConstantExpr>(Value::Text(""))
                                                : std::move(args.front()));
    return CallByName("array_to_string", std::move(joined), call.location);
  }
  if (function->name == "pg_typeof" && IsUnknownLiteral(*args[0])) {
    ExprPtr unknown = std::make_unique<ConstantExpr>(
        Value::Fixed(TypeId::kRegType, static_cast<uint32_t>(TypeId::kUnknown)));
    unknown->location = call.location;
    return Result<ExprPtr>(std::move(unknown));
  }
  ASSIGN_OR_RETURN(args, PrepareArguments(*resolved, std::move(args)));
  auto bound = std::make_unique<CallExpr>(*function, resolved->result, std::move(args));
  bound->location = call.location;
  return bound;
}

Result<ExprPtr> QueryBinder::BindAggregate(const ast::FuncCall& call, const ResolvedCall& resolved,
                                           std::vector<ExprPtr> args, std::vector<SortKey> order,
                                           Level& level) {
  const Function& function = *resolved.function;
  if (function.ordered_set && !call.within_group) {
    return Error(ErrorCode::kWrongObjectType,
                 "WITHIN GROUP is required for ordered-set aggregate {}", call.name.name)
        .At(call.location);
  }
  if (!function.ordered_set && call.within_group) {
    return Error(ErrorCode::kWrongObjectType,
                 "{} is not an ordered-set aggregate, so it cannot have WITHIN GROUP",
                 call.name.name)
        .At(call.location);
  }
  if (args.empty() && !call.star && !call.within_group) {
    return Error(ErrorCode::kWrongObjectType,
                 "{}(*) must be used to call a parameterless aggregate function", call.name.name)
        .At(call.location);
  }
  std::vector<ExprPtr> direct;
  if (call.within_group) {
    // Arguments of the resolution: the direct ones, then what is sorted.
    for (size_t i = 0; i < order.size(); ++i) {
      const size_t at = args.size() + i;
      const TypeId target = at < resolved.arg_types.size() ? resolved.arg_types[at] : TypeId::kAny;
      ASSIGN_OR_RETURN(order[i].expr, CoerceArgument(std::move(order[i].expr), target));
    }
    for (size_t i = 0; i < args.size(); ++i) {
      ASSIGN_OR_RETURN(args[i], CoerceArgument(std::move(args[i]), resolved.arg_types[i]));
    }
    direct = std::move(args);
  } else {
    ASSIGN_OR_RETURN(direct, PrepareArguments(resolved, std::move(args)));
  }
  auto aggregate = std::make_unique<AggregateExpr>(function, resolved.result, std::move(direct));
  aggregate->location = call.location;
  aggregate->distinct = call.distinct;
  aggregate->within_group = call.within_group;
  aggregate->order_by = std::move(order);
  for (SortKey& key : aggregate->order_by) {
    // An argument that resolution has cast is sorted as it is aggregated.
    ASSIGN_OR_RETURN(key.expr, ResolveUnknown(std::move(key.expr)));
  }
  if (call.agg_filter) {
    ClauseScope clause(level, Clause::kFilter);
    ASSIGN_OR_RETURN(aggregate->filter, BindCondition(*call.agg_filter, level, "FILTER"));
  }
  if (aggregate->distinct) {
    for (const ExprPtr& arg : aggregate->args) {
      ASSIGN_OR_RETURN([[maybe_unused]] const Function* equal,
                       ComparisonFor("=", arg->type.id, arg->location));
    }
    for (const SortKey& key : aggregate->order_by) {
      const bool listed = std::any_of(aggregate->args.begin(), aggregate->args.end(),
                                      [&](const ExprPtr& arg) { return Equal(*arg, *key.expr); });
      if (!listed) {
        return Error(ErrorCode::kInvalidColumnReference,
                     "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument "
                     "list")
            .At(key.expr->location);
      }
    }
  }
  // It belongs to the innermost level whose variables it reads.
  int depth = -1;
  bool nested = false;
  // Where the first call stands that may not be within it; -1: there is none.
  int32_t windowed = -1;
  int32_t sets = -1;
  auto look = [&](const ColumnExpr& column) {
    const int at = DepthOf(column.index);
    if (at > level.depth) return;  // a subquery's own
    depth = std::max(depth, at);
    for (Level* l = &level; l; l = l->parent) {
      if (l->depth != at) continue;
      for (const auto& other : l->aggregates) nested = nested || other.var == column.index;
      for (const auto& window : l->windows) {
        for (const auto& other : window->calls) {
          if (windowed < 0 && other.var == column.index) windowed = std::max(column.location, 0);
        }
      }
      for (const auto& other : l->set_returning) {
        for (const auto& c : other.columns) {
          if (sets < 0 && c.var == column.index) sets = std::max(column.location, 0);
        }
      }
    }
  };
  auto visit = [&](const ExprPtr& expr) {
    if (expr) ForEachVar(*expr, look);
  };
  for (const ExprPtr& arg : aggregate->args) visit(arg);
  for (const SortKey& key : aggregate->order_by) visit(key.expr);
  visit(aggregate->filter);
  Level* owner = &level;
  while (depth >= 0 && owner->depth > depth && owner->parent) owner = owner->parent;
  if (nested) {
    // Only an aggregate of the same level makes it nested.
    for (const auto& other : owner->aggregates) {
      int32_t inside = -1;
      auto same = [&](const ColumnExpr& c) {
        if (inside < 0 && c.index == other.var) inside = std::max(c.location, 0);
      };
      for (const ExprPtr& arg : aggregate->args) ForEachVar(*arg, same);
      for (const SortKey& key : aggregate->order_by) ForEachVar(*key.expr, same);
      if (aggregate->filter) ForEachVar(*aggregate->filter, same);
      if (inside >= 0) {
        return Error(ErrorCode::kGroupingError, "aggregate function calls cannot be nested")
            .At(inside);
      }
    }
  }
  if (windowed >= 0) {
    return Error(ErrorCode::kGroupingError,
                 "aggregate function calls cannot contain window function calls")
        .At(windowed);
  }
  if (sets >= 0) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "aggregate function calls cannot contain set-returning function calls")
        .Hint("You might be able to move the set-returning function into a LATERAL FROM item.")
        .At(sets);
  }
  RETURN_IF_ERROR(CheckAggregatePlace(*owner, "aggregate functions", call.location));
  for (const auto& other : owner->aggregates) {
    if (!IsVolatileWithin(*aggregate) && Equal(*other.expr, *aggregate)) {
      auto ref = std::make_unique<ColumnExpr>(other.var, aggregate->type, call.name.name);
      ref->location = call.location;
      return ref;
    }
  }
  const VarId var = NewVar(*owner);
  auto ref = std::make_unique<ColumnExpr>(var, aggregate->type, call.name.name);
  ref->location = call.location;
  if (is_traced()) TraceCall(call, var, *aggregate);
  NoteShape(var, ShapeOf(*aggregate));
  owner->aggregates.push_back({std::move(aggregate), var});
  return ref;
}

std::vector<OutputColumn> QueryBinder::TableFunctionColumns(const Function& function, Type result,
                                                            const std::vector<ExprPtr>& args,
                                                            Level& level) {
  std::vector<OutputColumn> columns;
  if (function.out_columns.empty()) {
    columns.push_back({NewVar(level), result, std::string(function.name)});
    return columns;
  }
  for (const OutColumn& out : function.out_columns) {
    TypeId type = out.type;
    if (IsPolymorphic(type)) {
      type = result.id;
      for (size_t i = 0; i < args.size() && i < function.args.size(); ++i) {
        const TypeId declared = function.args[i];
        if (!IsPolymorphic(declared)) continue;
        const TypeId actual = args[i]->type.id;
        const bool declared_array =
            declared == TypeId::kAnyArray || declared == TypeId::kAnyCompatibleArray;
        const bool wants_array =
            out.type == TypeId::kAnyArray || out.type == TypeId::kAnyCompatibleArray;
        type = declared_array == wants_array ? actual
               : declared_array              ? ElementTypeOf(actual)
                                             : ArrayTypeOf(actual);
        break;
      }
    }
    columns.push_back({NewVar(level), type, std::string(out.name)});
  }
  return columns;
}

Result<ExprPtr> QueryBinder::BindTableCall(const ast::FuncCall& call, const ResolvedCall& resolved,
                                           std::vector<ExprPtr> args, Level& level) {
  if (&call == from_call_) {
    ASSIGN_OR_RETURN(args, PrepareArguments(resolved, std::move(args)));
    from_columns_ = TableFunctionColumns(*resolved.function, resolved.result, args, level);
    auto bound = std::make_unique<CallExpr>(*resolved.function, resolved.result, std::move(args));
    bound->location = call.location;
    return bound;
  }
  RETURN_IF_ERROR(CheckSetReturningPlace(level, call.location));
  ASSIGN_OR_RETURN(args, PrepareArguments(resolved, std::move(args)));
  int nesting = 0;
  for (const ExprPtr& arg : args) {
    ForEachVar(*arg, [&](const ColumnExpr& column) {
      for (const auto& other : level.set_returning) {
        for (const auto& c : other.columns) {
          if (c.var == column.index) nesting = std::max(nesting, other.nesting + 1);
        }
      }
    });
  }
  LevelSetReturning entry;
  entry.columns = TableFunctionColumns(*resolved.function, resolved.result, args, level);
  entry.nesting = nesting;
  entry.call = std::make_unique<CallExpr>(*resolved.function, resolved.result, std::move(args));
  entry.call->location = call.location;
  ExprPtr value;
  if (entry.columns.size() == 1) {
    NoteShape(entry.columns[0].var, ShapeOf(*entry.call));
    value = RefTo(entry.columns[0]);
  } else {
    std::vector<ExprPtr> fields;
    std::vector<std::string> names;
    for (const OutputColumn& column : entry.columns) {
      fields.push_back(RefTo(column));
      names.push_back(column.name);
    }
    auto row = std::make_unique<RowExpr>(std::move(fields));
    row->names = std::move(names);
    value = std::move(row);
  }
  value->location = call.location;
  level.set_returning.push_back(std::move(entry));
  return Result<ExprPtr>(std::move(value));
}

}  // namespace oxibase::bind
