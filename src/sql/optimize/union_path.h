#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "sql/optimize/access_path.h"

namespace oxibase {

/// Several index ranges that together hold every row that passes a condition with OR: each row may
/// lie in more than one of them, and in some that it has no business in, so that the condition
/// stays as a filter.
struct UnionPath {
  std::vector<IndexPath> parts;
  double cost = 0;  // in units of reading one row of a table scan
};

/// FindIndexPaths for other conjuncts of the same scan.
using FindPaths = std::function<std::vector<IndexPath>(const std::vector<ExprPtr>& conjuncts)>;

/// The cheapest union for one of the conjuncts that is an OR, each of whose choices, with the other
/// conjuncts, offers an index or is again such an OR; nothing if there is none.
std::optional<UnionPath> FindUnionPath(const std::vector<ExprPtr>& conjuncts, double table_rows,
                                       const FindPaths& find);

}  // namespace oxibase
