#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "common/status.h"
#include "sql/optimize/statistics.h"
#include "sql/plan/logical.h"
#include "sql/plan/physical.h"

namespace oxibase {

/// What the optimizer asks of the world; borrowed for the call.
struct OptimizerContext {
  const StatisticsProvider* statistics = nullptr;
  /// Binds an index's expression or predicate over `column_vars` (parallel to TableDef::columns),
  /// so that conditions can be compared with it. May be empty: expression indexes are then not
  /// used.
  std::function<Result<ExprPtr>(const TableDef&, const std::string& sql,
                                const std::vector<VarId>& column_vars)>
      bind_index_expression;
  /// Conditions on parameters that are true whenever the plan runs (PhysicalPlan::assumptions of
  /// one made without them); null: none.
  const std::vector<ExprPtr>* assumed = nullptr;
  /// Of the parameters, for a plan that is good for these values alone; empty: for any.
  std::span<const Value> params;
};

/// Rewrites a bound statement and chooses how to run it. The passes, in order: unnest subqueries,
/// remove renames, push predicates down, order joins, prune columns, lower.
Result<std::shared_ptr<const PhysicalPlan>> Optimize(LogicalPlan plan,
                                                     const OptimizerContext& context);

}  // namespace oxibase
