#pragma once

#include "common/ids.h"
#include "common/status.h"
#include "storage/wal/wal_replay.h"

namespace oxibase {

/// Takes what a folder holds: first the checkpoint's content, tablet by tablet, then the log's, as
/// said at WalReplayTarget. One thread. An error ends the opening with it.
class RecoveryTarget : public WalReplayTarget {
 public:
  /// What the checkpoint says about the whole. Not called in a new folder.
  virtual Status BeginCheckpoint(Timestamp as_of, TxnId highest_txn) = 0;
  /// A tablet whose rows follow. Ids below `next_row_id` may have been given out.
  virtual Status BeginTablet(TabletId tablet, RowId next_row_id) = 0;
  /// A row of the tablet begun last. A later one with the same id and a larger `begin` counts.
  virtual Status LoadRow(RowId row, Timestamp begin, SchemaVersion schema, ByteSpan bytes) = 0;
  /// A row loaded before, or not, that was gone at `as_of`; one with a larger begin may follow.
  virtual Status LoadRemoved(RowId row, Timestamp as_of) = 0;
};

}  // namespace oxibase
