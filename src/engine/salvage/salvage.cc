#include "engine/salvage/salvage.h"

#include <fmt/core.h>

#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "engine/database_impl.h"
#include "engine/salvage/salvage_mode.h"
#include "engine/salvage/sql_dump.h"
#include "engine/session.h"
#include "env/overlay_file_system.h"
#include "storage/checkpoint/folder_salvage.h"

namespace oxibase {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;
constexpr int kFolderDepthMax = 8;

Status RemoveAll(FileSystem& files, const std::string& path, int depth = 0) {
  const auto names = files.List(path);
  if (!names.ok() || depth > kFolderDepthMax) return files.Remove(path);
  for (const std::string& name : *names)
    RETURN_IF_ERROR(RemoveAll(files, JoinPath(path, name), depth + 1));
  return files.RemoveDirectory(path);
}

/// A file that text is added to.
class TextFile {
 public:
  static Result<std::unique_ptr<TextFile>> Create(FileSystem& files, const std::string& path) {
    ASSIGN_OR_RETURN(std::unique_ptr<File> file, files.Open(path, OpenMode::kCreateNew));
    return std::unique_ptr<TextFile>(new TextFile(std::move(file)));
  }
  Status Put(std::string_view text) {
    buffer_ += text;
    return buffer_.size() < kBufferBytes ? Status::Ok() : Flush();
  }
  Status Finish() {
    RETURN_IF_ERROR(Flush());
    return file_->Sync();
  }

 private:
  explicit TextFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
  Status Flush() {
    RETURN_IF_ERROR(file_->WriteAt(written_, AsBytes(buffer_)));
    written_ += buffer_.size();
    buffer_.clear();
    return Status::Ok();
  }
  std::unique_ptr<File> file_;
  std::string buffer_;
  uint64_t written_ = 0;
};

/// The folder as a database, by way of an overlay whose changes lie in `changes`.
class Salvaged {
 public:
  Salvaged(Env& env, const SalvageOptions& options, std::string changes, bool keep_undecided)
      : files_(env.files(), options.folder, changes),
        env_(env.clock(), env.random(), files_),
        folder_(files_, options.folder, keep_undecided),
        options_(options),
        changes_(std::move(changes)),
        below_(env.files()) {}
  ~Salvaged() {
    session_.reset();
    database_.reset();
    RemoveAll(below_, changes_).Ignore("it lies in the caller's own folder");
  }

  Status Open() {
    RETURN_IF_ERROR(below_.MakeDirectory(changes_));
    RETURN_IF_ERROR(folder_.Run());
    mode_.schemas = folder_.schemas();
    mode_.name_tablets = folder_.catalog_is_damaged();
    mode_.on_loss = [this](TabletId tablet, std::string text) {
      losses_.push_back({tablet, std::move(text)});
    };
    DatabaseOptions options;
    options.path = options_.folder;
    options.create_if_missing = false;
    options.memory_limit = options_.memory_limit;
    options.env = &env_;
    options.salvage = &mode_;
    ASSIGN_OR_RETURN(database_, Database::Open(options));
    ASSIGN_OR_RETURN(session_, database_->Connect({}));
    return Status::Ok();
  }

  const FolderSalvage& folder() const { return folder_; }
  /// Of the catalog.
  const std::vector<FolderSalvage::Loss>& losses() const { return losses_; }
  Session& session() { return *session_; }
  std::shared_ptr<const CatalogVersion> catalog() const { return database_->impl().Catalog(); }

