// CREATE TABLE AS and SELECT INTO.
#include <algorithm>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/index_definition.h"
#include "engine/ddl/statements.h"
#include "engine/ddl/storage_properties.h"
#include "engine/ddl/table_columns.h"

namespace oxibase::ddl {

Result<std::string> CreateTableAs(DdlHost& host, const ast::CreateTableAsStmt& statement) {
  if (statement.materialized_view) return NotSupported("CREATE MATERIALIZED VIEW");
  ASSIGN_OR_RETURN(const DdlHost::InnerQuery query, host.QueryOf(*statement.query));
  RETURN_IF_ERROR(CheckTablespace(statement.tablespace));
  RETURN_IF_ERROR(CheckStorageOptions(statement.options, false));
  const bool temporary = statement.persistence == ast::RangeVar::Persistence::kTemporary;
  ASSIGN_OR_RETURN(const NewRelation place,
                   PlaceRelation(host, statement.name, temporary, statement.if_not_exists));
  if (place.exists) return std::string("CREATE TABLE AS");

  LogicalPlan plan;
  for (bool current = false; !current;) {
    const auto catalog = host.catalog();
    BindContext context = MakeBindContext(host, *catalog);
    context.allow_params = true;
    context.param_types = query.types;
    ASSIGN_OR_RETURN(plan, BindStatement(*query.tree, context));
    RETURN_IF_ERROR(host.LockTablesOf(plan));
    current = host.catalog()->number() == catalog->number();
  }
  if (statement.columns.size() > plan.result.size()) {
    return Error(ErrorCode::kSyntaxError, "too many column names were specified");
  }
  auto table = std::make_shared<TableDef>();
  table->oid = host.NewOid();
  table->schema = place.schema;
  table->name = statement.name.name;
  table->temporary = temporary;
  table->tablet = host.NewTabletId();
  auto insert = std::make_unique<LogicalInsert>();
  for (size_t i = 0; i < plan.result.size(); ++i) {
    const std::string& name =
        i < statement.columns.size() ? statement.columns[i] : plan.result[i].name;
    Type type = plan.result[i].type;
    if (type.id == TypeId::kUnknown) type = TypeId::kText;
    if (table->FindColumn(name) != nullptr) {
      return Error(ErrorCode::kDuplicateColumn, "column \"{}\" specified more than once", name);
    }
    ASSIGN_OR_RETURN(const ColumnId id, AddPlainColumn(*table, name, type, -1));
    insert->columns.push_back(id);
  }
  RETURN_IF_ERROR(host.PutTable(*table));
  RETURN_IF_ERROR(PutTableProperties(host, table->oid,
                                     statement.persistence == ast::RangeVar::Persistence::kUnlogged,
                                     statement.options));
  SetOnCommit(host, table->oid, statement.on_commit);
  if (statement.with_no_data) return std::string("CREATE TABLE AS");

  // The query's rows become an INSERT of all columns.
  insert->table = table;
  for (const ColumnDef& column : table->columns) {
    const VarId var = plan.next_var++;
    insert->rules.column_vars.push_back(var);
    insert->output.push_back({var, column.type, column.name});
  }
  // The child yields exactly the result's columns, in order.
  auto project = std::make_unique<LogicalProject>();
  for (const OutputColumn& column : plan.result) {
    project->exprs.push_back(std::make_unique<ColumnExpr>(column.var, column.type, column.name));
    project->output.push_back({plan.next_var++, column.type, column.name});
  }
  project->children.push_back(std::move(plan.root));
  insert->children.push_back(std::move(project));
  plan.root = std::move(insert);
  plan.result.clear();
  plan.depends_on.push_back(table->oid);
  plan.command = LogicalPlan::Command::kInsert;
  plan.modifies = true;
  ASSIGN_OR_RETURN(const uint64_t rows, host.Run(std::move(plan), query.params));
  return fmt::format("SELECT {}", rows);
}

}  // namespace oxibase::ddl
