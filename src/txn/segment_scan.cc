#include "txn/segment_scan.h"

#include <algorithm>

#include "common/plant.h"
#include "storage/mvcc/tablet.h"
#include "txn/visibility.h"

namespace oxibase {

Result<RowId> SegmentScan::OpenWindow() {
  sources_.clear();
  RowId end = last_;
  OXI_POINT();
  const bool is_past = mode_ == Mode::kPast;
  for (const SegmentList::Part& part : is_past ? list_.parts : list_.For(snapshot_.read_ts)) {
    const std::optional<uint64_t> seen = part.segment->SeenUpTo(snapshot_);
    if (!seen) continue;
    const auto groups = part.segment->file().groups();
    const auto at = std::partition_point(groups.begin(), groups.end(),
                                         [&](const auto& group) { return group.last < next_; });
    if (at == groups.end()) continue;
    if (at->first > next_) {
      end = std::min(end, RowId(at->first.value - 1));
      continue;
    }
    end = std::min(end, at->last);
    const FrozenGroup& group = part.segment->groups()[static_cast<size_t>(at - groups.begin())];
    ASSIGN_OR_RETURN(const GroupWords ids, group.file().RowIds(group.number));
    ASSIGN_OR_RETURN(const GroupWords begins, group.file().Begins(group.number));
    ASSIGN_OR_RETURN(const SupersededBits* superseded, tablet_.SupersededIn(group));
    sources_.push_back({&group, ids, begins, superseded, part.is_current(), *seen});
  }
  for (Source& source : sources_) {
    const SegmentFile::Group& info = source.group->info();
    source.position = source.ids.LowerBound(next_.value, info.rows);
    source.end = end >= info.last ? info.rows : source.ids.LowerBound(end.value + 1, info.rows);
  }
  return end;
}

Result<RowRef> SegmentScan::Resolve(RowId row) const {
  if (mode_ == Mode::kSnapshot) return ResolveRow(tablet_, list_, snapshot_, row);
  const RowVersion* head = tablet_.rows().Head(row);
  if (head != nullptr) return RowRef{row, VisibleVersion(head, snapshot_)};
  for (size_t at = 0;;) {
    ASSIGN_OR_RETURN(const SegmentList::Place newest, list_.FindNewest(row, &at));
    if (!newest) return RowRef{row};
    // Of a transaction that was larger than memory: what it replaced was the newest until it
    // committed.
    if (newest.segment->private_rows() != nullptr && newest.begin > snapshot_.read_ts.value) {
      continue;
    }
    if (!newest.row || newest.begin > snapshot_.read_ts.value) return RowRef{row};
    return RowRef{row, nullptr, newest.row.group, newest.row.position};
  }
}

uint64_t SegmentScan::NextHot(RowId row, RowId end) const {
  uint64_t left;
  while (const RowDirectory::Slot* slot = tablet_.rows().FirstFrom(&row, &left)) {
    for (; left > 0 && row <= end; --left, ++slot, ++row.value) {
      if (RowDirectory::HeadOf(*slot) != nullptr) return row.value;
    }
    if (row > end) break;
  }
  return UINT64_MAX;
}

Result<size_t> SegmentScan::ReadWhole(Source& source, std::span<RowRef> rows) {
  if (is_selective_) return ReadWanted(source, rows);
  size_t found = 0;
  const bool all_seen = source.group->info().begin_max.value <= source.seen_up_to;
  for (; source.position < source.end && found < rows.size(); ++source.position) {
    if (!all_seen && !source.is_seen()) continue;
    rows[found++] = {RowId(source.ids[source.position]), nullptr, source.group, source.position};
  }
  return found;
}

size_t SegmentScan::ReadWanted(Source& source, std::span<RowRef> rows) {
  size_t found = 0;
  while (source.position < source.end && found < rows.size()) {
    const uint64_t here = source.ids[source.position];
    const uint64_t id = wanted_.FirstFrom(RowId(here)).value;
    // Ids mostly follow one another without a gap.
    const uint64_t guess = source.position + (id - here);
    if (guess < source.end && source.ids[static_cast<uint32_t>(guess)] == id) {
      source.position = static_cast<uint32_t>(guess);
    } else {
      source.position = std::min(source.end, source.ids.LowerBound(id, source.end));
      if (source.position == source.end || source.ids[source.position] != id) continue;
    }
    if (source.is_seen()) {
      rows[found++] = {RowId(id), nullptr, source.group, source.position};
    }
    ++source.position;
  }
  return found;
}

Result<size_t> SegmentScan::Merge(RowId end, std::span<RowRef> rows) {
  size_t found = 0;
  uint64_t hot = NextHot(next_, end);
  while (found < rows.size()) {
    uint64_t id = hot;
    for (const Source& source : sources_) id = std::min(id, source.id());
    if (id == UINT64_MAX) break;
    if (const uint64_t next = is_selective_ ? wanted_.FirstFrom(RowId(id)).value : id; next > id) {
      for (Source& source : sources_) {
        if (source.id() < next) {
          source.position = std::min(source.end, source.ids.LowerBound(next, source.end));
        }
      }
      if (hot < next) hot = next > end.value ? UINT64_MAX : NextHot(RowId(next), end);
      continue;
    }
    Source* holder = nullptr;
    bool is_alone = true;
    for (Source& source : sources_) {
      if (source.id() != id) continue;
      if (holder == nullptr) {
        holder = &source;
      } else {
        is_alone = false;
      }
    }
    if (holder != nullptr && is_alone && holder->is_current &&
        !holder->superseded->Has(holder->position)) {
      if (holder->is_seen()) {
        rows[found++] = {RowId(id), nullptr, holder->group, holder->position};
      }
    } else {
      ASSIGN_OR_RETURN(const RowRef row, Resolve(RowId(id)));
      if (row) rows[found++] = row;
    }
    for (Source& source : sources_) {
      if (source.id() == id) ++source.position;
    }
    if (hot == id) hot = NextHot(RowId(id + 1), end);
    next_ = RowId(id + 1);
  }
  return found;
}

Result<size_t> SegmentScan::Read(std::span<RowRef> rows) {
  // The blocks of the groups that were read stay in memory until the epoch is left.
  constexpr size_t kWindowsMax = 32;
  size_t windows = 0;
  size_t found = 0;
  while (found < rows.size() && next_ <= last_ && next_.value != UINT64_MAX) {
    if (is_selective_) {
      next_ = wanted_.FirstFrom(next_);
      if (next_ > last_ || next_.value == UINT64_MAX || (found > 0 && windows == kWindowsMax))
        break;
      ++windows;
    }
    ASSIGN_OR_RETURN(const RowId end, OpenWindow());
    const bool is_whole = sources_.size() == 1 && sources_[0].is_current &&
                          !sources_[0].superseded->HasAny() && !tablet_.rows().HasPages(next_, end);
    const std::span<RowRef> room = rows.subspan(found);
    ASSIGN_OR_RETURN(const size_t count,
                     is_whole ? ReadWhole(sources_[0], room) : Merge(end, room));
    found += count;
    bool is_read = is_whole ? sources_[0].position == sources_[0].end : count < room.size();
    if (is_read) {
      next_ = end.value == UINT64_MAX ? end : RowId(end.value + 1);
    } else if (is_whole) {
      next_ = RowId(sources_[0].ids[sources_[0].position]);
    }
  }
  if (next_ > last_) next_ = RowId(UINT64_MAX);
  return found;
}

}  // namespace oxibase
