// information_schema, the SQL standard's view of the catalog.

#include "engine/ddl/definition_text.h"
#include "engine/session_impl.h"
#include "engine/system/system_table.h"

namespace oxibase::system_tables {
namespace {

constexpr std::string_view kCatalogName = "postgres";

std::string SchemaName(const Source& s, Oid schema) {
  const auto def = s.catalog.SchemaByOid(schema);
  return def ? def->name : "";
}

Value YesNo(bool yes) { return T(yes ? "YES" : "NO"); }

Status Schemata(const Source& s) {
  for (const auto& [oid, schema] : s.catalog.schemas()) {
    s.Row({T(kCatalogName), T(schema->name), T("postgres"), Null(), Null(), Null(), Null()});
  }
  return {};
}

Status Tables(const Source& s) {
  const auto row = [&](Oid schema, const std::string& name, bool is_view) {
    s.Row({T(kCatalogName), T(SchemaName(s, schema)), T(name), T(is_view ? "VIEW" : "BASE TABLE"),
           Null(), Null(), Null(), Null(), Null(), YesNo(!is_view), YesNo(false), Null()});
  };
  for (const auto& [oid, table] : s.catalog.tables()) {
    row(table->schema, table->name, table->schema == kInformationSchema);
  }
  for (const auto& [oid, view] : s.catalog.views()) row(view->schema, view->name, true);
  return {};
}

struct ColumnShown {
  Oid schema;
  std::string_view table, name;
  int64_t position;
  Type type;
  bool nullable;
  std::string default_text;
  char identity = 0;
  std::string generation;
};

void EmitColumn(const Source& s, const ColumnShown& c) {
  const int32_t mod = c.type.typmod;
  const TypeId id = c.type.id;
  const bool is_text = id == TypeId::kVarchar || id == TypeId::kBpChar;
  Value length = is_text && mod >= 4 ? I4(mod - 4) : Null();
  Value octets = Null();
  if (is_text || id == TypeId::kText) octets = I4(is_text && mod >= 4 ? (mod - 4) * 4 : 1073741824);
  Value precision = Null(), radix = Null(), scale = Null(), datetime = Null();
  const auto numeric = [&](int bits, int base) {
    precision = I4(bits);
    radix = I4(base);
    if (base == 2 && id != TypeId::kFloat4 && id != TypeId::kFloat8) scale = I4(0);
  };
  switch (id) {
    case TypeId::kInt2:
      numeric(16, 2);
      break;
    case TypeId::kInt4:
      numeric(32, 2);
      break;
    case TypeId::kInt8:
      numeric(64, 2);
      break;
    case TypeId::kFloat4:
      numeric(24, 2);
      break;
    case TypeId::kFloat8:
      numeric(53, 2);
      break;
    case TypeId::kNumeric:
      radix = I4(10);
      if (mod >= 4) {
        precision = I4((mod - 4) >> 16 & 0xFFFF);
        scale = I4((((mod - 4) & 0x7FF) ^ 0x400) - 0x400);
      }
      break;
    case TypeId::kDate:
      datetime = I4(0);
      break;
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kInterval:
      datetime = I4(mod >= 0 && id != TypeId::kInterval ? mod : 6);
      break;
    default:
      break;
  }
  s.Row({T(kCatalogName),
         T(SchemaName(s, c.schema)),
         T(c.table),
         T(c.name),
         I4(c.position),
         c.default_text.empty() ? Null() : T(c.default_text),
         YesNo(c.nullable),
         T(IsArrayType(id) ? "ARRAY" : FormatType(Type(id))),
         std::move(length),
         std::move(octets),
         std::move(precision),
         std::move(radix),
         std::move(scale),
         std::move(datetime),
         Null(),
         T(kCatalogName),
         T("pg_catalog"),
         T(TypeName(id)),
         YesNo(c.identity != 0),
         c.identity == 'a'   ? T("ALWAYS")
         : c.identity == 'd' ? T("BY DEFAULT")
                             : Null(),
         T(c.generation.empty() ? "NEVER" : "ALWAYS"),
         c.generation.empty() ? Null() : T(c.generation),
         YesNo(true)});
}

Status Columns(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    for (const ColumnDef& column : table->columns) {
      if (column.dropped || column.hidden) continue;
      ColumnShown shown{table->schema,
                        table->name,
                        column.name,
                        column.id.value,
                        column.type,
                        !column.not_null,
                        "",
                        column.identity,
                        ""};
      if (!column.default_sql.empty() && !column.identity) {
        const std::string text = ddl::DefaultDefinition(s.session, *table, column, false);
        (column.generated ? shown.generation : shown.default_text) = text;
      }
      EmitColumn(s, shown);
    }
  }
  for (const auto& [oid, view] : s.catalog.views()) {
    int64_t position = 1;
    for (const auto& [name, type] : view->columns) {
      EmitColumn(s, {view->schema, view->name, name, position++, type, true, "", 0, ""});
    }
  }
  return {};
}

Status TableConstraints(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    const std::string schema = SchemaName(s, table->schema);
    for (const ConstraintDef& c : table->constraints) {
      const std::string_view kind = c.kind == ConstraintKind::kCheck        ? "CHECK"
                                    : c.kind == ConstraintKind::kForeignKey ? "FOREIGN KEY"
                                    : c.kind == ConstraintKind::kPrimaryKey ? "PRIMARY KEY"
                                                                            : "UNIQUE";
      s.Row({T(kCatalogName), T(schema), T(c.name), T(kCatalogName), T(schema), T(table->name),
             T(kind), YesNo(c.deferrable), YesNo(c.initially_deferred), YesNo(true)});
    }
    for (const ColumnDef& column : table->columns) {
      if (!column.not_null || column.dropped || column.hidden) continue;
      // PostgreSQL 15 shows NOT NULL as a check with a name made of numbers.
      s.Row({T(kCatalogName), T(schema),
             T(fmt::format("{}_{}_{}_not_null", table->schema, oid, column.id.value)),
             T(kCatalogName), T(schema), T(table->name), T("CHECK"), YesNo(false), YesNo(false),
             YesNo(true)});
    }
  }
  return {};
}

