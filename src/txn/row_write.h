#pragma once
// How versions get into chains and indexes. Private to src/txn.

#include <cstdint>

#include "common/status.h"
#include "storage/mvcc/row_directory.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"

namespace oxibase {

/// The largest row: with room for its key in one log record.
inline constexpr uint32_t kRowBytesMax = uint32_t{1} << 30;

/// Which indexes see another key in the new version than in the one before: a bit each, all set
/// where there are more indexes than bits.
struct KeyChanges {
  uint64_t indexes = 0;
  const Tablet::IndexList* list = nullptr;  // what they were counted in
  bool referable = false;                   // a key that foreign keys may refer to is among them
};

/// Adds the version's entries to the indexes of the tablet's list in `which`, after it was put at
/// the head of its row's chain. A unique key that another live row has: 23505, or *conflict where
/// that is given (some entries may then be there; the caller takes the version back). Waits for
/// transactions in flight with the key. REQUIRES: no ReadGuard
Status AddIndexEntries(Transaction& txn, Tablet& tablet, RowId row, const RowVersion& version,
                       const Tablet::IndexList& indexes, uint64_t which,
                       std::span<const TabletIndex* const> arbiters,
                       std::optional<UniqueConflict>* conflict);

/// 23505 (of CREATE UNIQUE INDEX) if two rows have this key; waits for transactions in flight that
/// will tell. For an ordered index. REQUIRES: no ReadGuard
Status CheckKeyHolders(Transaction& txn, Tablet& tablet, const TabletIndex& index,
                       std::string_view key);

/// Whether a live row has the key of `version`, which is in no chain yet, in one of the arbiters
/// (empty: any unique index). Waits for transactions in flight.
Status FindConflict(Transaction& txn, Tablet& tablet, RowId row, const RowVersion& version,
                    std::span<const TabletIndex* const> arbiters,
                    std::optional<UniqueConflict>* conflict);

}  // namespace oxibase
