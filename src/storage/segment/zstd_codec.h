#pragma once

#include <cstddef>
#include <span>

namespace oxibase {

/// Compresses into `to`; returns the bytes used, 0 if they are not enough. Thread-safe: contexts,
/// which are dear to make, are kept for the next caller.
size_t CompressZstd(std::span<std::byte> to, std::span<const std::byte> from);
/// Fills `to` from what CompressZstd made; false for anything else.
bool DecompressZstd(std::span<std::byte> to, std::span<const std::byte> from);

}  // namespace oxibase