Status KeyColumnUsage(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    const std::string schema = SchemaName(s, table->schema);
    for (const ConstraintDef& c : table->constraints) {
      if (c.kind == ConstraintKind::kCheck) continue;
      for (size_t i = 0; i < c.columns.size(); ++i) {
        const ColumnDef* column = table->FindColumn(c.columns[i]);
        s.Row({T(kCatalogName), T(schema), T(c.name), T(kCatalogName), T(schema), T(table->name),
               T(column ? column->name : ""), I4(static_cast<int64_t>(i + 1)),
               c.kind == ConstraintKind::kForeignKey ? I4(static_cast<int64_t>(i + 1)) : Null()});
      }
    }
  }
  return {};
}

std::string_view ActionName(ForeignKeyAction action) {
  switch (action) {
    case ForeignKeyAction::kRestrict:
      return "RESTRICT";
    case ForeignKeyAction::kCascade:
      return "CASCADE";
    case ForeignKeyAction::kSetNull:
      return "SET NULL";
    case ForeignKeyAction::kSetDefault:
      return "SET DEFAULT";
    default:
      return "NO ACTION";
  }
}

Status ReferentialConstraints(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    for (const ConstraintDef& c : table->constraints) {
      if (c.kind != ConstraintKind::kForeignKey) continue;
      const auto target = s.catalog.TableByOid(c.referenced_table);
      std::string unique;
      if (target) {
        for (const ConstraintDef& key : target->constraints) {
          if (key.index == c.index && key.kind != ConstraintKind::kForeignKey) unique = key.name;
        }
      }
      s.Row({T(kCatalogName), T(SchemaName(s, table->schema)), T(c.name), T(kCatalogName),
             T(target ? SchemaName(s, target->schema) : ""), T(unique),
             T(c.match_full ? "FULL" : "NONE"), T(ActionName(c.on_update)),
             T(ActionName(c.on_delete))});
    }
  }
  return {};
}

Status ConstraintColumnUsage(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    for (const ConstraintDef& c : table->constraints) {
      const bool is_key = c.kind == ConstraintKind::kForeignKey;
      const auto target = is_key ? s.catalog.TableByOid(c.referenced_table) : table;
      if (!target) continue;
      for (const ColumnId id : is_key ? c.referenced_columns : c.columns) {
        const ColumnDef* column = target->FindColumn(id);
        s.Row({T(kCatalogName), T(SchemaName(s, target->schema)), T(target->name),
               T(column ? column->name : ""), T(kCatalogName), T(SchemaName(s, table->schema)),
               T(c.name)});
      }
    }
  }
  return {};
}

