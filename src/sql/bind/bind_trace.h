#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "expr/expression.h"

namespace oxibase {

namespace ast {
struct Expr;
struct FromItem;
struct FuncCall;
struct SelectStmt;
struct SubLink;
}  // namespace ast

/// What the parts of a query's tree were bound to: for writing the query anew as PostgreSQL shows a
/// view. Nodes are those of the statement itself, not of views in it; it must outlive this.
struct BindTrace {
  /// Expressions as bound, before grouping takes them apart and targets are coerced.
  std::map<const ast::Expr*, ExprPtr> exprs;
  /// The columns of an item of FROM (no join): the variable and the name of each. A variable that a
  /// subquery hands up is one of both levels.
  std::map<const ast::FromItem*, std::vector<std::pair<VarId, std::string>>> columns;
  /// The variable of such an item's whole row.
  std::map<const ast::FromItem*, VarId> rows;
  /// Aggregates and window functions, by the variable that stands for them in `exprs`.
  struct Call {
    const ast::FuncCall* tree;
    ExprPtr bound;
  };
  std::map<VarId, Call> calls;
  /// By the location that their SubqueryExpr has.
  std::map<int32_t, const ast::SubLink*> subqueries;
  /// Names of a query's columns.
  std::map<const ast::SelectStmt*, std::vector<std::string>> outputs;
};

}  // namespace oxibase
