#pragma once
// The bytes of the write-ahead log.
//
// The log is one stream of records; an Lsn is a position in it. The folder `wal` holds it in
// segment files named by the position of their first record, 16 hexadecimal digits, `.wal`:
//
//   segment:  64 bytes of header, then records; after the last, whatever was there before
//   header:    0  8  "OXIWAL\r\n"
//              8  4  format version, 1
//             12  4  CRC-32C of bytes 16-63
//             16  8  position of the first record
//             24  8  bytes of the file
//             32 16  the database's identity
//             48 16  zeros
//
// A segment ends where the name of the next says. Files are made at their full size before a
// record is accepted that will lie in them, and reused under new names, so writing the log
// allocates nothing. A file gets its name only when its header is durable.
//
//   record:    0  2  0x4f57
//              2  1  format version, 1
//              3  1  kind
//              4  4  CRC-32C of bytes 0-3 and 8-71
//              8  4  CRC-32C of the payload
//             12  4  length of the payload
//             16  8  position of this record
//             24  8  position before which all was durable when this record was made
//             32  8  index: one more than that of the record before
//             40  8  commit timestamp, 0 if the kind has none
//             48  8  term (reserved, 0)
//             56  4  shard (0)
//             60  4  epoch: which opening of the log wrote it
//             64  8  the transaction, 0 if the kind has none
//             72     payload, then zeros to a multiple of 8
//
// The envelope's checksum covers the payload's, so that the payload can be summed before the record
// has its place, outside of any lock.
//
// The end of the log. Records of one write may reach the disk in any order, so after a crash the
// log may end in a gap with good records behind it. Reading stops at the first position P that has
// no good record of the right position, index and an epoch that is not smaller than the one before.
// Then all that follows in the files is searched for good records that lie at their own position:
//   - one that says "all before D was durable", D > P: P was on disk once; the log is damaged, and
//     opening is refused (kDataCorrupted), naming file, offset and what is lost;
//   - none: P is where the last write was torn. It was acknowledged to nobody, and is cut.
// What cannot be told from a torn write is damage to the very last record; an idle log writer
// therefore adds a kVoid record that says that all before it is durable, and so does closing.
//
// Each opening begins with a kVoid record of a new epoch, which is durable before anything follows:
// good records behind a cut carry a smaller epoch and are never taken for a continuation.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "storage/wal/wal_record.h"

namespace oxibase {

inline constexpr uint64_t kWalSegmentBytes = 16 << 20;
inline constexpr uint64_t kWalSegmentHeaderBytes = 64;
inline constexpr uint64_t kWalRecordHeaderBytes = 72;
inline constexpr uint16_t kWalRecordMagic = 0x4f57;
inline constexpr uint32_t kWalFormatVersion = 1;
/// Where the first record of a new log lies, so that position 0 can mean "none".
inline constexpr uint64_t kWalFirstLsn = 8;
/// The largest payload. A row of 1 GiB (the largest value) fits with room for its key.
inline constexpr uint64_t kWalPayloadBytesMax = (uint64_t{1} << 31) - 1;
/// A transaction with more than this is logged as chunks of about this size, so that neither the
/// log's buffers nor replay need memory for the whole.
inline constexpr size_t kWalChunkBytes = 4 << 20;

/// Says which database a file belongs to; random, made with the folder.
using DatabaseIdentity = std::array<std::byte, 16>;

/// The fields of a record's envelope.
struct WalRecordHeader {
  WalRecordKind kind = WalRecordKind::kVoid;
  uint32_t payload_crc = 0;
  uint32_t payload_bytes = 0;
  uint64_t lsn = 0;
  uint64_t durable_before = 0;
  uint64_t index = 0;
  Timestamp timestamp;
  uint32_t epoch = 0;
  TxnId txn;

  /// Bytes in the log, padding included.
  uint64_t total_bytes() const {
    return (kWalRecordHeaderBytes + uint64_t{payload_bytes} + 7) & ~uint64_t{7};
  }
  /// Writes kWalRecordHeaderBytes bytes.
  void Encode(std::byte* to) const;
  /// Empty unless the bytes are a header whose checksum is right. REQUIRES: kWalRecordHeaderBytes
  static std::optional<WalRecordHeader> Decode(std::span<const std::byte> from);
};

/// The fields of a segment file's header.
struct WalSegmentHeader {
  uint64_t begin = 0;
  uint64_t file_bytes = 0;
  DatabaseIdentity identity{};

  void Encode(std::byte* to) const;  // kWalSegmentHeaderBytes bytes
  /// `path` is for the message: kDataCorrupted, or kFeatureNotSupported for a newer format.
  static Result<WalSegmentHeader> Decode(std::span<const std::byte> from, const std::string& path);
};

/// "0000000000000008.wal", and back; empty if `name` is none.
std::string WalSegmentName(uint64_t begin);
std::optional<uint64_t> ParseWalSegmentName(std::string_view name);

}  // namespace oxibase
