// INSERT, UPDATE, DELETE, MERGE.
#include "sql/parse/transform.h"

namespace oxibase::ast {

TargetColumn Transformer::MakeTargetColumn(const ResTarget* node) {
  TargetColumn out;
  out.name = Text(node->name);
  out.indirection = Indirection(node->indirection);
  out.location = node->location;
  return out;
}

std::vector<TargetColumn> Transformer::TargetColumns(const List* list) {
  std::vector<TargetColumn> out;
  out.reserve(list_length(list));
  ListCell* cell;
  foreach (cell, list) out.push_back(MakeTargetColumn(static_cast<const ResTarget*>(lfirst(cell))));
  return out;
}

std::vector<Assignment> Transformer::Assignments(const List* list) {
  std::vector<Assignment> out;
  ListCell* cell;
  foreach (cell, list) {
    const ResTarget* target = static_cast<const ResTarget*>(lfirst(cell));
    if (target->val == nullptr || !IsA(target->val, MultiAssignRef)) {
      Assignment& added = out.emplace_back();
      added.targets.push_back(MakeTargetColumn(target));
      added.value = TransformExpr(target->val);
      continue;
    }
    // The targets of one (a, b) = ... follow each other and share their source.
    const MultiAssignRef* ref = Pg<MultiAssignRef>(target->val);
    if (ref->colno == 1) {
      Assignment& added = out.emplace_back();
      added.multi = true;
      added.value = TransformExpr(ref->source);
    }
    out.back().targets.push_back(MakeTargetColumn(target));
  }
  return out;
}

std::vector<IndexElement> Transformer::IndexElements(const List* list) {
  std::vector<IndexElement> out;
  ListCell* cell;
  foreach (cell, list) {
    const IndexElem* element = static_cast<const IndexElem*>(lfirst(cell));
    IndexElement& added = out.emplace_back();
    added.name = Text(element->name);
    added.expr = TransformExpr(element->expr);
    added.collation = Name(element->collation);
    added.opclass = Name(element->opclass);
    added.opclass_options = Options(element->opclassopts);
    added.direction = static_cast<SortDirection>(element->ordering);
    added.nulls = static_cast<SortNulls>(element->nulls_ordering);
  }
  return out;
}

std::unique_ptr<ReturningClause> Transformer::MakeReturning(const ::ReturningClause* node) {
  if (node == nullptr) return nullptr;
  auto out = std::make_unique<ReturningClause>();
  ListCell* cell;
  foreach (cell, node->options) {
    const ReturningOption* option = static_cast<const ReturningOption*>(lfirst(cell));
    std::string& alias = option->option == RETURNING_OPTION_OLD ? out->old_alias : out->new_alias;
    if (!alias.empty()) {
      Fail(Error(ErrorCode::kSyntaxError, "{} cannot be specified multiple times",
                 option->option == RETURNING_OPTION_OLD ? "OLD" : "NEW")
               .At(option->location));
    }
    alias = Text(option->value);
  }
  out->targets = Targets(node->exprs);
  return out;
}

std::unique_ptr<OnConflictClause> Transformer::MakeOnConflict(const ::OnConflictClause* node) {
  if (node == nullptr) return nullptr;
  auto out = std::make_unique<OnConflictClause>();
  out->do_update = node->action == ONCONFLICT_UPDATE;
  out->location = node->location;
  if (const InferClause* infer = node->infer) {
    out->elements = IndexElements(infer->indexElems);
    out->index_where = TransformExpr(infer->whereClause);
    out->constraint = Text(infer->conname);
    out->infer_location = infer->location;
  }
  out->set = Assignments(node->targetList);
  out->where = TransformExpr(node->whereClause);
  return out;
}

StatementPtr Transformer::MakeInsert(const ::InsertStmt* node) {
  auto out = std::make_unique<InsertStmt>();
  Fill(node->relation, out->table);
  out->columns = TargetColumns(node->cols);
  out->source = MakeSelect(Pg<::SelectStmt>(node->selectStmt));
  static_assert(OVERRIDING_USER_VALUE == 1 && OVERRIDING_SYSTEM_VALUE == 2);
  out->overriding = static_cast<Overriding>(node->override);
  out->on_conflict = MakeOnConflict(node->onConflictClause);
  out->returning = MakeReturning(node->returningClause);
  out->with = MakeWith(node->withClause);
  return out;
}

StatementPtr Transformer::MakeUpdate(const ::UpdateStmt* node) {
  auto out = std::make_unique<UpdateStmt>();
  Fill(node->relation, out->table);
  out->set = Assignments(node->targetList);
  out->from = FromItems(node->fromClause);
  out->where = TransformExpr(node->whereClause);
  out->returning = MakeReturning(node->returningClause);
  out->with = MakeWith(node->withClause);
  return out;
}

StatementPtr Transformer::MakeDelete(const ::DeleteStmt* node) {
  auto out = std::make_unique<DeleteStmt>();
  Fill(node->relation, out->table);
  out->using_items = FromItems(node->usingClause);
  out->where = TransformExpr(node->whereClause);
  out->returning = MakeReturning(node->returningClause);
  out->with = MakeWith(node->withClause);
  return out;
}

StatementPtr Transformer::MakeMerge(const ::MergeStmt* node) {
  auto out = std::make_unique<MergeStmt>();
  Fill(node->relation, out->table);
  out->source = MakeFromItem(node->sourceRelation);
  out->on = TransformExpr(node->joinCondition);
  ListCell* cell;
  foreach (cell, node->mergeWhenClauses) {
    const MergeWhenClause* when = static_cast<const MergeWhenClause*>(lfirst(cell));
    MergeStmt::When& added = out->whens.emplace_back();
    static_assert(MERGE_WHEN_MATCHED == 0 && MERGE_WHEN_NOT_MATCHED_BY_TARGET == 2);
    added.match = static_cast<MergeStmt::Match>(when->matchKind);
    added.overriding = static_cast<Overriding>(when->override);
    added.condition = TransformExpr(when->condition);
    switch (when->commandType) {
      case CMD_INSERT:
        added.action = MergeStmt::Action::kInsert;
        added.columns = TargetColumns(when->targetList);
        added.values = Exprs(when->values);
        break;
      case CMD_UPDATE:
        added.action = MergeStmt::Action::kUpdate;
        added.set = Assignments(when->targetList);
        break;
      case CMD_DELETE:
        added.action = MergeStmt::Action::kDelete;
        break;
      default:
        added.action = MergeStmt::Action::kDoNothing;
    }
  }
  out->returning = MakeReturning(node->returningClause);
  out->with = MakeWith(node->withClause);
  return out;
}

}  // namespace oxibase::ast
