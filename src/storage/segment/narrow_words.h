#pragma once
// Whole numbers as differences from the smallest, in as few bytes each as they need:
//
//   8 bytes    the smallest value
//   1 byte     width w: 0, 1, 2, 4 or 8
//   n x w      each value less the smallest

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "storage/byte_codec.h"

namespace oxibase {

/// Bytes that hold numbers up to `range`.
inline uint8_t NarrowWidth(uint64_t range) {
  if (range == 0) return 0;
  if (range <= UINT8_MAX) return 1;
  if (range <= UINT16_MAX) return 2;
  return range <= UINT32_MAX ? 4 : 8;
}

/// Reads such numbers where they lie. Borrows the bytes.
class NarrowWords {
 public:
  NarrowWords() = default;
  NarrowWords(uint64_t base, uint8_t width, const std::byte* differences)
      : base_(base), differences_(differences), width_(width) {}

  /// Appends `words` to `out`.
  static void Append(std::span<const uint64_t> words, std::vector<std::byte>& out);
  /// False if `from` does not hold `count` of them.
  bool Parse(ByteReader& from, uint32_t count);

  uint64_t operator[](uint32_t i) const { return base_ + Difference(i); }
  uint64_t base() const { return base_; }
  uint8_t width() const { return width_; }
  const std::byte* differences() const { return differences_; }

 private:
  uint64_t Difference(uint32_t i) const {
    switch (width_) {
      case 0:
        return 0;
      case 1:
        return static_cast<uint8_t>(differences_[i]);
      case 2:
        return LoadLe<uint16_t>(differences_ + size_t{i} * 2);
      case 4:
        return LoadLe<uint32_t>(differences_ + size_t{i} * 4);
      default:
        return LoadLe<uint64_t>(differences_ + size_t{i} * 8);
    }
  }

  uint64_t base_ = 0;
  const std::byte* differences_ = nullptr;
  uint8_t width_ = 0;
};

}  // namespace oxibase
