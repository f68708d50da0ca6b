#pragma once
// What an IndexCursor keeps between calls. Private to src/txn.

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "storage/index/ordered_index.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"

namespace oxibase {

struct IndexCursor::Impl {
  using Place = OrderedIndex::Place;

  Impl(Transaction& the_txn, const Tablet& the_tablet, const TabletIndex& the_index)
      : txn(the_txn), tablet(the_tablet), index(the_index) {}

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

  /// Finds the places of the transaction's own rows, which it does not pass over as locked.
  void FindOwn(const Snapshot& snapshot);
  /// The first of them in the scan's direction from `at` on (from the end if `at_end`), or null.
  const Place* NextOwn(const Place& at, bool at_end);
  /// What was left out of what one read found.
  struct LeftOut {
    size_t dead = 0;
    size_t locked = 0;
  };
  void Note(const OrderedIndex::Passing& passing, size_t count, const LeftOut& left_out,
            const Snapshot& snapshot);

  Transaction& txn;
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

  std::optional<RowLockMode> skip_mode;  // rows locked against this are left out
  bool passes_locked = false;            // and hints about them are used
  bool own_known = false;
  std::vector<std::pair<Place, std::string>> own;  // ascending, each with its rest
  uint32_t turns = 0;

  /// Where a merged scan is: at or after an entry, or before one if backward.
  struct Position {
    OwnedPlace place;
    bool from_end = false;
    bool done = false;
  };
};

}  // namespace oxibase
