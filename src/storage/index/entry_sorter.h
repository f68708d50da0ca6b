#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/arena.h"
#include "common/ids.h"
#include "common/memory_tracker.h"
#include "common/status.h"
#include "env/file_system.h"
#include "storage/index/entry_stream.h"

namespace oxibase {

/// Puts entries in order within bounded memory: what does not fit is sorted piece by piece into
/// temporary files, which are merged. Not thread-safe.
class EntrySorter {
 public:
  struct Options {
    /// Temporary files are this with a number behind it; they go with the sorter and its stream,
    /// and after a crash are for the folder's owner to remove.
    std::string path_prefix;
    size_t memory_bytes = 64 << 20;
  };
  /// `files` and `parent` outlive the sorter and its stream.
  EntrySorter(FileSystem& files, Options options, MemoryTracker* parent = nullptr);
  ~EntrySorter();

  /// In any order; the key's bytes are copied. What is there already is left out. kDiskFull and
  /// kIoError if a piece can't be written.
  Status Add(std::string_view key, RowId row);
  /// All entries in order. REQUIRES: nothing is called afterwards; the sorter may go
  Result<std::unique_ptr<EntryStream>> Finish();

  uint64_t entries() const { return entries_; }
  /// Pieces written to files so far.
  size_t pieces() const { return pieces_written_; }

 private:
  class SortedArray;
  class Piece;
  class PieceStream;
  struct Entry {
    uint64_t head;  // the key's first eight bytes, for comparing
    const char* key;
    uint32_t key_bytes;
    RowId row;
    std::string_view view() const { return {key, key_bytes}; }
  };
  // Few enough that their windows stay within a few megabytes.
  static constexpr size_t kMergeWidth = 24;

  static bool IsBefore(const Entry& a, const Entry& b);
  void Sort();
  /// Writes what is in memory to a piece of its own.
  Status Spill();
  Result<std::unique_ptr<Piece>> WritePiece(EntryStream& entries);
  static Result<std::unique_ptr<EntryStream>> Merge(std::vector<std::unique_ptr<Piece>> pieces);
  void CountMemory();

  FileSystem& files_;
  const Options options_;
  MemoryTracker memory_;
  int64_t counted_bytes_ = 0;
  Arena arena_;
  size_t key_bytes_ = 0;
  std::vector<Entry> buffer_;
  std::vector<std::unique_ptr<Piece>> pieces_;
  size_t pieces_written_ = 0;
  uint64_t entries_ = 0;
};

}  // namespace oxibase
