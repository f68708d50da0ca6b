#include "engine/ddl/index_definition.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/key_codec.h"
#include "engine/ddl/ddl_names.h"
#include "engine/ddl/storage_properties.h"
#include "engine/ddl/table_columns.h"
#include "engine/ddl/table_constraints.h"
#include "engine/ddl/table_expression.h"
#include "engine/history_retention.h"

namespace oxibase::ddl {
namespace {

/// PostgreSQL's limit of key and included columns.
constexpr size_t kIndexColumnsMax = 32;

/// What PostgreSQL would call the column of an index over this expression.
std::string ExpressionName(const ast::Expr& expr) {
  switch (expr.kind) {
    case ast::ExprKind::kFuncCall:
      return ast::As<ast::FuncCall>(expr).name.name;
    case ast::ExprKind::kTypeCast: {
      const auto& cast = ast::As<ast::TypeCast>(expr);
      const std::string inner = ExpressionName(*cast.arg);
      return inner == "expr" ? cast.type.name.name : inner;
    }
    case ast::ExprKind::kCollate: {
      const auto& collate = ast::As<ast::CollateExpr>(expr);
      return ExpressionName(*collate.arg);
    }
    case ast::ExprKind::kColumnRef:
      return ast::As<ast::ColumnRef>(expr).fields.back();
    case ast::ExprKind::kCoalesce:
      return "coalesce";
    case ast::ExprKind::kCase:
      return "case";
    default:
      return "expr";
  }
}

Result<IndexMethod> MethodOf(const ast::CreateIndexStmt& statement) {
  const std::string& name = statement.method;
  if (name.empty() || name == "btree") return IndexMethod::kOrdered;
  if (name == "hash") return IndexMethod::kHash;
  if (name == "bitmap") return IndexMethod::kBitmap;
  static constexpr std::array<std::string_view, 4> kOthers = {"gin", "gist", "brin", "spgist"};
  if (std::find(kOthers.begin(), kOthers.end(), name) != kOthers.end()) {
    return NotSupported("the access method \"" + name + "\"").Hint("Use btree, hash or bitmap.");
  }
  return Error(ErrorCode::kUndefinedObject, "access method \"{}\" does not exist", name);
}

/// What only ordered indexes have.
Status CheckUnordered(const ast::CreateIndexStmt& statement, IndexMethod method) {
  auto refuse = [&](std::string_view what) {
    return Error(ErrorCode::kFeatureNotSupported, "access method \"{}\" does not support {}",
                 IndexMethodName(method), what);
  };
  if (statement.unique) return refuse("unique indexes");
  if (statement.elements.size() > 1 && method == IndexMethod::kHash) {
    return refuse("multicolumn indexes");
  }
  if (!statement.including.empty()) return refuse("included columns");
  for (const ast::IndexElement& element : statement.elements) {
    if (element.direction != ast::SortDirection::kDefault) return refuse("ASC/DESC options");
    if (element.nulls != ast::SortNulls::kDefault) return refuse("NULLS FIRST/LAST options");
  }
  return {};
}

Status CheckOperatorClass(const ast::IndexElement& element, const std::string& method) {
  if (element.opclass.empty()) return {};
  const std::string& name = element.opclass.name;
  // All of them mean the type's own order, which is by bytes for strings: also text_pattern_ops.
  if (name.ends_with("_ops") && element.opclass_options.empty() &&
      (element.opclass.schema.empty() || element.opclass.schema == "pg_catalog")) {
    return {};
  }
  return Error(ErrorCode::kUndefinedObject,
               "operator class \"{}\" does not exist for access method \"{}\"", name,
               method.empty() ? "btree" : method);
}

/// The collation written behind the element or around its expression; 0: none.
Result<Oid> CollationOf(const ast::IndexElement& element, Type type) {
  if (!element.collation.empty()) return CollationNamed(element.collation, type);
  if (const auto* collate = ast::TryAs<ast::CollateExpr>(element.expr.get())) {
    return CollationNamed(collate->collation, type);
  }
  return Oid{0};
}

/// A hidden column that stores `expression`.
ColumnId AddHiddenColumn(TableDef& table, StoredExpression expression, Type type) {
  for (const ColumnDef& column : table.columns) {
    if (column.hidden && !column.dropped && column.default_sql == expression.sql) return column.id;
  }
  ColumnDef& column = table.columns.emplace_back();
  column.id = ColumnId(table.next_column_id++);
  column.name = fmt::format("........hidden.{}........", column.id.value);
  column.type = type;
  column.hidden = true;
  column.default_sql = std::move(expression.sql);
  column.added_in = table.schema_version;
  column.missing = Value::Null(type);
  return column.id;
}

Status CheckFillFactor(const std::string& text) {
  double percent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Error(ErrorCode::kInvalidParameterValue,
                 "invalid value for integer option \"fillfactor\": {}", text);
  }
  if (percent < 10 || percent > 100) {
    return Error(ErrorCode::kInvalidParameterValue,
                 "value {} out of bounds for option \"fillfactor\"", text)
        .Detail("Valid values are between \"10\" and \"100\".");
  }
  return {};
}

}  // namespace

