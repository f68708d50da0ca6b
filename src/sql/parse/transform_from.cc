// What stands in FROM.
#include "sql/parse/transform.h"

namespace oxibase::ast {

std::vector<FromItemPtr> Transformer::FromItems(const List* list) {
  std::vector<FromItemPtr> out;
  out.reserve(list_length(list));
  ListCell* cell;
  foreach (cell, list) out.push_back(MakeFromItem(static_cast<const Node*>(lfirst(cell))));
  return out;
}

FromItemPtr Transformer::MakeFromItem(const Node* node) {
  if (node == nullptr) return nullptr;
  Level level(*this);
  if (level.TooDeep()) return nullptr;
  switch (nodeTag(node)) {
    case T_RangeVar: {
      auto out = std::make_unique<RangeVar>();
      Fill(Pg<::RangeVar>(node), *out);
      if (const auto as_of = as_of_.find(out->location); as_of != as_of_.end()) {
        out->as_of = std::move(as_of->second);
        as_of_.erase(as_of);
      }
      return out;
    }
    case T_RangeSubselect:
      return MakeRangeSubselect(Pg<::RangeSubselect>(node));
    case T_RangeFunction:
      return MakeRangeFunction(Pg<::RangeFunction>(node));
    case T_JoinExpr:
      return MakeJoin(Pg<::JoinExpr>(node));
    case T_RangeTableSample:
      return Refuse("TABLESAMPLE", Pg<RangeTableSample>(node)->location);
    case T_RangeTableFunc:
      return Refuse("XMLTABLE", Pg<RangeTableFunc>(node)->location);
    case T_JsonTable:
      return Refuse("JSON_TABLE", Pg<JsonTable>(node)->location);
    default:
      return Refuse("this kind of item in FROM", exprLocation(node));
  }
}

Status Transformer::CheckAsOfUsed() const {
  if (as_of_.empty()) return {};
  return Error(ErrorCode::kSyntaxError, "AS OF can only follow a table or view in FROM")
      .At(as_of_.begin()->second->location);
}

void Transformer::Fill(const ::RangeVar* node, RangeVar& out) {
  out.name = Name(node);
  out.location = node->location;
  out.inherit = node->inh;
  out.persistence = node->relpersistence == 't'   ? RangeVar::Persistence::kTemporary
                    : node->relpersistence == 'u' ? RangeVar::Persistence::kUnlogged
                                                  : RangeVar::Persistence::kPermanent;
  out.alias = MakeAlias(node->alias);
}

FromItemPtr Transformer::MakeRangeSubselect(const ::RangeSubselect* node) {
  auto out = std::make_unique<RangeSubselect>();
  out->lateral = node->lateral;
  out->query = MakeSelect(Pg<::SelectStmt>(node->subquery));
  if (out->query != nullptr) out->location = out->query->location;
  out->alias = MakeAlias(node->alias);
  return out;
}

FromItemPtr Transformer::MakeRangeFunction(const ::RangeFunction* node) {
  auto out = std::make_unique<RangeFunction>();
  out->lateral = node->lateral;
  out->ordinality = node->ordinality;
  out->rows_from = node->is_rowsfrom;
  ListCell* cell;
  foreach (cell, node->functions) {
    const List* pair = static_cast<const List*>(lfirst(cell));
    RangeFunction::Function& added = out->functions.emplace_back();
    added.call = TransformExpr(static_cast<const Node*>(linitial(pair)));
    added.columns = TypedColumns(static_cast<const List*>(lsecond(pair)));
    if (out->location < 0 && added.call != nullptr) out->location = added.call->location;
  }
  out->alias = MakeAlias(node->alias);
  out->columns = TypedColumns(node->coldeflist);
  return out;
}

FromItemPtr Transformer::MakeJoin(const ::JoinExpr* node) {
  auto out = std::make_unique<JoinExpr>();
  switch (node->jointype) {
    case JOIN_LEFT:
      out->type = JoinType::kLeft;
      break;
    case JOIN_FULL:
      out->type = JoinType::kFull;
      break;
    case JOIN_RIGHT:
      out->type = JoinType::kRight;
      break;
    default:
      out->type = JoinType::kInner;
  }
  out->natural = node->isNatural;
  out->left = MakeFromItem(node->larg);
  out->right = MakeFromItem(node->rarg);
  if (out->left != nullptr) out->location = out->left->location;
  out->using_columns = Strings(node->usingClause);
  out->using_alias = MakeAlias(node->join_using_alias);
  out->on = TransformExpr(node->quals);
  out->alias = MakeAlias(node->alias);
  return out;
}

std::vector<TypedColumn> Transformer::TypedColumns(const List* list) {
  std::vector<TypedColumn> out;
  ListCell* cell;
  foreach (cell, list) {
    const ::ColumnDef* column = static_cast<const ::ColumnDef*>(lfirst(cell));
    TypedColumn& added = out.emplace_back();
    added.name = Text(column->colname);
    added.type = TransformType(column->typeName);
    if (column->collClause != nullptr) {
      added.collation = Name(column->collClause->collname, column->collClause->location);
    }
    added.location = column->location;
  }
  return out;
}

}  // namespace oxibase::ast
