#include "storage/segment/segment_writer.h"

#include <algorithm>
#include <cstring>

#include "storage/byte_codec.h"
#include "storage/checksum.h"

namespace oxibase {
namespace {

constexpr size_t kBufferBytes = 1 << 20;
// Row bytes kept for one group: a group of huge rows is closed early.
constexpr size_t kGroupBytesMax = 64 << 20;

}  // namespace

SegmentWriter::SegmentWriter(FileSystem& files, const Options& options)
    : files_(files), options_(options) {
  footer_.tablet = options.tablet;
  footer_.as_of = options.as_of;
}

SegmentWriter::~SegmentWriter() {
  if (finished_) return;
  file_.reset();
  files_.Remove(options_.path).Ignore("the next opening removes what no manifest names");
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(FileSystem& files,
                                                             const Options& options) {
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(files, options));
  ASSIGN_OR_RETURN(writer->file_, files.Open(options.path, OpenMode::kCreateOrEmpty));
  std::byte header[kSegmentHeaderBytes] = {};
  std::memcpy(header, "OXISEG\r\n", 8);
  StoreLe<uint32_t>(header + 8, kSegmentFormatVersion);
  StoreLe(header + 16, options.tablet.value);
  StoreLe(header + 24, options.number);
  std::memcpy(header + 32, options.identity.data(), options.identity.size());
  StoreLe(header + 48, options.as_of.value);
  StoreLe(header + 12, Crc32c({header + 16, kSegmentHeaderBytes - 16}));
  RETURN_IF_ERROR(writer->Put(header));
  return writer;
}

bool SegmentWriter::group_is_full() const {
  return pending_.size() == kVectorSize || row_bytes_.size() > kGroupBytesMax;
}

Status SegmentWriter::Add(const TableSchema& schema, RowId id, Timestamp begin,
                          SchemaVersion version, ByteSpan row_bytes) {
  OXI_DCHECK(pending_.empty() || pending_.back().id < id);
  if (schema_ != &schema || pending_.size() == kVectorSize || row_bytes_.size() > kGroupBytesMax) {
    RETURN_IF_ERROR(FlushGroup());
    schema_ = &schema;
  }
  // Rows begin at multiples of 8, as in a version.
  row_bytes_.resize((row_bytes_.size() + 7) & ~size_t{7});
  pending_.push_back({id, begin, version, row_bytes_.size()});
  row_bytes_.insert(row_bytes_.end(), row_bytes.begin(), row_bytes.end());
  return Status::Ok();
}

Status SegmentWriter::AddRemoved(RowId id) {
  RETURN_IF_ERROR(FlushGroup());
  removed_.push_back(id.value);
  return removed_.size() == kVectorSize ? FlushRemoved() : Status::Ok();
}

uint32_t SegmentWriter::SchemaIndex(const RowLayout& layout) {
  for (size_t i = 0; i < footer_.schemas.size(); ++i)
    if (footer_.schemas[i].version == layout.version()) return static_cast<uint32_t>(i);
  SegmentFooter::Schema schema;
  schema.version = layout.version();
  for (const RowLayout::Column& column : layout.columns())
    schema.columns.emplace_back(column.id, column.type);
  footer_.schemas.push_back(std::move(schema));
  return static_cast<uint32_t>(footer_.schemas.size() - 1);
}

void SegmentWriter::Gather(const RowLayout& layout, size_t column, Vector& out) const {
  const RowLayout::Column& target = layout.columns()[column];
  const size_t width = PhysicalWidth(target.physical);
  const RowLayout* from = nullptr;  // of the row before
  int at = -1;
  for (uint32_t i = 0; i < pending_.size(); ++i) {
    const Pending& row = pending_[i];
    if (from == nullptr || from->version() != row.version) {
      from = &schema_->At(row.version);
      at = from->Find(target.id);
    }
    if (at < 0) {
      out.SetValue(i, target.missing);
      continue;
    }
    const auto position = static_cast<size_t>(at);
    const std::byte* bytes = row_bytes_.data() + row.offset;
    if (from->IsNull(bytes, position)) {
      out.validity().SetNull(i);
    } else if (target.physical == PhysicalType::kString) {
      // Borrows: the bytes stay until the group is written.
      out.data<StringRef>()[i] = from->ReadString(bytes, position);
    } else {
      std::memcpy(out.data<std::byte>() + i * width, bytes + from->columns()[position].offset,
                  width);
    }
  }
}

Status SegmentWriter::FlushGroup() {
  if (pending_.empty()) return Status::Ok();
  SchemaVersion newest = 0;
  for (const Pending& row : pending_) newest = std::max(newest, row.version);
  const RowLayout& layout = schema_->At(newest);
  SegmentFooter::Group group;
  group.rows = static_cast<uint32_t>(pending_.size());
  group.schema_idx = SchemaIndex(layout);
  group.first = pending_.front().id;
  group.last = pending_.back().id;
  group.begin_min = Timestamp::Max();
  std::vector<uint64_t> ids, begins;
  for (const Pending& row : pending_) {
    ids.push_back(row.id.value);
    begins.push_back(row.begin.value);
    group.begin_min = std::min(group.begin_min, row.begin);
    group.begin_max = std::max(group.begin_max, row.begin);
  }
  const auto put = [&](BlockRef* where) {
    *where = {position(), block_.size()};
    return Put(block_);
  };
  block_.clear();
  EncodeWords(ids, block_);
  RETURN_IF_ERROR(put(&group.row_ids));
  block_.clear();
  EncodeWords(begins, block_);
  RETURN_IF_ERROR(put(&group.begins));
  for (size_t column = 0; column < layout.columns().size(); ++column) {
    Vector values(layout.columns()[column].type);
    values.ResetFlat(group.rows);
    Gather(layout, column, values);
    block_.clear();
    SegmentFooter::ColumnBlock written;
    written.zone = EncodeColumn(values, group.rows, block_);
    RETURN_IF_ERROR(put(&written.block));
    group.columns.push_back(std::move(written));
  }
  footer_.row_count += group.rows;
  footer_.groups.push_back(std::move(group));
  pending_.clear();
  if (row_bytes_.capacity() > kGroupBytesMax) row_bytes_ = {};
  row_bytes_.clear();
  return Status::Ok();
}

Status SegmentWriter::FlushRemoved() {
  if (removed_.empty()) return Status::Ok();
  block_.clear();
  EncodeWords(removed_, block_);
  footer_.removed.push_back({static_cast<uint32_t>(removed_.size()), {position(), block_.size()}});
  footer_.removed_count += removed_.size();
  removed_.clear();
  return Put(block_);
}

Status SegmentWriter::Finish() {
  RETURN_IF_ERROR(FlushGroup());
  RETURN_IF_ERROR(FlushRemoved());
  const uint64_t footer_at = position();
  std::vector<std::byte> footer;
  footer_.Encode(footer);
  RETURN_IF_ERROR(Put(footer));
  std::byte trailer[kSegmentTrailerBytes];
  StoreLe(trailer, footer_at);
  StoreLe(trailer + 8, static_cast<uint32_t>(footer.size()));
  StoreLe(trailer + 12, Crc32c(footer));
  std::memcpy(trailer + 16, "OXISEGF\n", 8);
  RETURN_IF_ERROR(Put(trailer));
  RETURN_IF_ERROR(FlushBuffer());
  if (options_.durable) RETURN_IF_ERROR(file_->Sync());
  finished_ = true;
  file_.reset();
  return Status::Ok();
}

Status SegmentWriter::Put(ByteSpan bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return buffer_.size() >= kBufferBytes ? FlushBuffer() : Status::Ok();
}

Status SegmentWriter::FlushBuffer() {
  RETURN_IF_ERROR(file_->WriteAt(written_, buffer_));
  written_ += buffer_.size();
  buffer_.clear();
  return Status::Ok();
}

}  // namespace oxibase
