#include "storage/wal/wal_format.h"

#include <fmt/core.h>

#include <cstring>

#include "storage/byte_codec.h"
#include "storage/checksum.h"

namespace oxibase {
namespace {

constexpr std::string_view kSegmentMagic = "OXIWAL\r\n";
constexpr std::string_view kSegmentSuffix = ".wal";

}  // namespace

void WalRecordHeader::Encode(std::byte* to) const {
  std::memset(to, 0, kWalRecordHeaderBytes);
  StoreLe<uint16_t>(to, kWalRecordMagic);
  StoreLe<uint8_t>(to + 2, kWalFormatVersion);
  StoreLe(to + 3, static_cast<uint8_t>(kind));
  StoreLe(to + 8, payload_crc);
  StoreLe(to + 12, payload_bytes);
  StoreLe(to + 16, lsn);
  StoreLe(to + 24, durable_before);
  StoreLe(to + 32, index);
  StoreLe(to + 40, timestamp.value);
  StoreLe(to + 60, epoch);
  StoreLe(to + 64, txn.value);
  const uint32_t crc = Crc32c({to + 8, kWalRecordHeaderBytes - 8}, Crc32c({to, 4}));
  StoreLe(to + 4, crc);
}

std::optional<WalRecordHeader> WalRecordHeader::Decode(std::span<const std::byte> from) {
  const std::byte* at = from.data();
  if (LoadLe<uint16_t>(at) != kWalRecordMagic) return std::nullopt;
  if (LoadLe<uint8_t>(at + 2) != kWalFormatVersion) return std::nullopt;
  const uint32_t crc = Crc32c({at + 8, kWalRecordHeaderBytes - 8}, Crc32c({at, 4}));
  if (LoadLe<uint32_t>(at + 4) != crc) return std::nullopt;
  WalRecordHeader header;
  header.kind = static_cast<WalRecordKind>(LoadLe<uint8_t>(at + 3));
  header.payload_crc = LoadLe<uint32_t>(at + 8);
  header.payload_bytes = LoadLe<uint32_t>(at + 12);
  header.lsn = LoadLe<uint64_t>(at + 16);
  header.durable_before = LoadLe<uint64_t>(at + 24);
  header.index = LoadLe<uint64_t>(at + 32);
  header.timestamp = {LoadLe<uint64_t>(at + 40)};
  header.epoch = LoadLe<uint32_t>(at + 60);
  header.txn = {LoadLe<uint64_t>(at + 64)};
  return header;
}

void WalSegmentHeader::Encode(std::byte* to) const {
  std::memset(to, 0, kWalSegmentHeaderBytes);
  std::memcpy(to, kSegmentMagic.data(), kSegmentMagic.size());
  StoreLe<uint32_t>(to + 8, kWalFormatVersion);
  StoreLe(to + 16, begin);
  StoreLe(to + 24, file_bytes);
  std::memcpy(to + 32, identity.data(), identity.size());
  StoreLe(to + 12, Crc32c({to + 16, kWalSegmentHeaderBytes - 16}));
}

Result<WalSegmentHeader> WalSegmentHeader::Decode(std::span<const std::byte> from,
                                                  const std::string& path) {
  if (from.size() < kWalSegmentHeaderBytes ||
      std::memcmp(from.data(), kSegmentMagic.data(), kSegmentMagic.size()) != 0)
    return Error(ErrorCode::kDataCorrupted, "file \"{}\" is not a segment of a write-ahead log",
                 path);
  const auto version = LoadLe<uint32_t>(from.data() + 8);
  if (version != kWalFormatVersion)
    return Error(ErrorCode::kFeatureNotSupported,
                 "file \"{}\" has version {} of the log's format; this program reads version {}",
                 path, version, kWalFormatVersion);
  if (LoadLe<uint32_t>(from.data() + 12) != Crc32c(from.subspan(16, kWalSegmentHeaderBytes - 16)))
    return Error(ErrorCode::kDataCorrupted, "the header of file \"{}\" is damaged", path);
  WalSegmentHeader header;
  header.begin = LoadLe<uint64_t>(from.data() + 16);
  header.file_bytes = LoadLe<uint64_t>(from.data() + 24);
  std::memcpy(header.identity.data(), from.data() + 32, header.identity.size());
  return header;
}

std::string WalSegmentName(uint64_t begin) { return fmt::format("{:016x}.wal", begin); }

std::optional<uint64_t> ParseWalSegmentName(std::string_view name) {
  if (name.size() != 16 + kSegmentSuffix.size() || !name.ends_with(kSegmentSuffix))
    return std::nullopt;
  uint64_t begin = 0;
  for (const char c : name.substr(0, 16)) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'f')) return std::nullopt;
    begin = begin << 4 | static_cast<uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return begin;
}

}  // namespace oxibase
