#pragma once
// SERIALIZABLE by validation at commit. A transaction reads its snapshot and notes what it read
// (read_set.h). When it commits and has written something, it is held against the rows, before and
// after, of the SERIALIZABLE transactions that committed since its snapshot: if none of them
// changed what it read, it would have read the same at the very time of its commit, so all such
// transactions are as if they had run one by one in the order of their commits. One that wrote
// nothing is as if it had run at its snapshot, whatever others do, and is not checked. (Precision
// locking, as in Neumann, Muehlbauer, Kemper: Fast Serializable Multi-Version Concurrency Control
// for Main-Memory Database Systems, SIGMOD 2015.)
//
// Writes of transactions at lower levels are not looked at, as in PostgreSQL: what is promised is
// promised among SERIALIZABLE transactions, and others pay nothing.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "env/mutex.h"
#include "storage/mvcc/row_version.h"

namespace oxibase {

class ReadSet;
class Transaction;

/// What one transaction changed, as copies.
class CommittedWrites {
 public:
  /// One row's: null: there is none.
  struct Row {
    TabletId tablet;
    RowVersion* before;
    RowVersion* after;
  };

  CommittedWrites() = default;
  ~CommittedWrites() { Forget(); }
  CommittedWrites(CommittedWrites&& other) noexcept { *this = std::move(other); }
  CommittedWrites& operator=(CommittedWrites&& other) noexcept;

  void Add(TabletId tablet, const RowVersion* before, const RowVersion* after);
  /// From here on it knows only which tablets were changed.
  void Coarsen();
  const std::vector<Row>& rows() const { return rows_; }
  const std::vector<TabletId>& tablets() const { return tablets_; }
  bool coarse() const { return coarse_; }
  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kBytesMax = size_t{4} << 20;

  void Forget();

  std::vector<Row> rows_;
  std::vector<TabletId> tablets_;
  size_t bytes_ = 0;
  bool coarse_ = false;
};

/// The SERIALIZABLE transactions that run, and what those that ended have written, as long as a
/// running one may have to be held against it. Thread-safe.
class SerializableTxns {
 public:
  /// Before `txn` takes its snapshot, which sees at least `visible`: keeps what is committed after
  /// that. `visible` is asked for under the mutex.
  void Enter(const Transaction& txn, const std::atomic<uint64_t>& visible);
  /// The last call of what Enter began.
  void Leave(const Transaction& txn, const std::atomic<uint64_t>& visible);

  /// The commit timestamp of the last that was added: nothing later is known.
  uint64_t newest_ts() const { return newest_ts_.load(std::memory_order_acquire); }

  /// 40001 if what was read as of `read_ts` has changed. REQUIRES: no ReadGuard
  Status Validate(Transaction& txn, ReadSet& reads, uint64_t read_ts);
  /// Validates, then calls `append`, which gives the transaction its timestamp, and adds its writes
  /// under that: in one step, so that of two that read what the other wrote one finds the other.
  Result<Lsn> Commit(Transaction& txn, ReadSet& reads, uint64_t read_ts, CommittedWrites writes,
                     const std::function<Result<Lsn>()>& append);

 private:
  /// What is kept, in all: beyond, the oldest are known by their tablets only, then not at all.
  static constexpr size_t kBytesMax = size_t{64} << 20;
  static constexpr size_t kEntriesMax = 64 * 1024;

  struct Entry {
    uint64_t ts;
    CommittedWrites writes;
  };
  struct Active {
    const Transaction* txn;
    uint64_t bound;  // its snapshot is no older
  };

  Status ValidateLocked(Transaction& txn, ReadSet& reads, uint64_t read_ts) REQUIRES(mu_);
  void Bound() REQUIRES(mu_);

  Mutex mu_;  // taken before the log's
  std::vector<Active> active_ GUARDED_BY(mu_);
  std::deque<Entry> entries_ GUARDED_BY(mu_);  // by timestamp
  size_t bytes_ GUARDED_BY(mu_) = 0;
  size_t coarse_ GUARDED_BY(mu_) = 0;          // so many of the first are coarse
  uint64_t forgotten_ts_ GUARDED_BY(mu_) = 0;  // of the last that was dropped while still wanted
  std::atomic<uint64_t> newest_ts_{0};
};

}  // namespace oxibase
