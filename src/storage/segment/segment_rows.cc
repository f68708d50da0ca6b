#include "storage/segment/segment_rows.h"

#include <utility>

namespace oxibase {

Result<ByteSpan> SegmentRows::Read(SegmentFile::Place place, const RowLayout& layout) {
  if (group_ != place.group) {
    group_ = UINT32_MAX;
    columns_.clear();
    for (size_t i = 0; i < file_.schema(place.group).columns.size(); ++i) {
      ASSIGN_OR_RETURN(std::unique_ptr<DecodedColumn> column, file_.LoadColumn(place.group, i));
      columns_.push_back(std::move(column));
    }
    group_ = place.group;
  }
  const auto column_at = [this](size_t column) -> Result<const DecodedColumn*> {
    return columns_[column].get();
  };
  RETURN_IF_ERROR(file_.BuildRow(place, layout, column_at, scratch_, bytes_));
  return ByteSpan(bytes_);
}

void SegmentRows::Release() {
  group_ = UINT32_MAX;
  columns_ = std::vector<std::unique_ptr<DecodedColumn>>();
  scratch_ = std::vector<Vector>();
  bytes_ = std::vector<std::byte>();
}

}  // namespace oxibase
