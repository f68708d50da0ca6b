// GROUP BY: keys, grouping sets, and the rule that everything else must hang on them.
#include <algorithm>
#include <set>

#include "expr/function.h"
#include "sql/bind/grouping.h"

namespace oxibase::bind {

namespace {

/// PostgreSQL's limits.
constexpr size_t kCubeElementsMax = 12;
constexpr size_t kGroupingSetsMax = 4096;

using Sets = std::vector<std::vector<uint32_t>>;

void Merge(std::vector<uint32_t>& into, const std::vector<uint32_t>& from) {
  for (const uint32_t key : from) {
    if (std::find(into.begin(), into.end(), key) == into.end()) into.push_back(key);
  }
}

}  // namespace

Result<uint32_t> QueryBinder::AddGroupKey(const ast::Expr& expr, std::vector<Target>& targets,
                                          Level& level, Grouping& grouping) {
  ASSIGN_OR_RETURN(size_t at, FindOutput(expr, targets, level, Clause::kGroupBy));
  Target& target = targets[at];
  // A name or position may stand for a target that itself must not be grouped by.
  Status status;
  ForEachVar(*target.expr, [&](const ColumnExpr& c) {
    if (!status.ok()) return;
    for (const auto& aggregate : level.aggregates) {
      if (aggregate.var == c.index) {
        status = Error(ErrorCode::kGroupingError, "aggregate functions are not allowed in GROUP BY")
                     .At(aggregate.expr->location);
      }
    }
    for (const auto& window : level.windows) {
      for (const auto& call : window->calls) {
        if (call.var == c.index) {
          status = Error(ErrorCode::kWindowingError, "window functions are not allowed in GROUP BY")
                       .At(call.expr->location);
        }
      }
    }
    for (auto& call : level.set_returning) {
      for (const auto& column : call.columns) {
        if (column.var == c.index) call.before_grouping = true;
      }
    }
  });
  RETURN_IF_ERROR(status);
  ASSIGN_OR_RETURN(target.expr, ResolveUnknown(std::move(target.expr)));
  ASSIGN_OR_RETURN([[maybe_unused]] const Function* equal,
                   ComparisonFor("=", target.expr->type.id, target.location));
  for (uint32_t i = 0; i < grouping.keys.size(); ++i) {
    if (Equal(*grouping.keys[i], *target.expr)) return i;
  }
  grouping.keys.push_back(Clone(*target.expr));
  grouping.vars.push_back(NewVar(level));
  NoteShape(grouping.vars.back(), ShapeOf(*target.expr));
  return static_cast<uint32_t>(grouping.keys.size() - 1);
}

Status QueryBinder::FlattenGroupItem(const ast::GroupItem& item, std::vector<Target>& targets,
                                     Level& level, Grouping& grouping, Sets& sets) {
  NestingGuard guard(*this);
  RETURN_IF_ERROR(guard.Check());
  auto keys_of = [&](const ast::Expr& expr) -> Result<std::vector<uint32_t>> {
    std::vector<uint32_t> keys;
    const auto* row = ast::TryAs<ast::RowExpr>(&expr);
    if (row && !row->explicit_row) {
      for (const ast::ExprPtr& arg : row->args) {
        ASSIGN_OR_RETURN(uint32_t key, AddGroupKey(*arg, targets, level, grouping));
        Merge(keys, {key});
      }
      return keys;
    }
    ASSIGN_OR_RETURN(uint32_t key, AddGroupKey(expr, targets, level, grouping));
    keys.push_back(key);
    return keys;
  };
  switch (item.type) {
    case ast::GroupItem::Type::kExpr: {
      ASSIGN_OR_RETURN(std::vector<uint32_t> keys, keys_of(*item.expr));
      sets.push_back(std::move(keys));
      return {};
    }
    case ast::GroupItem::Type::kEmpty:
      sets.emplace_back();
      return {};
    case ast::GroupItem::Type::kSets:
      for (const ast::GroupItem& part : item.content) {
        RETURN_IF_ERROR(FlattenGroupItem(part, targets, level, grouping, sets));
      }
      return {};
    case ast::GroupItem::Type::kRollup:
    case ast::GroupItem::Type::kCube:
      break;
  }
  Sets parts;
  for (const ast::GroupItem& part : item.content) {
    RETURN_IF_ERROR(FlattenGroupItem(part, targets, level, grouping, parts));
  }
  if (item.type == ast::GroupItem::Type::kRollup) {
    for (size_t n = parts.size() + 1; n-- > 0;) {
      std::vector<uint32_t> set;
      for (size_t i = 0; i < n; ++i) Merge(set, parts[i]);
      sets.push_back(std::move(set));
    }
    return {};
  }
  if (parts.size() > kCubeElementsMax) {
    return Error(ErrorCode::kTooManyColumns, "CUBE is limited to {} elements", kCubeElementsMax)
        .At(item.location);
  }
  for (size_t mask = size_t{1} << parts.size(); mask-- > 0;) {
    std::vector<uint32_t> set;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (mask >> (parts.size() - 1 - i) & 1) Merge(set, parts[i]);
    }
    sets.push_back(std::move(set));
  }
  return {};
}

