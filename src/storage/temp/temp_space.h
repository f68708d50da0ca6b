#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/status.h"
#include "env/clock.h"
#include "env/file_system.h"
#include "env/mutex.h"

namespace oxibase {

class TempFile;

/// Where a database's statements put what does not fit in memory. Thread-safe.
class TempSpace {
 public:
  /// `folder` is made when it is first needed. `shared`: others keep files there too.
  TempSpace(FileSystem& files, Random& random, std::string folder, bool shared)
      : files_(files), random_(random), folder_(std::move(folder)), shared_(shared) {}

  /// Removes what an earlier process left, in a folder that is not shared.
  Status RemoveLeftovers();
  /// A file of its own for one statement, of at most `bytes_max` (0: no limit). It has no name any
  /// more when this returns, so that nothing can be left of it.
  Result<std::shared_ptr<TempFile>> Create(uint64_t bytes_max);

  uint64_t files_made() const { return files_made_.load(std::memory_order_relaxed); }
  uint64_t bytes_written() const { return bytes_written_.load(std::memory_order_relaxed); }

 private:
  friend class TempFile;

  FileSystem& files_;
  Random& random_;
  const std::string folder_;
  const bool shared_;
  Mutex mu_;
  bool folder_made_ GUARDED_BY(mu_) = false;
  std::atomic<uint64_t> files_made_{0};
  std::atomic<uint64_t> bytes_written_{0};
};

/// A statement's temporary file: extents of one size, given out and taken back in any order. Not
/// thread-safe. The TempSpace outlives it.
class TempFile {
 public:
  static constexpr size_t kExtentBytes = size_t{32} << 10;

  TempFile(TempSpace& space, std::unique_ptr<File> file, uint64_t bytes_max)
      : space_(space), file_(std::move(file)), bytes_max_(bytes_max) {}

  /// 53400 beyond temp_file_limit.
  Result<uint32_t> Allocate();
  void Free(uint32_t extent) { free_.push_back(extent); }
  /// Errors: 53100, 58030.
  Status Write(uint32_t extent, ByteSpan bytes);
  Status Read(uint32_t extent, size_t offset, std::span<std::byte> into);

 private:
  TempSpace& space_;
  const std::unique_ptr<File> file_;
  const uint64_t bytes_max_;
  uint32_t extents_ = 0;
  std::vector<uint32_t> free_;
};

/// Blocks written one after another into extents of a temporary file, which it gives back; read in
/// any order, also while it is written. Not thread-safe.
class TempStream {
 public:
  explicit TempStream(std::shared_ptr<TempFile> file) : file_(std::move(file)) {}
  ~TempStream() { Clear(); }
  TempStream(const TempStream&) = delete;
  TempStream& operator=(const TempStream&) = delete;

  /// Appends a block: `content`, compressed where that helps, with a checksum. 54000 above 4 GiB.
  Status AppendBlock(ByteSpan content);
  /// Reads the block that lies in [offset, offset + bytes). kDataCorrupted if it is not as it was.
  Status ReadBlock(uint64_t offset, size_t bytes, std::vector<std::byte>* content) const;
  /// Nothing more will be appended: writes what is left and lets go of the buffer.
  Status Finish();
  /// What lies before `offset` will not be read again.
  void Release(uint64_t offset);
  void Clear();

  uint64_t size() const { return size_; }
  size_t buffer_bytes() const { return buffer_.capacity(); }

 private:
  Status Append(ByteSpan bytes);
  Status Read(uint64_t offset, std::span<std::byte> into) const;

  std::shared_ptr<TempFile> file_;  // shared with the statement's other streams
  std::vector<uint32_t> extents_;   // full ones, and the last after Finish
  std::vector<std::byte> buffer_;   // of the extent that is being filled
  uint64_t size_ = 0;
  size_t released_ = 0;  // extents given back
};

}  // namespace oxibase
