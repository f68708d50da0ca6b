#pragma once

#include <absl/container/btree_map.h>

#include <memory>
#include <span>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "storage/segment/frozen_segment.h"

namespace oxibase {

class IndexRun;
class SegmentStore;

/// The segments of a tablet, newest first: of a row that several have, the first whose version
/// began in time counts. Immutable; a tablet changes from one list to the next (Tablet::segments).
///
/// Merging drops versions that only older snapshots see. For these the merged segments stay at the
/// list's end as long as there are such snapshots.
struct SegmentList {
  struct Run {
    uint64_t number = 0;  // names the file
    std::shared_ptr<const IndexRun> file;
  };
  struct Part {
    std::shared_ptr<const FrozenSegment> segment;
    /// The sorted entries of its rows in each index, by oid. (In order, so that a simulation that
    /// runs again lets them go in the same order.)
    absl::btree_map<Oid, Run> runs;
    /// Snapshots from here on find all that they see of it in newer segments.
    Timestamp replaced_at = Timestamp::Max();

    /// Null if there is none.
    const IndexRun* FindRun(Oid index) const {
      const auto found = runs.find(index);
      return found == runs.end() ? nullptr : found->second.file.get();
    }
  };

  /// Where files of segments and runs are made.
  SegmentStore* store = nullptr;

  std::vector<Part> parts;
  /// So many at the beginning are not replaced.
  size_t current = 0;
  /// The latest replaced_at of the others.
  Timestamp valid_from;
  /// Rows that the current ones show.
  uint64_t live_rows = 0;

  std::span<const Part> current_parts() const { return std::span(parts).first(current); }
  /// Those that a snapshot reads.
  std::span<const Part> For(Timestamp read_ts) const {
    return read_ts >= valid_from ? current_parts() : std::span(parts);
  }
  /// The version of the row that is seen at `read_ts`, memory left aside. Errors: of reading
  /// segments. REQUIRES: inside an epoch
  Result<FrozenRow> Find(RowId row, Timestamp read_ts) const;

 private:
  Result<FrozenRow> FindAmongAll(RowId row, Timestamp read_ts) const;
};

}  // namespace oxibase
