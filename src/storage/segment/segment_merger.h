#pragma once

#include <span>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "storage/mvcc/row_layout.h"
#include "storage/segment/segment_list.h"
#include "storage/segment/segment_rows.h"

namespace oxibase {

/// The rows of some segments that follow one another in a list, in order of id: of each the newest
/// version, unless a newer one of these segments takes the row away. Not thread-safe.
class SegmentMerger {
 public:
  /// `parts` are newest first and outlive it, as `schema` does.
  SegmentMerger(const TableSchema& schema, std::span<const SegmentList::Part> parts);

  /// Goes to the next row, at first to the first. False when there are no more. Errors: of reading
  /// segments. REQUIRES: inside an epoch
  Result<bool> Next();

  // The row. The bytes are good until the next call.
  RowId id() const { return id_; }
  /// REQUIRES: inside the epoch of Next
  Result<Timestamp> ReadBegin() const;
  SchemaVersion version() const;
  Result<ByteSpan> ReadRow();

 private:
  struct Source {
    explicit Source(const FrozenSegment& of)
        : segment(&of), removes(!of.removed().isEmpty()), rows(of.file()) {}

    const FrozenSegment* segment;
    bool removes;  // some rows
    SegmentRows rows;
    uint32_t group = 0;
    uint32_t position = 0;
    uint64_t id = 0;  // UINT64_MAX: at its end
  };

  Status Load(Source& source);
  Status Advance(Source& source);

  const TableSchema& schema_;
  std::vector<Source> sources_;  // newest first
  bool begun_ = false;
  RowId id_;
  Source* current_ = nullptr;  // whose row it is
  SegmentFile::Place place_;
};

}  // namespace oxibase
