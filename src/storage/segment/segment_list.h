#pragma once

#include <absl/container/btree_map.h>

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
///
/// Merging drops versions that only older snapshots see. For these the merged segments stay in the
/// list, where they were, as long as there are such snapshots.
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
    /// Only then are the bits of its rows kept up.
    bool is_current() const { return replaced_at == Timestamp::Max(); }

    /// Null if there is none.
    const IndexRun* FindRun(Oid index) const {
      const auto found = runs.find(index);
      return found == runs.end() ? nullptr : found->second.file.get();
    }
  };

  /// Where files of segments and runs are made.
  SegmentStore* store = nullptr;

  /// Those that are not replaced.
  std::vector<Part> parts;
  /// Where some are replaced: all.
  std::vector<Part> history;
  /// The latest replaced_at.
  Timestamp valid_from;
  /// Rows that `parts` show.
  uint64_t live_rows = 0;

  /// Superseded versions (past_segment.h): every one that ended after `from` and at or before
  /// `until`.
  struct Past {
    std::vector<Part> parts;  // newest first
    Timestamp from = Timestamp::Max();
    Timestamp until;
    uint64_t shape = 0;  // TabletHistory::shape

    bool is_kept() const { return from != Timestamp::Max(); }
  };
  Past past;

  const std::vector<Part>& all() const { return history.empty() ? parts : history; }
  /// Makes `all` its parts; newest first.
  void Assign(std::vector<Part> all);
  /// Those that a snapshot reads.
  const std::vector<Part>& For(Timestamp read_ts) const {
    return read_ts >= valid_from ? parts : history;
  }
  /// The version of the row that the snapshot sees, memory left aside. Errors: of reading
  /// segments. REQUIRES: inside an epoch
  Result<FrozenRow> Find(RowId row, const Snapshot& snapshot) const;

  /// What one segment says of a row.
  struct Place {
    const FrozenSegment* segment = nullptr;
    FrozenRow row;  // none: it was removed
    /// Of the version or the removal; its writer's TxnId if that is in flight.
    uint64_t begin = 0;

    explicit operator bool() const { return segment != nullptr; }
  };
  /// The newest that one of `parts` from `*at` on says of the row, committed or not; *at is then
  /// the part behind it. None: nothing. Errors and REQUIRES as Find.
  Result<Place> FindNewest(RowId row, size_t* at) const;
  Result<Place> FindNewest(RowId row) const {
    size_t at = 0;
    return FindNewest(row, &at);
  }
};

}  // namespace oxibase
