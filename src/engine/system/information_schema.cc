// information_schema, the SQL standard's view of the catalog.

#include "engine/system/information_schema.h"

#include <absl/strings/ascii.h>

#include <algorithm>

#include "engine/ddl/definition_text.h"
#include "engine/ddl/storage_properties.h"
#include "engine/session_impl.h"

namespace oxibase::system_tables {
namespace {

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
  std::shared_ptr<const SequenceDef> sequence = nullptr;  // of an identity column
  Oid collation = 0;                                      // as COLLATE said, else 0
  bool updatable = true;
};

/// The lengths and precisions of a type, as several relations show them.
struct TypeShown {
  Value length = Null(), octets = Null(), precision = Null(), radix = Null(), scale = Null(),
        datetime = Null(), interval = Null();
  explicit TypeShown(Type type);
};

TypeShown::TypeShown(Type type) {
  const int32_t mod = type.typmod;
  const TypeId id = type.id;
  const bool is_text = id == TypeId::kVarchar || id == TypeId::kBpChar;
  if (is_text && mod >= 4) length = I4(mod - 4);
  if (is_text || id == TypeId::kText) octets = I4(is_text && mod >= 4 ? (mod - 4) * 4 : 1073741824);
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
    case TypeId::kTimeTz:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
      datetime = I4(mod >= 0 ? mod : 6);
      break;
    case TypeId::kInterval: {
      const int32_t digits = mod & 0xFFFF;
      datetime = I4(mod >= 0 && digits != 0xFFFF ? digits : 6);
      std::string text = FormatType(type);
      constexpr std::string_view kInterval = "interval ";
      // Without fields the standard has nothing to say, whatever the precision.
      if (mod >= 0 && (mod >> 16 & 0x7FFF) != 0x7FFF && text.starts_with(kInterval)) {
        text.erase(0, kInterval.size());
        for (char& c : text) c = absl::ascii_toupper(static_cast<unsigned char>(c));
        interval = T(text);
      }
      break;
    }
    default:
      break;
  }
}

void EmitColumn(const Source& s, const ColumnShown& c) {
  const TypeId id = c.type.id;
  TypeShown type(c.type);
  // The name type has its own.
  const std::string_view collation = c.collation != 0      ? ddl::CollationName(c.collation)
                                     : id == TypeId::kName ? std::string_view("C")
                                                           : std::string_view();
  const bool collated = !collation.empty() && collation != "default";
  const auto number = [&](int64_t SequenceDef::* field) {
    return c.sequence ? T(std::to_string((*c.sequence).*field)) : Null();
  };
  s.Row({T(kCatalogName),
         T(SchemaName(s, c.schema)),
         T(c.table),
         T(c.name),
         I4(c.position),
         c.default_text.empty() ? Null() : T(c.default_text),
         YesNo(c.nullable),
         T(IsArrayType(id) ? "ARRAY" : FormatType(Type(id))),
         std::move(type.length),
         std::move(type.octets),
         std::move(type.precision),
         std::move(type.radix),
         std::move(type.scale),
         std::move(type.datetime),
         std::move(type.interval),
         Null(),
         Null(),
         Null(),
         Null(),
         collated ? T(kCatalogName) : Null(),
         collated ? T("pg_catalog") : Null(),
         collated ? T(collation) : Null(),
         Null(),
         Null(),
         Null(),
         T(kCatalogName),
         T("pg_catalog"),
         T(TypeName(id)),
         Null(),
         Null(),
         Null(),
         Null(),
         T(std::to_string(c.position)),
         YesNo(false),
         YesNo(c.identity != 0),
         c.identity == 'a'   ? T("ALWAYS")
         : c.identity == 'd' ? T("BY DEFAULT")
                             : Null(),
         number(&SequenceDef::start),
         number(&SequenceDef::increment),
         number(&SequenceDef::max_value),
         number(&SequenceDef::min_value),
         YesNo(c.sequence && c.sequence->cycle),
         T(c.generation.empty() ? "NEVER" : "ALWAYS"),
         c.generation.empty() ? Null() : T(c.generation),
         YesNo(c.updatable)});
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
      if (column.identity) shown.sequence = s.catalog.SequenceByOid(column.owned_sequence);
      using Properties = ddl::StorageProperties;
      shown.collation = static_cast<Oid>(
          Properties::Of(s.catalog, oid, column.id.value).Number(Properties::kCollation));
      shown.updatable = !table->virtual_table;
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
      ColumnShown shown{view->schema, view->name, name, position++, type, true, "", 0, ""};
      shown.updatable = false;
      EmitColumn(s, shown);
    }
  }
  return {};
}

bool NullsEqual(const TableDef& table, const ConstraintDef& key) {
  return std::any_of(table.indexes.begin(), table.indexes.end(), [&](const IndexDef& index) {
    return index.oid == key.index && index.nulls_not_distinct;
  });
}

