#include "storage/checkpoint/tablet_checkpoint.h"

#include <algorithm>
#include <roaring/roaring64map.hh>
#include <utility>

#include "common/plant.h"
#include "storage/checkpoint/hot_images.h"
#include "storage/mvcc/epoch.h"
#include "storage/segment/segment_builder.h"
#include "storage/segment/segment_merger.h"

namespace oxibase {
namespace {

uint64_t Weight(const SegmentList::Part& part) {
  return part.segment->file().row_count() + part.segment->file().removed_count();
}

bool IsPrivate(const SegmentList::Part& part) { return part.segment->private_rows() != nullptr; }

/// How many of the newest parts go into a segment of `changes` further rows. Private ones do: only
/// the log has names for them.
size_t PartsToMerge(std::span<const SegmentList::Part> parts, uint64_t changes) {
  size_t merged = 0;
  uint64_t behind = changes;
  while (merged < parts.size() && IsPrivate(parts[merged])) behind += Weight(parts[merged++]);
  if (parts.size() - merged >= TabletCheckpoint::kSegmentsMax) behind += Weight(parts[merged++]);
  while (merged < parts.size() && Weight(parts[merged]) < 2 * behind) {
    behind += Weight(parts[merged++]);
  }
  return merged;
}

/// Counts what changed; a look at headers only.
uint64_t CountChanges(Tablet& tablet, Timestamp since, Timestamp as_of) {
  uint64_t changes = 0;
  RowId next(0);
  do {
    next = tablet.ScanImages(as_of, next, [&](const Tablet::RowImage& image) {
      changes += image.begin > since ? 1 : 0;
      return true;
    });
  } while (next.value != 0);
  return changes;
}

/// Whether one of the snapshots, which are sorted, needs a segment that was replaced.
bool IsSeen(const SegmentList::Part& part, std::span<const Timestamp> snapshots) {
  Timestamp first = Timestamp::Max();
  if (IsPrivate(part)) {
    first = part.segment->as_of();
  } else {
    for (const SegmentFile::Group& group : part.segment->file().groups()) {
      first = std::min(first, group.begin_min);
    }
  }
  // Its removals count from then on; without it the rows would be there again in older parts.
  if (part.segment->file().removed_count() != 0) first = std::min(first, part.segment->as_of());
  const auto seen = std::lower_bound(snapshots.begin(), snapshots.end(), first);
  if (OXI_PLANT(replaced_segment_dropped)) return false;
  return seen != snapshots.end() && *seen < part.replaced_at;
}

/// Runs of indexes that were dropped go.
void KeepRunsOfIndexes(const Tablet& tablet, std::vector<SegmentList::Part>& parts) {
  for (SegmentList::Part& part : parts) {
    absl::erase_if(part.runs, [&](const auto& run) { return !tablet.FindIndex(run.first); });
  }
}

/// Rows of memory and of the merged segments, in order of id.
class Merge {
 public:
  /// `has_segments`: before this one. If not, there is nothing that a removal could be of: what
  /// stays in memory of rows that are gone is for old snapshots.
  Merge(SegmentBuilder& builder, HotImages& images, SegmentMerger& merger, bool has_segments,
        EpochManager& epochs)
      : builder_(builder),
        images_(images),
        merger_(merger),
        has_segments_(has_segments),
        epochs_(epochs) {}

  Status Run() {
    has_hot_ = images_.Next();
    bool first = true;
    while (has_hot_ || has_cold_ || first) {
      {
        EpochGuard guard(epochs_);  // anew now and then, so that memory can be freed meanwhile
        if (first) {
          ASSIGN_OR_RETURN(has_cold_, merger_.Next());
          first = false;
        }
        RETURN_IF_ERROR(AddSome());
      }
      RETURN_IF_ERROR(builder_.FlushFullGroup());
    }
    return Status::Ok();
  }
  const Roaring64Map& removed() const { return removed_; }
  /// Rows that no segment had, less those that are gone.
  int64_t live_delta() const { return live_delta_; }

 private:
  Status AddSome() {
    while (!builder_.group_is_full() && (has_hot_ || has_cold_)) {
      if (!has_hot_ || (has_cold_ && merger_.id() < images_.image().id)) {
        ASSIGN_OR_RETURN(const Timestamp begin, merger_.ReadBegin());
        ASSIGN_OR_RETURN(const ByteSpan row, merger_.ReadRow());
        RETURN_IF_ERROR(builder_.Add(merger_.id(), begin, merger_.version(), row));
        ASSIGN_OR_RETURN(has_cold_, merger_.Next());
        continue;
      }
      const Tablet::RowImage& image = images_.image();
      if (has_cold_ && merger_.id() == image.id) {
        ASSIGN_OR_RETURN(has_cold_, merger_.Next());
      }
      if (image.removed && !has_segments_) {
        has_hot_ = images_.Next();
        continue;
      }
      if (image.removed) {
        removed_.add(image.id.value);
        --live_delta_;
      } else {
        RETURN_IF_ERROR(builder_.Add(image.id, image.begin, image.schema, image.bytes));
        live_delta_ += image.frozen ? 0 : 1;
      }
      has_hot_ = images_.Next();
    }
    return Status::Ok();
  }

