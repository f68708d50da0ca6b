// Rows between memory and segments that are not (only) those of checkpoints: copies of segments'
// rows in memory, and private segments.
//
// A row with a version in flight that is in a private segment has no lock in memory, nor anything
// else. Whoever wants to change or lock it gets copies of that version and what lies below it into
// memory first (EnsureHot), and then finds the row as if it had never left. The segment knows of
// these copies: its transaction's end stamps them, or takes them away.

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/plant.h"
#include "storage/index/ordered_index.h"
#include "storage/mvcc/epoch.h"
#include "storage/mvcc/tablet.h"
#include "storage/segment/segment_builder.h"
#include "storage/segment/segment_list.h"

namespace oxibase {
namespace {

bool IsInFlight(const SegmentList::Place& place) { return (place.begin & kTxnIdBit) != 0; }

/// Whether `version` is the copy in memory of what a segment of `list` with this mark has.
bool IsCopy(const SegmentList& list, PrivateMark& mark, RowId row, const RowVersion* version) {
  MutexLock lock(mark.mu);
  return std::any_of(list.parts.begin(), list.parts.end(), [&](const SegmentList::Part& part) {
    const PrivateRows* rows = part.segment->private_rows();
    if (rows == nullptr || rows->mark.get() != &mark) return false;
    const auto copy = rows->copies.find(row.value);
    return copy != rows->copies.end() && copy->second == version;
  });
}

bool Overlap(const FrozenSegment& a, const FrozenSegment& b) {
  return a.first() <= b.last() && b.first() <= a.last();
}

}  // namespace

/// Copies of what segments of one list say of a row, on their way into its slot.
class Tablet::HotCopies {
 public:
  HotCopies(Tablet& tablet, const SegmentList& list, RowId row)
      : tablet_(tablet), list_(list), row_(row) {}
  ~HotCopies() {
    if (is_put_) return;
    for (const Copy& copy : copies_) RowVersion::Destroy(copy.version);
  }
  HotCopies(const HotCopies&) = delete;
  HotCopies& operator=(const HotCopies&) = delete;

  /// Makes them: of the newest version, and where that is in flight, of those below it up to one
  /// that is committed. False: there is no such row. Errors: of reading segments.
  Result<bool> Make() {
    size_t at = 0;
    do {
      ASSIGN_OR_RETURN(const SegmentList::Place place, list_.FindNewest(row_, &at));
      if (!place || (!place.row && !IsInFlight(place))) break;
      RETURN_IF_ERROR(Add(place));
    } while (IsInFlight(copies_.back().place));
    return !copies_.empty();
  }

  /// Puts them into the slot, if it is empty, the list is the newest, and what is in flight is so
  /// still.
  bool Put() {
    if (!IsInFlight(copies_.front().place)) return PutInto();
    PrivateMark& mark = *copies_.front().place.segment->private_rows()->mark;
    MutexLock lock(mark.mu);
    const bool ended =
        !mark.in_flight() || std::any_of(copies_.begin(), copies_.end(), [](const Copy& copy) {
          const PrivateRows* rows = copy.place.segment->private_rows();
          return rows != nullptr && rows->is_dropped;
        });
    if (ended || !PutInto()) return false;
    for (const Copy& copy : copies_) {
      if (!IsInFlight(copy.place)) continue;
      copy.place.segment->private_rows()->copies.emplace(row_.value, copy.version);
    }
    return true;
  }

 private:
  struct Copy {
    SegmentList::Place place;
    RowVersion* version;
    SupersededBits* bits;  // null: a removal has none
  };

  Status Add(const SegmentList::Place& place) {
    // Where other segments have entries of the row too, a hit says nothing about its key.
    uint8_t flags = RowVersion::kFrozen;
    if (list_.all().size() > 1) flags |= RowVersion::kKeysVary;
    Copy copy{place, nullptr, nullptr};
    if (!place.row) {
      flags |= RowVersion::kTombstone;
      copy.version = RowVersion::Create(place.begin, place.segment->RemovedBy(row_), 0, flags, 0);
    } else {
      std::vector<std::byte> bytes;
      ASSIGN_OR_RETURN(const RowLayout* layout,
                       place.row.group->ReadRow(place.row.position, tablet_.schema(), bytes));
      ASSIGN_OR_RETURN(copy.bits, tablet_.SupersededIn(*place.row.group));
      const uint64_t command = IsInFlight(place) ? place.row.begin : 0;
      copy.version =
          RowVersion::Create(place.begin, static_cast<CommandNumber>(command), layout->version(),
                             flags, static_cast<uint32_t>(bytes.size()));
      std::memcpy(copy.version->row(), bytes.data(), bytes.size());
    }
    if (!copies_.empty()) {
      RowVersion& newer = *copies_.back().version;
      newer.next.store(copy.version, std::memory_order_relaxed);
      if (!newer.is_tombstone() && tablet_.ChangesReferableKey(*copy.version, newer)) {
        newer.flags.fetch_or(RowVersion::kKeyChanged, std::memory_order_relaxed);
      }
    }
    copies_.push_back(copy);
    return Status::Ok();
  }

