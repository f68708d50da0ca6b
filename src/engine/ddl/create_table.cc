// CREATE TABLE.
#include <algorithm>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/index_definition.h"
#include "engine/ddl/statements.h"
#include "engine/ddl/storage_properties.h"
#include "engine/ddl/table_columns.h"
#include "engine/ddl/table_constraints.h"
#include "engine/ddl/table_expression.h"
#include "sql/parse/parser.h"

namespace oxibase::ddl {
namespace {

Status CheckSupported(const ast::CreateTableStmt& statement) {
  if (statement.partitioned || statement.partition_of) return NotSupported("PARTITION BY");
  if (!statement.inherits.empty()) return NotSupported("INHERITS");
  if (statement.of_type != nullptr) return NotSupported("CREATE TABLE OF");
  if (statement.on_commit != ast::OnCommit::kNone &&
      statement.persistence != ast::RangeVar::Persistence::kTemporary) {
    return Error(ErrorCode::kInvalidTableDefinition,
                 "ON COMMIT can only be used on temporary tables");
  }
  if (!statement.access_method.empty() && statement.access_method != "heap") {
    return Error(ErrorCode::kUndefinedObject, "access method \"{}\" does not exist",
                 statement.access_method);
  }
  RETURN_IF_ERROR(CheckTablespace(statement.tablespace));
  return CheckStorageOptions(statement.options, false);
}

/// One CREATE TABLE under way: columns first, then what may speak of any of them.
class TableMaker {
 public:
  TableMaker(DdlHost& host, TableDef& table) : host_(host), table_(table) {}

  Status AddElements(const ast::CreateTableStmt& statement);
  Status Finish();
  /// Puts comments that LIKE took along.
  Status PutComments();

 private:
  Status Like(const ast::LikeClause& like);
  Status LikeColumns(const TableDef& source, uint32_t including);
  Status LikeProperties(Oid source, ColumnId from, ColumnId to, uint32_t including);
  Status LikeConstraints(const TableDef& source, uint32_t including);
  Status LikeExpressionIndex(const TableDef& source, const IndexDef& from);
  Status Add(const ast::Constraint& constraint, const std::string& column);

  /// A column of another table, by name (the ids differ).
  ColumnId Translate(const TableDef& source, ColumnId id) const;

