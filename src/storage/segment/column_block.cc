#include "storage/segment/column_block.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "storage/byte_codec.h"
#include "storage/segment/decoded_column.h"
#include "storage/segment/small_decimal.h"
#include "storage/segment/word_codec.h"

namespace oxibase {
namespace {

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

template <typename T>
void SetBounds(ZoneMap* zone, T min, T max) {
  zone->has_bounds = true;
  zone->min.assign(reinterpret_cast<const char*>(&min), sizeof min);
  zone->max.assign(reinterpret_cast<const char*>(&max), sizeof max);
}

/// Integers. A NULL repeats the value before it, which costs least in any form.
template <typename T>
ColumnEncoding PutIntegers(const Vector& column, uint32_t rows, std::vector<std::byte>& content,
                           ZoneMap* zone) {
  const T* values = column.data<T>();
  T min = std::numeric_limits<T>::max();
  T max = std::numeric_limits<T>::min();
  std::vector<uint64_t> words(rows);
  uint32_t first_valid = rows;
  for (uint32_t i = 0; i < rows; ++i) {
    if (!column.validity().IsValid(i)) {
      words[i] = i > 0 ? words[i - 1] : 0;
      continue;
    }
    words[i] = static_cast<uint64_t>(static_cast<int64_t>(values[i]));
    first_valid = std::min(first_valid, i);
    min = std::min(min, values[i]);
    max = std::max(max, values[i]);
  }
  if (first_valid < rows) {
    std::fill_n(words.begin(), first_valid, words[first_valid]);
    SetBounds(zone, min, max);
  }
  AppendWords(words, content);
  return kWordsEncoding;
}

/// Numerics that all have one scale and fit 64 bits; false if they don't.
bool PutDecimals(const Vector& column, uint32_t rows, std::vector<std::byte>& content) {
  const auto* values = column.data<StringRef>();
  std::vector<uint64_t> words(rows);
  int scale = -1;
  uint32_t first_valid = rows;
  for (uint32_t i = 0; i < rows; ++i) {
    if (!column.validity().IsValid(i)) {
      words[i] = i > 0 ? words[i - 1] : 0;
      continue;
    }
    int64_t number;
    int its_scale;
    if (!SmallDecimal::Parse(values[i].view(), &number, &its_scale)) return false;
    if (scale >= 0 && its_scale != scale) return false;
    scale = its_scale;
    words[i] = static_cast<uint64_t>(number);
    first_valid = std::min(first_valid, i);
  }
  if (scale < 0) return false;  // all NULL
  std::fill_n(words.begin(), first_valid, words[first_valid]);
  ByteWriter(content).Varint(static_cast<uint64_t>(scale));
  AppendWords(words, content);
  return true;
}

template <typename T>
ColumnEncoding PutPlain(const Vector& column, uint32_t rows, std::vector<std::byte>& content,
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
    return kConstantEncoding;
  }
  content.resize(at + rows * sizeof(T));
  for (uint32_t i = 0; i < rows; ++i) {
    if (column.validity().IsValid(i))
      std::memcpy(content.data() + at + i * sizeof(T), &values[i], sizeof(T));
  }
  return kPlainEncoding;
}

bool BytesAreOrdered(TypeId id) {
  return id == TypeId::kText || id == TypeId::kVarchar || id == TypeId::kBytea ||
         id == TypeId::kName;
}

void SetStringBounds(const Vector& column, uint32_t rows, ZoneMap* zone) {
  const auto* values = column.data<StringRef>();
  const StringRef* min = nullptr;
  const StringRef* max = nullptr;
  for (uint32_t i = 0; i < rows; ++i) {
    if (!column.validity().IsValid(i)) continue;
    if (min == nullptr || StringRef::Compare(values[i], *min) < 0) min = &values[i];
    if (max == nullptr || StringRef::Compare(values[i], *max) > 0) max = &values[i];
  }
  if (min == nullptr) return;
  zone->has_bounds = true;
  zone->min = min->view().substr(0, kZoneStringBytes);
  zone->max = max->view().substr(0, kZoneStringBytes);
  zone->max_is_prefix = max->size() > kZoneStringBytes;
}

/// Lengths, then all bytes.
void PutTexts(std::span<const std::string_view> texts, std::vector<std::byte>& content) {
  std::vector<uint64_t> lengths;
  lengths.reserve(texts.size());
  for (const std::string_view text : texts) lengths.push_back(text.size());
  AppendWords(lengths, content);
  for (const std::string_view text : texts) ByteWriter(content).Raw(AsBytes(text));
}

/// The different ones, sorted, and for each value which it is; false if that is not smaller.
bool PutDictionary(std::span<const std::string_view> texts, std::vector<std::byte>& content) {
  absl::flat_hash_map<std::string_view, uint64_t> codes;
  size_t bytes = 0;
  size_t distinct_bytes = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    bytes += texts[i].size() + 1;
    if (codes.emplace(texts[i], 0).second) distinct_bytes += texts[i].size() + 1;
    // Nearly all are different so far.
    if (i == 255 && codes.size() > 240) return false;
  }
  const size_t code_bits = static_cast<size_t>(std::bit_width(codes.size()));
  if (distinct_bytes + texts.size() * code_bits / 8 >= bytes - bytes / 4) return false;
  std::vector<std::string_view> distinct;
  distinct.reserve(codes.size());
  for (const auto& [text, code] : codes) distinct.push_back(text);
  std::sort(distinct.begin(), distinct.end());
  for (size_t i = 0; i < distinct.size(); ++i) codes[distinct[i]] = i;
  std::vector<uint64_t> words;
  words.reserve(texts.size());
  for (const std::string_view text : texts) words.push_back(codes[text]);
  ByteWriter(content).Varint(distinct.size());
  AppendWords(words, content);
  PutTexts(distinct, content);
  return true;
}

