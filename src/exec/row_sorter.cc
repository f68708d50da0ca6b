#include "exec/row_sorter.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace oxibase {
namespace {

constexpr size_t kInlineKeyBytes = 16;

/// Bytes of a fixed-width key besides the NULL byte; 0: not one that AddFixed knows.
uint32_t FixedKeyBytes(Type type) {
  switch (PhysicalTypeOf(type)) {
    case PhysicalType::kBool:
      return 1;
    case PhysicalType::kInt16:
      return 2;
    case PhysicalType::kInt32:
    case PhysicalType::kFloat32:
      return 4;
    case PhysicalType::kInt64:
    case PhysicalType::kFloat64:
      return 8;
    default:
      return 0;
  }
}

bool IsUnsigned(TypeId id) {
  switch (id) {
    case TypeId::kOid:
    case TypeId::kXid:
    case TypeId::kCid:
    case TypeId::kRegProc:
    case TypeId::kRegProcedure:
    case TypeId::kRegOper:
    case TypeId::kRegOperator:
    case TypeId::kRegClass:
    case TypeId::kRegType:
    case TypeId::kRegConfig:
    case TypeId::kRegNamespace:
    case TypeId::kRegRole:
      return true;
    default:
      return false;
  }
}

template <typename Float, typename Bits>
uint64_t OrderedBits(Float value) {
  if (value == 0) value = 0;  // -0
  if (std::isnan(value)) return static_cast<Bits>(~Bits{0});
  const Bits bits = std::bit_cast<Bits>(value);
  constexpr Bits kSign = Bits{1} << (sizeof(Bits) * 8 - 1);
  return static_cast<Bits>(bits & kSign ? ~bits : bits | kSign);
}

}  // namespace

RowSorter::RowSorter(std::vector<Key> keys) : keys_(std::move(keys)) {
  size_t bytes = 0;
  fixed_ = true;
  for (const Key& key : keys_) {
    const uint32_t width = FixedKeyBytes(key.type);
    if (width == 0) fixed_ = false;
    bytes += 1 + width;
  }
  if (bytes > kInlineKeyBytes) fixed_ = false;
}

void RowSorter::Clear() {
  entries_.clear();
  arena_.Reset();
}

void RowSorter::Release() {
  entries_ = {};
  arena_ = {};
}

void RowSorter::AppendKeyBytes(size_t i, std::string* to) const {
  const Entry& entry = entries_[i];
  const uint64_t head[2] = {__builtin_bswap64(entry.high), __builtin_bswap64(entry.low)};
  to->append(reinterpret_cast<const char*>(head), kInlineKeyBytes);
  if (entry.rest_size > 0) to->append(entry.rest, entry.rest_size);
}

bool RowSorter::Less(const Entry& a, const Entry& b, bool by_row) {
  if (a.high != b.high) return a.high < b.high;
  if (a.low != b.low) return a.low < b.low;
  const uint32_t common = std::min(a.rest_size, b.rest_size);
  if (common > 0) {
    const int order = std::memcmp(a.rest, b.rest, common);
    if (order != 0) return order < 0;
  }
  if (a.rest_size != b.rest_size) return a.rest_size < b.rest_size;
  return by_row && a.row < b.row;
}

void RowSorter::AddFixed(std::span<const Vector* const> keys, uint32_t rows) {
  Entry* entries = entries_.data() + entries_.size() - rows;
  using U128 = unsigned __int128;
  uint32_t bits_left = 128;
  for (size_t k = 0; k < keys_.size(); ++k) {
    const Key& key = keys_[k];
    const uint32_t width = FixedKeyBytes(key.type);
    bits_left -= 8 * (width + 1);
    const VectorView view = keys[k]->view();
    const PhysicalType physical = PhysicalTypeOf(key.type);
    const uint64_t mask = width == 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * width)) - 1;
    const uint64_t sign = physical == PhysicalType::kBool || IsUnsigned(key.type.id)
                              ? 0
                              : uint64_t{1} << (8 * width - 1);
    for (uint32_t i = 0; i < rows; ++i) {
      const uint32_t position = view.sel[i];
      uint64_t flag = 1;
      uint64_t bits = 0;
      if (!view.validity->IsValid(position)) {
        flag = key.nulls_first ? 0 : 2;
      } else {
        switch (physical) {
          case PhysicalType::kBool:
            bits = view.data<uint8_t>()[position];
            break;
          case PhysicalType::kInt16:
            bits = static_cast<uint64_t>(view.data<int16_t>()[position]) ^ sign;
            break;
          case PhysicalType::kInt32:
            bits = static_cast<uint64_t>(view.data<int32_t>()[position]) ^ sign;
            break;
          case PhysicalType::kInt64:
            bits = static_cast<uint64_t>(view.data<int64_t>()[position]) ^ sign;
            break;
          case PhysicalType::kFloat32:
            bits = OrderedBits<float, uint32_t>(view.data<float>()[position]);
            break;
          default:
            bits = OrderedBits<double, uint64_t>(view.data<double>()[position]);
            break;
        }
        if (key.descending) bits = ~bits;
        bits &= mask;
      }
      const U128 part = ((static_cast<U128>(flag) << (8 * width)) | bits) << bits_left;
      entries[i].high |= static_cast<uint64_t>(part >> 64);
      entries[i].low |= static_cast<uint64_t>(part);
    }
  }
}

void RowSorter::Add(std::span<const Vector* const> keys, uint32_t rows, uint32_t first_row) {
  const size_t begin = entries_.size();
  entries_.resize(begin + rows);
  for (uint32_t i = 0; i < rows; ++i) entries_[begin + i] = {0, 0, nullptr, 0, first_row + i};
  if (fixed_) return AddFixed(keys, rows);
  std::vector<VectorView> views;
  views.reserve(keys.size());
  for (const Vector* key : keys) views.push_back(key->view());
  for (uint32_t i = 0; i < rows; ++i) {
    Entry& entry = entries_[begin + i];
    scratch_.clear();
    for (size_t k = 0; k < keys_.size(); ++k) {
      const SortOrder order{keys_[k].descending, keys_[k].nulls_first};
      if (views[k].IsNull(i)) {
        AppendNullKey(&scratch_, order);
      } else {
        AppendKey(&scratch_, keys_[k].type, views[k], i, order);
      }
    }
    const size_t size = scratch_.size();
    unsigned char head[kInlineKeyBytes] = {};
    std::memcpy(head, scratch_.data(), std::min(size, kInlineKeyBytes));
    std::memcpy(&entry.high, head, 8);
    std::memcpy(&entry.low, head + 8, 8);
    entry.high = __builtin_bswap64(entry.high);
    entry.low = __builtin_bswap64(entry.low);
    if (size > kInlineKeyBytes) {
      const size_t rest = size - kInlineKeyBytes;
      std::byte* copy = arena_.Allocate(rest);
      std::memcpy(copy, scratch_.data() + kInlineKeyBytes, rest);
      entry.rest = reinterpret_cast<const char*>(copy);
      entry.rest_size = static_cast<uint32_t>(rest);
    }
  }
}

void RowSorter::Sort() {
  if (fixed_) {
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      if (a.high != b.high) return a.high < b.high;
      if (a.low != b.low) return a.low < b.low;
      return a.row < b.row;
    });
    return;
  }
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return Less(a, b, true); });
}

void RowSorter::KeepLeast(size_t count) {
  if (count < entries_.size()) {
    std::nth_element(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(count),
                     entries_.end(),
                     [](const Entry& a, const Entry& b) { return Less(a, b, true); });
    entries_.resize(count);
  }
}

}  // namespace oxibase
