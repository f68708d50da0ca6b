#include "storage/wal/wal_archive.h"

#include <algorithm>
#include <vector>

namespace oxibase {
namespace {

constexpr uint64_t kPieceBytes = uint64_t{1} << 20;

/// Whether the first `bytes` bytes of both are the same.
Result<bool> IsSameHistory(File& there, uint64_t bytes, const ReadPiece& read) {
  std::vector<std::byte> a, b;
  for (uint64_t at = 0; at < bytes; at += a.size()) {
    a.resize(std::min(kPieceBytes, bytes - at));
    b.resize(a.size());
    RETURN_IF_ERROR(there.ReadExactlyAt(at, a));
    RETURN_IF_ERROR(read(at, b));
    if (a != b) return false;
  }
  return true;
}

}  // namespace

Status ArchiveWalFile(FileSystem& files, const std::string& name, uint64_t bytes,
                      const std::string& archive, const ReadPiece& read) {
  ASSIGN_OR_RETURN(const bool folder_exists, files.Exists(archive));
  if (!folder_exists) {
    RETURN_IF_ERROR(files.MakeDirectory(archive));
    RETURN_IF_ERROR(files.SyncDirectory(ParentPath(archive)));
  }
  const std::string path = JoinPath(archive, name);
  ASSIGN_OR_RETURN(const bool exists, files.Exists(path));
  if (exists) {
    ASSIGN_OR_RETURN(const std::unique_ptr<File> there, files.Open(path, OpenMode::kRead));
    ASSIGN_OR_RETURN(const uint64_t size, there->Size());
    ASSIGN_OR_RETURN(const bool same, IsSameHistory(*there, std::min(size, bytes), read));
    if (!same) {
      return Error(ErrorCode::kDuplicateFile, "file \"{}\" of the archive is of another history",
                   path)
          .Hint("A database that was restored to an earlier point needs an archive of its own.");
    }
    if (size >= bytes) return {};
  }
  const std::string unfinished = path + ".tmp";
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, files.Open(unfinished, OpenMode::kCreateOrEmpty));
  std::vector<std::byte> piece;
  for (uint64_t at = 0; at < bytes; at += piece.size()) {
    piece.resize(std::min(kPieceBytes, bytes - at));
    RETURN_IF_ERROR(read(at, piece));
    RETURN_IF_ERROR(file->WriteAt(at, piece));
  }
  RETURN_IF_ERROR(file->Sync());
  file.reset();
  RETURN_IF_ERROR(files.Rename(unfinished, path));
  return files.SyncDirectory(archive);
}

Status ArchiveWalFile(FileSystem& files, const std::string& path, uint64_t bytes,
                      const std::string& archive) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.Open(path, OpenMode::kRead));
  const size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return ArchiveWalFile(files, name, bytes, archive,
                        [&](uint64_t offset, std::span<std::byte> into) {
                          return file->ReadExactlyAt(offset, into);
                        });
}

}  // namespace oxibase
