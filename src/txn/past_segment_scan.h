#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/segment/segment_list.h"
#include "txn/tablet_access.h"

namespace oxibase {

/// The versions in a tablet's history segments that are seen at one time, in order of row id, one a
/// row. Private to src/txn. REQUIRES: a ReadGuard, as long as this lives
class PastSegmentScan {
 public:
  /// Of rows with ids from `first` on.
  PastSegmentScan(const SegmentList& list, Timestamp at, RowId first);

  /// Goes to the next one, at first to the first. False when there are no more. Errors: of reading
  /// segments.
  Result<bool> Next();
  const RowRef& row() const { return row_; }

 private:
  struct Source {
    const FrozenSegment* segment;
    uint32_t group = 0;
    uint32_t position = 0;
    bool is_loaded = false;  // the group's columns
    const DecodedColumn* rows = nullptr;
    const DecodedColumn* ends = nullptr;
    uint64_t id = 0;  // of a version that is seen; UINT64_MAX: there are no more
  };

  Status Seek(Source& source);
  Status Load(Source& source);
  /// Goes on to the first version seen from its place on.
  Status FindSeen(Source& source);

  const Timestamp at_;
  const RowId first_;
  bool begun_ = false;
  std::vector<Source> sources_;
  RowRef row_;
};

}  // namespace oxibase
