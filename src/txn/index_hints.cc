#include "txn/index_hints.h"

#include <algorithm>
#include <string>

#include "storage/index/tablet_index.h"
#include "storage/mvcc/tablet.h"
#include "txn/row_lock_table.h"
#include "txn/tablet_access.h"
#include "txn/txn_internals.h"

namespace oxibase {
namespace {

/// Since when no new snapshot needs the entry; 0: not known.
uint64_t DeadSince(const Tablet& tablet, const TabletIndex& index, const OrderedIndex::Place& entry,
                   std::string* key) {
  uint64_t superseded = 0;  // when the version after the one looked at began; 0: there is none
  bool in_flight = false;
  const RowVersion* version = tablet.rows().Head(RowId(entry.row));
  for (; version != nullptr; version = version->next.load(std::memory_order_acquire)) {
    bool has_null;
    TabletIndex::HashBytes hash;
    if (!version->is_tombstone() && index.KeyOfVersion(tablet.schema(), *version, key, &has_null) &&
        OrderedIndex::Place(index.TreeKey(*key, hash), RowId(entry.row)).SameKey(entry)) {
      return in_flight ? 0 : superseded;
    }
    superseded = version->begin.load(std::memory_order_acquire);
    in_flight = (superseded & kTxnIdBit) != 0;
  }
  return 0;
}

}  // namespace

void NoteIndexLeaf(Transaction& txn, const Tablet& tablet, const TabletIndex& index,
                   const OrderedIndex::Place& place, const Snapshot& snapshot, bool locked) {
  OrderedIndex& tree = index.tree();
  OrderedIndex::Leaf leaf;
  tree.ReadLeaf(place, &leaf);
  const uint64_t now = snapshot.read_ts.value;
  uint64_t dead = leaf.dead;
  uint64_t dead_from = leaf.dead != 0 ? leaf.dead_from : 0;
  if (dead_from > now) return;  // somebody who sees more was here
  std::string key;
  for (uint32_t i = 0; i < leaf.count; ++i) {
    if ((dead >> i & 1) != 0) continue;
    const uint64_t since = DeadSince(tablet, index, leaf.entries[i], &key);
    if (since == 0 || since > now) continue;
    dead |= uint64_t{1} << i;
    dead_from = std::max(dead_from, since);
  }
  uint64_t idle_from = 0;
  if (locked) {
    index.set_notes_locks();
    idle_from = std::max<uint64_t>(dead_from, 1);
    constexpr auto kMode = static_cast<uint8_t>(RowLockMode::kNoKeyUpdate);
    for (uint32_t i = 0; i < leaf.count && idle_from != 0; ++i) {
      if ((dead >> i & 1) != 0) continue;
      const RowId row(leaf.entries[i].row);
      if (!IsLockedByOthers(txn, tablet, row, snapshot, kMode, true)) {
        idle_from = 0;
        break;
      }
      // An older snapshot would meet a change that it does not see.
      if (const RowVersion* head = tablet.rows().Head(row); head != nullptr) {
        const uint64_t begin = head->begin.load(std::memory_order_acquire);
        if ((begin & kTxnIdBit) == 0) idle_from = std::max(idle_from, begin);
      }
    }
  }
  tree.NoteLeaf(place, leaf, dead, dead_from, idle_from);
}

void RefreshEntries(Transaction& txn, const Tablet* watched, RowId row) {
  if (watched == nullptr) return;
  {
    ReadGuard guard(txn);
    std::string key;
    for (const auto& index : watched->indexes()) {
      if (!index->notes_locks()) continue;
      const RowVersion* version = watched->rows().Head(row);
      for (; version != nullptr; version = version->next.load(std::memory_order_acquire)) {
        bool has_null;
        if (version->is_tombstone() ||
            !index->KeyOfVersion(watched->schema(), *version, &key, &has_null)) {
          continue;
        }
        TabletIndex::HashBytes hash;
        index->tree().Refresh(index->TreeKey(key, hash), row);
        if (!version->Has(RowVersion::kKeysVary)) break;
      }
    }
  }
  watched->Pin(-1);
}

}  // namespace oxibase
