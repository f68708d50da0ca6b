#pragma once

#include <map>
#include <string>
#include <string_view>

#include "catalog/objects.h"
#include "common/status.h"
#include "sql/optimize/statistics.h"

namespace oxibase {

/// Column statistics of one table, as the last ANALYZE left them.
struct TableStatistics {
  std::map<ColumnId, ColumnStatistics> columns;
};

/// The kind of the catalog's rows that keep them, by table: no object of the catalog, since no
/// statement names one.
inline constexpr auto kStatisticsRow = static_cast<ObjectKind>('A');

/// The row's definition: a version byte, then column by column id, distinct values, part of NULLs,
/// and smallest and largest value with their type, in the types' binary forms.
std::string EncodeStatistics(const TableStatistics& statistics);
/// kDataCorrupted if the bytes are none.
Result<TableStatistics> DecodeStatistics(std::string_view bytes);

}  // namespace oxibase
