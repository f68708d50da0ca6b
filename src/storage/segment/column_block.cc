#include "storage/segment/column_block.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "storage/byte_codec.h"
#include "storage/segment/decoded_column.h"
#include "storage/segment/narrow_words.h"

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

void PutNarrow(uint64_t value, uint8_t width, std::byte* to) { std::memcpy(to, &value, width); }

template <typename T>
void SetBounds(ZoneMap* zone, T min, T max) {
  zone->has_bounds = true;
  zone->min.assign(reinterpret_cast<const char*>(&min), sizeof min);
  zone->max.assign(reinterpret_cast<const char*>(&max), sizeof max);
}

/// Integers: smallest value, then differences as narrow as they go.
template <typename T>
ColumnEncoding PutFrame(const Vector& column, uint32_t rows, ByteWriter& to,
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
  const uint8_t width = NarrowWidth(static_cast<uint64_t>(max) - static_cast<uint64_t>(base));
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
  return kFrameEncoding;
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

ColumnEncoding PutStrings(const Vector& column, uint32_t rows, ByteWriter& to,
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
  const uint8_t width = std::max<uint8_t>(1, NarrowWidth(longest));
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
  return kStringsEncoding;
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
  SealBlock(encoding, content, out);
  return zone;
}

void EncodeWords(std::span<const uint64_t> words, std::vector<std::byte>& out) {
  std::vector<std::byte> content(1);  // no NULLs
  NarrowWords::Append(words, content);
  SealBlock(kFrameEncoding, content, out);
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
