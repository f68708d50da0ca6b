#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "storage/mvcc/row_version.h"
#include "txn/tablet_access.h"

namespace oxibase {

/// What a scan looked at in the rows that it met: its filter, and the columns that it gave out.
/// Immutable but for scratch; used by one transaction's thread.
class ReadFilter {
 public:
  virtual ~ReadFilter() = default;
  /// Whether the scan would have told apart a table with `before` from one with `after` in its
  /// place. One of them may be null: no row. True where it cannot tell.
  virtual bool Notices(const RowVersion* before, const RowVersion* after) = 0;
};

/// What a SERIALIZABLE transaction has read: whole tables and ranges of index keys, each with what
/// the scan looked at there. Absent rows are covered with the range that they would lie in. Scans,
/// lookups and checks fill it while they read (Transaction::reads()); at commit it is held against
/// what others have written meanwhile (txn/serializable.h). One thread at a time.
///
/// Bounded: neighbouring ranges become one, and beyond kIntervalsMax or kBytesMax a table counts as
/// read whole, which may refuse a commit without need but never lets a wrong one pass.
class ReadSet {
 public:
  ReadSet() = default;
  ~ReadSet() { Clear(); }
  ReadSet(const ReadSet&) = delete;
  ReadSet& operator=(const ReadSet&) = delete;

  /// All rows that `filter` notices; null: all.
  void AddTable(const Tablet& tablet, std::shared_ptr<ReadFilter> filter = nullptr);
  /// All rows with keys in the range, there or not.
  void AddRange(const Tablet& tablet, const TabletIndex& index, const KeyRange& range,
                std::shared_ptr<ReadFilter> filter = nullptr);
  /// The rows with this key, or one that begins so.
  void AddKey(const Tablet& tablet, const TabletIndex& index, std::string_view key,
              std::shared_ptr<ReadFilter> filter = nullptr);

  bool empty() const { return tables_.empty(); }
  void Clear();

  /// Whether `tablet` was read at all.
  bool Reads(TabletId tablet) const { return Find(tablet) != nullptr; }
  /// Whether a row's change from `before` to `after` (null: no row) is one that was read.
  /// REQUIRES: a ReadGuard
  bool Notices(TabletId tablet, const RowVersion* before, const RowVersion* after);

 private:
  static constexpr size_t kGroupsMax = 64;
  static constexpr size_t kIntervalsMax = 16 * 1024;
  static constexpr size_t kBytesMax = size_t{8} << 20;

  /// Keys in [lower, upper); without an upper bound if there is none.
  struct Interval {
    std::string lower, upper;
    bool has_upper = true;
  };
  /// Reads of one index, or of the whole table, that looked at the same.
  struct Group {
    Oid index;  // 0: the whole table
    std::shared_ptr<ReadFilter> filter;
    std::vector<Interval> intervals;
    size_t sorted = 0;  // so many are in order and do not overlap
    size_t compact_at = 64;
  };
  struct Table {
    const Tablet* tablet;
    bool whole = false;
    std::vector<Group> groups;
    size_t bytes = 0;
  };

  const Table* Find(TabletId tablet) const;
  Table& TableOf(const Tablet& tablet);
  Group& GroupOf(Table& table, Oid index, std::shared_ptr<ReadFilter> filter);
  void Add(const Tablet& tablet, Oid index, Interval interval, std::shared_ptr<ReadFilter> filter);
  static void Compact(Group& group);
  static bool Contains(Group& group, std::string_view key);
  bool GroupNotices(const Table& table, Group& group, const RowVersion* before,
                    const RowVersion* after);

  std::vector<Table> tables_;
  std::string before_key_, after_key_;
};

}  // namespace oxibase
