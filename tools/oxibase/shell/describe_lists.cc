// The lists of the \d family: \dt, \df, \l ... The queries are those that psql 15 asks.

#include "describe.h"
#include "fmt/format.h"
#include "name_pattern.h"
#include "result_query.h"

namespace oxibase {
namespace {

constexpr std::string_view kUserSchemas =
    "n.nspname <> 'pg_catalog'\n      AND n.nspname <> 'information_schema'";

bool Has(std::string_view letters, char letter) {
  return letters.find(letter) != std::string_view::npos;
}

}  // namespace

Result<bool> Describer::Run(std::string_view command, const std::string& pattern) {
  std::string name(command);
  const bool verbose = std::erase(name, '+') > 0;
  const bool system = std::erase(name, 'S') > 0;
  const std::string* given = pattern.empty() ? nullptr : &pattern;
  if (name == "\\d" && given) {
    RETURN_IF_ERROR(DescribeRelations(pattern, verbose));
  } else if (name == "\\d") {
    RETURN_IF_ERROR(ListRelations("tvmsE", given, verbose, system));
  } else if (name.size() >= 3 && name.starts_with("\\d") &&
             name.find_first_not_of("tvmisE", 2) == std::string::npos) {
    RETURN_IF_ERROR(ListRelations(name.substr(2), given, verbose, system));
  } else if (name == "\\dn") {
    RETURN_IF_ERROR(ListSchemas(given, verbose));
  } else if (name == "\\da") {
    RETURN_IF_ERROR(ListFunctions("a", given, verbose, system));
  } else if (name.starts_with("\\df") && name.find_first_not_of("anptw", 3) == std::string::npos) {
    RETURN_IF_ERROR(ListFunctions(name.substr(3), given, verbose, system));
  } else if (name == "\\l" || name == "\\list") {
    RETURN_IF_ERROR(ListDatabases(given, verbose));
  } else if (name == "\\du" || name == "\\dg") {
    RETURN_IF_ERROR(ListRoles(given, verbose));
  } else if (name == "\\dT") {
    RETURN_IF_ERROR(ListTypes(given, verbose, system));
  } else if (name == "\\do") {
    RETURN_IF_ERROR(ListOperators(given, system));
  } else if (name == "\\dC") {
    RETURN_IF_ERROR(ListCasts(given));
  } else {
    return false;
  }
  return true;
}

Status Describer::Show(const std::string& sql, const std::string& title) {
  ASSIGN_OR_RETURN(ResultTable table, FetchTable(session_, sql));
  table.title = title;
  show_(table);
  return {};
}

Status Describer::ListRelations(std::string_view kinds, const std::string* pattern, bool verbose,
                                bool system) {
  const bool tables = Has(kinds, 't'), indexes = Has(kinds, 'i');
  std::string sql =
      "SELECT n.nspname as \"Schema\",\n  c.relname as \"Name\",\n"
      "  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized "
      "view'"
      " WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' WHEN 'f' THEN"
      " 'foreign table' WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' END as"
      " \"Type\",\n  pg_catalog.pg_get_userbyid(c.relowner) as \"Owner\"";
  if (indexes) sql += ",\n  c2.relname as \"Table\"";
  if (verbose) {
    sql +=
        ",\n  CASE c.relpersistence WHEN 'p' THEN 'permanent' WHEN 't' THEN 'temporary' WHEN 'u'"
        " THEN 'unlogged' END as \"Persistence\"";
    if (tables || indexes || Has(kinds, 'm')) sql += ",\n  am.amname as \"Access method\"";
    sql +=
        ",\n  pg_catalog.pg_size_pretty(pg_catalog.pg_table_size(c.oid)) as \"Size\""
        ",\n  pg_catalog.obj_description(c.oid, 'pg_class') as \"Description\"";
  }
  sql +=
      "\nFROM pg_catalog.pg_class c\n"
      "     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace\n"
      "     LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam";
  if (indexes) {
    sql +=
        "\n     LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid"
        "\n     LEFT JOIN pg_catalog.pg_class c2 ON i.indrelid = c2.oid";
  }
  sql += "\nWHERE c.relkind IN (";
  if (tables) sql += "'r','p',";
  if (tables && (system || pattern)) sql += "'t',";
  if (Has(kinds, 'v')) sql += "'v',";
  if (Has(kinds, 'm')) sql += "'m',";
  if (indexes) sql += "'i','I',";
  if (Has(kinds, 's')) sql += "'S',";
  if (Has(kinds, 'E')) sql += "'f',";
  sql += "'')";
  if (!system && !pattern) {
    sql +=
        "\n      AND n.nspname <> 'pg_catalog'\n      AND n.nspname !~ '^pg_toast'"
        "\n      AND n.nspname <> 'information_schema'";
  }
  sql += PatternCondition(
      pattern, {"n.nspname", "c.relname", "pg_catalog.pg_table_is_visible(c.oid)"}, true);
  sql += "\nORDER BY 1,2;";
  ASSIGN_OR_RETURN(ResultTable table, FetchTable(session_, sql));
  if (table.rows.empty() && complain_) {
    complain_(pattern ? "Did not find any relation named \"" + *pattern + "\"."
                      : std::string("Did not find any relations."));
    return {};
  }
  table.title = "List of relations";
  show_(table);
  return {};
}

Status Describer::ListSchemas(const std::string* pattern, bool verbose) {
  std::string sql =
      "SELECT n.nspname AS \"Name\",\n  pg_catalog.pg_get_userbyid(n.nspowner) AS \"Owner\"";
  if (verbose) {
    sql +=
        ",\n  pg_catalog.array_to_string(n.nspacl, E'\\n') AS \"Access privileges\""
        ",\n  pg_catalog.obj_description(n.oid, 'pg_namespace') AS \"Description\"";
  }
  sql += "\nFROM pg_catalog.pg_namespace n";
  if (!pattern) sql += "\nWHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
  sql += PatternCondition(pattern, {"", "n.nspname", ""}, !pattern);
  return Show(sql + "\nORDER BY 1;", "List of schemas");
}

Status Describer::ListFunctions(std::string_view kinds, const std::string* pattern, bool verbose,
                                bool system) {
  std::string sql =
      "SELECT n.nspname as \"Schema\",\n  p.proname as \"Name\",\n"
      "  pg_catalog.pg_get_function_result(p.oid) as \"Result data type\",\n"
      "  pg_catalog.pg_get_function_arguments(p.oid) as \"Argument data types\",\n"
      " CASE p.prokind\n  WHEN 'a' THEN 'agg'\n  WHEN 'w' THEN 'window'\n  WHEN 'p' THEN 'proc'\n"
      "  ELSE 'func'\n END as \"Type\"";
  if (verbose) {
    sql +=
        ",\n CASE\n  WHEN p.provolatile = 'i' THEN 'immutable'\n  WHEN p.provolatile = 's' THEN"
        " 'stable'\n  WHEN p.provolatile = 'v' THEN 'volatile'\n END as \"Volatility\""
        ",\n pg_catalog.obj_description(p.oid, 'pg_proc') as \"Description\"";
  }
  sql +=
      "\nFROM pg_catalog.pg_proc p\n"
      "     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace";
  bool have_where = false;
  if (!kinds.empty()) {
    std::string list;
    for (const char kind : kinds) {
      if (kind == 't') continue;  // of triggers: there are none
      list += list.empty() ? "'" : ", '";
      list += kind == 'n' ? 'f' : kind;
      list += '\'';
    }
    sql += "\nWHERE p.prokind IN (" + (list.empty() ? "''" : list) + ")";
    have_where = true;
  }
  sql += PatternCondition(
      pattern, {"n.nspname", "p.proname", "pg_catalog.pg_function_is_visible(p.oid)"}, have_where);
  if (!system && !pattern) sql += fmt::format("\n      AND {}", kUserSchemas);
  return Show(sql + "\nORDER BY 1, 2, 4;", "List of functions");
}

Status Describer::ListDatabases(const std::string* pattern, bool verbose) {
  std::string sql =
      "SELECT d.datname as \"Name\",\n       pg_catalog.pg_get_userbyid(d.datdba) as \"Owner\",\n"
      "       pg_catalog.pg_encoding_to_char(d.encoding) as \"Encoding\",\n"
      "       d.datcollate as \"Collate\",\n       d.datctype as \"Ctype\",\n"
      "       d.daticulocale as \"ICU Locale\",\n       CASE d.datlocprovider WHEN 'c' THEN 'libc'"
      " WHEN 'i' THEN 'icu' END AS \"Locale Provider\",\n"
      "       pg_catalog.array_to_string(d.datacl, E'\\n') AS \"Access privileges\"";
  if (verbose) {
    sql +=
        ",\n       pg_catalog.pg_size_pretty(pg_catalog.pg_database_size(d.datname)) as \"Size\""
        ",\n       pg_catalog.shobj_description(d.oid, 'pg_database') as \"Description\"";
  }
  sql += "\nFROM pg_catalog.pg_database d";
  sql += PatternCondition(pattern, {"", "d.datname", ""}, false);
  return Show(sql + "\nORDER BY 1;", "List of databases");
}

Status Describer::ListRoles(const std::string* pattern, bool verbose) {
  std::string sql =
      "SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin,"
      " r.rolreplication, r.rolbypassrls, ARRAY(SELECT b.rolname FROM pg_catalog.pg_auth_members m"
      " JOIN pg_catalog.pg_roles b ON (m.roleid = b.oid) WHERE m.member = r.oid) AS memberof,"
      " pg_catalog.shobj_description(r.oid, 'pg_authid') FROM pg_catalog.pg_roles r";
  if (!pattern) sql += "\nWHERE r.rolname !~ '^pg_'";
  sql += PatternCondition(pattern, {"", "r.rolname", ""}, !pattern);
  ASSIGN_OR_RETURN(const ResultTable roles, FetchTable(session_, sql + "\nORDER BY 1;"));
  ResultTable table;
  table.title = "List of roles";
  table.names = {"Role name", "Attributes", "Member of"};
  if (verbose) table.names.emplace_back("Description");
  table.right_aligned.assign(table.names.size(), false);
  table.is_number = table.is_json = table.is_bool = table.right_aligned;
  table.default_footer = false;
  for (const auto& role : roles.rows) {
    std::string attributes;
    const auto add = [&](bool is_so, std::string_view text) {
      if (!is_so) return;
      if (!attributes.empty()) attributes += ", ";
      attributes += text;
    };
    add(role[1] == "t", "Superuser");
    add(role[2] != "t", "No inheritance");
    add(role[3] == "t", "Create role");
    add(role[4] == "t", "Create DB");
    add(role[5] != "t", "Cannot login");
    add(role[6] == "t", "Replication");
    add(role[7] == "t", "Bypass RLS");
    auto& row = table.rows.emplace_back();
    row = {role[0], attributes, role[8]};
    if (verbose) row.push_back(role[9]);
  }
  show_(table);
  return {};
}

Status Describer::ListTypes(const std::string* pattern, bool verbose, bool system) {
  std::string sql =
      "SELECT n.nspname as \"Schema\",\n  pg_catalog.format_type(t.oid, NULL) AS \"Name\",\n";
  if (verbose) {
    sql +=
        "  t.typname AS \"Internal name\",\n  CASE WHEN t.typrelid != 0\n      THEN CAST('tuple' AS"
        " pg_catalog.text)\n    WHEN t.typlen < 0\n      THEN CAST('var' AS pg_catalog.text)\n"
        "    ELSE CAST(t.typlen AS pg_catalog.text)\n  END AS \"Size\",\n"
        "  pg_catalog.pg_get_userbyid(t.typowner) AS \"Owner\",\n";
  }
  sql +=
      "  pg_catalog.obj_description(t.oid, 'pg_type') as \"Description\"\n"
      "FROM pg_catalog.pg_type t\n"
      "     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace\n"
      "WHERE t.typrelid = 0\n  AND NOT EXISTS(SELECT 1 FROM pg_catalog.pg_type el WHERE el.oid ="
      " t.typelem AND el.typarray = t.oid)";
  if (!system && !pattern) sql += fmt::format("\n      AND {}", kUserSchemas);
  sql += PatternCondition(pattern,
                          {"n.nspname", "t.typname", "pg_catalog.pg_type_is_visible(t.oid)"}, true);
  return Show(sql + "\nORDER BY 1, 2;", "List of data types");
}

Status Describer::ListOperators(const std::string* pattern, bool system) {
  std::string sql =
      "SELECT n.nspname as \"Schema\",\n  o.oprname AS \"Name\",\n"
      "  CASE WHEN o.oprkind='l' THEN NULL ELSE pg_catalog.format_type(o.oprleft, NULL) END AS"
      " \"Left arg type\",\n  pg_catalog.format_type(o.oprright, NULL) AS \"Right arg type\",\n"
      "  pg_catalog.format_type(o.oprresult, NULL) AS \"Result type\",\n"
      "  pg_catalog.obj_description(o.oid, 'pg_operator') AS \"Description\"\n"
      "FROM pg_catalog.pg_operator o\n"
      "     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace";
  const bool only_users = !system && !pattern;
  if (only_users) sql += fmt::format("\nWHERE {}", kUserSchemas);
  sql += PatternCondition(
      pattern, {"n.nspname", "o.oprname", "pg_catalog.pg_operator_is_visible(o.oid)"}, only_users);
  return Show(sql + "\nORDER BY 1, 2, 3, 4;", "List of operators");
}

Status Describer::ListCasts(const std::string* pattern) {
  std::string sql =
      "SELECT pg_catalog.format_type(castsource, NULL) AS \"Source type\",\n"
      "       pg_catalog.format_type(casttarget, NULL) AS \"Target type\",\n"
      "       CASE WHEN c.castmethod = 'b' THEN '(binary coercible)'\n"
      "            WHEN c.castmethod = 'i' THEN '(with inout)'\n"
      "            ELSE p.proname\n       END AS \"Function\",\n"
      "       CASE WHEN c.castcontext = 'e' THEN 'no'\n"
      "            WHEN c.castcontext = 'a' THEN 'in assignment'\n"
      "            ELSE 'yes'\n       END AS \"Implicit?\"\n"
      "FROM pg_catalog.pg_cast c LEFT JOIN pg_catalog.pg_proc p\n     ON c.castfunc = p.oid\n"
      "     LEFT JOIN pg_catalog.pg_type ts\n     ON c.castsource = ts.oid\n"
      "     LEFT JOIN pg_catalog.pg_type tt\n     ON c.casttarget = tt.oid";
  if (pattern) {
    const auto named = [&](std::string_view type) {
      const std::string name = fmt::format("pg_catalog.format_type({}.oid, NULL)", type);
      return "(true" + PatternCondition(pattern, {"", name, ""}, true) + ")";
    };
    sql += "\nWHERE (" + named("ts") + " OR " + named("tt") + ")";
  }
  return Show(sql + "\nORDER BY 1, 2;", "List of casts");
}

}  // namespace oxibase
