// Opening the log: what recovery reads, and where appending goes on.

#include "storage/wal/wal_replay.h"

#include <algorithm>

#include "storage/byte_codec.h"
#include "storage/wal/wal_manager.h"
#include "storage/wal/wal_replay_pool.h"

namespace oxibase {
namespace {

constexpr uint64_t kReplayProgressBytes = uint64_t{1} << 20;

}  // namespace

Result<std::unique_ptr<WalManager>> WalManager::Open(Env& env, const std::string& folder,
                                                     const WalOptions& options, WalPosition from,
                                                     WalReplayTarget& target) {
  std::unique_ptr<WalManager> wal(new WalManager(env, options));
  if (from.next.value == 0) from.next = from.replay_from = Lsn(kWalFirstLsn);
  std::vector<WalReader::Segment> segments;
  RETURN_IF_ERROR(wal->Replay(folder, from, target, &segments));
  {
    MutexLock lock(wal->mu_);
    ASSIGN_OR_RETURN(wal->segments_,
                     WalSegments::Open(env, folder, options.segment_bytes, options.sync,
                                       options.identity, std::move(segments)));
    wal->segments_->set_archive(options.archive);
    wal->room_end_ = wal->segments_->room_end();
    // A clock that went back must not bring forth timestamps that the log already has.
    wal->last_timestamp_ = std::max(from.timestamp, wal->replayed_.highest_timestamp);
  }
  // Durable before anything follows: records of earlier openings behind a cut have smaller epochs.
  ASSIGN_OR_RETURN(const WalRange opened, wal->AppendRecord(Record()));
  // No transaction's outcome hangs on this: the cause is what the caller wants to know.
  if (!wal->WaitDurable(opened.end).ok()) return wal->status();
  {
    MutexLock lock(wal->mu_);
    wal->noted_ = wal->next_;
  }
  wal->segments_->KeepOneReady();
  wal->writer_ = Thread("wal-writer", [w = wal.get()] { w->WriterLoop(); });
  return wal;
}

Status WalManager::Replay(const std::string& folder, const WalPosition& from,
                          WalReplayTarget& target, std::vector<WalReader::Segment>* segments) {
  MutexLock lock(mu_);
  next_ = gathering_begin_ = from.next.value;
  next_index_ = from.index;
  epoch_ = from.epoch + 1;
  durable_ = next_;

  ASSIGN_OR_RETURN(const std::vector<std::string> names, env_.files().List(folder));
  const bool is_new = options_.may_be_new && from.replay_from.value == kWalFirstLsn &&
                      std::none_of(names.begin(), names.end(), [](const std::string& name) {
                        return ParseWalSegmentName(name).has_value();
                      });
  if (is_new) return Status::Ok();

  ASSIGN_OR_RETURN(const std::unique_ptr<WalReader> reader,
                   WalReader::Open(env_.files(), folder, from.replay_from, options_.identity));
  const size_t threads =
      options_.replay_threads != 0 ? options_.replay_threads : Thread::HardwareConcurrency();
  WalReplayPool pool(target, threads);
  ASSIGN_OR_RETURN(const uint64_t total, reader->BytesBehind(from.replay_from));
  uint64_t told = 0;
  std::map<TxnId, std::vector<Lsn>> open;  // where the chunks of a transaction lie
  uint32_t epoch = 0;
  WalReader::Record record;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, reader->Next(&record));
    if (!more) break;
    // No transaction outlives the opening in which it ran.
    if (record.header.epoch != epoch) open.clear();
    epoch = record.header.epoch;
    const Timestamp timestamp = record.header.timestamp;
    // The checkpoint has its effects, removals included, which a second run could not tell.
    const bool is_known = timestamp.value != 0 && timestamp <= from.timestamp;
    if (!is_known) RETURN_IF_ERROR(ReplayRecord(*reader, record, &open, target, pool));
    ++replayed_.records;
    replayed_.bytes += record.header.total_bytes();
    replayed_.highest_timestamp = std::max(replayed_.highest_timestamp, record.header.timestamp);
    replayed_.highest_txn = std::max(replayed_.highest_txn, record.header.txn);
    next_index_ = record.header.index + 1;
    epoch_ = std::max(epoch_, record.header.epoch + 1);
    if (options_.on_replay && replayed_.bytes >= told + kReplayProgressBytes) {
      told = replayed_.bytes;
      options_.on_replay(told, std::max(told, total));
    }
  }
  RETURN_IF_ERROR(pool.Finish());
  if (options_.on_replay) options_.on_replay(replayed_.bytes, replayed_.bytes);
  // The log may end where the checkpoint is. Or else these files are older than the checkpoint.
  if (replayed_.records == 0) RETURN_IF_ERROR(reader->CheckReachesBegin());
  if (reader->position() < from.next)
    return Error(ErrorCode::kDataCorrupted,
                 "the write-ahead log ends at position {}, before the last checkpoint's {}",
                 reader->position().value, from.next.value)
        .Hint("Nothing was changed. Restore the folder's wal files from a copy.");
  next_ = gathering_begin_ = reader->position().value;
  durable_ = next_;
  *segments = reader->segments();
  return Status::Ok();
}

