#pragma once

#include <map>
#include <memory>

#include "storage/checkpoint/recovery_target.h"

namespace oxibase {

class Tablet;
class TxnManager;

/// Builds the tablets of a database out of what its folder holds. Use:
///
///   TabletRestorer restorer(txns);
///   ASSIGN_OR_RETURN(folder, DataFolder::Open(env, options, restorer));
///   restorer.Finish();                    // timestamps and ids go on above what was found
///   txns.AttachLog(&folder->wal());
///   ... read the catalog's tablet; for each table: tablet->SetSchema(...), FinishRestore();
///   ... drop from txns.tablets() what no table has
///
/// Tablets are made without a schema, which is known only when the catalog has been read: rows
/// carry their schema versions. Not thread-safe.
class TabletRestorer final : public RecoveryTarget {
 public:
  explicit TabletRestorer(TxnManager& txns) : txns_(txns) {}

  Status BeginCheckpoint(Timestamp as_of, TxnId highest_txn) override;
  Status LoadTablet(TabletId tablet, RowId next_row_id,
                    std::shared_ptr<const SegmentList> segments) override;
  Status ApplyTxn(TxnId txn, Timestamp commit_ts, ByteSpan changes) override;
  Status ApplySequence(const SequenceState& state) override;
  Status ApplyRowIdLease(TabletId tablet, RowId bound) override;

  /// Makes the transaction manager begin above everything found. REQUIRES: all was handed over
  void Finish();

  /// The last state of each sequence.
  const std::map<uint64_t, SequenceState>& sequences() const { return sequences_; }

 private:
  Tablet& Find(TabletId id);

  TxnManager& txns_;
  std::map<TabletId, std::shared_ptr<Tablet>> tablets_;
  Tablet* current_ = nullptr;  // the one used last
  TabletId current_id_;
  std::map<uint64_t, SequenceState> sequences_;
  Timestamp highest_;
  TxnId highest_txn_;
};

}  // namespace oxibase
