#pragma once

#include "sql/plan/physical.h"

namespace oxibase {

/// Whether a cursor over such a plan goes backward without having been declared SCROLL: PostgreSQL
/// lets it for plans that read one relation, or sorted rows, and not for joins and groups.
bool SupportsBackwardScan(const PhysicalNode& node);

/// Whether a second run under the same snapshot yields the same rows, as far as what the plan reads
/// is concerned: the system tables show what is, not what was.
bool ReadsOnlyTables(const PhysicalPlan& plan);

}  // namespace oxibase
