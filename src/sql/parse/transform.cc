// Names, lists, options: the small change of every statement; and the choice by a statement's kind.
#include "sql/parse/transform.h"

namespace oxibase::ast {

bool Transformer::Level::TooDeep() {
  if (transformer_.depth_ <= kSyntaxDepthMax) return false;
  transformer_.Fail(
      Error(ErrorCode::kStatementTooComplex, "stack depth limit exceeded")
          .Hint(
              "The statement is nested more than 1000 levels deep; write it flatter or split it."));
  return true;
}

std::nullptr_t Transformer::Fail(Status status) {
  if (status_.ok()) status_ = std::move(status);
  return nullptr;
}

std::nullptr_t Transformer::Refuse(std::string_view what, int location) {
  return Fail(Error(ErrorCode::kFeatureNotSupported, "{} is not supported", what).At(location));
}

std::vector<std::string> Transformer::Strings(const List* list) {
  std::vector<std::string> out;
  out.reserve(list_length(list));
  ListCell* cell;
  foreach (cell, list) {
    const Node* node = static_cast<const Node*>(lfirst(cell));
    out.push_back(IsA(node, String) ? Text(strVal(node)) : "*");
  }
  return out;
}

QualifiedName Transformer::Name(const List* list, int location) {
  std::vector<std::string> parts = Strings(list);
  QualifiedName name;
  name.location = location;
  if (parts.size() > 3) {
    std::string all;
    for (const std::string& part : parts) all += all.empty() ? part : "." + part;
    Fail(Error(ErrorCode::kSyntaxError, "improper qualified name (too many dotted names): {}", all)
             .At(location));
    return name;
  }
  if (!parts.empty()) name.name = std::move(parts.back());
  if (parts.size() > 1) name.schema = std::move(parts[parts.size() - 2]);
  if (parts.size() > 2) name.catalog = std::move(parts[0]);
  return name;
}

QualifiedName Transformer::Name(const ::RangeVar* relation) {
  QualifiedName name;
  if (relation == nullptr) return name;
  name.catalog = Text(relation->catalogname);
  name.schema = Text(relation->schemaname);
  name.name = Text(relation->relname);
  name.location = relation->location;
  return name;
}

std::vector<QualifiedName> Transformer::RelationNames(const List* list) {
  std::vector<QualifiedName> out;
  ListCell* cell;
  foreach (cell, list) out.push_back(Name(static_cast<const ::RangeVar*>(lfirst(cell))));
  return out;
}

Alias Transformer::MakeAlias(const ::Alias* alias) {
  Alias out;
  if (alias == nullptr) return out;
  out.name = Text(alias->aliasname);
  out.columns = Strings(alias->colnames);
  return out;
}

ExprList Transformer::Exprs(const List* list) {
  ExprList out;
  out.reserve(list_length(list));
  ListCell* cell;
  foreach (cell, list) out.push_back(TransformExpr(static_cast<const Node*>(lfirst(cell))));
  return out;
}

Option Transformer::MakeOption(const DefElem* def) {
  using Kind = Option::ValueKind;
  Option out;
  out.name_space = Text(def->defnamespace);
  out.name = Text(def->defname);
  out.location = def->location;
  const Node* arg = def->arg;
  if (arg != nullptr && IsA(arg, A_Const)) {
    const A_Const* constant = Pg<::A_Const>(arg);
    arg = constant->isnull ? nullptr : &constant->val.node;
  }
  if (arg == nullptr) return out;
  switch (nodeTag(arg)) {
    case T_String:
      out.value_kind = Kind::kString;
      out.text = Text(strVal(arg));
      break;
    case T_Integer:
      out.value_kind = Kind::kInteger;
      out.integer = intVal(arg);
      out.text = std::to_string(out.integer);
      break;
    case T_Float:
      out.value_kind = Kind::kFloat;
      out.text = Text(Pg<::Float>(arg)->fval);
      break;
    case T_Boolean:
      out.value_kind = Kind::kBoolean;
      out.boolean = boolVal(arg);
      out.text = out.boolean ? "true" : "false";
      break;
    case T_List:
      out.value_kind = Kind::kList;
      out.list = Strings(reinterpret_cast<const List*>(arg));
      break;
    case T_A_Star:
      out.value_kind = Kind::kStar;
      out.text = "*";
      break;
    case T_TypeName:
      out.value_kind = Kind::kType;
      out.type = std::make_unique<TypeName>(TransformType(Pg<::TypeName>(arg)));
      out.text = out.type->name.name;
      break;
    case T_RoleSpec:
      out.value_kind = Kind::kString;
      out.text = Role(Pg<::RoleSpec>(arg));
      break;
    default:
      Refuse(out.name, out.location);
  }
  return out;
}

OptionList Transformer::Options(const List* list) {
  OptionList out;
  ListCell* cell;
  foreach (cell, list) out.push_back(MakeOption(static_cast<const DefElem*>(lfirst(cell))));
  return out;
}

SortBy Transformer::MakeSortBy(const ::SortBy* sort) {
  SortBy out;
  out.expr = TransformExpr(sort->node);
  out.direction = static_cast<SortDirection>(sort->sortby_dir);
  out.nulls = static_cast<SortNulls>(sort->sortby_nulls);
  out.use_operator = Name(sort->useOp, sort->location);
  out.location = sort->location;
  return out;
}

std::vector<SortBy> Transformer::SortByList(const List* list) {
  std::vector<SortBy> out;
  ListCell* cell;
  foreach (cell, list) out.push_back(MakeSortBy(static_cast<const ::SortBy*>(lfirst(cell))));
  return out;
}

std::vector<IndirectionStep> Transformer::Indirection(const List* list) {
  std::vector<IndirectionStep> out;
  ListCell* cell;
  foreach (cell, list) {
    const Node* node = static_cast<const Node*>(lfirst(cell));
    IndirectionStep step;
    if (IsA(node, String)) {
      step.type = IndirectionStep::Type::kField;
      step.field = Text(strVal(node));
    } else if (IsA(node, A_Star)) {
      step.type = IndirectionStep::Type::kStar;
    } else {
      const A_Indices* indices = Pg<::A_Indices>(node);
      step.type =
          indices->is_slice ? IndirectionStep::Type::kSlice : IndirectionStep::Type::kSubscript;
      step.lower = TransformExpr(indices->lidx);
      step.upper = TransformExpr(indices->uidx);
    }
    out.push_back(std::move(step));
  }
  return out;
}

std::string Transformer::Role(const RoleSpec* role) {
  if (role == nullptr) return "";
  switch (role->roletype) {
    case ROLESPEC_CSTRING:
      return Text(role->rolename);
    case ROLESPEC_CURRENT_ROLE:
    case ROLESPEC_CURRENT_USER:
      return "current_user";
    case ROLESPEC_SESSION_USER:
      return "session_user";
    case ROLESPEC_PUBLIC:
      return "public";
  }
  return "";
}

ObjectType Transformer::Object(::ObjectType type) {
  switch (type) {
    case OBJECT_TABLE:
      return ObjectType::kTable;
    case OBJECT_VIEW:
      return ObjectType::kView;
    case OBJECT_MATVIEW:
      return ObjectType::kMaterializedView;
    case OBJECT_INDEX:
      return ObjectType::kIndex;
    case OBJECT_SEQUENCE:
      return ObjectType::kSequence;
    case OBJECT_SCHEMA:
      return ObjectType::kSchema;
    case OBJECT_COLUMN:
      return ObjectType::kColumn;
    case OBJECT_TABCONSTRAINT:
      return ObjectType::kTableConstraint;
    case OBJECT_DATABASE:
      return ObjectType::kDatabase;
    case OBJECT_FUNCTION:
      return ObjectType::kFunction;
    case OBJECT_PROCEDURE:
      return ObjectType::kProcedure;
    case OBJECT_ROUTINE:
      return ObjectType::kRoutine;
    case OBJECT_AGGREGATE:
      return ObjectType::kAggregate;
    case OBJECT_TYPE:
      return ObjectType::kType;
    case OBJECT_DOMAIN:
      return ObjectType::kDomain;
    case OBJECT_ROLE:
      return ObjectType::kRole;
    case OBJECT_TRIGGER:
      return ObjectType::kTrigger;
    case OBJECT_EXTENSION:
      return ObjectType::kExtension;
    case OBJECT_COLLATION:
      return ObjectType::kCollation;
    default:
      return ObjectType::kOther;
  }
}

TypeName Transformer::TransformType(const ::TypeName* type) {
  TypeName out;
  if (type == nullptr) return out;
  Level level(*this);
  if (level.TooDeep()) return out;
  out.location = type->location;
  out.name = Name(type->names, type->location);
  out.setof = type->setof;
  out.pct_type = type->pct_type;
  out.typmods = Exprs(type->typmods);
  ListCell* cell;
  foreach (cell, type->arrayBounds) {
    const Node* bound = static_cast<const Node*>(lfirst(cell));
    out.array_bounds.push_back(IsA(bound, Integer) ? intVal(bound) : -1);
  }
  return out;
}

StatementPtr Transformer::TransformRaw(const RawStmt* raw) {
  StatementPtr out = TransformStatement(raw->stmt);
  if (out == nullptr) return out;
  size_t begin = raw->stmt_location < 0 ? 0 : static_cast<size_t>(raw->stmt_location);
  size_t end = raw->stmt_len == 0 ? text_.size() : begin + static_cast<size_t>(raw->stmt_len);
  constexpr std::string_view kBlanks = " \t\n\r\f\v";
  begin = std::min(text_.find_first_not_of(kBlanks, begin), end);
  while (end > begin && kBlanks.find(text_[end - 1]) != kBlanks.npos) --end;
  if (raw->stmt_len == 0 && end > begin && text_[end - 1] == ';') --end;
  out->text_begin = static_cast<int32_t>(begin);
  out->text_length = static_cast<int32_t>(end - begin);
  return out;
}

StatementPtr Transformer::TransformStatement(const Node* node) {
  if (node == nullptr) return nullptr;
  Level level(*this);
  if (level.TooDeep()) return nullptr;
  switch (nodeTag(node)) {
    case T_SelectStmt:
      return MakeTopSelect(Pg<::SelectStmt>(node));
    case T_InsertStmt:
      return MakeInsert(Pg<::InsertStmt>(node));
    case T_UpdateStmt:
      return MakeUpdate(Pg<::UpdateStmt>(node));
    case T_DeleteStmt:
      return MakeDelete(Pg<::DeleteStmt>(node));
    case T_MergeStmt:
      return MakeMerge(Pg<::MergeStmt>(node));
    case T_CreateStmt:
      return MakeCreateTable(Pg<::CreateStmt>(node));
    case T_CreateTableAsStmt:
      return MakeCreateTableAs(Pg<::CreateTableAsStmt>(node));
    case T_AlterTableStmt:
      return MakeAlterTable(Pg<::AlterTableStmt>(node));
    case T_CreateSchemaStmt:
      return MakeCreateSchema(Pg<::CreateSchemaStmt>(node));
    case T_CreateSeqStmt:
      return MakeCreateSequence(Pg<::CreateSeqStmt>(node));
    case T_AlterSeqStmt:
      return MakeAlterSequence(Pg<::AlterSeqStmt>(node));
    case T_ViewStmt:
      return MakeCreateView(Pg<::ViewStmt>(node));
    case T_IndexStmt:
      return MakeCreateIndex(Pg<::IndexStmt>(node));
    case T_DropStmt:
      return MakeDrop(Pg<::DropStmt>(node));
    case T_TruncateStmt:
      return MakeTruncate(Pg<::TruncateStmt>(node));
    case T_ReindexStmt:
      return MakeReindex(Pg<::ReindexStmt>(node));
    case T_CommentStmt:
      return MakeComment(Pg<::CommentStmt>(node));
    case T_RenameStmt:
      return MakeRename(Pg<::RenameStmt>(node));
    case T_AlterObjectSchemaStmt:
      return MakeAlterObjectSchema(Pg<::AlterObjectSchemaStmt>(node));
    case T_AlterOwnerStmt:
      return MakeAlterOwner(Pg<::AlterOwnerStmt>(node));
    case T_AlterDatabaseSetStmt:
      return MakeAlterDatabase(Pg<::AlterDatabaseSetStmt>(node));
    case T_CopyStmt:
      return MakeCopy(Pg<::CopyStmt>(node));
    case T_TransactionStmt:
      return MakeTransaction(Pg<::TransactionStmt>(node));
    case T_PrepareStmt:
      return MakePrepare(Pg<::PrepareStmt>(node));
    case T_ExecuteStmt:
      return MakeExecute(Pg<::ExecuteStmt>(node));
    case T_DeallocateStmt: {
      auto out = std::make_unique<DeallocateStmt>();
      out->name = Text(Pg<::DeallocateStmt>(node)->name);
      return out;
    }
    case T_DeclareCursorStmt:
      return MakeDeclareCursor(Pg<::DeclareCursorStmt>(node));
    case T_FetchStmt:
      return MakeFetch(Pg<::FetchStmt>(node));
    case T_ClosePortalStmt: {
      auto out = std::make_unique<ClosePortalStmt>();
      out->name = Text(Pg<::ClosePortalStmt>(node)->portalname);
      return out;
    }
    case T_VariableSetStmt:
      return MakeSet(Pg<::VariableSetStmt>(node));
    case T_VariableShowStmt: {
      auto out = std::make_unique<ShowStmt>();
      out->name = Text(Pg<::VariableShowStmt>(node)->name);
      return out;
    }
    case T_DiscardStmt:
      return MakeDiscard(Pg<::DiscardStmt>(node));
    case T_ListenStmt: {
      auto out = std::make_unique<ListenStmt>();
      out->channel = Text(Pg<::ListenStmt>(node)->conditionname);
      return out;
    }
    case T_UnlistenStmt: {
      auto out = std::make_unique<UnlistenStmt>();
      out->channel = Text(Pg<::UnlistenStmt>(node)->conditionname);
      return out;
    }
    case T_NotifyStmt: {
      auto out = std::make_unique<NotifyStmt>();
      out->channel = Text(Pg<::NotifyStmt>(node)->conditionname);
      out->payload = Text(Pg<::NotifyStmt>(node)->payload);
      return out;
    }
    case T_ExplainStmt:
      return MakeExplain(Pg<::ExplainStmt>(node));
    case T_VacuumStmt:
      return MakeVacuum(Pg<::VacuumStmt>(node));
    case T_CheckPointStmt:
      return std::make_unique<CheckpointStmt>();
    case T_LockStmt:
      return MakeLock(Pg<::LockStmt>(node));
    case T_ConstraintsSetStmt:
      return MakeSetConstraints(Pg<::ConstraintsSetStmt>(node));
    default: {
      auto out = std::make_unique<UnsupportedStmt>();
      out->command = CommandName(node);
      return out;
    }
  }
}

}  // namespace oxibase::ast
