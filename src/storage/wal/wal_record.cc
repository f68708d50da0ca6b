#include "storage/wal/wal_record.h"

#include <fmt/core.h>

#include <algorithm>

#include "storage/byte_codec.h"

namespace oxibase {
namespace {

enum Tag : uint8_t {
  kTablet = 1,
  kInsert = 2,
  kUpdate = 3,
  kUpdateWithKey = 4,
  kDelete = 5,
  kDeleteWithKey = 6,
};

// A buffer that one transaction blew up is given back after it.
constexpr size_t kKeptBytes = 1 << 20;

std::byte* PutVarintAt(std::byte* to, uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<std::byte>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<std::byte>(value);
  return to;
}

}  // namespace

void RedoBuffer::Begin(TabletId tablet, uint8_t tag, RowId row, size_t room) {
  // Two tags, tablet, row, schema version and length at their longest: one growth check an entry.
  if (bytes_.capacity() - bytes_.size() < room + 64)
    bytes_.reserve(std::max(bytes_.capacity() * 2, bytes_.size() + room + 64));
  std::byte head[32];
  std::byte* end = head;
  if (tablet != tablet_) {
    *end++ = std::byte{kTablet};
    end = PutVarintAt(end, tablet.value);
    tablet_ = tablet;
  }
  *end++ = std::byte{tag};
  end = PutVarintAt(end, row.value);
  bytes_.insert(bytes_.end(), head, end);
  ++changes_;
}

void RedoBuffer::PutVarint(uint64_t value) {
  std::byte head[10];
  bytes_.insert(bytes_.end(), head, PutVarintAt(head, value));
}

void RedoBuffer::PutBytes(ByteSpan bytes) {
  PutVarint(bytes.size());
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void RedoBuffer::Insert(TabletId tablet, RowId row, SchemaVersion schema, ByteSpan row_bytes) {
  Begin(tablet, kInsert, row, row_bytes.size());
  PutVarint(schema);
  PutBytes(row_bytes);
}

void RedoBuffer::Update(TabletId tablet, RowId row, SchemaVersion schema, ByteSpan row_bytes,
                        ByteSpan old_key) {
  Begin(tablet, old_key.empty() ? kUpdate : kUpdateWithKey, row, row_bytes.size() + old_key.size());
  PutVarint(schema);
  PutBytes(row_bytes);
  if (!old_key.empty()) PutBytes(old_key);
}

void RedoBuffer::Delete(TabletId tablet, RowId row, ByteSpan old_key) {
  Begin(tablet, old_key.empty() ? kDelete : kDeleteWithKey, row, old_key.size());
  if (!old_key.empty()) PutBytes(old_key);
}

void RedoBuffer::TruncateTo(const Mark& mark) {
  OXI_DCHECK(mark.bytes <= bytes_.size());
  bytes_.resize(mark.bytes);
  changes_ = mark.changes;
  tablet_ = mark.tablet;
}

void RedoBuffer::Clear() {
  if (bytes_.capacity() > kKeptBytes) bytes_ = {};
  bytes_.clear();
  changes_ = 0;
  tablet_ = {};
}

Result<bool> RowChangeReader::Next(RowChange* change) {
  ByteReader reader(rest_);
  const auto corrupted = [&] {
    return Error(ErrorCode::kDataCorrupted, "row changes make no sense at byte {} of {}", offset(),
                 size_);
  };
  if (rest_.empty()) return false;
  auto tag = reader.Fixed<uint8_t>();
  while (tag == kTablet) {
    tablet_ = TabletId(reader.Varint());
    if (!reader.ok() || tablet_.value == 0 || reader.at_end()) return corrupted();
    tag = reader.Fixed<uint8_t>();
  }
  if (tablet_.value == 0 || tag < kInsert || tag > kDeleteWithKey) return corrupted();
  *change = {};
  change->tablet = tablet_;
  change->row = RowId(reader.Varint());
  change->op = tag == kInsert          ? RowChange::Op::kInsert
               : tag <= kUpdateWithKey ? RowChange::Op::kUpdate
                                       : RowChange::Op::kDelete;
  if (change->op != RowChange::Op::kDelete) {
    const uint64_t schema = reader.Varint();
    if (schema > UINT16_MAX) return corrupted();
    change->schema = static_cast<SchemaVersion>(schema);
    change->row_bytes = reader.Bytes();
  }
  if (tag == kUpdateWithKey || tag == kDeleteWithKey) {
    change->has_old_key = true;
    change->old_key = reader.Bytes();
  }
  if (!reader.ok() || change->row.value == 0) return corrupted();
  rest_ = rest_.subspan(reader.offset());
  return true;
}

std::string FormatRowChange(const RowChange& change) {
  static constexpr const char* kOps[] = {"insert", "update", "delete"};
  std::string text = fmt::format("{} tablet {} row {}", kOps[static_cast<int>(change.op)],
                                 change.tablet.value, change.row.value);
  if (change.op != RowChange::Op::kDelete)
    text += fmt::format(" v{} ({} bytes)", change.schema, change.row_bytes.size());
  if (change.has_old_key) text += fmt::format(" old key ({} bytes)", change.old_key.size());
  return text;
}

std::string_view WalRecordKindName(WalRecordKind kind) {
  switch (kind) {
    case WalRecordKind::kTxn:
      return "Txn";
    case WalRecordKind::kChunk:
      return "Chunk";
    case WalRecordKind::kChunkRollback:
      return "ChunkRollback";
    case WalRecordKind::kCommit:
      return "Commit";
    case WalRecordKind::kAbort:
      return "Abort";
    case WalRecordKind::kPrepare:
      return "Prepare";
    case WalRecordKind::kDecide:
      return "Decide";
    case WalRecordKind::kSequenceAdvance:
      return "SequenceAdvance";
    case WalRecordKind::kAddFiles:
      return "AddFiles";
    case WalRecordKind::kHardState:
      return "HardState";
    case WalRecordKind::kTruncateSuffix:
      return "TruncateSuffix";
    case WalRecordKind::kVoid:
      return "Void";
    case WalRecordKind::kRowIdLease:
      return "RowIdLease";
  }
  return "unknown";
}

}  // namespace oxibase
