#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "sql/optimize/estimator.h"
#include "sql/plan/logical.h"

namespace oxibase {

/// One way to read a table by an index, chosen among its conjuncts.
struct IndexPath {
  const IndexDef* index = nullptr;
  /// Over variables that are not the scan's own; Lowerer makes positions or parameters of them.
  std::vector<ExprPtr> equal;
  ExprPtr any_of, lower, upper;
  bool lower_inclusive = true, upper_inclusive = true;
  /// The column after `equal` is not NULL in the rows of the range.
  bool not_null = false;
  /// It is NULL in all of them.
  bool is_null = false;
  /// Conjuncts (by position) that the range answers exactly: no filter needs them.
  std::vector<size_t> covered;
  double selectivity = 1;
  double probes = 1;    // lookups: elements of any_of
  bool unique = false;  // at most one row
  bool partial = false;
  /// Index columns that are fixed by equality: the order of rows goes by those after them.
  size_t equal_columns = 0;

  /// Whether the index leaves out rows that the conjuncts leave out.
  bool narrows() const {
    return !covered.empty() || partial || !equal.empty() || lower || upper || is_null;
  }
};

/// Whether an expression may be a bound: it has no variable of the scan itself.
using IsBound = std::function<bool(const Expr&)>;

/// The scan that a join may look rows up in: `inner` itself, or what its filter reads; null if it
/// is anything else.
LogicalScan* ScanUnder(LogicalNode& inner);
/// What rows of a join's other side are looked up by in `scan`.
IsBound BoundOutside(const LogicalScan& scan);
/// Conjuncts that the filter over a scan keeps, if there is one.
std::vector<ExprPtr> FactsOf(const LogicalNode& inner);

/// Whether a partial index's `predicate`, which `facts` do not imply, may be counted on because of
/// parameters' values.
using Assume = std::function<bool(std::span<const Expr* const> facts, const Expr& predicate)>;

/// What each index of the scan's table offers for `conjuncts`; those with nothing to offer are left
/// out, unless `with_whole` (an index read from end to end, for its order). Partial indexes are
/// among them where the conjuncts and `facts` (further conditions on the scan's rows, tested
/// elsewhere) imply their predicate. `hidden_exprs` gives the expression a hidden column stores,
/// over the scan's variables, or null; for the column past the last one, the predicate.
/// `assume` is asked about predicates that nothing implies. Bitmap indexes are not among them:
/// `bitmaps` asks for these alone.
std::vector<IndexPath> FindIndexPaths(
    const LogicalScan& scan, const std::vector<ExprPtr>& conjuncts, std::span<const ExprPtr> facts,
    const Estimator& estimator, const IsBound& is_bound, bool with_whole,
    const std::function<ExprPtr(const IndexDef&, size_t column)>& hidden_exprs,
    const Assume& assume, bool bitmaps = false);

// Costs in units of reading one row of a table scan.
inline constexpr double kIndexProbeCost = 4;
inline constexpr double kIndexRowCost = 2.5;
/// Rows that a filter refuses come before the first good one, and nobody knows how they lie: their
/// number is guessed high where a few good ones are looked for.
inline constexpr double kFilterCaution = 10;
/// Of running an inner plan again for another outer row.
inline constexpr double kReopenCost = 10;
inline constexpr double kHashBuildCost = 3;
inline constexpr double kHashProbeCost = 1.5;

}  // namespace oxibase
