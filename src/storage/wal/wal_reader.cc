#include "storage/wal/wal_reader.h"

#include <algorithm>

#include "common/plant.h"
#include "storage/byte_codec.h"
#include "storage/checksum.h"

namespace oxibase {
namespace {

constexpr uint64_t kReadAheadBytes = 1 << 20;

}  // namespace

Result<std::unique_ptr<WalReader>> WalReader::Open(FileSystem& files, const std::string& folder,
                                                   Lsn from, const DatabaseIdentity& identity) {
  std::unique_ptr<WalReader> reader(new WalReader(files, identity));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(folder));
  for (const std::string& name : names) {
    const auto begin = ParseWalSegmentName(name);
    if (begin) reader->segments_.push_back({*begin, 0, JoinPath(folder, name)});
  }
  std::sort(reader->segments_.begin(), reader->segments_.end(),
            [](const Segment& a, const Segment& b) { return a.begin < b.begin; });
  size_t idx = reader->segments_.size();
  while (idx > 0 && reader->segments_[idx - 1].begin > from.value) --idx;
  if (idx == 0)
    return Error(ErrorCode::kDataCorrupted,
                 "the write-ahead log has no file that holds position {}", from.value)
        .Detail("What was committed since the last checkpoint is lost without it.")
        .Hint("The folder \"" + folder + "\" must hold every file that the database left there.");
  reader->position_ = from.value;
  RETURN_IF_ERROR(reader->OpenSegment(idx - 1));
  return reader;
}

Status WalReader::OpenSegment(size_t idx) {
  Segment& segment = segments_[idx];
  ASSIGN_OR_RETURN(file_, files_.Open(segment.path, OpenMode::kRead));
  ASSIGN_OR_RETURN(segment.file_bytes, file_->Size());
  std::byte bytes[kWalSegmentHeaderBytes];
  ASSIGN_OR_RETURN(const size_t got, file_->ReadAt(0, bytes));
  ASSIGN_OR_RETURN(const WalSegmentHeader header,
                   WalSegmentHeader::Decode({bytes, got}, segment.path));
  if (header.identity != identity_)
    return Error(ErrorCode::kDataCorrupted, "file \"{}\" belongs to another database",
                 segment.path);
  if (header.begin != segment.begin)
    return Error(ErrorCode::kDataCorrupted, "file \"{}\" begins at position {}, not at its name's",
                 segment.path, header.begin);
  idx_ = idx;
  buffer_bytes_ = 0;
  return Status::Ok();
}

Result<ByteSpan> WalReader::Bytes(uint64_t lsn, uint64_t size) {
  if (lsn < buffer_begin_ || lsn + size > buffer_begin_ + buffer_bytes_) {
    const Segment& segment = segments_[idx_];
    if (lsn < segment.begin || lsn >= segment.end_max()) return ByteSpan();
    const uint64_t want = std::min(std::max(size, kReadAheadBytes), segment.end_max() - lsn);
    buffer_bytes_ = 0;
    if (!buffer_ || buffer_.use_count() > 1 || buffer_->capacity < want) {
      buffer_ = std::make_shared<Buffer>();
      buffer_->bytes = std::make_unique_for_overwrite<std::byte[]>(want);
      buffer_->capacity = want;
    }
    buffer_begin_ = lsn;
    ASSIGN_OR_RETURN(buffer_bytes_,
                     file_->ReadAt(kWalSegmentHeaderBytes + (lsn - segment.begin),
                                   std::span<std::byte>(buffer_->bytes.get(), want)));
  }
  const uint64_t skip = lsn - buffer_begin_;
  return ByteSpan(buffer_->bytes.get() + skip, std::min<uint64_t>(size, buffer_bytes_ - skip));
}

Result<bool> WalReader::Load(uint64_t lsn, Record* record) {
  ASSIGN_OR_RETURN(ByteSpan bytes, Bytes(lsn, kWalRecordHeaderBytes));
  if (bytes.size() < kWalRecordHeaderBytes) return false;
  const auto header = WalRecordHeader::Decode(bytes);
  if (!header || header->lsn != lsn || header->payload_bytes > kWalPayloadBytesMax) return false;
  // A length that the file cannot hold must not make us allocate for it.
  if (lsn + header->total_bytes() > segments_[idx_].end_max()) return false;
  ASSIGN_OR_RETURN(bytes, Bytes(lsn, kWalRecordHeaderBytes + header->payload_bytes));
  if (bytes.size() < kWalRecordHeaderBytes + header->payload_bytes) return false;
  record->header = *header;
  record->payload = bytes.subspan(kWalRecordHeaderBytes);
  record->memory = buffer_;
  return Crc32c(record->payload) == header->payload_crc || OXI_PLANT(log_checksum_ignored);
}

