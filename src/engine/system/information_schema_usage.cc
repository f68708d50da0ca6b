// information_schema: privileges, elements of arrays, what uses what; and relations of what users
// cannot make here, which are empty.

#include <set>

#include "engine/session_impl.h"
#include "engine/system/information_schema.h"

namespace oxibase::system_tables {
namespace {

/// The one role owns all and may do all.
Status TablePrivileges(const Source& s) {
  constexpr std::string_view kPrivileges[] = {"INSERT",   "SELECT",     "UPDATE", "DELETE",
                                              "TRUNCATE", "REFERENCES", "TRIGGER"};
  const auto row = [&](Oid schema, const std::string& name) {
    for (const std::string_view privilege : kPrivileges) {
      s.Row({T("postgres"), T("postgres"), T(kCatalogName), T(SchemaName(s, schema)), T(name),
             T(privilege), YesNo(true), YesNo(privilege == "SELECT")});
    }
  };
  for (const auto& [oid, table] : s.catalog.tables()) row(table->schema, table->name);
  for (const auto& [oid, view] : s.catalog.views()) row(view->schema, view->name);
  return {};
}

Status ColumnPrivileges(const Source& s) {
  constexpr std::string_view kPrivileges[] = {"INSERT", "SELECT", "UPDATE", "REFERENCES"};
  const auto row = [&](Oid schema, const std::string& name, const std::string& column) {
    for (const std::string_view privilege : kPrivileges) {
      s.Row({T("postgres"), T("postgres"), T(kCatalogName), T(SchemaName(s, schema)), T(name),
             T(column), T(privilege), YesNo(true)});
    }
  };
  for (const auto& [oid, table] : s.catalog.tables()) {
    for (const ColumnDef& column : table->columns) {
      if (!column.dropped && !column.hidden) row(table->schema, table->name, column.name);
    }
  }
  for (const auto& [oid, view] : s.catalog.views()) {
    for (const auto& [column, type] : view->columns) row(view->schema, view->name, column);
  }
  return {};
}

Status ElementTypes(const Source& s) {
  const auto row = [&](Oid schema, const std::string& name, bool is_view, int64_t position,
                       Type type) {
    if (!IsArrayType(type.id)) return;
    const TypeId element = ElementTypeOf(type.id);
    std::vector<Value> values{T(kCatalogName),
                              T(SchemaName(s, schema)),
                              T(name),
                              T(is_view ? "VIEW" : "TABLE"),
                              T(std::to_string(position)),
                              T(FormatType(Type(element)))};
    constexpr size_t kUnknown = 15;
    for (size_t i = 0; i < kUnknown; ++i) values.push_back(Null());
    for (const std::string_view text :
         {kCatalogName, std::string_view("pg_catalog"), TypeName(element)}) {
      values.push_back(T(text));
    }
    for (size_t i = 0; i < 4; ++i) values.push_back(Null());
    values.push_back(T(fmt::format("a{}", position)));
    s.emit(values);
  };
  for (const auto& [oid, table] : s.catalog.tables()) {
    for (const ColumnDef& column : table->columns) {
      if (column.dropped || column.hidden) continue;
      row(table->schema, table->name, table->schema == kInformationSchema, column.id.value,
          column.type);
    }
  }
  for (const auto& [oid, view] : s.catalog.views()) {
    int64_t position = 0;
    for (const auto& [name, type] : view->columns) {
      row(view->schema, view->name, true, ++position, type);
    }
  }
  return {};
}

Status ConstraintTableUsage(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    for (const ConstraintDef& c : table->constraints) {
      if (c.kind == ConstraintKind::kCheck) continue;
      const bool is_key = c.kind == ConstraintKind::kForeignKey;
      const auto target = is_key ? s.catalog.TableByOid(c.referenced_table) : table;
      if (!target) continue;
      s.Row({T(kCatalogName), T(SchemaName(s, target->schema)), T(target->name), T(kCatalogName),
             T(SchemaName(s, table->schema)), T(c.name)});
    }
  }
  return {};
}

Status ViewTableUsage(const Source& s) {
  for (const auto& [oid, view] : s.catalog.views()) {
    for (const Oid used : std::set<Oid>(view->depends_on.begin(), view->depends_on.end())) {
      const auto row = [&, &view = view](Oid schema, const std::string& name) {
        s.Row({T(kCatalogName), T(SchemaName(s, view->schema)), T(view->name), T(kCatalogName),
               T(SchemaName(s, schema)), T(name)});
      };
      if (const auto table = s.catalog.TableByOid(used)) row(table->schema, table->name);
      if (const auto other = s.catalog.ViewByOid(used)) row(other->schema, other->name);
    }
  }
  return {};
}

Status Collations(const Source& s) {
  for (const std::string_view name : {"default", "C", "POSIX", "ucs_basic"}) {
    s.Row({T(kCatalogName), T("pg_catalog"), T(name), T("NO PAD")});
  }
  return {};
}

Status CharacterSets(const Source& s) {
  s.Row({Null(), Null(), T("UTF8"), T("UCS"), T("UTF8"), T(kCatalogName), T("pg_catalog"),
         T("default")});
  return {};
}

Status Nothing(const Source&) { return {}; }

}  // namespace

