// An ordered scan over the hot tree of an index and the sorted runs of the tablet's segments.
//
// Entries are a set of (key, row id), and may stand in several places: those of one row and key
// come one after another in the merged order and count once. Each is a candidate: the version that
// the snapshot sees, wherever it is, must have the key. An entry of the very segment where that
// version is found needs no check.

#include <algorithm>
#include <vector>

#include "common/plant.h"
#include "storage/index/index_run.h"
#include "txn/index_cursor_impl.h"
#include "txn/visibility.h"

namespace oxibase {
namespace {

using Place = OrderedIndex::Place;

/// The bytes of a place's key, less zeros at the end, which the place does not tell from padding.
/// No other key lies between these bytes and the key.
std::string KeyPrefixOf(const Place& place) {
  std::string key;
  for (const uint64_t word : {place.hi, place.lo}) {
    for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(word >> shift));
  }
  if (place.has_rest) {
    key.append(place.rest);
  } else {
    while (!key.empty() && key.back() == '\0') key.pop_back();
  }
  return key;
}

/// Entries of one run, from a place on.
class RunEntries {
 public:
  /// `seen_up_to`: FrozenSegment::SeenUpTo
  RunEntries(const SegmentList::Part& part, const IndexRun& run, uint64_t seen_up_to)
      : segment_(part.segment.get()),
        is_current_(part.is_current()),
        seen_up_to_(seen_up_to),
        cursor_(run) {}

  const FrozenSegment* segment() const { return segment_; }
  bool is_current() const { return is_current_; }
  uint64_t seen_up_to() const { return seen_up_to_; }
  bool valid() const { return valid_; }
  /// REQUIRES: valid(). Good until the next move.
  const Place& place() const { return place_; }

  /// Forward: to the first entry at or after `from`. Backward: to the last before it.
  Status Seek(const Place& from, bool backward) {
    const std::string prefix = KeyPrefixOf(from);
    RETURN_IF_ERROR(cursor_.SeekAtOrAfter(prefix, RowId(0)));
    RETURN_IF_ERROR(Load());
    // The place's own key, if it is here, is the first one; then the row id counts too.
    if (valid_ && place_.SameKey(from)) {
      const std::string key(key_);
      RETURN_IF_ERROR(backward ? cursor_.SeekBefore(key, RowId(from.row))
                               : cursor_.SeekAtOrAfter(key, RowId(from.row)));
      return Load();
    }
    if (!backward) {
      while (valid_ && Place::Compare(place_, from) < 0) RETURN_IF_ERROR(Move(false));
      return Status::Ok();
    }
    RETURN_IF_ERROR(cursor_.SeekBefore(prefix, RowId(0)));
    return Load();
  }
  Status SeekEnd(bool backward) {
    RETURN_IF_ERROR(backward ? cursor_.SeekLast() : cursor_.SeekFirst());
    return Load();
  }
  Status Move(bool backward) {
    RETURN_IF_ERROR(backward ? cursor_.Previous() : cursor_.Next());
    return Load();
  }

 private:
  Status Load() {
    valid_ = cursor_.valid();
    if (!valid_) return Status::Ok();
    ASSIGN_OR_RETURN(key_, cursor_.Key());
    ASSIGN_OR_RETURN(const RowId row, cursor_.Row());
    place_ = Place(key_, row);
    return Status::Ok();
  }

  const FrozenSegment* segment_;
  const bool is_current_;
  const uint64_t seen_up_to_;
  RunCursor cursor_;
  std::string_view key_;
  Place place_;
  bool valid_ = false;
};

/// Entries of the tree, from a place on.
class TreeEntries {
 public:
  TreeEntries(const OrderedIndex& tree, const Place& from, bool from_end, bool backward)
      : tree_(tree), from_(from), from_end_(from_end), backward_(backward) {
    Load();
  }
  bool valid() const { return at_ < count_; }
  const Place& place() const { return entries_[at_]; }
  void Move() {
    if (++at_ == count_) Load();
  }

 private:
  void Load() {
    at_ = count_ = 0;
    while (count_ == 0 && more_) {
      more_ = backward_
                  ? tree_.ReadBackward(&from_, &from_end_, entries_, std::size(entries_), &count_)
                  : tree_.ReadForward(&from_, entries_, std::size(entries_), &count_);
    }
  }

