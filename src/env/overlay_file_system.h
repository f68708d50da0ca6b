#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "env/file_system.h"
#include "env/mutex.h"

namespace oxibase {

/// A folder that can be changed although nothing in it is: what is written lies in another folder
/// (`changes`), where files are copied when they are first opened for writing, and what is removed
/// is only hidden. All other paths are those of the file system below. Nothing is remembered when
/// the overlay is gone. Thread-safe.
class OverlayFileSystem final : public FileSystem {
 public:
  /// `files` outlives it. `changes` is there and empty; it does not lie in `folder`.
  OverlayFileSystem(FileSystem& files, std::string folder, std::string changes);

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& folder) override;
  Status MakeDirectory(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  /// Locks nothing below: whoever makes an overlay sees to it that the folder stays as it is.
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

 private:
  /// A path's place in the folder that holds the changes; empty if it does not lie in the folder.
  std::string ChangedPath(const std::string& path) const;
  bool IsHidden(const std::string& path) const REQUIRES(mu_) { return hidden_.contains(path); }
  /// There below, and not hidden.
  Result<bool> IsBelow(const std::string& path) REQUIRES(mu_);
  /// Makes the folders that `changed` lies in.
  Status MakeParents(const std::string& changed) REQUIRES(mu_);
  Status CopyUp(const std::string& path, const std::string& changed) REQUIRES(mu_);

  FileSystem& files_;
  const std::string folder_;
  const std::string changes_;
  Mutex mu_;
  std::set<std::string> hidden_ GUARDED_BY(mu_);  // paths below that are gone, or replaced
};

}  // namespace oxibase
