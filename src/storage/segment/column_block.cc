#include "storage/segment/column_block.h"

#include <lz4.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "storage/byte_codec.h"
#include "storage/checksum.h"

namespace oxibase {
namespace {

enum Encoding : uint8_t { kPlain = 1, kFrame = 2, kConstant = 3, kStrings = 4 };
enum Compression : uint8_t { kNone = 0, kLz4 = 1 };

// Compressing less than this gains nothing that a disk's block would not lose again.
constexpr size_t kCompressBytesMin = 512;
// One value may have 1 GiB; a block of them is refused beyond this rather than believed.
constexpr uint64_t kContentBytesMax = uint64_t{3} << 30;

/// Puts the block's header before `content` and appends both to `out`.
void Seal(Encoding encoding, const std::vector<std::byte>& content, std::vector<std::byte>& out) {
  const size_t at = out.size();
  out.resize(at + kColumnBlockHeaderBytes);
  Compression compression = kNone;
  if (content.size() >= kCompressBytesMin && content.size() <= LZ4_MAX_INPUT_SIZE) {
    const int size = static_cast<int>(content.size());
    const int bound = LZ4_compressBound(size);
    out.resize(at + kColumnBlockHeaderBytes + static_cast<size_t>(bound));
    const int stored = LZ4_compress_default(
        reinterpret_cast<const char*>(content.data()),
        reinterpret_cast<char*>(out.data() + at + kColumnBlockHeaderBytes), size, bound);
    if (stored > 0 && stored < size - size / 8) {
      compression = kLz4;
      out.resize(at + kColumnBlockHeaderBytes + static_cast<size_t>(stored));
    } else {
      out.resize(at + kColumnBlockHeaderBytes);
    }
  }
  if (compression == kNone) out.insert(out.end(), content.begin(), content.end());
  std::byte* header = out.data() + at;
  StoreLe<uint8_t>(header + 4, encoding);
  StoreLe<uint8_t>(header + 5, compression);
  StoreLe<uint16_t>(header + 6, 0);
  StoreLe(header + 8, static_cast<uint32_t>(content.size()));
  StoreLe(header + 12, static_cast<uint32_t>(out.size() - at - kColumnBlockHeaderBytes));
  StoreLe(header, Crc32c({header + 4, out.size() - at - 4}));
}

void PutNulls(const Validity& validity, uint32_t rows, ByteWriter& to, uint32_t* null_count) {
  std::vector<std::byte> bits((rows + 7) / 8);
  uint32_t nulls = 0;
  if (!validity.all_valid()) {
    for (uint32_t i = 0; i < rows; ++i) {
      if (validity.IsValid(i)) continue;
      bits[i >> 3] |= static_cast<std::byte>(1u << (i & 7));
      ++nulls;
    }
  }
  to.Fixed<uint8_t>(nulls > 0 ? 1 : 0);
  if (nulls > 0) to.Raw(bits);
  *null_count = nulls;
}

uint8_t WidthOf(uint64_t range) {
  if (range == 0) return 0;
  if (range <= UINT8_MAX) return 1;
  if (range <= UINT16_MAX) return 2;
  return range <= UINT32_MAX ? 4 : 8;
}

void PutNarrow(uint64_t value, uint8_t width, std::byte* to) { std::memcpy(to, &value, width); }

template <typename T>
void SetBounds(ZoneMap* zone, T min, T max) {
  zone->has_bounds = true;
  zone->min.assign(reinterpret_cast<const char*>(&min), sizeof min);
  zone->max.assign(reinterpret_cast<const char*>(&max), sizeof max);
}

/// Integers: smallest value, then differences as narrow as they go.
template <typename T>
Encoding PutFrame(const Vector& column, uint32_t rows, ByteWriter& to,
                  std::vector<std::byte>& content, ZoneMap* zone) {
  const T* values = column.data<T>();
  T min = std::numeric_limits<T>::max();
  T max = std::numeric_limits<T>::min();
  for (uint32_t i = 0; i < rows; ++i) {
    if (!column.validity().IsValid(i)) continue;
    min = std::min(min, values[i]);
    max = std::max(max, values[i]);
  }
  if (min > max) {
    min = max = 0;  // all NULL
  } else {
    SetBounds(zone, min, max);
  }
  const auto base = static_cast<int64_t>(min);
  const uint8_t width = WidthOf(static_cast<uint64_t>(max) - static_cast<uint64_t>(base));
  to.Fixed(base);
  to.Fixed(width);
  const size_t at = content.size();
  content.resize(at + size_t{rows} * width);
  for (uint32_t i = 0; i < rows && width > 0; ++i) {
    const bool valid = column.validity().IsValid(i);
    const uint64_t difference =
        valid ? static_cast<uint64_t>(values[i]) - static_cast<uint64_t>(base) : 0;
    PutNarrow(difference, width, content.data() + at + size_t{i} * width);
  }
  return kFrame;
}

template <typename T>
Encoding PutPlain(const Vector& column, uint32_t rows, std::vector<std::byte>& content,
                  ZoneMap* zone) {
  const T* values = column.data<T>();
  bool ordered = std::is_arithmetic_v<T>;
  bool constant = true;
  const T* first = nullptr;
  T min{}, max{};
  for (uint32_t i = 0; i < rows; ++i) {
    if (!column.validity().IsValid(i)) continue;
    if (first == nullptr) {
      first = &values[i];
      min = max = values[i];
    }
    // The bits count: -0 is not 0. NOLINTNEXTLINE(bugprone-suspicious-memory-comparison)
    constant = constant && std::memcmp(first, &values[i], sizeof(T)) == 0;
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(values[i])) ordered = false;  // greater than all in SQL, bounds say not
      min = std::min(min, values[i]);
      max = std::max(max, values[i]);
    }
  }
  if (first != nullptr && ordered) {
    if constexpr (std::is_floating_point_v<T>) SetBounds(zone, min, max);
  }
  const size_t at = content.size();
  if (constant) {
    if (first != nullptr) {
      content.resize(at + sizeof(T));
      std::memcpy(content.data() + at, first, sizeof(T));
    }
    return kConstant;
  }
  content.resize(at + rows * sizeof(T));
  for (uint32_t i = 0; i < rows; ++i) {
    if (column.validity().IsValid(i))
      std::memcpy(content.data() + at + i * sizeof(T), &values[i], sizeof(T));
  }
  return kPlain;
}

