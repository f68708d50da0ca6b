#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/status.h"
#include "env/file_system.h"
#include "storage/checkpoint/manifest.h"
#include "storage/wal/wal_format.h"

namespace oxibase {

/// Reads everything that a data folder consists of, the way opening and queries would: the
/// manifest, every block of the segments and index runs that it names, the log up to its end. Goes
/// on after damage, so that one run finds all there is; behind damage in the log nothing can be
/// read. Changes nothing but the lock file. Not thread-safe.
class FolderCheck {
 public:
  struct Counts {
    uint64_t files = 0;
    uint64_t bytes = 0;
    uint64_t rows = 0;           // in segments
    uint64_t index_entries = 0;  // in index runs
    uint64_t log_records = 0;
  };

  FolderCheck(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  /// kLockFileExists: a process has the folder. kUndefinedFile: there is no database. Otherwise the
  /// reading took place, and `damages` says what it found.
  Status Run();

  /// Each names its file, and the offset where it can.
  const std::vector<Status>& damages() const { return damages_; }
  const Counts& counts() const { return counts_; }

 private:
  void Note(const Status& status) {
    if (!status.ok()) damages_.push_back(status);
  }
  void CheckManifest();
  void CheckSegment(const Manifest::Segment& segment, TabletId tablet);
  void CheckRun(const Manifest::Run& run, TabletId tablet);
  void CheckLog(bool is_new);

  FileSystem& files_;
  const std::string path_;
  DatabaseIdentity identity_{};
  Manifest manifest_;
  bool has_manifest_ = true;
  std::vector<Status> damages_;
  Counts counts_;
};

}  // namespace oxibase
