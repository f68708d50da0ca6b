#pragma once
// Finding out which index entries need not be looked at (storage/index/ordered_index.h). Private to
// src/txn.
//
// An entry is dead for every snapshot at or after T if the newest version of its row that has its
// key was superseded by a commit at T; whoever gives the row that key again inserts the entry
// again, which takes back what was noted. That a row is locked is watched in the table of row
// locks, under the mutex under which the lock ends.

#include "storage/index/ordered_index.h"
#include "txn/snapshot.h"

namespace oxibase {

class Transaction;
class Tablet;
class TabletIndex;

/// Looks at all entries of the leaf that has `place`, and notes those that are dead by the
/// snapshot's time, and (`locked`) whether all others are of rows that others keep from being
/// locked even FOR NO KEY UPDATE. REQUIRES: a ReadGuard
void NoteIndexLeaf(Transaction& txn, const Tablet& tablet, const TabletIndex& index,
                   const OrderedIndex::Place& place, const Snapshot& snapshot, bool locked);

/// The row is locked or in flight no more: takes back what is noted of its entries. `watched`: its
/// tablet, whose pin ends; null: nothing to do.
void RefreshEntries(Transaction& txn, const Tablet* watched, RowId row);

}  // namespace oxibase
