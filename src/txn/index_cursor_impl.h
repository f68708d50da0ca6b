#pragma once
// What an IndexCursor keeps between calls. Private to src/txn.

#include <span>
#include <string>

#include "storage/index/ordered_index.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"

namespace oxibase {

struct IndexCursor::Impl {
  using Place = OrderedIndex::Place;

  Impl(const Tablet& the_tablet, const TabletIndex& the_index)
      : tablet(the_tablet), index(the_index) {}

  /// A place whose long part this owns.
  struct OwnedPlace {
    Place place;
    std::string rest;

    void Set(const Place& from) {
      place = from;
      if (from.has_rest) {
        rest.assign(from.rest);
        place.rest = rest;
      }
    }
    void SetKey(std::string_view key) { Set(Place(key, RowId(0))); }
  };

  bool Matches(const Place& entry, const RowVersion& visible);
  /// What the tree alone has, from a place on (`end`: from the end), which it moves.
  size_t NextOfTree(const Snapshot& snapshot, std::span<RowRef> rows, Place* place, bool* end,
                    bool* is_done);
  /// What the tree and the runs of `list`'s segments have, merged (merged_index_cursor.cc). Leaves
  /// the place to go on from in `*after`.
  struct Position;
  Result<size_t> NextMerged(const SegmentList& list, const Snapshot& snapshot,
                            std::span<RowRef> rows, Position* after);

  const Tablet& tablet;
  const TabletIndex& index;

  // The range as [lower, upper) over whole entries.
  OwnedPlace lower, upper;
  bool has_lower = false;
  bool has_upper = false;
  bool backward = false;
  bool is_point = false;   // few entries are expected
  bool is_unique = false;  // at most one visible row has the key `lower`
  std::string hash_key;    // of a hash index: the key that was asked for

  OwnedPlace next;  // where to go on
  bool from_end = false;
  bool done = true;
  std::string scratch, key;

  /// Where a merged scan is: at or after an entry, or before one if backward.
  struct Position {
    OwnedPlace place;
    bool from_end = false;
    bool done = false;
  };
};

}  // namespace oxibase
