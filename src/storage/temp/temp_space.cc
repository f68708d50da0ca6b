#include "storage/temp/temp_space.h"

#include <fmt/format.h>
#include <lz4.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "storage/byte_codec.h"
#include "storage/checksum.h"

namespace oxibase {
namespace {

constexpr std::string_view kPrefix = "oxibase-temp-";

// A block: checksum of what follows, bytes of the content, then the content; compressed if it is
// shorter than that.
constexpr size_t kHeaderBytes = 8;
constexpr size_t kCompressBytesMin = 512;
// LZ4's: quicker than by default, and half as thorough.
constexpr int kAcceleration = 4;

}  // namespace

Status TempSpace::RemoveLeftovers() {
  if (shared_) return {};
  ASSIGN_OR_RETURN(const bool exists, files_.Exists(folder_));
  if (!exists) return {};
  ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(folder_));
  for (const std::string& name : names) {
    if (name.starts_with(kPrefix)) RETURN_IF_ERROR(files_.Remove(JoinPath(folder_, name)));
  }
  return {};
}

Result<std::shared_ptr<TempFile>> TempSpace::Create(uint64_t bytes_max) {
  std::string path;
  {
    MutexLock lock(mu_);
    if (!folder_made_) {
      ASSIGN_OR_RETURN(const bool exists, files_.Exists(folder_));
      if (!exists) RETURN_IF_ERROR(files_.MakeDirectory(folder_));
      folder_made_ = true;
    }
    path = JoinPath(folder_, fmt::format("{}{:016x}", kPrefix, random_.Next()));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, files_.Open(path, OpenMode::kCreateNew));
  RETURN_IF_ERROR(files_.Remove(path));
  files_made_.fetch_add(1, std::memory_order_relaxed);
  return std::make_shared<TempFile>(*this, std::move(file), bytes_max);
}

Result<uint32_t> TempFile::Allocate() {
  if (!free_.empty()) {
    const uint32_t extent = free_.back();
    free_.pop_back();
    return extent;
  }
  if (bytes_max_ > 0 && (uint64_t{extents_} + 1) * kExtentBytes > bytes_max_) {
    return Error(ErrorCode::kConfigurationLimitExceeded,
                 "temporary file size exceeds temp_file_limit ({}kB)", bytes_max_ >> 10);
  }
  return extents_++;
}

Status TempFile::Write(uint32_t extent, ByteSpan bytes) {
  space_.bytes_written_.fetch_add(bytes.size(), std::memory_order_relaxed);
  return file_->WriteAt(uint64_t{extent} * kExtentBytes, bytes);
}

Status TempFile::Read(uint32_t extent, size_t offset, std::span<std::byte> into) {
  return file_->ReadExactlyAt(uint64_t{extent} * kExtentBytes + offset, into);
}

Status TempStream::Append(ByteSpan bytes) {
  while (!bytes.empty()) {
    if (buffer_.capacity() == 0) buffer_.reserve(TempFile::kExtentBytes);
    const size_t take = std::min(bytes.size(), TempFile::kExtentBytes - buffer_.size());
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(take));
    size_ += take;
    bytes = bytes.subspan(take);
    if (buffer_.size() < TempFile::kExtentBytes) continue;
    ASSIGN_OR_RETURN(const uint32_t extent, file_->Allocate());
    extents_.push_back(extent);
    RETURN_IF_ERROR(file_->Write(extent, buffer_));
    buffer_.clear();
  }
  return {};
}

Status TempStream::AppendBlock(ByteSpan content) {
  if (content.size() > std::numeric_limits<uint32_t>::max() - kHeaderBytes) {
    return Error(ErrorCode::kProgramLimitExceeded, "a row is too long for a temporary file");
  }
  std::vector<std::byte> block(kHeaderBytes);
  bool compressed = false;
  if (content.size() >= kCompressBytesMin && content.size() <= LZ4_MAX_INPUT_SIZE) {
    const auto size = static_cast<int>(content.size());
    const int bound = LZ4_compressBound(size);
    block.resize(kHeaderBytes + static_cast<size_t>(bound));
    const int stored = LZ4_compress_fast(reinterpret_cast<const char*>(content.data()),
                                         reinterpret_cast<char*>(block.data() + kHeaderBytes), size,
                                         bound, kAcceleration);
    compressed = stored > 0 && stored < size - size / 8;
    block.resize(kHeaderBytes + (compressed ? static_cast<size_t>(stored) : 0));
  }
  if (!compressed) block.insert(block.end(), content.begin(), content.end());
  StoreLe(block.data() + 4, static_cast<uint32_t>(content.size()));
  StoreLe(block.data(), Crc32c(std::span<const std::byte>(block).subspan(4)));
  return Append(block);
}

Status TempStream::ReadBlock(uint64_t offset, size_t bytes, std::vector<std::byte>* content) const {
  std::vector<std::byte> block(bytes);
  RETURN_IF_ERROR(Read(offset, block));
  const auto damaged = [] {
    return Error(ErrorCode::kDataCorrupted, "a temporary file is damaged");
  };
  if (LoadLe<uint32_t>(block.data()) != Crc32c(std::span<const std::byte>(block).subspan(4))) {
    return damaged();
  }
  const uint32_t size = LoadLe<uint32_t>(block.data() + 4);
  const size_t stored = bytes - kHeaderBytes;
  if (stored == size) {
    block.erase(block.begin(), block.begin() + kHeaderBytes);
    *content = std::move(block);
    return {};
  }
  content->resize(size);
  const int made = LZ4_decompress_safe(reinterpret_cast<const char*>(block.data() + kHeaderBytes),
                                       reinterpret_cast<char*>(content->data()),
                                       static_cast<int>(stored), static_cast<int>(size));
  return made >= 0 && static_cast<uint32_t>(made) == size ? Status() : damaged();
}

Status TempStream::Finish() {
  if (!buffer_.empty()) {
    ASSIGN_OR_RETURN(const uint32_t extent, file_->Allocate());
    extents_.push_back(extent);
    RETURN_IF_ERROR(file_->Write(extent, buffer_));
  }
  buffer_ = {};
  return {};
}

Status TempStream::Read(uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const size_t index = offset / TempFile::kExtentBytes;
    const size_t within = offset % TempFile::kExtentBytes;
    const size_t take = std::min(into.size(), TempFile::kExtentBytes - within);
    if (index < extents_.size()) {
      RETURN_IF_ERROR(file_->Read(extents_[index], within, into.first(take)));
    } else {
      std::memcpy(into.data(), buffer_.data() + within, take);
    }
    into = into.subspan(take);
    offset += take;
  }
  return {};
}

void TempStream::Release(uint64_t offset) {
  const size_t whole = std::min<size_t>(offset / TempFile::kExtentBytes, extents_.size());
  for (; released_ < whole; ++released_) file_->Free(extents_[released_]);
}

void TempStream::Clear() {
  for (; released_ < extents_.size(); ++released_) file_->Free(extents_[released_]);
  extents_.clear();
  released_ = 0;
  buffer_ = {};
  size_ = 0;
}

}  // namespace oxibase
