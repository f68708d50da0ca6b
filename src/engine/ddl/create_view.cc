// CREATE VIEW and CREATE SCHEMA.
#include "engine/ddl/ddl.h"
#include "engine/ddl/ddl_names.h"
#include "engine/ddl/statements.h"
#include "engine/ddl/storage_properties.h"
#include "sql/parse/identifier.h"
#include "sql/parse/token_cursor.h"

namespace oxibase::ddl {
namespace {

/// `text` from `begin` on for `length` bytes, with what must be replaced.
std::string Replace(std::string_view text, size_t begin, size_t length,
                    const std::vector<TextReplacement>& replacements) {
  std::string out;
  size_t at = begin, last = 0;
  bool done = false;
  const size_t end = begin + length;
  for (const TextReplacement& replacement : replacements) {
    const size_t from = static_cast<size_t>(replacement.location);
    // What is bound twice is told twice.
    if (from < at || from >= end || (done && from == last)) continue;
    out.append(text, at, from - at);
    out += replacement.text;
    at = replacement.length < 0 ? ast::EndOfStar(text, from)
                                : from + static_cast<size_t>(replacement.length);
    last = from;
    done = true;
  }
  out.append(text, at, end - at);
  return out;
}

/// OR REPLACE may only add columns behind those that are there.
Status CheckReplaced(const ViewDef& before, const ViewDef& after) {
  if (after.columns.size() < before.columns.size()) {
    return Error(ErrorCode::kInvalidTableDefinition, "cannot drop columns from view");
  }
  for (size_t i = 0; i < before.columns.size(); ++i) {
    if (before.columns[i].first != after.columns[i].first) {
      return Error(ErrorCode::kInvalidTableDefinition,
                   "cannot change name of view column \"{}\" to \"{}\"", before.columns[i].first,
                   after.columns[i].first)
          .Hint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.");
    }
    if (before.columns[i].second != after.columns[i].second) {
      return Error(ErrorCode::kInvalidTableDefinition,
                   "cannot change data type of view column \"{}\" from {} to {}",
                   before.columns[i].first, FormatType(before.columns[i].second),
                   FormatType(after.columns[i].second));
    }
  }
  return {};
}

}  // namespace

Result<std::string> CreateView(DdlHost& host, const ast::CreateViewStmt& statement,
                               std::string_view text) {
  if (statement.check_option != ast::CreateViewStmt::CheckOption::kNone) {
    return NotSupported("WITH CHECK OPTION");
  }
  RETURN_IF_ERROR(CheckViewOptions(statement.options));
  bool temporary = statement.persistence == ast::RangeVar::Persistence::kTemporary;
  auto catalog = host.catalog();
  std::vector<TextReplacement> replacements;
  BindContext context = MakeBindContext(host, *catalog);
  context.replacements = &replacements;
  ASSIGN_OR_RETURN(const LogicalPlan plan, BindStatement(*statement.query, context));
  if (plan.modifies) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "views must not contain data-modifying statements in WITH");
  }
  if (!temporary) {
    // A view over something temporary is temporary itself.
    for (const Oid oid : context.depends_on) {
      const auto table = catalog->TableByOid(oid);
      temporary = temporary || (table && table->temporary);
    }
    if (temporary) {
      Notice(host, fmt::format("view \"{}\" will be a temporary view", statement.name.name));
    }
  }
  ViewDef view;
  ASSIGN_OR_RETURN(view.schema, CreationSchemaOf(host, statement.name, temporary));
  RETURN_IF_ERROR(host.LockName(view.schema, statement.name.name));
  view.name = statement.name.name;
  view.depends_on = context.depends_on;
  if (statement.columns.size() > plan.result.size()) {
    return Error(ErrorCode::kSyntaxError, "CREATE VIEW specifies more column names than columns");
  }
  for (size_t i = 0; i < plan.result.size(); ++i) {
    const std::string& name =
        i < statement.columns.size() ? statement.columns[i] : plan.result[i].name;
    for (const auto& [other, type] : view.columns) {
      if (other == name) {
        return Error(ErrorCode::kDuplicateColumn, "column \"{}\" specified more than once", name);
      }
    }
    const Type type = plan.result[i].type;
    view.columns.emplace_back(name, type.id == TypeId::kUnknown ? Type(TypeId::kText) : type);
  }
  view.query_sql = Replace(text, static_cast<size_t>(statement.query_begin),
                           static_cast<size_t>(statement.query_length), replacements);
  if (statement.recursive) {
    // As the grammar means it: the view's name is that of a WITH around its query.
    std::string columns;
    for (const std::string& column : statement.columns) {
      columns += (columns.empty() ? "" : ", ") + QuoteIdentifier(column);
    }
    const std::string name = QuoteIdentifier(view.name);
    view.query_sql = fmt::format("WITH RECURSIVE {} ({}) AS ({}) SELECT {} FROM {}", name, columns,
                                 view.query_sql, columns, name);
  }

  catalog = host.catalog();
  if (const auto before = catalog->FindView(view.schema, view.name);
      before != nullptr && statement.or_replace) {
    RETURN_IF_ERROR(CheckReplaced(*before, view));
    RETURN_IF_ERROR(host.LockTable(before->oid, TableLockMode::kAccessExclusive));
    view.oid = before->oid;
    view.owner = before->owner;
  } else if (catalog->HasRelation(view.schema, view.name)) {
    if (statement.or_replace) {
      return Error(ErrorCode::kWrongObjectType, "\"{}\" is not a view", view.name);
    }
    return Error(ErrorCode::kDuplicateTable, "relation \"{}\" already exists", view.name);
  } else {
    view.oid = host.NewOid();
  }
  const Oid oid = view.oid;
  RETURN_IF_ERROR(host.PutView(std::move(view)));
  // OR REPLACE takes the old options away.
  StorageProperties properties;
  properties.SetOptions(statement.options);
  RETURN_IF_ERROR(properties.Put(host, oid));
  return std::string("CREATE VIEW");
}

Result<std::string> CreateSchema(DdlHost& host, const ast::CreateSchemaStmt& statement,
                                 std::string_view text) {
  const std::string name = statement.name == "current_user" || statement.name == "session_user"
                               ? host.current_user()
                               : statement.name;
  if (name.starts_with("pg_")) {
    return Error(ErrorCode::kReservedName, "unacceptable schema name \"{}\"", name)
        .Detail("The prefix \"pg_\" is reserved for system schemas.");
  }
  RETURN_IF_ERROR(host.LockName(0, name));
  if (host.catalog()->FindSchema(name) != nullptr) {
    if (!statement.if_not_exists) {
      return Error(ErrorCode::kDuplicateSchema, "schema \"{}\" already exists", name);
    }
    Notice(host, fmt::format("schema \"{}\" already exists, skipping", name), {},
           ErrorCode::kDuplicateSchema);
    return std::string("CREATE SCHEMA");
  }
  // Elements would need the schema put first into the search path, and to be sorted by dependence.
  if (!statement.elements.empty()) return NotSupported("CREATE SCHEMA with elements");
  (void)text;
  SchemaDef schema;
  schema.oid = host.NewOid();
  schema.name = name;
  RETURN_IF_ERROR(host.PutSchema(std::move(schema)));
  return std::string("CREATE SCHEMA");
}

}  // namespace oxibase::ddl
