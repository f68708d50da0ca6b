#include "storage/checkpoint/log_salvage.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "storage/byte_codec.h"
#include "storage/checkpoint/log_check.h"
#include "storage/checksum.h"

namespace oxibase {
namespace {

/// "12 changes in tablets 1000, 1004"
std::string DescribeChanges(ByteSpan payload) {
  RowChangeReader reader(payload);
  RowChange change;
  uint64_t changes = 0;
  std::set<uint64_t> tablets;
  for (;;) {
    const auto more = reader.Next(&change);
    if (!more.ok() || !*more) break;
    ++changes;
    tablets.insert(change.tablet.value);
  }
  std::string text = fmt::format("{} changes in tablets", changes);
  for (const uint64_t tablet : tablets) text += fmt::format(" {}", tablet);
  return text;
}

}  // namespace

Status LogSalvage::Run() {
  RETURN_IF_ERROR(ReadNames());
  RETURN_IF_ERROR(RepairHeaders());
  bool is_damaged = false;
  if (segments_.empty()) {
    damages_.push_back(
        fmt::format("the write-ahead log in \"{}\" has no file that can be read: what was "
                    "committed since the last checkpoint is lost",
                    options_.folder));
  } else {
    RETURN_IF_ERROR(FindEnd(&is_damaged));
    if (is_damaged) RETURN_IF_ERROR(ListBehind());
  }
  if (!is_usable_) return RemoveAll();
  return is_damaged ? Cut() : Status::Ok();
}

Status LogSalvage::ReadNames() {
  const auto exists = files_.Exists(options_.folder);
  if (!exists.ok()) return exists.status();
  if (!*exists) return files_.MakeDirectory(options_.folder);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(options_.folder));
  for (const std::string& name : names) {
    const std::string path = JoinPath(options_.folder, name);
    if (const auto begin = ParseWalSegmentName(name)) {
      segments_.push_back({*begin, 0, path});
    } else {
      RETURN_IF_ERROR(files_.Remove(path));  // spare files
    }
  }
  std::sort(segments_.begin(), segments_.end(),
            [](const auto& a, const auto& b) { return a.begin < b.begin; });
  return Status::Ok();
}

Status LogSalvage::RepairHeaders() {
  std::vector<WalReader::Segment> good;
  for (WalReader::Segment& segment : segments_) {
    ASSIGN_OR_RETURN(std::unique_ptr<File> file, files_.Open(segment.path, OpenMode::kRead));
    ASSIGN_OR_RETURN(segment.file_bytes, file->Size());
    std::byte bytes[kWalSegmentHeaderBytes];
    ASSIGN_OR_RETURN(const size_t got, file->ReadAt(0, bytes));
    const auto header = WalSegmentHeader::Decode({bytes, got}, segment.path);
    file.reset();
    if (header.ok() && header->identity == options_.identity && header->begin == segment.begin) {
      good.push_back(segment);
      continue;
    }
    if (header.ok() || got < kWalSegmentHeaderBytes) {
      damages_.push_back(
          fmt::format("file \"{}\" is not what its name says: it is passed over", segment.path));
      RETURN_IF_ERROR(files_.Remove(segment.path));
      continue;
    }
    // Its name says where it begins, and each record where it lies.
    damages_.push_back(
        fmt::format("file \"{}\", offset 0: its header is damaged; nothing is lost "
                    "by that",
                    segment.path));
    WalSegmentHeader anew{segment.begin, segment.file_bytes, options_.identity};
    anew.Encode(bytes);
    ASSIGN_OR_RETURN(file, files_.Open(segment.path, OpenMode::kReadWrite));
    RETURN_IF_ERROR(file->WriteAt(0, bytes));
    good.push_back(segment);
  }
  segments_ = std::move(good);
  return Status::Ok();
}

Status LogSalvage::Void(const WalRecordHeader& header) {
  auto segment = std::find_if(segments_.rbegin(), segments_.rend(),
                              [&](const auto& s) { return s.begin <= header.lsn; });
  OXI_CHECK(segment != segments_.rend());
  WalRecordHeader voided = header;
  voided.kind = WalRecordKind::kVoid;
  std::byte bytes[kWalRecordHeaderBytes];
  voided.Encode(bytes);
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                   files_.Open(segment->path, OpenMode::kReadWrite));
  return file->WriteAt(kWalSegmentHeaderBytes + (header.lsn - segment->begin), bytes);
}

