#include "engine/ddl/table_columns.h"

#include <algorithm>
#include <array>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/sequence_options.h"
#include "engine/ddl/storage_properties.h"
#include "engine/ddl/table_expression.h"
#include "sql/parse/identifier.h"

namespace oxibase::ddl {
namespace {

/// PostgreSQL's limit (MaxHeapAttributeNumber); dropped and hidden columns count.
constexpr size_t kColumnsMax = 1600;

constexpr std::array<std::string_view, 6> kSystemColumns = {"tableoid", "cmax", "xmax",
                                                            "cmin",     "xmin", "ctid"};

/// The integer type behind serial and its like; kInvalid for any other name.
TypeId SerialType(const ast::TypeName& type) {
  if (!type.name.schema.empty() || type.is_array() || !type.typmods.empty()) {
    return TypeId::kInvalid;
  }
  const std::string& name = type.name.name;
  if (name == "serial" || name == "serial4") return TypeId::kInt4;
  if (name == "bigserial" || name == "serial8") return TypeId::kInt8;
  if (name == "smallserial" || name == "serial2") return TypeId::kInt2;
  return TypeId::kInvalid;
}

/// Of the newest column.
Status PutColumnProperties(DdlHost& host, const TableDef& table, const ast::ColumnDef& column) {
  const ColumnDef& added = table.columns.back();
  ASSIGN_OR_RETURN(const Oid collation, CollationNamed(column.collation, added.type));
  StorageProperties properties;
  if (collation != 0) properties.Set(StorageProperties::kCollation, std::to_string(collation));
  if (!column.storage.empty()) {
    ASSIGN_OR_RETURN(const char letter, StorageLetter(column.storage, added.type));
    properties.Set(StorageProperties::kStorage, std::string(1, letter));
  }
  if (!column.compression.empty()) {
    ASSIGN_OR_RETURN(const std::string letter, CompressionLetter(column.compression, added.type));
    properties.Set(StorageProperties::kCompression, letter);
  }
  return properties.empty() ? Status() : properties.Put(host, table.oid, added.id.value);
}

/// Says that two of default, identity and generation expression were given.
Status Both(std::string_view first, std::string_view second, const std::string& column,
            const TableDef& table, int32_t location) {
  return Error(ErrorCode::kSyntaxError,
               "both {} and {} specified for column \"{}\" of table \"{}\"", first, second, column,
               table.name)
      .At(location);
}

Status Multiple(std::string_view what, const std::string& column, const TableDef& table,
                int32_t location) {
  return Error(ErrorCode::kSyntaxError, "multiple {} specified for column \"{}\" of table \"{}\"",
               what, column, table.name)
      .At(location);
}

}  // namespace

ColumnDef* FindColumn(TableDef& table, std::string_view name) {
  return const_cast<ColumnDef*>(std::as_const(table).FindColumn(name));
}

ColumnDef& ColumnOf(TableDef& table, ColumnId id) {
  return *const_cast<ColumnDef*>(std::as_const(table).FindColumn(id));
}

Result<ColumnId> AddPlainColumn(TableDef& table, std::string name, Type type, int32_t location) {
  if (table.columns.size() >= kColumnsMax) {
    return Error(ErrorCode::kTooManyColumns, "tables can have at most {} columns", kColumnsMax);
  }
  if (std::find(kSystemColumns.begin(), kSystemColumns.end(), name) != kSystemColumns.end()) {
    return Error(ErrorCode::kDuplicateColumn,
                 "column name \"{}\" conflicts with a system column name", name)
        .At(location);
  }
  const TypeInfo* info = FindType(type.id);
  if (info == nullptr || info->kind == 'p' || type.id == TypeId::kUnknown) {
    return Error(ErrorCode::kInvalidTableDefinition, "column \"{}\" has pseudo-type {}", name,
                 FormatType(type))
        .At(location);
  }
  ColumnDef& column = table.columns.emplace_back();
  column.id = ColumnId(table.next_column_id++);
  column.name = std::move(name);
  column.type = type;
  column.added_in = table.schema_version;
  column.missing = Value::Null(type);
  return column.id;
}

Result<NewColumn> AddColumn(DdlHost& host, TableDef& table, const ast::ColumnDef& column) {
  NewColumn out;
  if (table.FindColumn(column.name) != nullptr) {
    return Error(ErrorCode::kDuplicateColumn, "column \"{}\" specified more than once", column.name)
        .At(column.location);
  }
  Type type(SerialType(*column.type));
  out.serial = type.id != TypeId::kInvalid;
  if (!out.serial) {
    const auto catalog = host.catalog();
    BindContext context = MakeBindContext(host, *catalog);
    ASSIGN_OR_RETURN(type, ResolveTypeName(*column.type, context));
  }
  ASSIGN_OR_RETURN(out.id, AddPlainColumn(table, column.name, type, column.location));
  RETURN_IF_ERROR(PutColumnProperties(host, table, column));
  ColumnDef& added = table.columns.back();
  added.not_null = out.serial;

  bool saw_null = false, saw_not_null = out.serial;
  for (const ast::Constraint& constraint : column.constraints) {
    const int32_t at = constraint.location;
    switch (constraint.type) {
      case ast::ConstraintType::kNull:
      case ast::ConstraintType::kNotNull:
        (constraint.type == ast::ConstraintType::kNull ? saw_null : saw_not_null) = true;
        if (saw_null && saw_not_null) {
          return Error(ErrorCode::kSyntaxError,
                       "conflicting NULL/NOT NULL declarations for column \"{}\" of table \"{}\"",
                       column.name, table.name)
              .At(at);
        }
        added.not_null = saw_not_null;
        break;
      case ast::ConstraintType::kDefault:
        if (out.serial || (out.default_value && !added.generated)) {
          return Multiple("default values", column.name, table, at);
        }
        if (added.generated) {
          return Both("default", "generation expression", column.name, table, at);
        }
        out.default_value = &constraint;
        break;
      case ast::ConstraintType::kIdentity:
        if (out.identity) return Multiple("identity specifications", column.name, table, at);
        if (type.id != TypeId::kInt2 && type.id != TypeId::kInt4 && type.id != TypeId::kInt8) {
          return Error(ErrorCode::kInvalidParameterValue,
                       "identity column type must be smallint, integer, or bigint");
        }
        if (saw_null) {
          return Error(ErrorCode::kSyntaxError,
                       "conflicting NULL/NOT NULL declarations for column \"{}\" of table \"{}\"",
                       column.name, table.name)
              .At(at);
        }
        out.identity = &constraint;
        added.identity = constraint.generated_always ? 'a' : 'd';
        added.not_null = saw_not_null = true;
        break;
      case ast::ConstraintType::kGenerated:
        if (added.generated) return Multiple("generation clauses", column.name, table, at);
        if (out.default_value || out.serial) {
          return Both("default", "generation expression", column.name, table, at);
        }
        if (!constraint.stored) {
          return NotSupported("a virtual generated column").At(at).Hint("Say STORED.");
        }
        out.default_value = &constraint;
        added.generated = true;
        break;
      case ast::ConstraintType::kExclusion:
        return NotSupported("an exclusion constraint").At(at);
      default:
        out.constraints.push_back({&constraint, column.name});
    }
  }
  if (out.identity && (out.default_value || out.serial)) {
    return added.generated
               ? Both("identity", "generation expression", column.name, table, column.location)
               : Both("default", "identity", column.name, table, column.location);
  }
  return out;
}

Status MakeColumnSequence(DdlHost& host, TableDef& table, const NewColumn& column) {
  if (!column.serial && column.identity == nullptr) return {};
  const auto catalog = host.catalog();
  ColumnDef& definition = ColumnOf(table, column.id);
  SequenceDef sequence;
  sequence.oid = host.NewOid();
  sequence.schema = table.schema;
  sequence.type = definition.type.id;
  sequence.owner = table.owner;
  sequence.owned_by_table = table.oid;
  sequence.owned_by_column = column.id;
  sequence.temporary = table.temporary;
  sequence.name = ChooseName(table.name, definition.name, "seq", [&](const std::string& name) {
    return name == table.name || catalog->HasRelation(table.schema, name);
  });
  static const ast::OptionList kNone;
  const ast::OptionList& options = column.identity ? column.identity->options : kNone;
  for (const ast::Option& option : options) {
    if (option.name == "sequence_name" && !option.list.empty()) sequence.name = option.list.back();
  }
  RETURN_IF_ERROR(host.LockName(sequence.schema, sequence.name));
  if (host.catalog()->HasRelation(sequence.schema, sequence.name)) {
    return Error(ErrorCode::kDuplicateTable, "relation \"{}\" already exists", sequence.name);
  }
  ASSIGN_OR_RETURN(
      [[maybe_unused]] const SequenceChange change,
      ApplySequenceOptions(host, options, /*is_new=*/true, /*for_identity=*/true, sequence));
  definition.owned_sequence = sequence.oid;
  if (column.serial) {
    definition.default_sql =
        "nextval(" + QuoteLiteral(QualifiedSqlName(*catalog, sequence.schema, sequence.name)) +
        "::regclass)";
  }
  return host.PutSequence(std::move(sequence));
}

Result<ExprPtr> SetDefault(DdlHost& host, TableDef& table, ColumnDef& column,
                           const ast::Expr& expr) {
  ASSIGN_OR_RETURN(StoredExpression stored,
                   BindStored(host, expr, ExprUse::kDefault, table, column.type, column.name));
  column.default_sql.clear();
  // A NULL default is none.
  if (stored.bound->kind == ExprKind::kConstant &&
      static_cast<const ConstantExpr&>(*stored.bound).value.is_null()) {
    return ExprPtr();
  }
  column.default_sql = std::move(stored.sql);
  return std::move(stored.bound);
}

Result<ExprPtr> SetGenerated(DdlHost& host, TableDef& table, ColumnDef& column,
                             const ast::Expr& expr) {
  ASSIGN_OR_RETURN(StoredExpression stored,
                   BindStored(host, expr, ExprUse::kGenerated, table, column.type, column.name));
  for (const size_t position : stored.columns) {
    const ColumnDef& used = table.columns[position];
    if (used.generated) {
      return Error(ErrorCode::kInvalidObjectDefinition,
                   "cannot use generated column \"{}\" in column generation expression", used.name)
          .Detail("A generated column cannot reference another generated column.");
    }
  }
  column.default_sql = std::move(stored.sql);
  return std::move(stored.bound);
}

Result<ExprPtr> StoreDefault(DdlHost& host, TableDef& table, const NewColumn& column) {
  if (column.default_value == nullptr) return ExprPtr();
  ColumnDef& definition = ColumnOf(table, column.id);
  return definition.generated ? SetGenerated(host, table, definition, *column.default_value->expr)
                              : SetDefault(host, table, definition, *column.default_value->expr);
}

}  // namespace oxibase::ddl
