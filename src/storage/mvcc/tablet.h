#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/memory_tracker.h"
#include "common/status.h"
#include "env/mutex.h"
#include "storage/index/tablet_index.h"
#include "storage/mvcc/row_directory.h"
#include "storage/mvcc/row_layout.h"
#include "storage/mvcc/row_version.h"
#include "storage/mvcc/tablet_history.h"

namespace oxibase {

class EpochManager;
class FrozenSegment;
class PrivateMark;
class SegmentStore;
class SupersededBits;
struct FrozenGroup;
struct SegmentList;

/// The rows of one table with their indexes: hot ones in memory, over segments. Rows are read and
/// changed by txn (tablet_access.h); what is here besides is for DDL, checkpoints and recovery.
/// Thread-safe as said at each method. Shared by the registry, plans and transactions.
class Tablet {
 public:
  using IndexList = std::vector<std::shared_ptr<TabletIndex>>;

  /// `schema` may be null while rows are restored; SetSchema must follow before any other use.
  Tablet(TabletId id, std::shared_ptr<const TableSchema> schema, EpochManager& epochs,
         MemoryTracker* parent = nullptr);
  ~Tablet();
  Tablet(const Tablet&) = delete;
  Tablet& operator=(const Tablet&) = delete;

  TabletId id() const { return id_; }
  /// For messages ("t"). Set while nobody else uses it.
  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }
  /// What table locks name: the table's oid, which TRUNCATE keeps. 0: not set.
  Oid table_oid() const { return table_oid_; }
  void set_table_oid(Oid oid) { table_oid_ = oid; }

  /// The schema of new rows, with all older ones. Valid as long as the tablet is.
  const TableSchema& schema() const { return *schema_.load(std::memory_order_acquire); }
  /// ALTER TABLE ADD/DROP COLUMN, and its rollback. REQUIRES: an ACCESS EXCLUSIVE lock, or nobody
  /// else. `schema` has the layouts of every row.
  void SetSchema(std::shared_ptr<const TableSchema> schema);

  /// The indexes. The list is valid while the caller has a ReadGuard or keeps DDL out.
  const IndexList& indexes() const { return *indexes_.load(std::memory_order_acquire); }
  /// Null if there is none. Of two (REINDEX CONCURRENTLY) the one that is complete.
  const TabletIndex* FindIndex(Oid oid) const;
  /// Makes an index over all rows. REQUIRES: writers are kept out (a SHARE lock or stronger).
  /// 23505 when a unique one finds two live rows with one key. It is seen by others when this
  /// returns: a rolled-back CREATE INDEX drops it.
  Result<std::shared_ptr<TabletIndex>> AddIndex(IndexSpec spec);
  /// Takes it out of the list; readers that still have it may go on. Put back by RestoreIndex (DROP
  /// INDEX rolled back, if nothing was written meanwhile: an ACCESS EXCLUSIVE lock was held).
  std::shared_ptr<TabletIndex> DropIndex(Oid oid);
  /// A segment that was written meanwhile gets its run; if that fails (58030), so do readers of the
  /// index, until the folder is opened again.
  void RestoreIndex(std::shared_ptr<TabletIndex> index);

  // ---- Indexes made and dropped while others write: tablet_concurrent.cc says how.

  /// Puts a new index that is not complete into the list, over the segments but without entries of
  /// rows in memory. Errors: of reading and writing files.
  Result<std::shared_ptr<TabletIndex>> BeginIndex(IndexSpec spec);
  /// Adds the entries of all rows in memory; unique keys are not looked at. REQUIRES: all who wrote
  /// when it began have ended. `check` is asked now and then, and its error ends this.
  Status FillBeside(TabletIndex& index, const std::function<Status()>& check);
  /// Takes it out of the list, if it is there. It is not complete from now on.
  void RemoveIndex(TabletIndex& index);
  std::shared_ptr<TabletIndex> SharedIndex(Oid oid) const;
  /// Writers may still go by lists that have been replaced beside them. Those up to `mark`, of
  /// lists_mark(), are done away with: when all who wrote then have ended.
  uint64_t lists_mark() const;
  void ReleaseLists(uint64_t mark);

  /// Row ids below this may have been given out.
  RowId next_row_id() const { return RowId(next_row_id_.load(std::memory_order_relaxed)); }
  /// Gives out a row id. Never the same twice.
  RowId NewRowId() { return RowId(next_row_id_.fetch_add(1, std::memory_order_relaxed)); }
  /// Recovery: no id below `bound` is given out again.
  void ReserveRowIds(RowId bound);

  /// Rows that committed or running transactions have left; for planning.
  uint64_t live_rows() const {
    return static_cast<uint64_t>(std::max<int64_t>(0, live_rows_.load(std::memory_order_relaxed)));
  }
  void AddLiveRows(int64_t delta) { live_rows_.fetch_add(delta, std::memory_order_relaxed); }
  MemoryTracker& memory() { return memory_; }
  /// Of the indexes in memory.
  uint64_t IndexBytes() const;

