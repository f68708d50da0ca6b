#pragma once
// What records of the write-ahead log contain. The envelope around them is in wal_format.h; the
// bytes of both are shown in docs/format/wal.md.
//
// Numbers are little-endian; "varint" is LEB128. A list of row changes is a series of entries:
//
//   tablet change  0x01, varint tablet            the following entries are of this tablet
//   insert         0x02, varint row id, varint schema version, varint length, row bytes
//   update         0x03, the same
//   update + key   0x04, the same, then varint length, old key bytes
//   delete         0x05, varint row id
//   delete + key   0x06, varint row id, varint length, old key bytes
//
// Row bytes are what mvcc/row_layout.h says; the log looks at none of them. A tablet change entry
// comes first and whenever the tablet changes. (One part a tablet would need sorting at commit; a
// run a tablet costs a few bytes and keeps the order of the statements.)

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "env/file_system.h"

namespace oxibase {

/// Kinds of records. The numbers are on disk and never change meaning; those that nothing writes
/// yet are reserved.
enum class WalRecordKind : uint8_t {
  kTxn = 1,              // a whole committed transaction: TxnId, then row changes
  kChunk = 2,            // a part of a large transaction: TxnId, then row changes
  kChunkRollback = 3,    // reserved: forget the chunks of a transaction behind a savepoint
  kCommit = 4,           // of the chunks so far: TxnId
  kAbort = 5,            // of the chunks so far: TxnId
  kPrepare = 6,          // reserved: two-phase commit
  kDecide = 7,           // reserved: two-phase commit's outcome
  kSequenceAdvance = 8,  // a sequence's new state; belongs to no transaction
  kAddFiles = 9,         // of segments that a commit adds, see checkpoint/private_log.h: TxnId
  kHardState = 10,       // reserved: Raft
  kTruncateSuffix = 11,  // reserved: Raft
  kVoid = 12,            // no effect: an opening of the log, or a note that all before is durable
  kRowIdLease = 13,      // row ids of a tablet up to a bound may have been given out
};

/// The records of one transaction's row changes, appended to while it runs. A savepoint is a
/// length; rolling back to it cuts. Not thread-safe.
class RedoBuffer {
 public:
  /// A place to cut back to.
  struct Mark {
    size_t bytes = 0;
    size_t changes = 0;
    TabletId tablet;
  };

  void Insert(TabletId tablet, RowId row, SchemaVersion schema, ByteSpan row_bytes);
  /// `old_key` is the encoded primary key before, when the update changes it.
  void Update(TabletId tablet, RowId row, SchemaVersion schema, ByteSpan row_bytes,
              ByteSpan old_key = {});
  void Delete(TabletId tablet, RowId row, ByteSpan old_key = {});

  Mark mark() const { return {bytes_.size(), changes_, tablet_}; }
  /// REQUIRES: `mark` is of this buffer since its last Clear() and lies not behind its end
  void TruncateTo(const Mark& mark);
  /// Empties it; keeps memory for the next transaction unless it is much.
  void Clear();

  bool empty() const { return changes_ == 0; }
  size_t change_count() const { return changes_; }
  ByteSpan bytes() const { return {bytes_.data(), bytes_.size()}; }
  size_t bytes_reserved() const { return bytes_.capacity(); }

 private:
  void Begin(TabletId tablet, uint8_t tag, RowId row, size_t room);
  void PutVarint(uint64_t value);
  void PutBytes(ByteSpan bytes);

  std::vector<std::byte> bytes_;
  size_t changes_ = 0;
  TabletId tablet_;  // of the last entry; 0 is none
};

/// One row change as read from the log. Spans borrow from the record's bytes.
struct RowChange {
  enum class Op : uint8_t { kInsert, kUpdate, kDelete };
  Op op = Op::kInsert;
  TabletId tablet;
  RowId row;
  SchemaVersion schema = 0;
  ByteSpan row_bytes;  // empty for a delete
  ByteSpan old_key;
  bool has_old_key = false;
};

/// Iterates row changes. Any bytes whatever end in an error, never in a crash.
class RowChangeReader {
 public:
  explicit RowChangeReader(ByteSpan bytes) : rest_(bytes), size_(bytes.size()) {}
  /// False at the end. kDataCorrupted if the bytes make no sense.
  Result<bool> Next(RowChange* change);
  /// Where the next entry begins.
  size_t offset() const { return size_ - rest_.size(); }

 private:
  ByteSpan rest_;
  size_t size_;
  TabletId tablet_;
};

/// kSequenceAdvance: the state as of this record; the last one in the log counts.
struct SequenceState {
  uint64_t sequence = 0;  // the sequence's id
  int64_t last_value = 0;
  bool is_called = false;

  friend bool operator==(const SequenceState&, const SequenceState&) = default;
};

/// "insert tablet 3 row 17 (40 bytes)", for tests and tools.
std::string FormatRowChange(const RowChange& change);
std::string_view WalRecordKindName(WalRecordKind kind);

}  // namespace oxibase