std::vector<SystemTable> InformationSchemaUsageTables() {
  const Oid schema = kInformationSchema;
  return {
      // There are none that users have made.
      {13011, schema, "routines",
       "specific_catalog name, specific_schema name, specific_name name, routine_catalog name, "
       "routine_schema name, routine_name name, routine_type varchar, module_catalog name, "
       "module_schema name, module_name name, udt_catalog name, udt_schema name, udt_name name, "
       "data_type varchar, character_maximum_length int4, character_octet_length int4, "
       "character_set_catalog name, character_set_schema name, character_set_name name, "
       "collation_catalog name, collation_schema name, collation_name name, numeric_precision "
       "int4, numeric_precision_radix int4, numeric_scale int4, datetime_precision int4, "
       "interval_type varchar, interval_precision int4, type_udt_catalog name, type_udt_schema "
       "name, type_udt_name name, scope_catalog name, scope_schema name, scope_name name, "
       "maximum_cardinality int4, dtd_identifier name, routine_body varchar, routine_definition "
       "varchar, external_name varchar, external_language varchar, parameter_style varchar, "
       "is_deterministic varchar, sql_data_access varchar, is_null_call varchar, sql_path "
       "varchar, schema_level_routine varchar, max_dynamic_result_sets int4, "
       "is_user_defined_cast varchar, is_implicitly_invocable varchar, security_type varchar, "
       "to_sql_specific_catalog name, to_sql_specific_schema name, to_sql_specific_name name, "
       "as_locator varchar, created timestamptz, last_altered timestamptz, new_savepoint_level "
       "varchar, is_udt_dependent varchar, result_cast_from_data_type varchar, "
       "result_cast_as_locator varchar, result_cast_char_max_length int4, "
       "result_cast_char_octet_length int4, result_cast_char_set_catalog name, "
       "result_cast_char_set_schema name, result_cast_char_set_name name, "
       "result_cast_collation_catalog name, result_cast_collation_schema name, "
       "result_cast_collation_name name, result_cast_numeric_precision int4, "
       "result_cast_numeric_precision_radix int4, result_cast_numeric_scale int4, "
       "result_cast_datetime_precision int4, result_cast_interval_type varchar, "
       "result_cast_interval_precision int4, result_cast_type_udt_catalog name, "
       "result_cast_type_udt_schema name, result_cast_type_udt_name name, "
       "result_cast_scope_catalog name, result_cast_scope_schema name, result_cast_scope_name "
       "name, result_cast_maximum_cardinality int4, result_cast_dtd_identifier name",
       Nothing},
      {13012, schema, "parameters",
       "specific_catalog name, specific_schema name, specific_name name, ordinal_position int4, "
       "parameter_mode varchar, is_result varchar, as_locator varchar, parameter_name name, "
       "data_type varchar, character_maximum_length int4, character_octet_length int4, "
       "character_set_catalog name, character_set_schema name, character_set_name name, "
       "collation_catalog name, collation_schema name, collation_name name, numeric_precision "
       "int4, numeric_precision_radix int4, numeric_scale int4, datetime_precision int4, "
       "interval_type varchar, interval_precision int4, udt_catalog name, udt_schema name, "
       "udt_name name, scope_catalog name, scope_schema name, scope_name name, "
       "maximum_cardinality int4, dtd_identifier name, parameter_default varchar",
       Nothing},
      {13013, schema, "triggers",
       "trigger_catalog name, trigger_schema name, trigger_name name, event_manipulation "
       "varchar, event_object_catalog name, event_object_schema name, event_object_table name, "
       "action_order int4, action_condition varchar, action_statement varchar, "
       "action_orientation varchar, action_timing varchar, action_reference_old_table name, "
       "action_reference_new_table name, action_reference_old_row name, action_reference_new_row "
       "name, created timestamptz",
       Nothing},
      {13014, schema, "domains",
       "domain_catalog name, domain_schema name, domain_name name, data_type varchar, "
       "character_maximum_length int4, character_octet_length int4, character_set_catalog name, "
       "character_set_schema name, character_set_name name, collation_catalog name, "
       "collation_schema name, collation_name name, numeric_precision int4, "
       "numeric_precision_radix int4, numeric_scale int4, datetime_precision int4, interval_type "
       "varchar, interval_precision int4, domain_default varchar, udt_catalog name, udt_schema "
       "name, udt_name name, scope_catalog name, scope_schema name, scope_name name, "
       "maximum_cardinality int4, dtd_identifier name",
       Nothing},
      {13018, schema, "table_privileges",
       "grantor name, grantee name, table_catalog name, table_schema name, table_name name, "
       "privilege_type varchar, is_grantable varchar, with_hierarchy varchar",
       TablePrivileges},
      {13019, schema, "role_table_grants",
       "grantor name, grantee name, table_catalog name, table_schema name, table_name name, "
       "privilege_type varchar, is_grantable varchar, with_hierarchy varchar",
       TablePrivileges},
      {13020, schema, "element_types",
       "object_catalog name, object_schema name, object_name name, object_type varchar, "
       "collection_type_identifier name, data_type varchar, character_maximum_length int4, "
       "character_octet_length int4, character_set_catalog name, character_set_schema name, "
       "character_set_name name, collation_catalog name, collation_schema name, collation_name "
       "name, numeric_precision int4, numeric_precision_radix int4, numeric_scale int4, "
       "datetime_precision int4, interval_type varchar, interval_precision int4, domain_default "
       "varchar, udt_catalog name, udt_schema name, udt_name name, scope_catalog name, "
       "scope_schema name, scope_name name, maximum_cardinality int4, dtd_identifier name",
       ElementTypes},
      {13021, schema, "constraint_table_usage",
       "table_catalog name, table_schema name, table_name name, constraint_catalog name, "
       "constraint_schema name, constraint_name name",
       ConstraintTableUsage},
      {13022, schema, "view_table_usage",
       "view_catalog name, view_schema name, view_name name, table_catalog name, table_schema "
       "name, table_name name",
       ViewTableUsage},
      {13023, schema, "collations",
       "collation_catalog name, collation_schema name, collation_name name, pad_attribute "
       "varchar",
       Collations},
      {13024, schema, "character_sets",
       "character_set_catalog name, character_set_schema name, character_set_name name, "
       "character_repertoire name, form_of_use name, default_collate_catalog name, "
       "default_collate_schema name, default_collate_name name",
       CharacterSets},
      {13025, schema, "column_privileges",
       "grantor name, grantee name, table_catalog name, table_schema name, table_name name, "
       "column_name name, privilege_type varchar, is_grantable varchar",
       ColumnPrivileges},
      {13026, schema, "role_column_grants",
       "grantor name, grantee name, table_catalog name, table_schema name, table_name name, "
       "column_name name, privilege_type varchar, is_grantable varchar",
       ColumnPrivileges},
      {13027, schema, "attributes",
       "udt_catalog name, udt_schema name, udt_name name, attribute_name name, ordinal_position "
       "int4, attribute_default varchar, is_nullable varchar, data_type varchar, "
       "character_maximum_length int4, character_octet_length int4, character_set_catalog name, "
       "character_set_schema name, character_set_name name, collation_catalog name, "
       "collation_schema name, collation_name name, numeric_precision int4, "
       "numeric_precision_radix int4, numeric_scale int4, datetime_precision int4, interval_type "
       "varchar, interval_precision int4, attribute_udt_catalog name, attribute_udt_schema name, "
       "attribute_udt_name name, scope_catalog name, scope_schema name, scope_name name, "
       "maximum_cardinality int4, dtd_identifier name, is_derived_reference_attribute varchar",
       Nothing},
      {13028, schema, "usage_privileges",
       "grantor name, grantee name, object_catalog name, object_schema name, object_name name, "
       "object_type varchar, privilege_type varchar, is_grantable varchar",
       Nothing},
      {13029, schema, "role_usage_grants",
       "grantor name, grantee name, object_catalog name, object_schema name, object_name name, "
       "object_type varchar, privilege_type varchar, is_grantable varchar",
       Nothing},
      {13030, schema, "column_domain_usage",
       "domain_catalog name, domain_schema name, domain_name name, table_catalog name, "
       "table_schema name, table_name name, column_name name",
       Nothing},
      {13031, schema, "domain_constraints",
       "constraint_catalog name, constraint_schema name, constraint_name name, domain_catalog "
       "name, domain_schema name, domain_name name, is_deferrable varchar, initially_deferred "
       "varchar",
       Nothing},
      {13032, schema, "foreign_tables",
       "foreign_table_catalog name, foreign_table_schema name, foreign_table_name name, "
       "foreign_server_catalog name, foreign_server_name name",
       Nothing},
      {13033, schema, "foreign_servers",
       "foreign_server_catalog name, foreign_server_name name, foreign_data_wrapper_catalog "
       "name, foreign_data_wrapper_name name, foreign_server_type varchar, "
       "foreign_server_version varchar, authorization_identifier name",
       Nothing},
      {13034, schema, "routine_privileges",
       "grantor name, grantee name, specific_catalog name, specific_schema name, specific_name "
       "name, routine_catalog name, routine_schema name, routine_name name, privilege_type "
       "varchar, is_grantable varchar",
       Nothing},
      {13035, schema, "role_routine_grants",
       "grantor name, grantee name, specific_catalog name, specific_schema name, specific_name "
       "name, routine_catalog name, routine_schema name, routine_name name, privilege_type "
       "varchar, is_grantable varchar",
       Nothing},
  };
}

}  // namespace oxibase::system_tables
