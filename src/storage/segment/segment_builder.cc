#include "storage/segment/segment_builder.h"

#include <algorithm>
#include <utility>

#include "storage/index/run_writer.h"
#include "storage/mvcc/epoch.h"
#include "storage/segment/segment_rows.h"

namespace oxibase {
namespace {

std::unique_ptr<EntrySorter> NewSorter(SegmentStore& store, const SegmentStore::Held& file,
                                       Oid index) {
  EntrySorter::Options options;
  options.path_prefix = store.TemporaryPath(file.number()) + std::to_string(index) + "-";
  options.memory_bytes = store.sort_bytes();
  return std::make_unique<EntrySorter>(store.files(), options, store.memory());
}

Status AddKey(const TabletIndex& index, const RowLayout& layout, const std::byte* bytes, RowId row,
              std::string* key, EntrySorter& sorter) {
  bool has_null;
  if (!index.KeyOfRow(layout, bytes, key, &has_null)) return Status::Ok();
  TabletIndex::HashBytes hash;
  return sorter.Add(index.TreeKey(*key, hash), row);
}

}  // namespace

Result<std::unique_ptr<SegmentBuilder>> SegmentBuilder::Create(SegmentStore& store, Tablet& tablet,
                                                               Timestamp as_of) {
  std::unique_ptr<SegmentBuilder> builder(new SegmentBuilder(store, tablet, nullptr));
  RETURN_IF_ERROR(builder->Begin(as_of));
  return builder;
}

Result<std::unique_ptr<SegmentBuilder>> SegmentBuilder::CreatePrivate(
    SegmentStore& store, Tablet& tablet, std::shared_ptr<PrivateRows> rows) {
  std::unique_ptr<SegmentBuilder> builder(new SegmentBuilder(store, tablet, std::move(rows)));
  RETURN_IF_ERROR(builder->Begin(Timestamp()));
  return builder;
}

Status SegmentBuilder::Begin(Timestamp as_of) {
  SegmentWriter::Options options;
  options.path = store_.SegmentPath(file_.number());
  options.tablet = tablet_.id();
  options.number = file_.number();
  options.identity = store_.identity();
  options.as_of = as_of;
  options.durable = private_rows_ == nullptr;
  ASSIGN_OR_RETURN(writer_, SegmentWriter::Create(store_.files(), options));
  EpochGuard guard(tablet_.epochs());
  for (const auto& index : tablet_.indexes()) {
    // Of an index that is built anew beside the old one, a run will do for both.
    const bool has = std::any_of(keys_.begin(), keys_.end(), [&](const Keys& keys) {
      return keys.index->spec().oid == index->spec().oid;
    });
    if (has) continue;
    keys_.push_back({index, NewSorter(store_, file_, index->spec().oid)});
  }
  return Status::Ok();
}

Status SegmentBuilder::Add(RowId id, Timestamp begin, SchemaVersion version, ByteSpan row) {
  is_empty_ = false;
  const RowLayout& layout = tablet_.schema().At(version);
  for (const Keys& keys : keys_) {
    RETURN_IF_ERROR(AddKey(*keys.index, layout, row.data(), id, &key_, *keys.sorter));
  }
  return writer_->Add(tablet_.schema(), id, begin, version, row);
}

Result<SegmentList::Part> SegmentBuilder::Finish() {
  SegmentList::Part part;
  RETURN_IF_ERROR(writer_->Finish());
  file_bytes_ = writer_->file_bytes();
  for (const Keys& keys : keys_) {
    const Oid oid = keys.index->spec().oid;
    ASSIGN_OR_RETURN(SegmentList::Run run, WriteRun(store_, tablet_.id(), *keys.index, *keys.sorter,
                                                    private_rows_ == nullptr, &file_bytes_));
    part.runs.emplace(oid, std::move(run));
  }
  ASSIGN_OR_RETURN(part.segment,
                   store_.OpenSegment(std::move(file_), tablet_.id(), std::move(private_rows_)));
  return part;
}

Result<SegmentList::Run> WriteRun(SegmentStore& store, TabletId tablet, const TabletIndex& index,
                                  EntrySorter& entries, bool durable, uint64_t* file_bytes) {
  ASSIGN_OR_RETURN(const std::unique_ptr<EntryStream> stream, entries.Finish());
  SegmentStore::Held file = store.NewFile();
  RunWriter::Options options;
  options.path = store.RunPath(file.number());
  options.tablet = tablet;
  options.index = index.spec().oid;
  options.bitmap_entries = index.is_bitmap() ? kBitmapLeafEntriesMax : 0;
  options.number = file.number();
  options.identity = store.identity();
  options.durable = durable;
  ASSIGN_OR_RETURN(const std::unique_ptr<RunWriter> writer,
                   RunWriter::Create(store.files(), options));
  RETURN_IF_ERROR(writer->AddAll(*stream));
  RETURN_IF_ERROR(writer->Finish());
  *file_bytes += writer->file_bytes();
  SegmentList::Run run;
  run.number = file.number();
  ASSIGN_OR_RETURN(run.file, store.OpenRun(std::move(file), tablet, index.spec().oid));
  return run;
}

Result<SegmentList::Run> BuildRun(SegmentStore& store, const Tablet& tablet,
                                  const TabletIndex& index, const FrozenSegment& segment) {
  const SegmentStore::Held name = store.NewFile();
  const std::unique_ptr<EntrySorter> sorter = NewSorter(store, name, index.spec().oid);
  std::string key;
  const SegmentFile& file = segment.file();
  SegmentRows rows(file);
  for (uint32_t group = 0; group < file.groups().size(); ++group) {
    EpochGuard guard(tablet.epochs());  // anew for each group, so that blocks can be freed
    const RowLayout& layout = tablet.schema().At(file.schema(group).version);
    ASSIGN_OR_RETURN(const GroupWords ids, file.RowIds(group));
    for (uint32_t i = 0; i < file.groups()[group].rows; ++i) {
      ASSIGN_OR_RETURN(const ByteSpan row, rows.Read({group, i}, layout));
      RETURN_IF_ERROR(AddKey(index, layout, row.data(), RowId(ids[i]), &key, *sorter));
    }
  }
  uint64_t file_bytes = 0;
  return WriteRun(store, tablet.id(), index, *sorter, /*durable=*/true, &file_bytes);
}

}  // namespace oxibase
