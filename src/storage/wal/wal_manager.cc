#include "storage/wal/wal_manager.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/plant.h"
#include "storage/byte_codec.h"
#include "storage/checksum.h"

namespace oxibase {
namespace {

// Buffers that one large group blew up are given back after it.
constexpr size_t kKeptBufferBytes = 8 << 20;

}  // namespace

WalManager::WalManager(Env& env, const WalOptions& options) : env_(env), options_(options) {}

WalManager::~WalManager() {
  {
    MutexLock lock(mu_);
    stop_ = true;
    writer_wakes_.NotifyAll();
  }
  writer_.Join();
}

// --- Appending ------------------------------------------------------------------------------

Result<WalRange> WalManager::AppendTxnImpl(TxnId txn, const RedoBuffer& redo, CommitClock commit_ts,
                                           bool has_files) {
  Record record;
  record.txn = txn;
  record.commit_ts = &commit_ts;
  if (redo.bytes().size() <= kWalChunkBytes && !has_files) {
    record.kind = WalRecordKind::kTxn;
    record.body = redo.bytes();
    return AppendRecord(record);
  }
  record.kind = WalRecordKind::kCommit;
  Status status = AppendChunks(txn, redo);
  if (status.ok()) {
    Result<WalRange> range = AppendRecord(record);
    if (range.ok()) return range;
    status = std::move(range).status();
  }
  AppendAbort(txn);
  return status;
}

Status WalManager::AppendFiles(TxnId txn, ByteSpan payload) {
  Record record;
  record.kind = WalRecordKind::kAddFiles;
  record.txn = txn;
  record.body = payload;
  return AppendRecord(record).status();
}

void WalManager::AppendAbort(TxnId txn) {
  Record abort;
  abort.kind = WalRecordKind::kAbort;
  abort.txn = txn;
  AppendRecord(abort).status().Ignore("parts of a transaction without a commit mean nothing");
  MutexLock lock(mu_);
  open_chunked_.erase(txn);
}

Status WalManager::AppendChunks(TxnId txn, const RedoBuffer& redo) {
  const ByteSpan bytes = redo.bytes();
  RowChangeReader reader(bytes);
  RowChange change;
  size_t begin = 0;
  TabletId begin_tablet;  // of the changes before `begin`: a chunk must name it again
  while (begin < bytes.size()) {
    TabletId last_tablet;
    while (reader.offset() - begin < kWalChunkBytes) {
      ASSIGN_OR_RETURN(const bool more, reader.Next(&change));
      if (!more) break;
      last_tablet = change.tablet;
    }
    std::vector<std::byte> head;
    if (begin_tablet.value != 0) {
      ByteWriter writer(head);
      writer.Fixed<uint8_t>(1);
      writer.Varint(begin_tablet.value);
    }
    Record record;
    record.kind = WalRecordKind::kChunk;
    record.txn = txn;
    record.head = head;
    record.body = bytes.subspan(begin, reader.offset() - begin);
    RETURN_IF_ERROR(AppendRecord(record).status());
    begin = reader.offset();
    begin_tablet = last_tablet;
  }
  return Status::Ok();
}

Result<WalRange> WalManager::AppendSequence(const SequenceState& state) {
  std::vector<std::byte> payload;
  ByteWriter writer(payload);
  writer.Varint(state.sequence);
  writer.Fixed(state.last_value);
  writer.Fixed<uint8_t>(state.is_called ? 1 : 0);
  Record record;
  record.kind = WalRecordKind::kSequenceAdvance;
  record.body = payload;
  return AppendRecord(record);
}

Result<WalRange> WalManager::AppendRowIdLease(TabletId tablet, RowId bound) {
  std::vector<std::byte> payload;
  ByteWriter writer(payload);
  writer.Varint(tablet.value);
  writer.Varint(bound.value);
  Record record;
  record.kind = WalRecordKind::kRowIdLease;
  record.body = payload;
  return AppendRecord(record);
}

Result<WalRange> WalManager::AppendRecord(const Record& record) {
  const uint64_t payload_bytes = record.head.size() + record.body.size();
  if (payload_bytes > kWalPayloadBytesMax)
    return Error(ErrorCode::kProgramLimitExceeded, "a change of {} bytes is too large to be logged",
                 payload_bytes);
  WalRecordHeader header;
  header.kind = record.kind;
  header.txn = record.txn;
  header.payload_bytes = static_cast<uint32_t>(payload_bytes);
  header.payload_crc = Crc32c(record.body, Crc32c(record.head));
  const uint64_t total = header.total_bytes();

  MutexLock lock(mu_);
  while (true) {
    if (!failure_.ok())
      return Error(ErrorCode::kIoError, "the write-ahead log has failed; nothing can be written")
          .Detail(std::string(failure_.message()))
          .Hint("Open the database anew when the cause is mended.");
    if (gathering_.size() > options_.gathered_bytes_max) {
      flush_to_ = next_;
      if (writer_busy_) {
        durable_moves_.Wait(mu_);
      } else {
        WriteGroup();
      }
      continue;
    }
    if (next_ + total <= room_end_) break;
    // The promise of room comes before the promise of a place. Another thread may use the file up
    // meanwhile.
    lock.Unlock();
    Result<WalSegments::Spare> spare = segments_->TakeSpare(total);
    lock.Lock();
    if (!spare.ok()) return std::move(spare).status();
    if (next_ + total <= room_end_) {
      segments_->GiveBack(std::move(*spare));
      continue;
    }
    room_end_ = next_ + spare->room();
    switches_.push_back({next_, std::move(*spare)});
  }

  header.lsn = next_;
  header.durable_before = durable_.load(std::memory_order_relaxed);
  header.index = next_index_++;
  header.epoch = epoch_;
  if (record.commit_ts != nullptr) {
    header.timestamp = (*record.commit_ts)();
    OXI_DCHECK(header.timestamp > last_timestamp_);
    last_timestamp_ = header.timestamp;
  }
  const size_t at = gathering_.size();
  gathering_.resize(at + total);  // zeros: the padding
  std::byte* to = gathering_.data() + at;
  header.Encode(to);
  to += kWalRecordHeaderBytes;
  if (!record.head.empty()) std::memcpy(to, record.head.data(), record.head.size());
  if (!record.body.empty())
    std::memcpy(to + record.head.size(), record.body.data(), record.body.size());

  const WalRange range{Lsn(next_), Lsn(next_ + total)};
  next_ += total;
  if (record.kind == WalRecordKind::kChunk || record.kind == WalRecordKind::kAddFiles) {
    open_chunked_.try_emplace(record.txn, range.begin.value);
  } else if (record.kind == WalRecordKind::kCommit || record.kind == WalRecordKind::kAbort) {
    open_chunked_.erase(record.txn);
  }
  if (writer_sleeps_) writer_wakes_.NotifyOne();
  return range;
}

// --- Writing --------------------------------------------------------------------------------

void WalManager::WriteGroup() {
  OXI_DCHECK(!writer_busy_);
  if (gathering_.empty() || !failure_.ok()) return;
  writer_busy_ = true;
  writing_.swap(gathering_);
  writing_switches_.swap(switches_);
  const uint64_t begin = gathering_begin_;
  const uint64_t end = next_;
  gathering_begin_ = end;

  mu_.Unlock();
  Status written = WriteOut(begin, writing_);
  const bool switched = !writing_switches_.empty();
  writing_switches_.clear();
  if (writing_.capacity() > std::min(kKeptBufferBytes, options_.gathered_bytes_max)) writing_ = {};
  writing_.clear();
  // First, so that who finds a commit durable finds it visible too.
  if (written.ok() && durable_observer_) durable_observer_(Lsn(end));
  mu_.Lock();

  if (!written.ok()) {
    Fail(std::move(written));
  } else {
    durable_.store(end, std::memory_order_release);
    std::vector<Callback> done;
    while (!waiters_.empty() && waiters_.begin()->first <= end) {
      done.push_back(std::move(waiters_.begin()->second));
      waiters_.erase(waiters_.begin());
    }
    durable_moves_.NotifyAll();
    if (!done.empty() || switched) {
      mu_.Unlock();
      for (const Callback& callback : done) callback(Status::Ok());
      if (switched) segments_->KeepOneReady();
      mu_.Lock();
    }
  }
  writer_busy_ = false;
  durable_moves_.NotifyAll();
  // Blocked committers write on their own; those that only asked to be called need the thread.
  if (!waiters_.empty()) writer_wakes_.NotifyOne();
}

Status WalManager::WriteOut(uint64_t begin, ByteSpan bytes) {
  uint64_t at = begin;
  const uint64_t end = begin + bytes.size();
  for (PlannedSwitch& planned : writing_switches_) {
    if (planned.lsn > at) {
      RETURN_IF_ERROR(segments_->Write(at, bytes.subspan(at - begin, planned.lsn - at)));
      at = planned.lsn;
    }
    if (!OXI_PLANT(previous_log_file_not_synced)) RETURN_IF_ERROR(segments_->Sync());
    RETURN_IF_ERROR(segments_->Switch(std::move(planned.file), planned.lsn));
  }
  if (at < end) RETURN_IF_ERROR(segments_->Write(at, bytes.subspan(at - begin)));
  if (OXI_PLANT(failed_sync_tried_again) && !segments_->Sync().ok()) return segments_->Sync();
  return segments_->Sync();
}

void WalManager::Fail(Status failure) {
  failure_ = std::move(failure);
  gathering_.clear();
  switches_.clear();
  std::multimap<uint64_t, Callback> waiters;
  waiters.swap(waiters_);
  const Status unknown = OutcomeUnknown();
  durable_moves_.NotifyAll();
  mu_.Unlock();
  for (const auto& [lsn, callback] : waiters) callback(unknown);
  mu_.Lock();
}

Status WalManager::OutcomeUnknown() {
  return Error(ErrorCode::kTransactionResolutionUnknown,
               "it is not known whether the transaction is durable: the write-ahead log has failed")
      .Detail(std::string(failure_.message()))
      .Hint("Nothing more is written until the database is opened anew, which shows the outcome.");
}

bool WalManager::NeedsIdleNote() const {
  return options_.idle_note_micros > 0 && noted_ != next_ && failure_.ok();
}

void WalManager::WriterLoop() {
  MutexLock lock(mu_);
  int64_t idle_micros = 0;
  uint64_t seen = next_;
  while (!stop_) {
    const uint64_t durable = durable_.load(std::memory_order_relaxed);
    if (writer_busy_) {
      durable_moves_.Wait(mu_);
    } else if (flush_to_ > durable && failure_.ok()) {
      WriteGroup();
    } else if (!gathering_.empty()) {
      // Nobody waits for these (synchronous_commit = off): they may gather for a while.
      writer_sleeps_ = false;
      writer_wakes_.WaitFor(mu_, options_.flush_delay_micros);
      if (!writer_busy_) WriteGroup();
    } else if (NeedsIdleNote()) {
      if (seen != next_) idle_micros = 0;
      seen = next_;
      if (idle_micros >= options_.idle_note_micros) {
        AppendNote();
        if (!writer_busy_) WriteGroup();
      } else if (!writer_wakes_.WaitFor(mu_, options_.flush_delay_micros)) {
        idle_micros += options_.flush_delay_micros;
      }
    } else {
      // Only here an append has to wake this thread: not on the way of commits that come densely.
      writer_sleeps_ = true;
      writer_wakes_.Wait(mu_);
      writer_sleeps_ = false;
    }
  }
  while (writer_busy_) durable_moves_.Wait(mu_);
  WriteGroup();
  if (NeedsIdleNote()) {
    AppendNote();
    WriteGroup();
  }
}

void WalManager::AppendNote() {
  mu_.Unlock();
  const Result<WalRange> note = AppendRecord(Record());
  note.status().Ignore("the note is only a help against damage; without room it waits");
  mu_.Lock();
  if (!note.ok() || note->end.value == next_) noted_ = next_;
}

// --- Waiting --------------------------------------------------------------------------------

Status WalManager::WaitDurable(Lsn lsn) {
  if (durable_lsn() >= lsn || OXI_PLANT(acknowledged_before_durable)) return Status::Ok();
  MutexLock lock(mu_);
  OXI_CHECK(lsn.value <= next_);
  flush_to_ = std::max(flush_to_, lsn.value);
  while (durable_.load(std::memory_order_relaxed) < lsn.value) {
    if (!failure_.ok()) return OutcomeUnknown();
    if (writer_busy_) {
      durable_moves_.Wait(mu_);
    } else {
      WriteGroup();  // on this thread: two hand-overs less
    }
  }
  return Status::Ok();
}

void WalManager::OnDurable(Lsn lsn, std::function<void(const Status&)> done) {
  Status status;
  {
    MutexLock lock(mu_);
    OXI_CHECK(lsn.value <= next_);
    if (durable_.load(std::memory_order_relaxed) < lsn.value) {
      if (failure_.ok()) {
        waiters_.emplace(lsn.value, std::move(done));
        flush_to_ = std::max(flush_to_, lsn.value);
        if (!writer_busy_) writer_wakes_.NotifyOne();
        return;
      }
      status = OutcomeUnknown();
    }
  }
  done(status);
}

void WalManager::RequestFlush(Lsn lsn) {
  if (durable_lsn() >= lsn) return;
  MutexLock lock(mu_);
  if (writer_sleeps_) writer_wakes_.NotifyOne();
}

void WalManager::set_durable_observer(std::function<void(Lsn)> observer) {
  MutexLock lock(mu_);
  // Who has the writer's role may be calling the one before.
  while (writer_busy_) durable_moves_.Wait(mu_);
  durable_observer_ = std::move(observer);
}

// --- Checkpoints ----------------------------------------------------------------------------

WalPosition WalManager::position() {
  return position([] {});
}

WalPosition WalManager::position(const std::function<void()>& at_position) {
  MutexLock lock(mu_);
  WalPosition position;
  position.next = Lsn(next_);
  position.replay_from = Lsn(next_);
  for (const auto& [txn, begin] : open_chunked_)
    position.replay_from = std::min(position.replay_from, Lsn(begin));
  position.timestamp = last_timestamp_;
  position.epoch = epoch_;
  position.index = next_index_;
  at_position();
  return position;
}

uint64_t WalManager::BytesSince(Lsn from) {
  MutexLock lock(mu_);
  return next_ > from.value ? next_ - from.value : 0;
}

Status WalManager::RemoveBefore(Lsn lsn) { return segments_->RemoveBefore(lsn.value); }

Status WalManager::status() {
  MutexLock lock(mu_);
  return failure_;
}

}  // namespace oxibase
