#pragma once

#include <memory>
#include <span>

#include "txn/tablet_access.h"

namespace oxibase {

struct SegmentList;

/// All rows of a table as they were at a time in the past, in order of row id. Keeps its place as a
/// row id: between calls it holds nothing.
///
/// A version that was superseded since lies in the row's chain, or in a history segment: never is
/// there none (Tablet::history). So a row is what history has of that time; else what its chain
/// has; else, if it has no chain, its newest frozen version, if that began in time.
class PastCursor {
 public:
  PastCursor(const Tablet& tablet, Timestamp at) : tablet_(&tablet), at_(at) {}
  /// Up to rows.size() further rows; 0 is the end. Errors: of reading segments. REQUIRES: a
  /// ReadGuard; the time is pinned (TxnManager::PinPast)
  Result<size_t> Next(std::span<RowRef> rows);
  void Rewind() { next_ = RowId(0); }

 private:
  /// Those without history in [next_, last]; sets `end` to the id behind the last one looked at.
  Result<size_t> NextNewest(RowId last, std::span<RowRef> rows, RowId* end);

  const Tablet* tablet_;
  const Timestamp at_;
  RowId next_;
  std::unique_ptr<RowRef[]> newest_, superseded_;
};

}  // namespace oxibase
