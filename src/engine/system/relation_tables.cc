// pg_class and what hangs on it.

#include <algorithm>

#include "common/array.h"
#include "engine/ddl/definition_text.h"
#include "engine/ddl/storage_properties.h"
#include "engine/session_impl.h"
#include "engine/system/system_table.h"
#include "storage/mvcc/tablet.h"

namespace oxibase::system_tables {
namespace {

bool IsSystemSchema(Oid schema) {
  return schema == kPgCatalogSchema || schema == kInformationSchema;
}

using Properties = ddl::StorageProperties;

std::string SchemaName(const Source& s, Oid schema) {
  const auto def = s.catalog.SchemaByOid(schema);
  return def ? def->name : "";
}

bool HasVisibleColumns(const TableDef& table, const IndexDef& index) {
  return std::all_of(index.columns.begin(), index.columns.end(), [&](const IndexColumn& key) {
    return table.FindColumn(key.column) != nullptr;
  });
}

int64_t ShownColumns(const TableDef& table) {
  return std::count_if(table.columns.begin(), table.columns.end(),
                       [](const ColumnDef& column) { return !column.hidden; });
}

double LiveRows(const Source& source, const TableDef& table) {
  if (table.virtual_table) return -1;
  const auto tablet = source.session.db().txns.tablets().Find(table.tablet);
  return tablet ? static_cast<double>(tablet->live_rows()) : 0;
}

Status PgNamespace(const Source& s) {
  for (const auto& [oid, schema] : s.catalog.schemas()) {
    // Everybody may use the schema public; who made another one, alone.
    s.Row({O(oid), N(schema->name), O(schema->owner),
           oid == kPublicSchema
               ? AclArray({"pg_database_owner=UC/pg_database_owner", "=U/pg_database_owner"})
               : Null()});
  }
  return {};
}

/// One row of pg_class.
struct ClassRow {
  Oid oid;
  std::string_view name;
  Oid schema;
  Oid owner;
  Oid method;
  double tuples;
  bool has_index;
  char kind;
  int64_t columns;
  int64_t checks;
  bool has_triggers;
  /// Of a table: changes when all its rows are written anew.
  std::optional<TabletId> tablet = {};
  bool temporary = false;
  /// Of an index: its table's goes for it.
  Oid persists_as = 0;
};

char PersistenceOf(const Source& s, const ClassRow& c) {
  if (c.temporary) return 't';
  const Oid said_of = c.persists_as != 0 ? c.persists_as : c.oid;
  return Properties::Of(s.catalog, said_of).Get(Properties::kPersistence) == "u" ? 'u' : 'p';
}

char ReplicaIdentityOf(const ClassRow& c, const Properties& properties) {
  if (c.kind != 'r') return 'n';
  const std::string_view said = properties.Get(Properties::kReplicaIdentity);
  if (!said.empty()) return said[0];
  return IsSystemSchema(c.schema) ? 'n' : 'd';
}

void EmitClass(const Source& s, const ClassRow& c) {
  const Properties properties = Properties::Of(s.catalog, c.oid);
  const std::vector<std::string> options = properties.Options();
  s.Row({O(c.oid),
         N(c.name),
         O(c.schema),
         O(0),
         O(0),
         O(c.owner),
         O(c.method),
         O(c.kind == 'v' ? 0
           : c.tablet    ? static_cast<Oid>(c.tablet->value)
                         : c.oid),
         O(0),
         I4(0),
         F4(c.tuples),
         I4(0),
         O(0),
         B(c.has_index),
         B(false),
         C(PersistenceOf(s, c)),
         C(c.kind),
         I2(c.columns),
         I2(c.checks),
         B(c.kind == 'v'),
         B(c.has_triggers),
         B(false),
         B(false),
         B(false),
         B(true),
         C(ReplicaIdentityOf(c, properties)),
         B(false),
         O(0),
         Value::Fixed<uint32_t>(TypeId::kXid, 0),
         Value::Fixed<uint32_t>(TypeId::kXid, 0),
         Null(),
         options.empty() ? Null() : TextArray(options),
         Null()});
}

Oid MethodOid(IndexMethod method) {
  switch (method) {
    case IndexMethod::kOrdered:
      return kBtreeMethod;
    case IndexMethod::kHash:
      return kHashMethod;
    case IndexMethod::kBitmap:
      return kBitmapMethod;
  }
  return kBtreeMethod;
}

Status PgClass(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    const auto checks =
        std::count_if(table->constraints.begin(), table->constraints.end(),
                      [](const ConstraintDef& c) { return c.kind == ConstraintKind::kCheck; });
    const bool has_keys =
        std::any_of(table->constraints.begin(), table->constraints.end(),
                    [](const ConstraintDef& c) { return c.kind == ConstraintKind::kForeignKey; }) ||
        !s.catalog.ReferencesTo(oid).empty();
    EmitClass(s, {oid, table->name, table->schema, table->owner, kHeapMethod, LiveRows(s, *table),
                  !table->indexes.empty(), table->schema == kInformationSchema ? 'v' : 'r',
                  ShownColumns(*table), checks, has_keys, table->tablet, table->temporary});
    for (const IndexDef& index : table->indexes) {
      if (!HasVisibleColumns(*table, index)) continue;
      EmitClass(s, {index.oid, index.name, table->schema, table->owner, MethodOid(index.method),
                    LiveRows(s, *table), false, 'i',
                    static_cast<int64_t>(index.columns.size() + index.included.size()), 0, false,
                    std::nullopt, table->temporary, oid});
    }
  }
  for (const auto& [oid, view] : s.catalog.views()) {
    EmitClass(s, {oid, view->name, view->schema, view->owner, 0, -1, false, 'v',
                  static_cast<int64_t>(view->columns.size()), 0, false, std::nullopt,
                  SchemaName(s, view->schema).starts_with("pg_temp_")});
  }
  for (const auto& [oid, sequence] : s.catalog.sequences()) {
    // An identity column's goes with its table.
    const auto table = s.catalog.TableByOid(sequence->owned_by_table);
    const ColumnDef* column = table ? table->FindColumn(sequence->owned_by_column) : nullptr;
    EmitClass(
        s, {oid, sequence->name, sequence->schema, sequence->owner, 0, 1, false, 'S', 3, 0, false,
            std::nullopt, sequence->temporary, column && column->identity ? table->oid : 0});
  }
  return {};
}

/// What COLLATE said of the column; 0: nothing.
Oid SaidCollation(const Source& s, Oid table, ColumnId column) {
  return static_cast<Oid>(
      Properties::Of(s.catalog, table, column.value).Number(Properties::kCollation));
}

/// The collation of an index's column, from 0.
Oid KeyCollation(const Source& s, const TableDef& table, const IndexDef& index, size_t position) {
  const Oid said = SaidCollation(s, index.oid, ColumnId(static_cast<int16_t>(position + 1)));
  if (said != 0) return said;
  const IndexColumn& key = index.columns[position];
  const Oid of_column = key.expression_sql.empty() ? SaidCollation(s, table.oid, key.column) : 0;
  if (of_column != 0) return of_column;
  const ColumnDef* column = table.FindColumn(key.column);
  return column ? CollationOf(column->type.id) : 0;
}

struct AttributeRow {
  Oid relation;
  std::string name;
  Type type;
  int16_t number;
  bool not_null = false;
  bool has_default = false;
  bool dropped = false;
  char identity = 0;
  bool generated = false;
  bool has_missing = false;
  Properties properties;  // of a table's column
  Oid collation = 0;      // if not the type's own
};

void EmitAttribute(const Source& s, const AttributeRow& a) {
  const TypeInfo* info = FindType(a.type.id);
  const std::string_view statistics = a.properties.Get(Properties::kStatistics);
  const std::string_view storage = a.properties.Get(Properties::kStorage);
  const std::string_view compression = a.properties.Get(Properties::kCompression);
  const std::vector<std::string> options = a.properties.Options();
  const bool by_value = info && info->physical != PhysicalType::kString && info->length <= 8;
  s.Row({O(a.relation),
         N(a.name),
         O(a.dropped ? 0 : static_cast<Oid>(a.type.id)),
         I4(statistics.empty() ? -1 : a.properties.Number(Properties::kStatistics)),
         I2(info ? info->length : -1),
         I2(a.number),
         I4(IsArrayType(a.type.id) ? 1 : 0),
         I4(-1),
         I4(a.type.typmod),
         B(by_value),
         C(info && info->length == 8 ? 'd' : 'i'),
         C(!storage.empty()                ? storage[0]
           : a.type.id == TypeId::kNumeric ? 'm'
           : info && info->length < 0      ? 'x'
                                           : 'p'),
         C(compression.empty() ? '\0' : compression[0]),
         B(a.not_null),
         B(a.has_default),
         B(a.has_missing),
         C(a.identity),
         C(a.generated ? 's' : '\0'),
         B(a.dropped),
         B(true),
         I4(0),
         O(a.dropped          ? 0
           : a.collation != 0 ? a.collation
                              : CollationOf(a.type.id)),
         Null(),
         options.empty() ? Null() : TextArray(options),
         Null(),
         Null()});
}

Status PgAttribute(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    for (const ColumnDef& column : table->columns) {
      if (column.hidden) continue;
      AttributeRow row;
      row.relation = oid;
      row.name = column.dropped ? fmt::format("........pg.dropped.{}........", column.id.value)
                                : column.name;
      row.type = column.type;
      row.number = column.id.value;
      row.not_null = column.not_null && !column.dropped;
      row.has_default = !column.default_sql.empty() && !column.dropped && !column.identity;
      row.dropped = column.dropped;
      row.identity = column.identity;
      row.generated = column.generated;
      row.has_missing = !column.missing.is_null();
      if (!column.dropped) {
        row.properties = Properties::Of(s.catalog, oid, column.id.value);
        row.collation = SaidCollation(s, oid, column.id);
      }
      EmitAttribute(s, row);
    }
    for (const IndexDef& index : table->indexes) {
      int16_t number = 1;
      std::vector<ColumnId> ids;
      std::vector<std::string> names;
      for (const IndexColumn& key : index.columns) ids.push_back(key.column);
      ids.insert(ids.end(), index.included.begin(), index.included.end());
      for (const ColumnId id : ids) {
        const ColumnDef* column = table->FindColumn(id);
        if (!column) continue;
        AttributeRow row;
        row.relation = index.oid;
        row.name = column->name;
        // A hash index keeps the codes.
        const bool hash = index.method == IndexMethod::kHash;
        row.type = hash ? Type(TypeId::kInt4) : column->type;
        row.number = number;
        if (static_cast<size_t>(number) <= index.columns.size() && !hash) {
          row.collation = KeyCollation(s, *table, index, static_cast<size_t>(number) - 1);
        }
        const size_t i = static_cast<size_t>(number) - 1;
        if (i < index.columns.size() && !index.columns[i].expression_sql.empty()) {
          // PostgreSQL names an expression's column by its function, or "expr".
          const std::string& sql = index.columns[i].expression_sql;
          const size_t open = sql.find('(');
          const bool call = open != std::string::npos && open > 0;
          row.name = call ? sql.substr(0, open) : "expr";
        }
        // No two of one name.
        const std::string base = row.name;
        for (int n = 1; std::find(names.begin(), names.end(), row.name) != names.end(); ++n) {
          row.name = base + std::to_string(n);
        }
        names.push_back(row.name);
        ++number;
        EmitAttribute(s, row);
      }
    }
  }
  for (const auto& [oid, view] : s.catalog.views()) {
    int16_t number = 1;
    for (const auto& [name, type] : view->columns) {
      AttributeRow row;
      row.relation = oid;
      row.name = name;
      row.type = type;
      row.number = number++;
      EmitAttribute(s, row);
    }
  }
  for (const auto& [oid, sequence] : s.catalog.sequences()) {
    int16_t number = 1;
    for (const auto& [name, type] : {std::pair<const char*, TypeId>{"last_value", TypeId::kInt8},
                                     {"log_cnt", TypeId::kInt8},
                                     {"is_called", TypeId::kBool}}) {
      AttributeRow row;
      row.relation = oid;
      row.name = name;
      row.type = type;
      row.number = number++;
      row.not_null = true;
      EmitAttribute(s, row);
    }
  }
  return {};
}

