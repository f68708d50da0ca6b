#pragma once

#include <vector>

#include "sql/bind/query_binder.h"

namespace oxibase::bind {

/// What GROUP BY asks for.
struct QueryBinder::Grouping {
  std::vector<ExprPtr> keys;
  std::vector<VarId> vars;  // that stand for the keys above the aggregation
  /// The last so many keys are columns that depend on a primary key among the others.
  size_t dependent = 0;
  std::vector<std::vector<uint32_t>> sets;  // empty: one set of all keys

  size_t original_keys() const { return keys.size() - dependent; }
};

}  // namespace oxibase::bind