  SegmentBuilder& builder_;
  HotImages& images_;
  SegmentMerger& merger_;
  const bool has_segments_;
  EpochManager& epochs_;
  bool has_hot_ = false;
  bool has_cold_ = false;
  Roaring64Map removed_;
  int64_t live_delta_ = 0;
};

}  // namespace

Result<std::shared_ptr<const SegmentList>> TabletCheckpoint::Write(
    SegmentStore& store, Tablet& tablet, Timestamp as_of, std::span<const Timestamp> snapshots,
    Written* written) {
  const std::shared_ptr<const SegmentList> before = tablet.segment_list();
  // Private segments of transactions in flight, or later than `as_of`, stay as they are, in front:
  // no other segment has anything newer of their rows.
  std::vector<SegmentList::Part> later, parts;
  if (before != nullptr) {
    for (const SegmentList::Part& part : before->parts) {
      (IsPrivate(part) && part.segment->as_of() > as_of ? later : parts).push_back(part);
    }
  }
  const auto last = std::find_if_not(parts.begin(), parts.end(), IsPrivate);
  const Timestamp since = last == parts.end() ? Timestamp{} : last->segment->as_of();
  const uint64_t changes = CountChanges(tablet, since, as_of);
  if (changes == 0 && last == parts.begin()) return before;
  const size_t merged = PartsToMerge(parts, changes);

  ASSIGN_OR_RETURN(const std::unique_ptr<SegmentBuilder> builder,
                   SegmentBuilder::Create(store, tablet, as_of));
  HotImages images(tablet, since, as_of);
  const std::span<const SegmentList::Part> merged_parts = std::span(parts).first(merged);
  SegmentMerger merger(tablet.schema(), merged_parts);
  Merge merge(*builder, images, merger, !parts.empty(), tablet.epochs());
  RETURN_IF_ERROR(merge.Run());
  if (merged < parts.size()) {
    Roaring64Map removed = merge.removed();
    for (const SegmentList::Part& part : merged_parts) {
      if (OXI_PLANT(delete_mark_lost_in_merge)) break;
      removed |= part.segment->removed();
    }
    for (const uint64_t row : removed) RETURN_IF_ERROR(builder->AddRemoved(RowId(row)));
  }
  auto list = std::make_shared<SegmentList>();
  list->store = &store;
  int64_t live = merge.live_delta();
  std::vector<SegmentList::Part> all = later;
  if (!builder->is_empty()) {
    ASSIGN_OR_RETURN(SegmentList::Part part, builder->Finish());
    written->rows += part.segment->file().row_count();
    written->bytes += builder->file_bytes();
    all.push_back(std::move(part));
  }
  const auto is_among = [](std::span<const SegmentList::Part> some, const SegmentList::Part& part) {
    return std::any_of(some.begin(), some.end(), [&](const SegmentList::Part& other) {
      return other.segment == part.segment;
    });
  };
  if (before != nullptr) {
    live += static_cast<int64_t>(before->live_rows);
    for (SegmentList::Part part : before->all()) {
      if (is_among(later, part)) continue;
      if (is_among(merged_parts, part)) {
        if (IsPrivate(part)) live += part.segment->private_rows()->live_delta;
        part.replaced_at = as_of;
      }
      if (part.is_current() || IsSeen(part, snapshots)) all.push_back(std::move(part));
    }
  }
  list->live_rows = static_cast<uint64_t>(live);
  KeepRunsOfIndexes(tablet, all);
  list->Assign(std::move(all));
  return std::shared_ptr<const SegmentList>(std::move(list));
}

void TabletCheckpoint::Publish(Tablet& tablet, std::shared_ptr<const SegmentList> list,
                               Timestamp as_of) {
  const std::shared_ptr<const SegmentList> before = tablet.segment_list();
  if (list == before) return;
  // Where only superseded versions were written, segments have no further rows.
  const auto is_same = [](const SegmentList::Part& a, const SegmentList::Part& b) {
    return a.segment == b.segment;
  };
  const bool has_new_rows = before == nullptr
                                ? !list->parts.empty()
                                : !std::ranges::equal(list->parts, before->parts, is_same);
  if (has_new_rows) tablet.MarkFrozen(as_of);
  tablet.PublishSegments(std::move(list));
}

}  // namespace oxibase
