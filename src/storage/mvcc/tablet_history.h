#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <vector>

#include "common/ids.h"
#include "env/mutex.h"

namespace oxibase {

struct RowVersion;

/// How far back a tablet can be read, and its superseded versions that are kept in memory for that:
/// until a checkpoint has them in history segments. They stay in their rows' chains; this lists
/// them, so that they can be let go in time.
///
/// All versions that ended after from() are there. It only rises: with time, and to the present
/// when history begins anew. Who reads the past first pins its time as a snapshot and then looks at
/// from(); who lets go raises from() first and then looks at the snapshots. Thread-safe.
class TabletHistory {
 public:
  struct Superseded {
    RowId row;
    RowVersion* version;
    uint64_t begin;
    uint64_t end;
  };

  /// The earliest time that can be read; Max(): none.
  Timestamp from() const { return {from_.load(std::memory_order_seq_cst)}; }
  /// How long versions are kept after their end; 0: not at all.
  int64_t retention_micros() const { return retention_micros_.load(std::memory_order_relaxed); }
  void set_retention_micros(int64_t micros) {
    retention_micros_.store(micros, std::memory_order_relaxed);
  }

  /// From now on versions are kept. They are handed to Keep until the tablet goes, since whoever
  /// disposes of one may have looked at the snapshots before this changed.
  void StartKeeping() { keeps_.store(true, std::memory_order_seq_cst); }
  bool keeps() const { return keeps_.load(std::memory_order_seq_cst); }
  /// The past before `from` cannot be read any more (Max(): nor can the present).
  void Begin(Timestamp from) { from_.store(from.value, std::memory_order_seq_cst); }
  /// The same, but never backwards; without effect where nothing can be read.
  void Advance(Timestamp from);
  /// The same, and nobody finds what was before any more, not even who has pinned it.
  void Cut(Timestamp from);
  Timestamp cut() const { return {cut_.load(std::memory_order_seq_cst)}; }

  void Keep(const Superseded& version);
  /// Takes out what ended at or before from().
  std::vector<Superseded> TakeOld() { return Take(from()); }
  /// Takes out what ended at or before `end`: segments have it.
  std::vector<Superseded> Take(Timestamp end);
  /// Recovery: after versions were handed over in any order.
  void SortKept();

  /// What the table was when its history began, so that after recovery it is known whether it still
  /// is: a number of whoever knows tables.
  uint64_t shape() const { return shape_.load(std::memory_order_relaxed); }
  void set_shape(uint64_t shape) { shape_.store(shape, std::memory_order_relaxed); }
  /// Versions kept.
  size_t size() const;

 private:
  std::atomic<bool> keeps_{false};
  std::atomic<uint64_t> from_{Timestamp::Max().value};
  std::atomic<uint64_t> cut_{0};
  std::atomic<int64_t> retention_micros_{0};
  std::atomic<uint64_t> shape_{0};
  mutable Mutex mu_;
  /// About in order of their ends: neighbours may have come in the wrong order.
  std::deque<Superseded> kept_ GUARDED_BY(mu_);
};

}  // namespace oxibase
