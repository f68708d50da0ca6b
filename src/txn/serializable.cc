#include "txn/serializable.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "txn/read_set.h"
#include "txn/transaction.h"

namespace oxibase {
namespace {

RowVersion* Copy(const RowVersion* version) {
  if (version == nullptr || version->is_tombstone()) return nullptr;
  RowVersion* copy = RowVersion::Create(0, 0, version->schema_version, 0, version->row_bytes);
  std::memcpy(copy->row(), version->row(), version->row_bytes);
  return copy;
}

}  // namespace

// ---- CommittedWrites.

CommittedWrites& CommittedWrites::operator=(CommittedWrites&& other) noexcept {
  if (this == &other) return *this;
  Forget();
  rows_ = std::exchange(other.rows_, {});
  tablets_ = std::exchange(other.tablets_, {});
  bytes_ = std::exchange(other.bytes_, 0);
  coarse_ = std::exchange(other.coarse_, false);
  return *this;
}

void CommittedWrites::Forget() {
  for (const Row& row : rows_) {
    if (row.before != nullptr) RowVersion::Destroy(row.before);
    if (row.after != nullptr) RowVersion::Destroy(row.after);
  }
  rows_ = {};
  bytes_ = 0;
}

void CommittedWrites::Coarsen() {
  Forget();
  coarse_ = true;
}

void CommittedWrites::Add(TabletId tablet, const RowVersion* before, const RowVersion* after) {
  if (tablets_.empty() || tablets_.back() != tablet) {
    if (std::find(tablets_.begin(), tablets_.end(), tablet) == tablets_.end()) {
      tablets_.push_back(tablet);
    }
  }
  if (coarse_) return;
  const Row row{tablet, Copy(before), Copy(after)};
  rows_.push_back(row);
  bytes_ += sizeof(Row);
  for (const RowVersion* version : {row.before, row.after}) {
    if (version != nullptr) bytes_ += version->total_bytes();
  }
  if (bytes_ > kBytesMax) Coarsen();
}

// ---- SerializableTxns.

void SerializableTxns::Enter(const Transaction& txn, const std::atomic<uint64_t>& visible) {
  MutexLock lock(mu_);
  active_.push_back({&txn, visible.load(std::memory_order_seq_cst)});
}

void SerializableTxns::Leave(const Transaction& txn, const std::atomic<uint64_t>& visible) {
  MutexLock lock(mu_);
  std::erase_if(active_, [&](const Active& active) { return active.txn == &txn; });
  // What is not visible yet is later than the snapshots to come.
  uint64_t needed = visible.load(std::memory_order_seq_cst);
  for (const Active& active : active_) needed = std::min(needed, active.bound);
  while (!entries_.empty() && entries_.front().ts <= needed) {
    bytes_ -= entries_.front().writes.bytes();
    entries_.pop_front();
    if (coarse_ > 0) --coarse_;
  }
}

Status SerializableTxns::Validate(Transaction& txn, ReadSet& reads, uint64_t read_ts) {
  MutexLock lock(mu_);
  return ValidateLocked(txn, reads, read_ts);
}

Status SerializableTxns::ValidateLocked(Transaction& txn, ReadSet& reads, uint64_t read_ts) {
  if (reads.empty()) return {};
  bool changed = forgotten_ts_ > read_ts;
  ReadGuard guard(txn);
  for (size_t i = entries_.size(); !changed && i-- > 0;) {
    const Entry& entry = entries_[i];
    if (entry.ts <= read_ts) break;
    const CommittedWrites& writes = entry.writes;
    changed = writes.coarse()
                  ? std::any_of(writes.tablets().begin(), writes.tablets().end(),
                                [&](TabletId tablet) { return reads.Reads(tablet); })
                  : std::any_of(writes.rows().begin(), writes.rows().end(),
                                [&](const CommittedWrites::Row& row) {
                                  return reads.Notices(row.tablet, row.before, row.after);
                                });
  }
  if (!changed) return {};
  return Error(ErrorCode::kSerializationFailure,
               "could not serialize access due to read/write dependencies among transactions")
      .Detail("A transaction that committed meanwhile changed what this one has read.")
      .Hint("The transaction might succeed if retried.");
}

Result<Lsn> SerializableTxns::Commit(Transaction& txn, ReadSet& reads, uint64_t read_ts,
                                     CommittedWrites writes,
                                     const std::function<Result<Lsn>()>& append) {
  MutexLock lock(mu_);
  RETURN_IF_ERROR(ValidateLocked(txn, reads, read_ts));
  Result<Lsn> end = append();
  if (!end.ok()) return end;
  const uint64_t ts = txn.commit_ts().value;
  bytes_ += writes.bytes();
  entries_.push_back({ts, std::move(writes)});
  Bound();
  newest_ts_.store(ts, std::memory_order_release);
  return end;
}

void SerializableTxns::Bound() {
  for (; bytes_ > kBytesMax && coarse_ < entries_.size(); ++coarse_) {
    CommittedWrites& writes = entries_[coarse_].writes;
    bytes_ -= writes.bytes();
    writes.Coarsen();
  }
  if (entries_.size() <= kEntriesMax) return;
  bytes_ -= entries_.front().writes.bytes();
  forgotten_ts_ = entries_.front().ts;
  entries_.pop_front();
  if (coarse_ > 0) --coarse_;
}

}  // namespace oxibase
