#pragma once

#include <memory>
#include <string>
#include <vector>

#include "history.h"
#include "life.h"
#include "txn/tablet_access.h"
#include "txn/transaction.h"
#include "world.h"

namespace oxibase::sim {

/// How a session behaves.
struct SessionOptions {
  int txns = 10;
  int64_t keys = 40;             // keys are in [0, keys)
  bool holds_snapshots = false;  // long REPEATABLE READ transactions that look again and again
  bool may_be_asynchronous = false;
};

/// A client: runs transactions, and notes in the history what it did and saw.
class Session {
 public:
  Session(World& world, Life& life, uint64_t seed, const SessionOptions& options);
  /// All its transactions, or until files fail for good.
  void Run();
  /// Reads everything in every way, as a transaction of its own.
  void ReadAll();

 private:
  using Found = std::vector<std::pair<uint64_t, Row>>;
  struct Savepoint {
    size_t writes;
    size_t locks;
  };

  void RunTransaction();
  void HoldSnapshot();
  /// False: the transaction is over, or should be.
  bool RunStatement();
  Status Insert();
  Status Change();
  Status Lock();
  Status Look();
  Status ReadBy(int table, Reading::By by, int64_t low, int64_t high, bool backward);
  Result<Found> Read(const Snapshot& snapshot, const Reading& how);
  Result<Found> Fetch(Tablet& tablet, std::span<const RowRef> refs);
  void Begin(IsolationLevel isolation);
  void Commit();
  void Rollback();
  void EndLocks(size_t from);
  /// Whether an error is one that may come; if not, the seed has failed.
  void Judge(const Status& status, const char* where);
  Row NewRow();

  World& world_;
  Life& life_;
  Chance chance_;
  const SessionOptions options_;
  std::unique_ptr<Transaction> txn_;
  uint64_t number_ = 0;
  std::vector<Write> writes_;
  std::vector<Savepoint> savepoints_;
  std::vector<Locked> locks_;
  bool broken_ = false;
};

}  // namespace oxibase::sim
