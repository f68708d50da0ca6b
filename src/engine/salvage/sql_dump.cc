#include "engine/salvage/sql_dump.h"

#include <fmt/core.h>

#include <memory>
#include <utility>

#include "engine/session.h"
#include "sql/parse/identifier.h"

namespace oxibase {
namespace {

constexpr std::string_view kHead =
    "SET client_encoding = 'UTF8';\n"
    "SET standard_conforming_strings = on;\n"
    "SET search_path = '';\n\n";

/// A relation's name, of c and n.
constexpr std::string_view kName = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)";
constexpr std::string_view kRelations =
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace";
/// User objects that stay.
constexpr std::string_view kMine = "c.oid >= 16384 AND c.relpersistence <> 't'";

std::string Join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

std::string SqlDump::Table::copy_from() const {
  return fmt::format("COPY {} ({}) FROM stdin;\n", name, Join(columns));
}

std::string SqlDump::Table::copy_to() const {
  return fmt::format("COPY {} ({}) TO STDOUT", name, Join(columns));
}

Result<std::vector<SqlDump::Row>> SqlDump::Query(const std::string& sql) {
  std::vector<Row> rows;
  RETURN_IF_ERROR(session_.Execute(sql, [&](Portal&, const Batch* batch) {
    if (batch == nullptr) return Status::Ok();
    for (uint32_t i = 0; i < batch->size; ++i) {
      Row& row = rows.emplace_back();
      for (const Vector& column : batch->columns) {
        const Value value = column.GetValue(i);
        row.push_back(value.is_null() ? std::nullopt : std::optional(std::string(value.bytes())));
      }
    }
    return Status::Ok();
  }));
  return rows;
}

std::vector<SqlDump::Row> SqlDump::Ask(const std::string& what, const std::string& sql) {
  auto rows = Query(sql);
  if (rows.ok()) return *std::move(rows);
  failures_.push_back(fmt::format("{}: {}", what, rows.status().message()));
  return {};
}

Status SqlDump::Write() {
  RETURN_IF_ERROR(session_.Execute("SET search_path = ''"));
  RETURN_IF_ERROR(Put(kHead));
  ASSIGN_OR_RETURN(const auto schemas,
                   Query("SELECT quote_ident(nspname) FROM pg_catalog.pg_namespace WHERE "
                         "oid >= 16384 AND nspname NOT LIKE 'pg\\_%' ORDER BY oid"));
  for (const Row& schema : schemas)
    RETURN_IF_ERROR(Put(fmt::format("CREATE SCHEMA {};\n\n", *schema[0])));
  RETURN_IF_ERROR(WriteSequences());
  ASSIGN_OR_RETURN(const auto tables,
                   Query(fmt::format("SELECT c.oid::text, {}{} WHERE c.relkind = 'r' AND {} "
                                     "ORDER BY c.oid",
                                     kName, kRelations, kMine)));
  for (const Row& row : tables) {
    Table table;
    table.oid = static_cast<Oid>(std::stoul(*row[0]));
    table.name = *row[1];
    RETURN_IF_ERROR(WriteTable(table));
    tables_.push_back(std::move(table));
  }
  RETURN_IF_ERROR(OwnSequences());
  for (Table& table : tables_) RETURN_IF_ERROR(WriteRows(table));
  RETURN_IF_ERROR(SetSequences());
  RETURN_IF_ERROR(WriteConstraints(/*foreign_keys=*/false));
  RETURN_IF_ERROR(WriteIndexes());
  RETURN_IF_ERROR(WriteViews());
  RETURN_IF_ERROR(WriteConstraints(/*foreign_keys=*/true));
  return WriteComments();
}

Status SqlDump::WriteSequences() {
  // Those of identity columns are made with them.
  for (const Row& row :
       Ask("sequences",
           fmt::format(
               "SELECT {}, format_type(s.seqtypid, NULL), s.seqstart::text, "
               "s.seqincrement::text, s.seqmin::text, s.seqmax::text, s.seqcache::text, "
               "CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END{} JOIN pg_catalog.pg_sequence s ON "
               "s.seqrelid = c.oid WHERE {} AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d "
               "WHERE d.objid = c.oid AND d.deptype = 'i') ORDER BY c.oid",
               kName, kRelations, kMine)))
    RETURN_IF_ERROR(
        Put(fmt::format("CREATE SEQUENCE {} AS {} START WITH {} INCREMENT BY {} MINVALUE {} "
                        "MAXVALUE {} CACHE {}{};\n\n",
                        *row[0], *row[1], *row[2], *row[3], *row[4], *row[5], *row[6], *row[7])));
  return Status::Ok();
}

Status SqlDump::WriteTable(Table& table) {
  std::string later;
  std::string text = fmt::format("CREATE TABLE {} (", table.name);
  std::string_view comma = "\n";
  const auto columns = Ask(
      table.name,
      fmt::format(
          "SELECT quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), "
          "CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, a.attidentity::text, "
          "a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid), "
          "(SELECT quote_ident(co.collname) FROM pg_catalog.pg_collation co, pg_catalog.pg_type t "
          "WHERE co.oid = a.attcollation AND t.oid = a.atttypid AND "
          "t.typcollation <> a.attcollation), "
          "(SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) || ' START WITH ' || "
          "s.seqstart || ' INCREMENT BY ' || s.seqincrement || ' MINVALUE ' || s.seqmin || "
          "' MAXVALUE ' || s.seqmax || ' CACHE ' || s.seqcache || CASE WHEN s.seqcycle THEN "
          "' CYCLE' ELSE '' END{} JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid "
          "JOIN pg_catalog.pg_depend dd ON dd.objid = c.oid AND dd.deptype = 'i' "
          "WHERE dd.refobjid = a.attrelid AND dd.refobjsubid = a.attnum) "
          "FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = "
          "a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = {} AND a.attnum > 0 AND NOT "
          "a.attisdropped ORDER BY a.attnum",
          kRelations, table.oid));
  for (const Row& column : columns) {
    const std::string& name = *column[0];
    text += fmt::format("{}    {} {}", comma, name, *column[1]);
    comma = ",\n";
    if (column[6]) text += " COLLATE pg_catalog." + *column[6];
    const bool is_generated = column[4] && *column[4] == "s";
    if (is_generated && column[5])
      text += fmt::format(" GENERATED ALWAYS AS ({}) STORED", *column[5]);
    text += *column[2];
    if (!is_generated) table.columns.push_back(name);
    const std::string alter = fmt::format("ALTER TABLE {} ALTER COLUMN {} ", table.name, name);
    const std::string identity = column[3].value_or("");
    if (!identity.empty() && column[7]) {
      later += fmt::format("{}ADD GENERATED {} AS IDENTITY (SEQUENCE NAME {});\n", alter,
                           identity == "a" ? "ALWAYS" : "BY DEFAULT", *column[7]);
    } else if (!is_generated && column[5]) {
      later += fmt::format("{}SET DEFAULT {};\n", alter, *column[5]);
    }
  }
  RETURN_IF_ERROR(Put(text + "\n);\n"));
  return Put(later + "\n");
}

Status SqlDump::OwnSequences() {
  for (const Row& row :
       Ask("sequences",
           fmt::format(
               "SELECT {}, (SELECT quote_ident(tn.nspname) || '.' || quote_ident(t.relname)"
               " FROM pg_catalog.pg_class t JOIN pg_catalog.pg_namespace tn ON tn.oid = "
               "t.relnamespace WHERE t.oid = d.refobjid) || '.' || quote_ident(a.attname){} "
               "JOIN pg_catalog.pg_depend d ON d.objid = c.oid AND d.deptype = 'a' "
               "JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = "
               "d.refobjsubid WHERE c.relkind = 'S' AND {} ORDER BY c.oid",
               kName, kRelations, kMine)))
    if (row[1])
      RETURN_IF_ERROR(Put(fmt::format("ALTER SEQUENCE {} OWNED BY {};\n", *row[0], *row[1])));
  return Put("\n");
}

Status SqlDump::WriteRows(Table& table) {
  if (table.columns.empty()) return Status::Ok();
  RETURN_IF_ERROR(Put(table.copy_from()));
  Status status;
  {
    auto lines = CopyLines::Open(session_, table.copy_to());
    status = lines.status();
    while (status.ok()) {
      const auto line = lines->Next();
      status = line.status();
      if (!status.ok() || line->empty()) break;
      RETURN_IF_ERROR(Put(*line));
      ++table.rows;
    }
  }
  if (!status.ok())
    failures_.push_back(
        fmt::format("{}, after {} rows: {}", table.name, table.rows, status.message()));
  return Put("\\.\n\n");
}

Status SqlDump::SetSequences() {
  for (const Row& row : Ask("sequences", fmt::format("SELECT {}{} WHERE c.relkind = 'S' AND {} "
                                                     "ORDER BY c.oid",
                                                     kName, kRelations, kMine)))
    for (const Row& state :
         Ask(*row[0], fmt::format("SELECT last_value::text, is_called::text FROM {}", *row[0])))
      RETURN_IF_ERROR(Put(fmt::format("SELECT pg_catalog.setval({}, {}, {});\n",
                                      QuoteLiteral(*row[0]), *state[0], *state[1])));
  return Put("\n");
}

Status SqlDump::WriteConstraints(bool foreign_keys) {
  for (const Row& row :
       Ask("constraints",
           fmt::format("SELECT {}, quote_ident(k.conname), pg_get_constraintdef(k.oid){} JOIN "
                       "pg_catalog.pg_constraint k ON k.conrelid = c.oid WHERE {} AND k.contype {} "
                       "ORDER BY CASE k.contype WHEN 'p' THEN 1 WHEN 'u' THEN 2 ELSE 3 END, k.oid",
                       kName, kRelations, kMine, foreign_keys ? "= 'f'" : "IN ('p', 'u', 'c')"))) {
    if (!row[2]) continue;
    const bool is_late = foreign_keys && rows_lost_ && !row[2]->ends_with(" NOT VALID");
    RETURN_IF_ERROR(Put(fmt::format("ALTER TABLE {} ADD CONSTRAINT {} {}{};\n", *row[0], *row[1],
                                    *row[2], is_late ? " NOT VALID" : "")));
  }
  return Put("\n");
}

Status SqlDump::WriteIndexes() {
  for (const Row& row :
       Ask("indexes",
           fmt::format("SELECT pg_get_indexdef(c.oid){} WHERE c.relkind = 'i' AND {} AND "
                       "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE "
                       "k.conindid = c.oid AND k.contype IN ('p', 'u')) ORDER BY c.oid",
                       kRelations, kMine)))
    if (row[0]) RETURN_IF_ERROR(Put(*row[0] + ";\n"));
  return Put("\n");
}

Status SqlDump::WriteViews() {
  // A view that refers to another was made after it, unless it was replaced later.
  for (const Row& row : Ask("views", fmt::format("SELECT {}, pg_get_viewdef(c.oid){} WHERE "
                                                 "c.relkind = 'v' AND {} ORDER BY c.oid",
                                                 kName, kRelations, kMine)))
    if (row[1]) RETURN_IF_ERROR(Put(fmt::format("CREATE VIEW {} AS\n{}\n\n", *row[0], *row[1])));
  return Status::Ok();
}

Status SqlDump::WriteComments() {
  for (const Row& row :
       Ask("comments",
           fmt::format("SELECT CASE WHEN d.objsubid > 0 THEN 'COLUMN' WHEN c.relkind = 'v' THEN "
                       "'VIEW' WHEN c.relkind = 'S' THEN 'SEQUENCE' WHEN c.relkind = 'i' THEN "
                       "'INDEX' ELSE 'TABLE' END || ' ' || {} || coalesce('.' || (SELECT "
                       "quote_ident(a.attname) FROM pg_catalog.pg_attribute a WHERE a.attrelid = "
                       "c.oid AND a.attnum = d.objsubid AND d.objsubid > 0), ''), d.description{} "
                       "JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.classoid = "
                       "'pg_catalog.pg_class'::regclass WHERE {} ORDER BY c.oid, d.objsubid",
                       kName, kRelations, kMine)))
    RETURN_IF_ERROR(
        Put(fmt::format("COMMENT ON {} IS {};\n", *row[0], QuoteLiteral(row[1].value_or("")))));
  return Status::Ok();
}

// --- CopyLines ------------------------------------------------------------------------------

CopyLines::CopyLines(Session& session, std::unique_ptr<Portal> portal)
    : session_(session), portal_(std::move(portal)) {}
CopyLines::CopyLines(CopyLines&&) noexcept = default;

CopyLines::~CopyLines() {
  if (portal_ == nullptr) return;
  portal_.reset();
  session_.EndImplicit().Ignore("it read only");
}

Result<CopyLines> CopyLines::Open(Session& session, const std::string& copy_to) {
  auto statement = session.Prepare(copy_to, {});
  auto portal = statement.ok() ? session.Bind(*statement, {})
                               : Result<std::unique_ptr<Portal>>(statement.status());
  if (portal.ok()) return CopyLines(session, *std::move(portal));
  session.EndImplicit().Ignore("it read only");
  return portal.status();
}

Result<std::string_view> CopyLines::Next() {
  if (rest_.empty()) {
    // A batch of rows may be empty text only at the end.
    ASSIGN_OR_RETURN(rest_, portal_->NextCopyData());
  }
  const std::string_view line = rest_.substr(0, rest_.find('\n') + 1);
  rest_.remove_prefix(line.size());
  return line;
}

}  // namespace oxibase
