// Writing through views that show rows of one table as they are, some of their columns, perhaps
// under other names: INSERT, UPDATE and DELETE go to the table behind.
#include "sql/bind/query_binder.h"
#include "sql/parse/parser.h"

namespace oxibase::bind {

namespace {

/// More views over views than reading allows: one of them must read itself.
constexpr int kWriteDepthMax = 100;

/// Why PostgreSQL does not write through such a view; null: it does.
const char* NotSimple(const ast::SelectStmt& select) {
  if (select.distinct) return "Views containing DISTINCT are not automatically updatable.";
  if (!select.group_by.empty()) return "Views containing GROUP BY are not automatically updatable.";
  if (select.having) return "Views containing HAVING are not automatically updatable.";
  if (select.set_op != ast::SetOperation::kNone) {
    return "Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable.";
  }
  if (select.with) return "Views containing WITH are not automatically updatable.";
  if (select.limit_count || select.limit_offset) {
    return "Views containing LIMIT or OFFSET are not automatically updatable.";
  }
  if (!select.values_lists.empty() || select.from.size() != 1 ||
      select.from[0]->kind != ast::FromItemKind::kRangeVar) {
    return "Views that do not select from a single table or view are not automatically updatable.";
  }
  if (ast::As<ast::RangeVar>(*select.from[0]).as_of) {
    return "Views that read the past are not automatically updatable.";
  }
  return nullptr;
}

Status NotUpdatable(const ViewDef& view, const char* verb, const char* why) {
  return Error(ErrorCode::kObjectNotInPrerequisiteState, "cannot {} view \"{}\"", verb, view.name)
      .Detail(why);
}

struct SimpleView {
  std::vector<ast::StatementPtr> tree;
  const ast::SelectStmt* select = nullptr;
  const ast::RangeVar* from = nullptr;
};

Result<SimpleView> ParseSimple(const ViewDef& view, const char* verb) {
  SimpleView out;
  ASSIGN_OR_RETURN(out.tree, Parse(view.query_sql));
  out.select = out.tree.size() == 1 ? ast::TryAs<ast::SelectStmt>(out.tree.front().get()) : nullptr;
  if (!out.select) {
    return Error(ErrorCode::kDataCorrupted, "view \"{}\" has no query", view.name);
  }
  if (const char* why = NotSimple(*out.select)) return NotUpdatable(view, verb, why);
  out.from = &ast::As<ast::RangeVar>(*out.select->from[0]);
  return out;
}

/// Takes back what a view's text put in the place of a level's names.
class NamesScope {
 public:
  NamesScope(Level& level, std::shared_ptr<RangeEntry> entry)
      : level_(level), saved_(std::exchange(level.names, {})) {
    level.names.push_back({.entry = std::move(entry)});
  }
  ~NamesScope() { level_.names = std::move(saved_); }
  NamesScope(const NamesScope&) = delete;
  NamesScope& operator=(const NamesScope&) = delete;

