#include "engine/ddl/definition_text.h"

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/deparse_expression.h"
#include "engine/ddl/storage_properties.h"
#include "engine/ddl/table_expression.h"
#include "engine/ddl/view_text.h"
#include "sql/parse/identifier.h"

namespace oxibase::ddl {
namespace {

bool IsVisible(DdlHost& host, const CatalogVersion& catalog, Oid schema, std::string_view name) {
  for (const Oid candidate : host.SearchPath()) {
    if (candidate == schema) return true;
    if (catalog.HasRelation(candidate, name)) return false;
  }
  return false;
}

std::string RelationText(DdlHost& host, Oid schema, const std::string& name, bool always_qualify) {
  const auto catalog = host.catalog();
  if (!always_qualify && IsVisible(host, *catalog, schema, name)) return QuoteIdentifier(name);
  return QualifiedSqlName(*catalog, schema, name);
}

std::string ColumnList(const TableDef& table, const std::vector<ColumnId>& columns) {
  std::string out;
  for (const ColumnId id : columns) {
    if (!out.empty()) out += ", ";
    out += QuoteIdentifier(table.FindColumn(id)->name);
  }
  return out;
}

std::string_view ActionText(ForeignKeyAction action) {
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
      return "";
  }
}

bool LooksLikeCall(const Expr& expr) {
  if (expr.kind == ExprKind::kCoalesce || expr.kind == ExprKind::kMinMax) return true;
  return expr.kind == ExprKind::kCall &&
         static_cast<const CallExpr&>(expr).syntax == CallExpr::Syntax::kFunction;
}

/// A key column's text: a name, a bare function call, or an expression in parentheses.
std::string KeyText(DdlHost& host, const TableDef& table, const IndexColumn& column, bool pretty) {
  if (column.expression_sql.empty()) {
    return QuoteIdentifier(table.FindColumn(column.column)->name);
  }
  const std::string text = ExpressionText(host, table, column.expression_sql, pretty);
  auto bound = BindStored(host, column.expression_sql, ExprUse::kIndexElement, table, Type(), "");
  const bool call = bound.ok() && LooksLikeCall(*bound->bound);
  return call ? text : "(" + text + ")";
}

std::string ForeignKeyText(DdlHost& host, const TableDef& table, const ConstraintDef& key) {
  const auto referenced = host.catalog()->TableByOid(key.referenced_table);
  std::string out = "FOREIGN KEY (" + ColumnList(table, key.columns) + ") REFERENCES ";
  if (referenced != nullptr) {
    out += RelationText(host, referenced->schema, referenced->name, false) + "(" +
           ColumnList(*referenced, key.referenced_columns) + ")";
  }
  if (key.match_full) out += " MATCH FULL";
  if (key.on_update != ForeignKeyAction::kNoAction) {
    out += fmt::format(" ON UPDATE {}", ActionText(key.on_update));
  }
  if (key.on_delete != ForeignKeyAction::kNoAction) {
    out += fmt::format(" ON DELETE {}", ActionText(key.on_delete));
    if (!key.set_columns.empty()) out += " (" + ColumnList(table, key.set_columns) + ")";
  }
  return out;
}

}  // namespace

std::string ExpressionText(DdlHost& host, const TableDef& table, const std::string& sql,
                           bool pretty, Type type) {
  // Any use that takes columns and functions of every kind.
  auto bound = BindStored(host, sql, ExprUse::kCheck, table, type, "");
  if (!bound.ok()) bound = BindStored(host, sql, ExprUse::kAlterUsing, table, type, "");
  if (!bound.ok()) bound = BindStored(host, sql, ExprUse::kDefault, table, type, "");
  if (!bound.ok()) return sql;
  const auto catalog = host.catalog();
  DeparseOptions options;
  options.catalog = catalog.get();
  options.pretty = pretty;
  options.column_name = [&](VarId var) { return table.columns.at(var - 1).name; };
  options.is_visible = [&](Oid schema, const std::string& name) {
    return IsVisible(host, *catalog, schema, name);
  };
  return DeparseExpression(*bound->bound, options);
}

