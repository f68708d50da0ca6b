#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/status.h"
#include "env/file_system.h"
#include "storage/wal/wal_format.h"

namespace oxibase {

/// Reads records one after another from the files of a log that nobody writes. Not thread-safe.
class WalReader {
 public:
  /// `folder` holds the segment files; reading begins at `from`, which must be where a record
  /// begins or the log ends. kDataCorrupted if the file that should hold `from` is not there or
  /// belongs to another database. `files` outlives the reader.
  static Result<std::unique_ptr<WalReader>> Open(FileSystem& files, const std::string& folder,
                                                 Lsn from, const DatabaseIdentity& identity);

  struct Record {
    WalRecordHeader header;
    ByteSpan payload;
    /// What the payload lies in: it is valid as long as this is held.
    std::shared_ptr<const void> memory;
  };
  /// False at the log's end (see wal_format.h for how it is told from damage, which is
  /// kDataCorrupted with file, offset and loss in message and detail).
  Result<bool> Next(Record* record);
  /// Reads again a record that Next returned at `lsn`; changes nothing else.
  Result<Record> ReadAgain(Lsn lsn);

  /// When Next has found nothing at all: kDataCorrupted unless the records of the last file end
  /// just where reading was to begin.
  Status CheckReachesBegin();

  /// How many bytes of files lie behind `from`: at least what is left of the log there.
  Result<uint64_t> BytesBehind(Lsn from) const;

  /// Where the next record would begin: after false from Next, the end of the log.
  Lsn position() const { return Lsn(position_); }

  /// "file "...", offset ..., position ..." of what lies in the file that is open.
  std::string Describe(Lsn lsn) const { return Describe(lsn.value, idx_); }

  struct Segment {
    uint64_t begin = 0;
    uint64_t file_bytes = 0;
    std::string path;
    uint64_t end_max() const { return begin + file_bytes - kWalSegmentHeaderBytes; }
  };
  const std::vector<Segment>& segments() const { return segments_; }

 private:
  WalReader(FileSystem& files, const DatabaseIdentity& identity)
      : files_(files), identity_(identity) {}

  Status OpenSegment(size_t idx);
  /// The bytes at `lsn` in the segment that is open; fewer than `size` only at the file's end.
  Result<ByteSpan> Bytes(uint64_t lsn, uint64_t size);
  /// Whether a good record lies at `lsn`; its payload is in the buffer then.
  Result<bool> Load(uint64_t lsn, Record* record);
  /// Looks behind a position without a good record: OK if nothing says that it was durable.
  Status CheckTail();
  std::string Describe(uint64_t lsn, size_t idx) const;
  Status Damaged(uint64_t lsn, size_t idx, std::string_view witness);

  FileSystem& files_;
  const DatabaseIdentity identity_;
  std::vector<Segment> segments_;
  size_t idx_ = 0;  // of the open one
  std::unique_ptr<File> file_;
  uint64_t position_ = 0;
  bool first_ = true;
  uint64_t index_ = 0;  // of the record before
  uint32_t epoch_ = 0;  // the same
  /// What was read ahead. Records that are still held keep theirs; a new one is made then.
  struct Buffer {
    std::unique_ptr<std::byte[]> bytes;
    uint64_t capacity = 0;
  };
  std::shared_ptr<Buffer> buffer_;
  uint64_t buffer_begin_ = 0;  // position of its first byte in the open segment
  uint64_t buffer_bytes_ = 0;
};

}  // namespace oxibase
