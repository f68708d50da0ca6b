#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/status.h"
#include "env/env.h"
#include "env/mutex.h"
#include "storage/wal/wal_format.h"
#include "storage/wal/wal_reader.h"

namespace oxibase {

/// The files of a log that is being written: the one in use, those before it, and spare ones that
/// wait for a name. Spare files have their full size, so that what is promised room gets it.
class WalSegments {
 public:
  /// A file at its full size, without a name in the log yet.
  struct Spare {
    std::string path;
    std::unique_ptr<File> file;
    uint64_t file_bytes = 0;
    uint64_t room() const { return file_bytes - kWalSegmentHeaderBytes; }
  };

  /// `known` are the files that recovery found, the last of them to be written on; none for a new
  /// log. Spare files of an earlier run are taken over. `env` outlives this.
  static Result<std::unique_ptr<WalSegments>> Open(Env& env, const std::string& folder,
                                                   uint64_t segment_bytes, bool sync,
                                                   const DatabaseIdentity& identity,
                                                   std::vector<WalReader::Segment> known);

  /// Position up to which the file in use has room; 0 if there is none in use.
  uint64_t room_end() const;

  /// A file with room for `bytes`, made or taken from the spare ones. kDiskFull if there is no
  /// room.
  Result<Spare> TakeSpare(uint64_t bytes) EXCLUDES(mu_);
  /// Keeps it for a later TakeSpare.
  void GiveBack(Spare spare) EXCLUDES(mu_);
  /// Sees to it that one lies ready, as far as the disk allows.
  void KeepOneReady() EXCLUDES(mu_);

  /// Log writer only: writes into the file in use.
  Status Write(uint64_t lsn, ByteSpan bytes);
  /// Log writer only: makes durable what was written to the file in use.
  Status Sync();
  /// Log writer only: `spare` becomes the file in use, beginning at `begin`. REQUIRES: all before
  /// is durable.
  Status Switch(Spare spare, uint64_t begin) EXCLUDES(mu_);

  /// Files are copied here before RemoveBefore takes them away; empty: nowhere.
  void set_archive(std::string folder) { archive_ = std::move(folder); }
  /// Removes files that lie wholly before `lsn`, or keeps them as spare ones. One thread.
  Status RemoveBefore(uint64_t lsn) EXCLUDES(mu_);

 private:
  WalSegments(Env& env, std::string folder, uint64_t segment_bytes, bool sync,
              const DatabaseIdentity& identity)
      : files_(env.files()),
        folder_(std::move(folder)),
        segment_bytes_(segment_bytes),
        sync_(sync),
        identity_(identity) {}
  /// Those that lie wholly before `lsn`.
  Status ArchiveBefore(uint64_t lsn) EXCLUDES(mu_);
  Result<Spare> MakeSpare(uint64_t file_bytes) REQUIRES(mu_);

  FileSystem& files_;
  const std::string folder_;
  const uint64_t segment_bytes_;
  const bool sync_;
  const DatabaseIdentity identity_;

  // Log writer only.
  std::unique_ptr<File> file_;
  uint64_t begin_ = 0;
  uint64_t room_end_ = 0;

  std::string archive_;

  Mutex mu_;
  std::vector<WalReader::Segment> segments_ GUARDED_BY(mu_);  // by position; the last is in use
  std::vector<Spare> spares_ GUARDED_BY(mu_);
  uint64_t next_spare_ GUARDED_BY(mu_) = 0;
};

}  // namespace oxibase
