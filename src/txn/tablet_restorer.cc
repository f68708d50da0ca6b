#include "txn/tablet_restorer.h"

#include <algorithm>

#include "storage/mvcc/tablet.h"
#include "storage/segment/segment_list.h"
#include "txn/txn_manager.h"

namespace oxibase {

Tablet& TabletRestorer::Find(TabletId id) {
  if (current_ != nullptr && current_id_ == id) return *current_;
  std::shared_ptr<Tablet>& tablet = tablets_[id];
  if (tablet == nullptr) {
    tablet = txns_.tablets().Find(id);
    if (tablet == nullptr) {
      tablet = std::make_shared<Tablet>(id, nullptr, txns_.epochs(), &txns_.row_memory());
      txns_.tablets().Add(tablet);
    }
  }
  current_ = tablet.get();
  current_id_ = id;
  return *current_;
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

Status TabletRestorer::ApplyTxn(TxnId txn, Timestamp commit_ts, ByteSpan changes) {
  highest_ = std::max(highest_, commit_ts);
  highest_txn_ = std::max(highest_txn_, txn);
  RowChangeReader reader(changes);
  RowChange change;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, reader.Next(&change));
    if (!more) return Status::Ok();
    Tablet& tablet = Find(change.tablet);
    if (change.row.value == UINT64_MAX)
      return Error(ErrorCode::kDataCorrupted, "a row change has an impossible row id");
    tablet.ReserveRowIds(RowId(change.row.value + 1));
    if (change.op == RowChange::Op::kDelete) {
      tablet.RestoreDelete(change.row, commit_ts);
    } else {
      tablet.Restore(change.row, commit_ts, change.schema, change.row_bytes,
                     change.op == RowChange::Op::kInsert);
    }
  }
}

Status TabletRestorer::ApplySequence(const SequenceState& state) {
  sequences_[state.sequence] = state;
  return Status::Ok();
}

Status TabletRestorer::ApplyRowIdLease(TabletId tablet, RowId bound) {
  Find(tablet).ReserveRowIds(bound);
  return Status::Ok();
}

void TabletRestorer::Finish() { txns_.SetRecovered(highest_, highest_txn_); }

}  // namespace oxibase