std::string IndexDefinition(DdlHost& host, const TableDef& table, const IndexDef& index, int column,
                            bool pretty) {
  if (column > 0) {
    const size_t position = static_cast<size_t>(column - 1);
    if (position < index.columns.size()) {
      return KeyText(host, table, index.columns[position], pretty);
    }
    const size_t included = position - index.columns.size();
    return included < index.included.size() ? ColumnList(table, {index.included[included]}) : "";
  }
  const auto catalog = host.catalog();
  std::string out = index.unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ";
  out += QuoteIdentifier(index.name) + " ON " +
         RelationText(host, table.schema, table.name, !pretty) + " USING " +
         std::string(IndexMethodName(index.method)) + " (";
  for (size_t i = 0; i < index.columns.size(); ++i) {
    const IndexColumn& key = index.columns[i];
    if (i > 0) out += ", ";
    out += KeyText(host, table, key, pretty);
    const auto sub = static_cast<int16_t>(i + 1);
    const int64_t collation =
        StorageProperties::Of(*catalog, index.oid, sub).Number(StorageProperties::kCollation);
    const int64_t own = StorageProperties::Of(*catalog, table.oid, key.column.value)
                            .Number(StorageProperties::kCollation);
    if (collation != 0 && collation != own) {
      out += " COLLATE " + QuoteIdentifier(std::string(CollationName(static_cast<Oid>(collation))));
    }
    if (key.descending) out += " DESC";
    if (key.nulls_first != key.descending) out += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  }
  out += ')';
  if (!index.included.empty()) out += " INCLUDE (" + ColumnList(table, index.included) + ")";
  if (index.nulls_not_distinct) out += " NULLS NOT DISTINCT";
  std::string options;
  for (const std::string& option : StorageProperties::Of(*catalog, index.oid).Options()) {
    const size_t equals = option.find('=');
    options += (options.empty() ? "" : ", ") + option.substr(0, equals) + "='" +
               option.substr(equals + 1) + "'";
  }
  if (!options.empty()) out += " WITH (" + options + ")";
  if (!index.predicate_sql.empty()) {
    out += " WHERE " + ExpressionText(host, table, index.predicate_sql, pretty);
  }
  return out;
}

std::string ConstraintDefinition(DdlHost& host, const TableDef& table,
                                 const ConstraintDef& constraint, bool pretty) {
  std::string out;
  switch (constraint.kind) {
    case ConstraintKind::kCheck:
      out = "CHECK (" + ExpressionText(host, table, constraint.check_sql, pretty) + ")";
      break;
    case ConstraintKind::kForeignKey:
      out = ForeignKeyText(host, table, constraint);
      break;
    case ConstraintKind::kPrimaryKey:
    case ConstraintKind::kUnique: {
      const IndexDef* index = table.FindIndex(constraint.index);
      out = constraint.kind == ConstraintKind::kPrimaryKey ? "PRIMARY KEY " : "UNIQUE ";
      if (index != nullptr && index->nulls_not_distinct) out += "NULLS NOT DISTINCT ";
      out += "(" + ColumnList(table, constraint.columns) + ")";
      if (index != nullptr && !index->included.empty()) {
        out += " INCLUDE (" + ColumnList(table, index->included) + ")";
      }
      break;
    }
  }
  if (constraint.deferrable) out += " DEFERRABLE";
  if (constraint.initially_deferred) out += " INITIALLY DEFERRED";
  if (!constraint.validated) out += " NOT VALID";
  return out;
}

std::string DefaultDefinition(DdlHost& host, const TableDef& table, const ColumnDef& column,
                              bool pretty) {
  if (column.default_sql.empty()) return "";
  return ExpressionText(host, table, column.default_sql, pretty, column.type);
}

std::string ViewDefinition(DdlHost& host, const ViewDef& view, bool pretty) {
  const Result<std::string> text = ViewQueryText(host, view, pretty);
  if (text.ok()) return *text + ";";
  return " " + StoredViewQuery(host, view) + ";";
}

}  // namespace oxibase::ddl
