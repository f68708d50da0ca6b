#include "storage/checkpoint/folder_check.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "storage/checkpoint/data_folder.h"
#include "storage/checkpoint/log_check.h"
#include "storage/index/run_file.h"
#include "storage/mvcc/epoch.h"
#include "storage/segment/segment_file.h"
#include "storage/segment/segment_reader.h"
#include "storage/segment/segment_store.h"
#include "storage/wal/wal_reader.h"

namespace oxibase {
namespace {

/// Walks an index run's tree in order.
class RunWalk {
 public:
  RunWalk(const RunFile& run, std::function<void(const Status&)> note)
      : run_(run), note_(std::move(note)) {}

  void Run() {
    const RunFooter& footer = run_.footer();
    if (run_.root() != nullptr) Node(*run_.root(), footer.levels);
    if (whole_ &&
        (entries_ != footer.entries || keys_ != footer.keys || last_key_ != footer.max_key))
      note_(
          DamagedFile(kRunFileKind, run_.path(), "its entries are not those that its footer says"));
  }

 private:
  void Node(const RunBlock& node, uint32_t level) {
    if (level == 1) CheckFilter(node.filter());
    for (uint32_t i = 0; i < node.entries(); ++i) {
      const BlockRef child = node.child(i);
      auto block = level == 1 ? run_.LoadLeaf(child) : run_.LoadNode(child, level == 2);
      if (!block.ok()) {
        whole_ = false;
        note_(block.status());
      } else if (level == 1) {
        Leaf(**block, child.offset);
      } else {
        Node(**block, level - 1);
      }
    }
  }
  void Leaf(const RunBlock& leaf, uint64_t offset) {
    std::string key;
    for (uint32_t i = 0; i < leaf.entries(); ++i) {
      key.assign(leaf.prefix());
      key += leaf.suffix(i);
      if (entries_ > 0 && (key < last_key_ || (key == last_key_ && leaf.row(i) <= last_row_)) &&
          std::exchange(in_order_, false))
        note_(LocateBlock(DamagedBlock("its entries are not in order"), kRunFileKind, run_.path(),
                          offset));
      if (entries_++ == 0 || key != last_key_) ++keys_;
      std::swap(last_key_, key);
      last_row_ = leaf.row(i);
    }
  }
  void CheckFilter(const RunFilterRef& filter) {
    const uint64_t pages = (filter.blocks + kFilterPageBlocks - 1) / kFilterPageBlocks;
    for (uint32_t page = 0; page < pages; ++page) {
      const auto loaded = run_.LoadFilterPage(filter, page);
      if (!loaded.ok()) note_(loaded.status());
    }
  }

