// WITH: definitions, references, recursion; which of them are written into the query.
#include <algorithm>

#include "sql/bind/query_binder.h"

namespace oxibase::bind {

std::shared_ptr<CteEntry> QueryBinder::FindCte(const std::string& name, Level& level) {
  for (Level* at = &level; at; at = at->parent) {
    for (const auto& cte : at->ctes) {
      if (cte->name == name) return cte;
    }
  }
  return nullptr;
}

Result<QueryBinder::FromResult> QueryBinder::BindCteReference(CteEntry& cte,
                                                              const ast::RangeVar& item,
                                                              Level& level) {
  if (cte.in_nonrecursive_term) {
    return Error(
               ErrorCode::kInvalidRecursion,
               "recursive reference to query \"{}\" must not appear within its non-recursive term",
               cte.name)
        .At(item.location);
  }
  if (!cte.has_output) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "WITH query \"{}\" does not have a RETURNING clause", cte.name)
        .At(item.location);
  }
  auto scan = std::make_unique<LogicalCteScan>();
  scan->cte_id = cte.in_recursive_term ? cte.working_id : cte.id;
  scan->name = cte.name;
  scan->working_table = cte.in_recursive_term;
  if (cte.in_recursive_term) {
    if (cte.self_references++ > 0) {
      return Error(ErrorCode::kInvalidRecursion,
                   "recursive reference to query \"{}\" must not appear more than once", cte.name)
          .At(item.location);
    }
    cte.self_location = item.location;
  }
  for (const OutputColumn& column : cte.columns) {
    scan->output.push_back({NewVar(level), column.type, column.name});
    const auto shape = shapes_.find(column.var);
    if (shape != shapes_.end()) NoteShape(scan->output.back().var, RowShapePtr(shape->second));
  }
  FromResult result = EntryOf(std::move(scan), RangeEntry::Kind::kCte, cte.name, level);
  RETURN_IF_ERROR(ApplyAlias(*result.top, item.alias, item.location));
  return result;
}

Status QueryBinder::NameCteColumns(const ast::CommonTableExpr& cte, CteEntry& entry) {
  if (cte.columns.size() > entry.columns.size()) {
    return Error(ErrorCode::kInvalidColumnReference,
                 "WITH query \"{}\" has {} columns available but {} columns specified", cte.name,
                 entry.columns.size(), cte.columns.size())
        .At(cte.location);
  }
  for (size_t i = 0; i < cte.columns.size(); ++i) entry.columns[i].name = cte.columns[i];
  return {};
}

Result<QueryBinder::WithScope> QueryBinder::BindWith(const ast::WithClause& with, Level& level,
                                                     bool is_top) {
  WithScope scope;
  for (const ast::CommonTableExpr& cte : with.ctes) {
    for (const auto& other : level.ctes) {
      if (other->name == cte.name) {
        return Error(ErrorCode::kDuplicateAlias, "WITH query name \"{}\" specified more than once",
                     cte.name)
            .At(cte.location);
      }
    }
    if (cte.search || cte.cycle) {
      return Error(ErrorCode::kFeatureNotSupported, "{} is not supported",
                   cte.search ? "SEARCH" : "CYCLE")
          .At(cte.location);
    }
    WithScope::Definition definition;
    definition.entry = std::make_shared<CteEntry>();
    CteEntry& entry = *definition.entry;
    entry.name = cte.name;
    entry.id = next_cte_++;
    entry.modifies = cte.query->kind != ast::StatementKind::kSelect;
    if (entry.modifies && !is_top) {
      return Error(ErrorCode::kFeatureNotSupported,
                   "WITH clause containing a data-modifying statement must be at the top level")
          .At(cte.location);
    }
    const auto* select = ast::TryAs<ast::SelectStmt>(cte.query.get());
    if (with.recursive && select) {
      RETURN_IF_ERROR(BindRecursiveCte(cte, *select, level, definition));
    } else {
      ASSIGN_OR_RETURN(definition.plan, BindAnyStatement(*cte.query, &level, true));
      entry.columns = definition.plan->output;
      NoteShapes(*definition.plan);
      if (entry.modifies) {
        entry.has_output = definition.plan->kind == LogicalKind::kProject ||
                           definition.plan->kind == LogicalKind::kCte;
        if (!entry.has_output) entry.columns.clear();
      }
      RETURN_IF_ERROR(NameCteColumns(cte, entry));
      level.ctes.push_back(definition.entry);
    }
    definition.can_inline = !entry.modifies && !definition.recursive &&
                            cte.materialized != ast::CteMaterialize::kAlways &&
                            !IsVolatilePlan(*definition.plan);
    scope.definitions.push_back(std::move(definition));
  }
  return scope;
}

