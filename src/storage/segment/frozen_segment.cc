#include "storage/segment/frozen_segment.h"

#include <utility>

#include "storage/segment/segment_reader.h"

namespace oxibase {

FrozenSegment::FrozenSegment(uint64_t number, std::unique_ptr<SegmentFile> file)
    : number_(number),
      file_(std::move(file)),
      groups_(std::make_unique<FrozenGroup[]>(file_->groups().size())) {
  for (uint32_t i = 0; i < file_->groups().size(); ++i) {
    groups_[i].segment = this;
    groups_[i].number = i;
  }
}

Result<std::unique_ptr<const FrozenSegment>> FrozenSegment::Open(
    FileSystem& files, const std::string& path, uint64_t number, TabletId tablet,
    const DatabaseIdentity& identity, BlockCache& cache, MemoryTracker* parent) {
  ASSIGN_OR_RETURN(std::unique_ptr<SegmentFile> file,
                   SegmentFile::Open(files, path, tablet, identity, cache, parent));
  const bool removes = file->removed_count() > 0;
  std::unique_ptr<FrozenSegment> segment(new FrozenSegment(number, std::move(file)));
  if (removes) {
    ASSIGN_OR_RETURN(const std::unique_ptr<SegmentReader> reader,
                     SegmentReader::Open(files, path, tablet, identity));
    RETURN_IF_ERROR(reader->ForEachRemoved([&](RowId row) { segment->removed_.add(row.value); }));
    segment->removed_.runOptimize();
  }
  return std::unique_ptr<const FrozenSegment>(std::move(segment));
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
  return FrozenRow{&groups_[place->group], place->position, {begins[place->position]}};
}

}  // namespace oxibase
