#include "storage/backup/restore.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "storage/backup/backup_manifest.h"
#include "storage/checkpoint/manifest.h"
#include "storage/wal/wal_reader.h"

namespace oxibase {
namespace {

constexpr std::string_view kFormatFile = "OXIBASE";
constexpr uint64_t kPieceBytes = uint64_t{1} << 20;

class Restorer {
 public:
  Restorer(Env& env, const RestoreOptions& options) : files_(env.files()), options_(options) {}

  Result<RestoreReport> Run() {
    ASSIGN_OR_RETURN(chain_, BackupChain::Read(files_, options_.backup));
    RETURN_IF_ERROR(MakeTarget());
    Status status = Fill();
    if (!status.ok()) {
      TakeAway();
      return status;
    }
    return report_;
  }

 private:
  std::string In(std::string_view name) const { return JoinPath(options_.target, name); }

  Status MakeTarget() {
    ASSIGN_OR_RETURN(const bool exists, files_.Exists(options_.target));
    if (exists) {
      ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(options_.target));
      if (!names.empty()) {
        return Error(ErrorCode::kDuplicateFile, "folder \"{}\" is not empty", options_.target)
            .Hint("A backup is restored into a folder that is empty or not there.");
      }
    } else {
      RETURN_IF_ERROR(files_.MakeDirectory(options_.target));
      made_target_ = true;
    }
    for (const char* name : {"data", "wal"}) RETURN_IF_ERROR(files_.MakeDirectory(In(name)));
    return {};
  }

  void TakeAway() {
    const auto clear = [&](const std::string& folder) {
      const auto names = files_.List(folder);
      if (!names.ok()) return;
      for (const std::string& name : *names) {
        files_.Remove(JoinPath(folder, name)).Ignore("the first failure is the one to report");
      }
    };
    for (const char* name : {"data", "wal"}) {
      clear(In(name));
      files_.RemoveDirectory(In(name)).Ignore("the first failure is the one to report");
    }
    clear(options_.target);
    if (made_target_) {
      files_.RemoveDirectory(options_.target).Ignore("the first failure is the one to report");
    }
  }

  Status Fill() {
    // Last of all comes the file that makes it a data folder.
    const BackupManifest::File* format = nullptr;
    for (const BackupManifest::File& file : chain_.newest().files) {
      if (file.name == kFormatFile) {
        format = &file;
      } else {
        RETURN_IF_ERROR(Copy(file));
      }
    }
    if (format == nullptr) {
      return Error(ErrorCode::kDataCorrupted, "the backup in \"{}\" has no file \"{}\"",
                   options_.backup, kFormatFile);
    }
    RETURN_IF_ERROR(AddArchive());
    RETURN_IF_ERROR(ReadManifest());
    RETURN_IF_ERROR(CutLog());
    for (const char* name : {"data", "wal"}) RETURN_IF_ERROR(files_.SyncDirectory(In(name)));
    RETURN_IF_ERROR(Copy(*format));
    RETURN_IF_ERROR(files_.SyncDirectory(options_.target));
    return files_.SyncDirectory(ParentPath(options_.target));
  }

  Status Copy(const BackupManifest::File& file) {
    ASSIGN_OR_RETURN(const std::string from, chain_.PathOf(file));
    ASSIGN_OR_RETURN(const std::unique_ptr<File> to,
                     files_.Open(In(file.name), OpenMode::kCreateNew));
    RETURN_IF_ERROR(
        ReadChecked(files_, from, file.bytes, file.crc,
                    [&](uint64_t offset, ByteSpan bytes) { return to->WriteAt(offset, bytes); }));
    ++report_.files;
    report_.bytes += file.bytes;
    return to->Sync();
  }

  /// Of two files of one name the longer one has more of the log.
  Status AddArchive() {
    if (options_.archive.empty()) return {};
    ASSIGN_OR_RETURN(const std::vector<std::string> here, files_.List(In("wal")));
    uint64_t first = UINT64_MAX;
    for (const std::string& name : here)
      first = std::min(first, ParseWalSegmentName(name).value_or(first));
    ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(options_.archive));
    for (const std::string& name : names) {
      const auto begin = ParseWalSegmentName(name);
      if (!begin || *begin < first) continue;
      ASSIGN_OR_RETURN(const std::unique_ptr<File> from,
                       files_.Open(JoinPath(options_.archive, name), OpenMode::kRead));
      ASSIGN_OR_RETURN(const uint64_t bytes, from->Size());
      const std::string path = JoinPath(In("wal"), name);
      ASSIGN_OR_RETURN(const bool exists, files_.Exists(path));
      if (exists) {
        ASSIGN_OR_RETURN(const std::unique_ptr<File> there, files_.Open(path, OpenMode::kRead));
        ASSIGN_OR_RETURN(const uint64_t there_bytes, there->Size());
        if (there_bytes >= bytes) continue;
      }
      ASSIGN_OR_RETURN(const std::unique_ptr<File> to, files_.Open(path, OpenMode::kCreateOrEmpty));
      std::vector<std::byte> piece;
      for (uint64_t at = 0; at < bytes; at += piece.size()) {
        piece.resize(std::min(kPieceBytes, bytes - at));
        RETURN_IF_ERROR(from->ReadExactlyAt(at, piece));
        RETURN_IF_ERROR(to->WriteAt(at, piece));
      }
      RETURN_IF_ERROR(to->Sync());
      ++report_.files;
      report_.bytes += bytes;
    }
    return {};
  }

