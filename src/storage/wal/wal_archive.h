#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/status.h"
#include "env/file_system.h"

namespace oxibase {

/// Reads `size` bytes at a place of a file that may lie elsewhere.
using ReadPiece = std::function<Status(uint64_t offset, std::span<std::byte> into)>;

/// Puts `bytes` bytes of the log file `name` into the archive's folder (made if it is not there),
/// durably and at once: nobody sees a half one. One that has as much is left as it is; a shorter
/// one must be the beginning of this, else kDuplicateFile: the archive has the log of another
/// history of the database, as after a restore to an earlier point.
Status ArchiveWalFile(FileSystem& files, const std::string& name, uint64_t bytes,
                      const std::string& archive, const ReadPiece& read);
/// The same of a file that lies here.
Status ArchiveWalFile(FileSystem& files, const std::string& path, uint64_t bytes,
                      const std::string& archive);

}  // namespace oxibase