 private:
  Level& level_;
  std::vector<NamespaceItem> saved_;
};

}  // namespace

Result<std::shared_ptr<const TableDef>> QueryBinder::TableBehind(const ViewDef& view,
                                                                 const char* verb) {
  std::shared_ptr<const ViewDef> next;
  const ViewDef* at = &view;
  for (int depth = 0; depth < kWriteDepthMax; ++depth) {
    ASSIGN_OR_RETURN(const SimpleView simple, ParseSimple(*at, verb));
    ASSIGN_OR_RETURN(ResolvedRelation relation,
                     FindRelation(simple.from->name, /*missing_ok=*/false, /*sequences_too=*/true));
    if (relation.table) return relation.table;
    if (!relation.view) {
      return NotUpdatable(*at, verb,
                          "Views that do not select from a single table or view are not "
                          "automatically updatable.");
    }
    next = std::move(relation.view);
    at = next.get();
  }
  return Error(ErrorCode::kInvalidObjectDefinition,
               "infinite recursion detected in rules for relation \"{}\"", view.name);
}

Result<QueryBinder::ViewFace> QueryBinder::FaceOf(const ViewDef& view,
                                                  const std::vector<VarId>& vars, const char* verb,
                                                  Level& level) {
  ASSIGN_OR_RETURN(const SimpleView simple, ParseSimple(view, verb));
  ASSIGN_OR_RETURN(const ResolvedRelation relation,
                   FindRelation(simple.from->name, /*missing_ok=*/false, /*sequences_too=*/false));
  ViewFace face;
  auto entry = std::make_shared<RangeEntry>();
  entry->kind = RangeEntry::Kind::kSubquery;
  entry->name = simple.from->name.name;
  if (relation.view) {
    ASSIGN_OR_RETURN(face, FaceOf(*relation.view, vars, verb, level));
    entry->columns = std::move(face.columns);
    face.columns.clear();
  } else {
    for (size_t i = 0; i < relation.table->columns.size() && i < vars.size(); ++i) {
      const ColumnDef& column = relation.table->columns[i];
      if (column.dropped || column.hidden) continue;
      ScopeColumn scope;
      scope.name = column.name;
      scope.expr = std::make_unique<ColumnExpr>(vars[i], column.type, column.name);
      entry->columns.push_back(std::move(scope));
    }
  }
  RETURN_IF_ERROR(ApplyAlias(*entry, simple.from->alias, -1));

  const NamesScope scope(level, entry);
  const size_t aggregates = level.aggregates.size();
  const size_t windows = level.windows.size();
  const size_t sets = level.set_returning.size();
  ++view_depth_;
  const auto bind = [&]() -> Status {
    ASSIGN_OR_RETURN(std::vector<Target> targets,
                     BindTargets(simple.select->targets, level, Clause::kSelect));
    for (size_t i = 0; i < targets.size() && i < view.columns.size(); ++i) {
      ScopeColumn& column = face.columns.emplace_back();
      column.name = view.columns[i].first;
      ASSIGN_OR_RETURN(column.expr, ResolveUnknown(std::move(targets[i].expr)));
    }
    if (!simple.select->where) return {};
    const ClauseScope clause(level, Clause::kWhere);
    ASSIGN_OR_RETURN(ExprPtr where, BindCondition(*simple.select->where, level, "WHERE"));
    face.conditions.push_back(std::move(where));
    return {};
  };
  Status bound = bind();
  --view_depth_;
  if (!bound.ok()) {
    bound.info().location = -1;  // it counts in another text
    return bound;
  }
  if (level.aggregates.size() > aggregates) {
    return NotUpdatable(view, verb,
                        "Views that return aggregate functions are not automatically updatable.");
  }
  if (level.windows.size() > windows) {
    return NotUpdatable(view, verb,
                        "Views that return window functions are not automatically updatable.");
  }
  if (level.set_returning.size() > sets) {
    return NotUpdatable(
        view, verb, "Views that return set-returning functions are not automatically updatable.");
  }
  return face;
}

Result<QueryBinder::WriteTarget> QueryBinder::FindViewTarget(std::shared_ptr<const ViewDef> view,
                                                             const char* verb) {
  WriteTarget target;
  ASSIGN_OR_RETURN(target.table, TableBehind(*view, verb));
  Level level(nullptr);
  std::vector<VarId> vars;
  for (size_t i = 0; i < target.table->columns.size(); ++i) vars.push_back(NewVar(level));
  ASSIGN_OR_RETURN(const ViewFace face, FaceOf(*view, vars, verb, level));
  auto names = std::make_shared<TableDef>(*target.table);
  names->name = view->name;
  names->columns.clear();
  for (const ScopeColumn& column : face.columns) {
    ColumnDef& shown = names->columns.emplace_back();
    for (size_t i = 0; i < vars.size() && column.expr->kind == ExprKind::kColumn; ++i) {
      if (static_cast<const ColumnExpr&>(*column.expr).index == vars[i]) {
        shown = target.table->columns[i];
      }
    }
    shown.name = column.name;
    shown.type = column.expr->type;
  }
  target.view = std::move(view);
  target.names = std::move(names);
  return target;
}

}  // namespace oxibase::bind
