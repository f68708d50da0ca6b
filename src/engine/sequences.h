#pragma once

#include <absl/container/flat_hash_map.h>

#include "catalog/objects.h"
#include "common/status.h"
#include "env/mutex.h"
#include "storage/wal/wal_record.h"

namespace oxibase {

class WalManager;

/// The values of all sequences. They belong to no transaction: a value given out is never taken
/// back. So that not every value is logged, the log is told of some values ahead (as PostgreSQL
/// does); after a crash those are skipped. Thread-safe.
class SequenceManager {
 public:
  /// Null: in memory.
  void AttachLog(WalManager* wal) { wal_ = wal; }

  /// 2200H at the end of a sequence that does not cycle.
  Result<int64_t> Next(const SequenceDef& sequence);
  Status Set(const SequenceDef& sequence, int64_t value, bool is_called);
  /// What SELECT FROM the sequence shows.
  SequenceState Read(const SequenceDef& sequence);
  /// Values that may be given out before the log must know: log_cnt.
  int64_t LoggedAhead(const SequenceDef& sequence);
  void Forget(Oid sequence);

  /// Recovery, and what a checkpoint writes.
  void Restore(const SequenceState& state);
  std::vector<SequenceState> Snapshot();

 private:
  struct State {
    int64_t last = 0;
    bool is_called = false;
    int64_t logged_ahead = 0;  // values that may be given out before the log must know
  };
  State& Find(const SequenceDef& sequence) REQUIRES(mu_);
  Status Log(Oid sequence, int64_t last, bool is_called) REQUIRES(mu_);

  WalManager* wal_ = nullptr;
  Mutex mu_;
  absl::flat_hash_map<Oid, State> states_ GUARDED_BY(mu_);
};

}  // namespace oxibase
