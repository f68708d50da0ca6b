#include "storage/checkpoint/data_folder.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "common/plant.h"
#include "storage/byte_codec.h"

namespace oxibase {
namespace {

constexpr std::string_view kFormatLine = "OxiBase data folder, format ";
constexpr std::string_view kIdentityLine = "identity ";
constexpr std::string_view kNotBegunLine = "log not begun\n";
constexpr int kFolderFormatVersion = 1;

std::string ToHex(const DatabaseIdentity& identity) {
  std::string text;
  for (const std::byte byte : identity) text += fmt::format("{:02x}", static_cast<int>(byte));
  return text;
}

bool FromHex(std::string_view text, DatabaseIdentity* identity) {
  if (text.size() != 2 * identity->size()) return false;
  for (size_t i = 0; i < identity->size(); ++i) {
    int value = 0;
    for (const char c : text.substr(2 * i, 2)) {
      const bool digit = c >= '0' && c <= '9';
      if (!digit && !(c >= 'a' && c <= 'f')) return false;
      value = value * 16 + (digit ? c - '0' : c - 'a' + 10);
    }
    (*identity)[i] = static_cast<std::byte>(value);
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<DataFolder>> DataFolder::Open(Env& env, const Options& options,
                                                     RecoveryTarget& target) {
  std::unique_ptr<DataFolder> folder(new DataFolder(env, options.path));
  RETURN_IF_ERROR(folder->MakeOrCheck(options.create_if_missing));
  RETURN_IF_ERROR(folder->ReadManifest());
  folder->store_ = std::make_shared<SegmentStore>(
      env.files(), folder->data_path(), folder->identity_, *options.cache, options.memory,
      std::max<uint64_t>(folder->manifest_.next_file_number, 1));
  target.UseStore(*folder->store_);
  RETURN_IF_ERROR(folder->LoadSegments(target));
  WalOptions wal_options = options.wal;
  wal_options.identity = folder->identity_;
  wal_options.may_be_new = folder->is_new_;
  ASSIGN_OR_RETURN(folder->wal_, WalManager::Open(env, JoinPath(options.path, "wal"), wal_options,
                                                  folder->manifest_.wal, target));
  if (folder->is_new_)
    RETURN_IF_ERROR(WriteFormat(env.files(), options.path, {folder->identity_, false}));
  // Only now is it sure that the folder's content is whole: up to here nothing was changed.
  RETURN_IF_ERROR(folder->RemoveOrphans());
  return folder;
}

Status DataFolder::MakeOrCheck(bool create_if_missing) {
  FileSystem& files = env_.files();
  ASSIGN_OR_RETURN(const bool exists, files.Exists(path_));
  if (!exists) {
    if (!create_if_missing)
      return Error(ErrorCode::kUndefinedFile, "data folder \"{}\" does not exist", path_);
    RETURN_IF_ERROR(files.MakeDirectory(path_));
    RETURN_IF_ERROR(files.SyncDirectory(ParentPath(path_)));
  }
  // Looked at before the lock file is made: a foreign folder stays as it is.
  ASSIGN_OR_RETURN(std::vector<std::string> names, files.List(path_));
  const auto has = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!has(kFormatFile)) {
    static const std::set<std::string_view> kHalfMade = {"lock", "data", "wal", "OXIBASE.tmp"};
    for (const std::string& name : names) {
      bool foreign = kHalfMade.count(name) == 0;
      if (name == "data" || name == "wal") {
        const auto inside = files.List(JoinPath(path_, name));
        foreign = !inside.ok() || !inside->empty();
      }
      if (foreign)
        return Error(ErrorCode::kConfigFileError,
                     "folder \"{}\" is not empty and not an OxiBase data folder", path_)
            .Detail("It holds \"" + name + "\" and no file \"OXIBASE\".")
            .Hint("Name an empty folder, or one that does not exist yet.");
    }
    if (!create_if_missing)
      return Error(ErrorCode::kUndefinedFile, "folder \"{}\" holds no database", path_);
  }
  ASSIGN_OR_RETURN(lock_, files.Lock(JoinPath(path_, "lock")));
  if (has(kFormatFile)) {
    ASSIGN_OR_RETURN(const Format format, ReadFormat(files, path_));
    identity_ = format.identity;
    is_new_ = format.is_new;
    return Status::Ok();
  }

  is_new_ = true;
  for (const char* name : {"data", "wal"})
    if (!has(name)) RETURN_IF_ERROR(files.MakeDirectory(JoinPath(path_, name)));
  for (size_t i = 0; i < identity_.size(); i += 8) StoreLe(&identity_[i], env_.random().Next());
  return WriteFormat(files, path_, {identity_, true});
}

Status DataFolder::WriteFormat(FileSystem& files, const std::string& folder, const Format& format) {
  const std::string text =
      fmt::format("{}{}\n{}{}\n{}", kFormatLine, kFolderFormatVersion, kIdentityLine,
                  ToHex(format.identity), format.is_new ? kNotBegunLine : "");
  return files.WriteFileAtomically(JoinPath(folder, kFormatFile), AsBytes(text));
}

Result<DataFolder::Format> DataFolder::ReadFormat(FileSystem& files, const std::string& folder) {
  const std::string path = JoinPath(folder, kFormatFile);
  ASSIGN_OR_RETURN(const std::string text, files.ReadFile(path, 4096));
  Format format;
  std::string_view rest = text;
  const auto damaged = [&] {
    return Error(ErrorCode::kDataCorrupted, "file \"{}\" is damaged", path)
        .Detail("It should hold the lines \"OxiBase data folder, format 1\" and \"identity ...\".")
        .Hint("Nothing was changed. Restore the file from a copy.");
  };
  if (!rest.starts_with(kFormatLine)) return damaged();
  rest.remove_prefix(kFormatLine.size());
  const size_t line_end = rest.find('\n');
  if (line_end == std::string_view::npos) return damaged();
  const std::string_view version = rest.substr(0, line_end);
  if (version != std::to_string(kFolderFormatVersion))
    return Error(ErrorCode::kFeatureNotSupported,
                 "data folder \"{}\" has format {}; this program reads format {}", folder, version,
                 kFolderFormatVersion);
  rest.remove_prefix(line_end + 1);
  format.is_new = rest.ends_with(kNotBegunLine);
  if (format.is_new) rest.remove_suffix(kNotBegunLine.size());
  if (!rest.starts_with(kIdentityLine) || !rest.ends_with('\n')) return damaged();
  rest.remove_prefix(kIdentityLine.size());
  rest.remove_suffix(1);
  if (!FromHex(rest, &format.identity)) return damaged();
  return format;
}

Status DataFolder::ReadManifest() {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, env_.files().List(path_));
  uint64_t newest = 0;
  for (const std::string& name : names)
    newest = std::max(newest, ParseManifestName(name).value_or(0));
  if (newest == 0) return Status::Ok();
  const std::string path = JoinPath(path_, ManifestName(newest));
  ASSIGN_OR_RETURN(const std::string bytes, env_.files().ReadFile(path));
  ASSIGN_OR_RETURN(manifest_, Manifest::Decode(AsBytes(bytes), identity_, path));
  return Status::Ok();
}

Status DataFolder::LoadSegments(RecoveryTarget& target) {
  if (manifest_.number == 0) return Status::Ok();
  RETURN_IF_ERROR(target.BeginCheckpoint(manifest_.as_of, manifest_.highest_txn));
  for (const Manifest::TabletFiles& files : manifest_.tablets) {
    ASSIGN_OR_RETURN(std::shared_ptr<const SegmentList> segments, OpenSegments(files));
    RETURN_IF_ERROR(target.LoadTablet(files.tablet, files.next_row_id, std::move(segments)));
  }
  for (const SequenceState& sequence : manifest_.sequences)
    RETURN_IF_ERROR(target.ApplySequence(sequence));
  return Status::Ok();
}

Result<std::shared_ptr<const SegmentList>> DataFolder::OpenSegments(
    const Manifest::TabletFiles& files) {
  if (files.segments.empty() && !files.past.is_kept()) return std::shared_ptr<const SegmentList>();
  auto list = std::make_shared<SegmentList>();
  list->store = store_.get();
  list->live_rows = files.live_rows;
  const auto open = [&](const Manifest::Segment& named, SegmentList::Part& part) -> Status {
    ASSIGN_OR_RETURN(part.segment,
                     store_->OpenSegment(store_->HoldFile(named.number), files.tablet));
    const SegmentFile& file = part.segment->file();
    if (file.row_count() != named.row_count || file.removed_count() != named.removed_count ||
        file.as_of() != named.as_of)
      return Error(ErrorCode::kDataCorrupted,
                   "segment file \"{}\" is not the one that the manifest means", file.path());
    return Status::Ok();
  };
  list->past = {{}, files.past.from, files.past.until, files.past.shape};
  for (size_t i = files.past.segments.size(); i-- > 0;) {
    RETURN_IF_ERROR(open(files.past.segments[i], list->past.parts.emplace_back()));
  }
  for (size_t i = files.segments.size(); i-- > 0;) {
    const Manifest::Segment& named = files.segments[i];
    SegmentList::Part& part = list->parts.emplace_back();
    RETURN_IF_ERROR(open(named, part));
    for (const Manifest::Run& run : named.runs) {
      SegmentList::Run& opened = part.runs[run.index];
      opened.number = run.number;
      ASSIGN_OR_RETURN(opened.file,
                       store_->OpenRun(store_->HoldFile(run.number), files.tablet, run.index));
    }
  }
  return std::shared_ptr<const SegmentList>(std::move(list));
}

Status DataFolder::Publish(Manifest manifest) {
  FileSystem& files = env_.files();
  if (!OXI_PLANT(segment_names_not_synced)) RETURN_IF_ERROR(files.SyncDirectory(data_path()));
  if (OXI_PLANT(log_removed_before_manifest))
    RETURN_IF_ERROR(wal_->RemoveBefore(manifest.wal.replay_from));
  const std::string path = JoinPath(path_, ManifestName(manifest.number));
  RETURN_IF_ERROR(files.WriteFileAtomically(path, manifest.Encode(identity_)));
  MutexLock lock(pin_mu_);
  manifest_ = std::move(manifest);
  // Somebody copies what the one before names: the next checkpoint removes it.
  if (pins_ > 0) return Status::Ok();
  RETURN_IF_ERROR(RemoveOrphans());
  return wal_->RemoveBefore(manifest_.wal.replay_from);
}

DataFolder::Pin::Pin(DataFolder& folder, const Manifest& manifest)
    : number(manifest.number),
      replay_from(manifest.number == 0 ? Lsn(kWalFirstLsn) : manifest.wal.replay_from),
      next_file_number(manifest.next_file_number),
      folder_(folder) {}

DataFolder::Pin::~Pin() {
  MutexLock lock(folder_.pin_mu_);
  --folder_.pins_;
}

std::unique_ptr<DataFolder::Pin> DataFolder::PinCheckpoint() {
  MutexLock lock(pin_mu_);
  ++pins_;
  return std::unique_ptr<Pin>(new Pin(*this, manifest_));
}

Status DataFolder::RemoveOrphans() {
  FileSystem& files = env_.files();
  ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(path_));
  for (const std::string& name : names) {
    const auto number = ParseManifestName(name);
    const bool is_torn = name.ends_with(".tmp") && name.starts_with("manifest-");
    if (is_torn || (number && *number < manifest_.number))
      RETURN_IF_ERROR(files.Remove(JoinPath(path_, name)));
  }
  std::set<uint64_t> used;
  for (const Manifest::TabletFiles& tablet : manifest_.tablets) {
    for (const Manifest::Segment& segment : tablet.segments) {
      used.insert(segment.number);
      for (const Manifest::Run& run : segment.runs) used.insert(run.number);
    }
    for (const Manifest::Segment& segment : tablet.past.segments) used.insert(segment.number);
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> data, files.List(data_path()));
  for (const std::string& name : data) {
    auto number = ParseSegmentFileName(name);
    if (!number) number = ParseRunFileName(name);
    if (!number) number = ParseTemporaryFileName(name);
    if (number && used.count(*number) == 0 && !store_->IsHeld(*number))
      RETURN_IF_ERROR(files.Remove(JoinPath(data_path(), name)));
  }
  return Status::Ok();
}

}  // namespace oxibase
