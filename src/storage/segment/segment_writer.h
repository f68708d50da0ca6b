#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/status.h"
#include "env/file_system.h"
#include "storage/mvcc/row_layout.h"
#include "storage/segment/segment_format.h"
#include "storage/wal/wal_format.h"

namespace oxibase {

/// Writes one segment file. Not thread-safe. A file that is not finished is of no use to anybody
/// and is removed on destruction.
class SegmentWriter {
 public:
  struct Options {
    std::string path;
    TabletId tablet;
    uint64_t number = 0;
    DatabaseIdentity identity{};
    Timestamp as_of;
    bool durable = true;  // Finish syncs
  };
  static Result<std::unique_ptr<SegmentWriter>> Create(FileSystem& files, const Options& options);
  ~SegmentWriter();

  /// Adds a row; its bytes are copied. REQUIRES: ids rise; `schema` has the row's version.
  Status Add(const TableSchema& schema, RowId id, Timestamp begin, SchemaVersion version,
             ByteSpan row_bytes);
  /// Whether the next row would begin by writing those that are pending; FlushFullGroup does it
  /// beforehand.
  bool group_is_full() const;
  Status FlushFullGroup() { return group_is_full() ? FlushGroup() : Status::Ok(); }
  /// Notes a row that older segments have and that is gone. REQUIRES: after all rows; ids rise
  Status AddRemoved(RowId id);

  /// Writes the rest and syncs the file, if it is to be durable. Its name is durable once the
  /// folder is synced.
  Status Finish();

  uint64_t row_count() const { return footer_.row_count; }
  uint64_t removed_count() const { return footer_.removed_count; }
  /// After Finish.
  uint64_t file_bytes() const { return written_; }

 private:
  struct Pending {
    RowId id;
    Timestamp begin;
    SchemaVersion version;
    size_t offset;  // in row_bytes_
  };

  SegmentWriter(FileSystem& files, const Options& options);
  Status FlushGroup();
  Status FlushRemoved();
  uint32_t SchemaIndex(const RowLayout& layout);
  void Gather(const RowLayout& layout, size_t column, Vector& out) const;
  /// Adds a block behind what was written so far.
  Status Put(ByteSpan bytes);
  Status FlushBuffer();
  uint64_t position() const { return written_ + buffer_.size(); }

  FileSystem& files_;
  const Options options_;
  std::unique_ptr<File> file_;
  bool finished_ = false;
  uint64_t written_ = 0;
  std::vector<std::byte> buffer_;
  SegmentFooter footer_;

  const TableSchema* schema_ = nullptr;  // of the pending rows
  std::vector<Pending> pending_;
  std::vector<std::byte> row_bytes_;
  std::vector<uint64_t> removed_;
  std::vector<std::byte> block_;
};

}  // namespace oxibase
