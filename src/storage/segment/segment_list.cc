#include "storage/segment/segment_list.h"

#include <algorithm>
#include <utility>

namespace oxibase {

void SegmentList::Assign(std::vector<Part> all) {
  parts.clear();
  history.clear();
  valid_from = {};
  for (const Part& part : all) {
    if (part.is_current()) {
      parts.push_back(part);
    } else {
      valid_from = std::max(valid_from, part.replaced_at);
    }
  }
  if (parts.size() < all.size()) history = std::move(all);
}

Result<FrozenRow> SegmentList::Find(RowId row, const Snapshot& snapshot) const {
  for (const Part& part : For(snapshot.read_ts)) {
    const FrozenSegment& segment = *part.segment;
    if (!segment.MayHave(row)) continue;
    const std::optional<uint64_t> seen = segment.SeenUpTo(snapshot);
    if (!seen) continue;
    // (The tombstone stays in memory for snapshots between the removal and the segment's time.)
    if (segment.SeesRemoved(snapshot, row)) break;
    ASSIGN_OR_RETURN(const FrozenRow found, segment.Find(row));
    if (found && found.begin <= *seen) return found;
  }
  return FrozenRow();
}

Result<SegmentList::Place> SegmentList::FindNewest(RowId row, size_t* at) const {
  for (; *at < parts.size(); ++*at) {
    const FrozenSegment& segment = *parts[*at].segment;
    if (!segment.MayHave(row)) continue;
    if (segment.removed().contains(row.value)) {
      ++*at;
      return Place{&segment, FrozenRow(), segment.as_of().value};
    }
    ASSIGN_OR_RETURN(const FrozenRow found, segment.Find(row));
    if (found) {
      ++*at;
      return Place{&segment, found, segment.BeginWord(found.begin)};
    }
  }
  return Place();
}

}  // namespace oxibase
