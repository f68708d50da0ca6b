#include "engine/ddl/validate_rows.h"

#include "engine/ddl/ddl_names.h"
#include "expr/type_io.h"
#include "sql/parse/identifier.h"

namespace oxibase::ddl {
namespace {

std::string TableSql(DdlHost& host, const TableDef& table) {
  return QualifiedSqlName(*host.catalog(), table.schema, table.name);
}

}  // namespace

Status ValidateNotNull(DdlHost& host, const TableDef& table, const ColumnDef& column) {
  ASSIGN_OR_RETURN(const auto row,
                   host.FirstRow(fmt::format("SELECT 1 FROM ONLY {} WHERE {} IS NULL LIMIT 1",
                                             TableSql(host, table), QuoteIdentifier(column.name))));
  if (!row) return {};
  return Error(ErrorCode::kNotNullViolation,
               "column \"{}\" of relation \"{}\" contains null values", column.name, table.name)
      .Table(SchemaName(*host.catalog(), table.schema), table.name)
      .Column(column.name);
}

Status ValidateCheck(DdlHost& host, const TableDef& table, const ConstraintDef& check) {
  ASSIGN_OR_RETURN(const auto row,
                   host.FirstRow(fmt::format("SELECT 1 FROM ONLY {} WHERE NOT ({}) LIMIT 1",
                                             TableSql(host, table), check.check_sql)));
  if (!row) return {};
  return Error(ErrorCode::kCheckViolation,
               "check constraint \"{}\" of relation \"{}\" is violated by some row", check.name,
               table.name)
      .Table(SchemaName(*host.catalog(), table.schema), table.name)
      .Constraint(check.name);
}

Status ValidateForeignKey(DdlHost& host, const TableDef& table, const ConstraintDef& key) {
  const auto catalog = host.catalog();
  const auto referenced = catalog->TableByOid(key.referenced_table);
  std::string columns, join, missing, all_set, some_set;
  for (size_t i = 0; i < key.columns.size(); ++i) {
    const std::string own = "fk." + QuoteIdentifier(table.FindColumn(key.columns[i])->name);
    const std::string other =
        "pk." + QuoteIdentifier(referenced->FindColumn(key.referenced_columns[i])->name);
    columns += (i == 0 ? "" : ", ") + own;
    join += fmt::format("{}{} = {}", i == 0 ? "" : " AND ", other, own);
    if (i == 0) missing = other + " IS NULL";
    all_set += (i == 0 ? "" : " AND ") + own + " IS NOT NULL";
    some_set += (i == 0 ? "" : " OR ") + own + " IS NOT NULL";
  }
  ASSIGN_OR_RETURN(
      const auto row,
      host.FirstRow(fmt::format(
          "SELECT {} FROM ONLY {} fk LEFT OUTER JOIN ONLY {} pk ON ({}) WHERE {} AND ({}) LIMIT 1",
          columns, TableSql(host, table), TableSql(host, *referenced), join, missing,
          key.match_full ? some_set : all_set)));
  if (!row) return {};
  std::string names, values;
  bool has_null = false;
  const TypeIo io(host.eval());
  for (size_t i = 0; i < key.columns.size(); ++i) {
    names += (i == 0 ? "" : ", ") + table.FindColumn(key.columns[i])->name;
    if (i > 0) values += ", ";
    if ((*row)[i].is_null()) {
      has_null = true;
      values += "null";
    } else {
      TextOut((*row)[i], io, &values);
    }
  }
  Status status = Error(ErrorCode::kForeignKeyViolation,
                        "insert or update on table \"{}\" violates foreign key constraint \"{}\"",
                        table.name, key.name)
                      .Table(SchemaName(*catalog, table.schema), table.name)
                      .Constraint(key.name);
  if (has_null) {
    return std::move(status).Detail(
        "MATCH FULL does not allow mixing of null and nonnull key values.");
  }
  return std::move(status).Detail(fmt::format("Key ({})=({}) is not present in table \"{}\".",
                                              names, values, referenced->name));
}

}  // namespace oxibase::ddl
