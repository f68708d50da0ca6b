// ORDER BY, LIMIT, and which column of a select list a word in them means.
#include <algorithm>

#include "expr/function.h"
#include "sql/bind/query_binder.h"

namespace oxibase::bind {

Result<SortKey> QueryBinder::MakeSortKey(const ast::SortBy& sort, ExprPtr expr) {
  SortKey key;
  if (sort.direction == ast::SortDirection::kUsing) {
    if (sort.use_operator.name == ">") {
      key.descending = true;
    } else if (sort.use_operator.name != "<") {
      const TypeId operands[] = {expr->type.id, expr->type.id};
      Result<ResolvedCall> resolved = ResolveOperator(sort.use_operator.name, operands);
      if (!resolved.ok()) {
        Status error = std::move(resolved).status();
        return std::move(error).At(sort.location);
      }
      return Error(ErrorCode::kWrongObjectType, "operator {} is not a valid ordering operator",
                   sort.use_operator.name)
          .Hint("Ordering operators must be \"<\" or \">\" members of btree operator families.")
          .At(sort.location);
    }
  } else {
    key.descending = sort.direction == ast::SortDirection::kDescending;
  }
  key.nulls_first = sort.nulls == ast::SortNulls::kDefault ? key.descending
                                                           : sort.nulls == ast::SortNulls::kFirst;
  const int32_t location = expr->location;
  ASSIGN_OR_RETURN(key.expr, ResolveUnknown(std::move(expr)));
  ASSIGN_OR_RETURN([[maybe_unused]] const Function* less,
                   ComparisonFor("<", key.expr->type.id, location));
  return key;
}

Result<std::vector<SortKey>> QueryBinder::BindSortKeys(const std::vector<ast::SortBy>& sorts,
                                                       Level& level, Clause clause) {
  ClauseScope scope(level, clause == Clause::kNone ? level.clause : clause);
  std::vector<SortKey> keys;
  for (const ast::SortBy& sort : sorts) {
    ASSIGN_OR_RETURN(ExprPtr expr, BindExpr(*sort.expr, level));
    ASSIGN_OR_RETURN(SortKey key, MakeSortKey(sort, std::move(expr)));
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<size_t> QueryBinder::FindOutput(const ast::Expr& expr, std::vector<Target>& targets,
                                       Level& level, Clause clause) {
  const char* what = ClauseName(clause);
  if (const auto* ref = ast::TryAs<ast::ColumnRef>(&expr);
      ref && !ref->star && ref->fields.size() == 1) {
    bool input = false;
    if (clause == Clause::kGroupBy) {
      // GROUP BY prefers a column of FROM; only then an output name.
      ClauseScope scope(level, clause);
      Level* parent_hidden = &level;
      ASSIGN_OR_RETURN(ExprPtr column, TryColumn(ref->fields[0], ref->location, *parent_hidden));
      bool own = false;
      if (column) {
        ForEachVar(*column,
                   [&](const ColumnExpr& c) { own = own || DepthOf(c.index) == level.depth; });
      }
      input = own;
    }
    if (!input) {
      size_t found = targets.size();
      for (size_t i = 0; i < targets.size(); ++i) {
        if (targets[i].junk || targets[i].name != ref->fields[0]) continue;
        if (found != targets.size() && !Equal(*targets[found].expr, *targets[i].expr)) {
          return Error(ErrorCode::kAmbiguousColumn, "{} \"{}\" is ambiguous", what, ref->fields[0])
              .At(ref->location);
        }
        if (found == targets.size()) found = i;
      }
      if (found != targets.size()) return found;
    }
  }
  if (const auto* constant = ast::TryAs<ast::Const>(&expr)) {
    if (constant->type != ast::Const::Type::kInteger) {
      return Error(ErrorCode::kSyntaxError, "non-integer constant in {}", what).At(expr.location);
    }
    int32_t position = 0;
    for (size_t i = 0; i < targets.size(); ++i) {
      if (!targets[i].junk && ++position == constant->integer) return i;
    }
    return Error(ErrorCode::kInvalidColumnReference, "{} position {} is not in select list", what,
                 constant->integer)
        .At(expr.location);
  }
  ClauseScope scope(level, clause);
  ASSIGN_OR_RETURN(ExprPtr bound, BindExpr(expr, level));
  for (size_t i = 0; i < targets.size(); ++i) {
    if (Equal(*targets[i].expr, *bound)) return i;
  }
  Target target;
  target.location = bound->location;
  target.expr = std::move(bound);
  target.name = ColumnNameOf(expr);
  target.junk = true;
  targets.push_back(std::move(target));
  return targets.size() - 1;
}

Result<ExprPtr> QueryBinder::BindLimitExpr(const ast::Expr& expr, Clause clause, Level& level) {
  const char* what = ClauseName(clause);
  ClauseScope scope(level, clause);
  ASSIGN_OR_RETURN(ExprPtr bound, BindExpr(expr, level));
  const Type from = bound->type;
  const int32_t location = bound->location;
  if (IsNullConstant(*bound)) return Result<ExprPtr>(ExprPtr());
  ASSIGN_OR_RETURN(bound, Coerce(std::move(bound), TypeId::kInt8, CoercionContext::kAssignment,
                                 CallExpr::Syntax::kImplicitCast, location));
  if (!bound) {
    return Error(ErrorCode::kDatatypeMismatch, "argument of {} must be type bigint, not type {}",
                 what, FormatType(from))
        .At(location);
  }
  bool own = false;
  ForEachVar(*bound, [&](const ColumnExpr& c) { own = own || DepthOf(c.index) == level.depth; });
  if (own) {
    return Error(ErrorCode::kInvalidColumnReference, "argument of {} must not contain variables",
                 what)
        .At(location);
  }
  return Result<ExprPtr>(std::move(bound));
}

Result<LogicalPtr> QueryBinder::AddLimit(const ast::SelectStmt& select, LogicalPtr plan,
                                         const std::vector<SortKey>& sort, Level& level) {
  auto limit = std::make_unique<LogicalLimit>();
  if (select.limit_count) {
    ASSIGN_OR_RETURN(limit->limit, BindLimitExpr(*select.limit_count, Clause::kLimit, level));
  }
  if (select.limit_offset) {
    ASSIGN_OR_RETURN(limit->offset, BindLimitExpr(*select.limit_offset, Clause::kOffset, level));
  }
  if (select.with_ties) {
    if (select.order_by.empty()) {
      return Error(ErrorCode::kSyntaxError,
                   "WITH TIES cannot be specified without ORDER BY clause");
    }
    limit->with_ties = limit->limit != nullptr;
    for (const SortKey& key : sort) {
      limit->ties.push_back({Clone(*key.expr), key.descending, key.nulls_first});
    }
  }
  if (!limit->limit && !limit->offset) return Result<LogicalPtr>(std::move(plan));
  limit->output = plan->output;
  limit->children.push_back(std::move(plan));
  return limit;
}

Result<LogicalPtr> QueryBinder::SortAndLimitRows(const ast::SelectStmt& select, LogicalPtr plan,
                                                 Level& level) {
  std::vector<SortKey> keys;
  if (!select.order_by.empty()) {
    std::vector<Target> targets;
    auto entry = std::make_shared<RangeEntry>();
    entry->kind = RangeEntry::Kind::kSubquery;
    Adopt(plan->output, level);
    for (const OutputColumn& column : plan->output) {
      Target target;
      target.name = column.name;
      target.expr = RefTo(column);
      targets.push_back(std::move(target));
      ScopeColumn scope;
      scope.name = column.name;
      scope.expr = RefTo(column);
      entry->columns.push_back(std::move(scope));
    }
    const size_t columns = targets.size();
    level.names.push_back({.entry = entry, .rel_visible = false});
    for (const ast::SortBy& sort : select.order_by) {
      ASSIGN_OR_RETURN(size_t at, FindOutput(*sort.expr, targets, level, Clause::kOrderBy));
      if (at >= columns && select.set_op != ast::SetOperation::kNone) {
        return Error(ErrorCode::kFeatureNotSupported,
                     "invalid UNION/INTERSECT/EXCEPT ORDER BY clause")
            .Detail("Only result column names can be used, not expressions or functions.")
            .Hint(
                "Add the expression/function to every SELECT, or move the UNION into a FROM "
                "clause.")
            .At(targets[at].location);
      }
      ExprPtr expr = Clone(*targets[at].expr);
      if (expr->location < 0) expr->location = sort.expr->location;
      ASSIGN_OR_RETURN(SortKey key, MakeSortKey(sort, std::move(expr)));
      keys.push_back(std::move(key));
    }
    auto node = std::make_unique<LogicalSort>();
    for (const SortKey& key : keys) {
      node->keys.push_back({Clone(*key.expr), key.descending, key.nulls_first});
    }
    node->output = plan->output;
    node->children.push_back(std::move(plan));
    plan = std::move(node);
  }
  return AddLimit(select, std::move(plan), keys, level);
}

}  // namespace oxibase::bind
