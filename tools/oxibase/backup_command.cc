// `oxibase backup`, `archive`, `verify-backup` and `restore`. See docs/backup.md.

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "backup_source.h"
#include "command_error.h"
#include "commands.h"
#include "common/datetime.h"
#include "storage/backup/backup_manifest.h"
#include "storage/backup/restore.h"
#include "storage/checksum.h"
#include "storage/wal/wal_archive.h"
#include "storage/wal/wal_format.h"

namespace oxibase {
namespace {

constexpr uint64_t kPieceBytes = uint64_t{4} << 20;
constexpr int64_t kMicrosFrom2000To2020 = int64_t{7305} * 86'400'000'000;

/// Fills a folder with a backup.
class BackupWriter {
 public:
  BackupWriter(Env& env, BackupSource& source, std::string target, std::string base)
      : env_(env),
        files_(env.files()),
        source_(source),
        target_(std::move(target)),
        base_(std::move(base)) {}

  Status Run() {
    if (!base_.empty()) {
      ASSIGN_OR_RETURN(older_, BackupChain::Read(files_, base_));
      manifest_.base_id = older_->newest().id;
      // Beside each other they may be moved together.
      const bool beside = ParentPath(base_) == ParentPath(target_);
      manifest_.base_path = beside || base_.starts_with('/')
                                ? (beside ? base_.substr(base_.rfind('/') + 1) : base_)
                                : Absolute(base_);
    }
    RETURN_IF_ERROR(MakeTarget());
    RETURN_IF_ERROR(source_.Begin());
    manifest_.checkpoint = source_.checkpoint();
    for (size_t i = 0; i < 2; ++i) manifest_.id += fmt::format("{:016x}", env_.random().Next());
    ASSIGN_OR_RETURN(const std::vector<BackupSource::File> data, source_.DataFiles());
    for (const BackupSource::File& file : data) RETURN_IF_ERROR(Add(file, true));
    if (older_ && older_->newest().identity != manifest_.identity) {
      return Error(ErrorCode::kInvalidParameterValue, "the backup in \"{}\" is of another database",
                   base_);
    }
    ASSIGN_OR_RETURN(const std::vector<BackupSource::File> log,
                     source_.LogFiles(&manifest_.log_to));
    manifest_.log_from = manifest_.log_to;
    for (const BackupSource::File& file : log) {
      const auto begin = ParseWalSegmentName(std::string_view(file.name).substr(4));
      if (begin) manifest_.log_from = std::min(manifest_.log_from, Lsn(*begin));
      RETURN_IF_ERROR(Add(file, false));
    }
    for (const char* name : {"data", "wal"}) {
      RETURN_IF_ERROR(files_.SyncDirectory(JoinPath(target_, name)));
    }
    RETURN_IF_ERROR(files_.SyncDirectory(target_));
    RETURN_IF_ERROR(files_.WriteFileAtomically(JoinPath(target_, kBackupFileName),
                                               AsBytes(manifest_.Encode())));
    RETURN_IF_ERROR(files_.Remove(JoinPath(target_, kBackupBegunName)));
    return files_.SyncDirectory(target_);
  }

  std::string Summary() const {
    return fmt::format("{} files, {} bytes copied, {} files of {} bytes are in the older backup",
                       copied_files_, copied_bytes_, older_files_, older_bytes_);
  }
  const BackupManifest& manifest() const { return manifest_; }

 private:
  static std::string Absolute(const std::string& path) {
    char folder[4096];
    if (getcwd(folder, sizeof folder) == nullptr) return path;
    return JoinPath(folder, path);
  }

  /// A new folder, an empty one, or what a backup left that was not finished.
  Status MakeTarget() {
    ASSIGN_OR_RETURN(const bool exists, files_.Exists(target_));
    if (!exists) {
      RETURN_IF_ERROR(files_.MakeDirectory(target_));
    } else {
      ASSIGN_OR_RETURN(const std::vector<std::string> names, files_.List(target_));
      ASSIGN_OR_RETURN(const bool begun, files_.Exists(JoinPath(target_, kBackupBegunName)));
      ASSIGN_OR_RETURN(const bool whole, files_.Exists(JoinPath(target_, kBackupFileName)));
      if (!names.empty() && (!begun || whole)) {
        return Error(ErrorCode::kDuplicateFile, "folder \"{}\" is not empty", target_)
            .Hint("Each backup has a folder of its own.");
      }
      for (const std::string& folder :
           {JoinPath(target_, "data"), JoinPath(target_, "wal"), target_}) {
        const auto left = files_.List(folder);
        if (!left.ok()) continue;
        for (const std::string& name : *left) {
          if (folder == target_ && (name == "data" || name == "wal")) continue;
          RETURN_IF_ERROR(files_.Remove(JoinPath(folder, name)));
        }
      }
    }
    RETURN_IF_ERROR(files_.WriteFileAtomically(JoinPath(target_, kBackupBegunName), {}));
    for (const char* name : {"data", "wal"}) {
      const std::string folder = JoinPath(target_, name);
      ASSIGN_OR_RETURN(const bool there, files_.Exists(folder));
      if (!there) RETURN_IF_ERROR(files_.MakeDirectory(folder));
    }
    return {};
  }

