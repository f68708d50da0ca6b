// ON CONFLICT: which indexes it means, what it does.
#include <algorithm>
#include <set>

#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

void Conjuncts(const Expr& expr, std::vector<const Expr*>& out) {
  if (expr.kind == ExprKind::kAnd) {
    for (const ExprPtr& arg : static_cast<const BoolExpr&>(expr).args) Conjuncts(*arg, out);
    return;
  }
  out.push_back(&expr);
}

/// Whether each condition of `wanted` is literally one of `given`'s.
bool Implies(const Expr* given, const Expr& wanted) {
  std::vector<const Expr*> have, need;
  if (given) Conjuncts(*given, have);
  Conjuncts(wanted, need);
  return std::all_of(need.begin(), need.end(), [&](const Expr* n) {
    return std::any_of(have.begin(), have.end(), [&](const Expr* h) { return Equal(*h, *n); });
  });
}

}  // namespace

Status QueryBinder::AddTargetScope(Level& level, const WriteTarget& target,
                                   const std::vector<VarId>& vars, const std::string& name) {
  RETURN_IF_ERROR(AddTableScope(level, *target.table, vars, name));
  if (!target.view) return {};
  ASSIGN_OR_RETURN(ViewFace face, FaceOf(*target.view, vars, "insert into", level));
  level.names.back().entry->columns = std::move(face.columns);
  return {};
}

Result<std::vector<Oid>> QueryBinder::InferArbiters(const ast::OnConflictClause& clause,
                                                    const WriteTarget& target, Level& outer) {
  const TableDef& table = *target.table;
  if (!clause.constraint.empty()) {
    const ConstraintDef* constraint =
        target.view ? nullptr : table.FindConstraint(clause.constraint);
    if (!constraint) {
      return Error(ErrorCode::kUndefinedObject, "constraint \"{}\" for table \"{}\" does not exist",
                   clause.constraint, target.names->name)
          .At(clause.infer_location);
    }
    if (constraint->index == 0 || constraint->kind == ConstraintKind::kForeignKey) {
      return Error(ErrorCode::kWrongObjectType,
                   "constraint in ON CONFLICT clause has no associated index")
          .At(clause.infer_location);
    }
    return std::vector<Oid>{constraint->index};
  }
  std::vector<Oid> arbiters;
  if (clause.elements.empty()) return arbiters;
  // Everything is bound over the same variables, so that expressions can be compared.
  Level level(&outer);
  std::vector<VarId> vars;
  for (const ColumnDef& column : table.columns) {
    vars.push_back(column.dropped || column.hidden ? 0 : NewVar(level));
  }
  RETURN_IF_ERROR(AddTargetScope(level, target, vars, target.names->name));
  std::set<int16_t> columns;
  std::vector<ExprPtr> exprs;
  for (const ast::IndexElement& element : clause.elements) {
    if (!element.name.empty()) {
      const ColumnDef* column = target.names->FindColumn(element.name);
      if (!column) {
        return Error(ErrorCode::kUndefinedColumn, "column \"{}\" does not exist", element.name)
            .At(clause.infer_location);
      }
      if (column->id == ColumnId()) {  // the view computes it
        for (const ScopeColumn& shown : level.names.back().entry->columns) {
          if (shown.name == element.name) exprs.push_back(Clone(*shown.expr));
        }
        continue;
      }
      columns.insert(column->id.value);
      continue;
    }
    level.clause = Clause::kIndexElement;
    ASSIGN_OR_RETURN(ExprPtr expr, BindExpr(*element.expr, level));
    ASSIGN_OR_RETURN(expr, ResolveUnknown(std::move(expr)));
    exprs.push_back(std::move(expr));
  }
  ExprPtr where;
  if (clause.index_where) {
    level.clause = Clause::kIndexPredicate;
    ASSIGN_OR_RETURN(where, BindCondition(*clause.index_where, level, "WHERE"));
  }
  for (const IndexDef& index : table.indexes) {
    if (!index.unique) continue;
    bool matches = true;
    std::set<int16_t> own;
    std::vector<ExprPtr> own_exprs;
    for (const IndexColumn& part : index.columns) {
      if (part.expression_sql.empty()) {
        own.insert(part.column.value);
        continue;
      }
      ASSIGN_OR_RETURN(ExprPtr expr, BindStored(part.expression_sql, table, vars,
                                                Clause::kIndexElement, Type(), ""));
      own_exprs.push_back(std::move(expr));
    }
    matches = own == columns;
    auto contains = [](const std::vector<ExprPtr>& list, const Expr& wanted) {
      return std::any_of(list.begin(), list.end(),
                         [&](const ExprPtr& e) { return Equal(*e, wanted); });
    };
    for (const ExprPtr& e : own_exprs) matches = matches && contains(exprs, *e);
    for (const ExprPtr& e : exprs) matches = matches && contains(own_exprs, *e);
    if (matches && index.predicate) {
      ASSIGN_OR_RETURN(ExprPtr predicate, BindStored(index.predicate_sql, table, vars,
                                                     Clause::kIndexPredicate, TypeId::kBool, ""));
      matches = Implies(where.get(), *predicate);
    }
    if (matches) arbiters.push_back(index.oid);
  }
  if (arbiters.empty()) {
    return Error(
        ErrorCode::kInvalidColumnReference,
        "there is no unique or exclusion constraint matching the ON CONFLICT specification");
  }
  return arbiters;
}

Result<OnConflictClause> QueryBinder::BindOnConflict(const ast::OnConflictClause& clause,
                                                     const WriteTarget& target,
                                                     const std::string& alias, Level& outer) {
  const TableDef& table = *target.table;
  OnConflictClause bound;
  bound.do_update = clause.do_update;
  if (clause.do_update && clause.elements.empty() && clause.constraint.empty()) {
    return Error(ErrorCode::kSyntaxError,
                 "ON CONFLICT DO UPDATE requires inference specification or constraint name")
        .Hint("For example, ON CONFLICT (column_name).")
        .At(clause.location);
  }
  ASSIGN_OR_RETURN(bound.arbiters, InferArbiters(clause, target, outer));
  Level level(&outer);
  for (const ColumnDef& column : table.columns) {
    bound.existing_vars.push_back(column.dropped ? 0 : NewVar(level));
    bound.excluded_vars.push_back(column.dropped ? 0 : NewVar(level));
  }
  if (!clause.do_update) return bound;
  RETURN_IF_ERROR(AddTargetScope(level, target, bound.existing_vars, alias));
  RETURN_IF_ERROR(AddTargetScope(level, target, bound.excluded_vars, "excluded"));
  ASSIGN_OR_RETURN(bound.assignments,
                   BindAssignments(clause.set, *target.names, level, /*plan=*/nullptr));
  if (clause.where) {
    ClauseScope scope(level, Clause::kWhere);
    ASSIGN_OR_RETURN(bound.where, BindCondition(*clause.where, level, "WHERE"));
  }
  return bound;
}

}  // namespace oxibase::bind
