#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace oxibase {

/// CRC-32C (Castagnoli). `seed` is the sum of the bytes before, so that parts can be summed one
/// after another.
uint32_t Crc32c(std::span<const std::byte> bytes, uint32_t seed = 0);

}  // namespace oxibase
