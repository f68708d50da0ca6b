#include "storage/checkpoint/manifest.h"

#include <fmt/core.h>

#include <charconv>
#include <cstring>

#include "storage/byte_codec.h"
#include "storage/checksum.h"

namespace oxibase {
namespace {

constexpr uint32_t kManifestFormatVersion = 3;
constexpr size_t kHeadBytes = 32;
constexpr std::string_view kMagic = "OXIMANI\n";
constexpr std::string_view kManifestPrefix = "manifest-";

std::optional<uint64_t> ParseHex(std::string_view digits) {
  uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, number, 16);
  if (digits.size() != 16 || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

std::vector<std::byte> Manifest::Encode(const DatabaseIdentity& identity) const {
  std::vector<std::byte> out(kHeadBytes);
  ByteWriter to(out);
  const auto put_segments = [&](const std::vector<Segment>& segments) {
    to.Varint(segments.size());
    for (const Segment& segment : segments) {
      to.Varint(segment.number);
      to.Varint(segment.file_bytes);
      to.Varint(segment.row_count);
      to.Varint(segment.removed_count);
      to.Varint(segment.as_of.value);
      to.Varint(segment.runs.size());
      for (const Run& run : segment.runs) {
        to.Varint(run.index);
        to.Varint(run.number);
      }
    }
  };
  to.Varint(number);
  to.Varint(as_of.value);
  to.Varint(highest_txn.value);
  to.Varint(wal.next.value);
  to.Varint(wal.replay_from.value);
  to.Varint(wal.epoch);
  to.Varint(wal.index);
  to.Varint(next_file_number);
  to.Varint(tablets.size());
  for (const TabletFiles& files : tablets) {
    to.Varint(files.tablet.value);
    to.Varint(files.next_row_id.value);
    to.Varint(files.live_rows);
    put_segments(files.segments);
    to.Fixed<uint8_t>(files.past.is_kept() ? 1 : 0);
    if (!files.past.is_kept()) continue;
    to.Varint(files.past.from.value);
    to.Varint(files.past.until.value);
    to.Fixed(files.past.shape);
    put_segments(files.past.segments);
  }
  to.Varint(sequences.size());
  for (const SequenceState& sequence : sequences) {
    to.Varint(sequence.sequence);
    to.Fixed(sequence.last_value);
    to.Fixed<uint8_t>(sequence.is_called ? 1 : 0);
  }
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  StoreLe<uint32_t>(out.data() + 8, kManifestFormatVersion);
  std::memcpy(out.data() + 16, identity.data(), identity.size());
  StoreLe(out.data() + 12, Crc32c(ByteSpan(out).subspan(16)));
  return out;
}

Result<Manifest> Manifest::Decode(ByteSpan bytes, const DatabaseIdentity& identity,
                                  const std::string& path) {
  const auto damaged = [&](std::string_view what) {
    return Error(ErrorCode::kDataCorrupted, "the manifest \"{}\" is damaged: {}", path, what)
        .Detail("It names the files of the last checkpoint; without it they cannot be read.")
        .Hint("Nothing was changed. Restore the file from a copy, or the database from a backup.");
  };
  if (bytes.size() < kHeadBytes || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    return damaged("it is not a manifest");
  const auto version = LoadLe<uint32_t>(bytes.data() + 8);
  if (version == 0 || version > kManifestFormatVersion)
    return Error(ErrorCode::kFeatureNotSupported,
                 "file \"{}\" has version {} of the manifest format; this program reads version {}",
                 path, version, kManifestFormatVersion);
  if (LoadLe<uint32_t>(bytes.data() + 12) != Crc32c(bytes.subspan(16)))
    return damaged("its checksum is wrong");
  if (std::memcmp(bytes.data() + 16, identity.data(), identity.size()) != 0)
    return damaged("it belongs to another database");

  ByteReader from(bytes.subspan(kHeadBytes));
  // Each thing counted takes at least a byte.
  const auto count = [&] {
    const uint64_t n = from.Varint();
    return n <= from.remaining() ? n : 0;
  };
  const auto read_segments = [&] {
    std::vector<Segment> segments;
    for (uint64_t left = count(); left > 0 && from.ok(); --left) {
      Segment& segment = segments.emplace_back();
      segment.number = from.Varint();
      segment.file_bytes = from.Varint();
      segment.row_count = from.Varint();
      segment.removed_count = from.Varint();
      segment.as_of = {from.Varint()};
      for (uint64_t runs = version > 1 ? count() : 0; runs > 0 && from.ok(); --runs) {
        Run& run = segment.runs.emplace_back();
        run.index = static_cast<Oid>(from.Varint());
        run.number = from.Varint();
      }
    }
    return segments;
  };
  Manifest manifest;
  manifest.number = from.Varint();
  manifest.as_of = {from.Varint()};
  manifest.highest_txn = {from.Varint()};
  manifest.wal.next = Lsn(from.Varint());
  manifest.wal.replay_from = Lsn(from.Varint());
  manifest.wal.epoch = static_cast<uint32_t>(from.Varint());
  manifest.wal.index = from.Varint();
  manifest.wal.timestamp = manifest.as_of;
  manifest.next_file_number = from.Varint();
  for (uint64_t left = count(); left > 0 && from.ok(); --left) {
    TabletFiles files;
    files.tablet = TabletId(from.Varint());
    files.next_row_id = RowId(from.Varint());
    if (version > 1) files.live_rows = from.Varint();
    files.segments = read_segments();
    if (version == 1) {
      for (const Segment& segment : files.segments) files.live_rows += segment.row_count;
    }
    if (version > 2 && from.Fixed<uint8_t>() != 0) {
      files.past.from = {from.Varint()};
      files.past.until = {from.Varint()};
      files.past.shape = from.Fixed<uint64_t>();
      files.past.segments = read_segments();
    }
    manifest.tablets.push_back(std::move(files));
  }
  for (uint64_t left = count(); left > 0 && from.ok(); --left) {
    SequenceState sequence;
    sequence.sequence = from.Varint();
    sequence.last_value = from.Fixed<int64_t>();
    sequence.is_called = from.Fixed<uint8_t>() != 0;
    manifest.sequences.push_back(sequence);
  }
  if (!from.ok() || !from.at_end()) return damaged("its content makes no sense");
  return manifest;
}

std::string ManifestName(uint64_t number) {
  return fmt::format("{}{:016x}", kManifestPrefix, number);
}

std::optional<uint64_t> ParseManifestName(std::string_view name) {
  if (!name.starts_with(kManifestPrefix)) return std::nullopt;
  return ParseHex(name.substr(kManifestPrefix.size()));
}

}  // namespace oxibase
