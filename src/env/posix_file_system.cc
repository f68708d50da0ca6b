#include "env/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace oxibase {
namespace {

Status SystemError(int error, std::string_view doing, const std::string& path) {
  ErrorCode code = ErrorCode::kIoError;
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      code = ErrorCode::kDiskFull;
      break;
    case ENOENT:
    case ENOTDIR:
      code = ErrorCode::kUndefinedFile;
      break;
    case EEXIST:
    case ENOTEMPTY:
      code = ErrorCode::kDuplicateFile;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = ErrorCode::kInsufficientPrivilege;
      break;
    case EMFILE:
    case ENFILE:
      code = ErrorCode::kInsufficientResources;
      break;
    default:
      break;
  }
  char text[128];
  return Error(code, "could not {} \"{}\": {}", doing, path, strerror_r(error, text, sizeof text));
}

class PosixFile final : public File {
 public:
  PosixFile(std::string path, int fd) : File(std::move(path)), fd_(fd) {}
  ~PosixFile() override { ::close(fd_); }

  Result<size_t> ReadAt(uint64_t offset, std::span<std::byte> into) override {
    size_t done = 0;
    while (done < into.size()) {
      const ssize_t n =
          ::pread(fd_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
      if (n < 0) {
        if (errno == EINTR) continue;
        return SystemError(errno, "read file", path());
      }
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Status WriteAt(uint64_t offset, ByteSpan bytes) override {
    size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n = ::pwrite(fd_, bytes.data() + done, bytes.size() - done,
                                 static_cast<off_t>(offset + done));
      if (n < 0) {
        if (errno == EINTR) continue;
        return SystemError(errno, "write file", path());
      }
      // Zero bytes written without an error: the device has no room, as far as POSIX tells.
      if (n == 0) return SystemError(ENOSPC, "write file", path());
      done += static_cast<size_t>(n);
    }
    return Status::Ok();
  }

  Status Append(ByteSpan bytes) override {
    ASSIGN_OR_RETURN(const uint64_t size, Size());
    return WriteAt(size, bytes);
  }

  Status Sync() override {
    if (::fdatasync(fd_) != 0) return SystemError(errno, "sync file", path());
    return Status::Ok();
  }

  Status Truncate(uint64_t size) override {
    while (::ftruncate(fd_, static_cast<off_t>(size)) != 0) {
      if (errno != EINTR) return SystemError(errno, "truncate file", path());
    }
    return Status::Ok();
  }

  Status Allocate(uint64_t size) override {
    int error = 0;
    do {
      error = ::posix_fallocate(fd_, 0, static_cast<off_t>(size));
    } while (error == EINTR);
    if (error != 0) return SystemError(error, "allocate space for file", path());
    return Status::Ok();
  }

  Result<uint64_t> Size() override {
    struct stat info{};
    if (::fstat(fd_, &info) != 0) return SystemError(errno, "examine file", path());
    return static_cast<uint64_t>(info.st_size);
  }

 private:
  const int fd_;
};

class PosixFileLock final : public FileLock {
 public:
  PosixFileLock(int fd, int folder_fd) : fd_(fd), folder_fd_(folder_fd) {}
  // The name stays: removing it would let two others lock two different files of that name.
  ~PosixFileLock() override {
    ::close(fd_);
    if (folder_fd_ >= 0) ::close(folder_fd_);
  }

 private:
  const int fd_;
  const int folder_fd_;  // -1: a file system that does not lock folders
};

int OpenRetrying(const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

}  // namespace

Result<std::unique_ptr<File>> PosixFileSystem::Open(const std::string& path, OpenMode mode) {
  int flags = 0;
  switch (mode) {
    case OpenMode::kRead:
      flags = O_RDONLY;
      break;
    case OpenMode::kReadWrite:
      flags = O_RDWR;
      break;
    case OpenMode::kCreateNew:
      flags = O_RDWR | O_CREAT | O_EXCL;
      break;
    case OpenMode::kCreateOrEmpty:
      flags = O_RDWR | O_CREAT | O_TRUNC;
      break;
  }
  const int fd = OpenRetrying(path, flags);
  if (fd < 0) return SystemError(errno, "open file", path);
  return std::unique_ptr<File>(std::make_unique<PosixFile>(path, fd));
}

Status PosixFileSystem::Rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return SystemError(errno, "rename file", from);
  return Status::Ok();
}

Status PosixFileSystem::Remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return SystemError(errno, "remove file", path);
  return Status::Ok();
}

Result<bool> PosixFileSystem::Exists(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return SystemError(errno, "examine file", path);
}

Result<std::vector<std::string>> PosixFileSystem::List(const std::string& folder) {
  DIR* dir = ::opendir(folder.c_str());
  if (dir == nullptr) return SystemError(errno, "open folder", folder);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const int error = errno;
  ::closedir(dir);
  if (error != 0) return SystemError(error, "read folder", folder);
  std::sort(names.begin(), names.end());
  return names;
}

Status PosixFileSystem::MakeDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) return SystemError(errno, "make folder", path);
  return Status::Ok();
}

Status PosixFileSystem::RemoveDirectory(const std::string& path) {
  if (::rmdir(path.c_str()) != 0) return SystemError(errno, "remove folder", path);
  return Status::Ok();
}

Status PosixFileSystem::SyncDirectory(const std::string& path) {
  const int fd = OpenRetrying(path, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return SystemError(errno, "open folder", path);
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  // Some network file systems cannot sync a folder and say so with EINVAL; they do it on their own.
  if (result != 0 && error != EINVAL) return SystemError(error, "sync folder", path);
  return Status::Ok();
}

Result<std::unique_ptr<FileLock>> PosixFileSystem::Lock(const std::string& path) {
  const int fd = OpenRetrying(path, O_RDWR | O_CREAT);
  if (fd < 0) return SystemError(errno, "open lock file", path);
  // flock belongs to this open file, not to the process: a second opening within the process is
  // refused as well, and closing some other descriptor of the file does not drop the lock. The
  // folder is locked too: the file in it can be removed by hand, and made anew by the next one.
  const int folder_fd = OpenRetrying(ParentPath(path), O_RDONLY | O_DIRECTORY);
  int error = ::flock(fd, LOCK_EX | LOCK_NB) != 0 ? errno : 0;
  if (error == 0 && folder_fd >= 0 && ::flock(folder_fd, LOCK_EX | LOCK_NB) != 0 &&
      errno == EWOULDBLOCK) {
    error = EWOULDBLOCK;
  }
  if (error != 0) {
    if (folder_fd >= 0) ::close(folder_fd);
    char holder[32] = {};
    const ssize_t n = ::pread(fd, holder, sizeof holder - 1, 0);
    ::close(fd);
    if (error != EWOULDBLOCK) return SystemError(error, "lock file", path);
    const std::string_view pid(holder, n > 0 ? std::strcspn(holder, "\n") : 0);
    return Error(ErrorCode::kLockFileExists, "lock file \"{}\" is held by another process", path)
        .Detail(pid.empty() ? std::string() : "The process has the id " + std::string(pid) + ".")
        .Hint("Is the same data folder open in another server, shell or program?");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 ||
      ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    // The lock holds without the note (a full disk must not keep a database from opening).
  }
  return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(fd, folder_fd));
}

}  // namespace oxibase
