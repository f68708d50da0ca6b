#pragma once

#include <cstdint>
#include <functional>

#include "common/ids.h"
#include "common/status.h"
#include "storage/wal/wal_record.h"

namespace oxibase {

/// One thread's share of what the log says at opening.
class WalReplayPart {
 public:
  virtual ~WalReplayPart() = default;

  /// Applies those of a committed transaction's row changes (see RowChangeReader) that are this
  /// part's. A large transaction comes in several calls, one after another, with the same `txn` and
  /// `commit_ts`. May repeat what a checkpoint holds: a change applies if `commit_ts` is newer than
  /// what is there.
  virtual Status ApplyTxn(TxnId txn, Timestamp commit_ts, ByteSpan changes) = 0;
};

/// Takes what the log says at opening. An error ends the opening with it.
class WalReplayTarget {
 public:
  virtual ~WalReplayTarget() = default;

  /// The share `part` of `parts`: each change belongs to exactly one of them, and changes of one
  /// row to the same. Every part gets all transactions in the log's order, on a thread of its own.
  /// Asked for once, with one number of parts. The part is the target's.
  virtual WalReplayPart& Part(size_t part, size_t parts) = 0;
  /// In the log's order, on the thread that opens it.
  virtual Status ApplySequence(const SequenceState& state) = 0;
  virtual Status ApplyRowIdLease(TabletId tablet, RowId bound) = 0;
  /// A kAddFiles record of a transaction that committed. As ApplySequence.
  virtual Status ApplyFiles(Timestamp commit_ts, ByteSpan payload) = 0;
};

/// How far replay is: bytes of the log that are done, and how many there are to do at most.
/// Called on the thread that opens the log, now and then.
using WalReplayProgress = std::function<void(uint64_t done, uint64_t total)>;

}  // namespace oxibase
