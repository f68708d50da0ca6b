#pragma once
// What subqueries that depend on outer rows are asked, before one run over all their rows takes the
// place of a run for each outer row.

#include <optional>
#include <vector>

#include "sql/optimize/estimator.h"
#include "sql/optimize/expr_tools.h"
#include "sql/plan/logical.h"

namespace oxibase {

/// Whether all that the plan computes has a value for any rows: those that no outer row asks for
/// are computed too, and must not fail the statement.
bool CannotFail(const LogicalNode& node);

/// `left = right` with a side over the outer rows and one over the inner.
struct Correlation {
  ExprPtr outer, inner;
  const CallExpr* call = nullptr;
  bool inner_first = false;
};

/// Nothing if `conjunct` is no such equality of types whose different values never equal the same
/// one.
std::optional<Correlation> AsCorrelation(const Expr& conjunct, const VarSet& outer,
                                         const VarSet& inner);

/// Whether reading `rows` once and keeping them by `keys` is estimated to cost less than reading
/// them for each distinct tuple of `outer`, the correlation's other side, among `outer_rows` rows.
bool OneRunPays(const LogicalNode& rows, const std::vector<ExprPtr>& keys,
                const std::vector<ExprPtr>& outer, double outer_rows, const Estimator& estimator);

}  // namespace oxibase
