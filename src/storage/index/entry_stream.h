#pragma once

#include <string_view>

#include "common/ids.h"
#include "common/status.h"

namespace oxibase {

/// Entries of an index, one after another in order of key and row id. Not thread-safe.
class EntryStream {
 public:
  virtual ~EntryStream() = default;
  /// Goes to the next entry, at first to the first. False when there are no more.
  virtual Result<bool> Next() = 0;
  /// The entry's key, good until the next call. REQUIRES: Next returned true
  virtual std::string_view key() const = 0;
  virtual RowId row() const = 0;
};

}  // namespace oxibase
