// ALTER TABLE ... ALTER COLUMN.
#include <algorithm>

#include "common/key_codec.h"
#include "engine/ddl/ddl_names.h"
#include "engine/ddl/drop_set.h"
#include "engine/ddl/sequence_options.h"
#include "engine/ddl/statements.h"
#include "engine/ddl/storage_properties.h"
#include "engine/ddl/table_change.h"
#include "engine/ddl/table_constraints.h"
#include "engine/ddl/table_expression.h"
#include "expr/cast.h"
#include "sql/bind/binder.h"
#include "sql/parse/ast_expr.h"
#include "sql/parse/identifier.h"

namespace oxibase::ddl {
namespace {

Status NotInState(const std::string& column, const TableDef& table, std::string_view state) {
  return Error(ErrorCode::kObjectNotInPrerequisiteState, "column \"{}\" of relation \"{}\" {}",
               column, table.name, state);
}

Status IsOfKind(const std::string& column, const TableDef& table, std::string_view kind) {
  return Error(ErrorCode::kSyntaxError, "column \"{}\" of relation \"{}\" is {}", column,
               table.name, kind);
}

constexpr int32_t kTimePrecisionMax = 6;

bool IsText(Type type) { return type.id == TypeId::kText || type.id == TypeId::kVarchar; }

/// Whether every value of `from` fits the modifier of `to` as it is.
bool IsWider(Type from, Type to) {
  if (from.id != to.id) return false;
  if (from.typmod == to.typmod || to.typmod < 0) return true;
  switch (to.id) {
    case TypeId::kVarchar:
      return from.typmod >= 0 && from.typmod <= to.typmod;
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      return to.typmod == kTimePrecisionMax || (from.typmod >= 0 && from.typmod <= to.typmod);
    case TypeId::kNumeric:  // 4 + (precision << 16 | scale)
      return from.typmod >= 0 && ((from.typmod - 4) & 0xffff) == ((to.typmod - 4) & 0xffff) &&
             from.typmod <= to.typmod;
    default:
      return false;
  }
}

/// Whether `expr` is the old row's column `position` and nothing else: its casts leave the bytes of
/// every value, and their order, as they are.
bool KeepsValues(const Expr& expr, size_t position) {
  if (expr.kind == ExprKind::kColumn) {
    return static_cast<const ColumnExpr&>(expr).index == position + 1;
  }
  if (expr.kind != ExprKind::kCall) return false;
  const auto& call = static_cast<const CallExpr&>(expr);
  if (call.syntax == CallExpr::Syntax::kFunction || call.syntax == CallExpr::Syntax::kOperator) {
    return false;
  }
  const Expr& arg = *call.args[0];
  const bool keeps = IsRelabel(*call.function) ? IsText(arg.type) && IsText(call.type)
                                               : IsWider(arg.type, call.type);
  return keeps && KeepsValues(arg, position);
}

}  // namespace

Status TableChange::AlterType(const ast::AlterTableCommand& command) {
  ASSIGN_OR_RETURN(ColumnDef * column, Column(command.name));
  const auto catalog = host_.catalog();
  BindContext context = MakeBindContext(host_, *catalog);
  ASSIGN_OR_RETURN(const Type type, ResolveTypeName(*command.column->type, context));
  const TypeInfo* info = FindType(type.id);
  if (info == nullptr || info->kind == 'p') {
    return Error(ErrorCode::kInvalidTableDefinition, "column \"{}\" has pseudo-type {}",
                 column->name, FormatType(type));
  }
  if (column->identity != 0 && type.id != TypeId::kInt2 && type.id != TypeId::kInt4 &&
      type.id != TypeId::kInt8) {
    return Error(ErrorCode::kInvalidParameterValue,
                 "identity column type must be smallint, integer, or bigint");
  }
  if (column->generated && command.expr != nullptr) {
    return Error(ErrorCode::kInvalidColumnDefinition,
                 "cannot specify USING when altering type of generated column")
        .Detail(fmt::format("Column \"{}\" is a generated column.", column->name));
  }
  ASSIGN_OR_RETURN(const Oid collation, CollationNamed(command.column->collation, type));
  RETURN_IF_ERROR(
      ChangeProperties(host_, after_.oid, column->id.value, [&](StorageProperties& properties) {
        properties.Set(StorageProperties::kCollation,
                       collation == 0 ? "" : std::to_string(collation));
        properties.Set(StorageProperties::kStorage, "");
        properties.Set(StorageProperties::kCompression, "");
      }));
  // The new value, over the old row.
  bool keeps_values = false;
  if (!column->generated) {
    ast::ColumnRef self;
    self.fields = {column->name};
    const ast::Expr& expr = command.expr ? *command.expr : self;
    auto bound = BindScalarExpression(expr, ExprUse::kAlterUsing, ScopeOf(*before_), type,
                                      column->name, context);
    if (!bound.ok()) {
      if (bound.code() != ErrorCode::kDatatypeMismatch) return std::move(bound).status();
      if (command.expr != nullptr) {
        return Error(ErrorCode::kDatatypeMismatch,
                     "result of USING clause for column \"{}\" cannot be cast automatically to "
                     "type {}",
                     column->name, FormatType(type))
            .Hint("You might need to add an explicit cast.");
      }
      return Error(ErrorCode::kDatatypeMismatch,
                   "column \"{}\" cannot be cast automatically to type {}", column->name,
                   FormatType(type))
          .Hint(fmt::format("You might need to specify \"USING {}::{}\".",
                            QuoteIdentifier(column->name), FormatType(type)));
    }
    if (type == column->type && command.expr == nullptr) return {};
    keeps_values = KeepsValues(**bound, PositionOf(column->id));
    from_old_.push_back({PositionOf(column->id), std::move(*bound)});
  }
  column->type = type;
  if (keeps_values) {
    column->missing.set_type(type);
  } else {
    rewrite_ = true;
    column->missing = Value::Null(type);
  }
  if (!column->default_sql.empty() && !column->generated) {
    auto stored =
        BindStored(host_, column->default_sql, ExprUse::kDefault, after_, type, column->name);
    if (!stored.ok()) {
      return Error(ErrorCode::kDatatypeMismatch,
                   "default for column \"{}\" cannot be cast automatically to type {}",
                   column->name, FormatType(type));
    }
    column->default_sql = std::move(stored->sql);
  }
  return AfterTypeChange(*column);
}

Status TableChange::AfterTypeChange(ColumnDef& column) {
  const size_t position = PositionOf(column.id);
  auto uses = [&](const StoredExpression& stored) {
    return std::find(stored.columns.begin(), stored.columns.end(), position) !=
           stored.columns.end();
  };
  for (ColumnDef& other : after_.columns) {
    if (other.dropped || (!other.generated && !other.hidden)) continue;
    ASSIGN_OR_RETURN(StoredExpression stored,
                     BindStored(host_, other.default_sql,
                                other.hidden ? ExprUse::kIndexElement : ExprUse::kGenerated, after_,
                                other.hidden ? Type() : other.type, other.name));
    if (other.hidden) {
      if (uses(stored)) rewrite_ = true;
      other.type = stored.bound->type;
      other.missing = Value::Null(other.type);
    } else if (other.id != column.id && uses(stored)) {
      return Error(ErrorCode::kFeatureNotSupported,
                   "cannot alter type of a column used by a generated column")
          .Detail(fmt::format("Column \"{}\" is used by generated column \"{}\".", column.name,
                              other.name));
    }
    other.default_sql = std::move(stored.sql);
  }
  for (const auto& [oid, view] : host_.catalog()->views()) {
    if (std::find(view->depends_on.begin(), view->depends_on.end(), after_.oid) !=
            view->depends_on.end() &&
        ViewBreaks(host_, *view, after_)) {
      return Error(ErrorCode::kFeatureNotSupported,
                   "cannot alter type of a column used by a view or rule")
          .Detail(fmt::format("rule _RETURN on view {} depends on column \"{}\"",
                              VisibleName(host_, view->schema, view->name), column.name));
    }
  }
  for (ConstraintDef& constraint : after_.constraints) {
    if (constraint.kind == ConstraintKind::kCheck) {
      ASSIGN_OR_RETURN(
          StoredExpression stored,
          BindStored(host_, constraint.check_sql, ExprUse::kCheck, after_, TypeId::kBool, "CHECK"));
      if (uses(stored)) MustValidate(constraint.name);
      constraint.check_sql = std::move(stored.sql);
    } else if (constraint.kind == ConstraintKind::kForeignKey) {
      const auto referenced = host_.catalog()->TableByOid(constraint.referenced_table);
      const TableDef& other = constraint.referenced_table == after_.oid ? after_ : *referenced;
      RETURN_IF_ERROR(CheckForeignKeyTypes(constraint, after_, other));
    }
  }
  for (const auto& [other, key] : host_.catalog()->ReferencesTo(after_.oid)) {
    if (other->oid != after_.oid) RETURN_IF_ERROR(CheckForeignKeyTypes(*key, *other, after_));
  }
  for (const IndexDef& index : after_.indexes) {
    for (const IndexColumn& key : index.columns) {
      const ColumnDef& definition = ColumnOf(after_, key.column);
      if (HasKey(definition.type.id)) continue;
      return Error(ErrorCode::kUndefinedObject,
                   "data type {} has no default operator class for access method \"btree\"",
                   FormatType(definition.type));
    }
  }
  return {};
}

Status TableChange::ColumnDefault(const ast::AlterTableCommand& command) {
  ASSIGN_OR_RETURN(ColumnDef * column, Column(command.name));
  if (column->identity != 0) {
    Status status = IsOfKind(column->name, after_, "an identity column");
    if (command.expr != nullptr) return status;
    return std::move(status).Hint("Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.");
  }
  if (column->generated) {
    Status status = IsOfKind(column->name, after_, "a generated column");
    return std::move(status).Hint(
        command.expr == nullptr ? "Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead."
                                : "Use ALTER TABLE ... ALTER COLUMN ... SET EXPRESSION instead.");
  }
  if (command.expr == nullptr) {
    column->default_sql.clear();
    return {};
  }
  return SetDefault(host_, after_, *column, *command.expr).status();
}

Status TableChange::DropNotNull(const ast::AlterTableCommand& command) {
  ASSIGN_OR_RETURN(ColumnDef * column, Column(command.name));
  if (column->identity != 0) return IsOfKind(column->name, after_, "an identity column");
  if (const ConstraintDef* key = after_.PrimaryKey();
      key != nullptr &&
      std::find(key->columns.begin(), key->columns.end(), column->id) != key->columns.end()) {
    return Error(ErrorCode::kInvalidTableDefinition, "column \"{}\" is in a primary key",
                 column->name);
  }
  column->not_null = false;
  return {};
}

Status TableChange::SetNotNull(const ast::AlterTableCommand& command) {
  ASSIGN_OR_RETURN(ColumnDef * column, Column(command.name));
  if (column->not_null) return {};
  column->not_null = true;
  validate_not_null_.push_back(column->id);
  return {};
}

Status TableChange::SetExpression(const ast::AlterTableCommand& command) {
  ASSIGN_OR_RETURN(ColumnDef * column, Column(command.name));
  if (!column->generated) return NotInState(column->name, after_, "is not a generated column");
  rewrite_ = true;
  for (const ConstraintDef& constraint : after_.constraints) {
    if (constraint.kind == ConstraintKind::kCheck) MustValidate(constraint.name);
  }
  return SetGenerated(host_, after_, *column, *command.expr).status();
}

Status TableChange::DropExpression(const ast::AlterTableCommand& command) {
  ASSIGN_OR_RETURN(ColumnDef * column, Column(command.name));
  if (!column->generated) {
    if (!command.missing_ok) {
      return NotInState(column->name, after_, "is not a stored generated column");
    }
    Notice(host_, fmt::format("column \"{}\" of relation \"{}\" is not a stored generated column, "
                              "skipping",
                              column->name, after_.name));
    return {};
  }
  column->generated = false;
  column->default_sql.clear();
  return {};
}

Status TableChange::AddIdentity(const ast::AlterTableCommand& command) {
  ASSIGN_OR_RETURN(ColumnDef * column, Column(command.name));
  if (column->type.id != TypeId::kInt2 && column->type.id != TypeId::kInt4 &&
      column->type.id != TypeId::kInt8) {
    return Error(ErrorCode::kInvalidParameterValue,
                 "identity column type must be smallint, integer, or bigint");
  }
  if (!column->not_null) {
    return NotInState(column->name, after_,
                      "must be declared NOT NULL before identity can be added");
  }
  if (column->identity != 0) {
    return NotInState(column->name, after_, "is already an identity column");
  }
  if (!column->default_sql.empty()) {
    return NotInState(column->name, after_, "already has a default value");
  }
  column->identity = command.constraint->generated_always ? 'a' : 'd';
  NewColumn made;
  made.id = column->id;
  made.identity = command.constraint.get();
  return MakeColumnSequence(host_, after_, made);
}

Status TableChange::SetIdentity(const ast::AlterTableCommand& command) {
  ASSIGN_OR_RETURN(ColumnDef * column, Column(command.name));
  if (column->identity == 0) return NotInState(column->name, after_, "is not an identity column");
  ast::OptionList options;
  for (const ast::Option& option : command.options) {
    if (option.name == "generated") {
      // The grammar gives the letter of the kind.
      column->identity = static_cast<char>(option.integer);
      continue;
    }
    ast::Option& copy = options.emplace_back();
    copy.name = option.name;
    copy.value_kind = option.value_kind;
    copy.text = option.text;
    copy.integer = option.integer;
    copy.boolean = option.boolean;
    copy.list = option.list;
    copy.location = option.location;
  }
  const auto sequence = host_.catalog()->SequenceByOid(column->owned_sequence);
  if (sequence == nullptr || options.empty()) return {};
  SequenceDef changed = *sequence;
  ASSIGN_OR_RETURN(
      const SequenceChange change,
      ApplySequenceOptions(host_, options, /*is_new=*/false, /*for_identity=*/true, changed));
  RETURN_IF_ERROR(host_.PutSequence(std::move(changed)));
  if (change.restart) return host_.RestartSequence(column->owned_sequence, *change.restart);
  return {};
}

Status TableChange::DropIdentity(const ast::AlterTableCommand& command) {
  ASSIGN_OR_RETURN(ColumnDef * column, Column(command.name));
  if (column->identity == 0) {
    if (!command.missing_ok) return NotInState(column->name, after_, "is not an identity column");
    Notice(host_,
           fmt::format("column \"{}\" of relation \"{}\" is not an identity column, skipping",
                       column->name, after_.name));
    return {};
  }
  const Oid sequence = column->owned_sequence;
  column->identity = 0;
  column->owned_sequence = 0;
  return host_.Remove(ObjectKind::kSequence, sequence);
}

}  // namespace oxibase::ddl