Status PgAttrdef(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    for (const ColumnDef& column : table->columns) {
      if (column.hidden || column.dropped || column.default_sql.empty() || column.identity)
        continue;
      s.Row({O(DefaultOid(*table, column)), O(oid), I2(column.id.value),
             Value::String(TypeId::kPgNodeTree, column.default_sql)});
    }
  }
  return {};
}

Status PgIndex(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    const Properties properties = Properties::Of(s.catalog, oid);
    for (const IndexDef& index : table->indexes) {
      std::vector<int16_t> keys, options;
      std::vector<Oid> collations, classes;
      std::string expressions;
      for (const IndexColumn& key : index.columns) {
        keys.push_back(key.expression_sql.empty() ? key.column.value : int16_t{0});
        options.push_back(
            static_cast<int16_t>((key.descending ? 1 : 0) | (key.nulls_first ? 2 : 0)));
        collations.push_back(KeyCollation(s, *table, index, collations.size()));
        classes.push_back(0);
        if (!key.expression_sql.empty()) {
          expressions += (expressions.empty() ? "" : ", ") + key.expression_sql;
        }
      }
      for (const ColumnId id : index.included) keys.push_back(id.value);
      s.Row({O(index.oid),
             O(oid),
             I2(static_cast<int64_t>(keys.size())),
             I2(static_cast<int64_t>(index.columns.size())),
             B(index.unique),
             B(index.nulls_not_distinct),
             B(index.primary),
             B(false),
             B(!index.unique || table->IsAlwaysUnique(index)),
             B(properties.Number(Properties::kClusteredOn) == index.oid),
             B(true),
             B(false),
             B(true),
             B(true),
             B(properties.Number(Properties::kIdentityIndex) == index.oid),
             Int2Vector(keys),
             OidVector(collations),
             OidVector(classes),
             Int2Vector(options),
             expressions.empty() ? Null() : Value::String(TypeId::kPgNodeTree, expressions),
             index.predicate_sql.empty()
                 ? Null()
                 : Value::String(TypeId::kPgNodeTree, index.predicate_sql)});
    }
  }
  return {};
}