  DdlHost& host_;
  TableDef& table_;
  std::vector<NewColumn> columns_;
  std::vector<ColumnConstraint> constraints_;
  /// Tables of LIKE, with what to take from them.
  std::vector<std::pair<std::shared_ptr<const TableDef>, uint32_t>> likes_;
  std::vector<CommentDef> comments_;
};

Status TableMaker::AddElements(const ast::CreateTableStmt& statement) {
  for (const ast::TableElement& element : statement.elements) {
    if (const auto* column = std::get_if<ast::ColumnDef>(&element)) {
      ASSIGN_OR_RETURN(NewColumn added, AddColumn(host_, table_, *column));
      constraints_.insert(constraints_.end(), added.constraints.begin(), added.constraints.end());
      columns_.push_back(std::move(added));
    } else if (const auto* constraint = std::get_if<ast::Constraint>(&element)) {
      constraints_.push_back({constraint, ""});
    } else {
      RETURN_IF_ERROR(Like(std::get<ast::LikeClause>(element)));
    }
  }
  return {};
}

ColumnId TableMaker::Translate(const TableDef& source, ColumnId id) const {
  const ColumnDef* named = table_.FindColumn(source.FindColumn(id)->name);
  return named == nullptr ? ColumnId() : named->id;
}

Status TableMaker::Like(const ast::LikeClause& like) {
  ASSIGN_OR_RETURN(const Relation relation, GetRelation(host_, like.table));
  RETURN_IF_ERROR(host_.LockTable(relation.oid(), TableLockMode::kAccessShare));
  if (relation.kind == ObjectKind::kView) {
    for (const auto& [name, type] : relation.view->columns) {
      ASSIGN_OR_RETURN([[maybe_unused]] const ColumnId id,
                       AddPlainColumn(table_, name, type, like.table.location));
    }
    return {};
  }
  if (relation.kind != ObjectKind::kTable) {
    return Error(ErrorCode::kWrongObjectType, "relation \"{}\" is invalid in LIKE clause",
                 like.table.name)
        .Detail(fmt::format("This operation is not supported for {}s.", KindName(relation.kind)))
        .At(like.table.location);
  }
  likes_.emplace_back(relation.table, like.including);
  return LikeColumns(*relation.table, like.including);
}

Status TableMaker::LikeColumns(const TableDef& source, uint32_t including) {
  for (const ColumnDef& from : source.columns) {
    if (from.dropped || from.hidden) continue;
    if (table_.FindColumn(from.name) != nullptr) {
      return Error(ErrorCode::kDuplicateColumn, "column \"{}\" specified more than once",
                   from.name);
    }
    ASSIGN_OR_RETURN(const ColumnId id, AddPlainColumn(table_, from.name, from.type, -1));
    ColumnDef& column = table_.columns.back();
    column.not_null = from.not_null;
    RETURN_IF_ERROR(LikeProperties(source.oid, from.id, id, including));
    if (from.generated) {
      if ((including & ast::LikeClause::kGenerated) != 0) {
        column.generated = true;
        column.default_sql = from.default_sql;
      }
    } else if (from.identity != 0) {
      if ((including & ast::LikeClause::kIdentity) != 0) column.identity = from.identity;
    } else if ((including & ast::LikeClause::kDefaults) != 0) {
      column.default_sql = from.default_sql;
    }
    if (column.identity != 0) {
      static const ast::Constraint kIdentity = [] {
        ast::Constraint constraint;
        constraint.type = ast::ConstraintType::kIdentity;
        return constraint;
      }();
      NewColumn added;
      added.id = id;
      added.identity = &kIdentity;
      columns_.push_back(std::move(added));
    }
    if ((including & ast::LikeClause::kComments) != 0) {
      if (const std::string* text = host_.catalog()->Comment(source.oid, 'r', from.id.value)) {
        comments_.push_back(
            {.object = table_.oid, .class_kind = 'r', .sub_id = id.value, .text = *text});
      }
    }
  }
  return {};
}

Status TableMaker::LikeProperties(Oid source, ColumnId from, ColumnId to, uint32_t including) {
  const StorageProperties old = StorageProperties::Of(*host_.catalog(), source, from.value);
  StorageProperties properties;
  for (const auto& [name, flag] :
       {std::pair(StorageProperties::kCollation, ast::LikeClause::kAll),
        {StorageProperties::kStorage, ast::LikeClause::kStorage},
        {StorageProperties::kCompression, ast::LikeClause::kCompression}}) {
    const bool wanted = flag == ast::LikeClause::kAll || (including & flag) != 0;
    if (wanted) properties.Set(name, old.Get(name));
  }
  return properties.empty() ? Status() : properties.Put(host_, table_.oid, to.value);
}

Status TableMaker::LikeConstraints(const TableDef& source, uint32_t including) {
  if ((including & ast::LikeClause::kConstraints) != 0) {
    for (const ConstraintDef& from : source.constraints) {
      if (from.kind != ConstraintKind::kCheck) continue;
      RETURN_IF_ERROR(CheckConstraintName(table_, from.name));
      ConstraintDef check = from;
      check.oid = host_.NewOid();
      check.validated = true;
      for (ColumnId& id : check.columns) id = Translate(source, id);
      table_.constraints.push_back(std::move(check));
    }
  }
  if ((including & ast::LikeClause::kIndexes) == 0) return {};
  for (const IndexDef& from : source.indexes) {
    const bool has_expression =
        from.predicate.has_value() ||
        std::any_of(from.columns.begin(), from.columns.end(),
                    [](const IndexColumn& column) { return !column.expression_sql.empty(); });
    if (has_expression) {
      RETURN_IF_ERROR(LikeExpressionIndex(source, from));
      continue;
    }
    IndexDef index = from;
    index.oid = host_.NewOid();
    index.constraint = 0;
    std::string joined;
    for (IndexColumn& column : index.columns) {
      joined += (joined.empty() ? "" : "_") + source.FindColumn(column.column)->name;
      column.column = Translate(source, column.column);
    }
    for (ColumnId& id : index.included) id = Translate(source, id);
    if (index.primary && table_.PrimaryKey() != nullptr) {
      return Error(ErrorCode::kInvalidTableDefinition,
                   "multiple primary keys for table \"{}\" are not allowed", table_.name);
    }
    const bool key = from.constraint != 0;
    index.name =
        ChooseName(table_.name, index.primary ? "" : joined,
                   index.primary ? "pkey"
                   : key         ? "key"
                                 : "idx",
                   [&](const std::string& name) { return RelationNameTaken(host_, table_, name); });
    if (key) {
      ConstraintDef constraint;
      constraint.oid = host_.NewOid();
      constraint.name = index.name;
      constraint.kind = index.primary ? ConstraintKind::kPrimaryKey : ConstraintKind::kUnique;
      constraint.index = index.oid;
      for (const IndexColumn& column : index.columns) {
        constraint.columns.push_back(column.column);
        if (index.primary) ColumnOf(table_, column.column).not_null = true;
      }
      index.constraint = constraint.oid;
      table_.constraints.push_back(std::move(constraint));
    }
    for (int16_t sub = 0; sub <= static_cast<int16_t>(index.columns.size()); ++sub) {
      const StorageProperties old = StorageProperties::Of(*host_.catalog(), from.oid, sub);
      if (!old.empty()) RETURN_IF_ERROR(old.Put(host_, index.oid, sub));
    }
    table_.indexes.push_back(std::move(index));
  }
  return {};
}

/// Its columns have their names here too: it is made as if it had been asked for.
Status TableMaker::LikeExpressionIndex(const TableDef& source, const IndexDef& from) {
  ast::CreateIndexStmt statement;
  statement.unique = from.unique;
  statement.nulls_not_distinct = from.nulls_not_distinct;
  statement.method = IndexMethodName(from.method);
  for (const IndexColumn& column : from.columns) {
    ast::IndexElement& element = statement.elements.emplace_back();
    if (column.expression_sql.empty()) {
      element.name = source.FindColumn(column.column)->name;
    } else {
      ASSIGN_OR_RETURN(element.expr, ParseExpression(column.expression_sql));
    }
    if (from.method != IndexMethod::kOrdered) continue;
    element.direction =
        column.descending ? ast::SortDirection::kDescending : ast::SortDirection::kDefault;
    element.nulls = column.nulls_first ? ast::SortNulls::kFirst : ast::SortNulls::kLast;
  }
  for (const ColumnId id : from.included) {
    statement.including.emplace_back().name = source.FindColumn(id)->name;
  }
  if (from.predicate) {
    ASSIGN_OR_RETURN(statement.where, ParseExpression(from.predicate_sql));
  }
  bool needs_rewrite;
  return AddIndex(host_, table_, statement, needs_rewrite).status();
}

Status TableMaker::Add(const ast::Constraint& constraint, const std::string& column) {
  switch (constraint.type) {
    case ast::ConstraintType::kCheck:
      if (const ConstraintDef* other = table_.FindConstraint(constraint.name);
          other != nullptr && other->kind == ConstraintKind::kCheck) {
        return Error(ErrorCode::kDuplicateObject, "check constraint \"{}\" already exists",
                     constraint.name);
      }
      return AddCheck(host_, table_, constraint, column).status();
    case ast::ConstraintType::kPrimaryKey:
    case ast::ConstraintType::kUnique:
      return AddKey(host_, table_, constraint, column).status();
    case ast::ConstraintType::kForeignKey:
      return AddForeignKey(host_, table_, constraint, column).status();
    case ast::ConstraintType::kNotNull:
      return AddNotNull(table_, constraint).status();
    default:
      return NotSupported("an exclusion constraint").At(constraint.location);
  }
}

Status TableMaker::Finish() {
  for (const NewColumn& column : columns_) {
    RETURN_IF_ERROR(MakeColumnSequence(host_, table_, column));
    RETURN_IF_ERROR(StoreDefault(host_, table_, column).status());
  }
  // PostgreSQL's order: checks, keys, then foreign keys, which may refer to keys of this table.
  auto run = [&](auto&& wanted) -> Status {
    for (const ColumnConstraint& constraint : constraints_) {
      if (!wanted(constraint.constraint->type)) continue;
      RETURN_IF_ERROR(Add(*constraint.constraint, constraint.column));
    }
    return {};
  };
  using Type = ast::ConstraintType;
  auto is_key = [](Type type) { return type == Type::kPrimaryKey || type == Type::kUnique; };
  // The primary key's index comes first.
  RETURN_IF_ERROR(run([](Type type) { return type == Type::kPrimaryKey; }));
  RETURN_IF_ERROR(run([](Type type) { return type == Type::kUnique; }));
  RETURN_IF_ERROR(run([&](Type type) { return !is_key(type) && type != Type::kForeignKey; }));
  for (const auto& [source, including] : likes_) {
    RETURN_IF_ERROR(LikeConstraints(*source, including));
  }
  RETURN_IF_ERROR(run([](Type type) { return type == Type::kForeignKey; }));
  // There are no rows that NOT VALID could pass over.
  for (ConstraintDef& constraint : table_.constraints) constraint.validated = true;
  return {};
}

Status TableMaker::PutComments() {
  for (CommentDef& comment : comments_) RETURN_IF_ERROR(host_.PutComment(std::move(comment)));
  return {};
}

}  // namespace

Result<std::string> CreateTable(DdlHost& host, const ast::CreateTableStmt& statement) {
  RETURN_IF_ERROR(CheckSupported(statement));
  const bool temporary = statement.persistence == ast::RangeVar::Persistence::kTemporary ||
                         statement.name.schema == "pg_temp";
  ASSIGN_OR_RETURN(const NewRelation place,
                   PlaceRelation(host, statement.name, temporary, statement.if_not_exists));
  if (place.exists) return std::string("CREATE TABLE");
  TableDef table;
  table.oid = host.NewOid();
  table.schema = place.schema;
  table.name = statement.name.name;
  table.temporary = temporary;
  table.tablet = host.NewTabletId();
  TableMaker maker(host, table);
  RETURN_IF_ERROR(maker.AddElements(statement));
  RETURN_IF_ERROR(maker.Finish());
  const Oid oid = table.oid;
  RETURN_IF_ERROR(host.PutTable(std::move(table)));
  RETURN_IF_ERROR(PutTableProperties(host, oid,
                                     statement.persistence == ast::RangeVar::Persistence::kUnlogged,
                                     statement.options));
  SetOnCommit(host, oid, statement.on_commit);
  RETURN_IF_ERROR(maker.PutComments());
  return std::string("CREATE TABLE");
}

}  // namespace oxibase::ddl
