// The server itself: databases, roles, settings, sessions; and tables of features that there are
// not, which tools ask all the same and find empty.

#include "common/array.h"
#include "engine/session_impl.h"
#include "engine/system/system_table.h"

namespace oxibase::system_tables {
namespace {

Status PgDatabase(const Source& s) {
  const auto row = [&](Oid oid, std::string_view name, bool is_template) {
    s.Row({O(oid), N(name), O(kPostgresRole), I4(6), C('c'), B(is_template), B(name != "template0"),
           I4(-1), Value::Fixed<uint32_t>(TypeId::kXid, 0), Value::Fixed<uint32_t>(TypeId::kXid, 0),
           O(1663), T("C"), T("C"), Null(), Null(), Null()});
  };
  row(kPostgresDatabase, "postgres", false);
  return {};
}

Status PgUser(const Source& s) {
  s.Row({N("postgres"), O(kPostgresRole), B(true), B(true), B(true), B(true), T("********"), Null(),
         Null()});
  return {};
}

Status PgTablespace(const Source& s) {
  s.Row({O(1663), N("pg_default"), O(kPostgresRole), Null(), Null()});
  s.Row({O(1664), N("pg_global"), O(kPostgresRole), Null(), Null()});
  return {};
}

Status PgSettings(const Source& s) {
  for (const SettingInfo& info : Settings::All()) {
    ASSIGN_OR_RETURN(const std::string value, s.session.GetSetting(info.name, true));
    s.Row({T(info.name), T(value), info.unit.empty() ? Null() : T(info.unit), T("Settings"),
           T(info.description), Null(), T(info.fixed ? "internal" : "user"), T(info.type),
           T(value == info.default_value ? "default" : "session"), Null(), Null(), Null(),
           T(info.default_value), T(info.default_value), Null(), Null(), B(false)});
  }
  return {};
}

Status PgStatActivity(const Source& s) {
  Database::Impl& db = s.session.db();
  MutexLock lock(db.sessions_mu);
  for (const auto& [pid, session] : db.sessions) {
    // What a session of another thread does is not known here.
    const bool own = session == &s.session;
    s.Row({O(kPostgresDatabase),
           N("postgres"),
           I4(pid),
           Null(),
           O(kPostgresRole),
           N("postgres"),
           T(session->application_name()),
           Null(),
           Null(),
           Null(),
           Null(),
           Null(),
           Null(),
           Null(),
           Null(),
           Null(),
           own ? T("active") : Null(),
           Null(),
           Null(),
           Null(),
           Null(),
           T("client backend")});
  }
  return {};
}

/// No session is encrypted or authenticated by others.
Status PgStatSsl(const Source& s) {
  Database::Impl& db = s.session.db();
  MutexLock lock(db.sessions_mu);
  for (const auto& [pid, session] : db.sessions) {
    s.Row({I4(pid), B(false), Null(), Null(), Null(), Null(), Null(), Null()});
  }
  return {};
}

Status PgStatGssapi(const Source& s) {
  Database::Impl& db = s.session.db();
  MutexLock lock(db.sessions_mu);
  for (const auto& [pid, session] : db.sessions) {
    s.Row({I4(pid), B(false), Null(), B(false)});
  }
  return {};
}

Status PgShadow(const Source& s) {
  s.Row({N("postgres"), O(kPostgresRole), B(true), B(true), B(true), B(true), Null(), Null(),
         Null()});
  return {};
}

Value TimestampTz(int64_t micros) { return Value::Fixed<int64_t>(TypeId::kTimestampTz, micros); }

Status PgPreparedStatements(const Source& s) {
  for (const auto& [name, prepared] : s.session.prepared()) {
    ArrayBuilder builder(TypeId::kRegType);
    for (const Type& type : prepared->types) builder.Add(static_cast<uint32_t>(type.id));
    std::string types;
    builder.Finish(&types);
    s.Row({T(name), T(prepared->sql), TimestampTz(prepared->made_micros),
           Value::String(TypeId::kRegTypeArray, std::move(types)), B(true), I8(0), I8(0)});
  }
  return {};
}

Status PgCursors(const Source& s) {
  for (const auto& cursor : s.session.Cursors()) {
    s.Row({T(cursor.name), T(cursor.statement), B(cursor.hold), B(false), B(cursor.scroll),
           TimestampTz(cursor.declared_micros)});
  }
  return {};
}

Status Nothing(const Source&) { return {}; }

}  // namespace

std::vector<SystemTable> ServerTables() {
  const Oid schema = kPgCatalogSchema;
  return {
      {1262, schema, "pg_database",
       "oid oid, datname name, datdba oid, encoding int4, datlocprovider char, "
       "datistemplate bool, datallowconn bool, datconnlimit int4, datfrozenxid xid, "
       "datminmxid xid, dattablespace oid, datcollate text, datctype text, daticulocale text, "
       "datcollversion text, datacl _aclitem",
       PgDatabase},
      {12011, schema, "pg_user",
       "usename name, usesysid oid, usecreatedb bool, usesuper bool, userepl bool, "
       "usebypassrls bool, passwd text, valuntil timestamptz, useconfig _text",
       PgUser},
      {1213, schema, "pg_tablespace",
       "oid oid, spcname name, spcowner oid, spcacl _aclitem, spcoptions _text", PgTablespace},
      {12012, schema, "pg_settings",
       "name text, setting text, unit text, category text, short_desc text, extra_desc text, "
       "context text, vartype text, source text, min_val text, max_val text, enumvals _text, "
       "boot_val text, reset_val text, sourcefile text, sourceline int4, pending_restart bool",
       PgSettings},
      {12013, schema, "pg_stat_activity",
       "datid oid, datname name, pid int4, leader_pid int4, usesysid oid, usename name, "
       "application_name text, client_addr text, client_hostname text, client_port int4, "
       "backend_start timestamptz, xact_start timestamptz, query_start timestamptz, "
       "state_change timestamptz, wait_event_type text, wait_event text, state text, "
       "backend_xid xid, backend_xmin xid, query_id int8, query text, backend_type text",
       PgStatActivity},
      {12018, schema, "pg_prepared_statements",
       "name text, statement text, prepare_time timestamptz, parameter_types _regtype, "
       "from_sql bool, generic_plans int8, custom_plans int8",
       PgPreparedStatements},
      {12019, schema, "pg_cursors",
       "name text, statement text, is_holdable bool, is_binary bool, is_scrollable bool, "
       "creation_time timestamptz",
       PgCursors},
      {12021, schema, "pg_shadow",
       "usename name, usesysid oid, usecreatedb bool, usesuper bool, userepl bool, "
       "usebypassrls bool, passwd text, valuntil timestamptz, useconfig _text",
       PgShadow},
      {12022, schema, "pg_group", "groname name, grosysid oid, grolist _oid", Nothing},
      {12023, schema, "pg_rules", "schemaname name, tablename name, rulename name, definition text",
       Nothing},
      {12024, schema, "pg_available_extensions",
       "name name, default_version text, installed_version text, comment text", Nothing},
      {12025, schema, "pg_stat_ssl",
       "pid int4, ssl bool, version text, cipher text, bits int4, client_dn text, "
       "client_serial numeric, issuer_dn text",
       PgStatSsl},
      {12026, schema, "pg_stat_gssapi",
       "pid int4, gss_authenticated bool, principal text, encrypted bool", PgStatGssapi},
      {12016, schema, "pg_prepared_xacts",
       "transaction xid, gid text, prepared timestamptz, owner name, database name", Nothing},
      {2396, schema, "pg_shdescription", "objoid oid, classoid oid, description text", Nothing},
      {2611, schema, "pg_inherits",
       "inhrelid oid, inhparent oid, inhseqno int4, inhdetachpending bool", Nothing},
      {2620, schema, "pg_trigger",
       "oid oid, tgrelid oid, tgparentid oid, tgname name, tgfoid oid, tgtype int2, "
       "tgenabled char, tgisinternal bool, tgconstrrelid oid, tgconstrindid oid, "
       "tgconstraint oid, tgdeferrable bool, tginitdeferred bool, tgnargs int2, "
       "tgattr int2vector, tgargs bytea, tgqual pg_node_tree, tgoldtable name, tgnewtable name",
       Nothing},
      {826, schema, "pg_default_acl",
       "oid oid, defaclrole oid, defaclnamespace oid, defaclobjtype char, defaclacl _aclitem",
       Nothing},
      {2964, schema, "pg_db_role_setting", "setdatabase oid, setrole oid, setconfig _text",
       Nothing},
      {3602, schema, "pg_ts_config",
       "oid oid, cfgname name, cfgnamespace oid, cfgowner oid, cfgparser oid", Nothing},
      {3256, schema, "pg_policy",
       "oid oid, polname name, polrelid oid, polcmd char, polpermissive bool, polroles _oid, "
       "polqual pg_node_tree, polwithcheck pg_node_tree",
       Nothing},
      {3381, schema, "pg_statistic_ext",
       "oid oid, stxrelid oid, stxname name, stxnamespace oid, stxowner oid, "
       "stxstattarget int4, stxkeys int2vector, stxkind _char, stxexprs pg_node_tree",
       Nothing},
      {6104, schema, "pg_publication",
       "oid oid, pubname name, pubowner oid, puballtables bool, pubinsert bool, pubupdate bool, "
       "pubdelete bool, pubtruncate bool, pubviaroot bool",
       Nothing},
      {6106, schema, "pg_publication_rel",
       "oid oid, prpubid oid, prrelid oid, prqual pg_node_tree, prattrs _int2", Nothing},
      {6237, schema, "pg_publication_namespace", "oid oid, pnpubid oid, pnnspid oid", Nothing},
      {6100, schema, "pg_subscription",
       "oid oid, subdbid oid, subskiplsn text, subname name, subowner oid, subenabled bool, "
       "subbinary bool, substream bool, subtwophasestate char, subdisableonerr bool, "
       "subconninfo text, subslotname name, subsynccommit text, subpublications _text",
       Nothing},
      {3118, schema, "pg_foreign_table", "ftrelid oid, ftserver oid, ftoptions _text", Nothing},
      {1417, schema, "pg_foreign_server",
       "oid oid, srvname name, srvowner oid, srvfdw oid, srvtype text, srvversion text, "
       "srvacl _aclitem, srvoptions _text",
       Nothing},
      {2328, schema, "pg_foreign_data_wrapper",
       "oid oid, fdwname name, fdwowner oid, fdwhandler oid, fdwvalidator oid, fdwacl _aclitem, "
       "fdwoptions _text",
       Nothing},
      {3079, schema, "pg_extension",
       "oid oid, extname name, extowner oid, extnamespace oid, extrelocatable bool, "
       "extversion text, extconfig _oid, extcondition _text",
       Nothing},
      {3350, schema, "pg_partitioned_table",
       "partrelid oid, partstrat char, partnatts int2, partdefid oid, partattrs int2vector, "
       "partclass oidvector, partcollation oidvector, partexprs pg_node_tree",
       Nothing},
      {12017, schema, "pg_matviews",
       "schemaname name, matviewname name, matviewowner name, tablespace name, hasindexes bool, "
       "ispopulated bool, definition text",
       Nothing},
      {3466, schema, "pg_event_trigger",
       "oid oid, evtname name, evtevent name, evtowner oid, evtfoid oid, evtenabled char, "
       "evttags _text",
       Nothing},
  };
}

}  // namespace oxibase::system_tables
