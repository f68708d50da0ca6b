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

class HotBitmaps;
class OrderedIndex;
class EpochManager;

/// An index of a tablet: a set of (key, row id), each entry a candidate that the visible version's
/// key confirms. Thread-safe; lookups and changes need a ReadGuard.
class TabletIndex {
 public:
  /// `schema`: of the tablet.
  TabletIndex(IndexSpec spec, const TableSchema& schema, EpochManager& epochs);
  ~TabletIndex();
  TabletIndex(const TabletIndex&) = delete;
  TabletIndex& operator=(const TabletIndex&) = delete;

  const IndexSpec& spec() const { return spec_; }
  /// The tablet has a new schema. The table is locked: nobody reads or writes rows in a
  /// transaction; but those who collect dead versions may be at work.
  void SetSchema(const TableSchema& schema);
  bool is_hash() const { return spec_.method == IndexSpec::Method::kHash; }
  /// Then its entries in memory are in `bitmaps`, and the tree stays empty.
  bool is_bitmap() const { return spec_.method == IndexSpec::Method::kBitmap; }

  /// Whether readers may use it: every row has its entries, and will have. False while it is built
  /// or dropped beside writers (src/storage/mvcc/tablet_concurrent.cc), who keep it all the same.
  bool is_complete() const { return complete_.load(std::memory_order_acquire); }
  void set_complete(bool on) const { complete_.store(on, std::memory_order_release); }

  /// Writes the key that a row has in this index to `key`; false if it has no entry (a partial
  /// index's predicate is not true). `has_null`: some key column is NULL. Allocates only when `key`
  /// must grow.
  bool KeyOfRow(const RowLayout& layout, const std::byte* row, std::string* key,
                bool* has_null) const;
  bool KeyOfVersion(const TableSchema& schema, const RowVersion& version, std::string* key,
                    bool* has_null) const {
    return KeyOfRow(schema.At(version.schema_version), version.row(), key, has_null);
  }
  /// Whether two rows have the same bytes in all columns of this index, hence the same key. Cheaper
  /// than two keys.
  bool SameKey(const RowLayout& a_layout, const std::byte* a, const RowLayout& b_layout,
               const std::byte* b) const;

  /// The key's values, for messages.
  std::vector<Value> KeyValues(const RowLayout& layout, const std::byte* row) const;

  /// The key's bytes as the tree below has them: of a hash index, the hash.
  using HashBytes = char[8];
  std::string_view TreeKey(std::string_view key, HashBytes& hash) const;
  OrderedIndex& tree() const { return *tree_; }
  /// Null unless it is a bitmap index.
  const HotBitmaps* bitmaps() const { return bitmaps_.get(); }

  /// Adds and removes an entry in memory; `key` as KeyOfRow makes it. It may be there, or not.
  void AddEntry(std::string_view key, RowId row);
  void RemoveEntry(std::string_view key, RowId row);

  /// Serialises those who add the same unique key.
  Mutex& KeyLatch(std::string_view key) const;

  /// Whether its tree may have hints about locked rows: then the entries of a row are refreshed
  /// when a watched lock ends.
  bool notes_locks() const { return notes_locks_.load(std::memory_order_seq_cst); }
  void set_notes_locks() const { notes_locks_.store(true, std::memory_order_seq_cst); }

  /// Entries in memory; for planning.
  uint64_t size() const;
  /// Memory of the entries.
  uint64_t bytes() const;

 private:
  static constexpr size_t kKeyLatches = 64;

  /// Where the index's columns lie in rows of one schema version.
  struct Positions {
    SchemaVersion version;
    std::vector<int> columns;  // -1: such rows are older than the column
    int predicate = -1;
  };
  /// What rows of the tablet's schema versions have; replaced as a whole.
  struct Shape {
    std::vector<Positions> positions;  // newest last
    std::vector<Value> missing;        // of the key columns
    bool missing_predicate = false;
    const Positions& In(const RowLayout& layout) const;
  };
  const Shape& shape() const { return *shape_.load(std::memory_order_acquire); }

  const IndexSpec spec_;
  EpochManager& epochs_;
  std::atomic<const Shape*> shape_{nullptr};  // the old one is freed by epoch
  std::unique_ptr<OrderedIndex> tree_;
  std::unique_ptr<HotBitmaps> bitmaps_;
  mutable std::unique_ptr<Mutex[]> key_latches_;
  mutable std::atomic<bool> notes_locks_{false};
  mutable std::atomic<bool> complete_{true};
};

}  // namespace oxibase
