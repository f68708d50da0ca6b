#pragma once

#include "sql/optimize/estimator.h"
#include "sql/plan/logical.h"

namespace oxibase {

/// Makes of a correlated EXISTS or IN that stays in an expression (below OR, in a select list, in
/// CASE) one that is not correlated, whose rows are then read once and kept by hash: of
///   EXISTS (SELECT FROM t WHERE t.k = o.k AND t.x > 1)
/// it makes
///   o.k IS NOT NULL AND o.k IN (SELECT t.k FROM t WHERE t.x > 1 AND t.k IS NOT NULL)
/// where that is estimated to cost less than running the subquery for each distinct o.k.
class SubqueryHasher {
 public:
  SubqueryHasher(LogicalPlan& plan, Estimator& estimator) : plan_(plan), estimator_(estimator) {}

  /// Replaces subqueries in `expr`, which is evaluated for about so many rows. `is_condition`: its
  /// NULL counts as false.
  void Run(ExprPtr& expr, double outer_rows, bool is_condition);

 private:
  /// What stands in the subquery's place; null: nothing was done.
  ExprPtr Replace(const SubqueryExpr& subquery, double outer_rows, bool is_condition);
  /// Whether (left) is among the rows' `columns` of `rows`; never NULL. Null: no hash can tell.
  ExprPtr Among(const std::vector<ExprPtr>& left, const std::vector<ExprPtr>& columns,
                LogicalPtr rows);

  LogicalPlan& plan_;
  Estimator& estimator_;
};

}  // namespace oxibase
