#include "storage/checkpoint/checkpointer.h"

#include <algorithm>
#include <utility>

#include "storage/mvcc/tablet.h"
#include "storage/segment/segment_writer.h"

namespace oxibase {
namespace {

uint64_t Weight(const Manifest::Segment& segment) {
  return segment.row_count + segment.removed_count;
}

/// How many of a tablet's segments a new one, expected to hold `changes`, leaves in place: each
/// stays at least twice as large as all behind it. So a growing table writes each row about as
/// often as its size has doubled, and a table that is updated in few places leaves its base alone.
size_t SegmentsToKeep(const std::vector<Manifest::Segment>& segments, uint64_t changes) {
  size_t kept = segments.size();
  uint64_t behind = changes;
  if (kept >= Checkpointer::kSegmentsMax) behind += Weight(segments[--kept]);
  while (kept > 0 && Weight(segments[kept - 1]) < 2 * behind) behind += Weight(segments[--kept]);
  return kept;
}

}  // namespace

Checkpointer::Checkpointer(DataFolder& folder, CheckpointSource& source, const Options& options)
    : folder_(folder),
      source_(source),
      options_(options),
      next_file_(folder.manifest().next_file_number),
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

void Checkpointer::Loop() {
  MutexLock lock(mu_);
  while (!stop_) {
    wakes_.WaitFor(mu_, options_.poll_micros);
    if (stop_ || options_.log_bytes_max == 0) continue;
    lock.Unlock();
    // What counts is the log that opening would read.
    bool is_due = false;
    {
      MutexLock run_lock(run_mu_);
      is_due =
          folder_.wal().BytesSince(folder_.manifest().wal.replay_from) > options_.log_bytes_max;
    }
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
  new_rows_.clear();
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
  const WalPosition position = folder_.wal().position([&] { as_of = source_.Pin(); });
  source_.WaitReadable();
  // The manifest must never be ahead of the log: positions would be given out twice.
  Status status = folder_.wal().WaitDurable(position.next);
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
  if (is_same) return Status::Ok();
  std::map<TabletId, const Manifest::TabletFiles*> known;
  for (const Manifest::TabletFiles& files : before.tablets) known[files.tablet] = &files;

  std::vector<std::shared_ptr<Tablet>> tablets = source_.Tablets();
  std::sort(tablets.begin(), tablets.end(),
            [](const auto& a, const auto& b) { return a->id() < b->id(); });
  for (const std::shared_ptr<Tablet>& tablet : tablets) {
    const auto found = known.find(tablet->id());
    ASSIGN_OR_RETURN(Manifest::TabletFiles files,
                     WriteTablet(*tablet, found == known.end() ? nullptr : found->second, as_of));
    manifest.tablets.push_back(std::move(files));
  }
  manifest.next_file_number = next_file_;
  manifest.number = next_manifest_++;
  const Status published = folder_.Publish(std::move(manifest));
  // From here on the new files may be named by a manifest on disk, even if the folder could not be
  // synced: their rows are known as soon as the folder says that it took it.
  if (folder_.manifest().number == next_manifest_ - 1) folder_.segment_rows().merge(new_rows_);
  return published;
}

Result<Manifest::TabletFiles> Checkpointer::WriteTablet(Tablet& tablet,
                                                        const Manifest::TabletFiles* before,
                                                        Timestamp as_of) {
  Manifest::TabletFiles files;
  if (before != nullptr) files = *before;
  files.tablet = tablet.id();
  // Read before the rows: an id given out later belongs to a transaction of which nothing is
  // visible at `as_of`, and replay finds it in the log.
  files.next_row_id = tablet.next_row_id();

  // As many changes are expected as there were last time.
  const auto last = last_changes_.find(tablet.id());
  uint64_t expected = files.segments.size() > 1 ? Weight(files.segments.back()) : 0;
  if (last != last_changes_.end()) expected = last->second;
  const Timestamp newest = files.segments.empty() ? Timestamp{} : files.segments.back().as_of;
  uint64_t changes = 0;

  const size_t kept = SegmentsToKeep(files.segments, expected);
  const bool merges = kept < files.segments.size();
  const Timestamp since = kept > 0 ? files.segments[kept - 1].as_of : Timestamp{};
  std::map<uint64_t, DataFolder::SegmentRows>& known = folder_.segment_rows();
  Roaring64Map present;  // rows that the kept segments show
  for (size_t i = 0; i < kept; ++i) {
    const DataFolder::SegmentRows& rows = known[files.segments[i].number];
    present -= rows.removed;
    present |= rows.ids;
  }

  std::unique_ptr<SegmentWriter> writer;
  DataFolder::SegmentRows rows;
  const uint64_t number = next_file_++;  // perhaps for nothing: there are enough
  const auto open_writer = [&]() -> Status {
    if (writer != nullptr) return Status::Ok();
    SegmentWriter::Options options;
    options.path = JoinPath(folder_.data_path(), SegmentFileName(number));
    options.tablet = tablet.id();
    options.number = number;
    options.identity = folder_.identity();
    options.as_of = as_of;
    ASSIGN_OR_RETURN(writer, SegmentWriter::Create(folder_.env().files(), options));
    files.segments.resize(kept);
    files.segments.push_back({number, 0, 0, 0, as_of});
    return Status::Ok();
  };

  Status failed;
  Roaring64Map seen;
  RowId next(0);
  do {
    next = tablet.ScanImages(as_of, next, [&](const Tablet::RowImage& image) {
      seen.add(image.id.value);
      if (image.begin <= since) return true;
      if (image.begin > newest) ++changes;
      failed = open_writer();
      if (!failed.ok()) return false;
      rows.ids.add(image.id.value);
      failed = writer->Add(tablet.schema(), image.id, image.begin, image.schema, image.bytes);
      // A full group is written outside of the scan, which keeps memory from being freed.
      return failed.ok() && !writer->group_is_full();
    });
    RETURN_IF_ERROR(failed);
    if (writer != nullptr && next.value != 0) RETURN_IF_ERROR(writer->FlushFullGroup());
  } while (next.value != 0);

  present -= seen;
  last_changes_[tablet.id()] = changes + present.cardinality();
  if (!present.isEmpty()) RETURN_IF_ERROR(open_writer());
  for (const uint64_t row : present) RETURN_IF_ERROR(writer->AddRemoved(RowId(row)));
  rows.removed = present;
  if (writer == nullptr) {
    // Merged away: whatever the dropped segments said is gone by now.
    if (merges) files.segments.resize(kept);
    return files;
  }
  RETURN_IF_ERROR(writer->Finish());
  Manifest::Segment& segment = files.segments.back();
  segment.file_bytes = writer->file_bytes();
  segment.row_count = writer->row_count();
  segment.removed_count = writer->removed_count();
  rows.ids.runOptimize();
  rows.removed.runOptimize();
  new_rows_.insert_or_assign(segment.number, std::move(rows));
  MutexLock lock(mu_);
  stats_.rows_written += segment.row_count;
  stats_.bytes_written += segment.file_bytes;
  return files;
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
