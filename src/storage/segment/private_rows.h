#pragma once
// Segments that a transaction writes before it ends, because what it changes is too much for
// memory. Their rows have no timestamp of their own: all begin with one word that the transaction's
// private segments share, so that its end stamps them in one step.

#include <absl/container/flat_hash_map.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/ids.h"
#include "env/mutex.h"
#include "storage/mvcc/row_version.h"

namespace oxibase {

/// When the rows of a transaction's private segments begin. Thread-safe.
class PrivateMark {
 public:
  /// `begin`: kTxnIdBit and the TxnId, or, where recovery finds its end, the commit's timestamp.
  explicit PrivateMark(uint64_t begin) : begin_(begin) {}

  uint64_t begin() const { return begin_.load(std::memory_order_acquire); }
  bool in_flight() const { return (begin() & kTxnIdBit) != 0; }

  /// Held while rows get copies in memory, and while these are stamped or given up.
  Mutex mu;
  void Stamp(Timestamp commit_ts) REQUIRES(mu) {
    begin_.store(commit_ts.value, std::memory_order_release);
  }

 private:
  std::atomic<uint64_t> begin_;
};

/// What a private segment has besides its file, in which each row has the number of the command
/// that wrote it in place of a timestamp.
struct PrivateRows {
  explicit PrivateRows(std::shared_ptr<PrivateMark> of) : mark(std::move(of)) {}

  const std::shared_ptr<PrivateMark> mark;
  /// The commands that removed rows, in order of row id. Empty after recovery.
  std::vector<CommandNumber> removed_by;
  /// Rows that it adds, less those that it removes.
  int64_t live_delta = 0;

  // Under mark->mu:

  /// Versions in memory that are copies of rows here, by row id: they are stamped and taken away
  /// with these.
  absl::flat_hash_map<uint64_t, RowVersion*> copies;
  /// The transaction has taken it back.
  bool is_dropped = false;
};

}  // namespace oxibase
