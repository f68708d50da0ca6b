#include "storage/segment/segment_reader.h"

#include <fmt/core.h>

#include <cstring>

#include "storage/byte_codec.h"
#include "storage/checksum.h"

namespace oxibase {
namespace {

// A footer names some 60 bytes a block; this is beyond any file that can be written.
constexpr uint64_t kFooterBytesMax = uint64_t{1} << 30;

Status Damaged(const std::string& path, std::string_view what) {
  return Error(ErrorCode::kDataCorrupted, "segment file \"{}\" is damaged: {}", path, what)
      .Hint("Nothing was changed. Restore the file from a copy, or the database from a backup.");
}

}  // namespace

Result<std::unique_ptr<SegmentReader>> SegmentReader::Open(FileSystem& files,
                                                           const std::string& path, TabletId tablet,
                                                           const DatabaseIdentity& identity) {
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, files.Open(path, OpenMode::kRead));
  ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size < kSegmentHeaderBytes + kSegmentTrailerBytes) return Damaged(path, "it is too short");
  std::byte header[kSegmentHeaderBytes];
  RETURN_IF_ERROR(file->ReadExactlyAt(0, header));
  if (std::memcmp(header, "OXISEG\r\n", 8) != 0) return Damaged(path, "it is not a segment");
  const auto version = LoadLe<uint32_t>(header + 8);
  if (version != kSegmentFormatVersion)
    return Error(ErrorCode::kFeatureNotSupported,
                 "file \"{}\" has version {} of the segment format; this program reads version {}",
                 path, version, kSegmentFormatVersion);
  if (LoadLe<uint32_t>(header + 12) != Crc32c({header + 16, kSegmentHeaderBytes - 16}))
    return Damaged(path, "its header's checksum is wrong");
  if (std::memcmp(header + 32, identity.data(), identity.size()) != 0)
    return Damaged(path, "it belongs to another database");
  if (LoadLe<uint64_t>(header + 16) != tablet.value)
    return Damaged(path, "it belongs to another table");

  std::byte trailer[kSegmentTrailerBytes];
  RETURN_IF_ERROR(file->ReadExactlyAt(size - kSegmentTrailerBytes, trailer));
  const auto footer_at = LoadLe<uint64_t>(trailer);
  const auto footer_bytes = LoadLe<uint32_t>(trailer + 8);
  if (std::memcmp(trailer + 16, "OXISEGF\n", 8) != 0 || footer_bytes > kFooterBytesMax ||
      footer_at > size || footer_at + footer_bytes + kSegmentTrailerBytes != size)
    return Damaged(path, fmt::format("its trailer at offset {}", size - kSegmentTrailerBytes));
  std::vector<std::byte> footer(footer_bytes);
  RETURN_IF_ERROR(file->ReadExactlyAt(footer_at, footer));
  if (Crc32c(footer) != LoadLe<uint32_t>(trailer + 12))
    return Damaged(path, fmt::format("its footer at offset {} has a wrong checksum", footer_at));
  std::unique_ptr<SegmentReader> reader(new SegmentReader(path, std::move(file)));
  ASSIGN_OR_RETURN(reader->footer_, SegmentFooter::Decode(footer, size));
  if (reader->footer_.tablet != tablet) return Damaged(path, "it belongs to another table");
  return reader;
}

Result<std::vector<std::byte>> SegmentReader::Read(const BlockRef& block) const {
  std::vector<std::byte> bytes(block.bytes);
  RETURN_IF_ERROR(file_->ReadExactlyAt(block.offset, bytes));
  return bytes;
}

Status SegmentReader::Located(Status status, const BlockRef& block) const {
  if (status.ok()) return status;
  return Damaged(path_, fmt::format("block at offset {}: {}", block.offset, status.message()));
}

Status SegmentReader::ReadRowIds(const SegmentFooter::Group& group,
                                 std::vector<uint64_t>& out) const {
  ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, Read(group.row_ids));
  return Located(DecodeWords(bytes, group.rows, out), group.row_ids);
}

Status SegmentReader::ReadBegins(const SegmentFooter::Group& group,
                                 std::vector<uint64_t>& out) const {
  ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, Read(group.begins));
  return Located(DecodeWords(bytes, group.rows, out), group.begins);
}

Status SegmentReader::ReadColumn(const SegmentFooter::Group& group, size_t column,
                                 Vector& out) const {
  const BlockRef& block = group.columns[column].block;
  ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, Read(block));
  out = Vector(footer_.schemas[group.schema_idx].columns[column].second);
  return Located(DecodeColumn(bytes, group.rows, out), block);
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

Status SegmentReader::ForEachRemoved(const std::function<void(RowId)>& sink) const {
  std::vector<uint64_t> ids;
  for (const SegmentFooter::Removed& block : footer_.removed) {
    ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, Read(block.row_ids));
    RETURN_IF_ERROR(Located(DecodeWords(bytes, block.rows, ids), block.row_ids));
    for (const uint64_t id : ids) sink(RowId(id));
  }
  return Status::Ok();
}

}  // namespace oxibase
