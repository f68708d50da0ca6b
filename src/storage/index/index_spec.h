#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/key_codec.h"
#include "common/value.h"

namespace oxibase {

/// What an index of a tablet is, as plain data. Expressions and predicates are columns by now:
/// hidden ones that the row stores.
struct IndexSpec {
  struct KeyColumn {
    ColumnId column;
    SortOrder order;
  };
  enum class Method : uint8_t { kOrdered, kHash, kBitmap };

  Oid oid = 0;
  std::string name;  // of the constraint or index, for 23505
  Method method = Method::kOrdered;
  bool unique = false;
  bool nulls_not_distinct = false;
  /// Unique only after statements or transactions: rows with one key may meet here meanwhile, and
  /// whoever added the second one looks again later.
  bool deferrable = false;
  /// Unique, not deferrable, not partial, no expressions: what a foreign key may refer to. An
  /// update that changes such a key locks FOR UPDATE, any other FOR NO KEY UPDATE.
  bool referable = false;
  std::vector<KeyColumn> columns;
  /// Boolean column; only rows where it is true have an entry.
  std::optional<ColumnId> predicate;
  /// The detail of 23505 for a key ("Key (a, b)=(1, x) already exists."). May be empty: none.
  std::function<std::string(std::span<const Value> key)> describe;
  /// The same when an index is made over rows ("Key (a)=(1) is duplicated.").
  std::function<std::string(std::span<const Value> key)> describe_duplicate;

  /// Whether no snapshot ever shows two rows with one key (NULLs aside).
  bool always_unique() const { return unique && !deferrable; }
};

}  // namespace oxibase
