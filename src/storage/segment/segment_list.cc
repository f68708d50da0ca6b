#include "storage/segment/segment_list.h"

namespace oxibase {

// Parts that were replaced stand behind older ones that were not, so the first one found need not
// be the newest. But a row that was removed never comes back.
Result<FrozenRow> SegmentList::FindAmongAll(RowId row, Timestamp read_ts) const {
  FrozenRow newest;
  for (const Part& part : parts) {
    const FrozenSegment& segment = *part.segment;
    if (segment.as_of() <= read_ts && segment.removed().contains(row.value)) return FrozenRow();
    ASSIGN_OR_RETURN(const FrozenRow found, segment.Find(row));
    if (found && found.begin <= read_ts && (!newest || newest.begin < found.begin)) newest = found;
  }
  return newest;
}

Result<FrozenRow> SegmentList::Find(RowId row, Timestamp read_ts) const {
  if (read_ts < valid_from) [[unlikely]]
    return FindAmongAll(row, read_ts);
  for (const Part& part : current_parts()) {
    const FrozenSegment& segment = *part.segment;
    // (The tombstone stays in memory for snapshots between the removal and this time.)
    if (segment.as_of() <= read_ts && segment.removed().contains(row.value)) break;
    ASSIGN_OR_RETURN(const FrozenRow found, segment.Find(row));
    if (found && found.begin <= read_ts) return found;
  }
  return FrozenRow();
}

}  // namespace oxibase
