#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "env/file_system.h"
#include "storage/index/run_block.h"
#include "storage/index/run_filter.h"
#include "storage/wal/wal_format.h"

namespace oxibase {

inline constexpr uint32_t kRunFormatVersion = 1;
inline constexpr uint64_t kRunHeaderBytes = 64;
inline constexpr uint64_t kRunTrailerBytes = 24;
inline constexpr std::string_view kRunFileKind = "index run file";

struct RunFooter {
  TabletId tablet;
  Oid index = 0;
  uint64_t entries = 0;
  uint64_t keys = 0;    // different ones
  uint32_t levels = 0;  // of nodes, the root included; 0 if there are no entries
  std::string min_key, max_key;

  void Encode(ByteSpan root, std::vector<std::byte>& out) const;
};

/// A run's file: its header and footer, the root, and blocks read on demand, all checked. Knows of
/// no cache. Its const methods are thread-safe.
class RunFile {
 public:
  /// kDataCorrupted, naming file and place, for what is no whole run of this index and database;
  /// kFeatureNotSupported for a later format. `files` is not needed afterwards.
  static Result<std::unique_ptr<RunFile>> Open(FileSystem& files, const std::string& path,
                                               TabletId tablet, Oid index,
                                               const DatabaseIdentity& identity);

  const std::string& path() const { return path_; }
  const RunFooter& footer() const { return footer_; }
  uint64_t file_bytes() const { return file_bytes_; }
  /// Null if there are no entries.
  const RunBlock* root() const { return root_.get(); }
  File& file() const { return *file_; }

  Result<std::unique_ptr<RunBlock>> LoadNode(const BlockRef& where, bool is_lowest) const;
  Result<std::unique_ptr<RunBlock>> LoadLeaf(const BlockRef& where) const;
  /// The same from bytes that were read there.
  Result<std::unique_ptr<RunBlock>> DecodeLeaf(const BlockRef& where, BlockBytes bytes) const;
  Result<std::unique_ptr<FilterPage>> LoadFilterPage(const RunFilterRef& filter,
                                                     uint32_t page) const;
  /// That a block named by a node lies in the file.
  Status Check(const BlockRef& where) const;
  static BlockRef FilterPageAt(const RunFilterRef& filter, uint32_t page);

 private:
  RunFile() = default;

  std::string path_;
  std::unique_ptr<File> file_;
  uint64_t file_bytes_ = 0;
  RunFooter footer_;
  std::unique_ptr<RunBlock> root_;
};

}  // namespace oxibase
