#include "storage/mvcc/tablet.h"

#include <cstring>
#include <utility>

#include "storage/index/ordered_index.h"
#include "storage/mvcc/epoch.h"
#include "storage/segment/segment_list.h"

namespace oxibase {

Tablet::Tablet(TabletId id, std::shared_ptr<const TableSchema> schema, EpochManager& epochs,
               MemoryTracker* parent)
    : id_(id),
      epochs_(epochs),
      memory_("tablet", parent),
      rows_(epochs),
      schema_(schema.get()),
      indexes_(new IndexList) {
  if (schema) schemas_.push_back(std::move(schema));
}

Tablet::~Tablet() {
  delete indexes_.load(std::memory_order_relaxed);
  MutexLock lock(ddl_mu_);
  for (const auto& [number, list] : old_lists_) delete list;
}

void Tablet::SetSchema(std::shared_ptr<const TableSchema> schema) {
  MutexLock lock(ddl_mu_);
  for (const auto& index : indexes()) index->SetSchema(*schema);
  schema_.store(schema.get(), std::memory_order_release);
  schemas_.push_back(std::move(schema));
}

const TabletIndex* Tablet::FindIndex(Oid oid) const {
  MutexLock lock(ddl_mu_);
  const TabletIndex* found = nullptr;
  for (const auto& index : indexes()) {
    if (index->spec().oid != oid) continue;
    if (index->is_complete()) return index.get();
    found = index.get();
  }
  return found;
}

void Tablet::PublishIndexes(IndexList list) {
  const IndexList* old =
      indexes_.exchange(new IndexList(std::move(list)), std::memory_order_acq_rel);
  epochs_.Retire(const_cast<IndexList*>(old),
                 [](void* object) { delete static_cast<IndexList*>(object); });
}

Result<std::shared_ptr<TabletIndex>> Tablet::AddIndex(IndexSpec spec) {
  auto index = std::make_shared<TabletIndex>(std::move(spec), schema(), epochs_);
  // No row goes from memory to a segment meanwhile.
  MutexLock segments_lock(segments_mu_);
  RETURN_IF_ERROR(FillIndex(*index, index->spec().unique));
  RETURN_IF_ERROR(AddRuns(*index));
  MutexLock lock(ddl_mu_);
  IndexList list = indexes();
  list.push_back(index);
  PublishIndexes(std::move(list));
  return index;
}

std::shared_ptr<TabletIndex> Tablet::DropIndex(Oid oid) {
  MutexLock lock(ddl_mu_);
  IndexList list = indexes();
  std::shared_ptr<TabletIndex> found;
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i]->spec().oid != oid) continue;
    found = list[i];
    list.erase(list.begin() + static_cast<ptrdiff_t>(i));
    PublishIndexes(std::move(list));
    break;
  }
  return found;
}

void Tablet::RestoreIndex(std::shared_ptr<TabletIndex> index) {
  MutexLock segments_lock(segments_mu_);
  AddRuns(*index).Ignore("readers of the index are told that it has no entries of a segment");
  MutexLock lock(ddl_mu_);
  index->SetSchema(schema());
  index->tree().RefreshAll();  // locks may have ended meanwhile
  IndexList list = indexes();
  list.push_back(std::move(index));
  PublishIndexes(std::move(list));
}

uint64_t Tablet::IndexBytes() const {
  EpochGuard guard(epochs_);
  uint64_t bytes = 0;
  for (const auto& index : indexes()) bytes += index->bytes();
  return bytes;
}

void Tablet::ReserveRowIds(RowId bound) {
  uint64_t now = next_row_id_.load(std::memory_order_relaxed);
  while (now < bound.value &&
         !next_row_id_.compare_exchange_weak(now, bound.value, std::memory_order_relaxed)) {
  }
}

Status Tablet::FillIndex(TabletIndex& index, bool check_unique) {
  EpochGuard guard(epochs_);
  RowId row(0);
  uint64_t left;
  while (RowDirectory::Slot* slot = rows_.FirstFrom(&row, &left)) {
    for (; left > 0; --left, ++slot, ++row.value) {
      if (RowDirectory::HeadOf(*slot) == nullptr) continue;
      // Latched, so that the collector does not cut the chain meanwhile.
      RowVersion* head = RowDirectory::Latch(*slot);
      const Status status = FillFromChain(index, row, head, check_unique);
      RowDirectory::Unlatch(*slot, head);
      RETURN_IF_ERROR(status);
    }
  }
  return Status::Ok();
}

