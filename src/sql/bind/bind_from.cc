// FROM: tables, views, subqueries, CTE references; aliases and the name space they make.
#include <set>

#include "sql/bind/query_binder.h"
#include "sql/parse/parser.h"

namespace oxibase::bind {

namespace {

/// Views over views over ...: each costs a few hundred frames' worth of stack at most.
constexpr int kViewDepthMax = 60;
/// Planning takes time and stack by the number of joins.
constexpr int kJoinsMax = 500;

/// Whether a view reads itself, by way of others: CREATE OR REPLACE VIEW can bring that about.
bool ReadsItself(const CatalogVersion& catalog, const ViewDef& view) {
  std::set<Oid> seen;
  std::vector<Oid> open = view.depends_on;
  while (!open.empty()) {
    const Oid oid = open.back();
    open.pop_back();
    if (oid == view.oid) return true;
    const auto next = catalog.ViewByOid(oid);
    if (!next || !seen.insert(oid).second) continue;
    open.insert(open.end(), next->depends_on.begin(), next->depends_on.end());
  }
  return false;
}

}  // namespace

VarId QueryBinder::NewVar(const Level& level) {
  const VarId var = next_var_++;
  if (var_depths_.size() <= var) var_depths_.resize(var + 16, -1);
  var_depths_[var] = level.depth;
  return var;
}

void QueryBinder::Adopt(const std::vector<OutputColumn>& columns, const Level& level) {
  for (const OutputColumn& column : columns) {
    if (var_depths_.size() <= column.var) var_depths_.resize(column.var + 16, -1);
    var_depths_[column.var] = level.depth;
  }
}

Status QueryBinder::ApplyAlias(RangeEntry& entry, const ast::Alias& alias, int32_t location) {
  if (alias.empty()) return {};
  entry.name = alias.name;
  entry.has_alias = true;
  if (alias.columns.size() > entry.columns.size()) {
    return Error(ErrorCode::kInvalidColumnReference,
                 "table \"{}\" has {} columns available but {} columns specified", alias.name,
                 entry.columns.size(), alias.columns.size())
        .At(location);
  }
  for (size_t i = 0; i < alias.columns.size(); ++i) entry.columns[i].name = alias.columns[i];
  return {};
}

Status QueryBinder::CheckNewNames(const std::vector<NamespaceItem>& have,
                                  const std::vector<NamespaceItem>& added, int32_t location) {
  for (const NamespaceItem& a : added) {
    if (!a.rel_visible || a.entry->name.empty()) continue;
    for (const NamespaceItem& b : have) {
      if (!b.rel_visible || a.entry->name != b.entry->name) continue;
      const bool two_tables = a.entry->table && b.entry->table && !a.entry->has_alias &&
                              !b.entry->has_alias && a.entry->table->oid != b.entry->table->oid;
      if (two_tables) continue;
      return Error(ErrorCode::kDuplicateAlias, "table name \"{}\" specified more than once",
                   a.entry->name)
          .At(location);
    }
  }
  return {};
}

QueryBinder::FromResult QueryBinder::EntryOf(LogicalPtr plan, RangeEntry::Kind kind,
                                             const std::string& name, Level& level) {
  FromResult result;
  Adopt(plan->output, level);
  result.top = std::make_shared<RangeEntry>();
  result.top->kind = kind;
  result.top->name = name;
  result.top->node = plan.get();
  NoteShapes(*plan);
  for (const OutputColumn& column : plan->output) {
    ScopeColumn scope;
    scope.name = column.name;
    scope.expr = RefTo(column);
    result.top->columns.push_back(std::move(scope));
  }
  result.plan = std::move(plan);
  result.names.push_back({.entry = result.top});
  level.entries.push_back(result.top);
  return result;
}

Status QueryBinder::CountJoin(int32_t location) {
  if (++joins_ <= kJoinsMax) return {};
  return Error(ErrorCode::kStatementTooComplex, "a statement can have at most {} joins", kJoinsMax)
      .Hint("The joins of views count, and so do subqueries.")
      .At(location);
}

Result<LogicalPtr> QueryBinder::BindFrom(const std::vector<ast::FromItemPtr>& items, Level& level,
                                         LogicalPtr start) {
  LogicalPtr plan = std::move(start);
  for (const ast::FromItemPtr& item : items) {
    const uint32_t uses = level.lateral_uses;
    ASSIGN_OR_RETURN(FromResult bound, BindFromItem(*item, level));
    RETURN_IF_ERROR(CheckNewNames(level.names, bound.names, item->location));
    if (!plan) {
      plan = std::move(bound.plan);
    } else {
      RETURN_IF_ERROR(CountJoin(item->location));
      auto join = std::make_unique<LogicalJoin>();
      join->lateral = level.lateral_uses != uses && RefersTo(*bound.plan, plan->output);
      join->output = plan->output;
      join->output.insert(join->output.end(), bound.plan->output.begin(), bound.plan->output.end());
      join->children.push_back(std::move(plan));
      join->children.push_back(std::move(bound.plan));
      plan = std::move(join);
    }
    for (NamespaceItem& name : bound.names) {
      name.lateral_only = true;
      name.lateral_ok = true;
      level.names.push_back(std::move(name));
    }
  }
  for (NamespaceItem& name : level.names) name.lateral_only = false;
  return Result<LogicalPtr>(std::move(plan));
}

Result<QueryBinder::FromResult> QueryBinder::BindFromItem(const ast::FromItem& item, Level& level) {
  NestingGuard guard(*this);
  RETURN_IF_ERROR(guard.Check());
  if (item.kind == ast::FromItemKind::kJoin) {
    return BindJoin(ast::As<ast::JoinExpr>(item), level);
  }
  ASSIGN_OR_RETURN(FromResult bound, [&] {
    switch (item.kind) {
      case ast::FromItemKind::kRangeSubselect:
        return BindRangeSubselect(ast::As<ast::RangeSubselect>(item), level);
      case ast::FromItemKind::kRangeFunction:
        return BindRangeFunction(ast::As<ast::RangeFunction>(item), level);
      default:
        return BindRangeVar(ast::As<ast::RangeVar>(item), level);
    }
  }());
  if (is_traced()) TraceItem(item, *bound.top, level);
  return Result<FromResult>(std::move(bound));
}

Result<QueryBinder::FromResult> QueryBinder::BindRangeVar(const ast::RangeVar& item, Level& level) {
  if (item.name.schema.empty()) {
    if (auto cte = FindCte(item.name.name, level)) {
      if (!item.as_of) return BindCteReference(*cte, item, level);
      return Error(ErrorCode::kWrongObjectType, "AS OF cannot be applied to a WITH query")
          .At(item.as_of->location);
    }
  }
  ASSIGN_OR_RETURN(ResolvedRelation relation,
                   FindRelation(item.name, /*missing_ok=*/false, /*sequences_too=*/true));
  AsOfTime as_of = view_as_of_.Copy();
  if (item.as_of) {
    ASSIGN_OR_RETURN(as_of, BindAsOf(*item.as_of, level));
  }
  if (as_of) {
    const std::string& name = item.alias.empty() ? item.name.name : item.alias.name;
    if (const ast::LockingClause* lock = LockOf(level, name)) {
      return Error(ErrorCode::kFeatureNotSupported, "{} cannot be applied to a table AS OF a time",
                   ast::LockClauseName(lock->strength))
          .At(item.location);
    }
    if (relation.sequence || (relation.table && relation.table->virtual_table)) {
      return Error(ErrorCode::kWrongObjectType, "AS OF cannot be applied to \"{}\"", item.name.name)
          .Detail("Sequences and system tables have no history.")
          .At(item.location);
    }
  }
  if (relation.sequence) return BindSequence(*relation.sequence, item, level);
  if (relation.view) {
    std::swap(view_as_of_, as_of);
    Result<FromResult> bound = BindView(*relation.view, item, level);
    std::swap(view_as_of_, as_of);
    return bound;
  }
  const bool with_row_id = level.wants_row_ids && !as_of;
  FromResult result =
      ScanTable(relation.table, item.alias, level, with_row_id, /*with_hidden=*/false);
  static_cast<LogicalScan&>(*result.plan).as_of = std::move(as_of);
  RETURN_IF_ERROR(ApplyAlias(*result.top, item.alias, item.location));
  return result;
}

Result<AsOfTime> QueryBinder::BindAsOf(const ast::AsOf& as_of, Level& level) {
  AsOfTime bound;
  bound.is_transaction = as_of.kind == ast::AsOf::Kind::kTransaction;
  {
    ClauseScope scope(level, Clause::kAsOf);
    ASSIGN_OR_RETURN(bound.at, BindExpr(*as_of.expr, level));
  }
  const Type from = bound.at->type;
  const int32_t location = as_of.expr->location;
  const Type wanted = bound.is_transaction ? TypeId::kInt8 : TypeId::kTimestampTz;
  ASSIGN_OR_RETURN(bound.at, Coerce(std::move(bound.at), wanted, CoercionContext::kAssignment,
                                    CallExpr::Syntax::kImplicitCast, location));
  if (!bound.at) {
    return Error(ErrorCode::kDatatypeMismatch, "argument of AS OF must be type {}, not type {}",
                 FormatType(wanted), FormatType(from))
        .At(location);
  }
  const std::function<bool(const Expr&)> is_constant = [&](const Expr& expr) {
    bool all = expr.kind != ExprKind::kColumn && expr.kind != ExprKind::kSubquery;
    ForEachChild(expr, [&](const Expr& child) { all = all && is_constant(child); });
    return all;
  };
  if (!is_constant(*bound.at) || IsVolatile(*bound.at)) {
    return Error(ErrorCode::kInvalidColumnReference,
                 "argument of AS OF must not contain columns, subqueries or volatile functions")
        .At(location);
  }
  return Result<AsOfTime>(std::move(bound));
}

QueryBinder::FromResult QueryBinder::ScanTable(std::shared_ptr<const TableDef> table,
                                               const ast::Alias& alias, Level& level,
                                               bool with_row_id, bool with_hidden) {
  auto scan = std::make_unique<LogicalScan>();
  scan->table = table;
  scan->alias = alias.empty() ? table->name : alias.name;
  scan->scan_id = next_scan_++;
  FromResult result;
  result.top = std::make_shared<RangeEntry>();
  result.top->kind = RangeEntry::Kind::kTable;
  result.top->name = table->name;
  result.top->table = table;
  result.top->scan_id = scan->scan_id;
  for (const ColumnDef& column : table->columns) {
    if (column.dropped || (column.hidden && !with_hidden)) continue;
    const OutputColumn output{NewVar(level), column.type, column.name};
    scan->columns.push_back(column.id);
    scan->output.push_back(output);
    if (column.hidden) continue;
    ScopeColumn scope;
    scope.name = column.name;
    scope.expr = RefTo(output);
    scope.origin_table = table->oid;
    scope.origin_column = column.id.value;
    result.top->columns.push_back(std::move(scope));
  }
  if (with_row_id && !table->virtual_table) {
    const VarId var = NewVar(level);
    scan->row_id = var;
    scan->output.push_back({var, TypeId::kInt8, "row_id"});
    result.top->row_id = var;
  }
  result.top->node = scan.get();
  result.plan = std::move(scan);
  result.names.push_back({.entry = result.top});
  level.entries.push_back(result.top);
  return result;
}

Result<QueryBinder::FromResult> QueryBinder::BindView(const ViewDef& view,
                                                      const ast::RangeVar& item, Level& level) {
  if (view_depth_ >= kViewDepthMax) {
    if (ReadsItself(context_.catalog, view)) {
      return Error(ErrorCode::kInvalidObjectDefinition,
                   "infinite recursion detected in rules for relation \"{}\"", view.name)
          .At(item.location);
    }
    return Error(ErrorCode::kStatementTooComplex, "stack depth limit exceeded")
        .Hint("Views nest too deeply.")
        .At(item.location);
  }
  ASSIGN_OR_RETURN(std::vector<ast::StatementPtr> statements, Parse(view.query_sql));
  const auto* select =
      statements.size() == 1 ? ast::TryAs<ast::SelectStmt>(statements[0].get()) : nullptr;
  if (!select) {
    return Error(ErrorCode::kDataCorrupted, "view \"{}\" has no query", view.name);
  }
  ++view_depth_;
  const std::string& name = item.alias.empty() ? item.name.name : item.alias.name;
  Result<LogicalPtr> bound = BindLockedQuery(*select, nullptr, LockOf(level, name));
  --view_depth_;
  if (!bound.ok()) {
    Status error = std::move(bound).status();
    error.info().location = item.location;
    return error;
  }
  LogicalPtr plan = std::move(bound).value();
  FromResult result = EntryOf(std::move(plan), RangeEntry::Kind::kSubquery, view.name, level);
  result.top->lockable = std::move(lockable_);
  if (view.columns.size() < result.top->columns.size()) {
    result.top->columns.resize(view.columns.size());
  }
  for (size_t i = 0; i < result.top->columns.size(); ++i) {
    result.top->columns[i].name = view.columns[i].first;
  }
  RETURN_IF_ERROR(ApplyAlias(*result.top, item.alias, item.location));
  return result;
}

Result<QueryBinder::FromResult> QueryBinder::BindSequence(const SequenceDef& sequence,
                                                          const ast::RangeVar& item, Level& level) {
  ViewDef state;
  state.oid = sequence.oid;
  state.schema = sequence.schema;
  state.name = sequence.name;
  state.columns = {
      {"last_value", TypeId::kInt8}, {"log_cnt", TypeId::kInt8}, {"is_called", TypeId::kBool}};
  state.query_sql = fmt::format(
      "SELECT last_value, log_cnt, is_called FROM pg_catalog.sys_sequence_states "
      "WHERE seqrelid = {}",
      sequence.oid);
  return BindView(state, item, level);
}

Result<QueryBinder::FromResult> QueryBinder::BindRangeSubselect(const ast::RangeSubselect& item,
                                                                Level& level) {
  const bool saved = level.lateral_active;
  level.lateral_active = item.lateral;
  Result<LogicalPtr> bound = [&] {
    ClauseScope clause(level, Clause::kFromSubselect);
    return BindLockedQuery(*item.query, &level, LockOf(level, item.alias.name));
  }();
  level.lateral_active = saved;
  ASSIGN_OR_RETURN(LogicalPtr plan, std::move(bound));
  FromResult result = EntryOf(std::move(plan), RangeEntry::Kind::kSubquery, "", level);
  result.top->lockable = std::move(lockable_);
  result.top->columns.resize(result.top->columns.size() - result.top->lockable.size());
  RETURN_IF_ERROR(ApplyAlias(*result.top, item.alias, item.location));
  if (item.alias.empty()) result.names[0].rel_visible = false;
  return result;
}

}  // namespace oxibase::bind
