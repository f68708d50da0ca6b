#pragma once

#include <vector>

#include "sql/plan/logical.h"

namespace oxibase {

/// Moves the correlated conjuncts of a subquery's plan to `pulled`, as far as that leaves its rows'
/// existence unchanged once they are tested in the join's condition instead. Variables they need
/// are handed up through projections. False if correlation is left where it cannot be moved.
bool PullUp(LogicalPtr& node, std::vector<ExprPtr>* pulled);

}  // namespace oxibase