/// PostgreSQL 15 shows NOT NULL as a check with a name made of numbers.
std::string NotNullName(const TableDef& table, const ColumnDef& column) {
  return fmt::format("{}_{}_{}_not_null", table.schema, table.oid, column.id.value);
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
             T(kind), YesNo(c.deferrable), YesNo(c.initially_deferred), YesNo(true),
             c.kind == ConstraintKind::kUnique ? YesNo(!NullsEqual(*table, c)) : Null()});
    }
    for (const ColumnDef& column : table->columns) {
      if (!column.not_null || column.dropped || column.hidden) continue;
      s.Row({T(kCatalogName), T(schema), T(NotNullName(*table, column)), T(kCatalogName), T(schema),
             T(table->name), T("CHECK"), YesNo(false), YesNo(false), YesNo(true), Null()});
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
  constexpr std::string_view kCheck = "CHECK ";
  for (const auto& [oid, table] : s.catalog.tables()) {
    for (const ConstraintDef& c : table->constraints) {
      if (c.kind != ConstraintKind::kCheck) continue;
      s.Row({T(kCatalogName), T(SchemaName(s, table->schema)), T(c.name),
             T(ddl::ConstraintDefinition(s.session, *table, c, false).substr(kCheck.size()))});
    }
    for (const ColumnDef& column : table->columns) {
      if (!column.not_null || column.dropped || column.hidden) continue;
      s.Row({T(kCatalogName), T(SchemaName(s, table->schema)), T(NotNullName(*table, column)),
             T(column.name + " IS NOT NULL")});
    }
  }
  return {};
}

Status Views(const Source& s) {
  for (const auto& [oid, view] : s.catalog.views()) {
    s.Row({T(kCatalogName), T(SchemaName(s, view->schema)), T(view->name),
           T(ddl::ViewDefinition(s.session, *view, false)), T("NONE"), YesNo(false), YesNo(false),
           YesNo(false), YesNo(false), YesNo(false)});
  }
  return {};
}

Status Sequences(const Source& s) {
  for (const auto& [oid, q] : s.catalog.sequences()) {
    // Those of identity columns are no sequences of their own.
    const auto table = s.catalog.TableByOid(q->owned_by_table);
    const ColumnDef* column = table ? table->FindColumn(q->owned_by_column) : nullptr;
    if (column && column->identity) continue;
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
  std::vector<SystemTable> tables = {
      {13001, schema, "schemata",
       "catalog_name name, schema_name name, schema_owner name, default_character_set_catalog "
       "name, default_character_set_schema name, default_character_set_name name, sql_path "
       "varchar",
       Schemata},
      {13002, schema, "tables",
       "table_catalog name, table_schema name, table_name name, table_type varchar, "
       "self_referencing_column_name name, reference_generation varchar, "
       "user_defined_type_catalog name, user_defined_type_schema name, user_defined_type_name "
       "name, is_insertable_into varchar, is_typed varchar, commit_action varchar",
       Tables},
      {13003, schema, "columns",
       "table_catalog name, table_schema name, table_name name, column_name name, "
       "ordinal_position int4, column_default varchar, is_nullable varchar, data_type varchar, "
       "character_maximum_length int4, character_octet_length int4, numeric_precision int4, "
       "numeric_precision_radix int4, numeric_scale int4, datetime_precision int4, interval_type "
       "varchar, interval_precision int4, character_set_catalog name, character_set_schema name, "
       "character_set_name name, collation_catalog name, collation_schema name, collation_name "
       "name, domain_catalog name, domain_schema name, domain_name name, udt_catalog name, "
       "udt_schema name, udt_name name, scope_catalog name, scope_schema name, scope_name name, "
       "maximum_cardinality int4, dtd_identifier name, is_self_referencing varchar, is_identity "
       "varchar, identity_generation varchar, identity_start varchar, identity_increment "
       "varchar, identity_maximum varchar, identity_minimum varchar, identity_cycle varchar, "
       "is_generated varchar, generation_expression varchar, is_updatable varchar",
       Columns},
      {13004, schema, "table_constraints",
       "constraint_catalog name, constraint_schema name, constraint_name name, table_catalog "
       "name, table_schema name, table_name name, constraint_type varchar, is_deferrable "
       "varchar, initially_deferred varchar, enforced varchar, nulls_distinct varchar",
       TableConstraints},
      {13005, schema, "key_column_usage",
       "constraint_catalog name, constraint_schema name, constraint_name name, table_catalog "
       "name, table_schema name, table_name name, column_name name, ordinal_position int4, "
       "position_in_unique_constraint int4",
       KeyColumnUsage},
      {13006, schema, "referential_constraints",
       "constraint_catalog name, constraint_schema name, constraint_name name, "
       "unique_constraint_catalog name, unique_constraint_schema name, unique_constraint_name "
       "name, match_option varchar, update_rule varchar, delete_rule varchar",
       ReferentialConstraints},
      {13007, schema, "constraint_column_usage",
       "table_catalog name, table_schema name, table_name name, column_name name, "
       "constraint_catalog name, constraint_schema name, constraint_name name",
       ConstraintColumnUsage},
      {13008, schema, "check_constraints",
       "constraint_catalog name, constraint_schema name, constraint_name name, check_clause "
       "varchar",
       CheckConstraints},
      {13009, schema, "views",
       "table_catalog name, table_schema name, table_name name, view_definition varchar, "
       "check_option varchar, is_updatable varchar, is_insertable_into varchar, "
       "is_trigger_updatable varchar, is_trigger_deletable varchar, is_trigger_insertable_into "
       "varchar",
       Views},
      {13010, schema, "sequences",
       "sequence_catalog name, sequence_schema name, sequence_name name, data_type varchar, "
       "numeric_precision int4, numeric_precision_radix int4, numeric_scale int4, start_value "
       "varchar, minimum_value varchar, maximum_value varchar, increment varchar, cycle_option "
       "varchar",
       Sequences},
      {13015, schema, "applicable_roles", "grantee name, role_name name, is_grantable varchar",
       Nothing},
      {13016, schema, "enabled_roles", "role_name name", EnabledRoles},
      {13017, schema, "information_schema_catalog_name", "catalog_name name", CatalogName},
  };
  const std::vector<SystemTable> usage = InformationSchemaUsageTables();
  tables.insert(tables.end(), usage.begin(), usage.end());
  return tables;
}

}  // namespace oxibase::system_tables
