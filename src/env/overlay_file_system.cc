#include "env/overlay_file_system.h"

#include <algorithm>
#include <utility>

namespace oxibase {
namespace {

constexpr uint64_t kCopyBytes = uint64_t{1} << 20;

Status CopyFile(FileSystem& files, const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> source, files.Open(from, OpenMode::kRead));
  ASSIGN_OR_RETURN(const std::unique_ptr<File> target, files.Open(to, OpenMode::kCreateOrEmpty));
  std::vector<std::byte> buffer(kCopyBytes);
  for (uint64_t at = 0;;) {
    ASSIGN_OR_RETURN(const size_t got, source->ReadAt(at, buffer));
    if (got == 0) return Status::Ok();
    RETURN_IF_ERROR(target->WriteAt(at, ByteSpan(buffer).first(got)));
    at += got;
  }
}

}  // namespace

OverlayFileSystem::OverlayFileSystem(FileSystem& files, std::string folder, std::string changes)
    : files_(files), folder_(std::move(folder)), changes_(std::move(changes)) {}

std::string OverlayFileSystem::ChangedPath(const std::string& path) const {
  if (path == folder_) return changes_;
  if (!path.starts_with(folder_ + "/")) return "";
  return changes_ + path.substr(folder_.size());
}

Result<bool> OverlayFileSystem::IsBelow(const std::string& path) {
  if (IsHidden(path)) return false;
  return files_.Exists(path);
}

Status OverlayFileSystem::MakeParents(const std::string& changed) {
  const std::string parent = ParentPath(changed);
  ASSIGN_OR_RETURN(const bool exists, files_.Exists(parent));
  if (exists) return Status::Ok();
  RETURN_IF_ERROR(MakeParents(parent));
  return files_.MakeDirectory(parent);
}

Status OverlayFileSystem::CopyUp(const std::string& path, const std::string& changed) {
  RETURN_IF_ERROR(MakeParents(changed));
  RETURN_IF_ERROR(CopyFile(files_, path, changed));
  hidden_.insert(path);
  return Status::Ok();
}

Result<std::unique_ptr<File>> OverlayFileSystem::Open(const std::string& path, OpenMode mode) {
  const std::string changed = ChangedPath(path);
  if (changed.empty()) return files_.Open(path, mode);
  MutexLock lock(mu_);
  ASSIGN_OR_RETURN(const bool is_changed, files_.Exists(changed));
  if (!is_changed) {
    ASSIGN_OR_RETURN(const bool is_below, IsBelow(path));
    if (mode == OpenMode::kRead) {
      // Of a hidden file the error names the path at which it would be.
      return files_.Open(is_below ? path : changed, mode);
    }
    if (is_below && mode == OpenMode::kReadWrite) {
      RETURN_IF_ERROR(CopyUp(path, changed));
    } else if (is_below && mode == OpenMode::kCreateNew) {
      return Error(ErrorCode::kDuplicateFile, "could not open file \"{}\": it exists", path);
    } else if (mode != OpenMode::kReadWrite) {
      RETURN_IF_ERROR(MakeParents(changed));
      hidden_.insert(path);
    }
  }
  return files_.Open(changed, mode);
}

Status OverlayFileSystem::Rename(const std::string& from, const std::string& to) {
  const std::string changed_from = ChangedPath(from);
  const std::string changed_to = ChangedPath(to);
  if (changed_from.empty() != changed_to.empty())
    return Error(ErrorCode::kIoError, "could not rename file \"{}\": it would leave its folder",
                 from);
  if (changed_from.empty()) return files_.Rename(from, to);
  MutexLock lock(mu_);
  ASSIGN_OR_RETURN(const bool is_changed, files_.Exists(changed_from));
  if (!is_changed) {
    ASSIGN_OR_RETURN(const bool is_below, IsBelow(from));
    if (!is_below) return files_.Rename(changed_from, changed_to);  // its error
    RETURN_IF_ERROR(CopyUp(from, changed_from));
  }
  RETURN_IF_ERROR(MakeParents(changed_to));
  RETURN_IF_ERROR(files_.Rename(changed_from, changed_to));
  hidden_.insert(from);
  hidden_.insert(to);
  return Status::Ok();
}

Status OverlayFileSystem::Remove(const std::string& path) {
  const std::string changed = ChangedPath(path);
  if (changed.empty()) return files_.Remove(path);
  MutexLock lock(mu_);
  ASSIGN_OR_RETURN(const bool is_changed, files_.Exists(changed));
  ASSIGN_OR_RETURN(const bool is_below, IsBelow(path));
  if (is_changed || !is_below) RETURN_IF_ERROR(files_.Remove(changed));
  hidden_.insert(path);
  return Status::Ok();
}

Result<bool> OverlayFileSystem::Exists(const std::string& path) {
  const std::string changed = ChangedPath(path);
  if (changed.empty()) return files_.Exists(path);
  MutexLock lock(mu_);
  ASSIGN_OR_RETURN(const bool is_changed, files_.Exists(changed));
  if (is_changed) return true;
  return IsBelow(path);
}

Result<std::vector<std::string>> OverlayFileSystem::List(const std::string& folder) {
  const std::string changed = ChangedPath(folder);
  if (changed.empty()) return files_.List(folder);
  MutexLock lock(mu_);
  ASSIGN_OR_RETURN(const bool is_changed, files_.Exists(changed));
  ASSIGN_OR_RETURN(const bool is_below, IsBelow(folder));
  std::set<std::string> names;
  if (is_below || !is_changed) {
    ASSIGN_OR_RETURN(const std::vector<std::string> below, files_.List(folder));
    for (const std::string& name : below)
      if (!IsHidden(JoinPath(folder, name))) names.insert(name);
  }
  if (is_changed) {
    ASSIGN_OR_RETURN(const std::vector<std::string> above, files_.List(changed));
    names.insert(above.begin(), above.end());
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Status OverlayFileSystem::MakeDirectory(const std::string& path) {
  const std::string changed = ChangedPath(path);
  if (changed.empty()) return files_.MakeDirectory(path);
  MutexLock lock(mu_);
  ASSIGN_OR_RETURN(const bool is_below, IsBelow(path));
  if (is_below)
    return Error(ErrorCode::kDuplicateFile, "could not make folder \"{}\": it exists", path);
  RETURN_IF_ERROR(MakeParents(changed));
  return files_.MakeDirectory(changed);
}

Status OverlayFileSystem::RemoveDirectory(const std::string& path) {
  const std::string changed = ChangedPath(path);
  if (changed.empty()) return files_.RemoveDirectory(path);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, List(path));
  if (!names.empty())
    return Error(ErrorCode::kDuplicateFile, "could not remove folder \"{}\": it is not empty",
                 path);
  MutexLock lock(mu_);
  ASSIGN_OR_RETURN(const bool is_changed, files_.Exists(changed));
  if (is_changed) RETURN_IF_ERROR(files_.RemoveDirectory(changed));
  hidden_.insert(path);
  return Status::Ok();
}

Status OverlayFileSystem::SyncDirectory(const std::string& path) {
  // What lies here is of no use after a crash.
  return ChangedPath(path).empty() ? files_.SyncDirectory(path) : Status::Ok();
}

Result<std::unique_ptr<FileLock>> OverlayFileSystem::Lock(const std::string& path) {
  const std::string changed = ChangedPath(path);
  if (changed.empty()) return files_.Lock(path);
  MutexLock lock(mu_);
  RETURN_IF_ERROR(MakeParents(changed));
  return files_.Lock(changed);
}

}  // namespace oxibase
