#pragma once

#include <absl/container/flat_hash_map.h>

#include <memory>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "storage/segment/frozen_segment.h"

namespace oxibase {

class IndexRun;
class SegmentStore;

/// The segments of a tablet, newest first: of a row that several have, the first whose version
/// began in time counts. Immutable; a tablet changes from one list to the next (Tablet::segments).
struct SegmentList {
  struct Run {
    uint64_t number = 0;  // names the file
    std::shared_ptr<const IndexRun> file;
  };
  struct Part {
    std::shared_ptr<const FrozenSegment> segment;
    /// The sorted entries of its rows in each index, by oid.
    absl::flat_hash_map<Oid, Run> runs;

    /// Null if there is none.
    const IndexRun* FindRun(Oid index) const {
      const auto found = runs.find(index);
      return found == runs.end() ? nullptr : found->second.file.get();
    }
  };

  /// Where files of segments and runs are made.
  SegmentStore* store = nullptr;

  std::vector<Part> parts;
  /// Rows that they show at their newest time.
  uint64_t live_rows = 0;
  /// Merging dropped what only snapshots before this one see. Those read `older`.
  Timestamp valid_from;
  std::shared_ptr<const SegmentList> older;

  /// The list that a snapshot reads.
  const SegmentList& For(Timestamp read_ts) const {
    const SegmentList* list = this;
    while (read_ts < list->valid_from && list->older != nullptr) list = list->older.get();
    return *list;
  }
  /// The version of the row that is seen at `read_ts`, memory left aside. Errors: of reading
  /// segments. REQUIRES: inside an epoch
  Result<FrozenRow> Find(RowId row, Timestamp read_ts) const;
};

}  // namespace oxibase