namespace {

/// Where the working table is read, and what stands above it.
class RecursionCheck {
 public:
  explicit RecursionCheck(const CteEntry& cte) : cte_(cte) {}

  Status Walk(const LogicalNode& node, const char* within) {
    if (node.kind == LogicalKind::kCteScan) {
      const auto& scan = static_cast<const LogicalCteScan&>(node);
      if (scan.cte_id != cte_.working_id || !within) return {};
      if (std::string_view(within) == "aggregate") {
        return Error(ErrorCode::kInvalidRecursion,
                     "aggregate functions are not allowed in a recursive query's recursive term")
            .At(cte_.self_location);
      }
      return Error(ErrorCode::kInvalidRecursion,
                   "recursive reference to query \"{}\" must not appear within {}", cte_.name,
                   within)
          .At(cte_.self_location);
    }
    Status status;
    ForEachExpr(node, [&](const Expr& expr) {
      if (status.ok()) status = WalkExpr(expr);
    });
    RETURN_IF_ERROR(status);
    if (node.kind == LogicalKind::kAggregate) within = "aggregate";
    for (size_t i = 0; i < node.children.size(); ++i) {
      const char* inside = within;
      if (node.kind == LogicalKind::kJoin) {
        const JoinType type = static_cast<const LogicalJoin&>(node).type;
        if (type == JoinType::kFull || (type == JoinType::kLeft && i == 1) ||
            (type == JoinType::kRight && i == 0)) {
          inside = "an outer join";
        }
      }
      if (node.kind == LogicalKind::kSetOp) {
        const auto& set = static_cast<const LogicalSetOp&>(node);
        if (set.op == LogicalSetOp::Op::kExcept && i == 1) inside = "EXCEPT";
      }
      RETURN_IF_ERROR(Walk(*node.children[i], inside));
    }
    return {};
  }

 private:
  Status WalkExpr(const Expr& expr) {
    if (expr.kind == ExprKind::kSubquery) {
      RETURN_IF_ERROR(Walk(*static_cast<const SubqueryExpr&>(expr).plan, "a subquery"));
    }
    Status status;
    ForEachChild(expr, [&](const Expr& child) {
      if (status.ok()) status = WalkExpr(child);
    });
    return status;
  }

  const CteEntry& cte_;
};

}  // namespace

