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

Status PrivateLogReader::WritePiece(ByteSpan payload) {
  ByteReader from(payload);
  const auto kind = from.Fixed<uint8_t>();
  const uint64_t number = from.Varint();
  const uint64_t offset = from.Varint();
  if (!from.ok() || kind > kRunFile || store_.IsHeld(number)) return NoSense();
  ASSIGN_OR_RETURN(
      const std::unique_ptr<File> file,
      store_.files().Open(PathOf(store_, FileKind{kind}, number),
                          offset == 0 ? OpenMode::kCreateOrEmpty : OpenMode::kReadWrite));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size != offset) return NoSense();
  return file->Append(payload.subspan(from.offset()));
}

Result<SegmentStore::Held> PrivateLogReader::Hold(uint64_t number) {
  if (number == 0 || number == UINT64_MAX || store_.IsHeld(number)) return NoSense();
  return store_.HoldFile(number);
}

Result<std::optional<PrivateLogReader::Added>> PrivateLogReader::Apply(Timestamp commit_ts,
                                                                       ByteSpan payload) {
  ByteReader from(payload);
  const auto tag = from.Fixed<uint8_t>();
  if (tag == kPiece) {
    RETURN_IF_ERROR(WritePiece(payload.subspan(from.offset())));
    return std::optional<Added>();
  }
  if (tag != kSegment) return NoSense();
  Added added;
  added.tablet = TabletId(from.Varint());
  const uint64_t number = from.Varint();
  const uint64_t rows_added = from.Varint();
  const uint64_t rows_removed = from.Varint();
  const uint64_t runs = from.Varint();
  if (!from.ok() || added.tablet.value == 0) return NoSense();
  if (mark_ == nullptr || mark_->begin() != commit_ts.value) {
    mark_ = std::make_shared<PrivateMark>(commit_ts.value);
  }
  auto rows = std::make_shared<PrivateRows>(mark_);
  rows->live_delta = static_cast<int64_t>(rows_added) - static_cast<int64_t>(rows_removed);
  ASSIGN_OR_RETURN(SegmentStore::Held held, Hold(number));
  ASSIGN_OR_RETURN(added.part.segment,
                   store_.OpenSegment(std::move(held), added.tablet, std::move(rows)));
  for (uint64_t i = 0; i < runs; ++i) {
    const uint64_t index = from.Varint();
    const uint64_t run_number = from.Varint();
    if (!from.ok() || index > UINT32_MAX) return NoSense();
    SegmentList::Run& run = added.part.runs[static_cast<Oid>(index)];
    run.number = run_number;
    ASSIGN_OR_RETURN(SegmentStore::Held run_held, Hold(run_number));
    ASSIGN_OR_RETURN(run.file,
                     store_.OpenRun(std::move(run_held), added.tablet, static_cast<Oid>(index)));
  }
  if (!from.at_end()) return NoSense();
  return std::optional<Added>(std::move(added));
}

}  // namespace oxibase
