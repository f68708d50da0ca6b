#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "common/vector.h"
#include "env/mutex.h"
#include "storage/index/index_spec.h"
#include "storage/mvcc/row_layout.h"
#include "storage/mvcc/row_version.h"

namespace oxibase {

class OrderedIndex;
class EpochManager;

/// An index of a tablet: a set of (key, row id), each entry a candidate that the visible version's
/// key confirms. Thread-safe; lookups and changes need a ReadGuard.
class TabletIndex {
 public:
  TabletIndex(IndexSpec spec, EpochManager& epochs);
  ~TabletIndex();
  TabletIndex(const TabletIndex&) = delete;
  TabletIndex& operator=(const TabletIndex&) = delete;

  const IndexSpec& spec() const { return spec_; }
  bool is_hash() const { return spec_.method == IndexSpec::Method::kHash; }

  /// Writes the key that a row has in this index to `key`; false if it has no entry (a partial
  /// index's predicate is not true). `has_null`: some key column is NULL. Allocates only when `key`
  /// must grow.
  bool KeyOfRow(const RowLayout& layout, const std::byte* row, std::string* key,
                bool* has_null) const;
  bool KeyOfVersion(const TableSchema& schema, const RowVersion& version, std::string* key,
                    bool* has_null) const {
    return KeyOfRow(schema.At(version.schema_version), version.row(), key, has_null);
  }
  /// Whether two rows have the same key here. Cheaper than two keys.
  bool SameKey(const RowLayout& a_layout, const std::byte* a, const RowLayout& b_layout,
               const std::byte* b) const;

  /// The key's bytes as the tree below has them: of a hash index, the hash.
  std::string_view TreeKey(std::string_view key, char (&hash)[8]) const;
  OrderedIndex& tree() const { return *tree_; }

  /// Serialises those who add the same unique key.
  Mutex& KeyLatch(std::string_view key) const;

  /// Entries; for planning.
  uint64_t size() const;

 private:
  static constexpr size_t kKeyLatches = 64;

  const IndexSpec spec_;
  std::unique_ptr<OrderedIndex> tree_;
  mutable std::unique_ptr<Mutex[]> key_latches_;
};

}  // namespace oxibase
