#include "storage/checkpoint/log_check.h"

#include <variant>

#include "storage/checkpoint/private_log.h"
#include "storage/wal/wal_record.h"

namespace oxibase {
namespace {

Status CheckChanges(ByteSpan payload) {
  RowChangeReader reader(payload);
  RowChange change;
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, reader.Next(&change));
    if (!more) return Status::Ok();
  }
}

Status NoSense() { return Error(ErrorCode::kDataCorrupted, "a record of the log makes no sense"); }

}  // namespace

Status LogCheck::Add(const WalReader::Record& record) {
  const WalRecordHeader& header = record.header;
  // No transaction outlives the opening in which it ran.
  if (header.epoch != epoch_) open_.clear();
  epoch_ = header.epoch;
  if (header.timestamp.value != 0 && header.timestamp <= known_) return Status::Ok();
  switch (header.kind) {
    case WalRecordKind::kVoid:
    case WalRecordKind::kSequenceAdvance:
    case WalRecordKind::kRowIdLease:
      return Status::Ok();
    case WalRecordKind::kTxn:
      return CheckChanges(record.payload);
    case WalRecordKind::kChunk:
      open_[header.txn];
      return CheckChanges(record.payload);
    case WalRecordKind::kAddFiles:
      return AddFiles(open_[header.txn], record.payload);
    case WalRecordKind::kAbort:
      open_.erase(header.txn);
      return Status::Ok();
    case WalRecordKind::kCommit:
      return open_.erase(header.txn) > 0 ? Status::Ok() : NoSense();
    case WalRecordKind::kChunkRollback:
    case WalRecordKind::kPrepare:
    case WalRecordKind::kDecide:
    case WalRecordKind::kHardState:
    case WalRecordKind::kTruncateSuffix:
      break;
  }
  return Error(ErrorCode::kFeatureNotSupported,
               "the log has a record of kind {}, which this program does not know",
               static_cast<int>(header.kind));
}

Status LogCheck::AddFiles(Open& open, ByteSpan payload) {
  ASSIGN_OR_RETURN(const auto record, DecodeFilesRecord(payload));
  if (const auto* piece = std::get_if<LoggedPiece>(&record)) {
    uint64_t& bytes = open.files[{piece->is_run ? 1 : 0, piece->number}];
    if (piece->offset != bytes) return NoSense();
    bytes += piece->bytes.size();
    return Status::Ok();
  }
  const auto& segment = std::get<LoggedSegment>(record);
  bool is_whole = open.files.contains({0, segment.number});
  for (const auto& [index, number] : segment.runs)
    is_whole = is_whole && open.files.contains({1, number});
  return is_whole ? Status::Ok() : NoSense();
}

}  // namespace oxibase
