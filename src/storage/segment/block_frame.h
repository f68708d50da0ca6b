#pragma once
// The frame around every block of a segment or an index run.
//
//    0  4  CRC-32C of bytes 4 to the end
//    4  1  encoding: what the content is
//    5  1  compression: 0 none, 1 LZ4, 2 zstd
//    6  2  zeros
//    8  4  bytes of the content
//   12  4  bytes that follow (equal, unless compressed)
//   16     the content, perhaps compressed

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "env/file_system.h"

namespace oxibase {

inline constexpr size_t kBlockHeaderBytes = 16;
/// Bytes behind a block's content that may be read, of which nothing is expected.
inline constexpr size_t kReadPadding = 16;

/// Bytes read from a file, uninitialised at first.
struct BlockBytes {
  std::unique_ptr<std::byte[]> data;
  size_t size = 0;

  BlockBytes() = default;
  explicit BlockBytes(size_t bytes)
      : data(std::make_unique_for_overwrite<std::byte[]>(bytes + kReadPadding)), size(bytes) {}
  std::span<std::byte> span() { return {data.get(), size}; }
  ByteSpan span() const { return {data.get(), size}; }
};

enum class Compress : uint8_t {
  kNever,
  kFast,   // by LZ4, if that saves an eighth
  kSmall,  // by zstd, if that saves an eighth: half as large for text, half as fast to read
};
/// Appends the block with this content to `out`.
void SealBlock(uint8_t encoding, ByteSpan content, std::vector<std::byte>& out,
               Compress compress = Compress::kFast);

struct OpenedBlock {
  BlockBytes owner;  // of the content's bytes
  ByteSpan content;
  uint8_t encoding = 0;
};
/// Checks a block and unpacks its content. kDataCorrupted for anything that SealBlock did not make.
Result<OpenedBlock> OpenBlock(BlockBytes block);

/// Where a block lies in its file.
struct BlockRef {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};
Result<BlockBytes> ReadBlock(File& file, const BlockRef& where);

/// What reading a block says about its damage, to which its reader adds file and offset.
Status DamagedBlock(std::string_view what);
/// kDataCorrupted for a file of this kind ("segment file").
Status DamagedFile(std::string_view kind, const std::string& path, std::string_view what);
/// Adds file and offset to a failure of reading the block there.
Status LocateBlock(Status status, std::string_view kind, const std::string& path, uint64_t offset);

}  // namespace oxibase