Status PgConstraint(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    for (const ConstraintDef& c : table->constraints) {
      const bool is_key = c.kind == ConstraintKind::kForeignKey;
      std::vector<int16_t> keys, referenced;
      for (const ColumnId id : c.columns) keys.push_back(id.value);
      for (const ColumnId id : c.referenced_columns) referenced.push_back(id.value);
      s.Row({O(c.oid),
             N(c.name),
             O(table->schema),
             C(static_cast<char>(c.kind)),
             B(c.deferrable),
             B(c.initially_deferred),
             B(c.validated),
             O(oid),
             O(0),
             O(c.index),
             O(0),
             O(c.referenced_table),
             C(is_key ? static_cast<char>(c.on_update) : ' '),
             C(is_key ? static_cast<char>(c.on_delete) : ' '),
             C(is_key ? (c.match_full ? 'f' : 's') : ' '),
             B(true),
             I2(0),
             B(true),
             keys.empty() ? Null() : Int2Array(keys),
             is_key ? Int2Array(referenced) : Null(),
             Null(),
             Null(),
             Null(),
             Null(),
             Null(),
             c.check_sql.empty() ? Null() : Value::String(TypeId::kPgNodeTree, c.check_sql)});
    }
  }
  return {};
}

Status PgSequence(const Source& s) {
  for (const auto& [oid, q] : s.catalog.sequences()) {
    s.Row({O(oid), O(static_cast<Oid>(q->type)), I8(q->start), I8(q->increment), I8(q->max_value),
           I8(q->min_value), I8(q->cache), B(q->cycle)});
  }
  return {};
}

