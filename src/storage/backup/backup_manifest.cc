#include "storage/backup/backup_manifest.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "storage/checksum.h"

namespace oxibase {
namespace {

constexpr std::string_view kFirstLine = "OxiBase backup, format ";
constexpr int kFormat = 1;
constexpr uint64_t kPieceBytes = uint64_t{1} << 20;
/// Incremental backups upon each other; more than that is a circle.
constexpr size_t kLinksMax = 1000;

/// Takes the words of a line one after another.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}
  std::string_view Next() {
    const size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return word;
  }
  template <typename T>
  bool Number(T* value, int base = 10) {
    const std::string_view word = Next();
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), *value, base);
    return error == std::errc() && end == word.data() + word.size() && !word.empty();
  }
  /// The last one may have blanks.
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

bool IsPlainName(std::string_view name) {
  return !name.empty() && name.front() != '/' && name.find("..") == std::string_view::npos &&
         std::count(name.begin(), name.end(), '/') <= 1;
}

}  // namespace

std::string BackupManifest::Encode() const {
  std::string text = fmt::format("{}{}\nidentity {}\nid {}\ncheckpoint {}\nlog {} {}\n", kFirstLine,
                                 kFormat, identity, id, checkpoint, log_from.value, log_to.value);
  if (!base_id.empty()) text += fmt::format("base {} {}\n", base_id, base_path);
  for (const File& file : files) {
    text += fmt::format("file {:08x} {} {} {}\n", file.crc, file.bytes,
                        file.in_base ? "base" : "here", file.name);
  }
  return text + fmt::format("end {:08x}\n", Crc32c(AsBytes(text)));
}

Result<BackupManifest> BackupManifest::Decode(std::string_view text, const std::string& path) {
  const auto damaged = [&] {
    return Error(ErrorCode::kDataCorrupted, "file \"{}\" is damaged", path)
        .Detail("It is the list of a backup's files; without it the backup cannot be told whole.");
  };
  const size_t end_line = text.rfind("end ");
  if (end_line == std::string_view::npos || !text.ends_with('\n')) return damaged();
  uint32_t crc = 0;
  Words end_words(text.substr(end_line, text.size() - end_line - 1));
  end_words.Next();
  if (!end_words.Number(&crc, 16)) return damaged();
  const std::string_view body = text.substr(0, end_line);
  if (body.starts_with(kFirstLine)) {
    const size_t line_end = body.find('\n');
    const std::string_view format = body.substr(kFirstLine.size(), line_end - kFirstLine.size());
    if (format != std::to_string(kFormat)) {
      return Error(ErrorCode::kFeatureNotSupported,
                   "backup \"{}\" has format {}; this program reads format {}", path, format,
                   kFormat);
    }
  }
  if (Crc32c(AsBytes(body)) != crc) return damaged();

  BackupManifest manifest;
  size_t at = 0;
  while (at < body.size()) {
    const size_t line_end = body.find('\n', at);
    if (line_end == std::string_view::npos) return damaged();
    Words words(body.substr(at, line_end - at));
    at = line_end + 1;
    const std::string_view what = words.Next();
    bool good = true;
    if (what == "identity") {
      manifest.identity = words.rest();
    } else if (what == "id") {
      manifest.id = words.rest();
    } else if (what == "checkpoint") {
      good = words.Number(&manifest.checkpoint);
    } else if (what == "log") {
      good = words.Number(&manifest.log_from.value) && words.Number(&manifest.log_to.value);
    } else if (what == "base") {
      manifest.base_id = words.Next();
      manifest.base_path = words.rest();
    } else if (what == "file") {
      File file;
      good = words.Number(&file.crc, 16) && words.Number(&file.bytes);
      file.in_base = words.Next() == "base";
      file.name = words.rest();
      good = good && IsPlainName(file.name);
      manifest.files.push_back(std::move(file));
    }
    if (!good) return damaged();
  }
  if (manifest.identity.empty() || manifest.id.empty()) return damaged();
  return manifest;
}