Status QueryBinder::BindGroupBy(const ast::SelectStmt& select, std::vector<Target>& targets,
                                Level& level, Grouping& grouping) {
  bool has_sets = false;
  Sets all(1);
  for (const ast::GroupItem& item : select.group_by) {
    has_sets = has_sets || item.type != ast::GroupItem::Type::kExpr;
    Sets sets;
    RETURN_IF_ERROR(FlattenGroupItem(item, targets, level, grouping, sets));
    if (all.size() * sets.size() > kGroupingSetsMax) {
      return Error(ErrorCode::kStatementTooComplex, "too many grouping sets present (maximum {})",
                   kGroupingSetsMax)
          .At(item.location);
    }
    Sets product;
    for (const auto& a : all) {
      for (const auto& b : sets) {
        std::vector<uint32_t> set = a;
        Merge(set, b);
        product.push_back(std::move(set));
      }
    }
    all = std::move(product);
  }
  if (!has_sets) return {};
  if (select.group_distinct) {
    std::set<std::vector<uint32_t>> seen;
    Sets once;
    for (auto& set : all) {
      std::vector<uint32_t> sorted = set;
      std::sort(sorted.begin(), sorted.end());
      if (seen.insert(sorted).second) once.push_back(std::move(set));
    }
    all = std::move(once);
  }
  grouping.sets = std::move(all);
  return {};
}

namespace {

bool IsOwnResult(const Level& level, const QueryBinder::Grouping& grouping, VarId var) {
  for (const auto& a : level.aggregates) {
    if (a.var == var) return true;
  }
  for (const auto& g : level.groupings) {
    if (g.var == var) return true;
  }
  for (const auto& window : level.windows) {
    for (const auto& call : window->calls) {
      if (call.var == var) return true;
    }
  }
  for (const auto& call : level.set_returning) {
    if (call.before_grouping) continue;
    for (const auto& column : call.columns) {
      if (column.var == var) return true;
    }
  }
  return std::find(grouping.vars.begin(), grouping.vars.end(), var) != grouping.vars.end();
}

VarId VarOf(const Expr& expr) {
  return expr.kind == ExprKind::kColumn ? static_cast<const ColumnExpr&>(expr).index : 0;
}

/// The entry and column that `var` comes from; null if it is not one. Of a whole row only the
/// entry.
const ScopeColumn* ColumnBehind(const Level& level, VarId var, const RangeEntry** entry) {
  for (const auto& candidate : level.entries) {
    if (candidate->kind == RangeEntry::Kind::kJoin) continue;
    if (candidate->row_var == var) *entry = candidate.get();
    for (const ScopeColumn& column : candidate->columns) {
      if (VarOf(*column.expr) == var) {
        *entry = candidate.get();
        return &column;
      }
    }
  }
  return nullptr;
}

/// Whether all columns of the entry's primary key are keys of every grouping set.
bool DependsOnKey(const RangeEntry& entry, const QueryBinder::Grouping& grouping) {
  if (entry.kind != RangeEntry::Kind::kTable) return false;
  const ConstraintDef* primary = entry.table->PrimaryKey();
  if (!primary || primary->deferrable) return false;
  return std::all_of(primary->columns.begin(), primary->columns.end(), [&](ColumnId id) {
    VarId var = 0;
    for (const ScopeColumn& column : entry.columns) {
      if (column.origin_column == id.value) var = VarOf(*column.expr);
    }
    for (uint32_t i = 0; i < grouping.keys.size(); ++i) {
      if (!var || VarOf(*grouping.keys[i]) != var) continue;
      return std::all_of(grouping.sets.begin(), grouping.sets.end(), [&](const auto& set) {
        return std::find(set.begin(), set.end(), i) != set.end();
      });
    }
    return false;
  });
}

}  // namespace

