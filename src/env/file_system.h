#pragma once
// Files and folders. The real ones are `Env::Real().files()`, the simulated twin is
// `SimFileSystem`, which forgets what was not synced.
//
// What is durable when:
//   bytes of a file          after Sync() of that file
//   a new name, a rename,    after SyncDirectory() of the folder that holds the name
//   a removal
// Errors: kDiskFull (53100) when there is no room, kUndefinedFile (58P01) when the name is not
// there, kDuplicateFile (58P02) when it is and should not be, kInsufficientPrivilege (42501) when
// the system forbids it, kIoError (58030) otherwise; each names the path and what the system said.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/status.h"

namespace oxibase {

using ByteSpan = std::span<const std::byte>;

inline ByteSpan AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// An open file. Reads and writes at positions are thread-safe; `Append` is not. Closed on
/// destruction, which syncs nothing.
class File {
 public:
  virtual ~File() = default;

  /// Reads up to `into.size()` bytes; fewer only at the file's end.
  virtual Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> into) = 0;
  /// Writes all of it or fails; after a failure any part may have been written.
  virtual Status WriteAt(uint64_t offset, ByteSpan bytes) = 0;
  /// Writes behind the file's end.
  virtual Status Append(ByteSpan bytes) = 0;
  /// Makes bytes and size durable (fdatasync). After a failure nothing can be said about what was
  /// written since the last success, and trying again proves nothing.
  virtual Status Sync() = 0;
  virtual Status Truncate(uint64_t size) = 0;
  /// Makes sure that there is room for [0, size) and that the file is at least that long, filled
  /// with zeros.
  virtual Status Allocate(uint64_t size) = 0;
  virtual Result<uint64_t> Size() = 0;
  const std::string& path() const { return path_; }

  /// As `ReadAt`, but fewer bytes are kDataCorrupted.
  Status ReadExactlyAt(uint64_t offset, std::span<std::byte> into);

 protected:
  explicit File(std::string path) : path_(std::move(path)) {}

 private:
  std::string path_;
};

/// Held while it lives.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode : uint8_t {
  kRead,
  kReadWrite,
  kCreateNew,      // read and write; kDuplicateFile if the name is taken
  kCreateOrEmpty,  // read and write; what was there is gone
};

/// Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  /// Replaces `to` if it is there.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  virtual Status Remove(const std::string& path) = 0;
  virtual Result<bool> Exists(const std::string& path) = 0;
  /// Names (not paths) in a folder, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> List(const std::string& folder) = 0;
  /// Makes one folder; kDuplicateFile if the name is taken.
  virtual Status MakeDirectory(const std::string& path) = 0;
  /// REQUIRES: the folder is empty
  virtual Status RemoveDirectory(const std::string& path) = 0;
  virtual Status SyncDirectory(const std::string& path) = 0;
  /// Takes an exclusive lock that ends with the process at the latest, on a file that is made if
  /// need be, and on the folder it lies in. kLockFileExists if another process, or this one, holds
  /// it.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;

  /// The whole file. kProgramLimitExceeded above `bytes_max`.
  Result<std::string> ReadFile(const std::string& path, uint64_t bytes_max = 1ULL << 30);
  /// Replaces or makes `path` so that after a crash it has the old bytes or the new ones: writes
  /// `path`.tmp, syncs it, renames it, syncs the folder.
  Status WriteFileAtomically(const std::string& path, ByteSpan bytes);
};

/// "a/b" of "a" and "b".
std::string JoinPath(std::string_view folder, std::string_view name);
/// The folder that holds `path`: "." when the path has no slash.
std::string ParentPath(std::string_view path);

}  // namespace oxibase