Status Tablet::FillFromChain(TabletIndex& index, RowId row, RowVersion* head, bool check_unique) {
  std::string key, first_key;
  bool has_first = false;
  bool vary = false;
  for (const RowVersion* version = head; version != nullptr;
       version = version->next.load(std::memory_order_acquire)) {
    if (version->is_tombstone()) continue;
    bool has_null;
    const bool has_key = index.KeyOfVersion(schema(), *version, &key, &has_null);
    if (!has_key) key.clear();
    if (!has_first) {
      first_key = key;
      has_first = true;
    } else if (key != first_key) {
      vary = true;
    }
    if (!has_key) continue;
    const bool checked =
        check_unique && version == head && (!has_null || index.spec().nulls_not_distinct);
    if (checked) RETURN_IF_ERROR(CheckUnique(index, key, row));
    index.AddEntry(key, row);
  }
  if (!vary) return Status::Ok();
  // Older versions were written when nobody asked whether these columns change.
  for (RowVersion* version = head; version != nullptr;
       version = version->next.load(std::memory_order_acquire)) {
    version->flags.fetch_or(RowVersion::kKeysVary, std::memory_order_relaxed);
  }
  return Status::Ok();
}

// Whether another row, of those indexed so far, has this key now.
Status Tablet::CheckUnique(const TabletIndex& index, std::string_view key, RowId row) {
  TabletIndex::HashBytes hash;
  const RowVersion* duplicate = nullptr;
  std::string other_key;
  index.tree().ForEachWithKey(index.TreeKey(key, hash), [&](RowId other) {
    if (other == row) return true;
    const RowVersion* head = rows_.Head(other);
    bool has_null;
    if (head != nullptr && !head->is_tombstone() &&
        index.KeyOfVersion(schema(), *head, &other_key, &has_null) && other_key == key) {
      duplicate = head;
    }
    return duplicate == nullptr;
  });
  if (duplicate == nullptr) return Status::Ok();
  const RowLayout& layout = schema().At(duplicate->schema_version);
  Status status =
      Error(ErrorCode::kUniqueViolation, "could not create unique index \"{}\"", index.spec().name)
          .Constraint(index.spec().name);
  if (index.spec().describe_duplicate) {
    status.info().detail =
        index.spec().describe_duplicate(index.KeyValues(layout, duplicate->row()));
  }
  return status;
}

RowId Tablet::ScanImages(Timestamp at, RowId first,
                         const std::function<bool(const RowImage&)>& emit) {
  RowId row = first;
  for (;;) {
    EpochGuard guard(epochs_);  // anew for each page, so that memory can be freed meanwhile
    uint64_t left;
    const RowDirectory::Slot* slot = rows_.FirstFrom(&row, &left);
    if (slot == nullptr) return RowId(0);
    for (; left > 0; --left, ++slot, ++row.value) {
      const RowVersion* version = RowDirectory::HeadOf(*slot);
      while (version != nullptr && version->begin.load(std::memory_order_acquire) > at.value) {
        version = version->next.load(std::memory_order_acquire);  // in flight counts as later
      }
      if (version == nullptr) continue;
      const bool removed = version->is_tombstone();
      if (removed && !version->Has(RowVersion::kFrozen)) continue;
      const RowImage image{row,
                           {version->begin.load(std::memory_order_acquire)},
                           version->schema_version,
                           {version->row(), version->row_bytes},
                           removed,
                           version->Has(RowVersion::kFrozen)};
      if (!emit(image)) return RowId(row.value + 1);
    }
  }
}

void Tablet::Restore(RowId row, Timestamp commit_ts, SchemaVersion schema,
                     std::span<const std::byte> bytes, bool is_new) {
  // What segments have of it may have other keys. (Some may come with the log.)
  const uint8_t flags = is_new ? 0 : RowVersion::kFrozen | RowVersion::kKeysVary;
  RowVersion* version =
      RowVersion::Create(commit_ts.value, 0, schema, flags, static_cast<uint32_t>(bytes.size()));
  std::memcpy(version->row(), bytes.data(), bytes.size());
  RestoreVersion(row, version);
}

void Tablet::RestoreDelete(RowId row, Timestamp commit_ts) {
  RestoreVersion(row, RowVersion::Create(commit_ts.value, 0, 0,
                                         RowVersion::kTombstone | RowVersion::kFrozen, 0));
}

