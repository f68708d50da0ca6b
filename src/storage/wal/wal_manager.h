#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "env/env.h"
#include "env/mutex.h"
#include "env/thread.h"
#include "storage/wal/wal_format.h"
#include "storage/wal/wal_record.h"
#include "storage/wal/wal_replay.h"
#include "storage/wal/wal_segments.h"

namespace oxibase {

class WalReplayPool;

struct WalOptions {
  /// Size of a segment file; a record larger than it gets a file of its own size.
  uint64_t segment_bytes = kWalSegmentBytes;
  /// How long a record that nobody waits for may stay in memory (synchronous_commit = off).
  int64_t flush_delay_micros = 10'000;
  /// False leaves out every sync: after a crash of the machine anything may be lost or damaged.
  bool sync = true;
  /// Whether a folder without any file may be made a new log of; else it is kDataCorrupted.
  bool may_be_new = true;
  /// The database that the log belongs to.
  DatabaseIdentity identity{};
  /// Threads that replay at opening; 0: as many as there are processors.
  size_t replay_threads = 0;
  /// Where files of the log are copied before they are removed or used again; empty: nowhere.
  std::string archive = {};
  /// How far replay is, about every kReplayProgressBytes. May be empty.
  WalReplayProgress on_replay = {};
  /// After this long without work the log writer notes that all is durable (see wal_format.h);
  /// 0 = never, for tests that count writes.
  int64_t idle_note_micros = 200'000;
  /// Appending waits while this much is gathered and not yet written. One record more may gather,
  /// and as much again may be on its way to disk.
  size_t gathered_bytes_max = size_t{16} << 20;
};

/// Where a record lies. `end` is what to wait for.
struct WalRange {
  Lsn begin;
  Lsn end;
};

/// A moment in the log. Every record with a commit timestamp up to `timestamp` lies before `next`,
/// every one above it behind.
struct WalPosition {
  Lsn next;
  /// Where replay has to begin to see every record of transactions that are open in the log at
  /// `next`; equal to `next` when there are none.
  Lsn replay_from;
  Timestamp timestamp;
  /// The opening of the log that wrote last, see wal_format.h.
  uint32_t epoch = 0;
  /// Of the record at `next`.
  uint64_t index = 1;
};

/// What opening the log found.
struct WalReplaySummary {
  uint64_t records = 0;
  uint64_t bytes = 0;
  uint64_t transactions = 0;
  Timestamp highest_timestamp;
  TxnId highest_txn;
};

/// The write-ahead log of one database folder. Thread-safe.
///
/// `Append...` copies a record into memory and gives it its place; the log writer (a thread, or a
/// waiting committer when the thread has nothing to do) writes all that has gathered and syncs it,
/// while the next records gather. Nobody holds a lock during a write or sync.
///
/// Failures. No room on disk: space is taken before a record is accepted, so `Append...` fails with
/// kDiskFull (53100), nothing of it reaches the log, and a later call may succeed. A failed write
/// or sync: nothing further is accepted (kIoError, 58030), and who waits for what was accepted
/// before gets kTransactionResolutionUnknown (08007); only opening the folder anew ends this.
class WalManager {
 public:
  /// Opens the log in `folder` (which exists), hands every record from `from` on to `target` and
  /// makes ready to append. A torn tail is cut; damage before it is kDataCorrupted. A default
  /// `from` starts a new log in an empty folder. `env` outlives the manager.
  static Result<std::unique_ptr<WalManager>> Open(Env& env, const std::string& folder,
                                                  const WalOptions& options, WalPosition from,
                                                  WalReplayTarget& target);
  /// Writes and syncs what was appended, if it can.
  ~WalManager();

  /// Logs a committed transaction. `commit_ts` is called under the log's lock, at the moment when
  /// the record takes its place, and returns the commit timestamp: both orders agree. It must be
  /// short, take no lock that is held around a call to this class, and return rising values. A
  /// transaction too large for one record is written as chunks and a commit.
  /// `has_files`: AppendFiles went before; they count from here on, or after an error never.
  template <typename F>
  Result<WalRange> AppendTxn(TxnId txn, const RedoBuffer& redo, F&& commit_ts,
                             bool has_files = false) {
    return AppendTxnImpl(txn, redo, CommitClock(commit_ts), has_files);
  }
  /// Logs a kAddFiles record of a transaction. AppendTxn or AppendAbort must follow, whatever
  /// becomes of it.
  Status AppendFiles(TxnId txn, ByteSpan payload);
  /// What was logged of the transaction so far means nothing.
  void AppendAbort(TxnId txn);
  Result<WalRange> AppendSequence(const SequenceState& state);
  /// From now on row ids of `tablet` below `bound` may have been given out.
  Result<WalRange> AppendRowIdLease(TabletId tablet, RowId bound);

  /// Everything before it is on disk. Rises.
  Lsn durable_lsn() const { return Lsn(durable_.load(std::memory_order_acquire)); }
  /// Blocks until durable_lsn() >= lsn. Error: see above.
  Status WaitDurable(Lsn lsn);
  /// Calls `done` once, when `lsn` is durable or the log has failed: at once on this thread, or
  /// later on the log writer's, which must not be held up, nor call back into Append or Wait.
  void OnDurable(Lsn lsn, std::function<void(const Status&)> done);
  /// Makes sure that `lsn` is written within flush_delay_micros without waiting for it.
  void RequestFlush(Lsn lsn);

