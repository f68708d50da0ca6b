#pragma once
// A segment file: rows of one tablet as column blocks, sorted by row id; immutable once finished.
//
//   header, 64 bytes   0  8  "OXISEG\r\n"
//                      8  4  format version: 2; 1 is read as well
//                     12  4  CRC-32C of bytes 16-63
//                     16  8  tablet
//                     24  8  number of the file
//                     32 16  the database's identity
//                     48  8  timestamp C: holds the state as of C, or what changed up to C
//                     56  8  zeros
//   groups             up to kVectorSize rows each, one vector: a block of row ids, a block of
//   begin
//                      timestamps, one block a column (column_block.h), each at the next byte
//   removed rows       blocks of up to kVectorSize row ids that older segments of the tablet have
//                      and that were gone at C
//   footer             see SegmentFooter; varints and byte strings
//   trailer, 24 bytes  8 offset of the footer, 4 its length, 4 its CRC-32C, 8 "OXISEGF\n"
//
// A group has one schema version, the newest of its rows: older rows are written as reading them
// through it would show them. The columns are named in the footer with id, type and modifier, so
// the file can be read without the catalog.

#include <absl/functional/function_ref.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "common/types.h"
#include "storage/segment/column_block.h"

namespace oxibase {

inline constexpr uint32_t kSegmentFormatVersion = 2;
/// Differs in encodings only, which blocks name themselves.
inline constexpr uint32_t kSegmentFormatOldest = 1;
inline constexpr uint64_t kSegmentHeaderBytes = 64;
inline constexpr uint64_t kSegmentTrailerBytes = 24;

struct SegmentFooter {
  struct Schema {
    SchemaVersion version = 0;
    std::vector<std::pair<ColumnId, Type>> columns;
  };
  struct ColumnBlock {
    BlockRef block;
    ZoneMap zone;
  };
  struct Group {
    uint32_t rows = 0;
    uint32_t schema_idx = 0;
    RowId first, last;  // the fence
    Timestamp begin_min, begin_max;
    BlockRef row_ids, begins;
    std::vector<ColumnBlock> columns;  // as in the schema
  };
  struct Removed {
    uint32_t rows = 0;
    BlockRef row_ids;
  };

  TabletId tablet;
  Timestamp as_of;
  uint64_t row_count = 0;
  uint64_t removed_count = 0;
  std::vector<Schema> schemas;
  std::vector<Group> groups;
  std::vector<Removed> removed;

  void Encode(std::vector<std::byte>& out) const;
  /// kDataCorrupted for anything that Encode did not write, or that points outside of a file of
  /// `file_bytes` bytes.
  static Result<SegmentFooter> Decode(ByteSpan bytes, uint64_t file_bytes);

  /// As Decode, but hands over one group after another instead of gathering them. `blocks_at` is
  /// where the group's blocks stand in `bytes`, for the two below. What it returns has no groups.
  using GroupSink = absl::FunctionRef<void(Group&& group, size_t blocks_at)>;
  static Result<SegmentFooter> Walk(ByteSpan bytes, uint64_t file_bytes, GroupSink sink);
  /// REQUIRES: Walk accepted `bytes` and said `blocks_at`
  struct WordBlocks {
    BlockRef row_ids, begins;
  };
  static WordBlocks WordBlocksAt(ByteSpan bytes, size_t blocks_at);
  static ColumnBlock ColumnAt(ByteSpan bytes, size_t blocks_at, size_t column);
};

}  // namespace oxibase
