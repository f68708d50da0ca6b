#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "common/status.h"
#include "common/types.h"
#include "common/value.h"
#include "common/vector.h"
#include "storage/segment/block_cache.h"
#include "storage/segment/block_frame.h"
#include "storage/segment/narrow_words.h"
#include "storage/segment/small_decimal.h"

namespace oxibase {

/// A column of one group in memory: immutable, each value reached in a few nanoseconds by its
/// position. It stays as narrow as its encoding allows (integers as differences of 0, 1, 2, 4 or 8
/// bytes, strings as an offset and their bytes), so that a cache of these holds more than one of
/// vectors would.
class DecodedColumn final : public CachedBlock {
 public:
  /// kDataCorrupted for any bytes that are not a block of `rows` values of this physical type.
  static Result<std::unique_ptr<DecodedColumn>> Decode(BlockBytes block, PhysicalType physical,
                                                       uint32_t rows);
  size_t MemoryBytes() const override;

  PhysicalType physical() const { return physical_; }
  uint32_t rows() const { return rows_; }
  bool has_nulls() const { return nulls_ != nullptr; }
  bool IsNull(uint32_t i) const {
    return nulls_ != nullptr && (static_cast<uint8_t>(nulls_[i >> 3]) >> (i & 7) & 1) != 0;
  }

  /// The value at `i`; anything if it is NULL. REQUIRES: T is the physical form (or as wide an
  /// unsigned integer), which is not kString
  template <typename T>
  T Get(uint32_t i) const {
    if constexpr (std::is_integral_v<T>) {
      if (form_ == Form::kNarrow) return static_cast<T>(narrow_[i]);
    }
    T value;
    std::memcpy(&value, values_ + (form_ == Form::kConstant ? 0 : i * sizeof(T)), sizeof(T));
    return value;
  }
  /// Borrows: good as long as this block is. Empty if it is NULL.
  StringRef GetString(uint32_t i) const {
    if (form_ == Form::kDecimals)
      return SmallDecimal::Make(static_cast<int64_t>(narrow_[i]), scale_);
    return Text(form_ == Form::kDictionary ? static_cast<uint32_t>(narrow_[i]) : i);
  }
  /// A copy of the value at `i`, of this type. REQUIRES: `type` has the physical form
  Value GetValue(uint32_t i, Type type) const;

  /// Whether long strings are copied to the vector's arena, or point into this block, which then
  /// must outlive the vector's use.
  enum class Strings : uint8_t { kCopy, kBorrow };
  /// Writes the values at [first, first + count) behind the `at` values of `out`. REQUIRES: out is
  /// flat, of this physical type, with room
  void CopyTo(Vector& out, uint32_t at, uint32_t first, uint32_t count,
              Strings strings = Strings::kCopy) const;
  /// The same for the values at `positions`, in that order.
  void Gather(Vector& out, uint32_t at, std::span<const uint32_t> positions,
              Strings strings = Strings::kCopy) const;

  /// For blocks of rising numbers, such as row ids: the position of the first that is not less than
  /// `value`; rows() if all are.
  uint32_t LowerBound(uint64_t value) const;

 private:
  enum class Form : uint8_t { kPlain, kNarrow, kConstant, kStrings, kDictionary, kDecimals };

  DecodedColumn(PhysicalType physical, uint32_t rows) : physical_(physical), rows_(rows) {}
  bool SetFixed(ByteReader& from, uint8_t encoding, bool all_null);
  /// Gives back the bytes of which nothing is needed once they are unpacked.
  void DropPackedBytes();
  bool SetString(ByteReader& from, uint8_t encoding);
  bool SetStrings(ByteReader& from);
  bool SetTexts(ByteReader& from, uint32_t count);

  StringRef Text(uint32_t at) const {
    const char* bytes = text_ + offsets_[at];
    const uint32_t size = offsets_[at + 1] - offsets_[at];
    if (size > StringRef::kInlineBytes) return StringRef(bytes, size);
    // Two loads and a mask instead of a copy of any size: kReadPadding bytes may be read behind.
    uint64_t low, high;
    std::memcpy(&low, bytes, 8);
    std::memcpy(&high, bytes + 8, 8);
    low = size >= 8 ? low : low & ((uint64_t{1} << size * 8) - 1);
    high = size <= 8 ? 0 : high & ((uint64_t{1} << (size - 8) * 8) - 1);
    const uint64_t words[2] = {size | low << 32, low >> 32 | high << 32};
    StringRef text;
    std::memcpy(static_cast<void*>(&text), words, sizeof text);
    return text;
  }
  /// Writes strings of which the long ones lie in the vector's arena.
  template <typename PositionOf>
  void CopyStrings(Vector& out, uint32_t at, uint32_t count, PositionOf position_of) const;
  /// Writes the values whose positions `position_of` gives.
  template <typename PositionOf>
  void Write(Vector& out, uint32_t at, uint32_t count, Strings strings,
             PositionOf position_of) const;
  template <typename T, typename PositionOf>
  void WriteIntegers(T* to, uint32_t count, PositionOf position_of) const;

  const PhysicalType physical_;
  const uint32_t rows_;
  Form form_ = Form::kPlain;
  NarrowWords narrow_;
  const std::byte* nulls_ = nullptr;   // a bit a value, 1 = NULL; null if none is
  const std::byte* values_ = nullptr;  // kPlain: the values, kConstant: the one
  uint16_t scale_ = 0;                 // kDecimals
  const char* text_ = nullptr;         // string i, or that with code i, is at offsets_[i] of it
  uint32_t texts_ = 0;
  std::unique_ptr<uint32_t[]> offsets_;
  std::unique_ptr<std::byte[]> narrow_owner_;
  BlockBytes owner_;
};

}  // namespace oxibase
