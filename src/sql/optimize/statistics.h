#pragma once

#include <cstdint>
#include <optional>

#include "catalog/objects.h"
#include "common/value.h"

namespace oxibase {

struct ColumnStatistics {
  double distinct = 0;  // values; 0: unknown
  double null_fraction = 0;
  std::optional<Value> min, max;
};

/// What the optimizer knows of the data. Any thread.
class StatisticsProvider {
 public:
  virtual ~StatisticsProvider() = default;
  /// Rows in the table now, near enough.
  virtual double Rows(const TableDef& table) const = 0;
  /// From the last ANALYZE; null if there was none.
  virtual const ColumnStatistics* Column(const TableDef& table, ColumnId column) const = 0;
};

}  // namespace oxibase
