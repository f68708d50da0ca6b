#pragma once
// Small questions that every pass asks of expressions and plans.

#include <set>
#include <vector>

#include "expr/expression.h"
#include "sql/plan/logical.h"

namespace oxibase {

using VarSet = std::set<VarId>;

/// Adds every variable `expr` refers to, those of subqueries' plans included.
void CollectVars(const Expr& expr, VarSet* vars);
/// Adds every variable that expressions anywhere in `node` refer to.
void CollectUsed(const LogicalNode& node, VarSet* vars);
/// Adds the variables that `node` hands up.
void CollectOutput(const LogicalNode& node, VarSet* vars);
/// Adds every variable that any node in the tree produces.
void CollectProduced(const LogicalNode& node, VarSet* vars);
/// Variables used within `node` that nothing in it produces.
VarSet FreeVars(const LogicalNode& node);

bool ContainsSubquery(const Expr& expr);
bool IsSubset(const VarSet& part, const VarSet& whole);
bool Intersects(const VarSet& a, const VarSet& b);

/// Takes AND apart.
void SplitConjuncts(ExprPtr expr, std::vector<ExprPtr>* conjuncts);
/// Joins with AND; null if there are none.
ExprPtr AndAll(std::vector<ExprPtr> conjuncts);

bool IsInteger(TypeId id);
/// Casts the narrower of two integers to the type of the wider one; leaves what is no integer.
void WidenIntegers(ExprPtr& a, ExprPtr& b);

/// Replaces each variable for which `replacement` gives an expression, in subqueries too.
void ReplaceVars(ExprPtr& expr, const std::function<ExprPtr(VarId)>& replacement);

/// `left = right` (or another comparison) seen from one side.
struct Comparison {
  const CallExpr* call = nullptr;
  enum class Op { kNone, kEqual, kLess, kLessEqual, kGreater, kGreaterEqual } op = Op::kNone;
};
/// Op::kNone if `expr` is not a call of a comparison operator.
Comparison AsComparison(const Expr& expr);
Comparison::Op Flip(Comparison::Op op);

}  // namespace oxibase