  Status ReadManifest() {
    const std::string& hex = chain_.newest().identity;
    for (size_t i = 0; i < identity_.size() && 2 * i + 1 < hex.size(); ++i) {
      uint8_t byte = 0;
      std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, byte, 16);
      identity_[i] = static_cast<std::byte>(byte);
    }
    if (chain_.newest().checkpoint != 0) {
      const std::string path = In(ManifestName(chain_.newest().checkpoint));
      ASSIGN_OR_RETURN(const std::string bytes, files_.ReadFile(path));
      ASSIGN_OR_RETURN(const Manifest manifest, Manifest::Decode(AsBytes(bytes), identity_, path));
      from_ = manifest.wal;
      as_of_ = manifest.as_of;
    }
    if (from_.next.value == 0) from_.next = from_.replay_from = Lsn(kWalFirstLsn);
    return {};
  }

  Status TooEarly() const {
    return Error(ErrorCode::kInvalidParameterValue, "the backup is later than the point asked for")
        .Hint("Restore an older backup, with the archived log since then.");
  }

  Status CutLog() {
    const RecoveryStop& stop = options_.stop;
    ASSIGN_OR_RETURN(const std::unique_ptr<WalReader> reader,
                     WalReader::Open(files_, In("wal"), from_.replay_from, identity_));
    if (stop.time && *stop.time < as_of_) return TooEarly();
    if (stop.position && *stop.position < from_.next) return TooEarly();
    std::optional<Lsn> cut;
    report_.newest = as_of_;
    WalReader::Record record;
    while (!cut) {
      ASSIGN_OR_RETURN(const bool more, reader->Next(&record));
      if (!more) break;
      const WalRecordHeader& header = record.header;
      const uint64_t end = header.lsn + header.total_bytes();
      const bool too_late = (stop.time && header.timestamp > *stop.time) ||
                            (stop.position && end > stop.position->value);
      if (too_late) {
        cut = Lsn(header.lsn);
        break;
      }
      report_.newest = std::max(report_.newest, header.timestamp);
      const bool commits =
          header.kind == WalRecordKind::kTxn || header.kind == WalRecordKind::kCommit;
      if (stop.transaction && commits && header.txn == *stop.transaction) cut = Lsn(end);
    }
    if (!cut && reader->position() < from_.next) {
      return Error(ErrorCode::kDataCorrupted,
                   "the log ends at position {}, before the backup's checkpoint at {}",
                   reader->position().value, from_.next.value);
    }
    report_.end = cut.value_or(reader->position());
    const bool reached = cut || (stop.position && *stop.position == reader->position()) ||
                         !(stop.time || stop.transaction || stop.position);
    if (!reached) {
      return Error(ErrorCode::kInvalidParameterValue, "the log ends before the point asked for")
          .Detail(fmt::format("It ends at position {}; what follows may hold more that is earlier "
                              "than the point.",
                              reader->position().value))
          .Hint("Name a folder with the archived log that reaches further, or no point at all.");
    }
    if (report_.end < from_.next) return TooEarly();
    return cut ? Truncate(*cut, reader->segments()) : Status();
  }

  Status Truncate(Lsn at, const std::vector<WalReader::Segment>& segments) {
    for (const WalReader::Segment& segment : segments) {
      if (segment.begin >= at.value && segment.begin != segments.front().begin) {
        RETURN_IF_ERROR(files_.Remove(segment.path));
        continue;
      }
      ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                       files_.Open(segment.path, OpenMode::kReadWrite));
      ASSIGN_OR_RETURN(const uint64_t size, file->Size());
      const uint64_t wanted = kWalSegmentHeaderBytes + (at.value - segment.begin);
      if (size <= wanted) continue;
      RETURN_IF_ERROR(file->Truncate(wanted));
      RETURN_IF_ERROR(file->Sync());
    }
    return {};
  }

  FileSystem& files_;
  const RestoreOptions& options_;
  BackupChain chain_;
  bool made_target_ = false;
  DatabaseIdentity identity_{};
  WalPosition from_;
  Timestamp as_of_;
  RestoreReport report_;
};

}  // namespace

Result<RestoreReport> Restore(Env& env, const RestoreOptions& options) {
  return Restorer(env, options).Run();
}

}  // namespace oxibase