bool BytesAreOrdered(TypeId id) {
  return id == TypeId::kText || id == TypeId::kVarchar || id == TypeId::kBytea ||
         id == TypeId::kName;
}

Encoding PutStrings(const Vector& column, uint32_t rows, ByteWriter& to,
                    std::vector<std::byte>& content, ZoneMap* zone) {
  const auto* values = column.data<StringRef>();
  uint64_t longest = 0;
  const StringRef* min = nullptr;
  const StringRef* max = nullptr;
  for (uint32_t i = 0; i < rows; ++i) {
    if (!column.validity().IsValid(i)) continue;
    longest = std::max<uint64_t>(longest, values[i].size());
    if (min == nullptr || StringRef::Compare(values[i], *min) < 0) min = &values[i];
    if (max == nullptr || StringRef::Compare(values[i], *max) > 0) max = &values[i];
  }
  if (min != nullptr && BytesAreOrdered(column.type().id)) {
    zone->has_bounds = true;
    zone->min = min->view().substr(0, kZoneStringBytes);
    zone->max = max->view().substr(0, kZoneStringBytes);
    zone->max_is_prefix = max->size() > kZoneStringBytes;
  }
  const uint8_t width = std::max<uint8_t>(1, WidthOf(longest));
  to.Fixed(width);
  const size_t at = content.size();
  content.resize(at + size_t{rows} * width);
  for (uint32_t i = 0; i < rows; ++i) {
    const uint64_t size = column.validity().IsValid(i) ? values[i].size() : 0;
    PutNarrow(size, width, content.data() + at + size_t{i} * width);
  }
  for (uint32_t i = 0; i < rows; ++i) {
    if (column.validity().IsValid(i)) to.Raw(AsBytes(values[i].view()));
  }
  return kStrings;
}

Status Corrupted(std::string_view what) {
  return Error(ErrorCode::kDataCorrupted, "a block of a segment is damaged: {}", what);
}