Status QueryBinder::ReplaceGrouped(ExprPtr& expr, Level& level, Grouping& grouping,
                                   bool in_subquery) {
  for (uint32_t i = 0; i < grouping.original_keys(); ++i) {
    if (!Equal(*grouping.keys[i], *expr)) continue;
    auto ref = std::make_unique<ColumnExpr>(grouping.vars[i], expr->type, NameOfExpr(*expr));
    ref->location = expr->location;
    expr = std::move(ref);
    return {};
  }
  if (expr->kind == ExprKind::kColumn) {
    const VarId var = VarOf(*expr);
    if (DepthOf(var) != level.depth || IsOwnResult(level, grouping, var)) return {};
    const RangeEntry* entry = nullptr;
    const ScopeColumn* column = ColumnBehind(level, var, &entry);
    if (entry && DependsOnKey(*entry, grouping)) {
      size_t at = 0;
      while (at < grouping.keys.size() && VarOf(*grouping.keys[at]) != var) ++at;
      if (at == grouping.keys.size()) {
        grouping.keys.push_back(Clone(*expr));
        grouping.vars.push_back(NewVar(level));
        ++grouping.dependent;
        for (auto& set : grouping.sets) set.push_back(static_cast<uint32_t>(at));
      }
      static_cast<ColumnExpr&>(*expr).index = grouping.vars[at];
      return {};
    }
    std::string name = NameOfExpr(*expr);
    if (column) name = entry->name.empty() ? column->name : entry->name + "." + column->name;
    if (in_subquery) {
      return Error(ErrorCode::kGroupingError,
                   "subquery uses ungrouped column \"{}\" from outer query", name)
          .At(expr->location);
    }
    return Error(ErrorCode::kGroupingError,
                 "column \"{}\" must appear in the GROUP BY clause or be used in an aggregate "
                 "function",
                 name)
        .At(expr->location);
  }
  Status status;
  ForEachChild(*expr, [&](ExprPtr& child) {
    if (status.ok()) status = ReplaceGrouped(child, level, grouping, in_subquery);
  });
  RETURN_IF_ERROR(status);
  if (expr->kind == ExprKind::kSubquery) {
    return ReplaceGroupedIn(*static_cast<SubqueryExpr&>(*expr).plan, level, grouping);
  }
  return {};
}

Status QueryBinder::ReplaceGroupedIn(LogicalNode& plan, Level& level, Grouping& grouping) {
  Status status;
  ForEachExpr(plan, [&](ExprPtr& expr) {
    if (status.ok()) status = ReplaceGrouped(expr, level, grouping, true);
  });
  RETURN_IF_ERROR(status);
  for (LogicalPtr& child : plan.children) {
    RETURN_IF_ERROR(ReplaceGroupedIn(*child, level, grouping));
  }
  return {};
}

Result<LogicalPtr> QueryBinder::AddAggregate(LogicalPtr plan, Level& level, Grouping& grouping) {
  auto aggregate = std::make_unique<LogicalAggregate>();
  for (size_t i = 0; i < grouping.keys.size(); ++i) {
    aggregate->output.push_back(
        {grouping.vars[i], grouping.keys[i]->type, NameOfExpr(*grouping.keys[i])});
    aggregate->keys.push_back(std::move(grouping.keys[i]));
  }
  for (auto& call : level.aggregates) {
    aggregate->output.push_back(
        {call.var, call.expr->type, std::string(call.expr->function->name)});
    aggregate->aggregates.push_back(std::move(call.expr));
  }
  for (auto& call : level.groupings) {
    aggregate->output.push_back({call.var, TypeId::kInt4, "grouping"});
    aggregate->grouping_calls.push_back(std::move(call.keys));
  }
  aggregate->grouping_sets = std::move(grouping.sets);
  aggregate->children.push_back(std::move(plan));
  return aggregate;
}

Status QueryBinder::ResolveGroupings(Level& level, const Grouping& grouping) {
  for (auto& call : level.groupings) {
    for (const ExprPtr& arg : call.args) {
      uint32_t at = 0;
      while (at < grouping.keys.size() && !Equal(*grouping.keys[at], *arg)) ++at;
      if (at == grouping.keys.size()) {
        return Error(ErrorCode::kGroupingError,
                     "arguments to GROUPING must be grouping expressions of the associated query "
                     "level")
            .At(arg->location);
      }
      call.keys.push_back(at);
    }
  }
  return {};
}

}  // namespace oxibase::bind
