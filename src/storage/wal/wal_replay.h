#pragma once

#include "common/ids.h"
#include "common/status.h"
#include "storage/wal/wal_record.h"

namespace oxibase {

/// Takes what the log says at opening, in the log's order. An error ends the opening with it.
class WalReplayTarget {
 public:
  virtual ~WalReplayTarget() = default;

  /// Row changes (see RowChangeReader) of a committed transaction. A large transaction comes in
  /// several calls, one after another, with the same `txn` and `commit_ts`. May repeat what a
  /// checkpoint holds: a change applies if `commit_ts` is newer than what is there.
  virtual Status ApplyTxn(TxnId txn, Timestamp commit_ts, ByteSpan changes) = 0;
  virtual Status ApplySequence(const SequenceState& state) = 0;
  virtual Status ApplyRowIdLease(TabletId tablet, RowId bound) = 0;
};

}  // namespace oxibase
