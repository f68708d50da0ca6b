#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/key_codec.h"
#include "txn/index_cursor_impl.h"
#include "txn/index_hints.h"
#include "txn/row_lock_table.h"
#include "txn/txn_internals.h"
#include "txn/visibility.h"

namespace oxibase {

IndexCursor::IndexCursor(Transaction& txn, const Tablet& tablet, const TabletIndex& index)
    : impl_(std::make_unique<Impl>(txn, tablet, index)) {}

void IndexCursor::SkipLocked(RowLockMode mode) { impl_->skip_mode = mode; }

IndexCursor::~IndexCursor() = default;

void IndexCursor::Seek(const KeyRange& range, bool backward) {
  Impl& it = *impl_;
  it.backward = backward;
  it.from_end = false;
  it.done = false;
  it.own_known = false;
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
  // Beside its own row with the key, an old snapshot sees the one that had it before, and was
  // deleted since.
  if (it.is_unique && it.txn.repeatable_read() && it.txn.has_writes()) it.is_unique = false;
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

void IndexCursor::Impl::FindOwn(const Snapshot& snapshot) {
  own_known = true;
  own.clear();
  constexpr size_t kOwnMax = 256;
  passes_locked = skip_mode && *skip_mode >= RowLockMode::kNoKeyUpdate && !index.is_hash() &&
                  TxnInternals::OwnRowsMax(txn) <= kOwnMax;
  if (!passes_locked) return;
  TxnInternals::ForEachOwnRow(txn, tablet, tablet.id(), [&](RowId row) {
    bool has_null;
    const RowVersion* version = VisibleVersion(tablet.rows().Head(row), snapshot);
    if (version == nullptr || !index.KeyOfVersion(tablet.schema(), *version, &key, &has_null)) {
      return;
    }
    const Place place(key, row);
    own.emplace_back(place, std::string(place.rest));
  });
  for (auto& [place, rest] : own) place.rest = rest;
  std::sort(own.begin(), own.end(),
            [](const auto& a, const auto& b) { return Place::Compare(a.first, b.first) < 0; });
  for (auto& [place, rest] : own) place.rest = rest;  // short strings have moved
}

// The first own place in the scan's direction from `at` on.
const OrderedIndex::Place* IndexCursor::Impl::NextOwn(const Place& at, bool at_end) {
  const auto behind = std::lower_bound(
      own.begin(), own.end(), at,
      [](const auto& a, const Place& b) { return Place::Compare(a.first, b) < 0; });
  if (!backward) return behind != own.end() ? &behind->first : nullptr;
  if (at_end) return own.empty() ? nullptr : &own.back().first;
  return behind != own.begin() ? &std::prev(behind)->first : nullptr;
}

void IndexCursor::Impl::Note(const OrderedIndex::Passing& passing, size_t count,
                             const LeftOut& left_out, const Snapshot& snapshot) {
  constexpr size_t kDeadWorthNoting = 8;
  constexpr size_t kLockedWorthNoting = 16;
  constexpr uint32_t kNowAndThen = 8;
  bool worth = left_out.dead >= kDeadWorthNoting;
  bool locked = false;
  if (passing.whole && count == left_out.dead + left_out.locked && index.tree().height() > 1) {
    // Nobody needs the leaf. A few locks come and go too fast to be noted each time.
    locked = left_out.locked >= kLockedWorthNoting ||
             (left_out.locked > 0 && ++turns % kNowAndThen == 0);
    worth |= locked || left_out.locked == 0;
  }
  if (worth) NoteIndexLeaf(txn, tablet, index, passing.leaf, snapshot, locked && passes_locked);
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
  if (skip_mode && !own_known) FindOwn(snapshot);
  OrderedIndex::Passing passing;
  passing.read_ts = is_unique ? 0 : snapshot.read_ts.value;
  passing.locked = passes_locked;
  // A point rarely has more than a few.
  size_t at_once = is_point ? 4 : std::min(kAtOnce, rows.size() + 8);
  while (!*is_done && found < rows.size()) {
    const size_t max = at_once;
    at_once = kAtOnce;
    size_t count;
    if (passes_locked) passing.keep = NextOwn(*place, *end);
    const bool more = backward ? tree.ReadBackward(place, end, entries, max, &count,
                                                   has_lower ? &lower.place : nullptr, &passing)
                               : tree.ReadForward(place, entries, max, &count,
                                                  has_upper ? &upper.place : nullptr, &passing);
    if (!more) *is_done = true;
    LeftOut left_out;
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
      const RowVersion* head = tablet.rows().Head(row);
      const RowVersion* version = VisibleVersion(head, snapshot);
      if (version == nullptr || !Matches(entry, *version)) {
        const bool may_be_dead =
            head != nullptr && (head->is_tombstone() || head->Has(RowVersion::kKeysVary));
        if (may_be_dead && !head->in_flight()) ++left_out.dead;
        continue;
      }
      if (skip_mode &&
          IsLockedByOthers(txn, tablet, row, snapshot, static_cast<uint8_t>(*skip_mode), false)) {
        ++left_out.locked;
        continue;
      }
      rows[found++] = {row, version};
      if (is_unique) {
        *is_done = true;
        break;
      }
    }
    if (!is_unique) Note(passing, count, left_out, snapshot);
  }
  return found;
}

}  // namespace oxibase
