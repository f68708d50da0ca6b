#include "storage/segment/segment_open.h"

#include <fmt/core.h>

#include <cstring>

#include "storage/byte_codec.h"
#include "storage/checksum.h"

namespace oxibase {
namespace {

// A footer names some 60 bytes a block; this is beyond any file that can be written.
constexpr uint64_t kFooterBytesMax = uint64_t{1} << 30;

}  // namespace

Status DamagedSegment(const std::string& path, std::string_view what) {
  return DamagedFile(kSegmentFileKind, path, what);
}

Result<OpenedSegment> OpenSegment(FileSystem& files, const std::string& path, TabletId tablet,
                                  const DatabaseIdentity& identity) {
  OpenedSegment opened;
  ASSIGN_OR_RETURN(opened.file, files.Open(path, OpenMode::kRead));
  File& file = *opened.file;
  ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  if (size < kSegmentHeaderBytes + kSegmentTrailerBytes)
    return DamagedSegment(path, "it is too short");
  std::byte header[kSegmentHeaderBytes];
  RETURN_IF_ERROR(file.ReadExactlyAt(0, header));
  if (std::memcmp(header, "OXISEG\r\n", 8) != 0) return DamagedSegment(path, "it is not a segment");
  const auto version = LoadLe<uint32_t>(header + 8);
  if (version < kSegmentFormatOldest || version > kSegmentFormatVersion)
    return Error(ErrorCode::kFeatureNotSupported,
                 "file \"{}\" has version {} of the segment format; this program reads {} to {}",
                 path, version, kSegmentFormatOldest, kSegmentFormatVersion);
  if (LoadLe<uint32_t>(header + 12) != Crc32c({header + 16, kSegmentHeaderBytes - 16}))
    return DamagedSegment(path, "its header's checksum is wrong");
  if (std::memcmp(header + 32, identity.data(), identity.size()) != 0)
    return DamagedSegment(path, "it belongs to another database");
  if (LoadLe<uint64_t>(header + 16) != tablet.value)
    return DamagedSegment(path, "it belongs to another table");

  std::byte trailer[kSegmentTrailerBytes];
  RETURN_IF_ERROR(file.ReadExactlyAt(size - kSegmentTrailerBytes, trailer));
  const auto footer_at = LoadLe<uint64_t>(trailer);
  const auto footer_bytes = LoadLe<uint32_t>(trailer + 8);
  if (std::memcmp(trailer + 16, "OXISEGF\n", 8) != 0 || footer_bytes > kFooterBytesMax ||
      footer_at > size || footer_at + footer_bytes + kSegmentTrailerBytes != size)
    return DamagedSegment(path,
                          fmt::format("its trailer at offset {}", size - kSegmentTrailerBytes));
  opened.file_bytes = size;
  opened.footer_offset = footer_at;
  opened.footer = BlockBytes(footer_bytes);
  RETURN_IF_ERROR(file.ReadExactlyAt(footer_at, opened.footer.span()));
  if (Crc32c(opened.footer.span()) != LoadLe<uint32_t>(trailer + 12))
    return DamagedSegment(path,
                          fmt::format("its footer at offset {} has a wrong checksum", footer_at));
  return opened;
}

}  // namespace oxibase
