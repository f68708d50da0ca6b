// JOIN: its condition, the columns that USING and NATURAL merge, what stays visible.
#include <algorithm>

#include "sql/bind/query_binder.h"

namespace oxibase::bind {

namespace {

Result<size_t> FindUsing(const RangeEntry& entry, const std::string& name, const char* side,
                         int32_t location) {
  size_t found = entry.columns.size();
  for (size_t i = 0; i < entry.columns.size(); ++i) {
    if (entry.columns[i].name != name) continue;
    if (found != entry.columns.size()) {
      return Error(ErrorCode::kAmbiguousColumn,
                   "common column name \"{}\" appears more than once in {} table", name, side)
          .At(location);
    }
    found = i;
  }
  if (found == entry.columns.size()) {
    return Error(ErrorCode::kUndefinedColumn,
                 "column \"{}\" specified in USING clause does not exist in {} table", name, side)
        .At(location);
  }
  return found;
}

ScopeColumn CopyColumn(const ScopeColumn& column) {
  ScopeColumn copy;
  copy.name = column.name;
  copy.expr = Clone(*column.expr);
  copy.origin_table = column.origin_table;
  copy.origin_column = column.origin_column;
  return copy;
}

JoinType TypeOf(ast::JoinType type) {
  switch (type) {
    case ast::JoinType::kInner:
      return JoinType::kInner;
    case ast::JoinType::kLeft:
      return JoinType::kLeft;
    case ast::JoinType::kFull:
      return JoinType::kFull;
    case ast::JoinType::kRight:
      return JoinType::kRight;
  }
  return JoinType::kInner;
}

}  // namespace

Result<ScopeColumn> QueryBinder::MergeColumns(const ScopeColumn& left, const ScopeColumn& right,
                                              ast::JoinType type) {
  std::vector<ExprPtr> sides;
  sides.push_back(Clone(*left.expr));
  sides.push_back(Clone(*right.expr));
  const std::vector<Type> types = {left.expr->type, right.expr->type};
  ASSIGN_OR_RETURN(Type common, UnifyTypes(sides, "JOIN/USING"));
  ScopeColumn merged;
  merged.name = left.name;
  switch (type) {
    case ast::JoinType::kInner:
      merged.expr =
          std::move(types[0].id != common.id && types[1].id == common.id ? sides[1] : sides[0]);
      break;
    case ast::JoinType::kLeft:
      merged.expr = std::move(sides[0]);
      break;
    case ast::JoinType::kRight:
      merged.expr = std::move(sides[1]);
      break;
    case ast::JoinType::kFull:
      merged.expr = std::make_unique<CoalesceExpr>(common, std::move(sides));
      break;
  }
  return merged;
}

Result<QueryBinder::FromResult> QueryBinder::BindJoin(const ast::JoinExpr& item, Level& level) {
  const size_t left_begin = level.entries.size();
  ASSIGN_OR_RETURN(FromResult left, BindFromItem(*item.left, level));
  const size_t right_begin = level.entries.size();
  const bool lateral_ok = item.type == ast::JoinType::kInner || item.type == ast::JoinType::kLeft;
  const size_t outer_names = level.names.size();
  for (const NamespaceItem& name : left.names) {
    NamespaceItem seen = name;
    seen.lateral_only = true;
    seen.lateral_ok = lateral_ok;
    level.names.push_back(seen);
  }
  const uint32_t uses = level.lateral_uses;
  Result<FromResult> bound_right = BindFromItem(*item.right, level);
  level.names.resize(outer_names);
  ASSIGN_OR_RETURN(FromResult right, std::move(bound_right));
  RETURN_IF_ERROR(CheckNewNames(left.names, right.names, item.right->location));

  RETURN_IF_ERROR(CountJoin(item.location));
  auto join = std::make_unique<LogicalJoin>();
  join->type = TypeOf(item.type);
  join->lateral = level.lateral_uses != uses && RefersTo(*right.plan, left.plan->output);
  std::vector<std::string> merged_names = item.using_columns;
  if (item.natural) {
    for (const ScopeColumn& l : left.top->columns) {
      const bool common = std::any_of(right.top->columns.begin(), right.top->columns.end(),
                                      [&](const ScopeColumn& r) { return r.name == l.name; });
      if (common) merged_names.push_back(l.name);
    }
  }
  auto entry = std::make_shared<RangeEntry>();
  entry->kind = RangeEntry::Kind::kJoin;
  std::vector<bool> left_merged(left.top->columns.size()), right_merged(right.top->columns.size());
  std::vector<ExprPtr> conditions;
  for (size_t i = 0; i < merged_names.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (merged_names[i] == merged_names[j] && !item.natural) {
        return Error(ErrorCode::kDuplicateColumn,
                     "column name \"{}\" appears more than once in USING clause", merged_names[i])
            .At(item.location);
      }
    }
    ASSIGN_OR_RETURN(size_t l, FindUsing(*left.top, merged_names[i], "left", item.location));
    ASSIGN_OR_RETURN(size_t r, FindUsing(*right.top, merged_names[i], "right", item.location));
    const ScopeColumn& lc = left.top->columns[l];
    const ScopeColumn& rc = right.top->columns[r];
    left_merged[l] = right_merged[r] = true;
    ASSIGN_OR_RETURN(ExprPtr equal,
                     MakeOperator("=", Clone(*lc.expr), Clone(*rc.expr), item.location));
    conditions.push_back(std::move(equal));
    ASSIGN_OR_RETURN(ScopeColumn merged, MergeColumns(lc, rc, item.type));
    entry->columns.push_back(std::move(merged));
  }
  const size_t merged_count = entry->columns.size();
  for (size_t i = 0; i < left_merged.size(); ++i) {
    if (!left_merged[i]) entry->columns.push_back(CopyColumn(left.top->columns[i]));
  }
  for (size_t i = 0; i < right_merged.size(); ++i) {
    if (!right_merged[i]) entry->columns.push_back(CopyColumn(right.top->columns[i]));
  }
  std::vector<NamespaceItem> inner = left.names;
  inner.insert(inner.end(), right.names.begin(), right.names.end());
  if (item.on) {
    std::vector<NamespaceItem> saved = std::move(level.names);
    level.names = inner;
    Result<ExprPtr> condition = [&] {
      ClauseScope clause(level, Clause::kJoinOn);
      return BindCondition(*item.on, level, "JOIN/ON");
    }();
    level.names = std::move(saved);
    ASSIGN_OR_RETURN(join->condition, std::move(condition));
  } else if (conditions.size() == 1) {
    join->condition = std::move(conditions[0]);
  } else if (!conditions.empty()) {
    join->condition = std::make_unique<BoolExpr>(ExprKind::kAnd, std::move(conditions));
  }
  const bool all_left = item.type == ast::JoinType::kLeft || item.type == ast::JoinType::kFull;
  const bool all_right = item.type == ast::JoinType::kRight || item.type == ast::JoinType::kFull;
  for (size_t i = left_begin; i < level.entries.size(); ++i) {
    if (i < right_begin ? all_right : all_left) level.entries[i]->nullable = true;
  }
  join->output = left.plan->output;
  join->output.insert(join->output.end(), right.plan->output.begin(), right.plan->output.end());
  join->children.push_back(std::move(left.plan));
  join->children.push_back(std::move(right.plan));

  FromResult result;
  result.plan = std::move(join);
  result.top = entry;
  level.entries.push_back(entry);
  if (!item.alias.empty()) {
    RETURN_IF_ERROR(ApplyAlias(*entry, item.alias, item.location));
    result.names.push_back({.entry = entry});
    return result;
  }
  for (NamespaceItem& name : inner) name.cols_visible = false;
  result.names = std::move(inner);
  if (!item.using_alias.empty()) {
    auto merged = std::make_shared<RangeEntry>();
    merged->kind = RangeEntry::Kind::kJoin;
    merged->name = item.using_alias.name;
    merged->has_alias = true;
    for (size_t i = 0; i < merged_count; ++i) {
      merged->columns.push_back(CopyColumn(entry->columns[i]));
    }
    result.names.push_back({.entry = merged, .cols_visible = false});
  }
  result.names.push_back({.entry = entry, .rel_visible = false});
  return result;
}

}  // namespace oxibase::bind
