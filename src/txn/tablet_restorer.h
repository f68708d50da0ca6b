#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "env/mutex.h"
#include "storage/checkpoint/private_log.h"
#include "storage/checkpoint/recovery_target.h"
#include "txn/commit_times.h"

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
/// carry their schema versions. Used by one thread, but for the parts of replay, each of which
/// applies the changes of every so many runs of row ids on a thread of its own.
class TabletRestorer final : public RecoveryTarget {
 public:
  explicit TabletRestorer(TxnManager& txns);
  ~TabletRestorer() override;

  void UseStore(SegmentStore& store) override { private_log_.emplace(store); }
  Status BeginCheckpoint(Timestamp as_of, TxnId highest_txn) override;
  Status LoadTablet(TabletId tablet, RowId next_row_id,
                    std::shared_ptr<const SegmentList> segments) override;
  WalReplayPart& Part(size_t part, size_t parts) override;
  Status ApplySequence(const SequenceState& state) override;
  Status ApplyRowIdLease(TabletId tablet, RowId bound) override;
  Status ApplyFiles(Timestamp commit_ts, ByteSpan payload) override;

  /// Makes the transaction manager begin above everything found. REQUIRES: all was handed over
  void Finish();

  /// When the transactions of the log committed, in its order.
  std::vector<CommitTimes::Commit> TakeCommits() { return std::move(commits_); }

  /// The last state of each sequence.
  const std::map<uint64_t, SequenceState>& sequences() const { return sequences_; }

 private:
  class ReplayPart;

  Tablet& Find(TabletId id);

  TxnManager& txns_;
  std::optional<PrivateLogReader> private_log_;
  Mutex mu_;
  std::map<TabletId, std::shared_ptr<Tablet>> tablets_ GUARDED_BY(mu_);
  std::vector<std::unique_ptr<ReplayPart>> parts_;
  std::map<uint64_t, SequenceState> sequences_;
  std::vector<CommitTimes::Commit> commits_;
  Timestamp highest_;
  TxnId highest_txn_;
};

}  // namespace oxibase
