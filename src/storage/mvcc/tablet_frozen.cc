// Rows in segments: bringing one into memory before it is changed, taking quiet ones out again.
//
// What holds at any time, for a row with a version in a segment of the newest list, the newest of
// its versions in segments being F:
//   1. F's bit is clear => the row's slot is null, and F is the row's newest version.
//   2. The slot's chain, where there is one, is newer than F or begins with a copy of F.
// Bit and slot change under the row's latch: EnsureHot sets the bit, then the slot; Evict empties
// the slot, then clears the bit. A reader that finds the bit clear needs nothing else; one that
// finds it set looks at the chain, and if that has nothing for it, at the segments.
//
// Rows are evicted only when a list that has them is published. So whoever reads memory first and
// the list's segments afterwards, or the other way round, has missed nothing if the list is still
// the newest when it is done; if not, it begins anew.

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/plant.h"
#include "storage/index/ordered_index.h"
#include "storage/mvcc/epoch.h"
#include "storage/mvcc/tablet.h"
#include "storage/segment/segment_list.h"

namespace oxibase {
namespace {

/// Sets the bits of those rows of a group that `newer` has, or takes away.
Status MarkRowsIn(const FrozenSegment& newer, const GroupWords& ids,
                  const SegmentFile::Group& group, SupersededBits* bits) {
  const SegmentFile& file = newer.file();
  const auto groups = file.groups();
  auto at = static_cast<uint32_t>(
      std::partition_point(groups.begin(), groups.end(),
                           [&](const auto& other) { return other.last < group.first; }) -
      groups.begin());
  for (; at < groups.size() && groups[at].first <= group.last; ++at) {
    ASSIGN_OR_RETURN(const GroupWords others, file.RowIds(at));
    uint32_t i = ids.LowerBound(groups[at].first.value, group.rows);
    uint32_t j = others.LowerBound(group.first.value, groups[at].rows);
    while (i < group.rows && j < groups[at].rows) {
      if (ids[i] == others[j]) bits->Set(i);
      ids[i] < others[j] ? ++i : ++j;
    }
  }
  auto removed = newer.removed().begin();
  removed.move(group.first.value);
  for (; removed != newer.removed().end() && *removed <= group.last.value; ++removed) {
    const uint32_t i = ids.LowerBound(*removed, group.rows);
    if (i < group.rows && ids[i] == *removed) bits->Set(i);
  }
  return Status::Ok();
}

}  // namespace

void Tablet::PublishSegments(std::shared_ptr<const SegmentList> list) {
  MutexLock lock(ddl_mu_);
  if (has_cold_rows_) segments_.store(list.get(), std::memory_order_seq_cst);
  auto* old = new std::shared_ptr<const SegmentList>(std::exchange(segment_list_, std::move(list)));
  epochs_.Retire(
      old, [](void* object) { delete static_cast<std::shared_ptr<const SegmentList>*>(object); });
}

void Tablet::RestoreSegments(std::shared_ptr<const SegmentList> list) {
  if (list->past.is_kept()) {
    history_.StartKeeping();
    history_.Begin(list->past.from);
    history_.set_shape(list->past.shape);
  }
  PublishSegments(std::move(list));
  ReadSegments();
}

void Tablet::ReadSegments() {
  MutexLock lock(ddl_mu_);
  has_cold_rows_ = true;
  segments_.store(segment_list_.get(), std::memory_order_seq_cst);
}

std::shared_ptr<const SegmentList> Tablet::segment_list() const {
  MutexLock lock(ddl_mu_);
  return segment_list_;
}

Result<SupersededBits*> Tablet::SupersededIn(const FrozenGroup& group) const {
  SupersededBits* bits = group.superseded.load(std::memory_order_acquire);
  if (bits != nullptr) return bits;
  const SegmentFile::Group& info = group.info();
  for (;;) {
    const SegmentList* list = segments();
    auto made = std::make_unique<SupersededBits>();
    ASSIGN_OR_RETURN(const GroupWords ids, group.file().RowIds(group.number));
    for (const SegmentList::Part& part : list->all()) {
      if (part.segment.get() == group.segment) break;  // what follows is older
      if (OXI_PLANT(merge_sets_no_bits)) continue;
      RETURN_IF_ERROR(MarkRowsIn(*part.segment, ids, info, made.get()));
    }
    if (rows_.HasPages(info.first, info.last)) {
      for (uint32_t i = 0; i < info.rows; ++i) {
        if (rows_.Head(RowId(ids[i])) != nullptr) made->Set(i);
      }
    }
    // A row whose slot was empty because it went into a newer list's segments: look again there.
    OXI_POINT();
    if (segments() != list) continue;
    if (group.superseded.compare_exchange_strong(bits, made.get(), std::memory_order_acq_rel)) {
      return made.release();
    }
    return bits;
  }
}

bool Tablet::EveryIndexHasRuns(const SegmentList& list) const {
  EpochGuard guard(epochs_);
  for (const auto& index : indexes()) {
    for (const SegmentList::Part& part : list.all()) {
      if (!part.runs.contains(index->spec().oid)) return false;
    }
  }
  return true;
}

void Tablet::MarkFrozen(Timestamp as_of) {
  RowId row(0);
  for (;;) {
    EpochGuard guard(epochs_);  // anew for each page
    uint64_t left;
    RowDirectory::Slot* slot = rows_.FirstFrom(&row, &left);
    if (slot == nullptr) return;
    for (; left > 0; --left, ++slot, ++row.value) {
      const RowVersion* seen = RowDirectory::HeadOf(*slot);
      if (seen == nullptr || seen->Has(RowVersion::kFrozen)) continue;
      RowVersion* head = RowDirectory::Latch(*slot);
      RowVersion* oldest = head;
      for (RowVersion* next = head; next != nullptr;
           next = next->next.load(std::memory_order_relaxed)) {
        oldest = next;
      }
      // (In flight: later than any time.)
      if (oldest != nullptr && oldest->begin.load(std::memory_order_relaxed) <= as_of.value) {
        for (RowVersion* version = head; version != nullptr;
             version = version->next.load(std::memory_order_relaxed)) {
          version->flags.fetch_or(RowVersion::kFrozen, std::memory_order_relaxed);
        }
      }
      RowDirectory::Unlatch(*slot, head);
    }
  }
}

Result<bool> Tablet::EvictRow(RowId row, RowDirectory::Slot& slot, const SegmentList& list,
                              Timestamp as_of, Timestamp oldest_snapshot) {
  const auto is_quiet = [&](const RowVersion* head) {
    return head != nullptr && head->begin.load(std::memory_order_acquire) <= as_of.value &&
           head->next.load(std::memory_order_acquire) == nullptr && head->Has(RowVersion::kFrozen);
  };
  const RowVersion* seen = RowDirectory::HeadOf(slot);
  if (!is_quiet(seen)) return false;
  FrozenRow frozen;
  if (seen->is_tombstone()) {
    // Until then a segment's removal would hide the row from snapshots that see it.
    if (oldest_snapshot < as_of && !OXI_PLANT(tombstone_evicted_too_early)) return false;
  } else {
    ASSIGN_OR_RETURN(const SegmentList::Place newest, list.FindNewest(row));
    frozen = newest.row;
    if (!frozen || newest.begin != seen->begin.load(std::memory_order_relaxed)) return false;
  }
  RowVersion* head = RowDirectory::Latch(slot);
  if ((head != seen || !is_quiet(head)) && !OXI_PLANT(changed_row_evicted)) {
    RowDirectory::Unlatch(slot, head);
    return false;
  }
  RemoveEntries(row, nullptr, *head);
  slot.store(uint64_t{1}, std::memory_order_seq_cst);  // empty, still latched
  OXI_POINT();
  if (frozen) {
    if (SupersededBits* bits = frozen.group->superseded.load(std::memory_order_acquire)) {
      bits->Clear(frozen.position);
    }
  }
  RowDirectory::Unlatch(slot, nullptr);
  Discard(head);
  rows_.Unpin(row, next_row_id());
  return true;
}

Result<size_t> Tablet::Evict(Timestamp as_of, Timestamp oldest_snapshot, Evicted which) {
  size_t evicted = 0;
  const std::shared_ptr<const SegmentList> list = segment_list();
  if (list == nullptr) return evicted;
  const bool all = which == Evicted::kAll && EveryIndexHasRuns(*list);
  if (all) ReadSegments();
  RowId row(0);
  for (;;) {
    EpochGuard guard(epochs_);  // anew for each page
    uint64_t left;
    RowDirectory::Slot* slot = rows_.FirstFrom(&row, &left);
    if (slot == nullptr) break;
    for (; left > 0; --left, ++slot, ++row.value) {
      const RowVersion* head = RowDirectory::HeadOf(*slot);
      if (head == nullptr || (!all && !head->is_tombstone())) continue;
      ASSIGN_OR_RETURN(const bool gone, EvictRow(row, *slot, *list, as_of, oldest_snapshot));
      evicted += gone ? 1 : 0;
    }
  }
  EpochGuard guard(epochs_);
  rows_.FreeEmptyPages(next_row_id());
  return evicted;
}

}  // namespace oxibase