  Status Add(const BackupSource::File& file, bool may_be_in_base) {
    BackupManifest::File entry{file.name, file.bytes, 0, false};
    const BackupManifest::File* old =
        older_ && may_be_in_base ? older_->newest().Find(file.name) : nullptr;
    if (old != nullptr && old->bytes == file.bytes && file.name.starts_with("data/")) {
      ASSIGN_OR_RETURN(entry.crc, source_.Checksum(file));
      entry.in_base = entry.crc == old->crc;
    }
    if (entry.in_base) {
      ++older_files_;
      older_bytes_ += file.bytes;
    } else {
      RETURN_IF_ERROR(Copy(file, &entry));
    }
    manifest_.files.push_back(std::move(entry));
    return {};
  }

  Status Copy(const BackupSource::File& file, BackupManifest::File* entry) {
    ASSIGN_OR_RETURN(const std::unique_ptr<File> to,
                     files_.Open(JoinPath(target_, file.name), OpenMode::kCreateNew));
    std::vector<std::byte> piece;
    std::string text;
    entry->crc = 0;
    for (uint64_t at = 0; at < file.bytes; at += piece.size()) {
      piece.resize(std::min(kPieceBytes, file.bytes - at));
      RETURN_IF_ERROR(source_.Read(file, at, piece));
      RETURN_IF_ERROR(to->WriteAt(at, piece));
      entry->crc = Crc32c(piece, entry->crc);
      if (file.name == "OXIBASE") text.append(reinterpret_cast<char*>(piece.data()), piece.size());
    }
    RETURN_IF_ERROR(to->Sync());
    ++copied_files_;
    copied_bytes_ += file.bytes;
    constexpr std::string_view kIdentity = "identity ";
    if (const size_t found = text.find(kIdentity); found != std::string::npos) {
      const size_t from = found + kIdentity.size();
      manifest_.identity = text.substr(from, text.find('\n', from) - from);
    }
    return {};
  }

