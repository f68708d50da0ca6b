#pragma once

#include "common/ids.h"
#include "storage/mvcc/row_version.h"
#include "txn/snapshot.h"

namespace oxibase {

/// The version that `snapshot` sees of the chain that begins at `version`, or null. REQUIRES: a
/// ReadGuard
inline const RowVersion* VisibleVersion(const RowVersion* version, const Snapshot& snapshot) {
  for (; version != nullptr; version = version->next.load(std::memory_order_acquire)) {
    const uint64_t begin = version->begin.load(std::memory_order_acquire);
    // A version in flight has the highest bit set, so it is later than any snapshot.
    if (begin <= snapshot.read_ts.value) break;
    if (begin == (kTxnIdBit | snapshot.own.value) && version->command < snapshot.command) break;
  }
  return version != nullptr && !version->is_tombstone() ? version : nullptr;
}

}  // namespace oxibase
