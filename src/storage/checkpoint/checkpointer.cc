#include "storage/checkpoint/checkpointer.h"

#include <algorithm>
#include <utility>

#include "common/plant.h"
#include "storage/checkpoint/past_checkpoint.h"
#include "storage/checkpoint/tablet_checkpoint.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {
namespace {

/// Holds segments_mu() of tablets. (More locks than the analysis can name.)
class SegmentLocks {
 public:
  explicit SegmentLocks(const std::vector<std::shared_ptr<Tablet>>& tablets)
      NO_THREAD_SAFETY_ANALYSIS : tablets_(tablets) {
    for (const auto& tablet : tablets_) tablet->segments_mu().Lock();
  }
  ~SegmentLocks() NO_THREAD_SAFETY_ANALYSIS {
    for (const auto& tablet : tablets_) tablet->segments_mu().Unlock();
  }
  SegmentLocks(const SegmentLocks&) = delete;
  SegmentLocks& operator=(const SegmentLocks&) = delete;

 private:
  const std::vector<std::shared_ptr<Tablet>> tablets_;
};

/// The part of a manifest that names a segment.
Manifest::Segment Named(const SegmentList::Part& part) {
  const SegmentFile& file = part.segment->file();
  Manifest::Segment segment = {part.segment->number(), file.file_bytes(), file.row_count(),
                               file.removed_count(),   file.as_of(),      {}};
  for (const auto& [index, run] : part.runs) segment.runs.push_back({index, run.number});
  std::sort(segment.runs.begin(), segment.runs.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
  return segment;
}

}  // namespace

Checkpointer::Checkpointer(DataFolder& folder, CheckpointSource& source, const Options& options)
    : folder_(folder),
      source_(source),
      options_(options),
      next_manifest_(folder.manifest().number + 1) {}

Checkpointer::~Checkpointer() {
  {
    MutexLock lock(mu_);
    stop_ = true;
    wakes_.NotifyAll();
  }
  thread_.Join();
}

void Checkpointer::StartBackground() {
  thread_ = Thread("checkpointer", [this] { Loop(); });
}

bool Checkpointer::IsDue() {
  constexpr int64_t kPauseMicros = 1'000'000;
  MutexLock run_lock(run_mu_);
  WalManager& wal = folder_.wal();
  // What counts is the log that opening would read.
  if (wal.BytesSince(folder_.manifest().wal.replay_from) > options_.log_bytes_max) return true;
  if (options_.hot_bytes_max == 0) return false;
  const uint64_t hot = source_.HotBytes();
  if (hot <= options_.hot_bytes_max) return false;
  // What stayed the last time was in flight or seen by old snapshots: is there more, or may some of
  // it have become quiet since?
  return hot > hot_after_ + options_.hot_bytes_max / 8 ||
         (wal.BytesSince(log_after_) > 0 &&
          folder_.env().clock().MonotonicMicros() > evicted_micros_ + kPauseMicros);
}

void Checkpointer::Loop() {
  MutexLock lock(mu_);
  while (!stop_) {
    wakes_.WaitFor(mu_, options_.poll_micros);
    if (stop_ || options_.log_bytes_max == 0) continue;
    lock.Unlock();
    const bool is_due = IsDue();
    const bool failed = is_due && !Run().ok();
    lock.Lock();
    const int64_t until = folder_.env().clock().MonotonicMicros() + options_.retry_micros;
    while (failed && !stop_) {
      const int64_t left = until - folder_.env().clock().MonotonicMicros();
      if (left <= 0) break;
      wakes_.WaitFor(mu_, left);
    }
  }
}

Status Checkpointer::Run() {
  MutexLock run_lock(run_mu_);
  const int64_t began = folder_.env().clock().MonotonicMicros();
  Status status = RunLocked();
  MutexLock lock(mu_);
  if (status.ok()) {
    ++stats_.checkpoints;
    stats_.last_micros = folder_.env().clock().MonotonicMicros() - began;
  }
  last_status_ = status;
  return status;
}

Status Checkpointer::RunLocked() {
  Timestamp as_of;
  WalPosition position = folder_.wal().position([&] { as_of = source_.Pin(); });
  if (OXI_PLANT(log_position_read_too_late)) {
    folder_.env().clock().SleepMicros(300);
    position = folder_.wal().position();
  }
  source_.WaitReadable();
  // The manifest must never be ahead of the log: positions would be given out twice.
  Status status =
      OXI_PLANT(checkpoint_ahead_of_log) ? Status::Ok() : folder_.wal().WaitDurable(position.next);
  if (status.ok()) status = WriteAll(as_of, position);
  source_.Unpin();
  return status;
}

Status Checkpointer::WriteAll(Timestamp as_of, const WalPosition& position) {
  const Manifest& before = folder_.manifest();
  Manifest manifest;
  manifest.as_of = as_of;
  manifest.wal = position;
  manifest.wal.timestamp = as_of;
  manifest.highest_txn = source_.HighestTxn();
  manifest.sequences = source_.Sequences();
  std::sort(manifest.sequences.begin(), manifest.sequences.end(),
            [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
  const bool is_same = before.number != 0 && before.as_of == as_of &&
                       before.sequences == manifest.sequences &&
                       before.highest_txn == manifest.highest_txn;
  std::vector<std::shared_ptr<Tablet>> tablets = source_.Tablets();
  std::sort(tablets.begin(), tablets.end(),
            [](const auto& a, const auto& b) { return a->id() < b->id(); });
  // Until the end, so that nobody else changes a list meanwhile.
  const SegmentLocks locks(tablets);
  if (!is_same) RETURN_IF_ERROR(WriteSegments(tablets, as_of, std::move(manifest)));
  if (options_.hot_bytes_max == 0 || source_.HotBytes() <= options_.hot_bytes_max) {
    return Status::Ok();
  }
  return EvictSome(std::move(tablets), as_of);
}

Status Checkpointer::WriteSegments(const std::vector<std::shared_ptr<Tablet>>& tablets,
                                   Timestamp as_of, Manifest manifest) {
  TabletCheckpoint::Written written;
  std::vector<std::shared_ptr<const SegmentList>> lists;
  const std::vector<Timestamp> snapshots = source_.Snapshots();
  for (const std::shared_ptr<Tablet>& tablet : tablets) {
    // Read before the rows: an id given out later belongs to a transaction of which nothing is
    // visible at `as_of`, and replay finds it in the log.
    const RowId next_row_id = tablet->next_row_id();
    ASSIGN_OR_RETURN(std::shared_ptr<const SegmentList> list,
                     TabletCheckpoint::Write(folder_.store(), *tablet, as_of, snapshots, &written));
    ASSIGN_OR_RETURN(list, PastCheckpoint::Write(folder_.store(), *tablet, as_of, snapshots.front(),
                                                 std::move(list), &written));
    manifest.tablets.push_back(FilesOf(tablet->id(), list.get()));
    manifest.tablets.back().next_row_id = next_row_id;
    lists.push_back(std::move(list));
  }
  manifest.next_file_number = folder_.store().next_number();
  manifest.number = next_manifest_++;
  const Status published = folder_.Publish(std::move(manifest));
  // From here on the new files may be named by a manifest on disk, even if the folder could not be
  // synced: they count as soon as the folder says that it took it.
  if (folder_.manifest().number != next_manifest_ - 1) return published;
  for (size_t i = 0; i < tablets.size(); ++i) {
    TabletCheckpoint::Publish(*tablets[i], std::move(lists[i]), as_of);
  }
  for (const std::shared_ptr<Tablet>& tablet : tablets) {
    if (tablet->history().keeps()) source_.ReleaseHistory(*tablet, as_of);
  }
  // Deleted rows need no trace in memory once a segment has it.
  const Timestamp oldest = source_.Snapshots().front();
  for (const std::shared_ptr<Tablet>& tablet : tablets) {
    RETURN_IF_ERROR(tablet->Evict(as_of, oldest, Tablet::Evicted::kTombstones).status());
  }
  MutexLock lock(mu_);
  stats_.rows_written += written.rows;
  stats_.bytes_written += written.bytes;
  return published;
}

Manifest::TabletFiles Checkpointer::FilesOf(TabletId tablet, const SegmentList* list) {
  Manifest::TabletFiles files;
  files.tablet = tablet;
  if (list == nullptr) return files;
  files.live_rows = list->live_rows;
  for (size_t i = list->parts.size(); i-- > 0;) {
    if (list->parts[i].segment->private_rows() != nullptr) continue;  // the log has it
    files.segments.push_back(Named(list->parts[i]));
  }
  const SegmentList::Past& past = list->past;
  files.past = {past.from, past.until, past.shape, {}};
  for (size_t i = past.parts.size(); i-- > 0;) files.past.segments.push_back(Named(past.parts[i]));
  return files;
}

Status Checkpointer::EvictSome(std::vector<std::shared_ptr<Tablet>> tablets, Timestamp as_of) {
  std::sort(tablets.begin(), tablets.end(),
            [](const auto& a, const auto& b) { return a->memory().bytes() > b->memory().bytes(); });
  const Timestamp oldest = source_.Snapshots().front();
  log_after_ = folder_.wal().position().next;
  for (const std::shared_ptr<Tablet>& tablet : tablets) {
    if (source_.HotBytes() <= options_.hot_bytes_max / 2) break;
    ASSIGN_OR_RETURN(const size_t rows, tablet->Evict(as_of, oldest, Tablet::Evicted::kAll));
    MutexLock lock(mu_);
    stats_.rows_evicted += rows;
  }
  hot_after_ = source_.HotBytes();
  evicted_micros_ = folder_.env().clock().MonotonicMicros();
  return Status::Ok();
}

Checkpointer::Stats Checkpointer::stats() {
  MutexLock lock(mu_);
  return stats_;
}

Status Checkpointer::last_status() {
  MutexLock lock(mu_);
  return last_status_;
}

}  // namespace oxibase
