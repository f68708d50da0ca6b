// What goes on in the server: locks, and the counters of pg_stat_*. Of those only live rows and the
// last ANALYZE are kept; what nothing counts is 0, or NULL where PostgreSQL has it so before the
// first time.

#include "engine/session_impl.h"
#include "engine/system/system_table.h"
#include "storage/mvcc/tablet.h"
#include "txn/wait_graph.h"

namespace oxibase::system_tables {
namespace {

std::string_view TypeOfLock(uint32_t space) {
  return space == 0 ? "relation" : space == kTransactionSpace ? "transactionid" : "advisory";
}

Status PgLocks(const Source& s) {
  for (const LockShown& lock : s.session.db().txns.Locks()) {
    const bool is_advisory = IsAdvisorySpace(lock.space);
    // Names of things to be created are locked too, which PostgreSQL does by its indexes.
    if (!is_advisory && lock.space != 0 && lock.space != kTransactionSpace) continue;
    if (lock.process == 0) continue;
    const bool is_transaction = lock.space == kTransactionSpace;
    s.Row({T(TypeOfLock(lock.space)), is_transaction ? Null() : O(kPostgresDatabase),
           lock.space == 0 ? O(static_cast<Oid>(lock.object)) : Null(), Null(), Null(), Null(),
           is_transaction ? Value::Fixed<uint32_t>(TypeId::kXid, static_cast<uint32_t>(lock.object))
                          : Null(),
           is_advisory ? O(static_cast<Oid>(lock.object >> 32)) : Null(),
           is_advisory ? O(static_cast<Oid>(lock.object)) : Null(),
           is_advisory ? I2(lock.space == kAdvisoryPairSpace ? 2 : 1) : Null(),
           T(fmt::format("{}/0", lock.process)), I4(lock.process), T(LockModeName(lock.mode)),
           B(lock.granted), B(lock.fast), Null()});
  }
  return {};
}

/// Calls `take` for each table with rows of its own, with its schema's name.
template <typename Take>
void ForTables(const Source& s, const Take& take) {
  for (const auto& [oid, table] : s.catalog.tables()) {
    if (table->virtual_table) continue;
    const auto schema = s.catalog.SchemaByOid(table->schema);
    take(oid, *table, schema ? schema->name : "");
  }
}

Status StatTables(const Source& s) {
  ForTables(s, [&](Oid oid, const TableDef& table, const std::string& schema) {
    const auto tablet = s.session.db().txns.tablets().Find(table.tablet);
    const bool indexed = !table.indexes.empty();
    s.Row({O(oid),
           N(schema),
           N(table.name),
           I8(0),
           I8(0),
           indexed ? I8(0) : Null(),
           indexed ? I8(0) : Null(),
           I8(0),
           I8(0),
           I8(0),
           I8(0),
           I8(tablet ? static_cast<int64_t>(tablet->live_rows()) : 0),
           I8(0),
           I8(0),
           I8(0),
           Null(),
           Null(),
           Null(),
           Null(),
           I8(0),
           I8(0),
           I8(0),
           I8(0)});
  });
  return {};
}

Status StatioTables(const Source& s) {
  ForTables(s, [&](Oid oid, const TableDef& table, const std::string& schema) {
    const bool indexed = !table.indexes.empty();
    s.Row({O(oid), N(schema), N(table.name), I8(0), I8(0), indexed ? I8(0) : Null(),
           indexed ? I8(0) : Null(), Null(), Null(), Null(), Null()});
  });
  return {};
}

template <size_t kCounters>
Status StatIndexes(const Source& s) {
  ForTables(s, [&](Oid oid, const TableDef& table, const std::string& schema) {
    for (const IndexDef& index : table.indexes) {
      std::vector<Value> row{O(oid), O(index.oid), N(schema), N(table.name), N(index.name)};
      for (size_t i = 0; i < kCounters; ++i) row.push_back(I8(0));
      s.emit(row);
    }
  });
  return {};
}

Status StatioSequences(const Source& s) {
  for (const auto& [oid, sequence] : s.catalog.sequences()) {
    const auto schema = s.catalog.SchemaByOid(sequence->schema);
    s.Row({O(oid), N(schema ? schema->name : ""), N(sequence->name), I8(0), I8(0)});
  }
  return {};
}

Status StatDatabase(const Source& s) {
  Database::Impl& db = s.session.db();
  int64_t backends = 0;
  {
    MutexLock lock(db.sessions_mu);
    backends = static_cast<int64_t>(db.sessions.size());
  }
  std::vector<Value> row{O(kPostgresDatabase), N("postgres"), I4(backends)};
  constexpr size_t kCountersBeforeChecksums = 13, kTimes = 5, kSessionCounters = 4;
  for (size_t i = 0; i < kCountersBeforeChecksums; ++i) row.push_back(I8(0));
  row.push_back(Null());
  row.push_back(Null());
  for (size_t i = 0; i < kTimes; ++i) row.push_back(Value::Float8(0));
  for (size_t i = 0; i < kSessionCounters; ++i) row.push_back(I8(0));
  row.push_back(Null());
  s.emit(row);
  return {};
}

Status StatBgwriter(const Source& s) {
  s.Row({I8(0), I8(0), Value::Float8(0), Value::Float8(0), I8(0), I8(0), I8(0), I8(0), I8(0), I8(0),
         Null()});
  return {};
}

Status Nothing(const Source&) { return {}; }

constexpr std::string_view kStatTables =
    "relid oid, schemaname name, relname name, seq_scan int8, seq_tup_read int8, idx_scan int8, "
    "idx_tup_fetch int8, n_tup_ins int8, n_tup_upd int8, n_tup_del int8, n_tup_hot_upd int8, "
    "n_live_tup int8, n_dead_tup int8, n_mod_since_analyze int8, n_ins_since_vacuum int8, "
    "last_vacuum timestamptz, last_autovacuum timestamptz, last_analyze timestamptz, "
    "last_autoanalyze timestamptz, vacuum_count int8, autovacuum_count int8, analyze_count int8, "
    "autoanalyze_count int8";
constexpr std::string_view kStatioTables =
    "relid oid, schemaname name, relname name, heap_blks_read int8, heap_blks_hit int8, "
    "idx_blks_read int8, idx_blks_hit int8, toast_blks_read int8, toast_blks_hit int8, "
    "tidx_blks_read int8, tidx_blks_hit int8";
constexpr std::string_view kStatIndexes =
    "relid oid, indexrelid oid, schemaname name, relname name, indexrelname name, idx_scan int8, "
    "idx_tup_read int8, idx_tup_fetch int8";
constexpr std::string_view kStatioIndexes =
    "relid oid, indexrelid oid, schemaname name, relname name, indexrelname name, "
    "idx_blks_read int8, idx_blks_hit int8";
constexpr std::string_view kStatioSequences =
    "relid oid, schemaname name, relname name, blks_read int8, blks_hit int8";

}  // namespace

std::vector<SystemTable> StatisticsTables() {
  const Oid schema = kPgCatalogSchema;
  // The system's own tables have no counters, so "all" are the users'.
  return {
      {12073, schema, "pg_locks",
       "locktype text, database oid, relation oid, page int4, tuple int2, virtualxid text, "
       "transactionid xid, classid oid, objid oid, objsubid int2, virtualtransaction text, "
       "pid int4, mode text, granted bool, fastpath bool, waitstart timestamptz",
       PgLocks},
      {12142, schema, "pg_stat_all_tables", kStatTables, StatTables},
      {12147, schema, "pg_stat_sys_tables", kStatTables, Nothing},
      {12014, schema, "pg_stat_user_tables", kStatTables, StatTables},
      {12170, schema, "pg_statio_all_tables", kStatioTables, StatioTables},
      {12175, schema, "pg_statio_sys_tables", kStatioTables, Nothing},
      {12179, schema, "pg_statio_user_tables", kStatioTables, StatioTables},
      {12183, schema, "pg_stat_all_indexes", kStatIndexes, StatIndexes<3>},
      {12188, schema, "pg_stat_sys_indexes", kStatIndexes, Nothing},
      {12192, schema, "pg_stat_user_indexes", kStatIndexes, StatIndexes<3>},
      {12196, schema, "pg_statio_all_indexes", kStatioIndexes, StatIndexes<2>},
      {12201, schema, "pg_statio_sys_indexes", kStatioIndexes, Nothing},
      {12205, schema, "pg_statio_user_indexes", kStatioIndexes, StatIndexes<2>},
      {12209, schema, "pg_statio_all_sequences", kStatioSequences, StatioSequences},
      {12214, schema, "pg_statio_user_sequences", kStatioSequences, StatioSequences},
      {12266, schema, "pg_stat_database",
       "datid oid, datname name, numbackends int4, xact_commit int8, xact_rollback int8, "
       "blks_read int8, blks_hit int8, tup_returned int8, tup_fetched int8, tup_inserted int8, "
       "tup_updated int8, tup_deleted int8, conflicts int8, temp_files int8, temp_bytes int8, "
       "deadlocks int8, checksum_failures int8, checksum_last_failure timestamptz, "
       "blk_read_time float8, blk_write_time float8, session_time float8, active_time float8, "
       "idle_in_transaction_time float8, sessions int8, sessions_abandoned int8, "
       "sessions_fatal int8, sessions_killed int8, stats_reset timestamptz",
       StatDatabase},
      {12289, schema, "pg_stat_bgwriter",
       "checkpoints_timed int8, checkpoints_req int8, checkpoint_write_time float8, "
       "checkpoint_sync_time float8, buffers_checkpoint int8, buffers_clean int8, "
       "maxwritten_clean int8, buffers_backend int8, buffers_backend_fsync int8, "
       "buffers_alloc int8, stats_reset timestamptz",
       StatBgwriter},
      {12027, schema, "pg_policies",
       "schemaname name, tablename name, policyname name, permissive text, roles _name, cmd text, "
       "qual text, with_check text",
       Nothing},
      {1214, schema, "pg_shdepend",
       "dbid oid, classid oid, objid oid, objsubid int4, refclassid oid, refobjid oid, "
       "deptype char",
       Nothing},
      {2995, schema, "pg_largeobject_metadata", "oid oid, lomowner oid, lomacl _aclitem", Nothing},
      {6243, schema, "pg_parameter_acl", "oid oid, parname text, paracl _aclitem", Nothing},
  };
}

}  // namespace oxibase::system_tables
