#pragma once

#include <absl/container/btree_map.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "env/mutex.h"
#include "storage/index/row_set.h"

namespace oxibase {

/// What a bitmap index has in memory: for each key the set of its row ids, in order of keys.
/// Thread-safe. Needs no epoch: whoever reads copies.
///
/// Few keys with many rows are what it is made for: each key has a lock of its own that writers
/// hold for one change and readers for one union.
class HotBitmaps {
 public:
  /// False if it was there.
  bool Insert(std::string_view key, RowId row);
  /// False if it was not there.
  bool Erase(std::string_view key, RowId row);
  /// Adds the rows of all keys from `lower` up to, without, `upper` (null: all) to `rows`.
  void Collect(std::string_view lower, const std::string_view* upper, RowSet& rows) const;

  /// Entries.
  uint64_t size() const { return size_.load(std::memory_order_relaxed); }
  /// Memory, to about a tenth.
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Posting {
    mutable Mutex mu;
    RowSet rows GUARDED_BY(mu);
    uint32_t changes GUARDED_BY(mu) = 0;
    uint64_t counted_bytes GUARDED_BY(mu) = 0;
  };

  void Count(Posting& posting) REQUIRES(posting.mu);
  /// Takes the key away if no row has it.
  void RemoveEmpty(std::string_view key);

  mutable SharedMutex mu_;
  absl::btree_map<std::string, std::unique_ptr<Posting>, std::less<>> postings_ GUARDED_BY(mu_);
  std::atomic<uint64_t> size_{0};
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace oxibase