Status LogSalvage::FindEnd(bool* is_damaged) {
  const auto damage = [&](const Status& status) {
    if (status.code() != ErrorCode::kDataCorrupted && status.code() != ErrorCode::kIoError)
      return status;
    damages_.emplace_back(status.message());
    *is_damaged = true;
    return Status::Ok();
  };
  replay_from_ = is_position_known() ? options_.from.replay_from : Lsn(segments_.front().begin);
  end_ = replay_from_;
  auto opened = WalReader::Open(files_, options_.folder, replay_from_, options_.identity);
  if (!opened.ok()) return damage(opened.status());
  WalReader& reader = **opened;
  LogCheck check(options_.from.timestamp);
  std::set<TxnId> adds_files;
  uint64_t records = 0;
  for (;;) {
    WalReader::Record record;
    const auto more = reader.Next(&record);
    if (!more.ok()) {
      RETURN_IF_ERROR(damage(more.status()));
      break;
    }
    if (!*more) break;
    const WalRecordHeader& header = record.header;
    const Status makes_sense = check.Add(record);
    if (!makes_sense.ok()) {
      if (is_position_known() || header.kind != WalRecordKind::kCommit) {
        RETURN_IF_ERROR(
            damage(Error(ErrorCode::kDataCorrupted, "the write-ahead log is damaged: {}: {}",
                         reader.Describe(Lsn(header.lsn)), makes_sense.message())));
        break;
      }
      RETURN_IF_ERROR(Void(header));
    }
    if (header.kind == WalRecordKind::kAddFiles) adds_files.insert(header.txn);
    if (header.kind == WalRecordKind::kCommit && adds_files.contains(header.txn))
      first_files_ = std::min(first_files_, header.timestamp);
    highest_txn_ = std::max(highest_txn_, header.txn);
    highest_timestamp_ = std::max(highest_timestamp_, header.timestamp);
    last_index_ = header.index;
    last_epoch_ = header.epoch;
    end_ = Lsn(header.lsn + header.total_bytes());
    ++records;
  }
  if (records == 0 && is_position_known() && !*is_damaged) {
    const Status reaches = reader.CheckReachesBegin();
    if (!reaches.ok()) return damage(reaches);
  }
  is_usable_ = !is_position_known() || end_ >= options_.from.next;
  if (is_usable_ || *is_damaged) return Status::Ok();
  *is_damaged = true;
  damages_.push_back(fmt::format(
      "the write-ahead log ends at position {}, before the last checkpoint's {}: nothing of it can "
      "be replayed",
      end_.value, options_.from.next.value));
  return Status::Ok();
}

Status LogSalvage::ListBehind() {
  for (const WalReader::Segment& segment : segments_) RETURN_IF_ERROR(List(segment));
  return Status::Ok();
}

Status LogSalvage::List(const WalReader::Segment& segment) {
  if (segment.end_max() <= end_.value) return Status::Ok();
  ASSIGN_OR_RETURN(const std::string bytes, files_.ReadFile(segment.path, UINT64_MAX));
  const ByteSpan all = AsBytes(bytes);
  size_t at = kWalSegmentHeaderBytes;
  if (end_.value > segment.begin) at += end_.value - segment.begin;
  for (; at + kWalRecordHeaderBytes <= all.size(); at += 8) {
    if (LoadLe<uint16_t>(all.data() + at) != kWalRecordMagic) continue;
    const auto header = WalRecordHeader::Decode(all.subspan(at, kWalRecordHeaderBytes));
    // Records of a file's former use lie elsewhere; those behind an earlier cut are older.
    if (!header || header->lsn != segment.begin + (at - kWalSegmentHeaderBytes) ||
        header->epoch < last_epoch_ || header->index <= last_index_ ||
        header->payload_bytes > all.size() - at - kWalRecordHeaderBytes)
      continue;
    const ByteSpan payload = all.subspan(at + kWalRecordHeaderBytes, header->payload_bytes);
    if (Crc32c(payload) != header->payload_crc) continue;
    if (header->kind == WalRecordKind::kTxn || header->kind == WalRecordKind::kCommit) {
      ++not_applied_transactions_;
      if (not_applied_.size() < kListedMax)
        not_applied_.push_back(fmt::format(
            "file \"{}\", offset {}: transaction {}, {}", segment.path, at, header->txn.value,
            header->kind == WalRecordKind::kTxn ? DescribeChanges(payload)
                                                : std::string("the commit of a large one")));
    }
    at += header->total_bytes() - 8;
  }
  return Status::Ok();
}

Status LogSalvage::Cut() {
  for (const WalReader::Segment& segment : segments_) {
    if (segment.begin > end_.value) {
      RETURN_IF_ERROR(files_.Remove(segment.path));
    } else if (segment.end_max() > end_.value) {
      ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                       files_.Open(segment.path, OpenMode::kReadWrite));
      RETURN_IF_ERROR(file->Truncate(kWalSegmentHeaderBytes + (end_.value - segment.begin)));
    }
  }
  return Status::Ok();
}

Status LogSalvage::RemoveAll() {
  for (const WalReader::Segment& segment : segments_) RETURN_IF_ERROR(files_.Remove(segment.path));
  return Status::Ok();
}

}  // namespace oxibase
