#pragma once
// What the files of this module may touch of a Transaction. Private to src/txn.

#include "txn/transaction.h"
#include "txn/txn_manager.h"

namespace oxibase {

struct TxnInternals {
  static uint64_t owner(const Transaction& txn) { return txn.owner_; }
  /// Names its session in lock tables.
  static uint64_t session_owner(const Transaction& txn) { return txn.session_owner_; }
  /// A number of its own for something that is not a transaction.
  static uint64_t NewOwner(Transaction& txn) { return txn.NewOwner(); }
  static TableLockTable& table_locks(Transaction& txn) { return *txn.manager_.table_locks_; }
  static FastTableLocks& fast_locks(Transaction& txn) { return txn.fast_locks_; }
  static EpochManager::Slot& epoch(Transaction& txn) { return *txn.epoch_slot_; }
  /// Of the session; 0: none.
  static uint64_t last_commit_ts(const Transaction& txn) { return txn.last_commit_ts_.value; }
  static uint64_t exclusive_ts(const Transaction& txn) {
    return txn.manager_.exclusive_ts_.load(std::memory_order_seq_cst);
  }
  static TxnHooks* hooks(Transaction& txn) { return txn.hooks_; }
  static int64_t lock_timeout(const Transaction& txn) { return txn.lock_timeout_micros_; }
  static int64_t deadlock_timeout(const Transaction& txn) { return txn.deadlock_timeout_micros_; }
  static WaitGraph& graph(Transaction& txn) { return *txn.manager_.wait_graph_; }
  static RowLockTable& row_locks(Transaction& txn) { return *txn.manager_.row_locks_; }
  static bool logs(const Transaction& txn) { return txn.manager_.wal_ != nullptr; }
  static RedoBuffer& redo(Transaction& txn) { return txn.redo_; }
  static std::string& key(Transaction& txn) { return txn.key_; }
  static std::string& other_key(Transaction& txn) { return txn.other_key_; }

  /// Gives it its TxnId; the word its versions begin with.
  static uint64_t BeginWord(Transaction& txn) {
    txn.id_ = {txn.owner_};
    return kTxnIdBit | txn.owner_;
  }
  static void AddWrite(Transaction& txn, Tablet& tablet, RowId row, RowVersion* version,
                       RowVersion* superseded) {
    if (txn.writes_.empty() || txn.writes_.back().tablet != &tablet) txn.PinTablet(tablet);
    txn.writes_.push_back({&tablet, row, version, superseded});
    txn.write_bytes_ += Transaction::BytesOf(txn.writes_.back());
  }
  /// Before a row is written: where there is much already, makes room. Errors: of writing
  /// segments, and of waiting. REQUIRES: no ReadGuard
  static Status MakeRoom(Transaction& txn) {
    const auto hot = static_cast<size_t>(txn.manager_.row_memory_.bytes());
    const bool has_room = txn.write_bytes_ <= txn.move_above_ && hot <= txn.wait_above_;
    return has_room ? Status::Ok() : txn.MakeRoom();
  }
  /// Calls `f(row)` for each row of the tablet that it has written or locked, some of them again.
  template <typename F>
  static void ForEachOwnRow(const Transaction& txn, const Tablet& tablet, TabletId id, F&& f) {
    for (const auto& write : txn.writes_) {
      if (write.tablet == &tablet) f(write.row);
    }
    for (const auto& held : txn.row_locks_held_) {
      if (held.tablet == id) f(held.row);
    }
  }
  static size_t OwnRowsMax(const Transaction& txn) {
    return txn.writes_.size() + txn.row_locks_held_.size();
  }
  /// Takes back the last write; the redo buffer is the caller's.
  static void UndoLastWrite(Transaction& txn) {
    txn.UndoTo(txn.writes_.size() - 1, txn.private_.size());
  }
  static void AddRowLock(Transaction& txn, TabletId tablet, RowId row, RowLockMode mode) {
    txn.row_locks_held_.push_back({tablet, row, mode});
  }
  static void AddDoubtfulKey(Transaction& txn, const TabletIndex& index, RowId row) {
    txn.doubtful_keys_.push_back({&index, row});
  }
  /// Its next LatestSnapshot sees at least this commit.
  static void Met(Transaction& txn, uint64_t commit_ts) {
    if (commit_ts > txn.met_ts_) txn.met_ts_ = commit_ts;
  }

  static void ArmWait(Transaction& txn) {
    MutexLock lock(txn.wait_mu_);
    txn.wait_signalled_ = false;
  }
  static void SleepFor(Transaction& txn, int64_t micros) {
    MutexLock lock(txn.wait_mu_);
    if (!txn.wait_signalled_) txn.wait_cv_.WaitFor(txn.wait_mu_, micros);
    txn.wait_signalled_ = false;
  }
};

}  // namespace oxibase
