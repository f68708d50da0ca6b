// Schemas, sequences, views, indexes; DROP, COMMENT, RENAME and their like.
#include "sql/parse/token_cursor.h"
#include "sql/parse/transform.h"

namespace oxibase::ast {

StatementPtr Transformer::MakeCreateSchema(const ::CreateSchemaStmt* node) {
  auto out = std::make_unique<CreateSchemaStmt>();
  out->name = Text(node->schemaname);
  out->owner = Role(node->authrole);
  if (out->name.empty()) out->name = out->owner;
  out->if_not_exists = node->if_not_exists;
  ListCell* cell;
  foreach (cell, node->schemaElts) {
    out->elements.push_back(TransformStatement(static_cast<const Node*>(lfirst(cell))));
  }
  return out;
}

StatementPtr Transformer::MakeCreateSequence(const CreateSeqStmt* node) {
  auto out = std::make_unique<CreateSequenceStmt>();
  RangeVar sequence;
  Fill(node->sequence, sequence);
  out->name = std::move(sequence.name);
  out->persistence = sequence.persistence;
  out->if_not_exists = node->if_not_exists;
  out->options = Options(node->options);
  return out;
}

StatementPtr Transformer::MakeAlterSequence(const AlterSeqStmt* node) {
  auto out = std::make_unique<AlterSequenceStmt>();
  out->name = Name(node->sequence);
  out->missing_ok = node->missing_ok;
  out->options = Options(node->options);
  return out;
}

StatementPtr Transformer::MakeCreateView(const ViewStmt* node) {
  auto out = std::make_unique<CreateViewStmt>();
  RangeVar view;
  Fill(node->view, view);
  out->name = std::move(view.name);
  out->persistence = view.persistence;
  out->or_replace = node->replace;
  out->columns = Strings(node->aliases);
  const ::SelectStmt* query = Pg<::SelectStmt>(node->query);
  const ::SelectStmt* leftmost = query;
  while (leftmost->op != SETOP_NONE) leftmost = leftmost->larg;
  if (leftmost->intoClause != nullptr) {
    return Fail(Error(ErrorCode::kFeatureNotSupported, "views must not contain SELECT INTO"));
  }
  out->query = MakeSelect(query);
  const TextRange range = FindViewQuery(text_, static_cast<size_t>(node->view->location));
  out->query_begin = static_cast<int32_t>(range.begin);
  out->query_length = static_cast<int32_t>(range.end - range.begin);
  // The grammar makes `WITH RECURSIVE v AS (...) SELECT ... FROM v` of it; that WITH stands
  // nowhere.
  out->recursive =
      out->query != nullptr && out->query->with != nullptr && out->query->with->location < 0;
  out->options = Options(node->options);
  static_assert(LOCAL_CHECK_OPTION == 1 && CASCADED_CHECK_OPTION == 2);
  out->check_option = static_cast<CreateViewStmt::CheckOption>(node->withCheckOption);
  return out;
}

StatementPtr Transformer::MakeCreateIndex(const IndexStmt* node) {
  auto out = std::make_unique<CreateIndexStmt>();
  out->name = Text(node->idxname);
  Fill(node->relation, out->table);
  out->method = Text(node->accessMethod);
  out->unique = node->unique;
  out->concurrently = node->concurrent;
  out->if_not_exists = node->if_not_exists;
  out->nulls_not_distinct = node->nulls_not_distinct;
  out->elements = IndexElements(node->indexParams);
  out->including = IndexElements(node->indexIncludingParams);
  out->where = TransformExpr(node->whereClause);
  out->options = Options(node->options);
  out->tablespace = Text(node->tableSpace);
  return out;
}

QualifiedName Transformer::ObjectName(const Node* object) {
  QualifiedName name;
  if (object == nullptr) return name;
  switch (nodeTag(object)) {
    case T_List:
      return Name(Pg<List>(object));
    case T_String:
      name.name = Text(strVal(object));
      return name;
    case T_TypeName:
      return Name(Pg<::TypeName>(object)->names, Pg<::TypeName>(object)->location);
    case T_ObjectWithArgs:
      return Name(Pg<ObjectWithArgs>(object)->objname);
    case T_RangeVar:
      return Name(Pg<::RangeVar>(object));
    default:
      return name;
  }
}

StatementPtr Transformer::MakeDrop(const ::DropStmt* node) {
  auto out = std::make_unique<DropStmt>();
  out->type = Object(node->removeType);
  if (out->type == ObjectType::kOther) {
    out->type_words = CommandName(reinterpret_cast<const Node*>(node)).substr(sizeof("DROP"));
  }
  ListCell* cell;
  foreach (cell, node->objects) {
    const Node* object = static_cast<const Node*>(lfirst(cell));
    // Triggers, rules and policies: the last part is the object's, what stands before the table's.
    out->names.push_back(ObjectName(object));
  }
  out->behavior = static_cast<DropBehavior>(node->behavior);
  out->missing_ok = node->missing_ok;
  out->concurrently = node->concurrent;
  return out;
}

StatementPtr Transformer::MakeReindex(const ::ReindexStmt* node) {
  auto out = std::make_unique<ReindexStmt>();
  static_assert(REINDEX_OBJECT_INDEX == 0 && REINDEX_OBJECT_TABLE == 1 &&
                REINDEX_OBJECT_SCHEMA == 2 && REINDEX_OBJECT_SYSTEM == 3 &&
                REINDEX_OBJECT_DATABASE == 4);
  using Type = ReindexStmt::Type;
  constexpr Type kTypes[] = {Type::kIndex, Type::kTable, Type::kSchema, Type::kSystem,
                             Type::kDatabase};
  out->type = kTypes[node->kind];
  if (node->relation != nullptr) {
    out->name = Name(node->relation);
  } else {
    out->name.name = Text(node->name);
  }
  out->options = Options(node->params);
  return out;
}

StatementPtr Transformer::MakeTruncate(const ::TruncateStmt* node) {
  auto out = std::make_unique<TruncateStmt>();
  out->tables = RelationNames(node->relations);
  out->restart_identity = node->restart_seqs;
  out->behavior = static_cast<DropBehavior>(node->behavior);
  return out;
}

StatementPtr Transformer::MakeComment(const ::CommentStmt* node) {
  auto out = std::make_unique<CommentStmt>();
  out->type = Object(node->objtype);
  if (out->type == ObjectType::kColumn || out->type == ObjectType::kTableConstraint ||
      out->type == ObjectType::kTrigger) {
    // The last part is the column or the constraint, the others its table.
    List* parts = reinterpret_cast<List*>(node->object);
    out->sub_name = Text(strVal(llast(parts)));
    out->name = Name(list_truncate(parts, list_length(parts) - 1));
    if (out->name.empty()) {
      return Fail(Error(ErrorCode::kSyntaxError, "column name must be qualified"));
    }
  } else {
    out->name = ObjectName(node->object);
  }
  out->remove = node->comment == nullptr;
  out->comment = Text(node->comment);
  return out;
}

StatementPtr Transformer::MakeRename(const ::RenameStmt* node) {
  auto out = std::make_unique<RenameStmt>();
  out->type = Object(node->renameType);
  out->relation_type = Object(node->relationType);
  out->name = node->relation != nullptr ? Name(node->relation) : ObjectName(node->object);
  out->sub_name = Text(node->subname);
  if (out->name.empty()) {
    // Schemas, databases and roles have but a name.
    out->name.name = std::move(out->sub_name);
    out->sub_name.clear();
  }
  out->new_name = Text(node->newname);
  out->missing_ok = node->missing_ok;
  return out;
}

StatementPtr Transformer::MakeAlterObjectSchema(const ::AlterObjectSchemaStmt* node) {
  auto out = std::make_unique<AlterObjectSchemaStmt>();
  out->type = Object(node->objectType);
  out->name = node->relation != nullptr ? Name(node->relation) : ObjectName(node->object);
  out->new_schema = Text(node->newschema);
  out->missing_ok = node->missing_ok;
  return out;
}

StatementPtr Transformer::MakeAlterOwner(const ::AlterOwnerStmt* node) {
  auto out = std::make_unique<AlterOwnerStmt>();
  out->type = Object(node->objectType);
  out->name = node->relation != nullptr ? Name(node->relation) : ObjectName(node->object);
  out->new_owner = Role(node->newowner);
  return out;
}

StatementPtr Transformer::MakeAlterDatabase(const ::AlterDatabaseSetStmt* node) {
  auto out = std::make_unique<AlterDatabaseStmt>();
  out->database = Text(node->dbname);
  const StatementPtr made = MakeSet(node->setstmt);
  const auto& set = As<SetStmt>(*made);
  out->setting = set.name;
  switch (set.type) {
    case SetStmt::Type::kValue:
      if (set.values.size() != 1) return Refuse("a list in ALTER DATABASE ... SET", -1);
      out->value = set.values[0].text;
      break;
    case SetStmt::Type::kDefault:
    case SetStmt::Type::kReset:
    case SetStmt::Type::kResetAll:
      break;
    case SetStmt::Type::kFromCurrent:
    case SetStmt::Type::kTransaction:
      return Refuse("this form of ALTER DATABASE ... SET", -1);
  }
  return out;
}

}  // namespace oxibase::ast
