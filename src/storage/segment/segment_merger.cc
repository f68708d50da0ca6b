#include "storage/segment/segment_merger.h"

#include <algorithm>

namespace oxibase {

SegmentMerger::SegmentMerger(const TableSchema& schema, std::span<const SegmentList::Part> parts)
    : schema_(schema) {
  for (const SegmentList::Part& part : parts) sources_.emplace_back(*part.segment);
}

Status SegmentMerger::Load(Source& source) {
  const SegmentFile& file = source.segment->file();
  if (source.group == file.groups().size()) {
    source.id = UINT64_MAX;
    if (&source != current_) source.rows.Release();
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
  if (current_ != nullptr && current_->id == UINT64_MAX) current_->rows.Release();
  for (;;) {
    uint64_t id = UINT64_MAX;
    for (const Source& source : sources_) id = std::min(id, source.id);
    if (id == UINT64_MAX) return false;
    bool is_removed = false;
    current_ = nullptr;
    for (Source& source : sources_) {
      if (current_ == nullptr && !is_removed) {
        is_removed = source.removes && source.segment->removed().contains(id);
        if (source.id == id && !is_removed) {
          current_ = &source;
          place_ = {source.group, source.position};
        }
      }
      if (source.id == id) RETURN_IF_ERROR(Advance(source));
    }
    if (current_ == nullptr) continue;
    id_ = RowId(id);
    return true;
  }
}

Result<Timestamp> SegmentMerger::ReadBegin() const {
  ASSIGN_OR_RETURN(const GroupWords begins, current_->segment->file().Begins(place_.group));
  return Timestamp{current_->segment->BeginWord(begins[place_.position])};
}

SchemaVersion SegmentMerger::version() const {
  return current_->segment->file().schema(place_.group).version;
}

Result<ByteSpan> SegmentMerger::ReadRow() {
  return current_->rows.Read(place_, schema_.At(version()));
}

}  // namespace oxibase
