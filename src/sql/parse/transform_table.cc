// CREATE TABLE with its columns and constraints, CREATE TABLE AS.
#include "sql/parse/transform.h"

namespace oxibase::ast {
namespace {

ForeignKeyAction Action(char code) {
  switch (code) {
    case FKCONSTR_ACTION_RESTRICT:
      return ForeignKeyAction::kRestrict;
    case FKCONSTR_ACTION_CASCADE:
      return ForeignKeyAction::kCascade;
    case FKCONSTR_ACTION_SETNULL:
      return ForeignKeyAction::kSetNull;
    case FKCONSTR_ACTION_SETDEFAULT:
      return ForeignKeyAction::kSetDefault;
    default:
      return ForeignKeyAction::kNoAction;
  }
}

ConstraintType Type(ConstrType type) {
  switch (type) {
    case CONSTR_NULL:
      return ConstraintType::kNull;
    case CONSTR_NOTNULL:
      return ConstraintType::kNotNull;
    case CONSTR_DEFAULT:
      return ConstraintType::kDefault;
    case CONSTR_IDENTITY:
      return ConstraintType::kIdentity;
    case CONSTR_GENERATED:
      return ConstraintType::kGenerated;
    case CONSTR_PRIMARY:
      return ConstraintType::kPrimaryKey;
    case CONSTR_UNIQUE:
      return ConstraintType::kUnique;
    case CONSTR_EXCLUSION:
      return ConstraintType::kExclusion;
    case CONSTR_FOREIGN:
      return ConstraintType::kForeignKey;
    default:
      return ConstraintType::kCheck;
  }
}

RangeVar::Persistence Persistence(char code) {
  return code == 't'   ? RangeVar::Persistence::kTemporary
         : code == 'u' ? RangeVar::Persistence::kUnlogged
                       : RangeVar::Persistence::kPermanent;
}

OnCommit MakeOnCommit(OnCommitAction action) {
  static_assert(ONCOMMIT_PRESERVE_ROWS == 1 && ONCOMMIT_DELETE_ROWS == 2 && ONCOMMIT_DROP == 3);
  return static_cast<OnCommit>(action);
}

}  // namespace

Constraint Transformer::MakeConstraint(const ::Constraint* node) {
  Constraint out;
  out.type = Type(node->contype);
  out.name = Text(node->conname);
  out.deferrable = node->deferrable;
  out.initially_deferred = node->initdeferred;
  out.enforced = node->is_enforced;
  out.skip_validation = node->skip_validation;
  out.no_inherit = node->is_no_inherit;
  out.expr = TransformExpr(node->raw_expr);
  out.generated_always = node->generated_when == 'a';
  out.stored = node->generated_kind == 's';
  out.options = Options(node->options);
  out.keys = Strings(node->keys);
  out.including = Strings(node->including);
  out.nulls_not_distinct = node->nulls_not_distinct;
  out.without_overlaps = node->without_overlaps;
  out.using_index = Text(node->indexname);
  out.fk_columns = Strings(node->fk_attrs);
  out.pk_table = Name(node->pktable);
  out.pk_columns = Strings(node->pk_attrs);
  out.match = node->fk_matchtype == FKCONSTR_MATCH_FULL      ? ForeignKeyMatch::kFull
              : node->fk_matchtype == FKCONSTR_MATCH_PARTIAL ? ForeignKeyMatch::kPartial
                                                             : ForeignKeyMatch::kSimple;
  out.on_update = Action(node->fk_upd_action);
  out.on_delete = Action(node->fk_del_action);
  out.on_delete_columns = Strings(node->fk_del_set_cols);
  out.location = node->location;
  if (node->without_overlaps || node->fk_with_period) {
    Refuse("a temporal constraint", node->location);
  }
  return out;
}

std::vector<Constraint> Transformer::ColumnConstraints(const List* list) {
  // DEFERRABLE and its like come as constraints of their own and belong to the one before; the
  // rules and messages are those of PostgreSQL's transformConstraintAttrs.
  std::vector<Constraint> out;
  bool saw_deferrability = false, saw_initially = false, saw_enforced = false;
  bool has_last = false;
  ListCell* cell;
  foreach (cell, list) {
    const ::Constraint* node = static_cast<const ::Constraint*>(lfirst(cell));
    auto last = [&]() -> Constraint* { return has_last ? &out.back() : nullptr; };
    auto misplaced = [&](const char* clause) {
      Fail(Error(ErrorCode::kSyntaxError, "misplaced {} clause", clause).At(node->location));
    };
    auto repeated = [&](const char* clauses) {
      Fail(Error(ErrorCode::kSyntaxError, "multiple {} clauses not allowed", clauses)
               .At(node->location));
    };
    auto deferred_not_deferrable = [&] {
      Fail(Error(ErrorCode::kSyntaxError,
                 "constraint declared INITIALLY DEFERRED must be DEFERRABLE")
               .At(node->location));
    };
    auto can_defer = [&] {
      return last() != nullptr && (last()->type == ConstraintType::kPrimaryKey ||
                                   last()->type == ConstraintType::kUnique ||
                                   last()->type == ConstraintType::kExclusion ||
                                   last()->type == ConstraintType::kForeignKey);
    };
    auto can_enforce = [&] {
      return last() != nullptr && (last()->type == ConstraintType::kCheck ||
                                   last()->type == ConstraintType::kForeignKey);
    };
    switch (node->contype) {
      case CONSTR_ATTR_DEFERRABLE:
      case CONSTR_ATTR_NOT_DEFERRABLE: {
        const bool deferrable = node->contype == CONSTR_ATTR_DEFERRABLE;
        if (!can_defer()) {
          misplaced(deferrable ? "DEFERRABLE" : "NOT DEFERRABLE");
          return out;
        }
        if (saw_deferrability) repeated("DEFERRABLE/NOT DEFERRABLE");
        saw_deferrability = true;
        last()->deferrable = deferrable;
        if (!deferrable && saw_initially && last()->initially_deferred) deferred_not_deferrable();
        break;
      }
      case CONSTR_ATTR_DEFERRED:
      case CONSTR_ATTR_IMMEDIATE: {
        const bool deferred = node->contype == CONSTR_ATTR_DEFERRED;
        if (!can_defer()) {
          misplaced(deferred ? "INITIALLY DEFERRED" : "INITIALLY IMMEDIATE");
          return out;
        }
        if (saw_initially) repeated("INITIALLY IMMEDIATE/DEFERRED");
        saw_initially = true;
        last()->initially_deferred = deferred;
        if (deferred && !saw_deferrability) last()->deferrable = true;
        if (deferred && !last()->deferrable) deferred_not_deferrable();
        break;
      }
      case CONSTR_ATTR_ENFORCED:
      case CONSTR_ATTR_NOT_ENFORCED: {
        const bool enforced = node->contype == CONSTR_ATTR_ENFORCED;
        if (!can_enforce()) {
          misplaced(enforced ? "ENFORCED" : "NOT ENFORCED");
          return out;
        }
        if (saw_enforced) repeated("ENFORCED/NOT ENFORCED");
        saw_enforced = true;
        last()->enforced = enforced;
        break;
      }
      default:
        out.push_back(MakeConstraint(node));
        has_last = true;
        saw_deferrability = saw_initially = saw_enforced = false;
    }
  }
  return out;
}

ColumnDef Transformer::MakeColumn(const ::ColumnDef* node) {
  ColumnDef out;
  out.name = Text(node->colname);
  if (node->typeName != nullptr) {
    out.type = std::make_unique<TypeName>(TransformType(node->typeName));
  }
  if (node->collClause != nullptr) {
    out.collation = Name(node->collClause->collname, node->collClause->location);
  }
  out.storage = Text(node->storage_name);
  out.compression = Text(node->compression);
  out.constraints = ColumnConstraints(node->constraints);
  out.location = node->location;
  return out;
}

StatementPtr Transformer::MakeCreateTable(const CreateStmt* node) {
  auto out = std::make_unique<CreateTableStmt>();
  out->name = Name(node->relation);
  out->persistence = Persistence(node->relation->relpersistence);
  out->if_not_exists = node->if_not_exists;
  ListCell* cell;
  foreach (cell, node->tableElts) {
    const Node* element = static_cast<const Node*>(lfirst(cell));
    switch (nodeTag(element)) {
      case T_ColumnDef:
        out->elements.emplace_back(MakeColumn(Pg<::ColumnDef>(element)));
        break;
      case T_Constraint:
        out->elements.emplace_back(MakeConstraint(Pg<::Constraint>(element)));
        break;
      case T_TableLikeClause: {
        const TableLikeClause* like = Pg<TableLikeClause>(element);
        LikeClause clause;
        clause.table = Name(like->relation);
        static_assert(CREATE_TABLE_LIKE_STORAGE == LikeClause::kStorage &&
                      CREATE_TABLE_LIKE_DEFAULTS == LikeClause::kDefaults &&
                      CREATE_TABLE_LIKE_INDEXES == LikeClause::kIndexes);
        clause.including = like->options;
        out->elements.emplace_back(std::move(clause));
        break;
      }
      default:
        return Refuse("this element of CREATE TABLE", exprLocation(element));
    }
  }
  out->inherits = RelationNames(node->inhRelations);
  out->partitioned = node->partspec != nullptr;
  out->partition_of = node->partbound != nullptr;
  if (node->ofTypename != nullptr) {
    out->of_type = std::make_unique<TypeName>(TransformType(node->ofTypename));
  }
  out->options = Options(node->options);
  out->on_commit = MakeOnCommit(node->oncommit);
  out->tablespace = Text(node->tablespacename);
  out->access_method = Text(node->accessMethod);
  return out;
}

void Transformer::FillInto(const IntoClause* into, CreateTableAsStmt& out) {
  out.name = Name(into->rel);
  out.persistence = Persistence(into->rel->relpersistence);
  out.columns = Strings(into->colNames);
  out.options = Options(into->options);
  out.on_commit = MakeOnCommit(into->onCommit);
  out.tablespace = Text(into->tableSpaceName);
  out.access_method = Text(into->accessMethod);
  out.with_no_data = into->skipData;
}

StatementPtr Transformer::MakeCreateTableAs(const ::CreateTableAsStmt* node) {
  auto out = std::make_unique<CreateTableAsStmt>();
  FillInto(node->into, *out);
  out->materialized_view = node->objtype == OBJECT_MATVIEW;
  out->if_not_exists = node->if_not_exists;
  // A SELECT INTO in here is refused by MakeSelect.
  out->query = IsA(node->query, SelectStmt) ? MakeSelect(Pg<::SelectStmt>(node->query))
                                            : TransformStatement(node->query);
  return out;
}

}  // namespace oxibase::ast
