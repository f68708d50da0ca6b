#pragma once
// The file BACKUP of a backup's folder, written last: without it a backup is none.
//
//   OxiBase backup, format 1
//   identity 0123456789abcdef0123456789abcdef      of the database
//   id fedcba9876543210fedcba9876543210            of the backup
//   checkpoint 7
//   log 4096 81920                                 positions: replay begins, the copied log ends
//   base fedc...3210 ../monday                     of an incremental one: id and path
//   file 1a2b3c4d 65536 here data/000000000000001c.seg
//   file 99887766 4096 base data/0000000000000004.seg
//   end 5e6f7a8b                                   CRC-32C of all lines before
//
// "here" files lie in the folder under their names, "base" ones in the base's (or its base's).

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "env/file_system.h"

namespace oxibase {

inline constexpr std::string_view kBackupFileName = "BACKUP";
/// Stands in the folder as long as the backup is not whole.
inline constexpr std::string_view kBackupBegunName = "BACKUP.begun";

struct BackupManifest {
  struct File {
    std::string name;  // as in the data folder, with its sub-folder
    uint64_t bytes = 0;
    uint32_t crc = 0;
    bool in_base = false;
  };
  std::string identity;
  std::string id;
  uint64_t checkpoint = 0;  // 0: none yet
  Lsn log_from;
  Lsn log_to;
  std::string base_id;    // empty: a full backup
  std::string base_path;  // absolute, or beside this backup
  std::vector<File> files;

  std::string Encode() const;
  /// kDataCorrupted, naming `path`; kFeatureNotSupported for a newer format.
  static Result<BackupManifest> Decode(std::string_view text, const std::string& path);
  /// Of the backup in `folder`. kUndefinedFile if there is none, or it was not finished.
  static Result<BackupManifest> Read(FileSystem& files, const std::string& folder);

  const File* Find(std::string_view name) const;
};

/// A backup with the backups it is built upon, newest first.
struct BackupChain {
  struct Link {
    std::string folder;
    BackupManifest manifest;
  };
  std::vector<Link> links;

  /// Errors as of BackupManifest::Read; kDataCorrupted if a base is not the one that was meant.
  static Result<BackupChain> Read(FileSystem& files, const std::string& folder);
  const BackupManifest& newest() const { return links.front().manifest; }
  /// Where the bytes of one of the newest backup's files lie. kDataCorrupted: in none.
  Result<std::string> PathOf(const BackupManifest::File& file) const;
};

/// Reads the file of `bytes` bytes in pieces, hands each to `sink` (which may be empty), and
/// compares its checksum with `crc`: kDataCorrupted, naming the file, if it is another.
Status ReadChecked(FileSystem& files, const std::string& path, uint64_t bytes, uint32_t crc,
                   const std::function<Status(uint64_t offset, ByteSpan bytes)>& sink);
/// Looks at every file of a backup and of those it is built upon.
Status VerifyBackup(FileSystem& files, const std::string& folder);

}  // namespace oxibase
