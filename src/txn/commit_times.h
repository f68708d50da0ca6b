#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "common/ids.h"
#include "env/mutex.h"

namespace oxibase {

/// When transactions committed, for as long as their times are asked for. Thread-safe.
class CommitTimes {
 public:
  struct Commit {
    Timestamp at;
    TxnId txn;
  };

  /// REQUIRES: later than all before
  void Add(Commit commit);
  /// Recovery: in any order, maybe twice; none is later than what is added afterwards.
  void Restore(std::vector<Commit> commits);
  /// Forgets those before `from`.
  void Trim(Timestamp from);

  std::optional<Timestamp> Find(TxnId txn) const;
  /// The newest one; none: there is none.
  std::optional<Commit> Last() const;
  /// All, the oldest first.
  std::vector<Commit> All() const;

 private:
  mutable Mutex mu_;
  std::deque<Commit> commits_ GUARDED_BY(mu_);
};

}  // namespace oxibase