Status WalManager::ReplayRecord(WalReader& reader, const WalReader::Record& record,
                                std::map<TxnId, std::vector<Lsn>>* open, WalReplayTarget& target,
                                WalReplayPool& pool) {
  const WalRecordHeader& header = record.header;
  const auto in_context = [&](Status status) {
    if (status.ok()) return status;
    return std::move(status).Context(fmt::format("replay of the log's {} record at position {}",
                                                 WalRecordKindName(header.kind), header.lsn));
  };
  ByteReader bytes(record.payload);
  const auto corrupted = [&] {
    return in_context(Error(ErrorCode::kDataCorrupted, "a record of the log makes no sense"));
  };
  switch (header.kind) {
    case WalRecordKind::kVoid:
      return Status::Ok();
    case WalRecordKind::kTxn:
      ++replayed_.transactions;
      return pool.Add(record, header);
    case WalRecordKind::kChunk:
    case WalRecordKind::kAddFiles:
      (*open)[header.txn].push_back(Lsn(header.lsn));
      return Status::Ok();
    case WalRecordKind::kAbort:
      open->erase(header.txn);
      return Status::Ok();
    case WalRecordKind::kCommit: {
      ++replayed_.transactions;
      const auto chunks = open->find(header.txn);
      if (chunks == open->end()) return corrupted();
      for (const Lsn lsn : chunks->second) {
        ASSIGN_OR_RETURN(const WalReader::Record chunk, reader.ReadAgain(lsn));
        if (chunk.header.kind == WalRecordKind::kAddFiles) {
          RETURN_IF_ERROR(in_context(target.ApplyFiles(header.timestamp, chunk.payload)));
        } else {
          RETURN_IF_ERROR(pool.Add(chunk, header));
        }
      }
      open->erase(chunks);
      return Status::Ok();
    }
    case WalRecordKind::kSequenceAdvance: {
      SequenceState state;
      state.sequence = bytes.Varint();
      state.last_value = bytes.Fixed<int64_t>();
      state.is_called = bytes.Fixed<uint8_t>() != 0;
      if (!bytes.ok()) return corrupted();
      return in_context(target.ApplySequence(state));
    }
    case WalRecordKind::kRowIdLease: {
      const TabletId tablet(bytes.Varint());
      const RowId bound(bytes.Varint());
      if (!bytes.ok()) return corrupted();
      return in_context(target.ApplyRowIdLease(tablet, bound));
    }
    case WalRecordKind::kChunkRollback:
    case WalRecordKind::kPrepare:
    case WalRecordKind::kDecide:
    case WalRecordKind::kHardState:
    case WalRecordKind::kTruncateSuffix:
      break;
  }
  return Error(ErrorCode::kFeatureNotSupported,
               "the log has a record of kind {} at position {}, which this program does not know",
               static_cast<int>(header.kind), header.lsn);
}

}  // namespace oxibase