Result<bool> WalReader::Next(Record* record) {
  if (idx_ + 1 < segments_.size() && segments_[idx_ + 1].begin <= position_) {
    RETURN_IF_ERROR(OpenSegment(idx_ + 1));
    if (segments_[idx_].begin < position_ && !first_)
      return Damaged(position_, idx_, "the files of the log overlap");
  }
  ASSIGN_OR_RETURN(bool good, Load(position_, record));
  if (good && !first_) good = record->header.index == index_ + 1 && record->header.epoch >= epoch_;
  if (!good) {
    RETURN_IF_ERROR(CheckTail());
    return false;
  }
  first_ = false;
  index_ = record->header.index;
  epoch_ = record->header.epoch;
  position_ += record->header.total_bytes();
  return true;
}

Status WalReader::CheckReachesBegin() {
  uint64_t lsn = segments_[idx_].begin;
  Record record;
  while (lsn < position_) {
    ASSIGN_OR_RETURN(const bool good, Load(lsn, &record));
    if (!good) return Damaged(lsn, idx_, "the last checkpoint lies behind it");
    lsn += record.header.total_bytes();
  }
  if (lsn == position_) return Status::Ok();
  return Damaged(position_, idx_, "the last checkpoint lies within a record");
}

Result<WalReader::Record> WalReader::ReadAgain(Lsn lsn) {
  size_t idx = segments_.size();
  while (idx > 0 && segments_[idx - 1].begin > lsn.value) --idx;
  OXI_CHECK(idx > 0);
  const Segment& segment = segments_[idx - 1];
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, files_.Open(segment.path, OpenMode::kRead));
  const uint64_t offset = kWalSegmentHeaderBytes + (lsn.value - segment.begin);
  auto bytes = std::make_shared<std::vector<std::byte>>(kWalRecordHeaderBytes);
  RETURN_IF_ERROR(file->ReadExactlyAt(offset, *bytes));
  const auto header = WalRecordHeader::Decode(*bytes);
  if (!header || header->lsn != lsn.value) return Damaged(lsn.value, idx - 1, "it was good before");
  bytes->resize(header->payload_bytes);
  RETURN_IF_ERROR(file->ReadExactlyAt(offset + kWalRecordHeaderBytes, *bytes));
  if (Crc32c(*bytes) != header->payload_crc)
    return Damaged(lsn.value, idx - 1, "it was good before");
  return Record{*header, *bytes, bytes};
}

Result<uint64_t> WalReader::BytesBehind(Lsn from) const {
  uint64_t bytes = 0;
  for (const Segment& segment : segments_) {
    ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files_.Open(segment.path, OpenMode::kRead));
    ASSIGN_OR_RETURN(const uint64_t size, file->Size());
    const uint64_t end =
        segment.begin + std::max(size, kWalSegmentHeaderBytes) - kWalSegmentHeaderBytes;
    if (end > from.value) bytes += end - std::max(from.value, segment.begin);
  }
  return bytes;
}

Status WalReader::CheckTail() {
  if (idx_ + 1 < segments_.size()) {
    // A file gets its name only after all before it is durable.
    return Damaged(position_, idx_, "file \"" + segments_[idx_ + 1].path + "\" follows");
  }
  // Any good record further on that knows of a later durable position is a witness. Damage may have
  // hit a length, so each place where a record can begin is looked at.
  const Segment& segment = segments_[idx_];
  uint64_t lsn = position_ + 8;
  while (lsn + kWalRecordHeaderBytes <= segment.end_max()) {
    const uint64_t want = std::min<uint64_t>(kReadAheadBytes, segment.end_max() - lsn);
    ASSIGN_OR_RETURN(const ByteSpan bytes, Bytes(lsn, want));
    if (bytes.size() < kWalRecordHeaderBytes) break;
    size_t at = 0;
    for (; at + kWalRecordHeaderBytes <= bytes.size(); at += 8) {
      if (LoadLe<uint16_t>(bytes.data() + at) != kWalRecordMagic) continue;
      const auto header = WalRecordHeader::Decode(bytes.subspan(at, kWalRecordHeaderBytes));
      if (header && header->lsn == lsn + at && header->durable_before > position_)
        return Damaged(position_, idx_, "a later record says that it was durable");
    }
    lsn += at;
  }
  return Status::Ok();
}

std::string WalReader::Describe(uint64_t lsn, size_t idx) const {
  const Segment& segment = segments_[idx];
  return fmt::format("file \"{}\", offset {}, position {}", segment.path,
                     kWalSegmentHeaderBytes + (lsn - segment.begin), lsn);
}

Status WalReader::Damaged(uint64_t lsn, size_t idx, std::string_view witness) {
  return Error(ErrorCode::kDataCorrupted, "the write-ahead log is damaged: {}", Describe(lsn, idx))
      .Detail(
          fmt::format("There is no good record, yet this is not the log's end: {}. Transactions "
                      "logged from this position on cannot be recovered{}.",
                      witness,
                      index_ != 0 ? fmt::format(" (the last good record has the index {})", index_)
                                  : std::string()))
      .Hint("Nothing was changed. Restore the file from a copy, or the database from a backup.");
}

}  // namespace oxibase
