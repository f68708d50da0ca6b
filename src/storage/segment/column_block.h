#pragma once
// One column of up to kVectorSize rows as a block of a segment file (block_frame.h).
//
//   content:   1 byte: whether there are NULLs; if so a bitmap, one bit a value (1 = NULL), padded
//              to whole bytes; then by encoding
//     1 plain            values of the type's physical width; those of NULLs are zeros
//     2 frame of reference   narrow differences (narrow_words.h); format 1 only
//     3 constant         one value (or nothing if all are NULL)
//     4 strings          1 byte: width w of the lengths (1, 2, 4), the lengths, then all bytes;
//                        format 1 only
//     5 dictionary       varint n, each value's code as words, then n texts, sorted
//     6 words            integers (word_codec.h)
//     7 texts            the lengths as words, then all bytes
//     8 decimals         numerics: varint scale, then as words the values times 10^scale

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/status.h"
#include "common/vector.h"
#include "storage/segment/block_frame.h"

namespace oxibase {

enum ColumnEncoding : uint8_t {
  kPlainEncoding = 1,
  kFrameEncoding = 2,
  kConstantEncoding = 3,
  kStringsEncoding = 4,
  kDictionaryEncoding = 5,
  kWordsEncoding = 6,
  kTextsEncoding = 7,
  kDecimalsEncoding = 8,
};

/// Bounds of a block's values, so that a scan can leave it out. For fixed types the values' bytes;
/// for text and bytea the first kZoneStringBytes bytes, the upper one then covering all that begin
/// so (`max_is_prefix`). Types whose byte order means nothing (numeric, jsonb, ...) have none.
struct ZoneMap {
  bool has_bounds = false;
  bool max_is_prefix = false;
  uint32_t null_count = 0;
  std::string min, max;
};
inline constexpr size_t kZoneStringBytes = 24;

/// Appends the block of the first `rows` values of `column` to `out`. REQUIRES: flat
ZoneMap EncodeColumn(const Vector& column, uint32_t rows, std::vector<std::byte>& out);
/// The same for numbers that belong to no column: row ids, timestamps.
void EncodeWords(std::span<const uint64_t> words, std::vector<std::byte>& out);

/// Reads a block back; `out` becomes flat. kDataCorrupted for any bytes that are not such a block
/// with `rows` values of out's physical type.
Status DecodeColumn(BlockBytes block, uint32_t rows, Vector& out);
Status DecodeWords(BlockBytes block, uint32_t rows, std::vector<uint64_t>& out);

}  // namespace oxibase
