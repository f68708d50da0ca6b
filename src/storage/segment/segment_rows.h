#pragma once

#include <memory>
#include <vector>

#include "common/status.h"
#include "storage/segment/segment_file.h"

namespace oxibase {

/// Whole rows of one segment for those who pass through it in order: each column of a group is read
/// once and kept while its rows are read, and not through the cache, which may not keep large
/// blocks. Not thread-safe.
class SegmentRows {
 public:
  /// `file` outlives it.
  explicit SegmentRows(const SegmentFile& file) : file_(file) {}

  /// As SegmentFile::ReadRow; needs no epoch. The bytes are good until the next call.
  Result<ByteSpan> Read(SegmentFile::Place place, const RowLayout& layout);
  /// Frees what it keeps; reading on takes it anew.
  void Release();

 private:
  const SegmentFile& file_;
  uint32_t group_ = UINT32_MAX;  // whose columns these are
  std::vector<std::unique_ptr<DecodedColumn>> columns_;
  std::vector<Vector> scratch_;
  std::vector<std::byte> bytes_;
};

}  // namespace oxibase
