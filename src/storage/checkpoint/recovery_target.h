#pragma once

#include <memory>

#include "common/ids.h"
#include "common/status.h"
#include "storage/wal/wal_replay.h"

namespace oxibase {

class SegmentStore;
struct SegmentList;

/// Takes what a folder holds: first the checkpoint's tablets, then the log's content, as said at
/// WalReplayTarget. One thread. An error ends the opening with it.
class RecoveryTarget : public WalReplayTarget {
 public:
  /// Comes first: where segments lie that the log has.
  virtual void UseStore(SegmentStore& store) = 0;
  /// What the checkpoint says about the whole. Not called in a new folder.
  virtual Status BeginCheckpoint(Timestamp as_of, TxnId highest_txn) = 0;
  /// A tablet with its segments; null: it has none. Ids below `next_row_id` may have been given
  /// out.
  virtual Status LoadTablet(TabletId tablet, RowId next_row_id,
                            std::shared_ptr<const SegmentList> segments) = 0;
};

}  // namespace oxibase
