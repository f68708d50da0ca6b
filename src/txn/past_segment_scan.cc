#include "txn/past_segment_scan.h"

#include <algorithm>

#include "storage/segment/past_segment.h"
#include "storage/segment/segment_open.h"

namespace oxibase {

PastSegmentScan::PastSegmentScan(const SegmentList& list, Timestamp at, RowId first)
    : at_(at), first_(first) {
  for (const SegmentList::Part& part : list.past.parts) {
    // What it has ended at or before this.
    if (part.segment->as_of() > at) sources_.push_back({part.segment.get()});
  }
}

Status PastSegmentScan::Load(Source& source) {
  const SegmentFile& file = source.segment->file();
  const int row = file.FindColumn(source.group, kPastRowColumn);
  const int end = file.FindColumn(source.group, kPastEndColumn);
  if (row < 0 || end < 0) return DamagedSegment(file.path(), "it is not a segment of history");
  ASSIGN_OR_RETURN(source.rows, file.Column(source.group, static_cast<size_t>(row)));
  ASSIGN_OR_RETURN(source.ends, file.Column(source.group, static_cast<size_t>(end)));
  source.is_loaded = true;
  return Status::Ok();
}

// To the first version of a row with an id of at least first_.
Status PastSegmentScan::Seek(Source& source) {
  const auto groups = source.segment->file().groups();
  // The last group that begins before it.
  uint32_t low = 0;
  uint32_t high = static_cast<uint32_t>(groups.size());
  while (low + 1 < high) {
    const uint32_t middle = low + (high - low) / 2;
    source.group = middle;
    RETURN_IF_ERROR(Load(source));
    (source.rows->Get<uint64_t>(0) < first_.value ? low : high) = middle;
  }
  source.group = low;
  source.is_loaded = false;
  if (groups.empty() || first_.value == 0) return Status::Ok();
  RETURN_IF_ERROR(Load(source));
  uint32_t begin = 0;
  uint32_t end = groups[low].rows;
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2;
    if (source.rows->Get<uint64_t>(middle) < first_.value) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  source.position = begin;
  return Status::Ok();
}

Status PastSegmentScan::FindSeen(Source& source) {
  const SegmentFile& file = source.segment->file();
  for (; source.group < file.groups().size(); ++source.group, source.position = 0) {
    const SegmentFile::Group& info = file.groups()[source.group];
    if (source.position == 0) source.is_loaded = false;
    if (info.begin_min > at_) continue;
    if (!source.is_loaded) RETURN_IF_ERROR(Load(source));
    ASSIGN_OR_RETURN(const GroupWords begins, file.Begins(source.group));
    for (; source.position < info.rows; ++source.position) {
      if (begins[source.position] <= at_.value &&
          at_.value < source.ends->Get<uint64_t>(source.position)) {
        source.id = source.rows->Get<uint64_t>(source.position);
        return Status::Ok();
      }
    }
  }
  source.id = UINT64_MAX;
  return Status::Ok();
}

Result<bool> PastSegmentScan::Next() {
  if (!begun_) {
    begun_ = true;
    for (Source& source : sources_) {
      RETURN_IF_ERROR(Seek(source));
      RETURN_IF_ERROR(FindSeen(source));
    }
  }
  uint64_t id = UINT64_MAX;
  const Source* holder = nullptr;
  for (const Source& source : sources_) {
    if (source.id >= id) continue;
    id = source.id;
    holder = &source;
  }
  if (holder == nullptr) return false;
  row_ = {RowId(id), nullptr, &holder->segment->groups()[holder->group], holder->position};
  for (Source& source : sources_) {
    if (source.id != id) continue;
    ++source.position;
    RETURN_IF_ERROR(FindSeen(source));
  }
  return true;
}

}  // namespace oxibase
