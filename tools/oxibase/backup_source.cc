#include "backup_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "sql/parse/identifier.h"
#include "storage/checkpoint/manifest.h"
#include "storage/checksum.h"
#include "storage/wal/wal_reader.h"
#include "wire_client.h"

namespace oxibase {
namespace {

constexpr uint64_t kPieceBytes = uint64_t{4} << 20;

Result<uint64_t> ToNumber(const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return Error(ErrorCode::kProtocolViolation, "the server's answer \"{}\" is no number", text);
}

/// A server, by its sys_backup_... functions.
class ServerSource final : public BackupSource {
 public:
  explicit ServerSource(std::unique_ptr<WireClient> client) : client_(std::move(client)) {}

  Status Begin() override {
    ASSIGN_OR_RETURN(const std::string number, client_->Value("SELECT sys_backup_begin()"));
    ASSIGN_OR_RETURN(checkpoint_, ToNumber(number));
    return {};
  }
  Result<std::vector<File>> DataFiles() override { return List("NOT LIKE"); }
  Result<std::vector<File>> LogFiles(Lsn* end) override {
    ASSIGN_OR_RETURN(const std::string position, client_->Value("SELECT sys_backup_end()"));
    ASSIGN_OR_RETURN(end->value, ToNumber(position));
    return List("LIKE");
  }
  Result<uint32_t> Checksum(const File& file) override {
    ASSIGN_OR_RETURN(
        const std::string text,
        client_->Value(fmt::format("SELECT sys_backup_checksum({})", QuoteLiteral(file.name))));
    ASSIGN_OR_RETURN(const uint64_t sum, ToNumber(text));
    return static_cast<uint32_t>(sum);
  }
  Status Read(const File& file, uint64_t offset, std::span<std::byte> into) override {
    // COPY's binary form of one row with one value: 19 bytes, the count of fields, its length.
    constexpr size_t kBefore = 19 + 2 + 4;
    for (size_t done = 0; done < into.size();) {
      const size_t length = std::min<size_t>(kPieceBytes, into.size() - done);
      ASSIGN_OR_RETURN(const std::string bytes,
                       client_->Copy(fmt::format(
                           "COPY (SELECT sys_backup_read({}, {}, {})) TO STDOUT (FORMAT binary)",
                           QuoteLiteral(file.name), offset + done, length)));
      if (bytes.size() < kBefore + length) {
        return Error(ErrorCode::kDataCorrupted, "the server's file \"{}\" became shorter",
                     file.name);
      }
// GCC 12 takes a string that was moved for an empty one.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstringop-overread"
      std::memcpy(into.data() + done, bytes.data() + kBefore, length);
#pragma GCC diagnostic pop
      done += length;
    }
    return {};
  }

 private:
  Result<std::vector<File>> List(std::string_view like) {
    ASSIGN_OR_RETURN(
        const std::vector<WireClient::Row> rows,
        client_->Query(fmt::format(
            "SELECT name, bytes FROM sys_backup_files WHERE name {} 'wal/%' ORDER BY 1", like)));
    std::vector<File> files;
    for (const WireClient::Row& row : rows) {
      if (row.size() != 2 || !row[0] || !row[1]) continue;
      ASSIGN_OR_RETURN(const uint64_t bytes, ToNumber(*row[1]));
      files.push_back({*row[0], bytes});
    }
    return files;
  }

  std::unique_ptr<WireClient> client_;
};

/// A folder, locked as long as this lives.
class FolderSource final : public BackupSource {
 public:
  FolderSource(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  Status Begin() override {
    ASSIGN_OR_RETURN(const bool exists, files_.Exists(JoinPath(path_, "OXIBASE")));
    if (!exists) {
      return Error(ErrorCode::kUndefinedFile, "folder \"{}\" holds no database", path_);
    }
    ASSIGN_OR_RETURN(lock_, files_.Lock(JoinPath(path_, "lock")));
    ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(path_));
    for (const std::string& name : names) {
      checkpoint_ = std::max(checkpoint_, ParseManifestName(name).value_or(0));
    }
    return {};
  }
  Result<std::vector<File>> DataFiles() override {
    std::vector<File> list;
    RETURN_IF_ERROR(Add("OXIBASE", &list));
    if (checkpoint_ != 0) RETURN_IF_ERROR(Add(ManifestName(checkpoint_), &list));
    ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(JoinPath(path_, "data")));
    for (const std::string& name : names) {
      if (name.ends_with(".seg") || name.ends_with(".run")) {
        RETURN_IF_ERROR(Add("data/" + name, &list));
      }
    }
    return list;
  }
  Result<std::vector<File>> LogFiles(Lsn* end) override {
    std::vector<File> list;
    uint64_t last = 0;
    ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(JoinPath(path_, "wal")));
    for (const std::string& name : names) {
      const auto begin = ParseWalSegmentName(name);
      if (!begin) continue;
      RETURN_IF_ERROR(Add("wal/" + name, &list));
      last = *begin;
    }
    if (list.empty()) return list;
    // Behind the log's end lies what was there before, or nothing.
    std::byte header[kWalSegmentHeaderBytes];
    RETURN_IF_ERROR(Read(list.back(), 0, header));
    ASSIGN_OR_RETURN(const WalSegmentHeader decoded,
                     WalSegmentHeader::Decode(header, JoinPath(path_, list.back().name)));
    ASSIGN_OR_RETURN(const std::unique_ptr<WalReader> reader,
                     WalReader::Open(files_, JoinPath(path_, "wal"), Lsn(last), decoded.identity));
    WalReader::Record record;
    for (;;) {
      ASSIGN_OR_RETURN(const bool more, reader->Next(&record));
      if (!more) break;
    }
    *end = reader->position();
    list.back().bytes = kWalSegmentHeaderBytes + (end->value - last);
    return list;
  }
  Result<uint32_t> Checksum(const File& file) override {
    uint32_t sum = 0;
    std::vector<std::byte> piece;
    for (uint64_t at = 0; at < file.bytes; at += piece.size()) {
      piece.resize(std::min(kPieceBytes, file.bytes - at));
      RETURN_IF_ERROR(Read(file, at, piece));
      sum = Crc32c(piece, sum);
    }
    return sum;
  }
  Status Read(const File& file, uint64_t offset, std::span<std::byte> into) override {
    ASSIGN_OR_RETURN(const std::unique_ptr<oxibase::File> opened,
                     files_.Open(JoinPath(path_, file.name), OpenMode::kRead));
    return opened->ReadExactlyAt(offset, into);
  }

 private:
  Status Add(std::string name, std::vector<File>* list) {
    ASSIGN_OR_RETURN(const std::unique_ptr<oxibase::File> file,
                     files_.Open(JoinPath(path_, name), OpenMode::kRead));
    ASSIGN_OR_RETURN(const uint64_t bytes, file->Size());
    list->push_back({std::move(name), bytes});
    return {};
  }

  FileSystem& files_;
  const std::string path_;
  std::unique_ptr<FileLock> lock_;
};

}  // namespace

Result<std::unique_ptr<BackupSource>> BackupSource::Open(Env& env, const std::string& source) {
  if (!WireClient::IsConnInfo(source)) {
    return std::unique_ptr<BackupSource>(new FolderSource(env.files(), source));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<WireClient> client, WireClient::Connect(source));
  return std::unique_ptr<BackupSource>(new ServerSource(std::move(client)));
}

}  // namespace oxibase
