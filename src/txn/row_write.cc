#include "txn/row_write.h"

#include <memory>

#include "storage/mvcc/tablet.h"
#include "txn/row_lock_table.h"
#include "txn/txn_internals.h"

namespace oxibase {
namespace {

/// A version that is in no chain yet; freed unless it is let go.
class NewVersion {
 public:
  ~NewVersion() {
    if (version_ != nullptr) RowVersion::Destroy(version_);
  }
  NewVersion() = default;
  NewVersion(const NewVersion&) = delete;
  NewVersion& operator=(const NewVersion&) = delete;

  Status Build(Transaction& txn, const Tablet& tablet, std::span<const Vector* const> columns,
               uint32_t row) {
    const RowLayout& layout = tablet.schema().newest();
    const uint32_t bytes = layout.BytesNeeded(columns, row);
    if (bytes > kRowBytesMax) {
      return Error(ErrorCode::kProgramLimitExceeded, "row is too big: size {}, maximum size {}",
                   bytes, kRowBytesMax);
    }
    version_ =
        RowVersion::Create(TxnInternals::BeginWord(txn), txn.command(), layout.version(), 0, bytes);
    layout.Build(columns, row, version_->row());
    return Status::Ok();
  }
  void BuildTombstone(Transaction& txn) {
    version_ = RowVersion::Create(TxnInternals::BeginWord(txn), txn.command(), 0,
                                  RowVersion::kTombstone, 0);
  }
  RowVersion* get() const { return version_; }
  RowVersion* Release() { return std::exchange(version_, nullptr); }

 private:
  RowVersion* version_ = nullptr;
};

std::span<const std::byte> RowSpan(const RowVersion& version) {
  return {version.row(), version.row_bytes};
}

KeyChanges CompareKeys(const Tablet& tablet, const RowVersion& old, const RowVersion& version) {
  KeyChanges changes;
  changes.list = &tablet.indexes();
  const TableSchema& schema = tablet.schema();
  const RowLayout& old_layout = schema.At(old.schema_version);
  const RowLayout& layout = schema.newest();
  size_t position = 0;
  for (const auto& index : *changes.list) {
    const size_t bit = position++;
    if (index->SameKey(old_layout, old.row(), layout, version.row())) continue;
    if (bit < 64) changes.indexes |= uint64_t{1} << bit;
    changes.referable |= index->spec().referable;
    if (bit >= 64) changes.indexes |= uint64_t{1} << 63;  // those behind are always looked at
  }
  return changes;
}

/// Puts a version on top of `head`, under the latch, which it gives back.
void Push(RowDirectory::Slot& slot, RowVersion* head, RowVersion* version,
          const KeyChanges& changes) {
  uint8_t flags = version->flags.load(std::memory_order_relaxed);
  flags |=
      head->flags.load(std::memory_order_relaxed) & (RowVersion::kKeysVary | RowVersion::kFrozen);
  if (changes.referable) flags |= RowVersion::kKeyChanged;
  if (changes.indexes != 0 && (flags & RowVersion::kKeysVary) == 0) {
    // Before there is an entry that does not fit all of them.
    flags |= RowVersion::kKeysVary;
    for (RowVersion* older = head; older != nullptr;
         older = older->next.load(std::memory_order_relaxed)) {
      older->flags.fetch_or(RowVersion::kKeysVary, std::memory_order_relaxed);
    }
  }
  version->flags.store(flags, std::memory_order_relaxed);
  version->next.store(head, std::memory_order_relaxed);
  RowDirectory::Unlatch(slot, version);
}

class PushAction : public FreeRowAction {
 public:
  PushAction(RowVersion* expected, RowVersion* version, const KeyChanges& changes)
      : expected_(expected), version_(version), changes_(changes) {}
  bool Run(RowDirectory::Slot& slot, RowVersion* head) override {
    if (head != expected_) return false;
    Push(slot, head, version_, changes_);
    pushed_ = true;
    return true;
  }
  bool pushed() const { return pushed_; }

