#include "storage/segment/past_segment.h"

#include <algorithm>
#include <utility>

#include "storage/segment/segment_open.h"

namespace oxibase {

bool IsPastSegment(const SegmentFooter& footer) {
  return std::ranges::any_of(footer.schemas, [](const SegmentFooter::Schema& schema) {
    return std::ranges::any_of(schema.columns,
                               [](const auto& column) { return column.first == kPastRowColumn; });
  });
}

std::shared_ptr<const TableSchema> MakePastSchema(const TableSchema& schema) {
  std::vector<std::shared_ptr<const RowLayout>> layouts;
  for (const auto& layout : schema.layouts()) {
    std::vector<std::pair<ColumnId, Type>> columns;
    std::vector<Value> missing;
    for (const RowLayout::Column& column : layout->columns()) {
      columns.emplace_back(column.id, column.type);
      missing.push_back(column.missing);
    }
    for (const ColumnId id : {kPastRowColumn, kPastEndColumn}) {
      columns.emplace_back(id, Type(TypeId::kInt8));
      missing.push_back(Value::Int8(0));
    }
    layouts.push_back(std::make_shared<const RowLayout>(layout->version(), std::move(columns),
                                                        std::move(missing)));
  }
  return std::make_shared<const TableSchema>(std::move(layouts));
}

PastWriter::PastWriter(SegmentStore& store, TabletId tablet, const TableSchema& schema,
                       SegmentStore::Held file)
    : store_(store),
      tablet_(tablet),
      table_schema_(schema),
      schema_(MakePastSchema(schema)),
      file_(std::move(file)) {}

Result<std::unique_ptr<PastWriter>> PastWriter::Create(SegmentStore& store, TabletId tablet,
                                                       const TableSchema& schema, Timestamp as_of) {
  std::unique_ptr<PastWriter> writer(new PastWriter(store, tablet, schema, store.NewFile()));
  SegmentWriter::Options options;
  options.path = store.SegmentPath(writer->file_.number());
  options.tablet = tablet;
  options.number = writer->file_.number();
  options.identity = store.identity();
  options.as_of = as_of;
  ASSIGN_OR_RETURN(writer->writer_, SegmentWriter::Create(store.files(), options));
  return writer;
}

Status PastWriter::Add(const PastEntry& entry, ByteSpan row) {
  const RowLayout& from = table_schema_.At(entry.version);
  const RowLayout& to = schema_->At(entry.version);
  std::vector<Vector> values;
  std::vector<const Vector*> pointers;
  values.reserve(to.columns().size());
  const size_t own = from.columns().size();
  for (size_t i = 0; i < to.columns().size(); ++i) {
    Vector& value = values.emplace_back(to.columns()[i].type);
    value.ResetFlat(1);
    if (i < own) {
      value.SetValue(0, from.ReadValue(row.data(), i));
    } else {
      const uint64_t word = i == own ? entry.row.value : entry.end.value;
      value.SetValue(0, Value::Int8(static_cast<int64_t>(word)));
    }
    pointers.push_back(&value);
  }
  bytes_.resize(to.BytesNeeded(pointers, 0));
  to.Build(pointers, 0, bytes_.data());
  return AddWhole(entry, bytes_);
}

Status PastWriter::AddWhole(const PastEntry& entry, ByteSpan row) {
  return writer_->Add(*schema_, RowId(next_++), entry.begin, entry.version, row);
}

Result<SegmentList::Part> PastWriter::Finish() {
  RETURN_IF_ERROR(writer_->Finish());
  SegmentList::Part part;
  ASSIGN_OR_RETURN(part.segment, store_.OpenSegment(std::move(file_), tablet_));
  return part;
}

Status PastStream::LoadGroup() {
  const SegmentFile& file = segment_.file();
  ASSIGN_OR_RETURN(begins_, file.LoadBegins(group_));
  columns_.clear();
  for (size_t i = 0; i < file.schema(group_).columns.size(); ++i) {
    ASSIGN_OR_RETURN(std::unique_ptr<DecodedColumn> column, file.LoadColumn(group_, i));
    columns_.push_back(std::move(column));
  }
  row_column_ = file.FindColumn(group_, kPastRowColumn);
  end_column_ = file.FindColumn(group_, kPastEndColumn);
  if (row_column_ < 0 || end_column_ < 0) {
    return DamagedSegment(file.path(), "it is not a segment of history");
  }
  return Status::Ok();
}

Result<bool> PastStream::Next() {
  const SegmentFile& file = segment_.file();
  if (begun_ && ++position_ == file.groups()[group_].rows) {
    position_ = 0;
    ++group_;
  }
  if (group_ == file.groups().size()) return false;
  if (position_ == 0) RETURN_IF_ERROR(LoadGroup());
  begun_ = true;
  const auto word = [&](int column) {
    return columns_[static_cast<size_t>(column)]->Get<uint64_t>(position_);
  };
  entry_ = {RowId(word(row_column_)),
            {begins_->Get<uint64_t>(position_)},
            {word(end_column_)},
            file.schema(group_).version};
  return true;
}

Result<ByteSpan> PastStream::ReadRow(const TableSchema& schema) {
  const SegmentFile& file = segment_.file();
  const RowLayout& layout = schema.At(entry_.version);
  std::vector<const Vector*> pointers;
  scratch_.clear();
  scratch_.reserve(layout.columns().size());
  for (const RowLayout::Column& wanted : layout.columns()) {
    Vector& value = scratch_.emplace_back(wanted.type);
    value.ResetFlat(1);
    pointers.push_back(&value);
    const int at = file.FindColumn(group_, wanted.id);
    if (at < 0) {
      value.SetValue(0, wanted.missing);
    } else {
      columns_[static_cast<size_t>(at)]->CopyTo(value, 0, position_, 1,
                                                DecodedColumn::Strings::kBorrow);
    }
  }
  bytes_.resize(layout.BytesNeeded(pointers, 0));
  layout.Build(pointers, 0, bytes_.data());
  return ByteSpan(bytes_);
}

}  // namespace oxibase
