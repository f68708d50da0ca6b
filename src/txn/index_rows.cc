// The rows of a range of a bitmap index, as a set.
//
// Entries in memory and in the runs of segments are read one after the other. A row may leave
// memory between the two; so all is read again if the list of segments is another one afterwards.
// Entries that are there when the snapshot exists stay as long as it does, since a version that it
// sees keeps its entry; so what was found once need not be looked for again.

#include <algorithm>
#include <optional>
#include <string>

#include "common/key_codec.h"
#include "common/plant.h"
#include "storage/index/hot_bitmaps.h"
#include "storage/index/index_run.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"
#include "txn/visibility.h"

namespace oxibase {
namespace {

/// The keys from `lower` up to, without, `upper`.
struct Bounds {
  std::string lower;
  std::optional<std::string> upper;
  bool empty = false;

  explicit Bounds(const KeyRange& range) {
    // Bounds may be prefixes: a bound that leaves its prefix out, or takes it in at the top, begins
    // behind all keys with it.
    if (range.has_lower) {
      lower = range.lower;
      if (!range.lower_inclusive && !MakePrefixSuccessor(&lower)) empty = true;
    }
    if (range.has_upper) {
      std::string end = range.upper;
      if (!range.upper_inclusive || MakePrefixSuccessor(&end)) upper = std::move(end);
    }
  }
};

Status CollectRun(Transaction& txn, const IndexRun& run, const Bounds& bounds, RowSet& rows) {
  if (run.entries() == 0 || bounds.lower > run.max_key()) return Status::Ok();
  std::string_view end;
  if (bounds.upper) {
    end = *bounds.upper;
    if (run.min_key() >= end) return Status::Ok();
  }
  // Leaves stay in memory until the epoch is left.
  constexpr size_t kLeavesAtOnce = 16;
  RunCursor cursor(run);
  for (bool begun = false; !begun || cursor.valid(); begun = true) {
    ReadGuard guard(txn);
    if (!begun) RETURN_IF_ERROR(cursor.SeekAtOrAfter(bounds.lower, RowId(0)));
    for (size_t i = 0; i < kLeavesAtOnce && cursor.valid(); ++i) {
      RETURN_IF_ERROR(cursor.CollectLeaf(rows, bounds.upper ? &end : nullptr));
    }
    cursor.Release();
  }
  return Status::Ok();
}

Status CollectSegments(Transaction& txn, const TabletIndex& index, const SegmentList& list,
                       const Snapshot& snapshot, const Bounds& bounds, RowSet& rows) {
  for (const SegmentList::Part& part : list.For(snapshot.read_ts)) {
    if (!part.segment->SeenUpTo(snapshot)) continue;
    const IndexRun* run = part.FindRun(index.spec().oid);
    if (run == nullptr) return NoRunError(index, *part.segment);
    RETURN_IF_ERROR(CollectRun(txn, *run, bounds, rows));
  }
  return Status::Ok();
}

}  // namespace

Status CollectRows(Transaction& txn, const Tablet& tablet, const TabletIndex& index,
                   const Snapshot& snapshot, const KeyRange& range, RowSet& rows) {
  OXI_CHECK(index.is_bitmap());
  const Bounds bounds(range);
  if (bounds.empty) return Status::Ok();
  for (;;) {
    // Held, so that no other list can come to lie in its place.
    const SegmentList* newest = tablet.segments();
    const auto list = newest != nullptr ? tablet.segment_list() : nullptr;
    if (list.get() != newest) continue;
    OXI_POINT();
    std::string_view end;
    if (bounds.upper) end = *bounds.upper;
    index.bitmaps()->Collect(bounds.lower, bounds.upper ? &end : nullptr, rows);
    OXI_POINT();
    if (list != nullptr) {
      RETURN_IF_ERROR(CollectSegments(txn, index, *list, snapshot, bounds, rows));
    }
    if (tablet.segments() == newest) return Status::Ok();
  }
}

}  // namespace oxibase
