#include "storage/segment/segment_list.h"

namespace oxibase {

Result<FrozenRow> SegmentList::Find(RowId row, Timestamp read_ts) const {
  for (const Part& part : For(read_ts)) {
    const FrozenSegment& segment = *part.segment;
    // (The tombstone stays in memory for snapshots between the removal and this time.)
    if (segment.as_of() <= read_ts && segment.removed().contains(row.value)) break;
    ASSIGN_OR_RETURN(const FrozenRow found, segment.Find(row));
    if (found && found.begin <= read_ts) return found;
  }
  return FrozenRow();
}

}  // namespace oxibase
