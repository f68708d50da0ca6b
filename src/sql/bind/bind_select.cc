// One SELECT: from FROM up to its output.
#include <algorithm>
#include <utility>

#include "expr/function.h"
#include "sql/bind/grouping.h"

namespace oxibase::bind {

Result<LogicalPtr> QueryBinder::BindSelect(const ast::SelectStmt& select, Level* parent,
                                           bool resolve_unknowns) {
  NestingGuard guard(*this);
  RETURN_IF_ERROR(guard.Check());
  Level level(parent);
  if (!select.with) return TraceOutput(select, BindSelectBody(select, level, resolve_unknowns));
  const ast::LockingClause* pushed = std::exchange(pushed_lock_, nullptr);
  ASSIGN_OR_RETURN(WithScope with, BindWith(*select.with, level, !parent && view_depth_ == 0));
  pushed_lock_ = pushed;
  ASSIGN_OR_RETURN(LogicalPtr plan, TraceOutput(select, BindSelectBody(select, level, true)));
  return AttachWith(std::move(with), std::move(plan));
}

Result<LogicalPtr> QueryBinder::BindSelectBody(const ast::SelectStmt& select, Level& level,
                                               bool resolve_unknowns) {
  if (!select.values_lists.empty()) return BindValuesLists(select, level);
  if (select.set_op != ast::SetOperation::kNone) return BindSetOperation(select, level);
  return BindBlock(select, level, resolve_unknowns);
}

LogicalPtr QueryBinder::OneRow() {
  auto values = std::make_unique<LogicalValues>();
  values->rows_exprs.emplace_back();
  return values;
}

LogicalPtr QueryBinder::FilterBy(LogicalPtr plan, ExprPtr predicate) {
  auto filter = std::make_unique<LogicalFilter>();
  filter->predicate = std::move(predicate);
  filter->output = plan->output;
  filter->children.push_back(std::move(plan));
  return filter;
}

LogicalPtr QueryBinder::AddWindows(LogicalPtr plan, Level& level) {
  for (auto& window : level.windows) {
    if (window->calls.empty()) continue;
    auto node = std::make_unique<LogicalWindow>();
    node->output = plan->output;
    node->partition_by = std::move(window->partition_by);
    node->order_by = std::move(window->order_by);
    node->frame = std::move(window->frame);
    node->start_function = window->start_function;
    node->end_function = window->end_function;
    for (auto& call : window->calls) {
      node->output.push_back({call.var, call.expr->type, std::string(call.expr->function->name)});
      node->functions.push_back(std::move(call.expr));
    }
    node->children.push_back(std::move(plan));
    plan = std::move(node);
  }
  return plan;
}

LogicalPtr QueryBinder::AddSetReturning(LogicalPtr plan, Level& level, bool before_grouping) {
  int deepest = -1;
  for (const auto& call : level.set_returning) {
    if (call.before_grouping == before_grouping) deepest = std::max(deepest, call.nesting);
  }
  for (int nesting = 0; nesting <= deepest; ++nesting) {
    auto scan = std::make_unique<LogicalFunctionScan>();
    for (auto& call : level.set_returning) {
      if (call.before_grouping != before_grouping || call.nesting != nesting) continue;
      scan->output.insert(scan->output.end(), call.columns.begin(), call.columns.end());
      scan->calls.push_back({std::move(call.call), static_cast<uint32_t>(call.columns.size())});
    }
    if (scan->calls.empty()) continue;
    const bool nothing_below = plan->kind == LogicalKind::kValues && plan->output.empty();
    if (nothing_below) {
      plan = std::move(scan);
      continue;
    }
    auto join = std::make_unique<LogicalJoin>();
    join->lateral = RefersTo(*scan, plan->output);
    // Volatile calls run anew for each row, which only a lateral join promises.
    for (const auto& call : scan->calls) join->lateral = join->lateral || IsVolatile(*call.call);
    join->output = plan->output;
    join->output.insert(join->output.end(), scan->output.begin(), scan->output.end());
    join->children.push_back(std::move(plan));
    join->children.push_back(std::move(scan));
    plan = std::move(join);
  }
  return plan;
}

namespace {

bool ReadsAny(const Expr& expr, const std::vector<LevelSetReturning>& calls) {
  bool found = false;
  ForEachVar(expr, [&](const ColumnExpr& column) {
    for (const auto& call : calls) {
      if (call.before_grouping) continue;
      for (const auto& c : call.columns) found = found || c.var == column.index;
    }
  });
  return found;
}

LogicalPtr SortBy(LogicalPtr plan, const std::vector<SortKey>& keys) {
  auto sort = std::make_unique<LogicalSort>();
  for (const SortKey& key : keys) {
    sort->keys.push_back({Clone(*key.expr), key.descending, key.nulls_first});
  }
  sort->output = plan->output;
  sort->children.push_back(std::move(plan));
  return sort;
}

}  // namespace

LogicalPtr QueryBinder::ProjectTargets(LogicalPtr plan, std::vector<Target>& targets,
                                       Level& level) {
  auto project = std::make_unique<LogicalProject>();
  for (Target& target : targets) {
    if (target.junk) continue;
    VarId var = 0;
    if (target.expr->kind == ExprKind::kColumn) {
      const auto& column = static_cast<const ColumnExpr&>(*target.expr);
      const bool used = std::any_of(project->output.begin(), project->output.end(),
                                    [&](const OutputColumn& c) { return c.var == column.index; });
      const bool below = std::any_of(plan->output.begin(), plan->output.end(),
                                     [&](const OutputColumn& c) { return c.var == column.index; });
      if (!used && below) var = column.index;
    }
    if (!var) var = NewVar(level);
    OutputColumn output{var, target.expr->type, target.name};
    output.origin_table = target.origin_table;
    output.origin_column = target.origin_column;
    project->output.push_back(std::move(output));
    project->exprs.push_back(std::move(target.expr));
  }
  project->children.push_back(std::move(plan));
  return project;
}

Result<LogicalPtr> QueryBinder::BindBlock(const ast::SelectStmt& select, Level& level,
                                          bool resolve_unknowns) {
  const ast::LockingClause* pushed = std::exchange(pushed_lock_, nullptr);
  for (const ast::LockingClause& clause : select.locking) level.locking.push_back(&clause);
  if (pushed) level.locking.push_back(pushed);
  RETURN_IF_ERROR(CheckLocking(select, level.locking));
  const bool is_cursor = &select == cursor_block_;
  level.wants_row_ids = !level.locking.empty() || is_cursor;
  if (!level.locking.empty()) modifies_ = true;
  ASSIGN_OR_RETURN(LogicalPtr plan, BindFrom(select.from, level));
  if (!plan) plan = OneRow();
  RETURN_IF_ERROR(BindNamedWindows(select.windows, level));
  ASSIGN_OR_RETURN(std::vector<Target> targets,
                   BindTargets(select.targets, level, Clause::kSelect));
  if (select.where) {
    ClauseScope clause(level, Clause::kWhere);
    ASSIGN_OR_RETURN(ExprPtr where, BindCondition(*select.where, level, "WHERE"));
    plan = FilterBy(std::move(plan), std::move(where));
  }
  ExprPtr having;
  if (select.having) {
    ClauseScope clause(level, Clause::kHaving);
    ASSIGN_OR_RETURN(having, BindCondition(*select.having, level, "HAVING"));
  }
  std::vector<size_t> sort_targets;
  for (const ast::SortBy& sort : select.order_by) {
    ASSIGN_OR_RETURN(size_t at, FindOutput(*sort.expr, targets, level, Clause::kOrderBy));
    ASSIGN_OR_RETURN(targets[at].expr, ResolveUnknown(std::move(targets[at].expr)));
    sort_targets.push_back(at);
  }
  Grouping grouping;
  RETURN_IF_ERROR(BindGroupBy(select, targets, level, grouping));
  std::vector<size_t> on_targets;
  for (const ast::ExprPtr& on : select.distinct_on) {
    ASSIGN_OR_RETURN(size_t at, FindOutput(*on, targets, level, Clause::kDistinctOn));
    ASSIGN_OR_RETURN(targets[at].expr, ResolveUnknown(std::move(targets[at].expr)));
    on_targets.push_back(at);
  }
  const bool distinct = select.distinct && select.distinct_on.empty();
  for (Target& target : targets) {
    if (!target.junk && (resolve_unknowns || distinct)) {
      ASSIGN_OR_RETURN(target.expr, ResolveUnknown(std::move(target.expr)));
    }
  }

  const bool grouped =
      !select.group_by.empty() || !level.aggregates.empty() || having || !level.groupings.empty();
  if (grouped) {
    RETURN_IF_ERROR(ResolveGroupings(level, grouping));
    Status status;
    auto replace = [&](ExprPtr& expr) {
      if (expr && status.ok()) status = ReplaceGrouped(expr, level, grouping, false);
    };
    for (Target& target : targets) {
      // Expressions of GROUP BY that nobody else needs are gone with it.
      const auto at = static_cast<size_t>(&target - targets.data());
      const bool needed =
          !target.junk ||
          std::find(sort_targets.begin(), sort_targets.end(), at) != sort_targets.end() ||
          std::find(on_targets.begin(), on_targets.end(), at) != on_targets.end();
      if (needed) replace(target.expr);
    }
    replace(having);
    for (auto& window : level.windows) {
      for (ExprPtr& expr : window->partition_by) replace(expr);
      for (SortKey& key : window->order_by) replace(key.expr);
      for (auto& call : window->calls) {
        for (ExprPtr& arg : call.expr->args) replace(arg);
        replace(call.expr->filter);
      }
    }
    for (auto& call : level.set_returning) {
      if (!call.before_grouping) replace(call.call);
    }
    RETURN_IF_ERROR(status);
    plan = AddSetReturning(std::move(plan), level, true);
    ASSIGN_OR_RETURN(plan, AddAggregate(std::move(plan), level, grouping));
    if (having) plan = FilterBy(std::move(plan), std::move(having));
  }
  plan = AddWindows(std::move(plan), level);

  bool sets_first = distinct || !select.distinct_on.empty();
  for (const size_t at : sort_targets) {
    sets_first = sets_first || ReadsAny(*targets[at].expr, level.set_returning);
  }
  if (sets_first) plan = AddSetReturning(std::move(plan), level, false);

  auto keys_over = [&](const std::vector<size_t>& which) -> Result<std::vector<SortKey>> {
    std::vector<SortKey> keys;
    for (size_t i = 0; i < which.size(); ++i) {
      ExprPtr expr = Clone(*targets[which[i]].expr);
      if (expr->location < 0) expr->location = select.order_by[i].expr->location;
      ASSIGN_OR_RETURN(SortKey key, MakeSortKey(select.order_by[i], std::move(expr)));
      keys.push_back(std::move(key));
    }
    return keys;
  };

  if (distinct) {
    for (const size_t at : sort_targets) {
      if (!targets[at].junk) continue;
      return Error(ErrorCode::kInvalidColumnReference,
                   "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
          .At(targets[at].location);
    }
    for (const Target& target : targets) {
      if (target.junk) continue;
      ASSIGN_OR_RETURN([[maybe_unused]] const Function* equal,
                       ComparisonFor("=", target.expr->type.id, target.location));
    }
    // Positions among the output, which holds no junk.
    std::vector<size_t> positions;
    for (const size_t at : sort_targets) {
      positions.push_back(static_cast<size_t>(
          std::count_if(targets.begin(), targets.begin() + static_cast<ptrdiff_t>(at),
                        [](const Target& t) { return !t.junk; })));
    }
    plan = ProjectTargets(std::move(plan), targets, level);
    auto node = std::make_unique<LogicalDistinct>();
    node->output = plan->output;
    node->children.push_back(std::move(plan));
    plan = std::move(node);
    std::vector<SortKey> keys;
    for (size_t i = 0; i < positions.size(); ++i) {
      ASSIGN_OR_RETURN(SortKey key,
                       MakeSortKey(select.order_by[i], RefTo(plan->output[positions[i]])));
      keys.push_back(std::move(key));
    }
    if (!keys.empty()) plan = SortBy(std::move(plan), keys);
    MakeRows(plan);
    return AddLimit(select, std::move(plan), keys, level);
  }

  // What is both shown and sorted by is computed once, below the sort.
  std::unique_ptr<LogicalProject> computed;
  std::vector<size_t> precompute = sort_targets;
  precompute.insert(precompute.end(), on_targets.begin(), on_targets.end());
  for (const size_t at : precompute) {
    Target& target = targets[at];
    if (target.expr->kind == ExprKind::kColumn || target.expr->kind == ExprKind::kConstant)
      continue;
    if (!computed) computed = PassThrough(std::move(plan));
    const OutputColumn column{NewVar(level), target.expr->type, target.name};
    ExprPtr ref = RefTo(column);
    ref->location = target.expr->location;
    computed->output.push_back(column);
    computed->exprs.push_back(std::move(target.expr));
    target.expr = std::move(ref);
  }
  if (computed) plan = std::move(computed);

  ASSIGN_OR_RETURN(std::vector<SortKey> keys, keys_over(sort_targets));
  if (!select.distinct_on.empty()) {
    bool skipped = false;
    std::vector<bool> matched(on_targets.size());
    auto is_on = [&](size_t at) {
      bool is = false;
      for (size_t i = 0; i < on_targets.size(); ++i) {
        if (on_targets[i] == at) matched[i] = is = true;
      }
      return is;
    };
    for (const size_t at : sort_targets) {
      if (!is_on(at)) {
        skipped = true;
      } else if (skipped) {
        return Error(ErrorCode::kInvalidColumnReference,
                     "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
            .At(targets[at].location);
      }
    }
    auto node = std::make_unique<LogicalDistinct>();
    for (size_t i = 0; i < on_targets.size(); ++i) {
      const Target& target = targets[on_targets[i]];
      if (!matched[i] && skipped) {
        return Error(ErrorCode::kInvalidColumnReference,
                     "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
            .At(target.location);
      }
      ASSIGN_OR_RETURN([[maybe_unused]] const Function* equal,
                       ComparisonFor("=", target.expr->type.id, target.location));
      node->on.push_back(Clone(*target.expr));
    }
    if (!keys.empty()) plan = SortBy(std::move(plan), keys);
    node->output = plan->output;  // NOLINT(bugprone-use-after-move): `computed` went back to it
    node->children.push_back(std::move(plan));
    plan = std::move(node);
  } else if (!keys.empty()) {
    plan = SortBy(std::move(plan), keys);
  }
  if (!sets_first) plan = AddSetReturning(std::move(plan), level, false);
  ASSIGN_OR_RETURN(plan, LockRows(std::move(plan), level));
  std::vector<LogicalLockRows::Target> hand_out;
  const bool plain = pushed && select.locking.empty() && select.distinct_on.empty() &&
                     !select.limit_count && !select.limit_offset && !select.with &&
                     plan->kind == LogicalKind::kLockRows;
  if (plain) {
    // The block only filters and computes: what is outside may filter further before it locks.
    hand_out = std::move(static_cast<LogicalLockRows&>(*plan).targets);
    LogicalPtr below = std::move(plan->children[0]);
    plan = std::move(below);
  }
  std::vector<VarId> row_ids;
  for (const auto& target : hand_out) row_ids.push_back(target.row_id);
  if (is_cursor) row_ids = CursorRowIds(select, *plan, level);
  ASSIGN_OR_RETURN(plan, AddLimit(select, std::move(plan), keys, level));
  plan = ProjectTargets(std::move(plan), targets, level);
  auto& project = static_cast<LogicalProject&>(*plan);
  for (const VarId var : row_ids) {
    const OutputColumn row_id{var, TypeId::kInt8, "row_id"};
    project.exprs.push_back(RefTo(row_id));
    project.output.push_back(row_id);
  }
  lockable_ = std::move(hand_out);
  MakeRows(plan);
  return Result<LogicalPtr>(std::move(plan));
}

Status QueryBinder::CheckLocking(const ast::SelectStmt& select,
                                 const std::vector<const ast::LockingClause*>& locking) {
  if (locking.empty()) return {};
  const std::string_view what = ast::LockClauseName(locking[0]->strength);
  const char* with = nullptr;
  if (select.set_op != ast::SetOperation::kNone) {
    with = "UNION/INTERSECT/EXCEPT";
  } else if (select.distinct) {
    with = "DISTINCT clause";
  } else if (!select.group_by.empty()) {
    with = "GROUP BY clause";
  } else if (select.having) {
    with = "HAVING clause";
  }
  if (with) {
    return Error(ErrorCode::kFeatureNotSupported, "{} is not allowed with {}", what, with);
  }
  return {};
}

Result<LogicalPtr> QueryBinder::LockRows(LogicalPtr plan, Level& level) {
  if (level.locking.empty()) return Result<LogicalPtr>(std::move(plan));
  const std::string_view what = ast::LockClauseName(level.locking[0]->strength);
  const char* with = nullptr;
  if (!level.aggregates.empty()) with = "aggregate functions";
  for (const auto& window : level.windows) {
    if (!window->calls.empty()) with = "window functions";
  }
  if (!level.set_returning.empty()) with = "set-returning functions in the target list";
  if (with) {
    return Error(ErrorCode::kFeatureNotSupported, "{} is not allowed with {}", what, with);
  }
  auto node = std::make_unique<LogicalLockRows>();
  auto add_table = [&](const LogicalLockRows::Target& table, const ast::LockingClause& clause) {
    const auto mode = static_cast<RowLockMode>(clause.strength);
    const LockWait wait = clause.wait == ast::LockWait::kBlock  ? LockWait::kBlock
                          : clause.wait == ast::LockWait::kSkip ? LockWait::kSkip
                                                                : LockWait::kNoWait;
    for (auto& target : node->targets) {
      if (target.scan_id != table.scan_id) continue;
      target.mode = std::max(target.mode, mode);
      if (wait == LockWait::kNoWait || target.wait == LockWait::kBlock) target.wait = wait;
      return;
    }
    node->targets.push_back({table.scan_id, table.row_id, table.table, mode, wait});
  };
  auto add = [&](const RangeEntry& entry, const ast::LockingClause& clause) {
    for (const auto& table : entry.lockable) add_table(table, clause);
    if (entry.kind != RangeEntry::Kind::kTable || !entry.row_id) return;
    add_table({entry.scan_id, entry.row_id, entry.table}, clause);
  };
  for (const ast::LockingClause* item : level.locking) {
    const ast::LockingClause& clause = *item;
    if (clause.tables.empty()) {
      for (const auto& entry : level.entries) add(*entry, clause);
      continue;
    }
    for (const ast::QualifiedName& name : clause.tables) {
      const RangeEntry* found = nullptr;
      if (!name.schema.empty()) {
        return Error(ErrorCode::kSyntaxError, "{} must specify unqualified relation names",
                     ast::LockClauseName(clause.strength))
            .At(name.location);
      }
      for (const auto& entry : level.entries) {
        if (entry->name == name.name) found = entry.get();
      }
      if (!found) {
        return Error(ErrorCode::kUndefinedTable,
                     "relation \"{}\" in {} clause not found in FROM clause", name.name,
                     ast::LockClauseName(clause.strength))
            .At(name.location);
      }
      const char* kind = found->kind == RangeEntry::Kind::kJoin       ? "a join"
                         : found->kind == RangeEntry::Kind::kFunction ? "a function"
                         : found->kind == RangeEntry::Kind::kCte      ? "a WITH query"
                                                                      : nullptr;
      if (kind) {
        return Error(ErrorCode::kFeatureNotSupported, "{} cannot be applied to {}",
                     ast::LockClauseName(clause.strength), kind)
            .At(name.location);
      }
      add(*found, clause);
    }
  }
  if (node->targets.empty()) return Result<LogicalPtr>(std::move(plan));
  node->output = plan->output;
  node->children.push_back(std::move(plan));
  return node;
}

std::vector<VarId> QueryBinder::CursorRowIds(const ast::SelectStmt& select, const LogicalNode& plan,
                                             const Level& level) {
  CursorFacts& facts = *context_.cursor;
  std::vector<VarId> row_ids;
  const auto add = [&](const TableDef& table, VarId row_id) {
    facts.row_id_tables.push_back(table.oid);
    row_ids.push_back(row_id);
  };
  if (plan.kind == LogicalKind::kLockRows) {
    facts.locks_rows = true;
    for (const auto& target : static_cast<const LogicalLockRows&>(plan).targets) {
      add(*target.table, target.row_id);
    }
    return row_ids;
  }
  // Each row shown must be one of the table.
  if (level.entries.size() != 1 || !select.group_by.empty() || select.having || select.distinct ||
      !level.aggregates.empty() || !level.set_returning.empty()) {
    return row_ids;
  }
  for (const auto& window : level.windows) {
    if (!window->calls.empty()) return row_ids;
  }
  const RangeEntry& entry = *level.entries.front();
  if (entry.kind == RangeEntry::Kind::kTable && entry.row_id) add(*entry.table, entry.row_id);
  return row_ids;
}

const ast::LockingClause* QueryBinder::LockOf(const Level& level, const std::string& name) {
  const ast::LockingClause* strongest = nullptr;
  for (const ast::LockingClause* clause : level.locking) {
    const bool reaches =
        clause->tables.empty() ||
        std::any_of(clause->tables.begin(), clause->tables.end(),
                    [&](const ast::QualifiedName& table) { return table.name == name; });
    if (reaches && (!strongest || clause->strength > strongest->strength)) strongest = clause;
  }
  return strongest;
}

Result<LogicalPtr> QueryBinder::BindLockedQuery(const ast::SelectStmt& query, Level* level,
                                                const ast::LockingClause* lock) {
  lockable_.clear();
  if (lock && query.set_op != ast::SetOperation::kNone) {
    return CheckLocking(query, {lock});
  }
  // Inside it reaches every table.
  ast::LockingClause all;
  if (lock && query.values_lists.empty()) {
    all.strength = lock->strength;
    all.wait = lock->wait;
    pushed_lock_ = &all;
  }
  Result<LogicalPtr> bound = BindSelect(query, level, true);
  pushed_lock_ = nullptr;
  if (!lock) lockable_.clear();
  return bound;
}

}  // namespace oxibase::bind
