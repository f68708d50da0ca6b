#include <algorithm>
#include <cstring>

#include "common/key_codec.h"
#include "txn/index_cursor_impl.h"
#include "txn/visibility.h"

namespace oxibase {

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

Result<size_t> IndexCursor::Next(const Snapshot& snapshot, std::span<RowRef> rows) {
  Impl& it = *impl_;
  if (it.tablet.segments() == nullptr) {
    bool done = it.done;
    bool from_end = it.from_end;
    OrderedIndex::Place place = it.next.place;  // borrows memory of the tree until this returns
    const size_t found = it.NextOfTree(snapshot, rows, &place, &from_end, &done);
    if (it.tablet.segments() == nullptr) {
      it.done = done;
      it.from_end = from_end;
      if (!done) it.next.Set(place);
      return found;
    }
    // The first segments came meanwhile, and rows may have gone there: once more.
  }
  if (it.done) return size_t{0};
  Impl::Position after;
  for (;;) {
    const SegmentList* newest = it.tablet.segments();
    ASSIGN_OR_RETURN(const size_t found, it.NextMerged(*newest, snapshot, rows, &after));
    if (it.tablet.segments() != newest) continue;
    it.done = after.done;
    it.from_end = after.from_end;
    it.next.Set(after.place.place);
    return found;
  }
}

size_t IndexCursor::Impl::NextOfTree(const Snapshot& snapshot, std::span<RowRef> rows, Place* place,
                                     bool* end, bool* is_done) {
  constexpr size_t kAtOnce = OrderedIndex::kNodeEntries;
  // Not initialised: a point lookup uses few of them.
  alignas(Place) std::byte memory[kAtOnce * sizeof(Place)];
  Place* const entries = reinterpret_cast<Place*>(memory);
  size_t found = 0;
  const OrderedIndex& tree = index.tree();
  // A point rarely has more than a few.
  size_t at_once = is_point ? 4 : kAtOnce;
  while (!*is_done && found < rows.size()) {
    const size_t max = std::min(at_once, rows.size() - found + 8);
    at_once = kAtOnce;
    size_t count;
    const bool more = backward ? tree.ReadBackward(place, end, entries, max, &count,
                                                   has_lower ? &lower.place : nullptr)
                               : tree.ReadForward(place, entries, max, &count,
                                                  has_upper ? &upper.place : nullptr);
    if (!more) *is_done = true;
    for (size_t i = 0; i < count; ++i) {
      const Place& entry = entries[i];
      if (found == rows.size()) {
        // Go on with this one.
        *is_done = false;
        *place = entry;
        if (backward) ++place->row;
        break;
      }
      const RowId row(entry.row);
      const RowVersion* version = VisibleVersion(tablet.rows().Head(row), snapshot);
      if (version == nullptr || !Matches(entry, *version)) continue;
      rows[found++] = {row, version};
      if (is_unique) {
        *is_done = true;
        break;
      }
    }
  }
  return found;
}

}  // namespace oxibase