Status PgDescription(const Source& s) {
  for (const auto& [key, text] : s.catalog.comments()) {
    const auto& [object, kind, sub] = key;
    if (kind == Properties::kClassKind) continue;
    const Oid owner_class = kind == 'n'   ? kClassOfNamespace
                            : kind == 'c' ? kClassOfConstraint
                            : kind == 'd' ? kClassOfDatabase
                                          : kClassOfClass;
    s.Row({O(object), O(owner_class), I4(sub), T(text)});
  }
  return {};
}

Status PgTables(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    if (table->schema == kInformationSchema) continue;
    s.Row({N(SchemaName(s, table->schema)), N(table->name), N("postgres"), Null(),
           B(!table->indexes.empty()), B(false), B(false), B(false)});
  }
  return {};
}

Status PgViews(const Source& s) {
  for (const auto& [oid, view] : s.catalog.views()) {
    s.Row({N(SchemaName(s, view->schema)), N(view->name), N("postgres"),
           T(ddl::ViewDefinition(s.session, *view, false))});
  }
  return {};
}

Status PgIndexes(const Source& s) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    for (const IndexDef& index : table->indexes) {
      s.Row({N(SchemaName(s, table->schema)), N(table->name), N(index.name), Null(),
             T(ddl::IndexDefinition(s.session, *table, index, 0, false))});
    }
  }
  return {};
}

Status PgSequences(const Source& s) {
  for (const auto& [oid, q] : s.catalog.sequences()) {
    const SequenceState state = s.session.db().sequences.Read(*q);
    s.Row({N(SchemaName(s, q->schema)), N(q->name), N("postgres"),
           Value::Fixed<uint32_t>(TypeId::kRegType, static_cast<Oid>(q->type)), I8(q->start),
           I8(q->min_value), I8(q->max_value), I8(q->increment), B(q->cycle), I8(q->cache),
           state.is_called ? I8(state.last_value) : Null()});
  }
  return {};
}

/// What SELECT FROM a sequence reads.
Status SequenceStates(const Source& s) {
  for (const auto& [oid, q] : s.catalog.sequences()) {
    const SequenceState state = s.session.db().sequences.Read(*q);
    s.Row({O(oid), I8(state.last_value), I8(s.session.db().sequences.LoggedAhead(*q)),
           B(state.is_called)});
  }
  return {};
}

}  // namespace

