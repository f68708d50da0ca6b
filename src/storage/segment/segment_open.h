#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/status.h"
#include "env/file_system.h"
#include "storage/segment/segment_format.h"
#include "storage/wal/wal_format.h"

namespace oxibase {

/// A segment's file, its header and trailer checked, with the bytes of its footer, whose checksum
/// is right.
struct OpenedSegment {
  std::unique_ptr<File> file;
  uint64_t file_bytes = 0;
  uint64_t footer_offset = 0;
  BlockBytes footer;
};
/// kDataCorrupted, naming file and place, for what is no whole segment of this tablet and database;
/// kFeatureNotSupported for a later format.
Result<OpenedSegment> OpenSegment(FileSystem& files, const std::string& path, TabletId tablet,
                                  const DatabaseIdentity& identity);

inline constexpr std::string_view kSegmentFileKind = "segment file";
Status DamagedSegment(const std::string& path, std::string_view what);
}  // namespace oxibase