  const OrderedIndex& tree_;
  Place from_;
  bool from_end_;
  const bool backward_;
  bool more_ = true;
  Place entries_[16];
  size_t at_ = 0, count_ = 0;
};

/// The row where it is in `segment`, if that is its newest version and seen.
Result<RowRef> FindNewest(const Tablet& tablet, const FrozenSegment& segment, RowId row,
                          uint64_t seen_up_to) {
  ASSIGN_OR_RETURN(const FrozenRow found, segment.Find(row));
  if (!found || found.begin > seen_up_to) return RowRef();
  ASSIGN_OR_RETURN(const SupersededBits* bits, tablet.SupersededIn(*found.group));
  if (bits->Has(found.position)) return RowRef();
  return RowRef{row, nullptr, found.group, found.position};
}

}  // namespace

Status NoRunError(const TabletIndex& index, const FrozenSegment& segment) {
  return Error(ErrorCode::kIndexCorrupted, "segment \"{}\" has no entries of index \"{}\"",
               segment.file().path(), index.spec().name)
      .Hint("Opening the database anew makes them.");
}

Result<size_t> IndexCursor::Impl::NextMerged(const SegmentList& list, const Snapshot& snapshot,
                                             std::span<RowRef> rows, Position* after) {
  OXI_POINT();
  TreeEntries tree(index.tree(), next.place, from_end, backward);
  OXI_POINT();
  std::vector<RunEntries> runs;
  runs.reserve(list.all().size());  // their places point into them
  for (const SegmentList::Part& part : list.For(snapshot.read_ts)) {
    const std::optional<uint64_t> seen = part.segment->SeenUpTo(snapshot);
    if (!seen) continue;
    const IndexRun* run = part.FindRun(index.spec().oid);
    if (run == nullptr) return NoRunError(index, *part.segment);
    if (run->entries() == 0) continue;
    if (has_lower && Place::Compare(Place(run->max_key(), RowId(UINT64_MAX)), lower.place) < 0) {
      continue;
    }
    if (has_upper && Place::Compare(Place(run->min_key(), RowId(0)), upper.place) >= 0) {
      continue;
    }
    runs.emplace_back(part, *run, *seen);
    RETURN_IF_ERROR(from_end ? runs.back().SeekEnd(backward)
                             : runs.back().Seek(next.place, backward));
  }
  const auto is_before = [this](const Place& a, const Place& b) {
    return backward ? Place::Compare(a, b) > 0 : Place::Compare(a, b) < 0;
  };

  // The blocks of all rows in one answer stay in memory until its reader leaves the epoch: rows in
  // the order of an index may each lie in another group.
  constexpr size_t kGroupsMax = 32;
  size_t groups = 0;
  const FrozenGroup* last_group = nullptr;
  size_t found = 0;
  after->done = false;
  after->from_end = false;
  for (;;) {
    const Place* first = tree.valid() ? &tree.place() : nullptr;
    for (const RunEntries& run : runs) {
      if (run.valid() && (first == nullptr || is_before(run.place(), *first))) {
        first = &run.place();
      }
    }
    const bool is_out =
        first == nullptr || (backward ? has_lower && Place::Compare(*first, lower.place) < 0
                                      : has_upper && Place::Compare(*first, upper.place) >= 0);
    if (is_out) {
      after->done = true;
      return found;
    }
    OwnedPlace entry;
    entry.Set(*first);
    if (found == rows.size() || groups == kGroupsMax) {
      // Go on with this one.
      if (backward) ++entry.place.row;
      after->place.Set(entry.place);
      return found;
    }
    const RowId row(entry.place.row);
    RowRef ref;
    if (tree.valid() && Place::Compare(tree.place(), entry.place) == 0) tree.Move();
    bool needs_check = true;
    for (RunEntries& run : runs) {
      if (!run.valid() || Place::Compare(run.place(), entry.place) != 0) continue;
      if (!ref && run.is_current()) {
        ASSIGN_OR_RETURN(ref, FindNewest(tablet, *run.segment(), row, run.seen_up_to()));
        needs_check = (!ref || index.is_hash()) && !OXI_PLANT(index_hit_not_checked);
      }
      RETURN_IF_ERROR(run.Move(backward));
    }
    if (!ref) {
      ASSIGN_OR_RETURN(ref, ResolveRow(tablet, list, snapshot, row));
      if (!ref) continue;
    }
    if (needs_check) {
      if (ref.version != nullptr) {
        if (!Matches(entry.place, *ref.version)) continue;
      } else {
        ASSIGN_OR_RETURN(const bool has_key, KeyOfRow(tablet, index, ref, &key));
        if (!has_key) continue;
        if (index.is_hash() ? key != hash_key : !Place(key, row).SameKey(entry.place)) continue;
      }
    }
    rows[found++] = ref;
    if (ref.group != nullptr && ref.group != last_group) {
      last_group = ref.group;
      ++groups;
    }
    if (is_unique) {
      after->done = true;
      return found;
    }
  }
}

}  // namespace oxibase