Oid CollationOf(TypeId type) {
  switch (type) {
    case TypeId::kText:
    case TypeId::kVarchar:
    case TypeId::kBpChar:
    case TypeId::kTextArray:
    case TypeId::kVarcharArray:
    case TypeId::kBpCharArray:
      return kDefaultCollation;
    case TypeId::kName:
      return 950;  // "C"
    default:
      return 0;
  }
}

std::vector<SystemTable> RelationTables() {
  const Oid schema = kPgCatalogSchema;
  return {
      {2615, schema, "pg_namespace", "oid oid, nspname name, nspowner oid, nspacl _aclitem",
       PgNamespace},
      {1259, schema, "pg_class",
       "oid oid, relname name, relnamespace oid, reltype oid, reloftype oid, relowner oid, "
       "relam oid, relfilenode oid, reltablespace oid, relpages int4, reltuples float4, "
       "relallvisible int4, reltoastrelid oid, relhasindex bool, relisshared bool, "
       "relpersistence char, relkind char, relnatts int2, relchecks int2, relhasrules bool, "
       "relhastriggers bool, relhassubclass bool, relrowsecurity bool, relforcerowsecurity bool, "
       "relispopulated bool, relreplident char, relispartition bool, relrewrite oid, "
       "relfrozenxid xid, relminmxid xid, relacl _aclitem, reloptions _text, relpartbound "
       "pg_node_tree",
       PgClass},
      {1249, schema, "pg_attribute",
       "attrelid oid, attname name, atttypid oid, attstattarget int4, attlen int2, attnum int2, "
       "attndims int4, attcacheoff int4, atttypmod int4, attbyval bool, attalign char, "
       "attstorage char, attcompression char, attnotnull bool, atthasdef bool, "
       "atthasmissing bool, attidentity char, attgenerated char, attisdropped bool, "
       "attislocal bool, attinhcount int4, attcollation oid, attacl _aclitem, attoptions _text, "
       "attfdwoptions _text, attmissingval _text",
       PgAttribute},
      {2604, schema, "pg_attrdef", "oid oid, adrelid oid, adnum int2, adbin pg_node_tree",
       PgAttrdef},
      {2610, schema, "pg_index",
       "indexrelid oid, indrelid oid, indnatts int2, indnkeyatts int2, indisunique bool, "
       "indnullsnotdistinct bool, indisprimary bool, indisexclusion bool, indimmediate bool, "
       "indisclustered bool, indisvalid bool, indcheckxmin bool, indisready bool, indislive bool, "
       "indisreplident bool, indkey int2vector, indcollation oidvector, indclass oidvector, "
       "indoption int2vector, indexprs pg_node_tree, indpred pg_node_tree",
       PgIndex},
      {2606, schema, "pg_constraint",
       "oid oid, conname name, connamespace oid, contype char, condeferrable bool, "
       "condeferred bool, convalidated bool, conrelid oid, contypid oid, conindid oid, "
       "conparentid oid, confrelid oid, confupdtype char, confdeltype char, confmatchtype char, "
       "conislocal bool, coninhcount int2, connoinherit bool, conkey _int2, confkey _int2, "
       "conpfeqop _oid, conppeqop _oid, conffeqop _oid, confdelsetcols _int2, conexclop _oid, "
       "conbin pg_node_tree",
       PgConstraint},
      {2224, schema, "pg_sequence",
       "seqrelid oid, seqtypid oid, seqstart int8, seqincrement int8, seqmax int8, seqmin int8, "
       "seqcache int8, seqcycle bool",
       PgSequence},
      {2609, schema, "pg_description", "objoid oid, classoid oid, objsubid int4, description text",
       PgDescription},
      {12001, schema, "pg_tables",
       "schemaname name, tablename name, tableowner name, tablespace name, hasindexes bool, "
       "hasrules bool, hastriggers bool, rowsecurity bool",
       PgTables},
      {12002, schema, "pg_views", "schemaname name, viewname name, viewowner name, definition text",
       PgViews},
      {12003, schema, "pg_indexes",
       "schemaname name, tablename name, indexname name, tablespace name, indexdef text",
       PgIndexes},
      {12004, schema, "pg_sequences",
       "schemaname name, sequencename name, sequenceowner name, data_type regtype, "
       "start_value int8, min_value int8, max_value int8, increment_by int8, cycle bool, "
       "cache_size int8, last_value int8",
       PgSequences},
      {12020, schema, "sys_sequence_states",
       "seqrelid oid, last_value int8, log_cnt int8, is_called bool", SequenceStates},
  };
}

}  // namespace oxibase::system_tables
