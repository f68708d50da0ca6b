#include <algorithm>
#include <cstring>

#include "common/key_codec.h"
#include "storage/index/ordered_index.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"
#include "txn/visibility.h"

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
};

IndexCursor::IndexCursor(Transaction&, const Tablet& tablet, const TabletIndex& index)
    : impl_(std::make_unique<Impl>(tablet, index)) {}

IndexCursor::~IndexCursor() = default;

void IndexCursor::Seek(const KeyRange& range, bool backward) {
  Impl& it = *impl_;
  it.backward = backward;
  it.from_end = false;
  it.done = false;
  if (it.index.is_hash()) {
    it.hash_key.assign(range.lower);
    TabletIndex::HashBytes hash;
    const std::string_view key = it.index.TreeKey(range.lower, hash);
    it.scratch.assign(key);
    it.has_lower = true;
    it.lower.SetKey(it.scratch);
    it.has_upper = MakePrefixSuccessor(&it.scratch);
    if (it.has_upper) it.upper.SetKey(it.scratch);
    it.is_point = true;
  } else {
    // Bounds may be prefixes: a bound that leaves its prefix out, or takes it in at the top,
    // begins behind all keys with it.
    it.has_lower = range.has_lower;
    if (range.has_lower) {
      it.scratch.assign(range.lower);
      if (!range.lower_inclusive && !MakePrefixSuccessor(&it.scratch)) it.done = true;
      it.lower.SetKey(it.scratch);
    }
    it.has_upper = range.has_upper;
    if (range.has_upper) {
      it.scratch.assign(range.upper);
      if (range.upper_inclusive) it.has_upper = MakePrefixSuccessor(&it.scratch);
      if (it.has_upper) it.upper.SetKey(it.scratch);
    }
    it.is_point = range.has_lower && range.has_upper && range.lower_inclusive &&
                  range.upper_inclusive && range.lower == range.upper;
  }
  // (NULLs do not conflict; a key's first byte says that it is none.)
  it.is_unique = it.is_point && !it.index.is_hash() && it.index.spec().always_unique() &&
                 it.index.spec().columns.size() == 1 && range.lower[0] == '\x01';
  if (backward) {
    it.from_end = !it.has_upper;
    if (it.has_upper) it.next.Set(it.upper.place);
  } else {
    it.next.Set(it.has_lower ? it.lower.place : OrderedIndex::Place());
  }
}

void IndexCursor::SkipPrefix(std::string_view prefix) {
  Impl& it = *impl_;
  if (it.done) return;
  it.scratch.assign(prefix);
  if (!it.backward && !MakePrefixSuccessor(&it.scratch)) it.done = true;
  it.next.SetKey(it.scratch);
}

// Whether the version that the snapshot sees has the key of the entry that led to it.
bool IndexCursor::Impl::Matches(const Place& entry, const RowVersion& visible) {
  bool has_null;
  if (index.is_hash()) {
    if (!index.KeyOfVersion(tablet.schema(), visible, &key, &has_null) || key != hash_key) {
      return false;
    }
    return true;
  }
  if (!visible.Has(RowVersion::kKeysVary)) return true;
  return index.KeyOfVersion(tablet.schema(), visible, &key, &has_null) &&
         Place(key, RowId(entry.row)).SameKey(entry);
}

size_t IndexCursor::Next(const Snapshot& snapshot, std::span<RowRef> rows) {
  Impl& it = *impl_;
  using Place = OrderedIndex::Place;
  constexpr size_t kAtOnce = OrderedIndex::kNodeEntries;
  // Not initialised: a point lookup uses few of them.
  alignas(Place) std::byte memory[kAtOnce * sizeof(Place)];
  Place* const entries = reinterpret_cast<Place*>(memory);
  size_t found = 0;
  // Where this call is; borrows memory of the tree until it returns.
  Place place = it.next.place;
  const OrderedIndex& tree = it.index.tree();
  // A point rarely has more than a few.
  size_t at_once = it.is_point ? 4 : kAtOnce;
  while (!it.done && found < rows.size()) {
    const size_t max = std::min(at_once, rows.size() - found + 8);
    at_once = kAtOnce;
    size_t count;
    const bool more = it.backward ? tree.ReadBackward(&place, &it.from_end, entries, max, &count,
                                                      it.has_lower ? &it.lower.place : nullptr)
                                  : tree.ReadForward(&place, entries, max, &count,
                                                     it.has_upper ? &it.upper.place : nullptr);
    if (!more) it.done = true;
    for (size_t i = 0; i < count; ++i) {
      const Place& entry = entries[i];
      if (found == rows.size()) {
        // Go on with this one.
        it.done = false;
        place = entry;
        if (it.backward) ++place.row;
        break;
      }
      const RowId row(entry.row);
      const RowVersion* version = VisibleVersion(it.tablet.rows().Head(row), snapshot);
      if (version == nullptr || !it.Matches(entry, *version)) continue;
      rows[found++] = {row, version};
      if (it.is_unique) {
        it.done = true;
        break;
      }
    }
  }
  if (!it.done) it.next.Set(place);
  return found;
}

}  // namespace oxibase
