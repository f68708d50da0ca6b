// Statements about the session, transactions and cursors; COPY; those with a statement inside.
#include "sql/parse/transform.h"

namespace oxibase::ast {

StatementPtr Transformer::MakeCopy(const ::CopyStmt* node) {
  auto out = std::make_unique<CopyStmt>();
  out->table = Name(node->relation);
  out->columns = Strings(node->attlist);
  out->query = node->query == nullptr         ? nullptr
               : IsA(node->query, SelectStmt) ? MakeSelect(Pg<::SelectStmt>(node->query))
                                              : TransformStatement(node->query);
  out->from = node->is_from;
  out->program = node->is_program;
  out->filename = Text(node->filename);
  out->options = Options(node->options);
  out->where = TransformExpr(node->whereClause);
  return out;
}

StatementPtr Transformer::MakeTransaction(const ::TransactionStmt* node) {
  auto out = std::make_unique<TransactionStmt>();
  static_assert(TRANS_STMT_BEGIN == 0 && TRANS_STMT_SAVEPOINT == 4 &&
                TRANS_STMT_ROLLBACK_PREPARED == 9);
  out->type = static_cast<TransactionStmt::Type>(node->kind);
  out->options = Options(node->options);
  out->savepoint = Text(node->savepoint_name);
  out->global_id = Text(node->gid);
  out->chain = node->chain;
  return out;
}

StatementPtr Transformer::MakePrepare(const ::PrepareStmt* node) {
  auto out = std::make_unique<PrepareStmt>();
  out->name = Text(node->name);
  ListCell* cell;
  foreach (cell, node->argtypes) {
    out->argument_types.push_back(TransformType(static_cast<const ::TypeName*>(lfirst(cell))));
  }
  out->query = TransformStatement(node->query);
  return out;
}

StatementPtr Transformer::MakeExecute(const ::ExecuteStmt* node) {
  auto out = std::make_unique<ExecuteStmt>();
  out->name = Text(node->name);
  out->arguments = Exprs(node->params);
  return out;
}

StatementPtr Transformer::MakeDeclareCursor(const ::DeclareCursorStmt* node) {
  auto out = std::make_unique<DeclareCursorStmt>();
  out->name = Text(node->portalname);
  out->binary = (node->options & CURSOR_OPT_BINARY) != 0;
  out->insensitive = (node->options & CURSOR_OPT_INSENSITIVE) != 0;
  out->asensitive = (node->options & CURSOR_OPT_ASENSITIVE) != 0;
  out->hold = (node->options & CURSOR_OPT_HOLD) != 0;
  if ((node->options & CURSOR_OPT_SCROLL) != 0 && (node->options & CURSOR_OPT_NO_SCROLL) != 0) {
    return Fail(Error(ErrorCode::kInvalidCursorDefinition, "cannot specify both {} and {}",
                      "SCROLL", "NO SCROLL"));
  }
  if (out->insensitive && out->asensitive) {
    return Fail(Error(ErrorCode::kInvalidCursorDefinition, "cannot specify both {} and {}",
                      "ASENSITIVE", "INSENSITIVE"));
  }
  if ((node->options & CURSOR_OPT_SCROLL) != 0) {
    out->scroll = DeclareCursorStmt::Scroll::kScroll;
  } else if ((node->options & CURSOR_OPT_NO_SCROLL) != 0) {
    out->scroll = DeclareCursorStmt::Scroll::kNoScroll;
  }
  out->query = IsA(node->query, SelectStmt) ? MakeSelect(Pg<::SelectStmt>(node->query))
                                            : TransformStatement(node->query);
  return out;
}

StatementPtr Transformer::MakeFetch(const ::FetchStmt* node) {
  auto out = std::make_unique<FetchStmt>();
  static_assert(FETCH_FORWARD == 0 && FETCH_RELATIVE == 3);
  out->direction = static_cast<FetchStmt::Direction>(node->direction);
  static_assert(FETCH_ALL == FetchStmt::kAll);
  out->count = node->howMany;
  out->cursor = Text(node->portalname);
  out->move = node->ismove;
  return out;
}

StatementPtr Transformer::MakeSet(const VariableSetStmt* node) {
  auto out = std::make_unique<SetStmt>();
  out->name = Text(node->name);
  out->local = node->is_local;
  switch (node->kind) {
    case VAR_SET_VALUE:
      out->type = SetStmt::Type::kValue;
      break;
    case VAR_SET_DEFAULT:
      out->type = SetStmt::Type::kDefault;
      break;
    case VAR_SET_CURRENT:
      out->type = SetStmt::Type::kFromCurrent;
      break;
    case VAR_SET_MULTI:
      out->type = SetStmt::Type::kTransaction;
      break;
    case VAR_RESET:
      out->type = SetStmt::Type::kReset;
      break;
    case VAR_RESET_ALL:
      out->type = SetStmt::Type::kResetAll;
      break;
  }
  ListCell* cell;
  foreach (cell, node->args) {
    const Node* arg = static_cast<const Node*>(lfirst(cell));
    if (IsA(arg, DefElem)) {
      out->options.push_back(MakeOption(Pg<DefElem>(arg)));
      continue;
    }
    SetStmt::Value& value = out->values.emplace_back();
    if (IsA(arg, TypeCast)) {
      value.interval = true;
      const ::TypeName* type = Pg<::TypeCast>(arg)->typeName;
      if (list_length(type->typmods) > 0) {
        const Node* fields = static_cast<const Node*>(linitial(type->typmods));
        if (IsA(fields, A_Const)) {
          value.interval_typmod = Pg<A_Const>(fields)->val.ival.ival << 16 | 0xFFFF;
        }
      }
      arg = Pg<::TypeCast>(arg)->arg;
    }
    if (!IsA(arg, A_Const)) return Refuse("this value of SET", exprLocation(arg));
    const ExprPtr made = MakeConst(Pg<A_Const>(arg));
    const Const& constant = As<Const>(*made);
    value.type = constant.type;
    value.text = constant.type == Const::Type::kInteger   ? std::to_string(constant.integer)
                 : constant.type == Const::Type::kBoolean ? (constant.boolean ? "true" : "false")
                                                          : constant.text;
    value.location = constant.location;
  }
  return out;
}

StatementPtr Transformer::MakeDiscard(const ::DiscardStmt* node) {
  auto out = std::make_unique<DiscardStmt>();
  static_assert(DISCARD_ALL == 0 && DISCARD_PLANS == 1 && DISCARD_SEQUENCES == 2 &&
                DISCARD_TEMP == 3);
  out->type = static_cast<DiscardStmt::Type>(node->target);
  return out;
}

StatementPtr Transformer::MakeExplain(const ::ExplainStmt* node) {
  auto out = std::make_unique<ExplainStmt>();
  out->options = Options(node->options);
  out->query = TransformStatement(node->query);
  return out;
}

StatementPtr Transformer::MakeVacuum(const ::VacuumStmt* node) {
  auto out = std::make_unique<VacuumStmt>();
  out->vacuum = node->is_vacuumcmd;
  out->options = Options(node->options);
  ListCell* cell;
  foreach (cell, node->rels) {
    const VacuumRelation* relation = static_cast<const VacuumRelation*>(lfirst(cell));
    VacuumStmt::Table& added = out->tables.emplace_back();
    added.name = Name(relation->relation);
    added.columns = Strings(relation->va_cols);
  }
  return out;
}

StatementPtr Transformer::MakeLock(const LockStmt* node) {
  auto out = std::make_unique<LockTableStmt>();
  out->tables = RelationNames(node->relations);
  out->mode = node->mode;
  out->nowait = node->nowait;
  return out;
}

StatementPtr Transformer::MakeSetConstraints(const ConstraintsSetStmt* node) {
  auto out = std::make_unique<SetConstraintsStmt>();
  out->constraints = RelationNames(node->constraints);
  out->deferred = node->deferred;
  return out;
}

}  // namespace oxibase::ast
