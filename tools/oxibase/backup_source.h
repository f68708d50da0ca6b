#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "env/env.h"

namespace oxibase {

/// What a backup is taken of: a server that runs, or a folder that nobody has open.
class BackupSource {
 public:
  struct File {
    std::string name;  // as in the data folder
    uint64_t bytes = 0;
  };
  /// A folder's name, or how to reach a server (see WireClient::Connect).
  static Result<std::unique_ptr<BackupSource>> Open(Env& env, const std::string& source);
  virtual ~BackupSource() = default;

  /// From now on nothing of what it lists is removed.
  virtual Status Begin() = 0;
  uint64_t checkpoint() const { return checkpoint_; }
  /// All but the log: they do not change.
  virtual Result<std::vector<File>> DataFiles() = 0;
  /// Says where the log ends; its files from the checkpoint on, up to there. To be copied last.
  virtual Result<std::vector<File>> LogFiles(Lsn* end) = 0;
  virtual Result<uint32_t> Checksum(const File& file) = 0;
  virtual Status Read(const File& file, uint64_t offset, std::span<std::byte> into) = 0;

 protected:
  uint64_t checkpoint_ = 0;
};

}  // namespace oxibase
