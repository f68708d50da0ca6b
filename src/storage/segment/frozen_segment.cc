#include "storage/segment/frozen_segment.h"

#include <algorithm>
#include <span>
#include <utility>

#include "storage/segment/segment_reader.h"

namespace oxibase {

FrozenSegment::FrozenSegment(uint64_t number, std::shared_ptr<const SegmentFile> file,
                             std::shared_ptr<const Roaring64Map> removed)
    : number_(number),
      file_(std::move(file)),
      groups_(std::make_unique<FrozenGroup[]>(file_->groups().size())),
      removed_(std::move(removed)) {
  const std::span<const SegmentFile::Group> groups = file_->groups();
  for (uint32_t i = 0; i < groups.size(); ++i) {
    groups_[i].segment = this;
    groups_[i].number = i;
  }
  if (!groups.empty()) {
    first_ = groups.front().first;
    last_ = groups.back().last;
  }
  if (!removed_->isEmpty()) {
    first_ = std::min(first_, RowId(removed_->minimum()));
    last_ = std::max(last_, RowId(removed_->maximum()));
  }
}

Result<std::unique_ptr<const FrozenSegment>> FrozenSegment::Open(
    FileSystem& files, const std::string& path, uint64_t number, TabletId tablet,
    const DatabaseIdentity& identity, BlockCache& cache, MemoryTracker* parent,
    std::shared_ptr<PrivateRows> private_rows) {
  ASSIGN_OR_RETURN(std::unique_ptr<SegmentFile> file,
                   SegmentFile::Open(files, path, tablet, identity, cache, parent));
  auto removed = std::make_shared<Roaring64Map>();
  if (file->removed_count() > 0) {
    ASSIGN_OR_RETURN(const std::unique_ptr<SegmentReader> reader,
                     SegmentReader::Open(files, path, tablet, identity));
    RETURN_IF_ERROR(reader->ForEachRemoved([&](RowId row) { removed->add(row.value); }));
    removed->runOptimize();
  }
  std::unique_ptr<FrozenSegment> segment(
      new FrozenSegment(number, std::move(file), std::move(removed)));
  segment->private_rows_ = std::move(private_rows);
  return std::unique_ptr<const FrozenSegment>(std::move(segment));
}

std::shared_ptr<const FrozenSegment> FrozenSegment::Renewed(
    std::shared_ptr<const FrozenSegment> segment) {
  std::shared_ptr<FrozenSegment> renewed(
      new FrozenSegment(segment->number_, segment->file_, segment->removed_));
  renewed->private_rows_ = segment->private_rows_;
  renewed->renewed_ = segment->renewed_ != nullptr ? segment->renewed_ : std::move(segment);
  return renewed;
}

std::optional<uint64_t> FrozenSegment::SeenUpTo(const Snapshot& snapshot) const {
  if (private_rows_ == nullptr) return snapshot.read_ts.value;
  const uint64_t begin = private_rows_->mark->begin();
  if (begin <= snapshot.read_ts.value) return UINT64_MAX;
  if (begin != (kTxnIdBit | snapshot.own.value) || snapshot.command == 0) return std::nullopt;
  return snapshot.command - 1;
}

bool FrozenSegment::SeesRemoved(const Snapshot& snapshot, RowId row) const {
  if (as_of() <= snapshot.read_ts) return removed_->contains(row.value);
  if (private_rows_ == nullptr || as_of().value != (kTxnIdBit | snapshot.own.value)) return false;
  return removed_->contains(row.value) && RemovedBy(row) < snapshot.command;
}

CommandNumber FrozenSegment::RemovedBy(RowId row) const {
  return private_rows_->removed_by[removed_->rank(row.value) - 1];
}

Result<const RowLayout*> FrozenGroup::ReadRow(uint32_t position, const TableSchema& schema,
                                              std::vector<std::byte>& row) const {
  const RowLayout& layout = schema.At(file().schema(number).version);
  std::vector<Vector> scratch;
  RETURN_IF_ERROR(file().ReadRow({number, position}, layout, scratch, row));
  return &layout;
}

Result<FrozenRow> FrozenSegment::Find(RowId row) const {
  ASSIGN_OR_RETURN(const std::optional<SegmentFile::Place> place, file_->Find(row));
  if (!place) return FrozenRow();
  ASSIGN_OR_RETURN(const GroupWords begins, file_->Begins(place->group));
  return FrozenRow{&groups_[place->group], place->position, begins[place->position]};
}

}  // namespace oxibase
