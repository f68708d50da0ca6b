#pragma once

#include <span>
#include <vector>

#include "storage/index/row_set.h"
#include "storage/segment/segment_list.h"
#include "txn/tablet_access.h"

namespace oxibase {

/// One call's part of a scan over a tablet's segments and what memory has beside them, in order of
/// row id. Goes from window to window: ranges of row ids in which the same groups lie. A group that
/// is alone in its window, with nothing superseded and no hot rows beside it, is passed on as it
/// is; elsewhere rows are merged by id, and those that several places have are looked up. Private
/// to src/txn. REQUIRES: a ReadGuard, as long as this lives
class SegmentScan {
 public:
  /// kPast: the newest version of each row, if it began in time, or what its chain has
  /// (PastCursor).
  enum class Mode : uint8_t { kSnapshot, kPast };

  /// Rows with ids in [next, last]; with `only` those of them that it has.
  SegmentScan(const Tablet& tablet, const SegmentList& list, const Snapshot& snapshot, RowId next,
              RowId last, const RowSet* only = nullptr, Mode mode = Mode::kSnapshot)
      : tablet_(tablet),
        list_(list),
        snapshot_(snapshot),
        mode_(mode),
        next_(next),
        last_(last),
        is_selective_(only != nullptr),
        wanted_(only) {}

  /// As many as fit; none: the end. Fewer may come where they lie far apart. Errors: of reading
  /// segments.
  Result<size_t> Read(std::span<RowRef> rows);
  /// Where to go on; the largest id at the end.
  RowId next() const { return next_; }

 private:
  /// A group that has rows in the window.
  struct Source {
    const FrozenGroup* group;
    GroupWords ids;
    GroupWords begins;
    const SupersededBits* superseded;
    bool is_current;      // those of segments that were replaced are not kept up
    uint64_t seen_up_to;  // of begins
    uint32_t position = 0;
    uint32_t end = 0;

    uint64_t id() const { return position < end ? ids[position] : UINT64_MAX; }
    bool is_seen() const { return begins[position] <= seen_up_to; }
  };

  /// Finds the sources of the window that begins at next_; returns its last id.
  Result<RowId> OpenWindow();
  Result<size_t> ReadWhole(Source& source, std::span<RowRef> rows);
  size_t ReadWanted(Source& source, std::span<RowRef> rows);
  Result<size_t> Merge(RowId end, std::span<RowRef> rows);
  Result<RowRef> Resolve(RowId row) const;
  /// The first hot row at or after `row`; UINT64_MAX: none up to `end`.
  uint64_t NextHot(RowId row, RowId end) const;

  const Tablet& tablet_;
  const SegmentList& list_;
  const Snapshot snapshot_;
  const Mode mode_;
  RowId next_;
  const RowId last_;
  const bool is_selective_;
  RowSet::Cursor wanted_;
  std::vector<Source> sources_;  // newest first
};

}  // namespace oxibase
