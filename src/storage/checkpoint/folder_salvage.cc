#include "storage/checkpoint/folder_salvage.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "storage/byte_codec.h"
#include "storage/checkpoint/data_folder.h"
#include "storage/checkpoint/log_salvage.h"
#include "storage/segment/past_segment.h"
#include "storage/segment/segment_open.h"
#include "storage/segment/segment_salvage.h"
#include "storage/segment/segment_store.h"

namespace oxibase {
namespace {

/// Bytes at `offset` of a file; empty if there are not so many.
std::string Peek(FileSystem& files, const std::string& path, uint64_t offset, size_t bytes) {
  const auto file = files.Open(path, OpenMode::kRead);
  if (!file.ok()) return "";
  std::string text(bytes, '\0');
  const auto into = std::as_writable_bytes(std::span(text));
  return (*file)->ReadExactlyAt(offset, into).ok() ? text : "";
}

/// The catalog's rows, as catalog_codec.h has it.
constexpr TabletId kCatalogTabletId{1};
/// Of a file's format. No later program has got so far.
constexpr uint32_t kLaterVersionMax = 15;

/// A version that a later program may have written; others are damage.
bool IsLaterVersion(uint32_t version) { return version >= 1 && version <= kLaterVersionMax; }

/// Whether the file OXIBASE has a number where its format's version stands.
bool IsLaterFolder(FileSystem& files, const std::string& folder) {
  const auto text = files.ReadFile(JoinPath(folder, DataFolder::kFormatFile), 4096);
  if (!text.ok()) return false;
  const std::string line = text->substr(0, text->find('\n'));
  const std::string version = line.substr(line.rfind(' ') + 1);
  return !version.empty() && version.size() <= 2 &&
         version.find_first_not_of("0123456789") == std::string::npos;
}

std::vector<std::string> Names(FileSystem& files, const std::string& folder) {
  auto names = files.List(folder);
  return names.ok() ? *std::move(names) : std::vector<std::string>();
}

}  // namespace

bool FolderSalvage::has_undecided() const {
  return std::any_of(counts_.begin(), counts_.end(),
                     [](const auto& tablet) { return tablet.second.undecided > 0; });
}

bool FolderSalvage::catalog_is_damaged() const {
  return is_rebuilt_ || std::any_of(losses_.begin(), losses_.end(), [](const Loss& loss) {
           return loss.tablet == kCatalogTabletId;
         });
}

Status FolderSalvage::Run() {
  ASSIGN_OR_RETURN(const bool exists, files_.Exists(path_));
  if (!exists) return Error(ErrorCode::kUndefinedFile, "folder \"{}\" does not exist", path_);
  RETURN_IF_ERROR(FindIdentity());
  RETURN_IF_ERROR(FindManifest());
  if (is_rebuilt_) RETURN_IF_ERROR(RebuildManifest());
  for (Manifest::TabletFiles& tablet : manifest_.tablets) RETURN_IF_ERROR(SalvageTablet(tablet));
  RETURN_IF_ERROR(SalvageLog());
  return WriteManifest();
}

Status FolderSalvage::FindIdentity() {
  const auto format = DataFolder::ReadFormat(files_, path_);
  if (format.status().code() == ErrorCode::kFeatureNotSupported && IsLaterFolder(files_, path_))
    return format.status();
  // Every other file repeats it; one that was copied here from elsewhere is outvoted.
  std::map<std::string, int> votes;
  const auto vote = [&](const std::string& path, std::string_view magic, uint64_t offset) {
    if (Peek(files_, path, 0, magic.size()) != magic) return;
    const std::string identity = Peek(files_, path, offset, identity_.size());
    if (!identity.empty()) ++votes[identity];
  };
  for (const std::string& name : Names(files_, path_))
    if (ParseManifestName(name)) vote(JoinPath(path_, name), "OXIMANI\n", 16);
  const std::string data = JoinPath(path_, "data");
  for (const std::string& name : Names(files_, data))
    if (ParseSegmentFileName(name)) vote(JoinPath(data, name), "OXISEG\r\n", 32);
  const std::string wal = JoinPath(path_, "wal");
  for (const std::string& name : Names(files_, wal))
    if (ParseWalSegmentName(name)) vote(JoinPath(wal, name), "OXIWAL\r\n", 32);
  if (format.ok()) {
    identity_ = format->identity;
    is_new_ = format->is_new;
    const std::string own(reinterpret_cast<const char*>(identity_.data()), identity_.size());
    if (votes.empty() || votes.contains(own)) return Status::Ok();
    Lose(
        fmt::format("file \"{}\" is not this database's: no other file has its identity; nothing "
                    "is lost by that",
                    JoinPath(path_, DataFolder::kFormatFile)));
  } else if (votes.empty()) {
    return Error(ErrorCode::kUndefinedFile, "folder \"{}\" holds no database", path_);
  } else {
    Lose(fmt::format("{}; nothing is lost by that", format.status().message()));
  }
  const auto most = std::max_element(
      votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::memcpy(identity_.data(), most->first.data(), identity_.size());
  return Status::Ok();
}

Status FolderSalvage::FindManifest() {
  std::vector<uint64_t> numbers;
  for (const std::string& name : Names(files_, path_))
    if (const auto number = ParseManifestName(name)) numbers.push_back(*number);
  std::sort(numbers.rbegin(), numbers.rend());
  if (!numbers.empty()) newest_manifest_ = numbers.front();
  for (const uint64_t number : numbers) {
    const std::string path = JoinPath(path_, ManifestName(number));
    const auto bytes = files_.ReadFile(path);
    auto manifest = bytes.ok() ? Manifest::Decode(AsBytes(*bytes), identity_, path)
                               : Result<Manifest>(bytes.status());
    if (manifest.ok()) {
      // One before is of use only as long as nothing that it names was removed.
      if (number != newest_manifest_ && !HasItsFiles(*manifest)) continue;
      manifest_ = *std::move(manifest);
      return Status::Ok();
    }
    if (manifest.status().code() == ErrorCode::kFeatureNotSupported) {
      const std::string version = Peek(files_, path, 8, 4);
      if (IsLaterVersion(LoadLe<uint32_t>(AsBytes(version).data()))) return manifest.status();
    }
    Lose(std::string(manifest.status().message()));
  }
  if (!numbers.empty()) {
    is_rebuilt_ = true;
    return Status::Ok();
  }
  // There has been no checkpoint if the log is there from its beginning on.
  const auto first = files_.Exists(JoinPath(JoinPath(path_, "wal"), WalSegmentName(kWalFirstLsn)));
  if (is_new_ || (first.ok() && *first)) return Status::Ok();
  Lose(fmt::format("folder \"{}\" has no manifest", path_));
  is_rebuilt_ = true;
  return Status::Ok();
}

bool FolderSalvage::HasItsFiles(const Manifest& manifest) const {
  bool has_log = false;
  for (const std::string& name : Names(files_, JoinPath(path_, "wal"))) {
    const auto begin = ParseWalSegmentName(name);
    has_log = has_log || (begin && *begin <= manifest.wal.replay_from.value);
  }
  const std::string data = JoinPath(path_, "data");
  for (const Manifest::TabletFiles& tablet : manifest.tablets) {
    for (const Manifest::Segment& segment : tablet.segments) {
      const auto exists = files_.Exists(JoinPath(data, SegmentFileName(segment.number)));
      if (!exists.ok() || !*exists) return false;
    }
  }
  return has_log;
}

Status FolderSalvage::RebuildManifest() {
  const std::string data = JoinPath(path_, "data");
  std::map<TabletId, std::vector<Manifest::Segment>> tablets;
  manifest_.next_file_number = 1;
  for (const std::string& name : Names(files_, data)) {
    auto number = ParseSegmentFileName(name);
    const bool is_segment = number.has_value();
    if (!number) number = ParseRunFileName(name);
    if (!number) number = ParseTemporaryFileName(name);
    if (!number) continue;
    manifest_.next_file_number = std::max(manifest_.next_file_number, *number + 1);
    if (!is_segment) continue;
    const std::string path = JoinPath(data, name);
    const std::string header = Peek(files_, path, 0, kSegmentHeaderBytes);
    Manifest::Segment segment;
    segment.number = *number;
    TabletId tablet;
    if (!header.empty()) {
      const ByteSpan bytes = AsBytes(header);
      tablet = TabletId(LoadLe<uint64_t>(bytes.data() + 16));
      segment.as_of = Timestamp{LoadLe<uint64_t>(bytes.data() + 48)};
    }
    SegmentSalvage salvage({path, tablet, *number, identity_, segment.as_of});
    RETURN_IF_ERROR(salvage.Read(files_));
    if (salvage.is_lost()) {
      Lose(fmt::format("{} (which table it is of is not known)", salvage.damages().back()));
      continue;
    }
    if (IsPastSegment(salvage.footer())) continue;  // superseded versions: no rows of today
    // The log has what transactions wrote to segments of their own, if they committed.
    if (segment.as_of.value == 0) continue;
    segment.row_count = segment.removed_count = UINT64_MAX;  // as it has it
    tablets[tablet].push_back(segment);
  }
  for (auto& [tablet, segments] : tablets) {
    std::sort(segments.begin(), segments.end(), [](const auto& a, const auto& b) {
      return std::pair(a.as_of, a.number) < std::pair(b.as_of, b.number);
    });
    manifest_.as_of = std::max(manifest_.as_of, segments.back().as_of);
    Manifest::TabletFiles& files = manifest_.tablets.emplace_back();
    files.tablet = tablet;
    files.segments = std::move(segments);
  }
  sequences_lost_ = true;
  Lose(
      "no manifest is whole: all segments that were found are taken for the last checkpoint's; "
      "rows that had been removed or changed before it may be among what a file left over has. The "
      "positions of sequences are lost unless the log has them");
  return Status::Ok();
}

Status FolderSalvage::SalvageTablet(Manifest::TabletFiles& tablet) {
  const std::string data = JoinPath(path_, "data");
  std::vector<SegmentSalvage> segments;  // oldest first
  bool is_whole = true;
  if (tablet.past.is_kept()) {
    tablet.past = {};
    Lose("the table's history is left behind: AS OF finds nothing from before", tablet.tablet);
  }
  for (Manifest::Segment& named : tablet.segments) {
    named.runs.clear();
    SegmentSalvage& segment = segments.emplace_back(SegmentSalvage::Options{
        JoinPath(data, SegmentFileName(named.number)), tablet.tablet, named.number, identity_,
        named.as_of, named.row_count, named.removed_count});
    RETURN_IF_ERROR(segment.Read(files_));
    is_whole = is_whole && segment.is_whole();
    for (const std::string& damage : segment.damages()) Lose(damage, tablet.tablet);
    if (segment.is_lost() && named.row_count != UINT64_MAX) {
      counts_[tablet.tablet].lost += named.row_count;
      Lose(fmt::format("all {} rows of that file are lost", named.row_count), tablet.tablet);
    }
    counts_[tablet.tablet].lost += segment.lost_rows();
    for (const SegmentFooter::Schema& schema : segment.footer().schemas)
      schemas_[tablet.tablet][schema.version] = schema;
    for (const SegmentFooter::Group& group : segment.footer().groups)
      tablet.next_row_id = std::max(tablet.next_row_id, RowId(group.last.value + 1));
  }
  if (is_whole && !is_rebuilt_) return Status::Ok();

  Roaring64Map older;    // rows that segments before have, and nobody has taken away
  Roaring64Map decided;  // to be left out, or not
  for (size_t i = 0; i < segments.size(); ++i) {
    SegmentSalvage& segment = segments[i];
    Roaring64Map removed = segment.removed() | (segment.lost() & older);
    Roaring64Map undecided;
    for (const auto& [first, last] : segment.unknown()) {
      for (const uint64_t id : older)
        if (id >= first && id <= last) undecided.add(id);
    }
    undecided -= segment.rows() | removed;
    counts_[tablet.tablet].undecided += undecided.cardinality();
    if (!keep_undecided_ && tablet.tablet != kCatalogTabletId) removed |= undecided;
    if (!segment.is_whole()) RETURN_IF_ERROR(segment.Write(files_, removed));
    older = (older - removed) | segment.rows();
    Manifest::Segment& named = tablet.segments[i];
    named.row_count = segment.footer().row_count;
    named.removed_count = segment.footer().removed_count;
    named.as_of = segment.footer().as_of;
  }
  tablet.live_rows = older.cardinality();
  return Status::Ok();
}

Status FolderSalvage::SalvageLog() {
  LogSalvage::Options options;
  options.folder = JoinPath(path_, "wal");
  options.identity = identity_;
  if (!is_rebuilt_) options.from = manifest_.wal;
  if (is_new_) return Status::Ok();
  LogSalvage log(files_, options);
  RETURN_IF_ERROR(log.Run());
  for (const std::string& damage : log.damages()) Lose(damage);
  not_applied_ = log.not_applied();
  not_applied_transactions_ = log.not_applied_transactions();
  if (!log.is_usable()) {
    // It begins anew.
    is_new_ = true;
    manifest_.wal.next = manifest_.wal.replay_from = Lsn(kWalFirstLsn);
    return Status::Ok();
  }
  if (!is_rebuilt_) return Status::Ok();
  manifest_.wal.next = manifest_.wal.replay_from = log.replay_from();
  manifest_.highest_txn = log.highest_txn();
  // Segments of a checkpoint that did not end may have been found: then the log has what others
  // lack, and a change applies only where it is newer. That cannot be told of segments that the log
  // adds, and time has to go on behind all that was found.
  if (log.highest_timestamp() >= manifest_.as_of && !log.AddsFilesUpTo(manifest_.as_of))
    manifest_.as_of = Timestamp();
  return Status::Ok();
}

Status FolderSalvage::WriteManifest() {
  RETURN_IF_ERROR(DataFolder::WriteFormat(files_, path_, {identity_, is_new_}));
  for (const char* name : {"data", "wal"}) {
    ASSIGN_OR_RETURN(const bool exists, files_.Exists(JoinPath(path_, name)));
    if (!exists) RETURN_IF_ERROR(files_.MakeDirectory(JoinPath(path_, name)));
  }
  if (manifest_.number == 0 && !is_rebuilt_) return Status::Ok();
  manifest_.number = newest_manifest_ + 1;
  return files_.WriteFileAtomically(JoinPath(path_, ManifestName(manifest_.number)),
                                    manifest_.Encode(identity_));
}

}  // namespace oxibase
