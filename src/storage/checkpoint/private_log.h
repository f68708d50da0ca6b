#pragma once
// Private segments in the log. Their files are not synced when they are written, and no manifest
// names them: a transaction that commits puts copies of them into the log, ahead of its commit
// record. So the log alone has the whole transaction, for recovery, for archives and for whoever
// follows it. The next checkpoint makes ordinary segments of them.
//
// The payload of a kAddFiles record is one of
//
//   0x01  a piece of a file   1 byte kind (0: segment, 1: index run), varint number, varint offset,
//                             the bytes
//   0x02  a whole segment     varint tablet, varint number, varint rows added, varint rows removed,
//                             varint count of runs, each: varint index, varint number

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "storage/segment/segment_list.h"
#include "storage/segment/segment_store.h"
#include "storage/wal/wal_manager.h"

namespace oxibase {

/// Appends a private segment and its runs to the log for `txn`, whose commit must follow, or its
/// abort. Errors: of reading the files and of appending.
Status LogPrivateSegment(WalManager& wal, TxnId txn, const SegmentStore& store, TabletId tablet,
                         const SegmentList::Part& part);

/// What a kAddFiles record says.
struct LoggedPiece {
  bool is_run = false;
  uint64_t number = 0;  // names the file
  uint64_t offset = 0;
  ByteSpan bytes;  // of the record's
};
struct LoggedSegment {
  TabletId tablet;
  uint64_t number = 0;
  uint64_t rows_added = 0;
  uint64_t rows_removed = 0;
  std::vector<std::pair<Oid, uint64_t>> runs;  // index, number
};
/// kDataCorrupted for bytes that make no sense.
Result<std::variant<LoggedPiece, LoggedSegment>> DecodeFilesRecord(ByteSpan payload);

/// Replay's side. One thread.
class PrivateLogReader {
 public:
  /// `store` outlives it.
  explicit PrivateLogReader(SegmentStore& store) : store_(store) {}
  SegmentStore* store() const { return &store_; }

  struct Added {
    TabletId tablet;
    SegmentList::Part part;
  };
  /// Applies a record of a transaction that committed at `commit_ts`: makes files anew from their
  /// pieces; opens those of a whole segment, which is then returned. Errors: of writing and reading
  /// files; kDataCorrupted for bytes that make no sense.
  Result<std::optional<Added>> Apply(Timestamp commit_ts, ByteSpan payload);

 private:
  Status WritePiece(const LoggedPiece& piece);
  Result<SegmentStore::Held> Hold(uint64_t number);

  SegmentStore& store_;
  /// Of the transaction whose records come.
  std::shared_ptr<PrivateMark> mark_;
};

}  // namespace oxibase
