#include "sql/bind/binder.h"

#include <algorithm>

#include "expr/cast.h"
#include "expr/function.h"
#include "sql/bind/query_binder.h"

namespace oxibase {

namespace bind {

Result<LogicalPtr> QueryBinder::BindAnyStatement(const ast::Statement& statement, Level* parent,
                                                 bool resolve_unknowns) {
  NestingGuard guard(*this);
  RETURN_IF_ERROR(guard.Check());
  switch (statement.kind) {
    case ast::StatementKind::kSelect:
      return BindSelect(ast::As<ast::SelectStmt>(statement), parent, resolve_unknowns);
    case ast::StatementKind::kInsert:
      return BindInsert(ast::As<ast::InsertStmt>(statement), parent);
    case ast::StatementKind::kUpdate:
      return BindUpdate(ast::As<ast::UpdateStmt>(statement), parent);
    case ast::StatementKind::kDelete:
      return BindDelete(ast::As<ast::DeleteStmt>(statement), parent);
    case ast::StatementKind::kMerge:
      return Error(ErrorCode::kFeatureNotSupported, "MERGE is not supported");
    default:
      return Error(ErrorCode::kFeatureNotSupported, "the statement cannot be planned");
  }
}

LogicalPlan QueryBinder::FinishPlan(LogicalPtr root) {
  MakeRows(root);
  LogicalPlan plan;
  plan.param_types = context_.param_types;
  plan.next_var = next_var_;
  plan.next_cte = next_cte_;
  plan.next_scan = next_scan_;
  plan.depends_on = context_.depends_on;
  plan.modifies = modifies_;
  plan.root = std::move(root);
  return plan;
}

Result<LogicalPlan> QueryBinder::BindTop(const ast::Statement& statement) {
  if (context_.cursor) cursor_block_ = ast::TryAs<ast::SelectStmt>(&statement);
  ASSIGN_OR_RETURN(LogicalPtr root, BindAnyStatement(statement, nullptr, true));
  RETURN_IF_ERROR(CheckParams());
  bool has_rows = statement.kind == ast::StatementKind::kSelect;
  LogicalPlan::Command command = LogicalPlan::Command::kSelect;
  switch (statement.kind) {
    case ast::StatementKind::kInsert:
      command = LogicalPlan::Command::kInsert;
      has_rows = ast::As<ast::InsertStmt>(statement).returning != nullptr;
      break;
    case ast::StatementKind::kUpdate:
      command = LogicalPlan::Command::kUpdate;
      has_rows = ast::As<ast::UpdateStmt>(statement).returning != nullptr;
      break;
    case ast::StatementKind::kDelete:
      command = LogicalPlan::Command::kDelete;
      has_rows = ast::As<ast::DeleteStmt>(statement).returning != nullptr;
      break;
    default:
      break;
  }
  if (context_.replacements) {
    std::stable_sort(context_.replacements->begin(), context_.replacements->end(),
                     [](const auto& a, const auto& b) { return a.location < b.location; });
  }
  LogicalPlan plan = FinishPlan(std::move(root));
  plan.command = command;
  if (has_rows) plan.result = plan.root->output;
  return plan;
}

namespace {

Clause ClauseOf(ExprUse use) {
  switch (use) {
    case ExprUse::kDefault:
      return Clause::kDefault;
    case ExprUse::kGenerated:
      return Clause::kGenerated;
    case ExprUse::kCheck:
      return Clause::kCheck;
    case ExprUse::kIndexElement:
      return Clause::kIndexElement;
    case ExprUse::kIndexPredicate:
      return Clause::kIndexPredicate;
    case ExprUse::kAlterUsing:
      return Clause::kAlterUsing;
    case ExprUse::kExecuteArgument:
      return Clause::kExecute;
    case ExprUse::kCopyWhere:
      return Clause::kCopyWhere;
    case ExprUse::kUtility:
      return Clause::kUtility;
  }
  return Clause::kUtility;
}

/// Whether a cast may be counted on for ever. PostgreSQL does not mind the settings that print
/// floats, bytea and times of day.
bool IsImmutableCast(TypeId from, TypeId to) {
  const CastInfo* cast = FindCast(from, to);
  if (from == to || (cast && cast->function->volatility == Volatility::kImmutable)) return true;
  if (!cast || cast->method != CastMethod::kInOut) return false;
  const auto minds_no_setting = [](TypeId type) {
    return type == TypeId::kFloat4 || type == TypeId::kFloat8 || type == TypeId::kBytea;
  };
  const bool is_time = from == TypeId::kTime || from == TypeId::kTimeTz;
  return TypeCategory(to) == 'S' ? minds_no_setting(from) || is_time
                                 : TypeCategory(from) == 'S' && minds_no_setting(to);
}

/// `text || x`, `x || text`, quote_literal(x) and quote_nullable(x) for an x of any type are stable
/// only because casting it to text may be.
bool TakesText(const Function& function) {
  const bool any = std::find(function.args.begin(), function.args.end(), TypeId::kAnyNonArray) !=
                   function.args.end();
  return (any && (function.name == "||" || function.name == "textanycat" ||
                  function.name == "anytextcat")) ||
         (function.args.size() == 1 && function.args[0] == TypeId::kAnyElement &&
          (function.name == "quote_literal" || function.name == "quote_nullable"));
}

bool IsImmutable(const CallExpr& call) {
  if (call.function->volatility == Volatility::kImmutable) return true;
  if (TakesText(*call.function)) {
    return std::all_of(call.args.begin(), call.args.end(), [](const ExprPtr& arg) {
      return IsImmutableCast(arg->type.id, TypeId::kText);
    });
  }
  if (call.args.size() != 1) return false;
  const TypeId from = call.args[0]->type.id;
  const CastInfo* cast = FindCast(from, call.function->result);
  return cast && cast->function == call.function && IsImmutableCast(from, call.function->result);
}

bool IsImmutable(const Expr& expr) {
  if (expr.kind == ExprKind::kCall && !IsImmutable(static_cast<const CallExpr&>(expr))) {
    return false;
  }
  bool immutable = true;
  ForEachChild(expr, [&](const Expr& child) { immutable = immutable && IsImmutable(child); });
  return immutable;
}

}  // namespace

Result<ExprPtr> BindAlone(const ast::Expr& expr, ExprUse use, const ScalarScope& scope,
                          Type expected, const std::string& target, BindContext& context) {
  VarId next = 1;
  for (const VarId var : scope.column_vars) next = std::max(next, var + 1);
  QueryBinder binder(context, next);
  Level level(nullptr);
  level.clause = ClauseOf(use);
  if (scope.table) {
    RETURN_IF_ERROR(
        binder.AddTableScope(level, *scope.table, scope.column_vars, scope.table->name));
  }
  ASSIGN_OR_RETURN(ExprPtr bound, binder.BindExpr(expr, level));
  switch (use) {
    case ExprUse::kCheck: {
      ASSIGN_OR_RETURN(bound, binder.CoerceToBool(std::move(bound), "CHECK"));
      break;
    }
    case ExprUse::kIndexPredicate:
    case ExprUse::kCopyWhere: {
      ASSIGN_OR_RETURN(bound, binder.CoerceToBool(std::move(bound), "WHERE"));
      break;
    }
    default:
      if (expected.id == TypeId::kInvalid) {
        ASSIGN_OR_RETURN(bound, binder.ResolveUnknown(std::move(bound)));
      } else {
        const Type from = bound->type;
        const int32_t location = bound->location;
        ASSIGN_OR_RETURN(bound,
                         binder.Coerce(std::move(bound), expected, CoercionContext::kAssignment,
                                       CallExpr::Syntax::kImplicitCast, location));
        if (!bound) {
          Status error;
          if (use == ExprUse::kDefault || use == ExprUse::kGenerated) {
            error = Error(ErrorCode::kDatatypeMismatch,
                          "column \"{}\" is of type {} but {} expression is of type {}", target,
                          FormatType(expected.id),
                          use == ExprUse::kDefault ? "default" : "generation", FormatType(from.id));
          } else if (use == ExprUse::kExecuteArgument) {
            error = Error(ErrorCode::kDatatypeMismatch,
                          "parameter {} of type {} cannot be coerced to the expected type {}",
                          target, FormatType(from.id), FormatType(expected.id));
          } else if (use == ExprUse::kAlterUsing) {
            error = Error(ErrorCode::kDatatypeMismatch,
                          "result of USING clause for column \"{}\" cannot be cast automatically "
                          "to type {}",
                          target, FormatType(expected.id));
          } else {
            error = Error(ErrorCode::kDatatypeMismatch, "{} must be type {}, not type {}", target,
                          FormatType(expected.id), FormatType(from.id));
          }
          error.info().hint = "You will need to rewrite or cast the expression.";
          return std::move(error).At(location);
        }
      }
  }
  const bool immutable = use == ExprUse::kGenerated || use == ExprUse::kIndexElement ||
                         use == ExprUse::kIndexPredicate;
  if (immutable && !IsImmutable(*bound)) {
    if (use == ExprUse::kGenerated) {
      return Error(ErrorCode::kInvalidObjectDefinition, "generation expression is not immutable");
    }
    return Error(ErrorCode::kInvalidObjectDefinition,
                 "functions in index {} must be marked IMMUTABLE",
                 use == ExprUse::kIndexElement ? "expression" : "predicate");
  }
  return Result<ExprPtr>(std::move(bound));
}

}  // namespace bind

Result<LogicalPlan> BindStatement(const ast::Statement& statement, BindContext& context) {
  bind::QueryBinder binder(context, 1);
  if (context.cursor) *context.cursor = {};
  Result<LogicalPlan> plan = binder.BindTop(statement);
  if (plan.ok() && context.cursor) {
    context.cursor->is_volatile = bind::IsVolatilePlan(*plan->root);
  }
  return plan;
}

Result<ExprPtr> BindScalarExpression(const ast::Expr& expr, ExprUse use, const ScalarScope& scope,
                                     Type expected, const std::string& target,
                                     BindContext& context) {
  return bind::BindAlone(expr, use, scope, expected, target, context);
}

Result<TableRules> BindTableRules(const TableDef& table, VarId& next_var, BindContext& context) {
  bind::QueryBinder binder(context, next_var);
  ASSIGN_OR_RETURN(TableRules rules, binder.BindRules(table));
  next_var = binder.next_var();
  return rules;
}

Result<ExprPtr> BindColumnDefault(const TableDef& table, const ColumnDef& column,
                                  BindContext& context) {
  bind::QueryBinder binder(context, 1);
  return binder.BindDefault(table, column);
}

Result<Type> ResolveTypeName(const ast::TypeName& type, BindContext& context) {
  bind::QueryBinder binder(context, 1);
  return binder.BindTypeName(type);
}

Result<ResolvedRelation> ResolveRelation(const ast::QualifiedName& name, BindContext& context) {
  bind::QueryBinder binder(context, 1);
  return binder.FindRelation(name);
}

}  // namespace oxibase
