#include "engine/ddl/table_expression.h"

#include <algorithm>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/deparse_expression.h"
#include "sql/parse/parser.h"

namespace oxibase::ddl {
namespace {

void Walk(const Expr& expr, const std::function<void(const Expr&)>& visit) {
  visit(expr);
  ForEachChild(expr, [&](const Expr& child) { Walk(child, visit); });
}

}  // namespace

ScalarScope ScopeOf(const TableDef& table) {
  ScalarScope scope;
  scope.table = &table;
  scope.column_vars.resize(table.columns.size());
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnDef& column = table.columns[i];
    if (!column.dropped && !column.hidden) scope.column_vars[i] = static_cast<VarId>(i + 1);
  }
  return scope;
}

std::string Deparse(DdlHost& host, const Expr& bound, const TableDef& after) {
  const auto catalog = host.catalog();
  DeparseOptions options;
  options.catalog = catalog.get();
  options.column_name = [&](VarId var) { return after.columns.at(var - 1).name; };
  return DeparseExpression(bound, options);
}

Result<StoredExpression> BindStored(DdlHost& host, const ast::Expr& expr, ExprUse use,
                                    const TableDef& table, Type expected,
                                    const std::string& target) {
  const auto catalog = host.catalog();
  BindContext context = MakeBindContext(host, *catalog);
  const bool no_columns = use == ExprUse::kDefault;
  const ScalarScope scope = no_columns ? ScalarScope{} : ScopeOf(table);
  StoredExpression out;
  ASSIGN_OR_RETURN(out.bound, BindScalarExpression(expr, use, scope, expected, target, context));
  out.sql = Deparse(host, *out.bound, table);
  Walk(*out.bound, [&](const Expr& node) {
    if (node.kind != ExprKind::kColumn) return;
    const size_t position = static_cast<const ColumnExpr&>(node).index - 1;
    if (std::find(out.columns.begin(), out.columns.end(), position) == out.columns.end()) {
      out.columns.push_back(position);
    }
  });
  std::sort(out.columns.begin(), out.columns.end());
  return out;
}

Result<StoredExpression> BindStored(DdlHost& host, const std::string& sql, ExprUse use,
                                    const TableDef& table, Type expected,
                                    const std::string& target) {
  ASSIGN_OR_RETURN(const ast::ExprPtr expr, ParseExpression(sql));
  return BindStored(host, *expr, use, table, expected, target);
}

std::vector<Oid> RelationsIn(const Expr& expr) {
  std::vector<Oid> out;
  Walk(expr, [&](const Expr& node) {
    if (node.kind != ExprKind::kConstant) return;
    const Value& value = static_cast<const ConstantExpr&>(node).value;
    if (node.type.id == TypeId::kRegClass && !value.is_null()) {
      out.push_back(static_cast<Oid>(value.As<int32_t>()));
    }
  });
  return out;
}

}  // namespace oxibase::ddl
