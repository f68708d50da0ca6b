#pragma once

#include <optional>
#include <vector>

#include "sql/optimize/union_path.h"
#include "sql/plan/physical.h"

namespace oxibase {

/// Ranges of bitmap indexes, joined by AND and OR, that together hold every row that passes some
/// conditions, and others: the conditions stay as a filter.
struct BitmapPath {
  BitmapPlan::Kind kind = BitmapPlan::Kind::kIndex;
  IndexPath index;                // kIndex
  std::vector<BitmapPath> parts;  // the others
  double selectivity = 1;
  /// Of finding the rows, not of reading them; in units of reading one row of a table scan.
  double cost = 0;
  /// Conjuncts (by position) that a row in the bitmap passes.
  std::vector<size_t> covered;
};

/// What reading the rows of a bitmap costs; they come in the order in which they lie.
inline constexpr double kBitmapRowCost = 1.2;

/// The cheapest bitmap for `conjuncts`; `find` gives the bitmap indexes' paths. Nothing if no index
/// is of use.
std::optional<BitmapPath> FindBitmapPath(const std::vector<ExprPtr>& conjuncts, double table_rows,
                                         const FindPaths& find);

}  // namespace oxibase
