#include "storage/segment/segment_file.h"

#include <algorithm>
#include <limits>

#include "storage/segment/segment_open.h"

namespace oxibase {

uint32_t GroupWords::LowerBound(uint64_t value, uint32_t rows) const {
  if (block_ != nullptr) return block_->LowerBound(value);
  if (value <= first_) return 0;
  return static_cast<uint32_t>(std::min<uint64_t>(value - first_, rows));
}

SegmentFile::SegmentFile(std::string path, BlockCache& cache, MemoryTracker* parent)
    : path_(std::move(path)),
      cache_(cache),
      cache_file_(cache.NewFile()),
      memory_("segment", parent) {}

SegmentFile::~SegmentFile() { cache_.DropFile(cache_file_); }

Result<std::unique_ptr<SegmentFile>> SegmentFile::Open(FileSystem& files, const std::string& path,
                                                       TabletId tablet,
                                                       const DatabaseIdentity& identity,
                                                       BlockCache& cache, MemoryTracker* parent) {
  ASSIGN_OR_RETURN(OpenedSegment opened, OpenSegment(files, path, tablet, identity));
  std::unique_ptr<SegmentFile> segment(new SegmentFile(path, cache, parent));
  segment->file_ = std::move(opened.file);
  segment->file_bytes_ = opened.file_bytes;
  segment->footer_ = std::move(opened.footer);
  uint64_t rows = 0;
  bool in_order = true;
  std::vector<Group>& groups = segment->groups_;
  auto head = SegmentFooter::Walk(
      segment->footer_.span(), segment->file_bytes_,
      [&](SegmentFooter::Group&& from, size_t blocks_at) {
        const uint64_t span = from.last.value - from.first.value;
        in_order = in_order && from.first <= from.last && span >= from.rows - uint64_t{1} &&
                   (groups.empty() || groups.back().last < from.first);
        groups.push_back({from.first, from.last, from.begin_min, from.begin_max, rows,
                          static_cast<uint32_t>(blocks_at), static_cast<uint16_t>(from.rows),
                          static_cast<uint16_t>(from.schema_idx)});
        rows += from.rows;
      });
  if (!head.ok())
    return LocateBlock(std::move(head).status(), kSegmentFileKind, path, opened.footer_offset);
  segment->head_ = *std::move(head);
  if (!in_order || rows != segment->head_.row_count || segment->head_.tablet != tablet ||
      segment->head_.schemas.size() > std::numeric_limits<uint16_t>::max())
    return DamagedSegment(
        path, fmt::format("its footer at offset {} makes no sense", opened.footer_offset));
  groups.shrink_to_fit();
  segment->memory_.Add(static_cast<int64_t>(sizeof(SegmentFile) + segment->footer_.size +
                                            groups.size() * sizeof(Group)));
  return segment;
}

int SegmentFile::FindColumn(uint32_t group, ColumnId column) const {
  const auto& columns = schema(group).columns;
  for (size_t i = 0; i < columns.size(); ++i)
    if (columns[i].first == column) return static_cast<int>(i);
  return -1;
}

ZoneMap SegmentFile::Zone(uint32_t group, size_t column) const {
  return SegmentFooter::ColumnAt(footer_.span(), groups_[group].blocks_at, column).zone;
}

std::optional<uint32_t> SegmentFile::FindGroup(RowId id) const {
  const auto after = std::upper_bound(groups_.begin(), groups_.end(), id,
                                      [](RowId value, const Group& g) { return value < g.first; });
  if (after == groups_.begin()) return std::nullopt;
  const auto group = after - 1;
  if (group->last < id) return std::nullopt;
  return static_cast<uint32_t>(group - groups_.begin());
}

Result<std::optional<SegmentFile::Place>> SegmentFile::Find(RowId id) const {
  const std::optional<uint32_t> at = FindGroup(id);
  if (!at) return std::optional<Place>();
  const Group& group = groups_[*at];
  ASSIGN_OR_RETURN(const GroupWords ids, RowIds(*at));
  const uint32_t position = ids.LowerBound(id.value, group.rows);
  if (position == group.rows || ids[position] != id.value) return std::optional<Place>();
  return std::optional<Place>(Place{*at, position});
}

Result<GroupWords> SegmentFile::RowIds(uint32_t group) const {
  const Group& info = groups_[group];
  if (info.is_dense()) return GroupWords(info.first.value, 1);
  ASSIGN_OR_RETURN(
      const DecodedColumn* block,
      cache_.Get<DecodedColumn>(Key(group, kRowIdsBlock), [&]() { return LoadRowIds(group); }));
  return GroupWords(block);
}

Result<GroupWords> SegmentFile::Begins(uint32_t group) const {
  const Group& info = groups_[group];
  if (info.begin_min == info.begin_max) return GroupWords(info.begin_min.value, 0);
  ASSIGN_OR_RETURN(
      const DecodedColumn* block,
      cache_.Get<DecodedColumn>(Key(group, kBeginsBlock), [&]() { return LoadBegins(group); }));
  return GroupWords(block);
}

Result<const DecodedColumn*> SegmentFile::Column(uint32_t group, size_t column) const {
  return cache_.Get<DecodedColumn>(Key(group, kFirstColumnBlock + column),
                                   [&]() { return LoadColumn(group, column); });
}

Status SegmentFile::ReadRow(Place place, const RowLayout& layout, std::vector<Vector>& scratch,
                            std::vector<std::byte>& row) const {
  return BuildRow(
      place, layout, [&](size_t column) { return Column(place.group, column); }, scratch, row);
}

Status SegmentFile::BuildRow(Place place, const RowLayout& layout, ColumnSource column_at,
                             std::vector<Vector>& scratch, std::vector<std::byte>& row) const {
  const std::span<const RowLayout::Column> columns = layout.columns();
  if (scratch.size() < columns.size()) scratch.resize(columns.size());
  std::vector<const Vector*> pointers(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    Vector& value = scratch[i];
    if (value.physical() != columns[i].physical) {
      value = Vector(columns[i].type);
    } else {
      value.set_type(columns[i].type);
    }
    value.ResetFlat(1);
    pointers[i] = &value;
    const int at = FindColumn(place.group, columns[i].id);
    if (at < 0) {
      value.SetValue(0, columns[i].missing);
      continue;
    }
    ASSIGN_OR_RETURN(const DecodedColumn* block, column_at(static_cast<size_t>(at)));
    block->CopyTo(value, 0, place.position, 1, DecodedColumn::Strings::kBorrow);
  }
  row.resize(layout.BytesNeeded(pointers, 0));
  layout.Build(pointers, 0, row.data());
  return Status::Ok();
}

Result<std::unique_ptr<DecodedColumn>> SegmentFile::Load(const BlockRef& where,
                                                         PhysicalType physical,
                                                         uint32_t rows) const {
  auto bytes = ReadBlock(*file_, where);
  if (!bytes.ok())
    return LocateBlock(std::move(bytes).status(), kSegmentFileKind, path_, where.offset);
  auto column = DecodedColumn::Decode(*std::move(bytes), physical, rows);
  if (!column.ok())
    return LocateBlock(std::move(column).status(), kSegmentFileKind, path_, where.offset);
  return column;
}

Result<std::unique_ptr<DecodedColumn>> SegmentFile::LoadColumn(uint32_t group,
                                                               size_t column) const {
  const Group& info = groups_[group];
  const BlockRef where = SegmentFooter::ColumnAt(footer_.span(), info.blocks_at, column).block;
  return Load(where, PhysicalTypeOf(schema(group).columns[column].second), info.rows);
}

Result<std::unique_ptr<DecodedColumn>> SegmentFile::LoadWords(uint32_t group,
                                                              const BlockRef& where) const {
  ASSIGN_OR_RETURN(std::unique_ptr<DecodedColumn> words,
                   Load(where, PhysicalType::kInt64, groups_[group].rows));
  if (words->has_nulls())
    return LocateBlock(DamagedBlock("its values"), kSegmentFileKind, path_, where.offset);
  return words;
}

Result<std::unique_ptr<DecodedColumn>> SegmentFile::LoadRowIds(uint32_t group) const {
  const BlockRef where =
      SegmentFooter::WordBlocksAt(footer_.span(), groups_[group].blocks_at).row_ids;
  ASSIGN_OR_RETURN(std::unique_ptr<DecodedColumn> ids, LoadWords(group, where));
  // The fence and the order are what searches rely on.
  uint64_t before = groups_[group].first.value;
  bool rise = ids->Get<uint64_t>(0) == before &&
              ids->Get<uint64_t>(ids->rows() - 1) == groups_[group].last.value;
  for (uint32_t i = 1; i < ids->rows() && rise; ++i) {
    const auto id = ids->Get<uint64_t>(i);
    rise = before < id;
    before = id;
  }
  if (!rise) return LocateBlock(DamagedBlock("its row ids"), kSegmentFileKind, path_, where.offset);
  return ids;
}

Result<std::unique_ptr<DecodedColumn>> SegmentFile::LoadBegins(uint32_t group) const {
  return LoadWords(group,
                   SegmentFooter::WordBlocksAt(footer_.span(), groups_[group].blocks_at).begins);
}

}  // namespace oxibase
