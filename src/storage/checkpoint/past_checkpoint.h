#pragma once

#include <memory>

#include "common/ids.h"
#include "common/status.h"
#include "storage/checkpoint/tablet_checkpoint.h"
#include "storage/mvcc/tablet.h"
#include "storage/segment/segment_list.h"
#include "storage/segment/segment_store.h"

namespace oxibase {

/// What a checkpoint does to a tablet's history: versions superseded since the last one go to a
/// history segment, together with those of the newest ones that are too small to stand alone, as
/// for segments of rows. What nobody may ask for any more is left out.
class PastCheckpoint {
 public:
  /// `list`, which TabletCheckpoint::Write returned, with the history up to `as_of`; itself if
  /// there is none. What ended before the tablet's history and at or before `oldest_snapshot` is
  /// left out. The files are synced, their names are not. REQUIRES: the tablet's segments_mu(); the
  /// snapshot `as_of` is pinned
  static Result<std::shared_ptr<const SegmentList>> Write(SegmentStore& store, Tablet& tablet,
                                                          Timestamp as_of,
                                                          Timestamp oldest_snapshot,
                                                          std::shared_ptr<const SegmentList> list,
                                                          TabletCheckpoint::Written* written);
};

}  // namespace oxibase
