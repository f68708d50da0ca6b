// Catalogs of things that do not exist here, which tools read all the same and find empty.

#include "engine/system/system_table.h"

namespace oxibase::system_tables {
namespace {

Status Nothing(const Source&) { return {}; }

}  // namespace

std::vector<SystemTable> AbsentTables() {
  const Oid schema = kPgCatalogSchema;
  return {
      {2602, schema, "pg_amop",
       "oid oid, amopfamily oid, amoplefttype oid, amoprighttype oid, amopstrategy int2, "
       "amoppurpose char, amopopr oid, amopmethod oid, amopsortfamily oid",
       Nothing},
      {2603, schema, "pg_amproc",
       "oid oid, amprocfamily oid, amproclefttype oid, amprocrighttype oid, amprocnum int2, "
       "amproc regproc",
       Nothing},
      {2613, schema, "pg_largeobject", "loid oid, pageno int4, data bytea", Nothing},
      {2995, schema, "pg_largeobject_metadata", "oid oid, lomowner oid, lomacl _aclitem", Nothing},
      {6243, schema, "pg_parameter_acl", "oid oid, parname text, paracl _aclitem", Nothing},
      {3596, schema, "pg_seclabel",
       "objoid oid, classoid oid, objsubid int4, provider text, label text", Nothing},
      {12099, schema, "pg_seclabels",
       "objoid oid, classoid oid, objsubid int4, objtype text, objnamespace oid, objname text, "
       "provider text, label text",
       Nothing},
      {1214, schema, "pg_shdepend",
       "dbid oid, classid oid, objid oid, objsubid int4, refclassid oid, refobjid oid, "
       "deptype char",
       Nothing},
      {3592, schema, "pg_shseclabel", "objoid oid, classoid oid, provider text, label text",
       Nothing},
      {3576, schema, "pg_transform",
       "oid oid, trftype oid, trflang oid, trffromsql regproc, trftosql regproc", Nothing},
      {3603, schema, "pg_ts_config_map",
       "mapcfg oid, maptokentype int4, mapseqno int4, mapdict oid", Nothing},
      {3600, schema, "pg_ts_dict",
       "oid oid, dictname name, dictnamespace oid, dictowner oid, dicttemplate oid, "
       "dictinitoption text",
       Nothing},
      {3601, schema, "pg_ts_parser",
       "oid oid, prsname name, prsnamespace oid, prsstart regproc, prstoken regproc, "
       "prsend regproc, prsheadline regproc, prslextype regproc",
       Nothing},
      {3764, schema, "pg_ts_template",
       "oid oid, tmplname name, tmplnamespace oid, tmplinit regproc, tmpllexize regproc", Nothing},
      {1418, schema, "pg_user_mapping", "oid oid, umuser oid, umserver oid, umoptions _text",
       Nothing},
      {12327, schema, "pg_user_mappings",
       "umid oid, srvid oid, srvname name, umuser oid, usename name, umoptions _text", Nothing},
  };
}

}  // namespace oxibase::system_tables