Result<BackupManifest> BackupManifest::Read(FileSystem& files, const std::string& folder) {
  const std::string path = JoinPath(folder, kBackupFileName);
  ASSIGN_OR_RETURN(const bool exists, files.Exists(path));
  if (!exists) {
    const auto begun = files.Exists(JoinPath(folder, kBackupBegunName));
    if (begun.ok() && *begun) {
      return Error(ErrorCode::kUndefinedFile, "the backup in \"{}\" was never finished", folder)
          .Hint("Take it again; what is there of it is of no use.");
    }
    return Error(ErrorCode::kUndefinedFile, "folder \"{}\" holds no backup", folder)
        .Detail("There is no file \"BACKUP\" in it.");
  }
  ASSIGN_OR_RETURN(const std::string text, files.ReadFile(path));
  return Decode(text, path);
}

const BackupManifest::File* BackupManifest::Find(std::string_view name) const {
  for (const File& file : files) {
    if (file.name == name) return &file;
  }
  return nullptr;
}

Result<BackupChain> BackupChain::Read(FileSystem& files, const std::string& folder) {
  BackupChain chain;
  std::string at = folder;
  std::string wanted;
  for (;;) {
    ASSIGN_OR_RETURN(BackupManifest manifest, BackupManifest::Read(files, at));
    if (!wanted.empty() && manifest.id != wanted) {
      return Error(ErrorCode::kDataCorrupted,
                   "the backup in \"{}\" is not the one that \"{}\" is built upon", at,
                   chain.links.back().folder)
          .Detail(fmt::format("It has the id {}, not {}.", manifest.id, wanted));
    }
    wanted = manifest.base_id;
    const std::string base = manifest.base_path;
    chain.links.push_back({at, std::move(manifest)});
    if (wanted.empty()) return chain;
    if (chain.links.size() > kLinksMax) {
      return Error(ErrorCode::kDataCorrupted, "the backups that \"{}\" is built upon have no end",
                   folder);
    }
    at = base.starts_with('/') ? base : JoinPath(ParentPath(at), base);
  }
}

Result<std::string> BackupChain::PathOf(const BackupManifest::File& file) const {
  for (const Link& link : links) {
    const BackupManifest::File* found = link.manifest.Find(file.name);
    if (found == nullptr || found->crc != file.crc || found->bytes != file.bytes) break;
    if (!found->in_base) return JoinPath(link.folder, file.name);
  }
  return Error(ErrorCode::kDataCorrupted,
               "none of the backups that \"{}\" is built upon has its file \"{}\"",
               links.front().folder, file.name);
}

Status ReadChecked(FileSystem& files, const std::string& path, uint64_t bytes, uint32_t crc,
                   const std::function<Status(uint64_t offset, ByteSpan bytes)>& sink) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.Open(path, OpenMode::kRead));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size != bytes) {
    return Error(ErrorCode::kDataCorrupted, "file \"{}\" of the backup is damaged", path)
        .Detail(fmt::format("It has {} bytes, not {}.", size, bytes));
  }
  std::vector<std::byte> piece(std::min(bytes, kPieceBytes));
  uint32_t sum = 0;
  for (uint64_t at = 0; at < bytes; at += piece.size()) {
    piece.resize(std::min(kPieceBytes, bytes - at));
    RETURN_IF_ERROR(file->ReadExactlyAt(at, piece));
    sum = Crc32c(piece, sum);
    if (sink) RETURN_IF_ERROR(sink(at, piece));
  }
  if (sum == crc) return {};
  return Error(ErrorCode::kDataCorrupted, "file \"{}\" of the backup is damaged", path)
      .Detail(fmt::format("Its checksum is {:08x}, not {:08x}.", sum, crc));
}

Status VerifyBackup(FileSystem& files, const std::string& folder) {
  ASSIGN_OR_RETURN(const BackupChain chain, BackupChain::Read(files, folder));
  for (const BackupManifest::File& file : chain.newest().files) {
    ASSIGN_OR_RETURN(const std::string path, chain.PathOf(file));
    RETURN_IF_ERROR(ReadChecked(files, path, file.bytes, file.crc, {}));
  }
  return {};
}

}  // namespace oxibase
