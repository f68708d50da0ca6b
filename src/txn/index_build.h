#pragma once
// What making and dropping indexes beside writers asks of transactions; see
// src/storage/mvcc/tablet_concurrent.cc.

#include "common/status.h"
#include "txn/transaction.h"

namespace oxibase {

/// Waits for the end of all other transactions that hold a lock on the table now that conflicts
/// with `mode`; new ones are not kept from it. Errors: as of Transaction::LockTable.
Status WaitForTableHolders(Transaction& txn, Oid table, TableLockMode mode);

/// 23505 if two rows have one key of a unique index that all writers know and that has the entries
/// of all rows. Waits for transactions in flight that will tell. Errors: also of reading segments.
/// REQUIRES: no ReadGuard
Status CheckUniqueIndex(Transaction& txn, Tablet& tablet, const TabletIndex& index);

}  // namespace oxibase