/// Checks the block and unpacks its content (into `unpacked` if it was compressed).
Result<ByteSpan> Open(ByteSpan block, std::vector<std::byte>& unpacked, uint8_t* encoding) {
  if (block.size() < kColumnBlockHeaderBytes) return Corrupted("it is too short");
  if (LoadLe<uint32_t>(block.data()) != Crc32c(block.subspan(4))) return Corrupted("checksum");
  *encoding = LoadLe<uint8_t>(block.data() + 4);
  const auto compression = LoadLe<uint8_t>(block.data() + 5);
  const auto content_bytes = LoadLe<uint32_t>(block.data() + 8);
  const auto stored_bytes = LoadLe<uint32_t>(block.data() + 12);
  const ByteSpan stored = block.subspan(kColumnBlockHeaderBytes);
  if (stored.size() != stored_bytes || content_bytes > kContentBytesMax)
    return Corrupted("its length");
  if (compression == kNone) {
    if (content_bytes != stored_bytes) return Corrupted("its length");
    return stored;
  }
  if (compression != kLz4) return Corrupted("its compression is unknown");
  // LZ4 expands at most 255 times: a length beyond that is a lie that must not cost memory.
  if (content_bytes > uint64_t{stored_bytes} * 255 + 64 || content_bytes > LZ4_MAX_INPUT_SIZE)
    return Corrupted("its length");
  unpacked.resize(content_bytes);
  const int got = LZ4_decompress_safe(
      reinterpret_cast<const char*>(stored.data()), reinterpret_cast<char*>(unpacked.data()),
      static_cast<int>(stored_bytes), static_cast<int>(content_bytes));
  if (got < 0 || static_cast<uint32_t>(got) != content_bytes) return Corrupted("its compression");
  return ByteSpan(unpacked);
}

uint64_t GetNarrow(const std::byte* from, uint8_t width) {
  uint64_t value = 0;
  std::memcpy(&value, from, width);
  return value;
}

bool IsWidth(uint8_t width) {
  return width == 0 || width == 1 || width == 2 || width == 4 || width == 8;
}

template <typename T>
bool GetFrame(ByteReader& from, uint32_t rows, T* out) {
  const auto base = static_cast<uint64_t>(from.Fixed<int64_t>());
  const auto width = from.Fixed<uint8_t>();
  if (!from.ok() || !IsWidth(width)) return false;
  const ByteSpan bytes = from.Raw(uint64_t{rows} * width);
  if (!from.ok()) return false;
  for (uint32_t i = 0; i < rows; ++i) {
    const uint64_t difference = width == 0 ? 0 : GetNarrow(bytes.data() + size_t{i} * width, width);
    out[i] = static_cast<T>(base + difference);
  }
  return true;
}

bool GetFixed(ByteReader& from, uint8_t encoding, uint32_t rows, Vector& out, bool all_null) {
  const size_t width = PhysicalWidth(out.physical());
  auto* to = out.data<std::byte>();
  if (encoding == kPlain) {
    const ByteSpan bytes = from.Raw(rows * width);
    if (!from.ok()) return false;
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return true;
  }
  if (encoding == kConstant) {
    if (all_null) {
      if (rows != 0) std::memset(to, 0, rows * width);
      return true;
    }
    const ByteSpan bytes = from.Raw(width);
    if (!from.ok()) return false;
    for (uint32_t i = 0; i < rows; ++i) std::memcpy(to + i * width, bytes.data(), width);
    return true;
  }
  if (encoding != kFrame) return false;
  switch (out.physical()) {
    case PhysicalType::kBool:
      return GetFrame(from, rows, out.data<uint8_t>());
    case PhysicalType::kInt16:
      return GetFrame(from, rows, out.data<int16_t>());
    case PhysicalType::kInt32:
      return GetFrame(from, rows, out.data<int32_t>());
    case PhysicalType::kInt64:
      return GetFrame(from, rows, out.data<int64_t>());
    default:
      return false;
  }
}

