// Transactions that change more than memory should hold. When the writes of one take too much, they
// are moved to private segments (segment/private_rows.h): what is left of them is a file, and its
// number. Writes of before and after a savepoint go to different segments, so that rolling back to
// it drops whole ones. The commit puts the files into the log.

#include <algorithm>

#include "storage/checkpoint/private_log.h"
#include "storage/mvcc/tablet.h"
#include "txn/index_hints.h"
#include "txn/row_lock_table.h"
#include "txn/transaction.h"
#include "txn/txn_manager.h"

namespace oxibase {

/// With the row in the redo buffer, and the version it replaces, which may be a segment's copy.
size_t Transaction::BytesOf(const Write& write) {
  size_t bytes = sizeof(Write) + 2 * write.version->total_bytes();
  if (write.superseded != nullptr) bytes += write.superseded->total_bytes();
  return bytes;
}

Status Transaction::MakeRoom() {
  if (write_bytes_ > move_above_) return MovePrivate();
  // Another's rows, or those of many: still, this one's may go as well.
  constexpr size_t kWorthMoving = size_t{1} << 20;
  if (write_bytes_ > kWorthMoving && move_above_ != SIZE_MAX) RETURN_IF_ERROR(MovePrivate());
  return AwaitMemory();
}

// Writers that outrun the checkpoints wait for them. For a time: what is in memory may all be in
// flight, or seen by old snapshots.
Status Transaction::AwaitMemory() {
  constexpr int64_t kStepMicros = 2'000;
  constexpr int64_t kMicrosMax = 2'000'000;
  const size_t most = manager_.memory_bounds().hot_bytes;
  const auto hot = [this] { return static_cast<size_t>(manager_.row_memory_.bytes()); };
  if (hooks_ != nullptr) hooks_->BeforeBlocking();
  for (int64_t waited = 0; hot() > most && waited < kMicrosMax; waited += kStepMicros) {
    if (hooks_ != nullptr) RETURN_IF_ERROR(hooks_->CheckInterrupts());
    manager_.clock_.SleepMicros(kStepMicros);
  }
  wait_above_ = std::max(most, hot() + most / 16);
  return Status::Ok();
}

Status Transaction::MovePrivate() {
  if (mark_ == nullptr) mark_ = std::make_shared<PrivateMark>(kTxnIdBit | owner_);
  std::vector<bool> moved(writes_.size());
  Status status;
  size_t begin = 0;
  for (size_t level = 0; level <= savepoints_.size() && status.ok(); ++level) {
    const bool is_last = level == savepoints_.size();
    const size_t end = is_last ? writes_.size() : savepoints_[level].writes;
    std::vector<Private> segments;
    status = MoveWrites(begin, end, &moved, &segments);
    const size_t at = is_last ? private_.size() : savepoints_[level].privates;
    private_.insert(private_.begin() + static_cast<ptrdiff_t>(at), segments.begin(),
                    segments.end());
    for (size_t later = level; later < savepoints_.size(); ++later) {
      savepoints_[later].privates += segments.size();
    }
    begin = end;
  }
  ForgetMoved(moved);
  move_above_ = write_bytes_ + manager_.memory_bounds().txn_bytes;
  return status;
}

// Of those in [begin, end).
Status Transaction::MoveWrites(size_t begin, size_t end, std::vector<bool>* moved,
                               std::vector<Private>* segments) {
  // A tablet with little is not worth a file.
  const size_t bytes_min = write_bytes_ / 16;
  std::vector<Tablet*> tablets;
  for (size_t i = begin; i < end; ++i) {
    Tablet* const tablet = writes_[i].tablet;
    if (tablet->history().keeps()) continue;  // what it replaces is wanted later
    if (std::find(tablets.begin(), tablets.end(), tablet) == tablets.end()) {
      tablets.push_back(tablet);
    }
  }
  for (Tablet* const tablet : tablets) {
    std::vector<size_t> which;
    size_t bytes = 0;
    for (size_t i = begin; i < end; ++i) {
      if (writes_[i].tablet != tablet) continue;
      which.push_back(i);
      bytes += BytesOf(writes_[i]);
    }
    if (bytes < bytes_min) continue;
    std::sort(which.begin(), which.end(),
              [&](size_t a, size_t b) { return writes_[a].row < writes_[b].row; });
    std::vector<Tablet::PrivateWrite> writes;
    writes.reserve(which.size());
    for (const size_t i : which) {
      const Write& write = writes_[i];
      writes.push_back({write.row, write.version, write.superseded == nullptr, false});
    }
    ASSIGN_OR_RETURN(std::shared_ptr<const FrozenSegment> segment,
                     tablet->MoveToSegment(*manager_.segment_store(), mark_, writes));
    if (segment == nullptr) continue;
    for (size_t i = 0; i < writes.size(); ++i) (*moved)[which[i]] = writes[i].is_moved;
    segments->push_back({tablet, std::move(segment)});
  }
  return Status::Ok();
}

// Leaves what is in memory still, with its redo.
void Transaction::ForgetMoved(const std::vector<bool>& moved) {
  size_t kept = 0;
  size_t savepoint = 0;
  write_bytes_ = 0;
  redo_.Clear();
  const auto pass_savepoints = [&](size_t at) {
    for (; savepoint < savepoints_.size() && savepoints_[savepoint].writes == at; ++savepoint) {
      savepoints_[savepoint].writes = kept;
      savepoints_[savepoint].redo = redo_.mark();
    }
  };
  for (size_t i = 0; i < writes_.size(); ++i) {
    pass_savepoints(i);
    if (moved[i]) continue;
    const Write write = writes_[i];
    writes_[kept++] = write;
    write_bytes_ += BytesOf(write);
    const RowVersion& version = *write.version;
    const ByteSpan row{version.row(), version.row_bytes};
    if (version.is_tombstone()) {
      redo_.Delete(write.tablet->id(), write.row);
    } else if (write.superseded == nullptr) {
      redo_.Insert(write.tablet->id(), write.row, version.schema_version, row);
    } else {
      redo_.Update(write.tablet->id(), write.row, version.schema_version, row);
    }
  }
  pass_savepoints(writes_.size());
  writes_.resize(kept);
}

Result<Lsn> Transaction::AppendPrivate() {
  const Status logged = LogPrivate();
  Result<Lsn> end = logged.ok() ? Append() : Result<Lsn>(logged);
  if (!end.ok()) manager_.wal_->AppendAbort(id_);
  return end;
}

Status Transaction::LogPrivate() {
  for (const Private& moved : private_) {
    // An index may have been made since.
    const std::shared_ptr<const SegmentList> list = moved.tablet->segment_list();
    const auto part = std::find_if(list->parts.begin(), list->parts.end(), [&](const auto& at) {
      return at.segment->number() == moved.segment->number();
    });
    OXI_CHECK(part != list->parts.end());
    RETURN_IF_ERROR(
        LogPrivateSegment(*manager_.wal_, id_, *list->store, moved.tablet->id(), *part));
  }
  return Status::Ok();
}

// The copies in memory become writes like others: to be stamped, and to have what they replace
// disposed of.
void Transaction::StampPrivate() {
  // What was replaced is in segments that merging drops.
  for (const Private& moved : private_) moved.tablet->history().Cut(commit_ts_);
  MutexLock lock(mark_->mu);
  for (const Private& moved : private_) {
    for (const auto& [row, copy] : moved.segment->private_rows()->copies) {
      writes_.push_back(
          {moved.tablet, RowId(row), copy, copy->next.load(std::memory_order_relaxed)});
    }
    moved.segment->private_rows()->copies.clear();
  }
  mark_->Stamp(commit_ts_);
}

void Transaction::DropPrivate(size_t kept) {
  for (size_t i = private_.size(); i-- > kept;) {
    private_[i].tablet->DropPrivate(*private_[i].segment);
  }
  WakePrivate();
  private_.resize(kept);
}

// Who waits for a row that was in memory when it began to, and is in a segment now.
void Transaction::WakePrivate() {
  std::vector<const Tablet*> woken;
  for (const Private& moved : private_) {
    if (std::find(woken.begin(), woken.end(), moved.tablet) != woken.end()) continue;
    woken.push_back(moved.tablet);
    for (const auto& [row, watched] : manager_.row_locks_->WakeAll(moved.tablet->id())) {
      RefreshEntries(*this, watched, row);
    }
  }
}

}  // namespace oxibase