  /// Counts those who will still look at its rows: it isn't destroyed before they are done.
  void Pin(int64_t delta) const { pins_.fetch_add(delta, std::memory_order_acq_rel); }
  bool pinned() const { return pins_.load(std::memory_order_acquire) != 0; }

  RowDirectory& rows() { return rows_; }
  const RowDirectory& rows() const { return rows_; }
  EpochManager& epochs() const { return epochs_; }
  /// How far back it can be read.
  TabletHistory& history() { return history_; }
  const TabletHistory& history() const { return history_; }

  // ---- Chains. These need a ReadGuard.

  /// Takes a version out of its row's chain that nobody can see any more, or that its writer takes
  /// back; index entries that no other version has go with it, and the row goes whole when nothing
  /// but a committed tombstone is left. The version is freed when readers have gone.
  void Cut(RowId row, RowVersion* version);
  /// Takes a version that no chain has.
  void Discard(RowVersion* version);

  // ---- Segments. These need a ReadGuard, unless they say otherwise.

  /// The newest list; null: there are no segments, or memory has all of their rows too, and whoever
  /// reads need not look at them.
  const SegmentList* segments() const { return segments_.load(std::memory_order_seq_cst); }
  /// Puts a row that only segments have at the head of an empty chain, as it is there. For whoever
  /// is about to change or lock the row and found no chain: false if there is no such row, else
  /// look again; it may have left memory again, too. Errors: of reading segments.
  Result<bool> EnsureHot(RowId row) {
    return segments() == nullptr ? rows_.Head(row) != nullptr : EnsureHotSlow(row);
  }
  /// Of a group of any list that the caller reads. Errors: of reading segments.
  Result<SupersededBits*> SupersededIn(const FrozenGroup& group) const;

  /// Held while segments are written, merged or read for a new index, and rows evicted.
  Mutex& segments_mu() const RETURN_CAPABILITY(segments_mu_) { return segments_mu_; }
  /// Makes `list` the newest one. Needs no guard. REQUIRES: segments_mu(), or nobody else
  void PublishSegments(std::shared_ptr<const SegmentList> list);
  /// Recovery: the same, and memory has none of its rows.
  void RestoreSegments(std::shared_ptr<const SegmentList> list);
  /// The newest list, read or not; null: there are no segments.
  std::shared_ptr<const SegmentList> segment_list() const;
  /// Notes that segments have all rows that began at or before `as_of`. Needs no guard.
  void MarkFrozen(Timestamp as_of);
  enum class Evicted : uint8_t { kTombstones, kAll };
  /// Takes rows out of memory whose only version there is as the segments have it: those that
  /// began at or before `as_of`, up to which all is in segments, and durable. Returns how many.
  /// Needs no guard. REQUIRES: segments_mu(). Errors: of reading segments.
  Result<size_t> Evict(Timestamp as_of, Timestamp oldest_snapshot, Evicted which);

  // ---- Private segments (segment/private_rows.h), of a transaction on whose thread this runs.
  // These need no guard.

  /// A change that the transaction made, once, to a row.
  struct PrivateWrite {
    RowId row;
    RowVersion* version;
    bool is_new;    // it added the row
    bool is_moved;  // set by MoveToSegment: the row is the segment's
  };
  /// Moves changes from memory to a new private segment with the transaction's mark, as many as can
  /// be: not those of rows with a committed version that is in memory alone. `writes` are in order
  /// of row id. Returns the segment with its runs' files, the newest one of the list from here on;
  /// null: nothing was moved. Errors: of reading and writing segments; then nothing was.
  Result<std::shared_ptr<const FrozenSegment>> MoveToSegment(
      SegmentStore& store, const std::shared_ptr<PrivateMark>& mark,
      std::span<PrivateWrite> writes);
  /// Takes a private segment back, with the copies of its rows that are in memory.
  void DropPrivate(const FrozenSegment& segment);

  // ---- Checkpoint and recovery.

  /// One row as a checkpoint writes it.
  struct RowImage {
    RowId id;
    Timestamp begin;
    SchemaVersion schema;
    std::span<const std::byte> bytes;
    bool removed = false;  // deleted, and a segment may have it
    bool frozen = false;   // a segment may have it
  };
  /// Calls `emit` for each hot row visible at `at`, and for those that were deleted by then and may
  /// be in segments, in order of row id from `first` on, until it
  /// returns false. Returns the id to go on from, or 0 at the end. The snapshot `at` must be pinned
  /// (TxnManager); no guard is needed, nor held while this is not running. The bytes are good
  /// during the call.
  RowId ScanImages(Timestamp at, RowId first, const std::function<bool(const RowImage&)>& emit);

