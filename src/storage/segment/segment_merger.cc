#include "storage/segment/segment_merger.h"

#include <algorithm>

namespace oxibase {

SegmentMerger::SegmentMerger(const TableSchema& schema, std::span<const SegmentList::Part> parts)
    : schema_(schema) {
  for (const SegmentList::Part& part : parts) sources_.emplace_back().segment = part.segment.get();
}

Status SegmentMerger::Load(Source& source) {
  const SegmentFile& file = source.segment->file();
  if (source.group == file.groups().size()) {
    source.id = UINT64_MAX;
    return Status::Ok();
  }
  ASSIGN_OR_RETURN(const GroupWords ids, file.RowIds(source.group));
  source.id = ids[source.position];
  return Status::Ok();
}

Status SegmentMerger::Advance(Source& source) {
  if (++source.position == source.segment->file().groups()[source.group].rows) {
    source.position = 0;
    ++source.group;
  }
  return Load(source);
}

Result<bool> SegmentMerger::Next() {
  if (!begun_) {
    for (Source& source : sources_) RETURN_IF_ERROR(Load(source));
    begun_ = true;
  }
  for (;;) {
    uint64_t id = UINT64_MAX;
    for (const Source& source : sources_) id = std::min(id, source.id);
    if (id == UINT64_MAX) return false;
    bool is_removed = false;
    segment_ = nullptr;
    for (Source& source : sources_) {
      if (segment_ == nullptr && !is_removed) {
        is_removed = source.segment->removed().contains(id);
        if (source.id == id && !is_removed) {
          segment_ = source.segment;
          source_ = static_cast<size_t>(&source - sources_.data());
          place_ = {source.group, source.position};
        }
      }
      if (source.id == id) RETURN_IF_ERROR(Advance(source));
    }
    if (segment_ == nullptr) continue;
    id_ = RowId(id);
    return true;
  }
}

Result<Timestamp> SegmentMerger::ReadBegin() const {
  ASSIGN_OR_RETURN(const GroupWords begins, segment_->file().Begins(place_.group));
  return Timestamp{begins[place_.position]};
}

SchemaVersion SegmentMerger::version() const {
  return segment_->file().schema(place_.group).version;
}

Result<ByteSpan> SegmentMerger::ReadRow() {
  const SegmentFile& file = segment_->file();
  Source& source = sources_[source_];
  if (source.loaded != place_.group) {
    source.columns.clear();
    for (size_t i = 0; i < file.schema(place_.group).columns.size(); ++i) {
      ASSIGN_OR_RETURN(std::unique_ptr<DecodedColumn> column, file.LoadColumn(place_.group, i));
      source.columns.push_back(std::move(column));
    }
    source.loaded = place_.group;
  }
  const RowLayout& layout = schema_.At(version());
  std::vector<const Vector*> pointers;
  scratch_.clear();
  scratch_.reserve(layout.columns().size());
  for (const RowLayout::Column& wanted : layout.columns()) {
    Vector& value = scratch_.emplace_back(wanted.type);
    value.ResetFlat(1);
    pointers.push_back(&value);
    const int at = file.FindColumn(place_.group, wanted.id);
    if (at < 0) {
      value.SetValue(0, wanted.missing);
    } else {
      source.columns[static_cast<size_t>(at)]->CopyTo(value, 0, place_.position, 1,
                                                      DecodedColumn::Strings::kBorrow);
    }
  }
  bytes_.resize(layout.BytesNeeded(pointers, 0));
  layout.Build(pointers, 0, bytes_.data());
  return ByteSpan(bytes_);
}

}  // namespace oxibase