 private:
  RowVersion* const expected_;
  RowVersion* const version_;
  const KeyChanges& changes_;
  bool pushed_ = false;
};

/// Puts `version` at the head of its row if the row may be changed. kDone: it is there, and
/// *superseded and *changes say what it replaced.
Result<RowOutcome> Replace(Transaction& txn, Tablet& tablet, RowId row, const Snapshot& snapshot,
                           RowVersion* version, RowVersion** superseded, KeyChanges* changes) {
  using Kind = RowState::Kind;
  RowLockTable& locks = TxnInternals::row_locks(txn);
  for (;;) {
    RowVersion* head;
    RowLockMode mode = RowLockMode::kUpdate;
    {
      ReadGuard guard(txn);
      RowDirectory::Slot* slot = tablet.rows().Find(row);
      head = slot != nullptr ? RowDirectory::HeadOf(*slot) : nullptr;
      if (head == nullptr) {
        ASSIGN_OR_RETURN(const bool exists, tablet.EnsureHot(row));
        if (!exists) return RowOutcome::kDeleted;
        continue;
      }
      *changes = {};
      if (!version->is_tombstone() && !head->is_tombstone()) {
        *changes = CompareKeys(tablet, *head, *version);
        if (!changes->referable) mode = RowLockMode::kNoKeyUpdate;
      }
      *superseded = head;
      if (RowDirectory::Latch(*slot) != head) {
        RowDirectory::Unlatch(*slot, RowDirectory::HeadOf(*slot));
        continue;
      }
      const RowState state =
          ExamineRow(head, TxnInternals::owner(txn), snapshot, static_cast<uint8_t>(mode));
      if (state.kind == Kind::kFree && !locks.MayBeLocked(tablet.id(), row)) {
        Push(*slot, head, version, *changes);
        return RowOutcome::kDone;
      }
      RowDirectory::Unlatch(*slot, head);
      if (state.kind == Kind::kSelfModified) return RowOutcome::kSelfModified;
      if (state.kind == Kind::kDeleted) return RowOutcome::kDeleted;
    }
    PushAction push(head, version, *changes);
    bool retry = false;
    Result<RowOutcome> outcome = AcquireRow(txn, tablet, row, snapshot, static_cast<uint8_t>(mode),
                                            LockWait::kBlock, &push, &retry);
    if (!retry) return outcome;
  }
}

}  // namespace

Result<RowId> InsertRow(Transaction& txn, Tablet& tablet, std::span<const Vector* const> columns,
                        uint32_t row, std::span<const TabletIndex* const> arbiters,
                        std::optional<UniqueConflict>* conflict) {
  RETURN_IF_ERROR(TxnInternals::MakeRoom(txn));
  RETURN_IF_ERROR(txn.CheckReads());
  NewVersion built;
  RETURN_IF_ERROR(built.Build(txn, tablet, columns, row));
  if (conflict != nullptr) {
    conflict->reset();
    RETURN_IF_ERROR(FindConflict(txn, tablet, RowId(0), *built.get(), arbiters, conflict));
    if (conflict->has_value()) return RowId(0);
  }
  RowVersion* version = built.Release();
  const RowId id = tablet.NewRowId();
  {
    ReadGuard guard(txn);
    RowDirectory::Unlatch(*tablet.rows().Pin(id), version);
  }
  tablet.memory().Add(static_cast<int64_t>(version->total_bytes()));
  tablet.AddLiveRows(1);
  TxnInternals::AddWrite(txn, tablet, id, version, nullptr);
  RETURN_IF_ERROR(AddIndexEntries(txn, tablet, id, *version, tablet.indexes(), ~uint64_t{0},
                                  arbiters, conflict));
  if (conflict != nullptr && conflict->has_value()) {
    TxnInternals::UndoLastWrite(txn);
    return RowId(0);
  }
  if (TxnInternals::logs(txn)) {
    TxnInternals::redo(txn).Insert(tablet.id(), id, version->schema_version, RowSpan(*version));
  }
  return id;
}

Result<RowOutcome> UpdateRow(Transaction& txn, Tablet& tablet, RowId id, const Snapshot& snapshot,
                             std::span<const Vector* const> columns, uint32_t row) {
  RETURN_IF_ERROR(TxnInternals::MakeRoom(txn));
  NewVersion built;
  RETURN_IF_ERROR(built.Build(txn, tablet, columns, row));
  RowVersion* superseded = nullptr;
  KeyChanges changes;
  ASSIGN_OR_RETURN(const RowOutcome outcome,
                   Replace(txn, tablet, id, snapshot, built.get(), &superseded, &changes));
  if (outcome != RowOutcome::kDone) return outcome;
  RowVersion* version = built.Release();
  tablet.memory().Add(static_cast<int64_t>(version->total_bytes()));
  TxnInternals::AddWrite(txn, tablet, id, version, superseded);
  RETURN_IF_ERROR(txn.CheckReads());
  if (changes.indexes != 0) {
    RETURN_IF_ERROR(
        AddIndexEntries(txn, tablet, id, *version, *changes.list, changes.indexes, {}, nullptr));
  }
  if (TxnInternals::logs(txn)) {
    TxnInternals::redo(txn).Update(tablet.id(), id, version->schema_version, RowSpan(*version));
  }
  return RowOutcome::kDone;
}

Result<RowOutcome> DeleteRow(Transaction& txn, Tablet& tablet, RowId id, const Snapshot& snapshot) {
  RETURN_IF_ERROR(TxnInternals::MakeRoom(txn));
  NewVersion built;
  built.BuildTombstone(txn);
  RowVersion* superseded = nullptr;
  KeyChanges changes;
  ASSIGN_OR_RETURN(const RowOutcome outcome,
                   Replace(txn, tablet, id, snapshot, built.get(), &superseded, &changes));
  if (outcome != RowOutcome::kDone) return outcome;
  RowVersion* version = built.Release();
  tablet.memory().Add(static_cast<int64_t>(version->total_bytes()));
  tablet.AddLiveRows(-1);
  TxnInternals::AddWrite(txn, tablet, id, version, superseded);
  RETURN_IF_ERROR(txn.CheckReads());
  if (TxnInternals::logs(txn)) TxnInternals::redo(txn).Delete(tablet.id(), id);
  return RowOutcome::kDone;
}

Result<RowOutcome> LockRow(Transaction& txn, Tablet& tablet, RowId id, const Snapshot& snapshot,
                           RowLockMode mode, LockWait wait) {
  bool retry = false;
  return AcquireRow(txn, tablet, id, snapshot, static_cast<uint8_t>(mode), wait, nullptr, &retry);
}

}  // namespace oxibase
