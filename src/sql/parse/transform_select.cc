// SELECT and its clauses, but for FROM.
#include "sql/parse/transform.h"

namespace oxibase::ast {

StatementPtr Transformer::MakeTopSelect(const ::SelectStmt* node) {
  // SELECT INTO is CREATE TABLE AS. In a set operation INTO stands in the leftmost block.
  ::SelectStmt* leftmost = const_cast<::SelectStmt*>(node);
  while (leftmost->op != SETOP_NONE) leftmost = leftmost->larg;
  if (leftmost->intoClause == nullptr) return MakeSelect(node);
  auto out = std::make_unique<CreateTableAsStmt>();
  FillInto(leftmost->intoClause, *out);
  leftmost->intoClause = nullptr;
  out->select_into = true;
  out->query = MakeSelect(node);
  return out;
}

std::unique_ptr<SelectStmt> Transformer::MakeSelect(const ::SelectStmt* node) {
  if (node == nullptr) return nullptr;
  Level level(*this);
  if (level.TooDeep()) return nullptr;
  auto out = std::make_unique<SelectStmt>();
  if (node->intoClause != nullptr) {
    return Fail(Error(ErrorCode::kSyntaxError, "SELECT ... INTO is not allowed here")
                    .At(node->intoClause->rel->location));
  }
  if (node->distinctClause != NIL) {
    out->distinct = true;
    // A single null means plain DISTINCT.
    if (linitial(node->distinctClause) != nullptr) out->distinct_on = Exprs(node->distinctClause);
  }
  out->targets = Targets(node->targetList);
  out->from = FromItems(node->fromClause);
  out->where = TransformExpr(node->whereClause);
  ListCell* cell;
  foreach (cell, node->groupClause) {
    out->group_by.push_back(MakeGroupItem(static_cast<const Node*>(lfirst(cell))));
  }
  out->group_distinct = node->groupDistinct;
  out->having = TransformExpr(node->havingClause);
  foreach (cell, node->windowClause) {
    out->windows.push_back(MakeWindow(static_cast<const ::WindowDef*>(lfirst(cell))));
  }
  out->values_lists.reserve(list_length(node->valuesLists));
  foreach (cell, node->valuesLists) {
    out->values_lists.push_back(Exprs(static_cast<const List*>(lfirst(cell))));
  }
  static_assert(SETOP_UNION == 1 && SETOP_INTERSECT == 2 && SETOP_EXCEPT == 3);
  out->set_op = static_cast<SetOperation>(node->op);
  out->set_all = node->all;
  out->left = MakeSelect(node->larg);
  out->right = MakeSelect(node->rarg);
  out->order_by = SortByList(node->sortClause);
  out->limit_offset = TransformExpr(node->limitOffset);
  out->limit_count = TransformExpr(node->limitCount);
  out->with_ties = node->limitOption == LIMIT_OPTION_WITH_TIES;
  foreach (cell, node->lockingClause) {
    const ::LockingClause* lock = static_cast<const ::LockingClause*>(lfirst(cell));
    LockingClause& added = out->locking.emplace_back();
    static_assert(LCS_FORKEYSHARE == 1 && LCS_FORUPDATE == 4);
    added.strength = static_cast<LockStrength>(lock->strength - LCS_FORKEYSHARE);
    static_assert(LockWaitBlock == 0 && LockWaitSkip == 1 && LockWaitError == 2);
    added.wait = static_cast<LockWait>(lock->waitPolicy);
    added.tables = RelationNames(lock->lockedRels);
  }
  out->with = MakeWith(node->withClause);
  if (out->with != nullptr) {
    out->location = out->with->location;
  } else if (!out->targets.empty()) {
    out->location = out->targets.front().location;
  } else if (!out->values_lists.empty() && !out->values_lists.front().empty() &&
             out->values_lists.front().front() != nullptr) {
    out->location = out->values_lists.front().front()->location;
  } else if (out->left != nullptr) {
    out->location = out->left->location;
  }
  return out;
}

std::vector<SelectTarget> Transformer::Targets(const List* list) {
  std::vector<SelectTarget> out;
  out.reserve(list_length(list));
  ListCell* cell;
  foreach (cell, list) {
    const ResTarget* target = static_cast<const ResTarget*>(lfirst(cell));
    SelectTarget& added = out.emplace_back();
    added.name = Text(target->name);
    added.expr = TransformExpr(target->val);
    added.location = target->location;
  }
  return out;
}

GroupItem Transformer::MakeGroupItem(const Node* node) {
  GroupItem out;
  Level level(*this);
  if (level.TooDeep()) return out;
  if (!IsA(node, GroupingSet)) {
    out.expr = TransformExpr(node);
    out.location = exprLocation(node);
    return out;
  }
  const GroupingSet* set = Pg<GroupingSet>(node);
  out.location = set->location;
  switch (set->kind) {
    case GROUPING_SET_EMPTY:
      out.type = GroupItem::Type::kEmpty;
      break;
    case GROUPING_SET_ROLLUP:
      out.type = GroupItem::Type::kRollup;
      break;
    case GROUPING_SET_CUBE:
      out.type = GroupItem::Type::kCube;
      break;
    case GROUPING_SET_SETS:
    case GROUPING_SET_SIMPLE:
      out.type = GroupItem::Type::kSets;
      break;
  }
  ListCell* cell;
  foreach (cell, set->content) {
    out.content.push_back(MakeGroupItem(static_cast<const Node*>(lfirst(cell))));
  }
  return out;
}

std::unique_ptr<WithClause> Transformer::MakeWith(const ::WithClause* node) {
  if (node == nullptr) return nullptr;
  auto out = std::make_unique<WithClause>();
  out->recursive = node->recursive;
  out->location = node->location;
  ListCell* cell;
  foreach (cell, node->ctes) {
    out->ctes.push_back(MakeCte(static_cast<const ::CommonTableExpr*>(lfirst(cell))));
  }
  return out;
}

CommonTableExpr Transformer::MakeCte(const ::CommonTableExpr* node) {
  CommonTableExpr out;
  out.name = Text(node->ctename);
  out.columns = Strings(node->aliascolnames);
  static_assert(CTEMaterializeDefault == 0 && CTEMaterializeNever == 2);
  out.materialized = static_cast<CteMaterialize>(node->ctematerialized);
  out.location = node->location;
  // A SELECT INTO in here is refused by MakeSelect.
  out.query = IsA(node->ctequery, SelectStmt) ? MakeSelect(Pg<::SelectStmt>(node->ctequery))
                                              : TransformStatement(node->ctequery);
  if (const CTESearchClause* search = node->search_clause) {
    out.search = std::make_unique<CommonTableExpr::Search>();
    out.search->columns = Strings(search->search_col_list);
    out.search->breadth_first = search->search_breadth_first;
    out.search->sequence_column = Text(search->search_seq_column);
    out.search->location = search->location;
  }
  if (const CTECycleClause* cycle = node->cycle_clause) {
    out.cycle = std::make_unique<CommonTableExpr::Cycle>();
    out.cycle->columns = Strings(cycle->cycle_col_list);
    out.cycle->mark_column = Text(cycle->cycle_mark_column);
    out.cycle->mark_value = TransformExpr(cycle->cycle_mark_value);
    out.cycle->mark_default = TransformExpr(cycle->cycle_mark_default);
    out.cycle->path_column = Text(cycle->cycle_path_column);
    out.cycle->location = cycle->location;
  }
  return out;
}

}  // namespace oxibase::ast
