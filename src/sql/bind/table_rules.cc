// What a table's definition stores as SQL text, bound: defaults, generated columns, checks, hidden
// columns of indexes.
#include "sql/bind/query_binder.h"
#include "sql/parse/parser.h"

namespace oxibase::bind {

Status QueryBinder::AddTableScope(Level& level, const TableDef& table,
                                  const std::vector<VarId>& vars, const std::string& name) {
  auto entry = std::make_shared<RangeEntry>();
  // Not kTable: there is no scan behind it.
  entry->kind = RangeEntry::Kind::kSubquery;
  entry->name = name;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnDef& column = table.columns[i];
    if (column.dropped || column.hidden || i >= vars.size() || vars[i] == 0) continue;
    ScopeColumn scope;
    scope.name = column.name;
    scope.expr = std::make_unique<ColumnExpr>(vars[i], column.type, column.name);
    scope.origin_table = table.oid;
    scope.origin_column = column.id.value;
    Adopt({{vars[i], column.type, column.name}}, level);
    entry->columns.push_back(std::move(scope));
  }
  level.entries.push_back(entry);
  level.names.push_back({.entry = entry});
  return {};
}

Result<ExprPtr> QueryBinder::BindStored(const std::string& sql, const TableDef& table,
                                        const std::vector<VarId>& vars, Clause clause,
                                        Type expected, const std::string& target) {
  ASSIGN_OR_RETURN(const ast::ExprPtr syntax, ParseExpression(sql));
  Level level(nullptr);
  level.clause = clause;
  RETURN_IF_ERROR(AddTableScope(level, table, vars, table.name));
  ++view_depth_;
  Result<ExprPtr> bound = BindExpr(*syntax, level);
  --view_depth_;
  if (bound.ok()) {
    if (expected.id == TypeId::kInvalid) {
      bound = ResolveUnknown(std::move(bound).value());
    } else {
      bound = CoerceForAssignment(std::move(bound).value(), expected, target, -1);
    }
  }
  if (!bound.ok()) {
    // Its locations count in another text.
    Status error = std::move(bound).status();
    error.info().location = -1;
    return error;
  }
  return bound;
}

Result<ExprPtr> QueryBinder::BindDefault(const TableDef& table, const ColumnDef& column) {
  if (column.identity && column.owned_sequence) {
    std::vector<ExprPtr> args;
    args.push_back(std::make_unique<ConstantExpr>(
        Value::Fixed(TypeId::kRegClass, static_cast<uint32_t>(column.owned_sequence))));
    ASSIGN_OR_RETURN(ExprPtr next, CallByName("nextval", std::move(args), -1));
    return CoerceForAssignment(std::move(next), column.type, column.name, -1);
  }
  if (column.generated || column.default_sql.empty()) return Result<ExprPtr>(ExprPtr());
  return BindStored(column.default_sql, table, {}, Clause::kDefault, column.type, column.name);
}

Result<TableRules> QueryBinder::BindRules(const TableDef& table) {
  TableRules rules;
  Level level(nullptr);
  for (const ColumnDef& column : table.columns) {
    rules.column_vars.push_back(column.dropped ? 0 : NewVar(level));
  }
  for (const ColumnDef& column : table.columns) {
    if (column.dropped || !column.generated) continue;
    ASSIGN_OR_RETURN(ExprPtr expr, BindStored(column.default_sql, table, rules.column_vars,
                                              Clause::kGenerated, column.type, column.name));
    rules.computed.push_back({column.id, std::move(expr)});
  }
  for (const IndexDef& index : table.indexes) {
    for (const IndexColumn& part : index.columns) {
      if (part.expression_sql.empty()) continue;
      const ColumnDef* hidden = table.FindColumn(part.column);
      ASSIGN_OR_RETURN(ExprPtr expr,
                       BindStored(part.expression_sql, table, rules.column_vars,
                                  Clause::kIndexElement, hidden ? hidden->type : Type(), ""));
      rules.computed.push_back({part.column, std::move(expr)});
    }
    if (index.predicate) {
      ASSIGN_OR_RETURN(ExprPtr expr, BindStored(index.predicate_sql, table, rules.column_vars,
                                                Clause::kIndexPredicate, TypeId::kBool, ""));
      rules.computed.push_back({*index.predicate, std::move(expr)});
    }
  }
  for (const ConstraintDef& constraint : table.constraints) {
    if (constraint.kind != ConstraintKind::kCheck) continue;
    ASSIGN_OR_RETURN(ExprPtr expr, BindStored(constraint.check_sql, table, rules.column_vars,
                                              Clause::kCheck, TypeId::kBool, constraint.name));
    rules.checks.push_back({constraint.name, std::move(expr)});
  }
  return rules;
}

}  // namespace oxibase::bind
