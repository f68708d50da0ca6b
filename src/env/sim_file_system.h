#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "env/file_system.h"
#include "env/mutex.h"

namespace oxibase {

/// Files in memory that forget on `Crash` what was not synced, as a machine may that loses power:
///
/// - Bytes written since the file's last Sync survive by sectors of 512 bytes, each or not, in no
///   order; so a write may be torn. Sizes likewise.
/// - Names made, renamed or removed since the folder's last SyncDirectory survive as a beginning of
///   their sequence, or each or not.
/// - What a failed Sync did not write is lost although reading still shows it, and no later Sync
///   brings it back.
///
/// All chance comes from the seed given to `Crash`. Thread-safe.
class SimFileSystem final : public FileSystem {
 public:
  SimFileSystem();
  ~SimFileSystem() override;

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& folder) override;
  Status MakeDirectory(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

  /// The machine loses power and starts again: open files and locks become useless (every call on
  /// them fails), names and bytes are what survived.
  void Crash(uint64_t seed);

  /// Calls that change something, so far.
  uint64_t write_points() const;
  /// The `n`-th such call from the beginning, and everything after it, fails with kIoError until
  /// Crash(): the process is as good as dead. The call itself may have had its effect in part.
  void StopAt(uint64_t n);
  bool stopped() const;
  /// The call at which it stopped last: "sync db/wal/...".
  std::string stopped_in() const;
  /// What happened so far that no caller wanted.
  struct Faults {
    uint64_t syncs = 0, writes = 0, reads = 0, disk_full = 0;  // that failed
    uint64_t torn_writes = 0;                                  // of which a crash kept a part
    uint64_t lost_writes = 0;                                  // of which it kept nothing
    uint64_t lost_names = 0;  // made, renamed or removed, and forgotten
  };
  Faults faults() const;
  /// The next `count` syncs fail.
  void FailSyncs(int count);
  /// The next `count` writes fail with kIoError after writing half.
  void FailWrites(int count);
  /// The next `count` reads fail with kIoError.
  void FailReads(int count);
  /// Sum of all files' sizes above which making files longer fails with kDiskFull.
  void set_capacity(uint64_t bytes);
  /// That sum now.
  uint64_t used_bytes() const;
  /// Overwrites bytes durably, as a bad disk does. REQUIRES: they exist
  void Damage(const std::string& path, uint64_t offset, ByteSpan bytes);

 private:
  struct Inode;
  struct State;
  class SimFile;
  class SimLock;

  std::shared_ptr<State> state_;  // shared with open files and locks, which may outlive this
};

}  // namespace oxibase
