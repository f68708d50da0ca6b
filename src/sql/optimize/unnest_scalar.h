#pragma once

#include "sql/optimize/estimator.h"
#include "sql/plan/logical.h"

namespace oxibase {

/// Makes joins with grouped rows of correlated aggregates in expressions: of
///   SELECT ... FROM a WHERE a.x > (SELECT avg(b.y) FROM b WHERE b.k = a.k)
/// a left join of a and (SELECT b.k, avg(b.y) FROM b GROUP BY b.k), where that is estimated to cost
/// less than running the subquery for each distinct a.k.
class ScalarUnnester {
 public:
  ScalarUnnester(LogicalPlan& plan, Estimator& estimator) : plan_(plan), estimator_(estimator) {}

  /// Replaces subqueries in `expr`, an expression over the rows of `input`, which gets the joins.
  void Run(ExprPtr& expr, LogicalPtr& input);

 private:
  /// What stands in the subquery's place; null: nothing was done.
  ExprPtr Replace(const LogicalNode& subquery, LogicalPtr& input);

  LogicalPlan& plan_;
  Estimator& estimator_;
};

}  // namespace oxibase