Status CheckStorageOptions(const ast::OptionList& options, bool of_index) {
  for (const ast::Option& option : options) {
    const std::string& name = option.name;
    const bool known =
        name == "fillfactor" ||
        (of_index ? name == "deduplicate_items"
                  : name.starts_with("autovacuum_") || name == "parallel_workers" ||
                        name == "toast_tuple_target" || name == "user_catalog_table" ||
                        name == kHistoryRetention || name.starts_with("vacuum_") ||
                        name == "log_autovacuum_min_duration");
    if (name == "oids" && !of_index) {
      if (option.text == "false" || option.text == "0") continue;
      return Error(ErrorCode::kFeatureNotSupported, "tables declared WITH OIDS are not supported");
    }
    if (!known && option.name_space != "toast") {
      return Error(ErrorCode::kInvalidParameterValue, "unrecognized parameter \"{}\"", name);
    }
    if (name == "fillfactor") RETURN_IF_ERROR(CheckFillFactor(option.text));
    if (name == kHistoryRetention && !of_index) {
      RETURN_IF_ERROR(ParseHistoryRetention(option.text).status());
    }
  }
  return {};
}

Status CheckTablespace(const std::string& tablespace) {
  if (tablespace.empty() || tablespace == "pg_default") return {};
  return Error(ErrorCode::kUndefinedObject, "tablespace \"{}\" does not exist", tablespace);
}

