// Taking versions out of chains.

#include "common/plant.h"
#include "common/status.h"
#include "storage/index/tablet_index.h"
#include "storage/mvcc/epoch.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {

void Tablet::Discard(RowVersion* version) {
  memory_.Add(-static_cast<int64_t>(version->total_bytes()));
  epochs_.Retire(version,
                 [](void* object) { RowVersion::Destroy(static_cast<RowVersion*>(object)); });
}

void Tablet::Cut(RowId row, RowVersion* dead) {
  RowDirectory::Slot& slot = *rows_.Find(row);
  RowVersion* head = RowDirectory::Latch(slot);
  RowVersion* newer = nullptr;
  for (RowVersion* version = head; version != dead;
       version = version->next.load(std::memory_order_relaxed)) {
    OXI_CHECK(version != nullptr);
    newer = version;
  }
  RowVersion* older = dead->next.load(std::memory_order_relaxed);
  if (newer != nullptr) {
    newer->next.store(older, std::memory_order_release);
  } else {
    head = older;
  }
  // Under the latch: a writer that brings the key back adds its entry after its version is seen
  // here, or after this.
  RemoveEntries(row, head, *dead);
  RowVersion* tombstone = nullptr;
  if (head != nullptr && head->is_tombstone() && !head->in_flight() &&
      !head->Has(RowVersion::kFrozen) && head->next.load(std::memory_order_relaxed) == nullptr) {
    tombstone = head;
    head = nullptr;
  }
  RowDirectory::Unlatch(slot, head);
  Discard(dead);
  if (tombstone != nullptr) Discard(tombstone);
  if (head == nullptr) rows_.Unpin(row, next_row_id());
}

void Tablet::RemoveEntries(RowId row, const RowVersion* chain, const RowVersion& dead) {
  if (dead.is_tombstone()) return;
  const RowVersion* newest = chain;
  while (newest != nullptr && newest->is_tombstone()) {
    newest = newest->next.load(std::memory_order_relaxed);
  }
  if (newest != nullptr && !newest->Has(RowVersion::kKeysVary) &&
      !dead.Has(RowVersion::kKeysVary)) {
    return;  // every version has the same keys
  }
  std::string key, other;
  bool has_null;
  for (const auto& index : indexes()) {
    if (!index->KeyOfVersion(schema(), dead, &key, &has_null)) continue;
    bool kept = false;
    for (const RowVersion* version = newest; version != nullptr && !kept;
         version = version->next.load(std::memory_order_relaxed)) {
      kept = !version->is_tombstone() &&
             index->KeyOfVersion(schema(), *version, &other, &has_null) && other == key;
    }
    if (!kept || OXI_PLANT(index_entry_removed_too_early)) index->RemoveEntry(key, row);
  }
}

}  // namespace oxibase
