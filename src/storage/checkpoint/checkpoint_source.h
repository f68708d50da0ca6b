#pragma once

#include <memory>
#include <vector>

#include "common/ids.h"
#include "storage/wal/wal_record.h"

namespace oxibase {

class Tablet;

/// The state that a checkpoint writes, as the modules above keep it.
class CheckpointSource {
 public:
  virtual ~CheckpointSource() = default;

  /// Keeps the state after every commit so far readable until Unpin, notes which tablets there are,
  /// and returns its timestamp. Called under the log's lock: short, and never into the log.
  virtual Timestamp Pin() = 0;
  virtual void Unpin() = 0;
  /// Blocks until the versions of all commits up to the pinned timestamp can be read. Short.
  virtual void WaitReadable() = 0;

  /// The tablets there were at Pin, those of transactions in flight and those dropped since
  /// included, temporary ones not.
  virtual std::vector<std::shared_ptr<Tablet>> Tablets() = 0;
  /// The sequences' states now. A sequence advances in memory before it is logged, so these are at
  /// least as far as what the log said at Pin.
  virtual std::vector<SequenceState> Sequences() = 0;
  virtual TxnId HighestTxn() = 0;

  /// The snapshots in use, ascending; those taken from now on are not older than the last of these.
  /// Never empty. REQUIRES: pinned, and the log is durable up to there
  virtual std::vector<Timestamp> Snapshots() = 0;
  /// A manifest names segments with all of the tablet's history up to `as_of`: memory needs it only
  /// for snapshots.
  virtual void ReleaseHistory(Tablet& /*tablet*/, Timestamp /*as_of*/) {}
  /// Bytes of rows and index entries in memory.
  virtual uint64_t HotBytes() = 0;
};

}  // namespace oxibase
