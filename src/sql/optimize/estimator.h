#pragma once

#include <map>
#include <memory>

#include "sql/optimize/statistics.h"
#include "sql/plan/logical.h"

namespace oxibase {

struct PrefixMatch;

/// Guesses row counts. Knows which table column each variable of a plan is.
class Estimator {
 public:
  /// `statistics` may be null: every table then has a thousand rows.
  explicit Estimator(const StatisticsProvider* statistics) : statistics_(statistics) {}

  /// Learns the scans in `node`. Variables are unique, so plans may be added one after another.
  void Learn(const LogicalNode& node);

  double Rows(const LogicalNode& node) const;
  double TableRows(const TableDef& table) const;
  /// The part of rows that pass.
  double Selectivity(const Expr& predicate) const;
  /// Distinct values of a column variable, at most the rows of its table; 0 if unknown.
  double Distinct(VarId var) const;
  double Distinct(const TableDef& table, ColumnId column) const;
  /// The same from the last ANALYZE; 0 if there was none.
  double KnownDistinct(const TableDef& table, ColumnId column) const;
  /// Rows of a join of sides with so many rows each.
  double JoinRows(JoinType type, double left, double right, const Expr* condition) const;

 private:
  struct Origin {
    std::shared_ptr<const TableDef> table;
    ColumnId column;
  };
  double GroupCount(const std::vector<ExprPtr>& keys, double rows) const;
  double SelectivityOf(const PrefixMatch& match) const;
  double RangeSelectivity(const Expr& column, const Expr& bound, bool below) const;

  const StatisticsProvider* statistics_;
  std::map<VarId, Origin> origins_;
};

}  // namespace oxibase
