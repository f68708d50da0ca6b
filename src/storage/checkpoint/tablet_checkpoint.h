#pragma once

#include <memory>
#include <span>

#include "common/ids.h"
#include "common/status.h"
#include "storage/mvcc/tablet.h"
#include "storage/segment/segment_list.h"
#include "storage/segment/segment_store.h"

namespace oxibase {

/// What a checkpoint does to one tablet: rows that changed since the last one become a new segment,
/// together with those of the newest segments where these have grown too small to stand alone.
///
/// Each segment is at least twice as large as all newer ones together, and there are at most
/// kSegmentsMax. So a growing table writes each row about as often as its size has doubled, a table
/// that is updated in few places leaves its base alone, and merging needs no more room beside a
/// tablet's segments than they take.
class TabletCheckpoint {
 public:
  static constexpr size_t kSegmentsMax = 4;

  struct Written {
    uint64_t rows = 0;
    uint64_t bytes = 0;
  };

  /// The tablet's list of segments as of `as_of`, whose snapshot is pinned; the one that it has if
  /// nothing changed. `snapshots` are in use, ascending; later ones are not older
  /// than the last. The new files are synced, their
  /// names are not. REQUIRES: the tablet's segments_mu()
  static Result<std::shared_ptr<const SegmentList>> Write(SegmentStore& store, Tablet& tablet,
                                                          Timestamp as_of,
                                                          std::span<const Timestamp> snapshots,
                                                          Written* written);

  /// Makes `list`, which a durable manifest names, the tablet's. Without effect if it is already.
  /// REQUIRES: the tablet's segments_mu(); the snapshot `as_of` is pinned still
  static void Publish(Tablet& tablet, std::shared_ptr<const SegmentList> list, Timestamp as_of);
};

}  // namespace oxibase