  const RunFile& run_;
  const std::function<void(const Status&)> note_;
  bool whole_ = true;
  bool in_order_ = true;
  uint64_t entries_ = 0;
  uint64_t keys_ = 0;
  std::string last_key_;
  RowId last_row_;
};

}  // namespace

Status FolderCheck::Run() {
  ASSIGN_OR_RETURN(const bool exists, files_.Exists(JoinPath(path_, DataFolder::kFormatFile)));
  if (!exists) return Error(ErrorCode::kUndefinedFile, "folder \"{}\" holds no database", path_);
  ASSIGN_OR_RETURN(const std::unique_ptr<FileLock> lock, files_.Lock(JoinPath(path_, "lock")));
  const auto format = DataFolder::ReadFormat(files_, path_);
  ++counts_.files;
  if (!format.ok()) {
    // Without the identity nothing can be told from another database's files.
    Note(format.status());
    return Status::Ok();
  }
  identity_ = format->identity;
  CheckManifest();
  for (const Manifest::TabletFiles& tablet : manifest_.tablets) {
    for (const Manifest::Segment& segment : tablet.segments) {
      CheckSegment(segment, tablet.tablet);
      for (const Manifest::Run& run : segment.runs) CheckRun(run, tablet.tablet);
    }
    for (const Manifest::Segment& segment : tablet.past.segments) {
      CheckSegment(segment, tablet.tablet);
    }
  }
  if (has_manifest_) CheckLog(format->is_new);
  return Status::Ok();
}

void FolderCheck::CheckManifest() {
  const auto names = files_.List(path_);
  if (!names.ok()) {
    has_manifest_ = false;
    return Note(names.status());
  }
  uint64_t newest = 0;
  for (const std::string& name : *names)
    newest = std::max(newest, ParseManifestName(name).value_or(0));
  if (newest == 0) return;
  const std::string path = JoinPath(path_, ManifestName(newest));
  ++counts_.files;
  const auto bytes = files_.ReadFile(path);
  Status status = bytes.ok() ? Status::Ok() : bytes.status();
  if (status.ok()) {
    counts_.bytes += bytes->size();
    auto manifest = Manifest::Decode(AsBytes(*bytes), identity_, path);
    if (manifest.ok()) {
      manifest_ = *std::move(manifest);
    } else {
      status = manifest.status();
    }
  }
  has_manifest_ = status.ok();
  Note(status);
}

void FolderCheck::CheckSegment(const Manifest::Segment& named, TabletId tablet) {
  const std::string path = JoinPath(JoinPath(path_, "data"), SegmentFileName(named.number));
  ++counts_.files;
  EpochManager epochs;
  BlockCache cache(epochs, nullptr, 0);
  const auto opened = SegmentFile::Open(files_, path, tablet, identity_, cache);
  if (!opened.ok()) return Note(opened.status());
  const SegmentFile& segment = **opened;
  counts_.bytes += segment.file_bytes();
  counts_.rows += segment.row_count();
  if (segment.row_count() != named.row_count || segment.removed_count() != named.removed_count ||
      segment.as_of() != named.as_of)
    Note(DamagedFile("segment file", path, "it is not the one that the manifest means"));
  for (uint32_t group = 0; group < segment.groups().size(); ++group) {
    Note(segment.LoadRowIds(group).status());
    Note(segment.LoadBegins(group).status());
    for (size_t column = 0; column < segment.schema(group).columns.size(); ++column)
      Note(segment.LoadColumn(group, column).status());
  }
  const auto reader = SegmentReader::Open(files_, path, tablet, identity_);
  Note(reader.ok() ? (*reader)->ForEachRemoved([](RowId) {}) : reader.status());
}

void FolderCheck::CheckRun(const Manifest::Run& named, TabletId tablet) {
  const std::string path = JoinPath(JoinPath(path_, "data"), RunFileName(named.number));
  ++counts_.files;
  const auto run = RunFile::Open(files_, path, tablet, named.index, identity_);
  if (!run.ok()) return Note(run.status());
  counts_.bytes += (*run)->file_bytes();
  counts_.index_entries += (*run)->footer().entries;
  RunWalk(**run, [this](const Status& damage) { Note(damage); }).Run();
}

void FolderCheck::CheckLog(bool is_new) {
  // A folder whose log has not begun has none to read.
  if (is_new) return;
  // Without a checkpoint from its beginning.
  const Lsn from = std::max(manifest_.wal.replay_from, Lsn(kWalFirstLsn));
  auto reader = WalReader::Open(files_, JoinPath(path_, "wal"), from, identity_);
  if (!reader.ok()) return Note(reader.status());
  counts_.files += (*reader)->segments().size();
  for (const WalReader::Segment& segment : (*reader)->segments())
    counts_.bytes += segment.file_bytes;
  LogCheck check(manifest_.wal.timestamp);
  uint64_t records = 0;
  while (true) {
    WalReader::Record record;
    const auto more = (*reader)->Next(&record);
    if (!more.ok()) return Note(more.status());
    if (!*more) break;
    ++records;
    const Status status = check.Add(record);
    if (!status.ok())
      Note(Error(status.code(), "the write-ahead log is damaged: {}: {}",
                 (*reader)->Describe(Lsn(record.header.lsn)), status.message()));
  }
  counts_.log_records = records;
  // The log may end where the checkpoint is.
  if (records == 0) Note((*reader)->CheckReachesBegin());
  if ((*reader)->position() < manifest_.wal.next)
    Note(Error(ErrorCode::kDataCorrupted,
               "the write-ahead log ends at position {}, before the last checkpoint's {}",
               (*reader)->position().value, manifest_.wal.next.value));
}

}  // namespace oxibase
