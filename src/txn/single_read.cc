#include "txn/single_read.h"

#include <algorithm>

#include "storage/mvcc/tablet.h"
#include "txn/table_lock_table.h"
#include "txn/txn_internals.h"

namespace oxibase {

SingleRead::SingleRead(Transaction& txn, Oid table) : txn_(txn), table_(table) {
  OXI_DCHECK(!txn.active());
  owner_ = TxnInternals::NewOwner(txn);
  locked_ = TxnInternals::table_locks(txn).TryLock(owner_, TxnInternals::fast_locks(txn), table,
                                                   TableLockMode::kAccessShare, &slot_);
  if (!locked_) return;
  TxnInternals::epoch(txn).Enter();
  read_ts_ = txn.manager().visible_ts().value;
  // What the session committed itself, and what made the table that it finds, it must see: a
  // transaction does.
  if (std::max(TxnInternals::last_commit_ts(txn), TxnInternals::exclusive_ts(txn)) > read_ts_)
      [[unlikely]] {
    End();
  }
}

void SingleRead::End() {
  locked_ = false;
  TxnInternals::epoch(txn_).Leave();
  TxnInternals::table_locks(txn_).Unlock(owner_, TxnInternals::fast_locks(txn_), {0, table_},
                                         TableLockMode::kAccessShare, slot_);
}

const RowVersion* SingleRead::Newest(const Tablet& tablet, RowId row) const {
  const RowVersion* version = tablet.rows().Head(row);
  if (version == nullptr) return nullptr;
  __builtin_prefetch(reinterpret_cast<const char*>(version) + 64);  // a short row's other line
  // (In flight: later than any time.)
  if (version->begin.load(std::memory_order_acquire) > read_ts_) return nullptr;
  return version->is_tombstone() ? nullptr : version;
}

}  // namespace oxibase
