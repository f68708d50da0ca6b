// ALTER TABLE: its passes, columns and constraints that come and go.
#include <algorithm>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/drop_set.h"
#include "engine/ddl/index_definition.h"
#include "engine/ddl/statements.h"
#include "engine/ddl/table_change.h"
#include "engine/ddl/table_constraints.h"
#include "engine/ddl/validate_rows.h"
#include "expr/evaluator.h"
#include "sql/bind/binder.h"

namespace oxibase::ddl {

using Kind = ast::AlterTableKind;

Result<ColumnDef*> TableChange::Column(const std::string& name) {
  ColumnDef* column = FindColumn(after_, name);
  if (column == nullptr) return UndefinedColumn(name, after_.name);
  return column;
}

size_t TableChange::PositionOf(ColumnId id) const {
  size_t position = 0;
  while (after_.columns[position].id != id) ++position;
  return position;
}

int TableChange::PassOf(Kind kind) {
  switch (kind) {
    case Kind::kDropColumn:
    case Kind::kDropConstraint:
    case Kind::kDropExpression:
    case Kind::kDropIdentity:
      return 0;
    case Kind::kAlterColumnType:
      return 1;
    case Kind::kAddColumn:
      return 2;
    case Kind::kAddConstraint:
      return 4;
    default:
      return 3;
  }
}

Status TableChange::AddColumn(const ast::AlterTableCommand& command) {
  const ast::ColumnDef& column = *command.column;
  if (after_.FindColumn(column.name) != nullptr) {
    if (!command.missing_ok) {
      return Error(ErrorCode::kDuplicateColumn, "column \"{}\" of relation \"{}\" already exists",
                   column.name, after_.name);
    }
    Notice(host_,
           fmt::format("column \"{}\" of relation \"{}\" already exists, skipping", column.name,
                       after_.name),
           {}, ErrorCode::kDuplicateColumn);
    return {};
  }
  if (!raised_version_) {
    if (after_.schema_version == UINT16_MAX) {
      return Error(ErrorCode::kProgramLimitExceeded,
                   "table \"{}\" has had too many changes of its columns", after_.name);
    }
    ++after_.schema_version;
    raised_version_ = true;
  }
  ASSIGN_OR_RETURN(const NewColumn added, ddl::AddColumn(host_, after_, column));
  RETURN_IF_ERROR(MakeColumnSequence(host_, after_, added));
  ASSIGN_OR_RETURN(ExprPtr value, StoreDefault(host_, after_, added));
  column_constraints_.insert(column_constraints_.end(), added.constraints.begin(),
                             added.constraints.end());
  ColumnDef& definition = ColumnOf(after_, added.id);
  if (definition.generated) {
    rewrite_ = true;
    return {};
  }
  if (added.serial || added.identity != nullptr) {
    const auto catalog = host_.catalog();
    BindContext context = MakeBindContext(host_, *catalog);
    ASSIGN_OR_RETURN(value, BindColumnDefault(after_, definition, context));
  }
  if (value == nullptr) {
    if (definition.not_null) validate_not_null_.push_back(added.id);
    return {};
  }
  if (IsVolatile(*value)) {
    // Each row gets a value of its own.
    rewrite_ = true;
    from_old_.push_back({PositionOf(added.id), std::move(value)});
    return {};
  }
  // One value for all rows that are there: they need not change.
  ASSIGN_OR_RETURN(Evaluator evaluator, Evaluator::Compile(*value));
  ASSIGN_OR_RETURN(definition.missing, evaluator.EvaluateScalar(host_.eval()));
  from_old_.push_back({PositionOf(added.id), std::move(value)});
  if (definition.not_null && definition.missing.is_null()) validate_not_null_.push_back(added.id);
  return {};
}

Status TableChange::DropColumn(const ast::AlterTableCommand& command) {
  const ColumnDef* column = after_.FindColumn(command.name);
  if (column == nullptr) {
    if (!command.missing_ok) return UndefinedColumn(command.name, after_.name);
    Notice(host_, fmt::format("column \"{}\" of relation \"{}\" does not exist, skipping",
                              command.name, after_.name));
    return {};
  }
  DropSet drop(host_, &after_);
  drop.AddColumn(after_.oid, column->id);
  RETURN_IF_ERROR(drop.Resolve(command.behavior));
  return drop.Execute();
}

Status TableChange::DropConstraint(const ast::AlterTableCommand& command) {
  const ConstraintDef* constraint = after_.FindConstraint(command.name);
  if (constraint == nullptr) {
    if (!command.missing_ok) {
      return Error(ErrorCode::kUndefinedObject,
                   "constraint \"{}\" of relation \"{}\" does not exist", command.name,
                   after_.name);
    }
    Notice(host_, fmt::format("constraint \"{}\" of relation \"{}\" does not exist, skipping",
                              command.name, after_.name));
    return {};
  }
  DropSet drop(host_, &after_);
  drop.AddConstraint(after_.oid, constraint->oid);
  RETURN_IF_ERROR(drop.Resolve(command.behavior));
  return drop.Execute();
}

Status TableChange::AddConstraint(const ast::Constraint& constraint, const std::string& column) {
  std::vector<bool> was_not_null;
  for (const ColumnDef& definition : after_.columns) was_not_null.push_back(definition.not_null);
  std::string name;
  switch (constraint.type) {
    case ast::ConstraintType::kCheck: {
      ASSIGN_OR_RETURN(name, AddCheck(host_, after_, constraint, column));
      if (!constraint.skip_validation) MustValidate(name);
      break;
    }
    case ast::ConstraintType::kPrimaryKey:
    case ast::ConstraintType::kUnique: {
      ASSIGN_OR_RETURN(name, AddKey(host_, after_, constraint, column));
      break;
    }
    case ast::ConstraintType::kForeignKey: {
      ASSIGN_OR_RETURN(name, AddForeignKey(host_, after_, constraint, column));
      if (!constraint.skip_validation) MustValidate(name);
      break;
    }
    case ast::ConstraintType::kNotNull:
      RETURN_IF_ERROR(AddNotNull(after_, constraint).status());
      break;
    default:
      return NotSupported("an exclusion constraint").At(constraint.location);
  }
  for (size_t i = 0; i < after_.columns.size(); ++i) {
    if (after_.columns[i].not_null && !was_not_null[i]) {
      validate_not_null_.push_back(after_.columns[i].id);
    }
  }
  return {};
}

Status TableChange::AlterConstraint(const ast::AlterTableCommand& command) {
  for (ConstraintDef& constraint : after_.constraints) {
    if (constraint.name != command.name) continue;
    if (constraint.kind != ConstraintKind::kForeignKey) {
      return Error(ErrorCode::kWrongObjectType,
                   "constraint \"{}\" of relation \"{}\" is not a foreign key constraint",
                   command.name, after_.name);
    }
    constraint.deferrable = command.constraint->deferrable;
    constraint.initially_deferred = command.constraint->initially_deferred;
    return {};
  }
  return Error(ErrorCode::kUndefinedObject, "constraint \"{}\" of relation \"{}\" does not exist",
               command.name, after_.name);
}

Status TableChange::ValidateConstraint(const ast::AlterTableCommand& command) {
  for (ConstraintDef& constraint : after_.constraints) {
    if (constraint.name != command.name) continue;
    if (constraint.kind != ConstraintKind::kForeignKey &&
        constraint.kind != ConstraintKind::kCheck) {
      return Error(ErrorCode::kWrongObjectType,
                   "constraint \"{}\" of relation \"{}\" is not a foreign key or check constraint",
                   command.name, after_.name);
    }
    if (constraint.validated) return {};
    constraint.validated = true;
    MustValidate(constraint.name);
    return {};
  }
  return Error(ErrorCode::kUndefinedObject, "constraint \"{}\" of relation \"{}\" does not exist",
               command.name, after_.name);
}

Status TableChange::RunColumnConstraints() {
  for (const ColumnConstraint& constraint : column_constraints_) {
    RETURN_IF_ERROR(AddConstraint(*constraint.constraint, constraint.column));
  }
  return {};
}

Status TableChange::Run(const ast::AlterTableCommand& command) {
  switch (command.kind) {
    case Kind::kAddColumn:
      return AddColumn(command);
    case Kind::kDropColumn:
      return DropColumn(command);
    case Kind::kAlterColumnType:
      return AlterType(command);
    case Kind::kColumnDefault:
      return ColumnDefault(command);
    case Kind::kDropNotNull:
      return DropNotNull(command);
    case Kind::kSetNotNull:
      return SetNotNull(command);
    case Kind::kSetExpression:
      return SetExpression(command);
    case Kind::kDropExpression:
      return DropExpression(command);
    case Kind::kAddIdentity:
      return AddIdentity(command);
    case Kind::kSetIdentity:
      return SetIdentity(command);
    case Kind::kDropIdentity:
      return DropIdentity(command);
    case Kind::kAddConstraint:
      return AddConstraint(*command.constraint, "");
    case Kind::kDropConstraint:
      return DropConstraint(command);
    case Kind::kAlterConstraint:
      return AlterConstraint(command);
    case Kind::kValidateConstraint:
      return ValidateConstraint(command);
    case Kind::kChangeOwner: {
      ast::AlterOwnerStmt owner;
      owner.type = ast::ObjectType::kDatabase;  // checks the role alone
      owner.new_owner = command.text;
      return SetOwner(host_, owner).status();
    }
    case Kind::kSetStatistics:
    case Kind::kSetColumnOptions:
    case Kind::kResetColumnOptions:
    case Kind::kSetStorage:
    case Kind::kSetCompression:
      return ColumnStorage(command);
    case Kind::kSetOptions:
    case Kind::kResetOptions:
    case Kind::kSetLogged:
    case Kind::kSetUnlogged:
    case Kind::kClusterOn:
    case Kind::kDropCluster:
    case Kind::kReplicaIdentity:
      return TableStorage(command);
    case Kind::kSetTablespace:
      return CheckTablespace(command.name);
    case Kind::kEnableRowSecurity:
    case Kind::kDisableRowSecurity:
    case Kind::kForceRowSecurity:
    case Kind::kNoForceRowSecurity:
      return NotSupported("row security");
    case Kind::kEnableTrigger:
    case Kind::kDisableTrigger:
      return NotSupported("ALTER TABLE ENABLE or DISABLE TRIGGER");
    case Kind::kInherit:
    case Kind::kNoInherit:
      return NotSupported("table inheritance");
    case Kind::kUnsupported:
      return NotSupported("ALTER TABLE " + command.text);
  }
  return {};
}

Status TableChange::Finish() {
  const Oid oid = after_.oid;
  if (rewrite_) {
    RowChange change;
    change.from_old = std::move(from_old_);
    ASSIGN_OR_RETURN(change.from_new, ComputedColumns(host_, after_));
    RETURN_IF_ERROR(RewriteTable(host_, *before_, std::move(after_), change));
  } else {
    RETURN_IF_ERROR(host_.PutTable(std::move(after_)));
  }
  const auto table = host_.catalog()->TableByOid(oid);
  if (!rewrite_) {
    for (const ColumnId id : validate_not_null_) {
      RETURN_IF_ERROR(ValidateNotNull(host_, *table, *table->FindColumn(id)));
    }
  }
  for (const std::string& name : validate_) {
    const ConstraintDef* constraint = table->FindConstraint(name);
    if (constraint == nullptr) continue;
    RETURN_IF_ERROR(constraint->kind == ConstraintKind::kCheck
                        ? ValidateCheck(host_, *table, *constraint)
                        : ValidateForeignKey(host_, *table, *constraint));
  }
  return {};
}

namespace {

std::string Tag(ast::ObjectType type) { return fmt::format("ALTER {}", ObjectWord(type)); }

/// ALTER VIEW, INDEX, SEQUENCE with subcommands of ALTER TABLE.
Status AlterOther(DdlHost& host, const Relation& found, const ast::AlterTableStmt& statement) {
  for (const ast::AlterTableCommand& command : statement.commands) {
    switch (command.kind) {
      case Kind::kChangeOwner: {
        ast::AlterOwnerStmt owner;
        owner.type = ast::ObjectType::kDatabase;
        owner.new_owner = command.text;
        RETURN_IF_ERROR(SetOwner(host, owner).status());
        break;
      }
      case Kind::kSetTablespace:
        RETURN_IF_ERROR(CheckTablespace(command.name));
        break;
      default:
        RETURN_IF_ERROR(SetStorageOfOther(host, found, command));
    }
  }
  return {};
}

}  // namespace

Result<std::string> AlterTable(DdlHost& host, const ast::AlterTableStmt& statement) {
  ASSIGN_OR_RETURN(const Relation found,
                   FindRelation(host, statement.table.name, statement.missing_ok));
  const std::string tag = Tag(statement.object_type);
  if (found && found.kind != ObjectKind::kTable) {
    RETURN_IF_ERROR(AlterOther(host, found, statement));
    return tag;
  }
  ASSIGN_OR_RETURN(
      std::shared_ptr<const TableDef> table,
      GetTable(host, statement.table.name, TableLockMode::kAccessExclusive, statement.missing_ok));
  if (table == nullptr) return tag;
  RETURN_IF_ERROR(host.CheckNotInUse(*table, "ALTER TABLE"));
  TableChange change(host, std::move(table));
  for (int pass = 0; pass < TableChange::kPasses; ++pass) {
    for (const ast::AlterTableCommand& command : statement.commands) {
      if (TableChange::PassOf(command.kind) == pass) RETURN_IF_ERROR(change.Run(command));
    }
    if (pass == TableChange::kPasses - 2) RETURN_IF_ERROR(change.RunColumnConstraints());
  }
  RETURN_IF_ERROR(change.Finish());
  return tag;
}

}  // namespace oxibase::ddl
