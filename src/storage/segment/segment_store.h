#pragma once

#include <absl/container/flat_hash_set.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/ids.h"
#include "common/memory_tracker.h"
#include "common/status.h"
#include "env/file_system.h"
#include "env/mutex.h"
#include "storage/index/index_run.h"
#include "storage/segment/frozen_segment.h"

namespace oxibase {

/// The folder in which segments and index runs lie, with the numbers that name them and the cache
/// that they are read through. A file that somebody writes or reads is held: it stays on disk even
/// if no manifest names it (yet, or any more). Thread-safe. Shared by the folder and all that is
/// held.
class SegmentStore : public std::enable_shared_from_this<SegmentStore> {
 public:
  /// A file's number, held as long as this lives. Movable.
  class Held {
   public:
    Held() = default;
    Held(Held&& other) noexcept : store_(std::move(other.store_)), number_(other.number_) {}
    Held& operator=(Held&& other) noexcept {
      std::swap(store_, other.store_);
      std::swap(number_, other.number_);
      return *this;
    }
    ~Held() {
      if (store_ != nullptr) store_->Release(number_);
    }
    uint64_t number() const { return number_; }

   private:
    friend class SegmentStore;
    Held(std::shared_ptr<SegmentStore> store, uint64_t number)
        : store_(std::move(store)), number_(number) {}
    std::shared_ptr<SegmentStore> store_;
    uint64_t number_ = 0;
  };

  /// `files`, `cache` and `memory` outlive it.
  SegmentStore(FileSystem& files, std::string path, const DatabaseIdentity& identity,
               BlockCache& cache, MemoryTracker* memory, uint64_t next_number)
      : files_(files),
        path_(std::move(path)),
        identity_(identity),
        cache_(cache),
        memory_(memory),
        next_number_(next_number) {}

  FileSystem& files() const { return files_; }
  const std::string& path() const { return path_; }
  const DatabaseIdentity& identity() const { return identity_; }
  MemoryTracker* memory() const { return memory_; }
  /// What sorting the entries of one index may take. Set before others use it.
  size_t sort_bytes() const { return sort_bytes_; }
  void set_sort_bytes(size_t bytes) { sort_bytes_ = bytes; }

  /// A number that no file has had.
  Held NewFile();
  /// A file that the manifest, or the log, names. REQUIRES: nobody holds it
  Held HoldFile(uint64_t number);
  /// No smaller one was left to give out.
  uint64_t next_number() const;
  bool IsHeld(uint64_t number) const;

  std::string SegmentPath(uint64_t number) const;
  std::string RunPath(uint64_t number) const;
  /// A name that temporary files of this writer begin with.
  std::string TemporaryPath(uint64_t number) const;

  /// Opens a finished file; it is held until what this returns is gone.
  Result<std::shared_ptr<const FrozenSegment>> OpenSegment(
      Held file, TabletId tablet, std::shared_ptr<PrivateRows> private_rows = nullptr);
  Result<std::shared_ptr<const IndexRun>> OpenRun(Held file, TabletId tablet, Oid index);

 private:
  void Release(uint64_t number);

  FileSystem& files_;
  const std::string path_;
  const DatabaseIdentity identity_;
  BlockCache& cache_;
  MemoryTracker* const memory_;
  size_t sort_bytes_ = size_t{16} << 20;
  mutable Mutex mu_;
  uint64_t next_number_ GUARDED_BY(mu_);
  absl::flat_hash_set<uint64_t> held_ GUARDED_BY(mu_);
};

/// "000000000000002a.seg" and ".run", and back; empty if `name` is none.
std::string SegmentFileName(uint64_t number);
std::string RunFileName(uint64_t number);
std::optional<uint64_t> ParseSegmentFileName(std::string_view name);
std::optional<uint64_t> ParseRunFileName(std::string_view name);
/// The number that TemporaryPath was given for a file of this name.
std::optional<uint64_t> ParseTemporaryFileName(std::string_view name);

}  // namespace oxibase
