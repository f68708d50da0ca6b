#include "storage/checkpoint/private_log.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "storage/byte_codec.h"

namespace oxibase {
namespace {

enum Tag : uint8_t { kPiece = 1, kSegment = 2 };
enum FileKind : uint8_t { kSegmentFile = 0, kRunFile = 1 };

constexpr uint64_t kPieceBytes = uint64_t{1} << 20;

std::string PathOf(const SegmentStore& store, FileKind kind, uint64_t number) {
  return kind == kRunFile ? store.RunPath(number) : store.SegmentPath(number);
}

Status LogFile(WalManager& wal, TxnId txn, const SegmentStore& store, FileKind kind,
               uint64_t number) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                   store.files().Open(PathOf(store, kind, number), OpenMode::kRead));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  std::vector<std::byte> payload, bytes;
  for (uint64_t at = 0; at < size; at += bytes.size()) {
    bytes.resize(std::min(kPieceBytes, size - at));
    RETURN_IF_ERROR(file->ReadExactlyAt(at, bytes));
    payload.clear();
    ByteWriter to(payload);
    to.Fixed<uint8_t>(kPiece);
    to.Fixed<uint8_t>(kind);
    to.Varint(number);
    to.Varint(at);
    to.Raw(bytes);
    RETURN_IF_ERROR(wal.AppendFiles(txn, payload));
  }
  return Status::Ok();
}

Status NoSense() {
  return Error(ErrorCode::kDataCorrupted, "the log says of a segment's files what makes no sense");
}

}  // namespace

Status LogPrivateSegment(WalManager& wal, TxnId txn, const SegmentStore& store, TabletId tablet,
                         const SegmentList::Part& part) {
  const FrozenSegment& segment = *part.segment;
  RETURN_IF_ERROR(LogFile(wal, txn, store, kSegmentFile, segment.number()));
  for (const auto& [index, run] : part.runs) {
    RETURN_IF_ERROR(LogFile(wal, txn, store, kRunFile, run.number));
  }
  const int64_t removed = static_cast<int64_t>(segment.removed().cardinality());
  std::vector<std::byte> payload;
  ByteWriter to(payload);
  to.Fixed<uint8_t>(kSegment);
  to.Varint(tablet.value);
  to.Varint(segment.number());
  to.Varint(static_cast<uint64_t>(segment.private_rows()->live_delta + removed));
  to.Varint(static_cast<uint64_t>(removed));
  to.Varint(part.runs.size());
  for (const auto& [index, run] : part.runs) {
    to.Varint(index);
    to.Varint(run.number);
  }
  return wal.AppendFiles(txn, payload);
}

Result<std::variant<LoggedPiece, LoggedSegment>> DecodeFilesRecord(ByteSpan payload) {
  using Decoded = std::variant<LoggedPiece, LoggedSegment>;
  ByteReader from(payload);
  const auto tag = from.Fixed<uint8_t>();
  if (tag == kPiece) {
    LoggedPiece piece;
    const auto kind = from.Fixed<uint8_t>();
    piece.is_run = kind == kRunFile;
    piece.number = from.Varint();
    piece.offset = from.Varint();
    if (!from.ok() || kind > kRunFile) return NoSense();
    piece.bytes = payload.subspan(from.offset());
    return Decoded(piece);
  }
  if (tag != kSegment) return NoSense();
  LoggedSegment segment;
  segment.tablet = TabletId(from.Varint());
  segment.number = from.Varint();
  segment.rows_added = from.Varint();
  segment.rows_removed = from.Varint();
  const uint64_t runs = from.Varint();
  for (uint64_t i = 0; i < runs; ++i) {
    const uint64_t index = from.Varint();
    const uint64_t number = from.Varint();
    if (!from.ok() || index > UINT32_MAX) return NoSense();
    segment.runs.emplace_back(static_cast<Oid>(index), number);
  }
  if (!from.ok() || !from.at_end() || segment.tablet.value == 0) return NoSense();
  return Decoded(std::move(segment));
}

Status PrivateLogReader::WritePiece(const LoggedPiece& piece) {
  if (store_.IsHeld(piece.number)) return NoSense();
  ASSIGN_OR_RETURN(
      const std::unique_ptr<File> file,
      store_.files().Open(PathOf(store_, piece.is_run ? kRunFile : kSegmentFile, piece.number),
                          piece.offset == 0 ? OpenMode::kCreateOrEmpty : OpenMode::kReadWrite));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size != piece.offset) return NoSense();
  return file->Append(piece.bytes);
}

Result<SegmentStore::Held> PrivateLogReader::Hold(uint64_t number) {
  if (number == 0 || number == UINT64_MAX || store_.IsHeld(number)) return NoSense();
  return store_.HoldFile(number);
}

Result<std::optional<PrivateLogReader::Added>> PrivateLogReader::Apply(Timestamp commit_ts,
                                                                       ByteSpan payload) {
  ASSIGN_OR_RETURN(const auto record, DecodeFilesRecord(payload));
  if (const auto* piece = std::get_if<LoggedPiece>(&record)) {
    RETURN_IF_ERROR(WritePiece(*piece));
    return std::optional<Added>();
  }
  const auto& segment = std::get<LoggedSegment>(record);
  Added added;
  added.tablet = segment.tablet;
  if (mark_ == nullptr || mark_->begin() != commit_ts.value) {
    mark_ = std::make_shared<PrivateMark>(commit_ts.value);
  }
  auto rows = std::make_shared<PrivateRows>(mark_);
  rows->live_delta =
      static_cast<int64_t>(segment.rows_added) - static_cast<int64_t>(segment.rows_removed);
  ASSIGN_OR_RETURN(SegmentStore::Held held, Hold(segment.number));
  ASSIGN_OR_RETURN(added.part.segment,
                   store_.OpenSegment(std::move(held), added.tablet, std::move(rows)));
  for (const auto& [index, number] : segment.runs) {
    SegmentList::Run& run = added.part.runs[index];
    run.number = number;
    ASSIGN_OR_RETURN(SegmentStore::Held run_held, Hold(number));
    ASSIGN_OR_RETURN(run.file, store_.OpenRun(std::move(run_held), added.tablet, index));
  }
  return std::optional<Added>(std::move(added));
}

}  // namespace oxibase
