#include "storage/segment/segment_reader.h"

#include "storage/segment/segment_open.h"

namespace oxibase {
Result<std::unique_ptr<SegmentReader>> SegmentReader::Open(FileSystem& files,
                                                           const std::string& path, TabletId tablet,
                                                           const DatabaseIdentity& identity) {
  ASSIGN_OR_RETURN(OpenedSegment opened, OpenSegment(files, path, tablet, identity));
  std::unique_ptr<SegmentReader> reader(new SegmentReader(path, std::move(opened.file)));
  ASSIGN_OR_RETURN(reader->footer_, SegmentFooter::Decode(opened.footer.span(), opened.file_bytes));
  if (reader->footer_.tablet != tablet) return DamagedSegment(path, "it belongs to another table");
  return reader;
}

Status SegmentReader::Located(Status status, const BlockRef& block) const {
  return LocateBlock(std::move(status), kSegmentFileKind, path_, block.offset);
}

Status SegmentReader::ReadRowIds(const SegmentFooter::Group& group,
                                 std::vector<uint64_t>& out) const {
  ASSIGN_OR_RETURN(BlockBytes bytes, ReadBlock(*file_, group.row_ids));
  return Located(DecodeWords(std::move(bytes), group.rows, out), group.row_ids);
}

Status SegmentReader::ReadBegins(const SegmentFooter::Group& group,
                                 std::vector<uint64_t>& out) const {
  ASSIGN_OR_RETURN(BlockBytes bytes, ReadBlock(*file_, group.begins));
  return Located(DecodeWords(std::move(bytes), group.rows, out), group.begins);
}

Status SegmentReader::ReadColumn(const SegmentFooter::Group& group, size_t column,
                                 Vector& out) const {
  const BlockRef& block = group.columns[column].block;
  ASSIGN_OR_RETURN(BlockBytes bytes, ReadBlock(*file_, block));
  out = Vector(footer_.schemas[group.schema_idx].columns[column].second);
  return Located(DecodeColumn(std::move(bytes), group.rows, out), block);
}

Status SegmentReader::ForEachRow(const RowSink& sink) const {
  std::vector<RowLayout> layouts;
  for (const SegmentFooter::Schema& schema : footer_.schemas)
    layouts.emplace_back(schema.version, schema.columns);
  std::vector<uint64_t> ids, begins;
  std::vector<uint64_t> row;  // words, so that the row is aligned
  for (const SegmentFooter::Group& group : footer_.groups) {
    RETURN_IF_ERROR(ReadRowIds(group, ids));
    RETURN_IF_ERROR(ReadBegins(group, begins));
    std::vector<Vector> columns(group.columns.size());
    std::vector<const Vector*> pointers;
    for (size_t i = 0; i < columns.size(); ++i) {
      RETURN_IF_ERROR(ReadColumn(group, i, columns[i]));
      pointers.push_back(&columns[i]);
    }
    const RowLayout& layout = layouts[group.schema_idx];
    for (uint32_t i = 0; i < group.rows; ++i) {
      const uint32_t size = layout.BytesNeeded(pointers, i);
      row.assign((size + 7) / 8, 0);
      auto* bytes = reinterpret_cast<std::byte*>(row.data());
      layout.Build(pointers, i, bytes);
      RETURN_IF_ERROR(
          sink(RowId(ids[i]), Timestamp{begins[i]}, layout.version(), ByteSpan(bytes, size)));
    }
  }
  return Status::Ok();
}

Status SegmentReader::ReadRemoved(const SegmentFooter::Removed& block,
                                  std::vector<uint64_t>& out) const {
  ASSIGN_OR_RETURN(BlockBytes bytes, ReadBlock(*file_, block.row_ids));
  return Located(DecodeWords(std::move(bytes), block.rows, out), block.row_ids);
}

Status SegmentReader::ForEachRemoved(const std::function<void(RowId)>& sink) const {
  std::vector<uint64_t> ids;
  for (const SegmentFooter::Removed& block : footer_.removed) {
    RETURN_IF_ERROR(ReadRemoved(block, ids));
    for (const uint64_t id : ids) sink(RowId(id));
  }
  return Status::Ok();
}

}  // namespace oxibase