  /// Called just before each advance of durable_lsn(), in order, by whoever wrote, with what it
  /// will be. Set it before the first append; when this returns, the one before is not called any
  /// more.
  void set_durable_observer(std::function<void(Lsn)> observer);

  WalPosition position();
  /// As position(), and calls `at_position` under the log's lock, so that what it reads agrees.
  WalPosition position(const std::function<void()>& at_position);

  /// Bytes that replay would read if the last checkpoint began at `from`.
  uint64_t BytesSince(Lsn from);
  /// Removes or reuses the files that lie wholly before `lsn`.
  Status RemoveBefore(Lsn lsn);

  /// OK, or why nothing is accepted any more.
  Status status();

  const WalReplaySummary& replayed() const { return replayed_; }

 private:
  /// A callable borrowed for the length of a call.
  class CommitClock {
   public:
    template <typename F>
    explicit CommitClock(F& f)
        : object_(&f),
          call_([](void* object) -> Timestamp { return (*static_cast<F*>(object))(); }) {}
    Timestamp operator()() const { return call_(object_); }

   private:
    void* object_;
    Timestamp (*call_)(void*);
  };
  WalManager(Env& env, const WalOptions& options);

  /// One record to append. The payload lies in two parts.
  struct Record {
    WalRecordKind kind = WalRecordKind::kVoid;
    TxnId txn;
    ByteSpan head;
    ByteSpan body;
    const CommitClock* commit_ts = nullptr;
  };
  using Callback = std::function<void(const Status&)>;

  Status Replay(const std::string& folder, const WalPosition& from, WalReplayTarget& target,
                std::vector<WalReader::Segment>* segments);
  Status ReplayRecord(WalReader& reader, const WalReader::Record& record,
                      std::map<TxnId, std::vector<Lsn>>* open, WalReplayTarget& target,
                      WalReplayPool& pool);

  Result<WalRange> AppendTxnImpl(TxnId txn, const RedoBuffer& redo, CommitClock commit_ts,
                                 bool has_files);
  Status AppendChunks(TxnId txn, const RedoBuffer& redo);
  Result<WalRange> AppendRecord(const Record& record);
  void WriterLoop();
  /// Writes and syncs what has gathered: takes the writer's role, lets go of `mu_` meanwhile, gives
  /// the role back. REQUIRES: !writer_busy_
  void WriteGroup() REQUIRES(mu_);
  /// The part of WriteGroup without the lock.
  Status WriteOut(uint64_t begin, ByteSpan bytes);
  /// Ends writing for good: `failure` is what appends get from now on.
  void Fail(Status failure) REQUIRES(mu_);
  Status OutcomeUnknown() REQUIRES(mu_);
  bool NeedsIdleNote() const REQUIRES(mu_);
  /// Adds a kVoid record; lets go of the lock meanwhile.
  void AppendNote() REQUIRES(mu_);

  Env& env_;
  const WalOptions options_;
  std::unique_ptr<WalSegments> segments_;
  WalReplaySummary replayed_;

  std::atomic<uint64_t> durable_{0};
  std::function<void(Lsn)> durable_observer_;

  /// From `lsn` on records go to `file`.
  struct PlannedSwitch {
    uint64_t lsn = 0;
    WalSegments::Spare file;
  };

  // Belongs to who has the writer's role.
  std::vector<std::byte> writing_;
  std::vector<PlannedSwitch> writing_switches_;

  Mutex mu_;
  CondVar writer_wakes_;   // something to write while the writer sleeps without end, or stop
  CondVar durable_moves_;  // durable_ rose, the role is free, or the log failed
  std::vector<std::byte> gathering_ GUARDED_BY(mu_);  // records that nobody writes yet
  std::vector<PlannedSwitch> switches_ GUARDED_BY(mu_);
  uint64_t gathering_begin_ GUARDED_BY(mu_) = 0;
  uint64_t next_ GUARDED_BY(mu_) = 0;      // where the next record goes
  uint64_t room_end_ GUARDED_BY(mu_) = 0;  // of the file it goes to
  uint64_t flush_to_ GUARDED_BY(mu_) = 0;  // somebody wants it durable up to here
  uint64_t next_index_ GUARDED_BY(mu_) = 1;
  uint64_t noted_ GUARDED_BY(mu_) = 0;  // a kVoid record says that all before it is durable
  uint32_t epoch_ GUARDED_BY(mu_) = 0;
  Timestamp last_timestamp_ GUARDED_BY(mu_);
  std::map<TxnId, uint64_t> open_chunked_ GUARDED_BY(mu_);  // first record of each
  std::multimap<uint64_t, Callback> waiters_ GUARDED_BY(mu_);
  Status failure_ GUARDED_BY(mu_);
  bool writer_busy_ GUARDED_BY(mu_) = false;
  bool writer_sleeps_ GUARDED_BY(mu_) = false;
  bool stop_ GUARDED_BY(mu_) = false;
  Thread writer_;
};

}  // namespace oxibase
