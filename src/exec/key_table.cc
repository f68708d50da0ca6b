#include "exec/key_table.h"

#include <algorithm>
#include <cstring>

#include "expr/hash.h"

namespace oxibase {
namespace {

constexpr int kTagShift = 48;
constexpr uint64_t kPointerMask = (uint64_t{1} << kTagShift) - 1;
constexpr size_t kSlotsMin = 64;

size_t AlignUp(size_t value, size_t to) { return (value + to - 1) / to * to; }

/// Types whose equality is that of their bytes as StringRefs.
bool EqualsByBytes(TypeId id) {
  return id == TypeId::kText || id == TypeId::kVarchar || id == TypeId::kBytea ||
         id == TypeId::kName || id == TypeId::kUnknown;
}

}  // namespace

KeyTable::KeyTable(std::vector<Type> types, size_t payload_bytes) : types_(std::move(types)) {
  null_words_ = (types_.size() + 63) / 64;
  size_t at = 8 + null_words_ * 8;
  for (const Type type : types_) {
    const PhysicalType physical = PhysicalTypeOf(type);
    Column column{type, Compare::kGeneric, static_cast<uint32_t>(PhysicalWidth(physical)), 0};
    switch (physical) {
      case PhysicalType::kBool:
        column.compare = Compare::kBits1;
        break;
      case PhysicalType::kInt16:
        column.compare = Compare::kBits2;
        break;
      case PhysicalType::kInt32:
        column.compare = Compare::kBits4;
        break;
      case PhysicalType::kInt64:
        column.compare = Compare::kBits8;
        break;
      case PhysicalType::kUuid:
        column.compare = Compare::kBits16;
        break;
      case PhysicalType::kString:
        if (EqualsByBytes(type.id)) column.compare = Compare::kString;
        break;
      default:  // floats (-0, NaN) and intervals (1 month = 30 days) have rules of their own
        break;
    }
    at = AlignUp(at, std::min<size_t>(column.width, 8));
    column.offset = static_cast<uint32_t>(at);
    at += column.width;
    columns_.push_back(column);
  }
  payload_offset_ = payload_bytes ? AlignUp(at, 16) : at;
  entry_bytes_ = payload_offset_ + payload_bytes;
  hashes_ = std::make_unique_for_overwrite<uint64_t[]>(kVectorSize);
}

void KeyTable::Clear() {
  if (entries_.empty()) return;
  entries_.clear();
  arena_.Reset();
  if (slots_.size() > 4096) {
    slots_.clear();
    slots_.shrink_to_fit();
  } else {
    std::fill(slots_.begin(), slots_.end(), 0);
  }
}

bool KeyTable::EqualAt(const std::byte* entry, uint32_t row) const {
  for (size_t c = 0; c < columns_.size(); ++c) {
    const Column& column = columns_[c];
    const VectorView& view = views_[c];
    const uint32_t position = view.sel[row];
    uint64_t nulls;
    std::memcpy(&nulls, entry + 8 + (c / 64) * 8, 8);
    const bool is_null = (nulls >> (c % 64) & 1) != 0;
    const bool row_null = !view.validity->IsValid(position);
    if (is_null != row_null) return false;
    if (is_null) continue;
    const std::byte* mine = entry + column.offset;
    const std::byte* theirs = view.bytes + size_t{position} * column.width;
    switch (column.compare) {
      case Compare::kBits1:
        if (*mine != *theirs) return false;
        break;
      case Compare::kBits2:
        if (std::memcmp(mine, theirs, 2) != 0) return false;
        break;
      case Compare::kBits4:
        if (std::memcmp(mine, theirs, 4) != 0) return false;
        break;
      case Compare::kBits8:
        if (std::memcmp(mine, theirs, 8) != 0) return false;
        break;
      case Compare::kBits16:
        if (std::memcmp(mine, theirs, 16) != 0) return false;
        break;
      case Compare::kString:
        if (!(*reinterpret_cast<const StringRef*>(mine) ==
              *reinterpret_cast<const StringRef*>(theirs))) {
          return false;
        }
        break;
      case Compare::kGeneric: {
        static const Validity kAllValid;
        const VectorView single{mine, kZeroSelection.data(), &kAllValid};
        if (!RowsEqual(column.type, single, 0, view, row)) return false;
        break;
      }
    }
  }
  return true;
}

std::byte* KeyTable::MakeEntry(uint64_t hash, uint32_t row) {
  std::byte* entry = arena_.Allocate(entry_bytes_);
  std::memset(entry, 0, entry_bytes_);
  std::memcpy(entry, &hash, 8);
  for (size_t c = 0; c < columns_.size(); ++c) {
    const Column& column = columns_[c];
    const VectorView& view = views_[c];
    const uint32_t position = view.sel[row];
    if (!view.validity->IsValid(position)) {
      uint64_t nulls;
      std::byte* word = entry + 8 + (c / 64) * 8;
      std::memcpy(&nulls, word, 8);
      nulls |= uint64_t{1} << (c % 64);
      std::memcpy(word, &nulls, 8);
      continue;
    }
    std::byte* to = entry + column.offset;
    const std::byte* from = view.bytes + size_t{position} * column.width;
    if (PhysicalTypeOf(column.type) == PhysicalType::kString) {
      const StringRef copy = arena_.Copy(*reinterpret_cast<const StringRef*>(from));
      std::memcpy(to, &copy, sizeof copy);
    } else {
      std::memcpy(to, from, column.width);
    }
  }
  entries_.push_back(entry);
  return entry;
}

void KeyTable::Rehash(size_t slots) {
  slots_.assign(slots, 0);
  const size_t mask = slots - 1;
  for (std::byte* entry : entries_) {
    uint64_t hash;
    std::memcpy(&hash, entry, 8);
    size_t at = hash & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = reinterpret_cast<uint64_t>(entry) | (hash >> kTagShift << kTagShift);
  }
}

template <bool kInsert, int kFast>
uint32_t KeyTable::Run(const uint32_t* sel, uint32_t rows, std::byte** payloads,
                       uint32_t* created) {
  uint32_t created_count = 0;
  if (slots_.empty()) {
    if constexpr (kInsert) {
      Rehash(kSlotsMin);
    } else {
      std::fill_n(payloads, rows, nullptr);
      return 0;
    }
  }
  if constexpr (kInsert) {
    // Room for all of them beforehand, so that the loop need not look.
    size_t slots = slots_.size();
    while ((entries_.size() + rows) * 2 > slots && slots < kSlotsMin * 64) slots *= 2;
    if (slots != slots_.size()) Rehash(slots);
  }
  const uint64_t* hashes = hashes_.get();
  const std::byte* fast_bytes = kFast ? views_[0].bytes : nullptr;
  const uint32_t* fast_sel = kFast ? views_[0].sel : nullptr;
  const uint32_t fast_offset = kFast ? columns_[0].offset : 0;
  for (uint32_t i = 0; i < rows; ++i) {
    const uint32_t row = sel ? sel[i] : i;
    const uint64_t hash = hashes[row];
    const uint64_t tag = hash >> kTagShift << kTagShift;
    size_t mask = slots_.size() - 1;
    size_t at = hash & mask;
    std::byte* found = nullptr;
    for (;;) {
      const uint64_t slot = slots_[at];
      if (slot == 0) break;
      if ((slot & ~kPointerMask) == tag) {
        auto* entry = reinterpret_cast<std::byte*>(slot & kPointerMask);
        if constexpr (kFast != 0) {
          // One key of kFast bytes without NULLs: the null word is part of the comparison.
          uint64_t nulls;
          std::memcpy(&nulls, entry + 8, 8);
          if (nulls == 0 && std::memcmp(entry + fast_offset,
                                        fast_bytes + size_t{fast_sel[row]} * kFast, kFast) == 0) {
            found = entry;
            break;
          }
        } else {
          uint64_t entry_hash;
          std::memcpy(&entry_hash, entry, 8);
          if (entry_hash == hash && EqualAt(entry, row)) {
            found = entry;
            break;
          }
        }
      }
      at = (at + 1) & mask;
    }
    if constexpr (kInsert) {
      if (!found) {
        if ((entries_.size() + 1) * 2 > slots_.size()) {
          Rehash(slots_.size() * 4);
          mask = slots_.size() - 1;
          at = hash & mask;
          while (slots_[at] != 0) at = (at + 1) & mask;
        }
        found = MakeEntry(hash, row);
        slots_[at] = reinterpret_cast<uint64_t>(found) | tag;
        if (created) created[created_count] = row;
        ++created_count;
      }
      payloads[i] = found + payload_offset_;
    } else {
      payloads[i] = found ? found + payload_offset_ : nullptr;
    }
  }
  return created_count;
}

template <bool kInsert>
uint32_t KeyTable::Dispatch(std::span<const Vector* const> keys, const uint32_t* sel, uint32_t rows,
                            std::byte** payloads, uint32_t* created) {
  if (rows == 0) return 0;
  uint32_t hashed = rows;
  if (sel) hashed = *std::max_element(sel, sel + rows) + 1;
  views_.clear();
  for (size_t c = 0; c < keys.size(); ++c) {
    HashVector(*keys[c], hashed, hashes_.get(), c > 0);
    views_.push_back(keys[c]->view());
  }
  if (keys.empty()) std::fill_n(hashes_.get(), hashed, kNullHash);
  if (columns_.size() == 1 && views_[0].validity->all_valid()) {
    if (columns_[0].compare == Compare::kBits4) {
      return Run<kInsert, 4>(sel, rows, payloads, created);
    }
    if (columns_[0].compare == Compare::kBits8) {
      return Run<kInsert, 8>(sel, rows, payloads, created);
    }
  }
  return Run<kInsert, 0>(sel, rows, payloads, created);
}

uint32_t KeyTable::FindOrInsert(std::span<const Vector* const> keys, const uint32_t* sel,
                                uint32_t rows, std::byte** payloads, uint32_t* created) {
  return Dispatch<true>(keys, sel, rows, payloads, created);
}

void KeyTable::Find(std::span<const Vector* const> keys, const uint32_t* sel, uint32_t rows,
                    std::byte** payloads) {
  Dispatch<false>(keys, sel, rows, payloads, nullptr);
}

void KeyTable::ReadKeys(size_t column, size_t first, uint32_t count, Vector& out) const {
  const Column& from = columns_[column];
  out.ResetFlat(count);
  std::byte* to = out.data<std::byte>();
  for (uint32_t i = 0; i < count; ++i) {
    const std::byte* entry = entries_[first + i];
    std::memcpy(to + size_t{i} * from.width, entry + from.offset, from.width);
    uint64_t nulls;
    std::memcpy(&nulls, entry + 8 + (column / 64) * 8, 8);
    if (nulls >> (column % 64) & 1) out.validity().SetNull(i);
  }
}

}  // namespace oxibase