Status QueryBinder::BindRecursiveCte(const ast::CommonTableExpr& cte, const ast::SelectStmt& select,
                                     Level& outer, WithScope::Definition& definition) {
  CteEntry& entry = *definition.entry;
  entry.in_nonrecursive_term = true;
  outer.ctes.push_back(definition.entry);
  if (select.set_op != ast::SetOperation::kUnion) {
    Result<LogicalPtr> bound = BindSelect(select, &outer, true);
    if (!bound.ok() && bound.code() == ErrorCode::kInvalidRecursion) {
      Status error = Error(ErrorCode::kInvalidRecursion,
                           "recursive query \"{}\" does not have the form non-recursive-term UNION "
                           "[ALL] recursive-term",
                           cte.name);
      return std::move(error).At(cte.location);
    }
    ASSIGN_OR_RETURN(definition.plan, std::move(bound));
    entry.in_nonrecursive_term = false;
    entry.columns = definition.plan->output;
    NoteShapes(*definition.plan);
    return NameCteColumns(cte, entry);
  }
  Level level(&outer);
  WithScope with;
  if (select.with) {
    ASSIGN_OR_RETURN(with, BindWith(*select.with, level, false));
  }
  ASSIGN_OR_RETURN(LogicalPtr left, BindSelect(*select.left, &level, true));
  entry.columns = left->output;
  NoteShapes(*left);
  RETURN_IF_ERROR(NameCteColumns(cte, entry));
  entry.in_nonrecursive_term = false;
  entry.working_id = next_cte_++;
  entry.in_recursive_term = true;
  Result<LogicalPtr> bound = BindSetOperand(*select.right, level);
  entry.in_recursive_term = false;
  ASSIGN_OR_RETURN(LogicalPtr right, std::move(bound));
  if (entry.self_references == 0) {
    ASSIGN_OR_RETURN(definition.plan,
                     CombineSetOperation(select, std::move(left), std::move(right), level));
    ASSIGN_OR_RETURN(definition.plan, SortAndLimitRows(select, std::move(definition.plan), level));
    if (select.with) definition.plan = AttachWith(std::move(with), std::move(definition.plan));
    entry.columns = definition.plan->output;
    NoteShapes(*definition.plan);
    return NameCteColumns(cte, entry);
  }
  definition.recursive = true;
  const char* what = !select.order_by.empty()  ? "ORDER BY"
                     : select.limit_offset     ? "OFFSET"
                     : select.limit_count      ? "LIMIT"
                     : !select.locking.empty() ? "FOR UPDATE/SHARE"
                                               : nullptr;
  if (what) {
    return Error(ErrorCode::kFeatureNotSupported, "{} in a recursive query is not implemented",
                 what)
        .At(cte.location);
  }
  RETURN_IF_ERROR(RecursionCheck(entry).Walk(*right, nullptr));
  const std::vector<OutputColumn> first = left->output;
  ASSIGN_OR_RETURN(LogicalPtr both,
                   CombineSetOperation(select, std::move(left), std::move(right), level));
  for (size_t i = 0; i < first.size(); ++i) {
    if (first[i].type == both->output[i].type) continue;
    return Error(ErrorCode::kDatatypeMismatch,
                 "recursive query \"{}\" column {} has type {} in non-recursive term but type {} "
                 "overall",
                 cte.name, i + 1, FormatType(first[i].type), FormatType(both->output[i].type))
        .Hint("Cast the output of the non-recursive term to the correct type.")
        .At(cte.location);
  }
  auto node = std::make_unique<LogicalRecursiveCte>();
  node->cte_id = entry.working_id;
  node->name = entry.name;
  node->all = select.set_all;
  node->output = both->output;
  node->children = std::move(both->children);
  definition.plan = std::move(node);
  if (select.with) definition.plan = AttachWith(std::move(with), std::move(definition.plan));
  entry.columns = definition.plan->output;
  NoteShapes(*definition.plan);
  return NameCteColumns(cte, entry);
}

namespace {

using Visit = std::function<void(LogicalPtr&)>;

void VisitReadings(LogicalPtr& plan, uint32_t id, const Visit& visit);

void VisitReadings(Expr& expr, uint32_t id, const Visit& visit) {
  if (expr.kind == ExprKind::kSubquery) {
    VisitReadings(static_cast<SubqueryExpr&>(expr).plan, id, visit);
  }
  ForEachChild(expr, [&](ExprPtr& child) { VisitReadings(*child, id, visit); });
}

void VisitReadings(LogicalPtr& plan, uint32_t id, const Visit& visit) {
  if (plan->kind == LogicalKind::kCteScan) {
    if (static_cast<LogicalCteScan&>(*plan).cte_id == id) visit(plan);
    return;
  }
  ForEachExpr(*plan, [&](ExprPtr& expr) { VisitReadings(*expr, id, visit); });
  for (LogicalPtr& child : plan->children) VisitReadings(child, id, visit);
}

}  // namespace

LogicalPtr QueryBinder::AttachWith(WithScope with, LogicalPtr plan) {
  for (size_t i = with.definitions.size(); i-- > 0;) {
    WithScope::Definition& definition = with.definitions[i];
    std::vector<LogicalPtr*> readings;
    VisitReadings(plan, definition.entry->id, [&](LogicalPtr& at) { readings.push_back(&at); });
    if (readings.empty() && !definition.entry->modifies) continue;
    if (readings.size() == 1 && definition.can_inline) {
      auto project = std::make_unique<LogicalProject>();
      project->output = (*readings[0])->output;
      for (const OutputColumn& column : definition.plan->output) {
        project->exprs.push_back(RefTo(column));
      }
      project->children.push_back(std::move(definition.plan));
      *readings[0] = std::move(project);
      continue;
    }
    auto node = std::make_unique<LogicalCte>();
    node->cte_id = definition.entry->id;
    node->name = definition.entry->name;
    node->modifies = definition.entry->modifies;
    node->output = plan->output;
    node->children.push_back(std::move(definition.plan));
    node->children.push_back(std::move(plan));
    plan = std::move(node);
  }
  return plan;
}

}  // namespace oxibase::bind
