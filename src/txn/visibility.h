#pragma once

#include "common/ids.h"
#include "storage/mvcc/row_version.h"
#include "storage/segment/segment_list.h"
#include "txn/snapshot.h"
#include "txn/tablet_access.h"

namespace oxibase {

/// The version that `snapshot` sees of the chain that begins at `version`, or null. REQUIRES: a
/// ReadGuard
inline const RowVersion* VisibleVersion(const RowVersion* version, const Snapshot& snapshot) {
  for (; version != nullptr; version = version->next.load(std::memory_order_acquire)) {
    const uint64_t begin = version->begin.load(std::memory_order_acquire);
    // A version in flight has the highest bit set, so it is later than any snapshot.
    if (begin <= snapshot.read_ts.value) break;
    if (begin == (kTxnIdBit | snapshot.own.value) && version->command < snapshot.command) break;
  }
  return version != nullptr && !version->is_tombstone() ? version : nullptr;
}

/// What a snapshot sees of a row's chain.
struct ChainView {
  const RowVersion* version = nullptr;  // no tombstone
  /// The chain says nothing about the row at that time: a segment may.
  bool look_below = false;
};

/// As VisibleVersion, for tablets that have segments. REQUIRES: a ReadGuard
inline ChainView LookAtChain(const RowVersion* head, const Snapshot& snapshot) {
  bool frozen = head == nullptr;
  for (const RowVersion* version = head; version != nullptr;
       version = version->next.load(std::memory_order_acquire)) {
    const uint64_t begin = version->begin.load(std::memory_order_acquire);
    if (begin <= snapshot.read_ts.value ||
        (begin == (kTxnIdBit | snapshot.own.value) && version->command < snapshot.command)) {
      return {version->is_tombstone() ? nullptr : version, false};
    }
    frozen |= version->Has(RowVersion::kFrozen);
  }
  return {nullptr, frozen};
}

/// The row as the snapshot sees it, in memory or in a segment of `list`, or none. What it says
/// holds if `list` is the tablet's newest one before and after. Errors: of reading segments.
/// REQUIRES: a ReadGuard
Result<RowRef> ResolveRow(const Tablet& tablet, const SegmentList& list, const Snapshot& snapshot,
                          RowId row);

/// A segment lacks the run of an index: making it has failed.
Status NoRunError(const TabletIndex& index, const FrozenSegment& segment);

}  // namespace oxibase