  /// Calls `emit` for each version in memory that ended after `since` and at or before `at`, in
  /// order of row id and then of time, until `more`, which is asked after each row, says no.
  /// Returns the id to go on from, or 0 at the end. No guard is needed, nor held while this is not
  /// running; those versions must be kept from being freed.
  RowId ScanSuperseded(Timestamp since, Timestamp at, RowId first,
                       const std::function<void(RowId, Timestamp end, const RowVersion&)>& emit,
                       const std::function<bool()>& more);

  /// Recovery: makes this the row's only version in memory if `commit_ts` is newer than what is
  /// there; where history is kept, the newest one. Any order; any threads, each row on one thread
  /// at a time. Needs an EpochGuard. Indexes are not touched. `is_new`: no segment has the row.
  void Restore(RowId row, Timestamp commit_ts, SchemaVersion schema,
               std::span<const std::byte> bytes, bool is_new);
  void RestoreDelete(RowId row, Timestamp commit_ts);
  /// Ends recovery: drops what was deleted and fills the indexes. XX001 if a row, or a segment, is
  /// not one of this table's schema.
  Status FinishRestore();

 private:
  Result<bool> EnsureHotSlow(RowId row);
  class HotCopies;
  bool ChangesReferableKey(const RowVersion& older, const RowVersion& newer) const;
  Result<bool> CanMove(const PrivateWrite& write, const SegmentList* list, PrivateMark& mark) const;
  void TakeOut(RowId row);
  /// From here on segments are looked at.
  void ReadSegments();
  Status AddRuns(const TabletIndex& index) REQUIRES(segments_mu_);
  /// Makes runs of all segments anew; unique keys are not looked at.
  Status RenewRuns(const TabletIndex& index) REQUIRES(segments_mu_);
  void RemoveRuns(Oid index) REQUIRES(segments_mu_);
  void PublishBeside(IndexList list) REQUIRES(ddl_mu_);
  Status CheckUniqueOverSegments(const TabletIndex& index, const SegmentList& list) const;
  Result<bool> HasKeyNow(const TabletIndex& index, const SegmentList& list, RowId row,
                         std::string_view key, std::string* scratch,
                         std::vector<Value>* values) const;
  Status CheckSegmentSchemas() const;
  Result<uint64_t> PrivateBegin(const SegmentList& list, RowId row) const;
  /// Takes the versions below `head` that began before `begin` out of its chain. Recovery only, as
  /// the next one.
  void CutBefore(RowVersion& head, uint64_t begin);
  /// The version and what lies below it.
  void DestroyFrom(RowVersion* version);
  bool EveryIndexHasRuns(const SegmentList& list) const;
  Result<bool> EvictRow(RowId row, RowDirectory::Slot& slot, const SegmentList& list,
                        Timestamp as_of, Timestamp oldest_snapshot);
  void RemoveEntries(RowId row, const RowVersion* chain, const RowVersion& version);
  void RestoreVersion(RowId row, RowVersion* version);
  /// Recovery, where history is kept: all that was superseded since the last checkpoint is listed.
  Status FinishHistory();
  Status AppendFrozen(RowId row, RowVersion* head, const SegmentList& list);
  Status FillIndex(TabletIndex& index, bool check_unique);
  Status FillFromChain(TabletIndex& index, RowId row, RowVersion* head, bool check_unique);
  Status CheckUnique(const TabletIndex& index, std::string_view key, RowId row);
  void PublishIndexes(IndexList list) REQUIRES(ddl_mu_);

  const TabletId id_;
  EpochManager& epochs_;
  std::string name_;
  Oid table_oid_ = 0;
  MemoryTracker memory_;
  RowDirectory rows_;
  TabletHistory history_;
  std::atomic<uint64_t> next_row_id_{1};
  std::atomic<int64_t> live_rows_{0};
  mutable std::atomic<int64_t> pins_{0};

  std::atomic<const TableSchema*> schema_;
  std::atomic<const IndexList*> indexes_;
  mutable Mutex ddl_mu_;
  // Replaced beside writers, with the number of each; oldest first.
  std::vector<std::pair<uint64_t, const IndexList*>> old_lists_ GUARDED_BY(ddl_mu_);
  uint64_t lists_replaced_ GUARDED_BY(ddl_mu_) = 0;
  // Every schema there was: readers hold plain references. DDL is rare.
  std::vector<std::shared_ptr<const TableSchema>> schemas_ GUARDED_BY(ddl_mu_);
  std::atomic<const SegmentList*> segments_{nullptr};
  // The newest list, shared with the checkpointer.
  std::shared_ptr<const SegmentList> segment_list_ GUARDED_BY(ddl_mu_);
  bool has_cold_rows_ GUARDED_BY(ddl_mu_) = false;  // or may have: then segments_ is that list
  mutable Mutex segments_mu_;
};

}  // namespace oxibase
