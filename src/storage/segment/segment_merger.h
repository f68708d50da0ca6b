#pragma once

#include <memory>
#include <span>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "storage/mvcc/row_layout.h"
#include "storage/segment/segment_list.h"

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
  /// REQUIRES: inside an epoch
  Result<ByteSpan> ReadRow();

 private:
  struct Source {
    const FrozenSegment* segment = nullptr;
    uint32_t group = 0;
    uint32_t position = 0;
    uint64_t id = 0;  // UINT64_MAX: at its end
    // Columns of the group read last: a cache may not keep what is large.
    uint32_t loaded = UINT32_MAX;
    std::vector<std::unique_ptr<DecodedColumn>> columns;
  };

  Status Load(Source& source);
  Status Advance(Source& source);

  const TableSchema& schema_;
  std::vector<Source> sources_;  // newest first
  bool begun_ = false;
  RowId id_;
  const FrozenSegment* segment_ = nullptr;
  SegmentFile::Place place_;
  size_t source_ = 0;  // whose segment that is
  std::vector<Vector> scratch_;
  std::vector<std::byte> bytes_;
};

}  // namespace oxibase
