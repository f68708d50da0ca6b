#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "common/status.h"
#include "env/mutex.h"
#include "env/thread.h"
#include "storage/wal/wal_reader.h"
#include "storage/wal/wal_replay.h"

namespace oxibase {

/// Spreads the log's transactions over threads: each thread looks at every change and applies those
/// of its part. (Finding an entry's row costs some nanoseconds, a tenth of applying it; handing
/// single changes from thread to thread would cost more, and so the order within a row is kept.)
/// The one that reads the log is at most kBatchesAhead batches ahead of the slowest. A short log is
/// applied by the reading thread.
///
/// Used by one thread.
class WalReplayPool {
 public:
  WalReplayPool(WalReplayTarget& target, size_t threads) : target_(target), threads_(threads) {}
  /// What was added and not yet applied is dropped.
  ~WalReplayPool();
  WalReplayPool(const WalReplayPool&) = delete;
  WalReplayPool& operator=(const WalReplayPool&) = delete;

  /// Hands over the changes of `record`, committed by `commit` (the same record, or a later one).
  /// May wait. An error is that of an earlier one.
  Status Add(const WalReader::Record& record, const WalRecordHeader& commit);
  /// Waits until all is applied.
  Status Finish();

 private:
  static constexpr uint64_t kBatchBytes = uint64_t{1} << 20;
  static constexpr size_t kBatchesAhead = 8;

  struct Entry {
    WalRecordHeader commit;
    WalReader::Record record;  // with what holds its payload
  };
  using Batch = std::vector<Entry>;
  struct Worker {
    Thread thread;
    uint64_t done = 0;  // batches
  };

  static Status Apply(WalReplayPart& part, const Batch& batch);
  Status Push();
  void Start();
  void Work(size_t number, WalReplayPart& part);
  uint64_t Slowest() REQUIRES(mu_);

  WalReplayTarget& target_;
  const size_t threads_;
  Batch gathering_;
  uint64_t gathering_bytes_ = 0;
  std::vector<std::unique_ptr<Worker>> workers_;

  Mutex mu_;
  CondVar moved_;
  std::deque<std::shared_ptr<const Batch>> batches_ GUARDED_BY(mu_);
  uint64_t first_ GUARDED_BY(mu_) = 0;  // the number of batches_.front()
  Status failure_ GUARDED_BY(mu_);
  uint64_t failed_at_ GUARDED_BY(mu_) = UINT64_MAX;  // the batch
  bool stop_ GUARDED_BY(mu_) = false;
};

}  // namespace oxibase