bool GetStrings(ByteReader& from, uint32_t rows, Vector& out) {
  const auto width = from.Fixed<uint8_t>();
  if (!from.ok() || (width != 1 && width != 2 && width != 4)) return false;
  const ByteSpan lengths = from.Raw(uint64_t{rows} * width);
  if (!from.ok()) return false;
  auto* to = out.data<StringRef>();
  for (uint32_t i = 0; i < rows; ++i) {
    const ByteSpan bytes = from.Raw(GetNarrow(lengths.data() + size_t{i} * width, width));
    if (!from.ok()) return false;
    to[i] = out.arena().Copy(
        std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  return true;
}

}  // namespace

ZoneMap EncodeColumn(const Vector& column, uint32_t rows, std::vector<std::byte>& out) {
  OXI_DCHECK(column.is_flat() && rows <= kVectorSize);
  ZoneMap zone;
  std::vector<std::byte> content;
  ByteWriter to(content);
  PutNulls(column.validity(), rows, to, &zone.null_count);
  Encoding encoding = kPlain;
  switch (column.physical()) {
    case PhysicalType::kBool:
      encoding = PutFrame<uint8_t>(column, rows, to, content, &zone);
      break;
    case PhysicalType::kInt16:
      encoding = PutFrame<int16_t>(column, rows, to, content, &zone);
      break;
    case PhysicalType::kInt32:
      encoding = PutFrame<int32_t>(column, rows, to, content, &zone);
      // Oids are unsigned: bounds of their signed form would mislead.
      zone.has_bounds = zone.has_bounds &&
                        (column.type().id == TypeId::kInt4 || column.type().id == TypeId::kDate);
      break;
    case PhysicalType::kInt64:
      encoding = PutFrame<int64_t>(column, rows, to, content, &zone);
      break;
    case PhysicalType::kFloat32:
      encoding = PutPlain<float>(column, rows, content, &zone);
      break;
    case PhysicalType::kFloat64:
      encoding = PutPlain<double>(column, rows, content, &zone);
      break;
    case PhysicalType::kInterval:
      encoding = PutPlain<IntervalValue>(column, rows, content, &zone);
      break;
    case PhysicalType::kUuid:
      encoding = PutPlain<UuidValue>(column, rows, content, &zone);
      break;
    case PhysicalType::kString:
      encoding = PutStrings(column, rows, to, content, &zone);
      break;
  }
  Seal(encoding, content, out);
  return zone;
}

void EncodeWords(std::span<const uint64_t> words, std::vector<std::byte>& out) {
  uint64_t min = UINT64_MAX;
  uint64_t max = 0;
  for (const uint64_t word : words) {
    min = std::min(min, word);
    max = std::max(max, word);
  }
  if (words.empty()) min = 0;
  const uint8_t width = WidthOf(max - min);
  std::vector<std::byte> content;
  ByteWriter to(content);
  to.Fixed<uint8_t>(0);
  to.Fixed(min);
  to.Fixed(width);
  const size_t at = content.size();
  content.resize(at + words.size() * width);
  for (size_t i = 0; i < words.size() && width > 0; ++i)
    PutNarrow(words[i] - min, width, content.data() + at + i * width);
  Seal(kFrame, content, out);
}

Status DecodeColumn(ByteSpan block, uint32_t rows, Vector& out) {
  if (rows > kVectorSize) return Corrupted("it has too many rows");
  std::vector<std::byte> unpacked;
  uint8_t encoding = 0;
  ASSIGN_OR_RETURN(const ByteSpan content, Open(block, unpacked, &encoding));
  ByteReader from(content);
  out.ResetFlat(rows);
  uint32_t nulls = 0;
  if (from.Fixed<uint8_t>() != 0) {
    const ByteSpan bits = from.Raw((rows + 7) / 8);
    for (uint32_t i = 0; i < rows && from.ok(); ++i) {
      if ((static_cast<uint8_t>(bits[i >> 3]) >> (i & 7) & 1) == 0) continue;
      out.validity().SetNull(i);
      ++nulls;
    }
  }
  const bool good = out.physical() == PhysicalType::kString
                        ? encoding == kStrings && GetStrings(from, rows, out)
                        : GetFixed(from, encoding, rows, out, nulls == rows);
  if (!good || !from.ok() || !from.at_end()) return Corrupted("its values");
  return Status::Ok();
}

Status DecodeWords(ByteSpan block, uint32_t rows, std::vector<uint64_t>& out) {
  std::vector<std::byte> unpacked;
  uint8_t encoding = 0;
  ASSIGN_OR_RETURN(const ByteSpan content, Open(block, unpacked, &encoding));
  if (encoding != kFrame) return Corrupted("its encoding");
  ByteReader from(content);
  const bool has_nulls = from.Fixed<uint8_t>() != 0;
  // At width 0 the content says nothing about the number of rows: believe no more than a vector's.
  if (rows > kVectorSize || has_nulls) return Corrupted("its values");
  out.resize(rows);
  if (!GetFrame(from, rows, out.data()) || !from.at_end()) return Corrupted("its values");
  return Status::Ok();
}

}  // namespace oxibase
