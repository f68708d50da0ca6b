#pragma once
// Which snapshots are in use, so that it is known which versions nobody can see.

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/ids.h"
#include "env/mutex.h"
#include "storage/mvcc/row_version.h"

namespace oxibase {

class Tablet;

/// A superseded version: seen by snapshots in [begin, end) only.
struct DeadVersion {
  Tablet* tablet;
  RowId row;
  RowVersion* version;
  uint64_t begin;
  uint64_t end;
};

/// One snapshot in use, or none (0). Written by its owner alone.
struct alignas(64) SnapshotSlot {
  std::atomic<uint64_t> ts{0};
  /// Versions that this snapshot is the youngest to see; looked at again when it ends.
  std::atomic<bool> has_hung{false};
  Mutex mu;
  std::vector<DeadVersion> hung GUARDED_BY(mu);
};

/// All slots. Thread-safe.
class SnapshotRegistry {
 public:
  SnapshotRegistry() = default;

  SnapshotSlot* AcquireSlot();
  /// REQUIRES: ts == 0 and nothing is hung on it
  void ReleaseSlot(SnapshotSlot* slot);

  /// The snapshots in use, ascending, each once. One taken after this call began sees at least what
  /// was visible then.
  void Collect(std::vector<uint64_t>* snapshots);
  /// Puts a snapshot that another slot has, and keeps during this call, into `to`.
  void Copy(SnapshotSlot* to, uint64_t ts);
  /// Hangs `dead` on the youngest snapshot that sees it. False if there is none: free it.
  bool Hang(const DeadVersion& dead);

 private:
  template <typename F>
  void ForEachSlot(F&& f);

  static constexpr size_t kChunk = 64;
  struct Chunk {
    SnapshotSlot slots[kChunk];
    std::atomic<Chunk*> next{nullptr};
  };
  Chunk first_;
  std::atomic<size_t> count_{0};  // slots ever handed out
  std::atomic<uint64_t> copies_{0};
  Mutex mu_;
  std::vector<std::unique_ptr<Chunk>> chunks_ GUARDED_BY(mu_);
  std::vector<SnapshotSlot*> free_ GUARDED_BY(mu_);
};

}  // namespace oxibase
