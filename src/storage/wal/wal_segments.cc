#include "storage/wal/wal_segments.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "common/plant.h"
#include "storage/wal/wal_archive.h"

namespace oxibase {
namespace {

constexpr std::string_view kSparePrefix = "spare-";
// Enough for what lies between two checkpoints of the default size; more is given back to the disk.
constexpr size_t kSparesMax = 6;

}  // namespace

Result<std::unique_ptr<WalSegments>> WalSegments::Open(Env& env, const std::string& folder,
                                                       uint64_t segment_bytes, bool sync,
                                                       const DatabaseIdentity& identity,
                                                       std::vector<WalReader::Segment> known) {
  std::unique_ptr<WalSegments> segments(
      new WalSegments(env, folder, segment_bytes, sync, identity));
  FileSystem& files = env.files();
  MutexLock lock(segments->mu_);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(folder));
  for (const std::string& name : names) {
    if (!name.starts_with(kSparePrefix)) continue;
    const std::string path = JoinPath(folder, name);
    ASSIGN_OR_RETURN(std::unique_ptr<File> file, files.Open(path, OpenMode::kReadWrite));
    ASSIGN_OR_RETURN(const uint64_t size, file->Size());
    uint64_t number = 0;
    const char* digits = name.data() + kSparePrefix.size();
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(digits, end, number);
    if (size != segment_bytes || segments->spares_.size() >= kSparesMax || parsed.ptr != end) {
      file.reset();
      RETURN_IF_ERROR(files.Remove(path));
      continue;
    }
    segments->next_spare_ = std::max(segments->next_spare_, number + 1);
    segments->spares_.push_back({path, std::move(file), size});
  }
  if (!known.empty()) {
    WalReader::Segment& last = known.back();
    ASSIGN_OR_RETURN(segments->file_, files.Open(last.path, OpenMode::kReadWrite));
    segments->begin_ = last.begin;
    segments->room_end_ = last.end_max();
  }
  for (WalReader::Segment& segment : known) {
    if (segment.file_bytes == 0) {  // before the part that recovery read
      ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.Open(segment.path, OpenMode::kRead));
      ASSIGN_OR_RETURN(segment.file_bytes, file->Size());
    }
  }
  segments->segments_ = std::move(known);
  return segments;
}

uint64_t WalSegments::room_end() const { return room_end_; }

Result<WalSegments::Spare> WalSegments::MakeSpare(uint64_t file_bytes) {
  const std::string path = JoinPath(folder_, fmt::format("{}{}", kSparePrefix, next_spare_++));
  Spare spare{path, nullptr, file_bytes};
  ASSIGN_OR_RETURN(spare.file, files_.Open(path, OpenMode::kCreateOrEmpty));
  if (Status allocated = spare.file->Allocate(file_bytes); !allocated.ok()) {
    spare.file.reset();
    files_.Remove(path).Ignore("the first failure is the one to report");
    if (allocated.code() == ErrorCode::kDiskFull)
      return std::move(allocated)
          .Detail("There is no room for a further file of the write-ahead log.")
          .Hint("Reading goes on; writing does when there is room again.");
    return allocated;
  }
  return spare;
}

Result<WalSegments::Spare> WalSegments::TakeSpare(uint64_t bytes) {
  MutexLock lock(mu_);
  for (size_t i = spares_.size(); i-- > 0;) {
    if (spares_[i].room() < bytes) continue;
    Spare spare = std::move(spares_[i]);
    spares_.erase(spares_.begin() + static_cast<ptrdiff_t>(i));
    return spare;
  }
  const uint64_t needed = (bytes + kWalSegmentHeaderBytes + 4095) & ~uint64_t{4095};
  return MakeSpare(std::max(segment_bytes_, needed));
}

void WalSegments::GiveBack(Spare spare) {
  MutexLock lock(mu_);
  spares_.push_back(std::move(spare));
}

void WalSegments::KeepOneReady() {
  MutexLock lock(mu_);
  if (!spares_.empty()) return;
  Result<Spare> spare = MakeSpare(segment_bytes_);
  // A failure shows again, and is reported, when the room is really needed.
  if (spare.ok()) spares_.push_back(std::move(*spare));
}

Status WalSegments::Write(uint64_t lsn, ByteSpan bytes) {
  OXI_CHECK(file_ != nullptr && lsn >= begin_ && lsn + bytes.size() <= room_end_);
  return file_->WriteAt(kWalSegmentHeaderBytes + (lsn - begin_), bytes);
}

Status WalSegments::Sync() {
  if (!sync_ || file_ == nullptr) return Status::Ok();
  return file_->Sync();
}

Status WalSegments::Switch(Spare spare, uint64_t begin) {
  std::byte header[kWalSegmentHeaderBytes];
  WalSegmentHeader{begin, spare.file_bytes, identity_}.Encode(header);
  RETURN_IF_ERROR(spare.file->WriteAt(0, header));
  if (sync_ && !OXI_PLANT(log_header_not_synced)) RETURN_IF_ERROR(spare.file->Sync());
  const std::string path = JoinPath(folder_, WalSegmentName(begin));
  RETURN_IF_ERROR(files_.Rename(spare.path, path));
  if (sync_ && !OXI_PLANT(log_name_not_synced)) RETURN_IF_ERROR(files_.SyncDirectory(folder_));
  file_ = std::move(spare.file);
  begin_ = begin;
  room_end_ = begin + spare.room();
  MutexLock lock(mu_);
  segments_.push_back({begin, spare.file_bytes, path});
  return Status::Ok();
}

Status WalSegments::ArchiveBefore(uint64_t lsn) {
  std::vector<WalReader::Segment> done;
  {
    MutexLock lock(mu_);
    for (size_t i = 1; i < segments_.size() && segments_[i].begin <= lsn; ++i) {
      done.push_back(segments_[i - 1]);
    }
  }
  for (const WalReader::Segment& segment : done) {
    RETURN_IF_ERROR(ArchiveWalFile(files_, segment.path, segment.file_bytes, archive_));
  }
  return {};
}

Status WalSegments::RemoveBefore(uint64_t lsn) {
  // A file that cannot be archived stays, and the error tells of it.
  if (!archive_.empty()) RETURN_IF_ERROR(ArchiveBefore(lsn));
  MutexLock lock(mu_);
  bool changed = false;
  while (segments_.size() > 1 && segments_[1].begin <= lsn) {
    const WalReader::Segment& oldest = segments_.front();
    if (oldest.file_bytes == segment_bytes_ && spares_.size() < kSparesMax) {
      const std::string path = JoinPath(folder_, fmt::format("{}{}", kSparePrefix, next_spare_++));
      RETURN_IF_ERROR(files_.Rename(oldest.path, path));
      segments_.erase(segments_.begin());
      ASSIGN_OR_RETURN(std::unique_ptr<File> file, files_.Open(path, OpenMode::kReadWrite));
      spares_.push_back({path, std::move(file), segment_bytes_});
    } else {
      RETURN_IF_ERROR(files_.Remove(oldest.path));
      segments_.erase(segments_.begin());
    }
    changed = true;
  }
  if (changed && sync_) RETURN_IF_ERROR(files_.SyncDirectory(folder_));
  return Status::Ok();
}

}  // namespace oxibase
