#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/string_ref.h"

namespace oxibase {

/// Numerics (common/numeric.h) whose digits fit 64 bits, as whole numbers and a scale. Their bytes
/// lie inline in a StringRef.
struct SmallDecimal {
  /// False for what is not one: large ones, NaN, infinities.
  static bool Parse(std::string_view bytes, int64_t* number, int* scale) {
    if (bytes.size() < 2 || bytes.size() > 10) return false;
    uint16_t header;
    std::memcpy(&header, bytes.data(), 2);
    uint64_t magnitude = 0;
    std::memcpy(&magnitude, bytes.data() + 2, bytes.size() - 2);
    const bool negative = (header & kNegative) != 0;
    // What Make does not give back byte for byte is not for us either.
    if ((header & kSpecial) != 0 || magnitude > INT64_MAX || (negative && magnitude == 0) ||
        (bytes.size() > 2 && bytes.back() == 0))
      return false;
    *number = negative ? -static_cast<int64_t>(magnitude) : static_cast<int64_t>(magnitude);
    *scale = header & kScaleMax;
    return true;
  }
  static StringRef Make(int64_t number, uint16_t scale) {
    const bool negative = number < 0;
    const uint64_t magnitude =
        negative ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
    const auto header = static_cast<uint16_t>(scale | (negative ? kNegative : 0));
    // The StringRef's two words at once: size, header and digits, the rest zero.
    const uint64_t used =
        magnitude == 0 ? 0 : (71 - static_cast<uint64_t>(__builtin_clzll(magnitude))) / 8;
    const uint64_t words[2] = {(2 + used) | uint64_t{header} << 32 | magnitude << 48,
                               magnitude >> 16};
    StringRef bytes;
    std::memcpy(static_cast<void*>(&bytes), words, sizeof bytes);
    return bytes;
  }

  static constexpr uint16_t kNegative = 1 << 15;
  static constexpr uint16_t kSpecial = 1 << 14;
  static constexpr uint16_t kScaleMax = kSpecial - 1;
};

}  // namespace oxibase
