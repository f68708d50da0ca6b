#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "env/file_system.h"
#include "storage/index/entry_stream.h"
#include "storage/index/run_block.h"
#include "storage/index/run_file.h"

namespace oxibase {

/// Writes one index run from entries in order. Holds a block a level and the hashes of a lowest
/// node's keys, some megabytes at most. Not thread-safe. A file that is not finished is of no use
/// to anybody and is removed on destruction.
class RunWriter {
 public:
  struct Options {
    std::string path;
    TabletId tablet;
    Oid index = 0;
    uint64_t number = 0;
    DatabaseIdentity identity{};
    /// False for temporary files: no filter, no sync.
    bool durable = true;
    /// Of a bitmap index: leaves with bitmaps, of so many entries at most; 0: ordinary ones.
    uint32_t bitmap_entries = 0;
    /// Content at which a leaf and a node are closed.
    size_t leaf_bytes = 8 << 10;
    size_t node_bytes = 16 << 10;
  };
  static Result<std::unique_ptr<RunWriter>> Create(FileSystem& files, const Options& options);
  ~RunWriter();

  /// kProgramLimitExceeded for a key beyond kRunKeyBytesMax. REQUIRES: (key, row) is greater than
  /// all before
  Status Add(std::string_view key, RowId row);
  Status AddAll(EntryStream& entries);
  /// Writes the rest and syncs the file. Its name is durable once the folder is synced.
  Status Finish();

  uint64_t entries() const { return footer_.entries; }
  /// After Finish.
  uint64_t file_bytes() const { return written_; }

 private:
  RunWriter(FileSystem& files, const Options& options) : files_(files), options_(options) {}
  bool LeafIsFull() const;
  Status FlushLeaf();
  Status FlushNode(size_t level);
  /// The child has no entry before (key, row).
  Status AddChild(size_t level, std::string_view key, RowId row, BlockRef child);
  Status PutFilter(RunFilterRef* filter);
  Result<BlockRef> PutBlock(RunEncoding encoding, ByteSpan content, Compress compress);
  Status FlushBuffer();
  uint64_t position() const { return written_ + buffer_.size(); }

  FileSystem& files_;
  const Options options_;
  std::unique_ptr<File> file_;
  bool finished_ = false;
  uint64_t written_ = 0;
  std::vector<std::byte> buffer_;
  std::vector<std::byte> content_;

  RunFooter footer_;
  RunBlockBuilder leaf_;
  std::string separator_;  // of the leaf, and its row id
  RowId separator_row_;
  std::string last_key_;
  RowId last_row_;
  std::vector<std::unique_ptr<RunBlockBuilder>> levels_;  // of nodes, lowest first
  std::vector<uint64_t> hashes_;                          // of the lowest open node's keys
};

}  // namespace oxibase
