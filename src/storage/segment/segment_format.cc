#include "storage/segment/segment_format.h"

#include "storage/byte_codec.h"

namespace oxibase {
namespace {

// PostgreSQL's limit is 1,600 columns a table; those dropped are not in a layout.
constexpr uint64_t kColumnsMax = 4096;

void PutBlock(ByteWriter& to, const BlockRef& block) {
  to.Varint(block.offset);
  to.Varint(block.bytes);
}

class FooterReader {
 public:
  FooterReader(ByteSpan bytes, uint64_t file_bytes) : from(bytes), file_bytes_(file_bytes) {}

  BlockRef Block() {
    BlockRef block;
    block.offset = from.Varint();
    block.bytes = from.Varint();
    if (block.offset > file_bytes_ || block.bytes > file_bytes_ - block.offset) good_ = false;
    return block;
  }
  /// A number of things of which each takes at least a byte.
  uint64_t Count() {
    const uint64_t count = from.Varint();
    if (count > from.remaining()) good_ = false;
    return good() ? count : 0;
  }
  uint32_t Rows() {
    const uint64_t rows = from.Varint();
    if (rows == 0 || rows > kVectorSize) good_ = false;
    return static_cast<uint32_t>(rows);
  }
  SegmentFooter::ColumnBlock Column() {
    SegmentFooter::ColumnBlock column;
    column.block = Block();
    column.zone.null_count = static_cast<uint32_t>(from.Varint());
    const auto flags = from.Fixed<uint8_t>();
    column.zone.has_bounds = (flags & 1) != 0;
    column.zone.max_is_prefix = (flags & 2) != 0;
    if (column.zone.has_bounds) {
      column.zone.min = from.String();
      column.zone.max = from.String();
    }
    return column;
  }
  void SkipColumn() {
    from.Varint();
    from.Varint();
    from.Varint();
    if ((from.Fixed<uint8_t>() & 1) == 0) return;
    from.String();
    from.String();
  }
  void Refuse() { good_ = false; }
  bool good() const { return good_ && from.ok(); }

  ByteReader from;

 private:
  uint64_t file_bytes_;
  bool good_ = true;
};

}  // namespace

void SegmentFooter::Encode(std::vector<std::byte>& out) const {
  ByteWriter to(out);
  to.Varint(tablet.value);
  to.Varint(as_of.value);
  to.Varint(row_count);
  to.Varint(removed_count);
  to.Varint(schemas.size());
  for (const Schema& schema : schemas) {
    to.Varint(schema.version);
    to.Varint(schema.columns.size());
    for (const auto& [id, type] : schema.columns) {
      to.Fixed(id.value);
      to.Varint(static_cast<Oid>(type.id));
      to.Fixed(type.typmod);
    }
  }
  to.Varint(groups.size());
  for (const Group& group : groups) {
    to.Varint(group.rows);
    to.Varint(group.schema_idx);
    to.Varint(group.first.value);
    to.Varint(group.last.value);
    to.Varint(group.begin_min.value);
    to.Varint(group.begin_max.value);
    PutBlock(to, group.row_ids);
    PutBlock(to, group.begins);
    for (const ColumnBlock& column : group.columns) {
      PutBlock(to, column.block);
      to.Varint(column.zone.null_count);
      to.Fixed<uint8_t>((column.zone.has_bounds ? 1 : 0) | (column.zone.max_is_prefix ? 2 : 0));
      if (column.zone.has_bounds) {
        to.String(column.zone.min);
        to.String(column.zone.max);
      }
    }
  }
  to.Varint(removed.size());
  for (const Removed& block : removed) {
    to.Varint(block.rows);
    PutBlock(to, block.row_ids);
  }
}

Result<SegmentFooter> SegmentFooter::Decode(ByteSpan bytes, uint64_t file_bytes) {
  std::vector<Group> groups;
  ASSIGN_OR_RETURN(SegmentFooter footer, Walk(bytes, file_bytes, [&groups](Group&& group, size_t) {
                     groups.push_back(std::move(group));
                   }));
  footer.groups = std::move(groups);
  return footer;
}

SegmentFooter::WordBlocks SegmentFooter::WordBlocksAt(ByteSpan bytes, size_t blocks_at) {
  FooterReader reader(bytes.subspan(blocks_at), UINT64_MAX);
  WordBlocks blocks;
  blocks.row_ids = reader.Block();
  blocks.begins = reader.Block();
  return blocks;
}

SegmentFooter::ColumnBlock SegmentFooter::ColumnAt(ByteSpan bytes, size_t blocks_at,
                                                   size_t column) {
  FooterReader reader(bytes.subspan(blocks_at), UINT64_MAX);
  reader.Block();
  reader.Block();
  for (; column > 0; --column) reader.SkipColumn();
  return reader.Column();
}

Result<SegmentFooter> SegmentFooter::Walk(ByteSpan bytes, uint64_t file_bytes, GroupSink sink) {
  FooterReader reader(bytes, file_bytes);
  ByteReader& from = reader.from;
  SegmentFooter footer;
  footer.tablet = TabletId(from.Varint());
  footer.as_of = {from.Varint()};
  footer.row_count = from.Varint();
  footer.removed_count = from.Varint();
  for (uint64_t left = reader.Count(); left > 0 && reader.good(); --left) {
    Schema schema;
    schema.version = static_cast<SchemaVersion>(from.Varint());
    const uint64_t columns = reader.Count();
    if (columns > kColumnsMax) reader.Refuse();
    for (uint64_t i = 0; i < columns && reader.good(); ++i) {
      const ColumnId id(from.Fixed<int16_t>());
      const auto type = static_cast<TypeId>(from.Varint());
      schema.columns.emplace_back(id, Type(type, from.Fixed<int32_t>()));
      if (FindType(type) == nullptr) reader.Refuse();
    }
    footer.schemas.push_back(std::move(schema));
  }
  for (uint64_t left = reader.Count(); left > 0 && reader.good(); --left) {
    Group group;
    group.rows = reader.Rows();
    group.schema_idx = static_cast<uint32_t>(from.Varint());
    if (group.schema_idx >= footer.schemas.size()) {
      reader.Refuse();
      break;
    }
    group.first = RowId(from.Varint());
    group.last = RowId(from.Varint());
    group.begin_min = {from.Varint()};
    group.begin_max = {from.Varint()};
    const size_t blocks_at = from.offset();
    group.row_ids = reader.Block();
    group.begins = reader.Block();
    const size_t columns = footer.schemas[group.schema_idx].columns.size();
    group.columns.reserve(columns);
    for (size_t i = 0; i < columns && reader.good(); ++i) group.columns.push_back(reader.Column());
    if (reader.good()) sink(std::move(group), blocks_at);
  }
  for (uint64_t left = reader.Count(); left > 0 && reader.good(); --left) {
    Removed block;
    block.rows = reader.Rows();
    block.row_ids = reader.Block();
    footer.removed.push_back(block);
  }
  if (!reader.good() || !from.at_end())
    return Error(ErrorCode::kDataCorrupted, "the footer of a segment makes no sense");
  return footer;
}

}  // namespace oxibase
