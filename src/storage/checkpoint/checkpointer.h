#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "common/status.h"
#include "env/mutex.h"
#include "env/thread.h"
#include "storage/checkpoint/checkpoint_source.h"
#include "storage/checkpoint/data_folder.h"

namespace oxibase {

/// Writes checkpoints of a folder: at once when asked, and in a background thread whenever the log
/// since the last one has grown beyond a limit. Writers go on meanwhile: a checkpoint reads a
/// pinned state. Thread-safe.
///
/// Where memory has more than a limit of rows, quiet ones leave it once they are in segments.
class Checkpointer {
 public:
  struct Options {
    /// Bytes of log that start a checkpoint; 0: only when asked.
    uint64_t log_bytes_max = uint64_t{64} << 20;
    /// Bytes of rows and index entries in memory that start a checkpoint, after which quiet rows
    /// leave memory until half of it is free; 0: they stay.
    uint64_t hot_bytes_max = 0;
    /// How often the log is looked at.
    int64_t poll_micros = 100'000;
    /// After a failure (a full disk) the background thread waits this long.
    int64_t retry_micros = 10'000'000;
  };
  struct Stats {
    uint64_t checkpoints = 0;
    uint64_t rows_written = 0;
    uint64_t bytes_written = 0;
    uint64_t rows_evicted = 0;
    int64_t last_micros = 0;
  };

  /// `folder` and `source` outlive it.
  Checkpointer(DataFolder& folder, CheckpointSource& source, const Options& options);
  /// Ends the thread; writes nothing.
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  void StartBackground();
  /// Writes a checkpoint of everything committed before the call; waits for one that is running
  /// first. After an error the checkpoint before still counts, and all is in the log.
  Status Run();

  Stats stats();
  /// Of the last checkpoint.
  Status last_status();

 private:
  Status RunLocked() REQUIRES(run_mu_);
  Status WriteAll(Timestamp as_of, const WalPosition& position) REQUIRES(run_mu_);
  Status WriteSegments(const std::vector<std::shared_ptr<Tablet>>& tablets, Timestamp as_of,
                       Manifest manifest) REQUIRES(run_mu_);
  static Manifest::TabletFiles FilesOf(TabletId tablet, const SegmentList* list);
  Status EvictSome(std::vector<std::shared_ptr<Tablet>> tablets, Timestamp as_of) REQUIRES(run_mu_);
  bool IsDue();
  void Loop();

  DataFolder& folder_;
  CheckpointSource& source_;
  const Options options_;

  Mutex run_mu_;
  uint64_t next_manifest_ GUARDED_BY(run_mu_);
  // After the last attempt to empty memory:
  uint64_t hot_after_ GUARDED_BY(run_mu_) = 0;
  Lsn log_after_ GUARDED_BY(run_mu_);
  int64_t evicted_micros_ GUARDED_BY(run_mu_) = 0;

  Mutex mu_;
  CondVar wakes_;
  bool stop_ GUARDED_BY(mu_) = false;
  Stats stats_ GUARDED_BY(mu_);
  Status last_status_ GUARDED_BY(mu_);
  Thread thread_;
};

}  // namespace oxibase
