#include "storage/index/entry_sorter.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "storage/index/entry_merger.h"
#include "storage/index/run_scan.h"
#include "storage/index/run_writer.h"

namespace oxibase {

/// Sorted entries in memory.
class EntrySorter::SortedArray final : public EntryStream {
 public:
  explicit SortedArray(const std::vector<Entry>& entries) : entries_(&entries) {}
  SortedArray(Arena arena, std::vector<Entry> entries)
      : arena_(std::move(arena)), owned_(std::move(entries)), entries_(&owned_) {}

  Result<bool> Next() override { return next_++ < entries_->size(); }
  std::string_view key() const override { return (*entries_)[next_ - 1].view(); }
  RowId row() const override { return (*entries_)[next_ - 1].row; }

 private:
  Arena arena_;
  std::vector<Entry> owned_;
  const std::vector<Entry>* entries_;
  size_t next_ = 0;
};

/// A temporary run, removed with this.
class EntrySorter::Piece {
 public:
  Piece(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
  ~Piece() { files_.Remove(path_).Ignore("the folder's owner removes temporary files"); }
  Piece(const Piece&) = delete;
  Piece& operator=(const Piece&) = delete;
  FileSystem& files() const { return files_; }
  const std::string& path() const { return path_; }

 private:
  FileSystem& files_;
  const std::string path_;
};

class EntrySorter::PieceStream final : public EntryStream {
 public:
  static Result<std::unique_ptr<EntryStream>> Open(std::unique_ptr<Piece> piece) {
    std::unique_ptr<PieceStream> stream(new PieceStream());
    ASSIGN_OR_RETURN(stream->run_, RunFile::Open(piece->files(), piece->path(), TabletId(), 0, {}));
    stream->piece_ = std::move(piece);
    stream->scan_ = std::make_unique<RunScan>(*stream->run_);
    return std::unique_ptr<EntryStream>(std::move(stream));
  }
  Result<bool> Next() override { return scan_->Next(); }
  std::string_view key() const override { return scan_->key(); }
  RowId row() const override { return scan_->row(); }

 private:
  PieceStream() = default;
  std::unique_ptr<Piece> piece_;
  std::unique_ptr<RunFile> run_;
  std::unique_ptr<RunScan> scan_;
};

EntrySorter::EntrySorter(FileSystem& files, Options options, MemoryTracker* parent)
    : files_(files), options_(std::move(options)), memory_("index sort", parent) {}

EntrySorter::~EntrySorter() = default;

bool EntrySorter::IsBefore(const Entry& a, const Entry& b) {
  if (a.head != b.head) return a.head < b.head;
  const int order = a.view().compare(b.view());
  return order != 0 ? order < 0 : a.row < b.row;
}

Status EntrySorter::Add(std::string_view key, RowId row) {
  if (key.size() > kRunKeyBytesMax)
    return Error(ErrorCode::kProgramLimitExceeded, "index row size {} exceeds maximum {}",
                 key.size(), kRunKeyBytesMax);
  auto* bytes = reinterpret_cast<char*>(arena_.Allocate(std::max<size_t>(key.size(), 1)));
  std::memcpy(bytes, key.data(), key.size());
  uint64_t head = 0;
  std::memcpy(&head, key.data(), std::min<size_t>(key.size(), 8));
  buffer_.push_back({__builtin_bswap64(head), bytes, static_cast<uint32_t>(key.size()), row});
  key_bytes_ += (key.size() + 15) & ~size_t{15};
  if (++entries_ % 4096 == 0) CountMemory();
  if (key_bytes_ + buffer_.size() * sizeof(Entry) < options_.memory_bytes) return Status::Ok();
  return Spill();
}

void EntrySorter::Sort() {
  std::sort(buffer_.begin(), buffer_.end(), &IsBefore);
  const auto same = [](const Entry& a, const Entry& b) {
    return a.row == b.row && a.view() == b.view();
  };
  buffer_.erase(std::unique(buffer_.begin(), buffer_.end(), same), buffer_.end());
}

void EntrySorter::CountMemory() {
  const auto bytes =
      static_cast<int64_t>(arena_.bytes_reserved() + buffer_.capacity() * sizeof(Entry));
  memory_.Add(bytes - counted_bytes_);
  counted_bytes_ = bytes;
}

Result<std::unique_ptr<EntrySorter::Piece>> EntrySorter::WritePiece(EntryStream& entries) {
  RunWriter::Options options;
  options.path = options_.path_prefix + std::to_string(pieces_written_++);
  options.durable = false;
  ASSIGN_OR_RETURN(const std::unique_ptr<RunWriter> writer, RunWriter::Create(files_, options));
  RETURN_IF_ERROR(writer->AddAll(entries));
  RETURN_IF_ERROR(writer->Finish());
  return std::make_unique<Piece>(files_, options.path);
}

Status EntrySorter::Spill() {
  CountMemory();
  Sort();
  SortedArray sorted(buffer_);
  ASSIGN_OR_RETURN(std::unique_ptr<Piece> piece, WritePiece(sorted));
  pieces_.push_back(std::move(piece));
  buffer_.clear();
  arena_ = Arena();
  key_bytes_ = 0;
  CountMemory();
  return Status::Ok();
}

Result<std::unique_ptr<EntryStream>> EntrySorter::Merge(
    std::vector<std::unique_ptr<Piece>> pieces) {
  std::vector<std::unique_ptr<EntryStream>> streams;
  for (std::unique_ptr<Piece>& piece : pieces) {
    ASSIGN_OR_RETURN(std::unique_ptr<EntryStream> stream, PieceStream::Open(std::move(piece)));
    streams.push_back(std::move(stream));
  }
  return std::unique_ptr<EntryStream>(std::make_unique<EntryMerger>(std::move(streams)));
}

Result<std::unique_ptr<EntryStream>> EntrySorter::Finish() {
  if (pieces_.empty()) {
    Sort();
    return std::unique_ptr<EntryStream>(
        std::make_unique<SortedArray>(std::move(arena_), std::move(buffer_)));
  }
  if (!buffer_.empty()) RETURN_IF_ERROR(Spill());
  buffer_ = {};
  CountMemory();
  while (pieces_.size() > kMergeWidth) {
    std::vector<std::unique_ptr<Piece>> some;
    for (size_t i = 0; i < kMergeWidth; ++i) some.push_back(std::move(pieces_[i]));
    pieces_.erase(pieces_.begin(), pieces_.begin() + kMergeWidth);
    ASSIGN_OR_RETURN(const std::unique_ptr<EntryStream> merged, Merge(std::move(some)));
    ASSIGN_OR_RETURN(std::unique_ptr<Piece> piece, WritePiece(*merged));
    pieces_.push_back(std::move(piece));
  }
  return Merge(std::move(pieces_));
}

}  // namespace oxibase
