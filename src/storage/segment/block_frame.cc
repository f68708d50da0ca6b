#include "storage/segment/block_frame.h"

#include <lz4.h>

#include "storage/byte_codec.h"
#include "storage/checksum.h"
#include "storage/segment/zstd_codec.h"

namespace oxibase {
namespace {

enum Compression : uint8_t { kNone = 0, kLz4 = 1, kZstd = 2 };

// Compressing less than this gains nothing that a disk's block would not lose again.
constexpr size_t kCompressBytesMin = 512;
// One value may have 1 GiB; a block of them is refused beyond this rather than believed.
constexpr uint64_t kContentBytesMax = uint64_t{3} << 30;

/// What compressing must leave of `size` bytes.
size_t WorthAtMost(size_t size) { return size - size / 8; }

/// Appends the compressed content if that pays.
bool AppendLz4(ByteSpan content, std::vector<std::byte>& out) {
  if (content.size() > LZ4_MAX_INPUT_SIZE) return false;
  const size_t at = out.size();
  const int size = static_cast<int>(content.size());
  const int bound = LZ4_compressBound(size);
  out.resize(at + static_cast<size_t>(bound));
  const int stored = LZ4_compress_default(reinterpret_cast<const char*>(content.data()),
                                          reinterpret_cast<char*>(out.data() + at), size, bound);
  const bool pays = stored > 0 && static_cast<size_t>(stored) < WorthAtMost(content.size());
  out.resize(pays ? at + static_cast<size_t>(stored) : at);
  return pays;
}

bool AppendZstd(ByteSpan content, std::vector<std::byte>& out) {
  const size_t at = out.size();
  // Not worth more than this, so no more room is needed: it fails instead.
  const size_t worth = WorthAtMost(content.size());
  out.resize(at + worth);
  const size_t stored = CompressZstd({out.data() + at, worth}, content);
  out.resize(at + stored);
  return stored > 0;
}

}  // namespace

Status DamagedBlock(std::string_view what) {
  return Error(ErrorCode::kDataCorrupted, "a block is damaged: {}", what);
}

Status DamagedFile(std::string_view kind, const std::string& path, std::string_view what) {
  return Error(ErrorCode::kDataCorrupted, "{} \"{}\" is damaged: {}", kind, path, what)
      .Hint("Nothing was changed. Restore the file from a copy, or the database from a backup.");
}

Status LocateBlock(Status status, std::string_view kind, const std::string& path, uint64_t offset) {
  if (status.ok()) return status;
  if (status.code() == ErrorCode::kDataCorrupted)
    return DamagedFile(kind, path, fmt::format("block at offset {}: {}", offset, status.message()));
  // The system's failure names the file already.
  status.info().message += fmt::format(" (block at offset {})", offset);
  return status;
}

void SealBlock(uint8_t encoding, ByteSpan content, std::vector<std::byte>& out, Compress compress) {
  const size_t at = out.size();
  out.resize(at + kBlockHeaderBytes);
  Compression compression = kNone;
  if (compress != Compress::kNever && content.size() >= kCompressBytesMin) {
    const bool small = compress == Compress::kSmall;
    if (small ? AppendZstd(content, out) : AppendLz4(content, out))
      compression = small ? kZstd : kLz4;
  }
  if (compression == kNone) out.insert(out.end(), content.begin(), content.end());
  std::byte* header = out.data() + at;
  StoreLe<uint8_t>(header + 4, encoding);
  StoreLe<uint8_t>(header + 5, compression);
  StoreLe<uint16_t>(header + 6, 0);
  StoreLe(header + 8, static_cast<uint32_t>(content.size()));
  StoreLe(header + 12, static_cast<uint32_t>(out.size() - at - kBlockHeaderBytes));
  StoreLe(header, Crc32c({header + 4, out.size() - at - 4}));
}

Result<OpenedBlock> OpenBlock(BlockBytes block) {
  const ByteSpan bytes = block.span();
  if (bytes.size() < kBlockHeaderBytes) return DamagedBlock("it is too short");
  if (LoadLe<uint32_t>(bytes.data()) != Crc32c(bytes.subspan(4))) return DamagedBlock("checksum");
  OpenedBlock opened;
  opened.encoding = LoadLe<uint8_t>(bytes.data() + 4);
  const auto compression = LoadLe<uint8_t>(bytes.data() + 5);
  const auto content_bytes = LoadLe<uint32_t>(bytes.data() + 8);
  const auto stored_bytes = LoadLe<uint32_t>(bytes.data() + 12);
  const ByteSpan stored = bytes.subspan(kBlockHeaderBytes);
  if (stored.size() != stored_bytes || content_bytes > kContentBytesMax)
    return DamagedBlock("its length");
  if (compression == kNone) {
    if (content_bytes != stored_bytes) return DamagedBlock("its length");
    opened.content = stored;
    opened.owner = std::move(block);
    return opened;
  }
  switch (compression) {
    case kLz4: {
      // LZ4 expands at most 255 times: a length beyond that is a lie that must not cost memory.
      if (content_bytes > uint64_t{stored_bytes} * 255 + 64 || content_bytes > LZ4_MAX_INPUT_SIZE)
        return DamagedBlock("its length");
      opened.owner = BlockBytes(content_bytes);
      const int got =
          LZ4_decompress_safe(reinterpret_cast<const char*>(stored.data()),
                              reinterpret_cast<char*>(opened.owner.data.get()),
                              static_cast<int>(stored_bytes), static_cast<int>(content_bytes));
      if (got < 0 || static_cast<uint32_t>(got) != content_bytes)
        return DamagedBlock("its compression");
      break;
    }
    case kZstd:
      // A block of zstd is up to 128 KiB in 4 bytes.
      if (content_bytes > uint64_t{stored_bytes} * (128 << 10)) return DamagedBlock("its length");
      opened.owner = BlockBytes(content_bytes);
      if (!DecompressZstd(opened.owner.span(), stored)) return DamagedBlock("its compression");
      break;
    default:
      return DamagedBlock("its compression is unknown");
  }
  opened.content = opened.owner.span();
  return opened;
}

Result<BlockBytes> ReadBlock(File& file, const BlockRef& where) {
  BlockBytes bytes(where.bytes);
  RETURN_IF_ERROR(file.ReadExactlyAt(where.offset, bytes.span()));
  return bytes;
}

}  // namespace oxibase