  bool PutInto() {
    RowDirectory& rows = tablet_.rows_;
    RowDirectory::Slot& slot = *rows.Pin(row_);
    RowVersion* head = RowDirectory::Latch(slot);
    if (head != nullptr || tablet_.segments() != &list_) {
      RowDirectory::Unlatch(slot, head);
      rows.Unpin(row_, tablet_.next_row_id());
      return false;
    }
    for (const Copy& copy : copies_) {
      if (copy.bits == nullptr || OXI_PLANT(superseded_bit_not_set)) continue;
      copy.bits->Set(copy.place.row.position);
    }
    OXI_POINT();
    // (Before the list is looked at again, for others as for this thread.)
    slot.store(reinterpret_cast<uint64_t>(copies_.front().version), std::memory_order_seq_cst);
    is_put_ = true;
    for (const Copy& copy : copies_) {
      tablet_.memory_.Add(static_cast<int64_t>(copy.version->total_bytes()));
    }
    return true;
  }

  Tablet& tablet_;
  const SegmentList& list_;
  const RowId row_;
  std::vector<Copy> copies_;  // newest first
  bool is_put_ = false;       // they are the slot's
};

bool Tablet::ChangesReferableKey(const RowVersion& older, const RowVersion& newer) const {
  const IndexList& all = indexes();
  return std::any_of(all.begin(), all.end(), [&](const auto& index) {
    return index->spec().referable &&
           !index->SameKey(schema().At(older.schema_version), older.row(),
                           schema().At(newer.schema_version), newer.row());
  });
}

Result<bool> Tablet::EnsureHotSlow(RowId row) {
  for (;;) {
    const SegmentList* list = segments();
    OXI_POINT();
    if (rows_.Head(row) != nullptr) return true;
    HotCopies copies(*this, *list, row);
    ASSIGN_OR_RETURN(const bool exists, copies.Make());
    if (segments() != list) continue;
    if (!exists) return false;
    if (!copies.Put()) continue;
    // A list that was published meanwhile must know of it too. (Whoever publishes one later and
    // then looks at the slot finds it taken.)
    while (segments() != list) {
      list = segments();
      ASSIGN_OR_RETURN(const SegmentList::Place newest, list->FindNewest(row));
      if (!newest.row) continue;
      ASSIGN_OR_RETURN(SupersededBits * bits, SupersededIn(*newest.row.group));
      bits->Set(newest.row.position);
    }
    return true;
  }
}

// ---- Private segments.

Result<bool> Tablet::CanMove(const PrivateWrite& write, const SegmentList* list,
                             PrivateMark& mark) const {
  const RowVersion* version = rows_.Head(write.row);
  if (version != write.version) return false;
  version = version->next.load(std::memory_order_acquire);
  while (version != nullptr && version->begin.load(std::memory_order_acquire) == mark.begin()) {
    if (list == nullptr || !IsCopy(*list, mark, write.row, version)) return false;
    version = version->next.load(std::memory_order_acquire);
  }
  if (version == nullptr) return true;
  // What is committed must be in a segment, and nothing older be there for an old snapshot.
  if (list == nullptr || version->next.load(std::memory_order_acquire) != nullptr) return false;
  ASSIGN_OR_RETURN(const FrozenRow found, list->Find(write.row, Snapshot{Timestamp::Max(), {}}));
  return found && found.group->segment->BeginWord(found.begin) ==
                      version->begin.load(std::memory_order_acquire);
}

// The row's writer alone can have changed its chain since CanMove looked.
void Tablet::TakeOut(RowId row) {
  RowDirectory::Slot& slot = *rows_.Find(row);
  RowVersion* const head = RowDirectory::Latch(slot);
  for (RowVersion* version = head; version != nullptr;
       version = version->next.load(std::memory_order_relaxed)) {
    RemoveEntries(row, nullptr, *version);
  }
  RowDirectory::Unlatch(slot, nullptr);
  for (RowVersion* version = head; version != nullptr;) {
    RowVersion* const next = version->next.load(std::memory_order_relaxed);
    Discard(version);
    version = next;
  }
  rows_.Unpin(row, next_row_id());
}

Result<std::shared_ptr<const FrozenSegment>> Tablet::MoveToSegment(
    SegmentStore& store, const std::shared_ptr<PrivateMark>& mark, std::span<PrivateWrite> writes) {
  constexpr size_t kAtOnce = 1024;  // then garbage may be freed
  MutexLock segments_lock(segments_mu_);
  const std::shared_ptr<const SegmentList> before = segment_list();
  if (before != nullptr && !EveryIndexHasRuns(*before)) {
    return std::shared_ptr<const FrozenSegment>();
  }
  auto rows = std::make_shared<PrivateRows>(mark);
  ASSIGN_OR_RETURN(const std::unique_ptr<SegmentBuilder> builder,
                   SegmentBuilder::CreatePrivate(store, *this, rows));
  std::vector<RowId> removed;
  for (size_t i = 0; i < writes.size();) {
    EpochGuard guard(epochs_);
    for (const size_t end = std::min(i + kAtOnce, writes.size()); i < end; ++i) {
      PrivateWrite& write = writes[i];
      ASSIGN_OR_RETURN(write.is_moved, CanMove(write, before.get(), *mark));
      if (!write.is_moved) continue;
      const RowVersion& version = *write.version;
      if (version.is_tombstone()) {
        removed.push_back(write.row);
        rows->removed_by.push_back(version.command);
        --rows->live_delta;
      } else {
        RETURN_IF_ERROR(builder->Add(write.row, Timestamp{version.command}, version.schema_version,
                                     {version.row(), version.row_bytes}));
        rows->live_delta += write.is_new ? 1 : 0;
      }
    }
  }
  for (const RowId row : removed) RETURN_IF_ERROR(builder->AddRemoved(row));
  if (builder->is_empty()) return std::shared_ptr<const FrozenSegment>();
  auto list =
      before != nullptr ? std::make_shared<SegmentList>(*before) : std::make_shared<SegmentList>();
  list->store = &store;
  ASSIGN_OR_RETURN(SegmentList::Part part, builder->Finish());
  const std::shared_ptr<const FrozenSegment> segment = part.segment;
  std::vector<SegmentList::Part> parts = list->all();
  parts.insert(parts.begin(), std::move(part));
  list->Assign(std::move(parts));
  PublishSegments(std::move(list));
  ReadSegments();
  {
    MutexLock lock(mark->mu);
    for (const SegmentList::Part& older : segment_list()->parts) {
      PrivateRows* of = older.segment->private_rows();
      if (of == nullptr || of->mark != mark || of->copies.empty()) continue;
      for (const PrivateWrite& write : writes) {
        if (write.is_moved) of->copies.erase(write.row.value);
      }
    }
  }
  for (size_t i = 0; i < writes.size();) {
    EpochGuard guard(epochs_);
    for (const size_t end = std::min(i + kAtOnce, writes.size()); i < end; ++i) {
      if (writes[i].is_moved) TakeOut(writes[i].row);
    }
  }
  EpochGuard guard(epochs_);
  rows_.FreeEmptyPages(next_row_id());
  return segment;
}

void Tablet::DropPrivate(const FrozenSegment& segment) {
  PrivateRows& rows = *segment.private_rows();
  {
    MutexLock segments_lock(segments_mu_);
    const std::shared_ptr<const SegmentList> before = segment_list();
    std::vector<SegmentList::Part> parts = before->all();
    std::erase_if(parts, [&](const SegmentList::Part& part) {
      return part.segment->number() == segment.number();
    });
    // What was superseded by it alone is not any more.
    for (SegmentList::Part& part : parts) {
      if (Overlap(*part.segment, segment)) {
        part.segment = FrozenSegment::Renewed(std::move(part.segment));
      }
    }
    auto list = std::make_shared<SegmentList>(*before);
    list->Assign(std::move(parts));
    PublishSegments(std::move(list));
  }
  absl::flat_hash_map<uint64_t, RowVersion*> copies;
  {
    MutexLock lock(rows.mark->mu);
    rows.is_dropped = true;
    copies.swap(rows.copies);
  }
  for (const auto& [row, version] : copies) {
    EpochGuard guard(epochs_);
    Cut(RowId(row), version);
  }
  AddLiveRows(-rows.live_delta);
}

}  // namespace oxibase
