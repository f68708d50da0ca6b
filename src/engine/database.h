#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/ids.h"
#include "common/status.h"

namespace oxibase {

class Env;
class Session;
struct SessionOptions;
struct SalvageMode;

/// How far opening a folder is.
struct RecoveryProgress {
  enum class Phase : uint8_t { kLog, kIndexes } phase = Phase::kLog;
  /// Bytes of the log, `total` at most; tables whose indexes are made.
  uint64_t done = 0;
  uint64_t total = 0;
};

struct DatabaseOptions {
  /// The folder; empty: in memory, gone with the Database.
  std::string path;
  bool create_if_missing = true;
  /// The log's bytes since the last checkpoint that start the next one.
  uint64_t checkpoint_bytes = uint64_t{64} << 20;
  /// Bytes of rows in memory beyond which quiet ones leave it for segments; 0: a quarter of
  /// memory_limit.
  uint64_t hot_bytes_max = 0;
  /// Bytes of one transaction's writes in memory beyond which they go to segments of their own; 0:
  /// half of what rows may take.
  uint64_t txn_bytes_max = 0;
  /// For blocks of segments that are read; 0: an eighth of memory_limit.
  uint64_t block_cache_bytes = 0;
  /// Where files of the log are copied before they are removed, for restoring to a point in time
  /// (docs/backup.md). Empty: nowhere.
  std::string archive;
  /// Told on the opening thread, often. May be empty.
  std::function<void(const RecoveryProgress&)> on_recovery = {};
  /// What the process should hold in memory at most; 0: four fifths of the machine's.
  uint64_t memory_limit = 0;
  /// Where statements put what does not fit; empty: "tmp" in the folder, or of a database in memory
  /// the system's temporary folder.
  std::string temp_directory;
  /// Null: the real one.
  Env* env = nullptr;
  /// Not null: opens what `oxibase salvage` made of a damaged folder (salvage/salvage_mode.h). It
  /// outlives the opening.
  SalvageMode* salvage = nullptr;
};

/// One open folder (or memory) with its catalog, log and background threads. Thread-safe.
class Database {
 public:
  /// Recovers what the folder holds. Errors: kLockFileExists (another process has it open),
  /// kDataCorrupted, kIoError, kUndefinedFile.
  static Result<std::unique_ptr<Database>> Open(const DatabaseOptions& options);
  /// Sessions must be gone. Writes a last checkpoint, unless the log has failed.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<std::unique_ptr<Session>> Connect(const SessionOptions& options);
  Status Checkpoint();

  /// Position up to which the log is on disk.
  Lsn durable_lsn() const;
  /// Blocks until `lsn` is durable. kTransactionResolutionUnknown after a failed write of the log.
  Status WaitDurable(Lsn lsn);
  /// Calls `done` once `lsn` is durable or the log has failed: at once, or on the log's thread.
  void OnDurable(Lsn lsn, std::function<void(const Status&)> done);

  /// OK, or why the log takes nothing more.
  Status LogStatus();

  /// Cancels what every session runs.
  void TerminateAll();
  /// Cancels what the session with this process id and secret key runs. False if there is none.
  bool Cancel(int32_t pid, int32_t secret);

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace oxibase
