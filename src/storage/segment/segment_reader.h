#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/status.h"
#include "common/vector.h"
#include "env/file_system.h"
#include "storage/mvcc/row_layout.h"
#include "storage/segment/segment_format.h"
#include "storage/wal/wal_format.h"

namespace oxibase {

/// Reads one segment file. Everything that comes from the file is checked: damage is
/// kDataCorrupted, naming the file and the offset. Its const methods are thread-safe.
class SegmentReader {
 public:
  /// `files` is not needed afterwards.
  static Result<std::unique_ptr<SegmentReader>> Open(FileSystem& files, const std::string& path,
                                                     TabletId tablet,
                                                     const DatabaseIdentity& identity);

  const SegmentFooter& footer() const { return footer_; }
  const std::string& path() const { return path_; }

  Status ReadRowIds(const SegmentFooter::Group& group, std::vector<uint64_t>& out) const;
  Status ReadBegins(const SegmentFooter::Group& group, std::vector<uint64_t>& out) const;
  /// `out` gets the column's type.
  Status ReadColumn(const SegmentFooter::Group& group, size_t column, Vector& out) const;

  Status ReadRemoved(const SegmentFooter::Removed& block, std::vector<uint64_t>& out) const;

  /// A row put together again; `bytes` are good during the call.
  using RowSink = std::function<Status(RowId, Timestamp begin, SchemaVersion, ByteSpan bytes)>;
  /// All rows, in order of id.
  Status ForEachRow(const RowSink& sink) const;
  /// All rows that older segments have and that were gone.
  Status ForEachRemoved(const std::function<void(RowId)>& sink) const;

 private:
  SegmentReader(std::string path, std::unique_ptr<File> file)
      : path_(std::move(path)), file_(std::move(file)) {}
  Status Located(Status status, const BlockRef& block) const;

  const std::string path_;
  const std::unique_ptr<File> file_;
  SegmentFooter footer_;
};

}  // namespace oxibase