// Later changes of one transaction carry the same timestamp: the last one applied stands.
void Tablet::RestoreVersion(RowId row, RowVersion* version) {
  ReserveRowIds(RowId(row.value + 1));
  RowDirectory::Slot& slot = *rows_.Pin(row);
  RowVersion* old = RowDirectory::Latch(slot);
  if (old != nullptr && !old->Has(RowVersion::kFrozen)) {
    version->flags.fetch_and(static_cast<uint8_t>(~RowVersion::kFrozen),
                             std::memory_order_relaxed);  // it was new in the log
  }
  if (old != nullptr &&
      old->begin.load(std::memory_order_relaxed) > version->begin.load(std::memory_order_relaxed)) {
    RowDirectory::Unlatch(slot, old);
    rows_.Unpin(row, next_row_id());
    RowVersion::Destroy(version);
    return;
  }
  if (old != nullptr && history_.keeps() &&
      old->begin.load(std::memory_order_relaxed) < version->begin.load(std::memory_order_relaxed)) {
    // Each has the keys of its own; the indexes are filled when all are there.
    version->next.store(old, std::memory_order_relaxed);
    RowDirectory::Unlatch(slot, version);
    rows_.Unpin(row, next_row_id());
    memory_.Add(static_cast<int64_t>(version->total_bytes()));
    return;
  }
  if (old != nullptr) {
    version->next.store(old->next.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  RowDirectory::Unlatch(slot, version);
  if (old != nullptr) rows_.Unpin(row, next_row_id());  // it had a pin
  int64_t bytes = static_cast<int64_t>(version->total_bytes());
  if (old != nullptr) {
    bytes -= static_cast<int64_t>(old->total_bytes());
    RowVersion::Destroy(old);
  }
  memory_.Add(bytes);
}

// When what a private segment of the log has of the row began; 0: none has anything newer than the
// other segments.
Result<uint64_t> Tablet::PrivateBegin(const SegmentList& list, RowId row) const {
  ASSIGN_OR_RETURN(const SegmentList::Place newest, list.FindNewest(row));
  return newest && newest.segment->private_rows() != nullptr ? newest.begin : 0;
}

void Tablet::CutBefore(RowVersion& head, uint64_t begin) {
  RowVersion* last = &head;
  while (RowVersion* next = last->next.load(std::memory_order_relaxed)) {
    if (next->begin.load(std::memory_order_relaxed) < begin) {
      last->next.store(nullptr, std::memory_order_relaxed);
      DestroyFrom(next);
      return;
    }
    last = next;
  }
}

void Tablet::DestroyFrom(RowVersion* version) {
  while (version != nullptr) {
    RowVersion* const next = version->next.load(std::memory_order_relaxed);
    memory_.Add(-static_cast<int64_t>(version->total_bytes()));
    RowVersion::Destroy(version);
    version = next;
  }
}

Status Tablet::FinishRestore() {
  RETURN_IF_ERROR(CheckSegmentSchemas());
  EpochGuard guard(epochs_);
  const std::shared_ptr<const SegmentList> list = segment_list();
  int64_t live = 0;
  bool has_private = false;
  if (list != nullptr) {
    live = static_cast<int64_t>(list->live_rows);
    for (const SegmentList::Part& part : list->parts) {
      const PrivateRows* rows = part.segment->private_rows();
      if (rows == nullptr) continue;
      has_private = true;
      live += rows->live_delta;
      history_.Cut({rows->mark->begin()});
    }
  }
  const auto drop = [this](RowId row, RowDirectory::Slot& slot, RowVersion* head) {
    RowDirectory::Unlatch(slot, nullptr);
    DestroyFrom(head);
    rows_.Unpin(row, next_row_id());
  };
  RowId row(0);
  uint64_t left;
  while (RowDirectory::Slot* slot = rows_.FirstFrom(&row, &left)) {
    for (; left > 0; --left, ++slot, ++row.value) {
      RowVersion* head = RowDirectory::HeadOf(*slot);
      if (head == nullptr) continue;
      if (list == nullptr || list->parts.empty()) {
        head->flags.fetch_and(static_cast<uint8_t>(~(RowVersion::kFrozen | RowVersion::kKeysVary)),
                              std::memory_order_relaxed);
      }
      if (has_private) {
        ASSIGN_OR_RETURN(const uint64_t moved, PrivateBegin(*list, row));
        if (moved > head->begin.load(std::memory_order_relaxed)) {
          live += head->is_tombstone() || head->Has(RowVersion::kFrozen) ? 0 : 1;
          drop(row, *slot, head);
          continue;
        }
        CutBefore(*head, moved);
      }
      if (!head->is_tombstone()) {
        const RowLayout* layout = schema().Find(head->schema_version);
        if (layout == nullptr || !layout->Fits({head->row(), head->row_bytes})) {
          return Error(ErrorCode::kDataCorrupted,
                       "row {} of table \"{}\" (tablet {}) does not have the form of its schema "
                       "version, {}",
                       row.value, name(), id().value, head->schema_version);
        }
        live += head->Has(RowVersion::kFrozen) ? 0 : 1;
        continue;
      }
      if (head->Has(RowVersion::kFrozen)) {
        --live;
        continue;
      }
      if (head->next.load(std::memory_order_relaxed) != nullptr) continue;
      drop(row, *slot, head);
    }
  }
  if (history_.keeps()) RETURN_IF_ERROR(FinishHistory());
  live_rows_.store(live, std::memory_order_relaxed);
  rows_.FreeEmptyPages(next_row_id());
  for (const auto& index : indexes()) RETURN_IF_ERROR(FillIndex(*index, false));
  return Status::Ok();
}

}  // namespace oxibase