Status CheckConstraints(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    for (const ConstraintDef& c : table->constraints) {
      if (c.kind != ConstraintKind::kCheck) continue;
      s.Row({T(kCatalogName), T(SchemaName(s, table->schema)), T(c.name), T(c.check_sql)});
    }
  }
  return {};
}

Status Views(const Source& s) {
  for (const auto& [oid, view] : s.catalog.views()) {
    s.Row({T(kCatalogName), T(SchemaName(s, view->schema)), T(view->name),
           T(ddl::ViewDefinition(s.session, *view, false)), T("NONE"), YesNo(false), YesNo(false)});
  }
  return {};
}

Status Sequences(const Source& s) {
  for (const auto& [oid, q] : s.catalog.sequences()) {
    const int bits = q->type == TypeId::kInt2 ? 16 : q->type == TypeId::kInt4 ? 32 : 64;
    s.Row({T(kCatalogName), T(SchemaName(s, q->schema)), T(q->name), T(FormatType(Type(q->type))),
           I4(bits), I4(2), I4(0), T(std::to_string(q->start)), T(std::to_string(q->min_value)),
           T(std::to_string(q->max_value)), T(std::to_string(q->increment)), YesNo(q->cycle)});
  }
  return {};
}

Status EnabledRoles(const Source& s) {
  s.Row({T("postgres")});
  return {};
}

Status CatalogName(const Source& s) {
  s.Row({T(kCatalogName)});
  return {};
}

Status Nothing(const Source&) { return {}; }

}  // namespace

