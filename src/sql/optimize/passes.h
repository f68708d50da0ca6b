#pragma once
// The logical passes. Each rewrites the plan in place and leaves its meaning as it was.

#include <span>

#include "sql/optimize/estimator.h"
#include "sql/plan/logical.h"

namespace oxibase {

/// Puts the values of parameters in their place, of those at least that have the parameter's type.
void PutParams(LogicalNode& node, std::span<const Value> values);

/// Turns EXISTS, IN and NOT IN among a filter's conjuncts into semi and anti joins where their
/// correlation can be pulled up into the join's condition, and correlated aggregates into joins
/// with groups where that costs less. Other subqueries stay expressions.
void UnnestSubqueries(LogicalPlan& plan, Estimator& estimator);

/// Takes away projections that only rename columns, where nobody takes these by position.
void RemoveRenames(LogicalPlan& plan);

/// Moves each conjunct as far down as it may go, makes inner joins of outer ones whose NULL rows a
/// conjunct rejects, and puts join conditions where both sides meet.
void PushDownPredicates(LogicalPlan& plan);

/// Orders each cluster of inner joins by estimated cost: by dynamic programming up to
/// kDpRelationsMax relations (Selinger and others, SIGMOD 1979, with bushy trees), greedily above.
void OrderJoins(LogicalPlan& plan, const Estimator& estimator);

/// Drops columns, aggregates and window functions that nobody reads.
void PruneColumns(LogicalPlan& plan);

}  // namespace oxibase
