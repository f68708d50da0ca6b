// Roles, and what they may do from the beginning. The one user is a superuser, so privileges are
// shown but never checked.

#include <array>

#include "engine/session_impl.h"
#include "engine/system/system_table.h"

namespace oxibase::system_tables {
namespace {

struct Role {
  Oid oid;
  std::string_view name;
};

/// PostgreSQL's predefined roles: groups that nobody can log in as.
constexpr std::array<Role, 12> kPredefinedRoles = {{
    {kDatabaseOwnerRole, "pg_database_owner"},
    {6181, "pg_read_all_data"},
    {6182, "pg_write_all_data"},
    {3373, "pg_monitor"},
    {3374, "pg_read_all_settings"},
    {3375, "pg_read_all_stats"},
    {3377, "pg_stat_scan_tables"},
    {4569, "pg_read_server_files"},
    {4570, "pg_write_server_files"},
    {4571, "pg_execute_server_program"},
    {4200, "pg_signal_backend"},
    {4544, "pg_checkpoint"},
}};

Status PgRoles(const Source& s) {
  const auto row = [&](const Role& role, bool super) {
    s.Row({N(role.name), B(super), B(true), B(super), B(super), B(super), B(super), I4(-1),
           T("********"), Null(), B(super), Null(), O(role.oid)});
  };
  row({kPostgresRole, "postgres"}, true);
  for (const Role& role : kPredefinedRoles) row(role, false);
  return {};
}

Status PgAuthid(const Source& s) {
  const auto row = [&](const Role& role, bool super) {
    s.Row({O(role.oid), N(role.name), B(super), B(true), B(super), B(super), B(super), B(super),
           B(super), I4(-1), Null(), Null()});
  };
  row({kPostgresRole, "postgres"}, true);
  for (const Role& role : kPredefinedRoles) row(role, false);
  return {};
}

Status PgAuthMembers(const Source& s) {
  for (const Oid role : {Oid{3374}, Oid{3375}, Oid{3377}}) {
    s.Row({O(role), O(3373), O(kPostgresRole), B(false)});
  }
  return {};
}

/// What pg_dump takes as given: only what differs from it is worth a GRANT.
Status PgInitPrivs(const Source& s) {
  s.Row({O(kPublicSchema), O(kClassOfNamespace), I4(0), C('i'),
         AclArray({"pg_database_owner=UC/pg_database_owner", "=U/pg_database_owner"})});
  return {};
}

Result<Value> GetUserById(SessionImpl&, std::span<const Value> args) {
  const Oid oid = args[0].As<uint32_t>();
  const std::string_view name = RoleName(oid);
  return N(name.empty() ? fmt::format("unknown (OID={})", oid) : name);
}

/// The privileges that an object's owner has, and everybody, when no GRANT said anything.
struct DefaultPrivileges {
  char kind;
  std::string_view owner;
  std::string_view everybody;
};
constexpr std::array<DefaultPrivileges, 13> kDefaultPrivileges = {{
    {'c', "", ""},
    {'r', "arwdDxt", ""},
    {'s', "rwU", ""},
    {'d', "CTc", "Tc"},
    {'f', "X", "X"},
    {'l', "U", "U"},
    {'L', "rw", ""},
    {'n', "UC", ""},
    {'p', "sA", ""},
    {'t', "C", ""},
    {'F', "U", ""},
    {'S', "U", ""},
    {'T', "U", "U"},
}};

Result<Value> AclDefault(SessionImpl&, std::span<const Value> args) {
  const char kind = args[0].As<char>();
  const Oid oid = args[1].As<uint32_t>();
  std::string owner(RoleName(oid));
  if (owner.empty()) owner = std::to_string(oid);
  for (const DefaultPrivileges& defaults : kDefaultPrivileges) {
    if (defaults.kind != kind) continue;
    const std::string everybody = fmt::format("={}/{}", defaults.everybody, owner);
    const std::string own = fmt::format("{}={}/{}", owner, defaults.owner, owner);
    if (!defaults.everybody.empty()) return AclArray({everybody, own});
    return defaults.owner.empty() ? AclArray({}) : AclArray({own});
  }
  return Error(ErrorCode::kInternalError, "unrecognized objtype abbreviation: {}", kind);
}

}  // namespace

std::vector<SystemTable> PrivilegeTables() {
  const Oid schema = kPgCatalogSchema;
  return {
      {12010, schema, "pg_roles",
       "rolname name, rolsuper bool, rolinherit bool, rolcreaterole bool, rolcreatedb bool, "
       "rolcanlogin bool, rolreplication bool, rolconnlimit int4, rolpassword text, "
       "rolvaliduntil timestamptz, rolbypassrls bool, rolconfig _text, oid oid",
       PgRoles},
      {1260, schema, "pg_authid",
       "oid oid, rolname name, rolsuper bool, rolinherit bool, rolcreaterole bool, "
       "rolcreatedb bool, rolcanlogin bool, rolreplication bool, rolbypassrls bool, "
       "rolconnlimit int4, rolpassword text, rolvaliduntil timestamptz",
       PgAuthid},
      {1261, schema, "pg_auth_members", "roleid oid, member oid, grantor oid, admin_option bool",
       PgAuthMembers},
      {3394, schema, "pg_init_privs",
       "objoid oid, classoid oid, objsubid int4, privtype char, initprivs _aclitem", PgInitPrivs},
  };
}

}  // namespace oxibase::system_tables

namespace oxibase {

std::string_view RoleName(Oid oid) {
  if (oid == kPostgresRole) return "postgres";
  for (const auto& role : system_tables::kPredefinedRoles) {
    if (role.oid == oid) return role.name;
  }
  return {};
}

Oid FindRole(std::string_view name) {
  if (name == "postgres") return kPostgresRole;
  for (const auto& role : system_tables::kPredefinedRoles) {
    if (role.name == name) return role.oid;
  }
  return 0;
}

const CatalogFunctions& PrivilegeFunctions() {
  static const CatalogFunctions kFunctions = {
      {"pg_get_userbyid", system_tables::GetUserById},
      {"acldefault", system_tables::AclDefault},
  };
  return kFunctions;
}

}  // namespace oxibase
