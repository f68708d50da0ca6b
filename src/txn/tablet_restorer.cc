#include "txn/tablet_restorer.h"

#include <algorithm>

#include "storage/mvcc/epoch.h"
#include "storage/mvcc/tablet.h"
#include "storage/segment/segment_list.h"
#include "txn/txn_manager.h"

namespace oxibase {

/// One thread's share: a row belongs to a part by its tablet and the page of slots it lies in, so
/// that no two threads write the same page.
class TabletRestorer::ReplayPart final : public WalReplayPart {
 public:
  ReplayPart(TabletRestorer& restorer, size_t part, size_t parts)
      : restorer_(restorer), guard_(restorer.txns_.epochs()), part_(part), parts_(parts) {}

  Status ApplyTxn(TxnId txn, Timestamp commit_ts, ByteSpan changes) override {
    highest_ = std::max(highest_, commit_ts);
    highest_txn_ = std::max(highest_txn_, txn);
    if (part_ == 0 && (commits_.empty() || commits_.back().at < commit_ts)) {
      commits_.push_back({commit_ts, txn});
    }
    RowChangeReader reader(changes);
    RowChange change;
    for (;;) {
      ASSIGN_OR_RETURN(const bool more, reader.Next(&change));
      if (!more) return Status::Ok();
      if (change.row.value == UINT64_MAX)
        return Error(ErrorCode::kDataCorrupted, "a row change has an impossible row id");
      const uint64_t page = change.row.value / RowDirectory::kPageRows;
      if ((page + change.tablet.value) % parts_ != part_) continue;
      Tablet& tablet = Find(change.tablet);
      if (change.op == RowChange::Op::kDelete) {
        tablet.RestoreDelete(change.row, commit_ts);
      } else {
        tablet.Restore(change.row, commit_ts, change.schema, change.row_bytes,
                       change.op == RowChange::Op::kInsert);
      }
    }
  }

  Timestamp highest() const { return highest_; }
  TxnId highest_txn() const { return highest_txn_; }
  const std::vector<CommitTimes::Commit>& commits() const { return commits_; }

 private:
  Tablet& Find(TabletId id) {
    if (current_ != nullptr && current_id_ == id) return *current_;
    Tablet*& tablet = tablets_[id];
    if (tablet == nullptr) tablet = &restorer_.Find(id);
    current_ = tablet;
    current_id_ = id;
    return *current_;
  }

  TabletRestorer& restorer_;
  EpochGuard guard_;  // nobody else is there whose garbage it would keep
  const size_t part_;
  const size_t parts_;
  std::map<TabletId, Tablet*> tablets_;
  Tablet* current_ = nullptr;  // the one used last
  TabletId current_id_;
  std::vector<CommitTimes::Commit> commits_;
  Timestamp highest_;
  TxnId highest_txn_;
};

TabletRestorer::TabletRestorer(TxnManager& txns) : txns_(txns) {}
TabletRestorer::~TabletRestorer() = default;

Tablet& TabletRestorer::Find(TabletId id) {
  MutexLock lock(mu_);
  std::shared_ptr<Tablet>& tablet = tablets_[id];
  if (tablet == nullptr) {
    tablet = txns_.tablets().Find(id);
    if (tablet == nullptr) {
      tablet = std::make_shared<Tablet>(id, nullptr, txns_.epochs(), &txns_.row_memory());
      txns_.tablets().Add(tablet);
    }
  }
  return *tablet;
}

Status TabletRestorer::BeginCheckpoint(Timestamp as_of, TxnId highest_txn) {
  highest_ = std::max(highest_, as_of);
  highest_txn_ = std::max(highest_txn_, highest_txn);
  return Status::Ok();
}

Status TabletRestorer::LoadTablet(TabletId id, RowId next_row_id,
                                  std::shared_ptr<const SegmentList> segments) {
  Tablet& tablet = Find(id);
  tablet.ReserveRowIds(next_row_id);
  if (segments != nullptr) tablet.RestoreSegments(std::move(segments));
  return Status::Ok();
}

WalReplayPart& TabletRestorer::Part(size_t part, size_t parts) {
  parts_.push_back(std::make_unique<ReplayPart>(*this, part, parts));
  return *parts_.back();
}

Status TabletRestorer::ApplySequence(const SequenceState& state) {
  sequences_[state.sequence] = state;
  return Status::Ok();
}

Status TabletRestorer::ApplyRowIdLease(TabletId tablet, RowId bound) {
  Find(tablet).ReserveRowIds(bound);
  return Status::Ok();
}

Status TabletRestorer::ApplyFiles(Timestamp commit_ts, ByteSpan payload) {
  ASSIGN_OR_RETURN(std::optional<PrivateLogReader::Added> added,
                   private_log_->Apply(commit_ts, payload));
  highest_ = std::max(highest_, commit_ts);
  if (!added) return Status::Ok();
  Tablet& tablet = Find(added->tablet);
  if (const auto groups = added->part.segment->file().groups(); !groups.empty()) {
    tablet.ReserveRowIds(RowId(groups.back().last.value + 1));
  }
  const std::shared_ptr<const SegmentList> before = tablet.segment_list();
  auto list =
      before != nullptr ? std::make_shared<SegmentList>(*before) : std::make_shared<SegmentList>();
  list->store = private_log_->store();
  list->parts.insert(list->parts.begin(), std::move(added->part));
  tablet.RestoreSegments(std::move(list));
  return Status::Ok();
}

void TabletRestorer::Finish() {
  for (const auto& part : parts_) {
    highest_ = std::max(highest_, part->highest());
    highest_txn_ = std::max(highest_txn_, part->highest_txn());
    commits_.insert(commits_.end(), part->commits().begin(), part->commits().end());
  }
  parts_.clear();
  txns_.SetRecovered(highest_, highest_txn_);
}

}  // namespace oxibase
