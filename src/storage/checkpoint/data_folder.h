#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/status.h"
#include "env/env.h"
#include "env/mutex.h"
#include "storage/checkpoint/manifest.h"
#include "storage/checkpoint/recovery_target.h"
#include "storage/segment/segment_list.h"
#include "storage/segment/segment_store.h"
#include "storage/wal/wal_manager.h"

namespace oxibase {

/// A database's folder:
///
///   OXIBASE          lines of text: the format's version; the identity; until the log exists, that
///                    it has not begun. Made last in a new folder, so that a half-made one is known
///   lock             held while a process has the folder open
///   manifest-*       what the newest checkpoint consists of
///   data/*.seg, .run its segments, and their index runs
///   wal/             the log since then
class DataFolder {
 public:
  struct Options {
    std::string path;
    bool create_if_missing = true;
    WalOptions wal;  // its identity is set here
    /// Through which segments are read, and who counts what they hold. They outlive the folder.
    BlockCache* cache = nullptr;
    MemoryTracker* memory = nullptr;
  };

  /// Locks the folder, makes it if it is new, hands its content to `target` (the checkpoint's
  /// segments, opened and not read; then the log) and opens the log for appending. Errors, after
  /// which the folder is as it was: kLockFileExists: another process has it. kUndefinedFile: it is
  /// not there and is not to be made. kConfigFileError (F0000): it holds something else.
  /// kDataCorrupted, naming the file: damage. kFeatureNotSupported: a newer format. `env` outlives
  /// the folder.
  static Result<std::unique_ptr<DataFolder>> Open(Env& env, const Options& options,
                                                  RecoveryTarget& target);

  /// What the file OXIBASE says. kDataCorrupted, kFeatureNotSupported as for Open.
  static constexpr std::string_view kFormatFile = "OXIBASE";
  struct Format {
    DatabaseIdentity identity{};
    /// Its log has not begun: a folder without one is new then, and not robbed of it.
    bool is_new = false;
  };
  static Result<Format> ReadFormat(FileSystem& files, const std::string& folder);
  static Status WriteFormat(FileSystem& files, const std::string& folder, const Format& format);

  WalManager& wal() { return *wal_; }
  Env& env() { return env_; }
  const DatabaseIdentity& identity() const { return identity_; }
  /// Whether Open made it.
  bool is_new() const { return is_new_; }
  std::string data_path() const { return JoinPath(path_, "data"); }

  /// The newest checkpoint; number 0 if there is none yet. For the checkpointer, as what follows.
  const Manifest& manifest() const { return manifest_; }
  SegmentStore& store() { return *store_; }
  /// A checkpoint that stays as it is: nothing of its files, nor of the log from where its replay
  /// begins, is removed as long as this lives. The folder outlives it.
  class Pin {
   public:
    ~Pin();
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;

    const uint64_t number;  // of the checkpoint's manifest; 0: there is none yet
    const Lsn replay_from;
    const uint64_t next_file_number;  // files of the checkpoint have smaller ones

   private:
    friend class DataFolder;
    Pin(DataFolder& folder, const Manifest& manifest);
    DataFolder& folder_;
  };
  /// The newest checkpoint's. Any thread.
  std::unique_ptr<Pin> PinCheckpoint() EXCLUDES(pin_mu_);
  const std::string& path() const { return path_; }

  /// Makes `manifest`, whose files are synced, the newest one; then removes files that it does not
  /// name and nobody holds, and log that it does not need.
  Status Publish(Manifest manifest);

 private:
  explicit DataFolder(Env& env, std::string path) : env_(env), path_(std::move(path)) {}
  Status MakeOrCheck(bool create_if_missing);
  Status ReadManifest();
  Status LoadSegments(RecoveryTarget& target);
  Result<std::shared_ptr<const SegmentList>> OpenSegments(const Manifest::TabletFiles& files);
  Status RemoveOrphans();

  Env& env_;
  const std::string path_;
  Mutex pin_mu_;  // held while the manifest changes and while files are removed
  size_t pins_ GUARDED_BY(pin_mu_) = 0;
  std::unique_ptr<FileLock> lock_;
  bool is_new_ = false;
  DatabaseIdentity identity_{};
  Manifest manifest_;
  std::shared_ptr<SegmentStore> store_;  // shared by what it opened
  std::unique_ptr<WalManager> wal_;
};

}  // namespace oxibase