Result<std::string> AddIndex(DdlHost& host, TableDef& table, const ast::CreateIndexStmt& statement,
                             bool& needs_rewrite) {
  needs_rewrite = false;
  IndexDef index;
  index.unique = statement.unique;
  index.nulls_not_distinct = statement.nulls_not_distinct;
  ASSIGN_OR_RETURN(index.method, MethodOf(statement));
  if (index.method != IndexMethod::kOrdered) {
    RETURN_IF_ERROR(CheckUnordered(statement, index.method));
  }
  RETURN_IF_ERROR(CheckStorageOptions(statement.options, true));
  RETURN_IF_ERROR(CheckTablespace(statement.tablespace));
  if (statement.elements.size() + statement.including.size() > kIndexColumnsMax) {
    return Error(ErrorCode::kTooManyColumns, "cannot use more than {} columns in an index",
                 kIndexColumnsMax);
  }

  // Hidden columns come with a new version of the schema.
  bool raised = false;
  auto hide = [&](StoredExpression expression, Type type) {
    const size_t before = table.columns.size();
    if (!raised) ++table.schema_version;
    const ColumnId id = AddHiddenColumn(table, std::move(expression), type);
    if (table.columns.size() == before && !raised) {
      --table.schema_version;
    } else {
      raised = true;
    }
    return id;
  };
  std::string joined;
  std::vector<Oid> collations;
  for (const ast::IndexElement& element : statement.elements) {
    RETURN_IF_ERROR(CheckOperatorClass(element, statement.method));
    IndexColumn column;
    column.descending = element.direction == ast::SortDirection::kDescending;
    column.nulls_first = element.nulls == ast::SortNulls::kDefault
                             ? column.descending
                             : element.nulls == ast::SortNulls::kFirst;
    Type type;
    if (element.expr == nullptr) {
      const ColumnDef* found = table.FindColumn(element.name);
      if (found == nullptr) {
        return Error(ErrorCode::kUndefinedColumn, "column \"{}\" does not exist", element.name);
      }
      column.column = found->id;
      type = found->type;
      joined += (joined.empty() ? "" : "_") + element.name;
    } else {
      ASSIGN_OR_RETURN(StoredExpression stored,
                       BindStored(host, *element.expr, ExprUse::kIndexElement, table,
                                  TypeId::kInvalid, "index expression"));
      type = stored.bound->type;
      if (type.id == TypeId::kRecord) {
        return Error(ErrorCode::kInvalidTableDefinition, "column \"{}\" has pseudo-type {}",
                     ExpressionName(*element.expr), FormatType(type));
      }
      if (stored.bound->kind == ExprKind::kColumn) {
        // (a) in parentheses is just the column.
        column.column = table.columns[stored.columns[0]].id;
      } else {
        column.expression_sql = stored.sql;
        column.column = hide(std::move(stored), type);
      }
      joined += (joined.empty() ? "" : "_") + ExpressionName(*element.expr);
    }
    if (!HasKey(type.id)) {
      return Error(ErrorCode::kUndefinedObject,
                   "data type {} has no default operator class for access method \"{}\"",
                   FormatType(type), statement.method.empty() ? "btree" : statement.method)
          .Hint(
              "You must specify an operator class for the index or define a default operator "
              "class for the data type.");
    }
    ASSIGN_OR_RETURN(const Oid collation, CollationOf(element, type));
    collations.push_back(collation);
    index.columns.push_back(std::move(column));
  }
  for (const ast::IndexElement& element : statement.including) {
    if (element.expr != nullptr) {
      return Error(ErrorCode::kFeatureNotSupported,
                   "expressions are not supported in included columns");
    }
    const ColumnDef* found = table.FindColumn(element.name);
    if (found == nullptr) {
      return Error(ErrorCode::kUndefinedColumn, "column \"{}\" does not exist", element.name);
    }
    index.included.push_back(found->id);
    joined += "_" + element.name;
  }
  if (statement.where != nullptr) {
    ASSIGN_OR_RETURN(StoredExpression stored,
                     BindStored(host, *statement.where, ExprUse::kIndexPredicate, table,
                                TypeId::kBool, "WHERE"));
    index.predicate_sql = stored.sql;
    index.predicate = hide(std::move(stored), TypeId::kBool);
  }
  needs_rewrite = raised;

  index.name = statement.name;
  if (index.name.empty()) {
    index.name = ChooseName(table.name, joined, "idx", [&](const std::string& name) {
      return RelationNameTaken(host, table, name);
    });
  }
  index.oid = host.NewOid();
  RETURN_IF_ERROR(PutTableProperties(host, index.oid, false, statement.options));
  for (size_t i = 0; i < collations.size(); ++i) {
    if (collations[i] == 0) continue;
    RETURN_IF_ERROR(SetProperty(host, index.oid, static_cast<int16_t>(i + 1),
                                StorageProperties::kCollation, std::to_string(collations[i])));
  }
  table.indexes.push_back(std::move(index));
  return table.indexes.back().name;
}

void DropUnusedHiddenColumns(TableDef& table) {
  for (ColumnDef& column : table.columns) {
    if (!column.hidden || column.dropped) continue;
    const bool used =
        std::any_of(table.indexes.begin(), table.indexes.end(), [&](const IndexDef& index) {
          return index.predicate == column.id ||
                 std::any_of(index.columns.begin(), index.columns.end(),
                             [&](const IndexColumn& key) { return key.column == column.id; });
        });
    if (used) continue;
    column.dropped = true;
    column.default_sql.clear();
  }
}

}  // namespace oxibase::ddl
