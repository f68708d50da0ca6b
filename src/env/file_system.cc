#include "env/file_system.h"

#include "common/plant.h"

namespace oxibase {

Status File::ReadExactlyAt(uint64_t offset, std::span<std::byte> into) {
  ASSIGN_OR_RETURN(const size_t got, ReadAt(offset, into));
  if (got != into.size())
    return Error(ErrorCode::kDataCorrupted, "file \"{}\" ends at byte {}, {} bytes too early",
                 path(), offset + got, into.size() - got);
  return Status::Ok();
}

Result<std::string> FileSystem::ReadFile(const std::string& path, uint64_t bytes_max) {
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, Open(path, OpenMode::kRead));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size > bytes_max)
    return Error(ErrorCode::kProgramLimitExceeded, "file \"{}\" is too large: {} bytes", path,
                 size);
  std::string bytes(size, '\0');
  RETURN_IF_ERROR(
      file->ReadExactlyAt(0, {reinterpret_cast<std::byte*>(bytes.data()), bytes.size()}));
  return bytes;
}

Status FileSystem::WriteFileAtomically(const std::string& path, ByteSpan bytes) {
  const std::string temporary = path + ".tmp";
  {
    ASSIGN_OR_RETURN(std::unique_ptr<File> file, Open(temporary, OpenMode::kCreateOrEmpty));
    Status written = file->WriteAt(0, bytes);
    if (written.ok() && !OXI_PLANT(manifest_not_synced)) written = file->Sync();
    if (!written.ok()) {
      file.reset();
      Remove(temporary).Ignore("the first failure is the one to report");
      return written;
    }
  }
  RETURN_IF_ERROR(Rename(temporary, path));
  if (OXI_PLANT(manifest_name_not_synced)) return Status::Ok();
  return SyncDirectory(ParentPath(path));
}

std::string JoinPath(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.empty() && path.back() != '/') path += '/';
  path += name;
  return path;
}

std::string ParentPath(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

}  // namespace oxibase