std::vector<SystemTable> InformationSchemaTables() {
  const Oid schema = kInformationSchema;
  return {
      {13001, schema, "schemata",
       "catalog_name text, schema_name text, schema_owner text, "
       "default_character_set_catalog text, default_character_set_schema text, "
       "default_character_set_name text, sql_path text",
       Schemata},
      {13002, schema, "tables",
       "table_catalog text, table_schema text, table_name text, table_type text, "
       "self_referencing_column_name text, reference_generation text, "
       "user_defined_type_catalog text, user_defined_type_schema text, "
       "user_defined_type_name text, is_insertable_into text, is_typed text, commit_action text",
       Tables},
      {13003, schema, "columns",
       "table_catalog text, table_schema text, table_name text, column_name text, "
       "ordinal_position int4, column_default text, is_nullable text, data_type text, "
       "character_maximum_length int4, character_octet_length int4, numeric_precision int4, "
       "numeric_precision_radix int4, numeric_scale int4, datetime_precision int4, "
       "interval_type text, udt_catalog text, udt_schema text, udt_name text, "
       "is_identity text, identity_generation text, is_generated text, "
       "generation_expression text, is_updatable text",
       Columns},
      {13004, schema, "table_constraints",
       "constraint_catalog text, constraint_schema text, constraint_name text, "
       "table_catalog text, table_schema text, table_name text, constraint_type text, "
       "is_deferrable text, initially_deferred text, enforced text",
       TableConstraints},
      {13005, schema, "key_column_usage",
       "constraint_catalog text, constraint_schema text, constraint_name text, "
       "table_catalog text, table_schema text, table_name text, column_name text, "
       "ordinal_position int4, position_in_unique_constraint int4",
       KeyColumnUsage},
      {13006, schema, "referential_constraints",
       "constraint_catalog text, constraint_schema text, constraint_name text, "
       "unique_constraint_catalog text, unique_constraint_schema text, "
       "unique_constraint_name text, match_option text, update_rule text, delete_rule text",
       ReferentialConstraints},
      {13007, schema, "constraint_column_usage",
       "table_catalog text, table_schema text, table_name text, column_name text, "
       "constraint_catalog text, constraint_schema text, constraint_name text",
       ConstraintColumnUsage},
      {13008, schema, "check_constraints",
       "constraint_catalog text, constraint_schema text, constraint_name text, "
       "check_clause text",
       CheckConstraints},
      {13009, schema, "views",
       "table_catalog text, table_schema text, table_name text, view_definition text, "
       "check_option text, is_updatable text, is_insertable_into text",
       Views},
      {13010, schema, "sequences",
       "sequence_catalog text, sequence_schema text, sequence_name text, data_type text, "
       "numeric_precision int4, numeric_precision_radix int4, numeric_scale int4, "
       "start_value text, minimum_value text, maximum_value text, increment text, "
       "cycle_option text",
       Sequences},
      // There are none that users have made.
      {13011, schema, "routines",
       "specific_catalog text, specific_schema text, specific_name text, routine_catalog "
       "text, routine_schema text, routine_name text, routine_type text, module_catalog "
       "text, module_schema text, module_name text, udt_catalog text, udt_schema text, "
       "udt_name text, data_type text, character_maximum_length int4, character_octet_length "
       "int4, character_set_catalog text, character_set_schema text, character_set_name "
       "text, collation_catalog text, collation_schema text, collation_name text, "
       "numeric_precision int4, numeric_precision_radix int4, numeric_scale int4, "
       "datetime_precision int4, interval_type text, interval_precision int4, "
       "type_udt_catalog text, type_udt_schema text, type_udt_name text, scope_catalog text, "
       "scope_schema text, scope_name text, maximum_cardinality int4, dtd_identifier text, "
       "routine_body text, routine_definition text, external_name text, external_language "
       "text, parameter_style text, is_deterministic text, sql_data_access text, "
       "is_null_call text, sql_path text, schema_level_routine text, max_dynamic_result_sets "
       "int4, is_user_defined_cast text, is_implicitly_invocable text, security_type text, "
       "to_sql_specific_catalog text, to_sql_specific_schema text, to_sql_specific_name "
       "text, as_locator text, created timestamptz, last_altered timestamptz, "
       "new_savepoint_level text, is_udt_dependent text, result_cast_from_data_type text, "
       "result_cast_as_locator text, result_cast_char_max_length int4, "
       "result_cast_char_octet_length int4, result_cast_char_set_catalog text, "
       "result_cast_char_set_schema text, result_cast_char_set_name text, "
       "result_cast_collation_catalog text, result_cast_collation_schema text, "
       "result_cast_collation_name text, result_cast_numeric_precision int4, "
       "result_cast_numeric_precision_radix int4, result_cast_numeric_scale int4, "
       "result_cast_datetime_precision int4, result_cast_interval_type text, "
       "result_cast_interval_precision int4, result_cast_type_udt_catalog text, "
       "result_cast_type_udt_schema text, result_cast_type_udt_name text, "
       "result_cast_scope_catalog text, result_cast_scope_schema text, "
       "result_cast_scope_name text, result_cast_maximum_cardinality int4, "
       "result_cast_dtd_identifier text",
       Nothing},
      {13012, schema, "parameters",
       "specific_catalog text, specific_schema text, specific_name text, ordinal_position "
       "int4, parameter_mode text, is_result text, as_locator text, parameter_name text, "
       "data_type text, character_maximum_length int4, character_octet_length int4, "
       "character_set_catalog text, character_set_schema text, character_set_name text, "
       "collation_catalog text, collation_schema text, collation_name text, "
       "numeric_precision int4, numeric_precision_radix int4, numeric_scale int4, "
       "datetime_precision int4, interval_type text, interval_precision int4, udt_catalog "
       "text, udt_schema text, udt_name text, scope_catalog text, scope_schema text, "
       "scope_name text, maximum_cardinality int4, dtd_identifier text, parameter_default "
       "text",
       Nothing},
      {13013, schema, "triggers",
       "trigger_catalog text, trigger_schema text, trigger_name text, event_manipulation "
       "text, event_object_catalog text, event_object_schema text, event_object_table text, "
       "action_order int4, action_condition text, action_statement text, action_orientation "
       "text, action_timing text, action_reference_old_table text, "
       "action_reference_new_table text, action_reference_old_row text, "
       "action_reference_new_row text, created timestamptz",
       Nothing},
      {13014, schema, "domains",
       "domain_catalog text, domain_schema text, domain_name text, data_type text, "
       "character_maximum_length int4, character_octet_length int4, character_set_catalog "
       "text, character_set_schema text, character_set_name text, collation_catalog text, "
       "collation_schema text, collation_name text, numeric_precision int4, "
       "numeric_precision_radix int4, numeric_scale int4, datetime_precision int4, "
       "interval_type text, interval_precision int4, domain_default text, udt_catalog text, "
       "udt_schema text, udt_name text, scope_catalog text, scope_schema text, scope_name "
       "text, maximum_cardinality int4, dtd_identifier text",
       Nothing},
      {13015, schema, "applicable_roles", "grantee text, role_name text, is_grantable text",
       Nothing},
      {13016, schema, "enabled_roles", "role_name text", EnabledRoles},
      {13017, schema, "information_schema_catalog_name", "catalog_name text", CatalogName},
  };
}

}  // namespace oxibase::system_tables