 private:
  OverlayFileSystem files_;
  ComposedEnv env_;
  FolderSalvage folder_;
  const SalvageOptions options_;
  const std::string changes_;
  FileSystem& below_;
  SalvageMode mode_;
  std::vector<FolderSalvage::Loss> losses_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Session> session_;
};

/// What `table` has with the undecided rows and has not without them; each scan gives the rows that
/// both have in the same order.
Status WriteUndecided(Salvaged& with, Salvaged& without, const SqlDump::Table& table, TextFile& out,
                      uint64_t* count) {
  RETURN_IF_ERROR(out.Put(table.copy_from()));
  {
    ASSIGN_OR_RETURN(CopyLines all, CopyLines::Open(with.session(), table.copy_to()));
    ASSIGN_OR_RETURN(CopyLines sure, CopyLines::Open(without.session(), table.copy_to()));
    ASSIGN_OR_RETURN(std::string_view next, sure.Next());
    for (;;) {
      ASSIGN_OR_RETURN(const std::string_view line, all.Next());
      if (line.empty()) break;
      if (line == next) {
        ASSIGN_OR_RETURN(next, sure.Next());
        continue;
      }
      ++*count;
      RETURN_IF_ERROR(out.Put(line));
    }
  }
  return out.Put("\\.\n\n");
}

class Report {
 public:
  explicit Report(const std::string& folder) {
    text_ = fmt::format("What `oxibase salvage` found in \"{}\".\n", folder);
  }
  void Section(std::string_view title) { text_ += fmt::format("\n== {}\n", title); }
  void Line(std::string_view line) { (text_ += line) += '\n'; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string NameOf(const CatalogVersion& catalog, TabletId tablet) {
  if (tablet == kCatalogTablet) return "the catalog";
  const auto table = catalog.TableByTablet(tablet);
  return table ? fmt::format("table \"{}\"", table->name) : fmt::format("tablet {}", tablet.value);
}

Status MakeOut(FileSystem& files, const SalvageOptions& options) {
  if (options.out == options.folder || options.out.starts_with(options.folder + "/"))
    return Error(ErrorCode::kDuplicateFile, "folder \"{}\" lies in the damaged one", options.out);
  ASSIGN_OR_RETURN(const bool exists, files.Exists(options.out));
  if (!exists) return files.MakeDirectory(options.out);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(options.out));
  if (names.empty()) return Status::Ok();
  return Error(ErrorCode::kDuplicateFile, "folder \"{}\" is not empty", options.out);
}

}  // namespace

Result<SalvageSummary> SalvageFolder(Env& env, const SalvageOptions& options) {
  FileSystem& files = env.files();
  ASSIGN_OR_RETURN(const bool exists, files.Exists(options.folder));
  if (!exists)
    return Error(ErrorCode::kUndefinedFile, "folder \"{}\" does not exist", options.folder);
  RETURN_IF_ERROR(MakeOut(files, options));
  Salvaged sure(env, options, JoinPath(options.out, "changes"), /*keep_undecided=*/false);
  RETURN_IF_ERROR(sure.Open());
  const FolderSalvage& folder = sure.folder();

  SalvageSummary summary;
  ASSIGN_OR_RETURN(const std::unique_ptr<TextFile> sql,
                   TextFile::Create(files, JoinPath(options.out, "salvage.sql")));
  SqlDump dump(sure.session(), [&](std::string_view text) { return sql->Put(text); });
  if (!folder.losses().empty()) dump.set_rows_lost();
  RETURN_IF_ERROR(dump.Write());
  RETURN_IF_ERROR(sql->Finish());

  const auto catalog = sure.catalog();
  std::vector<std::string> failures = dump.failures();
  if (folder.has_undecided()) {
    Salvaged all(env, options, JoinPath(options.out, "changes_all"), /*keep_undecided=*/true);
    RETURN_IF_ERROR(all.Open());
    ASSIGN_OR_RETURN(const std::unique_ptr<TextFile> out,
                     TextFile::Create(files, JoinPath(options.out, "undecided.sql")));
    for (const SqlDump::Table& table : dump.tables()) {
      const auto definition = catalog->TableByOid(table.oid);
      const auto counts =
          definition ? folder.counts().find(definition->tablet) : folder.counts().end();
      if (counts == folder.counts().end() || counts->second.undecided == 0) continue;
      const Status status = WriteUndecided(all, sure, table, *out, &summary.undecided_rows);
      if (!status.ok())
        failures.push_back(fmt::format("undecided rows of {}: {}", table.name, status.message()));
    }
    RETURN_IF_ERROR(out->Finish());
  }

  Report report(options.folder);
  report.Section("Damage, and what is lost by it");
  const auto losses = [&](const std::vector<FolderSalvage::Loss>& of) {
    for (const FolderSalvage::Loss& loss : of) {
      ++summary.losses;
      report.Line(loss.tablet.value == 0
                      ? loss.text
                      : fmt::format("{}: {}", NameOf(*catalog, loss.tablet), loss.text));
    }
  };
  losses(folder.losses());
  losses(sure.losses());
  for (const std::string& failure : failures) {
    ++summary.losses;
    report.Line("not written: " + failure);
  }
  report.Section(
      "Tables in salvage.sql: rows written, rows lost in damaged blocks, undecided rows");
  for (const SqlDump::Table& table : dump.tables()) {
    FolderSalvage::TabletCounts counts;
    if (const auto definition = catalog->TableByOid(table.oid)) {
      const auto found = folder.counts().find(definition->tablet);
      if (found != folder.counts().end()) counts = found->second;
    }
    ++summary.tables;
    summary.rows += table.rows;
    report.Line(
        fmt::format("{}: {}, {}, {}", table.name, table.rows, counts.lost, counts.undecided));
  }
  if (summary.undecided_rows > 0) {
    report.Section("Undecided");
    report.Line(
        fmt::format("undecided.sql has {} rows that were there once and may have been changed or "
                    "removed since: what says so is lost.",
                    summary.undecided_rows));
  }
  if (folder.sequences_lost()) report.Line("Positions of sequences are those that the log has.");
  summary.not_applied_transactions = folder.not_applied_transactions();
  if (summary.not_applied_transactions > 0) {
    report.Section("Transactions of the log behind its damage, which were not applied");
    for (const std::string& line : folder.not_applied()) report.Line(line);
    if (folder.not_applied().size() < summary.not_applied_transactions)
      report.Line(fmt::format("and {} more",
                              summary.not_applied_transactions - folder.not_applied().size()));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<TextFile> text,
                   TextFile::Create(files, JoinPath(options.out, "report.txt")));
  RETURN_IF_ERROR(text->Put(report.text()));
  RETURN_IF_ERROR(text->Finish());
  return summary;
}

}  // namespace oxibase