ColumnEncoding PutStrings(const Vector& column, uint32_t rows, std::vector<std::byte>& content,
                          ZoneMap* zone) {
  if (BytesAreOrdered(column.type().id)) SetStringBounds(column, rows, zone);
  if (column.type().id == TypeId::kNumeric) {
    const size_t at = content.size();
    if (PutDecimals(column, rows, content)) return kDecimalsEncoding;
    content.resize(at);
  }
  const auto* values = column.data<StringRef>();
  std::vector<std::string_view> texts(rows);
  for (uint32_t i = 0; i < rows; ++i)
    if (column.validity().IsValid(i)) texts[i] = values[i].view();
  if (PutDictionary(texts, content)) return kDictionaryEncoding;
  PutTexts(texts, content);
  return kTextsEncoding;
}

}  // namespace

ZoneMap EncodeColumn(const Vector& column, uint32_t rows, std::vector<std::byte>& out) {
  OXI_DCHECK(column.is_flat() && rows <= kVectorSize);
  ZoneMap zone;
  std::vector<std::byte> content;
  ByteWriter to(content);
  PutNulls(column.validity(), rows, to, &zone.null_count);
  ColumnEncoding encoding = kPlainEncoding;
  switch (column.physical()) {
    case PhysicalType::kBool:
      encoding = PutIntegers<uint8_t>(column, rows, content, &zone);
      break;
    case PhysicalType::kInt16:
      encoding = PutIntegers<int16_t>(column, rows, content, &zone);
      break;
    case PhysicalType::kInt32:
      encoding = PutIntegers<int32_t>(column, rows, content, &zone);
      // Oids are unsigned: bounds of their signed form would mislead.
      zone.has_bounds = zone.has_bounds &&
                        (column.type().id == TypeId::kInt4 || column.type().id == TypeId::kDate);
      break;
    case PhysicalType::kInt64:
      encoding = PutIntegers<int64_t>(column, rows, content, &zone);
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
      encoding = PutStrings(column, rows, content, &zone);
      break;
  }
  // Packed integers have little left to squeeze: bytes that LZ4 finds repeated, if any.
  const bool is_packed = encoding == kWordsEncoding || encoding == kDecimalsEncoding;
  SealBlock(encoding, content, out, is_packed ? Compress::kFast : Compress::kSmall);
  return zone;
}

void EncodeWords(std::span<const uint64_t> words, std::vector<std::byte>& out) {
  std::vector<std::byte> content(1);  // no NULLs
  AppendWords(words, content);
  SealBlock(kWordsEncoding, content, out, Compress::kFast);
}

Status DecodeColumn(BlockBytes block, uint32_t rows, Vector& out) {
  ASSIGN_OR_RETURN(const std::unique_ptr<DecodedColumn> column,
                   DecodedColumn::Decode(std::move(block), out.physical(), rows));
  out.ResetFlat(rows);
  column->CopyTo(out, 0, 0, rows);
  return Status::Ok();
}

Status DecodeWords(BlockBytes block, uint32_t rows, std::vector<uint64_t>& out) {
  ASSIGN_OR_RETURN(const std::unique_ptr<DecodedColumn> column,
                   DecodedColumn::Decode(std::move(block), PhysicalType::kInt64, rows));
  if (column->has_nulls()) return DamagedBlock("its values");
  out.resize(rows);
  for (uint32_t i = 0; i < rows; ++i) out[i] = column->Get<uint64_t>(i);
  return Status::Ok();
}

}  // namespace oxibase