  Env& env_;
  FileSystem& files_;
  BackupSource& source_;
  const std::string target_;
  const std::string base_;
  std::optional<BackupChain> older_;
  BackupManifest manifest_;
  uint64_t copied_files_ = 0, copied_bytes_ = 0, older_files_ = 0, older_bytes_ = 0;
};

/// Without the slashes that people put behind folders.
std::string Plain(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

int Backup(const std::string& from, const std::string& target, const std::string& base) {
  Env& env = Env::Real();
  auto source = BackupSource::Open(env, from);
  if (!source.ok()) return Fail(source.status());
  BackupWriter writer(env, **source, Plain(target), Plain(base));
  if (Status status = writer.Run(); !status.ok()) return Fail(status);
  std::printf("oxibase: backup of checkpoint %llu and the log to position %llu: %s\n",
              static_cast<unsigned long long>(writer.manifest().checkpoint),
              static_cast<unsigned long long>(writer.manifest().log_to.value),
              writer.Summary().c_str());
  return 0;
}

int Archive(const std::string& from, const std::string& target) {
  Env& env = Env::Real();
  const auto run = [&]() -> Status {
    ASSIGN_OR_RETURN(const std::unique_ptr<BackupSource> source, BackupSource::Open(env, from));
    RETURN_IF_ERROR(source->Begin());
    Lsn end;
    ASSIGN_OR_RETURN(const std::vector<BackupSource::File> log, source->LogFiles(&end));
    for (const BackupSource::File& file : log) {
      RETURN_IF_ERROR(ArchiveWalFile(env.files(), file.name.substr(4), file.bytes, Plain(target),
                                     [&](uint64_t offset, std::span<std::byte> into) {
                                       return source->Read(file, offset, into);
                                     }));
    }
    std::printf("oxibase: the archive has the log to position %llu\n",
                static_cast<unsigned long long>(end.value));
    return {};
  };
  const Status status = run();
  return status.ok() ? 0 : Fail(status);
}

int Verify(const std::string& folder) {
  const Status status = VerifyBackup(Env::Real().files(), Plain(folder));
  if (!status.ok()) return Fail(status);
  std::printf("oxibase: the backup is whole\n");
  return 0;
}

std::string TimeText(Timestamp time) {
  if (time.value == 0) return "never";
  std::string text;
  AppendTimestampTz(static_cast<int64_t>(time.micros_since_2020()) + kMicrosFrom2000To2020,
                    DateTimeFormat(), &text);
  return text;
}

struct RestoreArguments {
  std::string backup, target, archive, time;
  uint64_t transaction = 0, position = 0;
};

int RunRestore(const RestoreArguments& arguments) {
  Env& env = Env::Real();
  RestoreOptions options;
  options.backup = Plain(arguments.backup);
  options.target = Plain(arguments.target);
  options.archive = Plain(arguments.archive);
  if (!arguments.time.empty()) {
    const auto micros = ParseTimestampTz(arguments.time, -1, DateTimeFormat(),
                                         env.clock().WallMicros() - Clock::kUnixMicros2000);
    if (!micros.ok()) return Fail(micros.status());
    const int64_t since_2020 = *micros - kMicrosFrom2000To2020;
    const int64_t highest = static_cast<int64_t>(Timestamp::Max().micros_since_2020());
    if (since_2020 < 0 || since_2020 > highest) {
      return Fail(
          Error(ErrorCode::kDatetimeFieldOverflow, "time \"{}\" is out of range", arguments.time));
    }
    // All of that microsecond.
    options.stop.time =
        Timestamp{Timestamp::FromMicros(static_cast<uint64_t>(since_2020) + 1).value - 1};
  }
  if (arguments.transaction != 0) options.stop.transaction = TxnId{arguments.transaction};
  if (arguments.position != 0) options.stop.position = Lsn(arguments.position);
  const auto report = Restore(env, options);
  if (!report.ok()) return Fail(report.status());
  std::printf(
      "oxibase: restored %llu files, %llu bytes; the log ends at position %llu, the newest "
      "commit is of %s\n",
      static_cast<unsigned long long>(report->files),
      static_cast<unsigned long long>(report->bytes),
      static_cast<unsigned long long>(report->end.value), TimeText(report->newest).c_str());
  return 0;
}

}  // namespace

void AddBackupCommands(CLI::App& app, int* exit_code) {
  auto paths = std::make_shared<std::array<std::string, 3>>();
  CLI::App* backup = app.add_subcommand("backup", "Copy a database while it is used");
  backup
      ->add_option("source", (*paths)[0],
                   "\"host=... port=...\" of a server, or a folder that nobody has open")
      ->required();
  backup->add_option("target", (*paths)[1], "the folder to make")->required();
  backup->add_option("--incremental", (*paths)[2],
                     "an older backup: its files are not copied again, and it must be kept");
  backup->callback([=] { *exit_code = Backup((*paths)[0], (*paths)[1], (*paths)[2]); });

  CLI::App* archive = app.add_subcommand("archive", "Copy the log that an archive does not have");
  archive->add_option("source", (*paths)[0], "as for backup")->required();
  archive->add_option("target", (*paths)[1], "the archive's folder")->required();
  archive->callback([=] { *exit_code = Archive((*paths)[0], (*paths)[1]); });

  CLI::App* verify = app.add_subcommand("verify-backup", "Check every file of a backup");
  verify->add_option("backup", (*paths)[0], "its folder")->required();
  verify->callback([=] { *exit_code = Verify((*paths)[0]); });

  auto arguments = std::make_shared<RestoreArguments>();
  CLI::App* restore = app.add_subcommand("restore", "Make a data folder out of a backup");
  restore->add_option("backup", arguments->backup, "its folder")->required();
  restore->add_option("target", arguments->target, "the data folder to make")->required();
  restore->add_option("--archive", arguments->archive, "a folder with further log");
  auto* time = restore->add_option("--to-time", arguments->time,
                                   "the last commits are of this moment: '2026-01-31 12:00:00+00'");
  auto* transaction = restore->add_option("--to-transaction", arguments->transaction,
                                          "the last commit is this (see sys_transaction())");
  auto* position = restore->add_option("--to-lsn", arguments->position,
                                       "the last commit lies before this (see sys_log_position())");
  time->excludes(transaction)->excludes(position);
  transaction->excludes(position);
  restore->callback([=] { *exit_code = RunRestore(*arguments); });
}

}  // namespace oxibase
