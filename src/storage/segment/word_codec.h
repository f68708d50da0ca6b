#pragma once
// Whole numbers in as few bytes as a handful of forms allow; the writer takes the smallest. Sums
// and differences wrap around at 64 bits.
//
//   1 byte form, then
//   0 packed      zigzag varint b, varint m, 1 byte bits w, then w bits a number (LSB first, padded
//                 to a byte): number = b + m x these. w is at most 56, or 64
//   1 deltas      zigzag varint first, then what follows the form byte of packed, for the
//                 differences from number to number
//   2 runs        varint runs, then the number of each run as packed or deltas, the lengths
//   likewise 3 dictionary  varint n, then n different numbers, rising, as packed or deltas, then
//   each
//                 number's place among them likewise

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "storage/segment/narrow_words.h"

namespace oxibase {

/// At most this many numbers at once.
inline constexpr uint32_t kWordsMax = 2048;

void AppendWords(std::span<const uint64_t> words, std::vector<std::byte>& out);

/// Reads `count` numbers. False if `from` holds no such thing. REQUIRES: what `from` reads is
/// followed by kReadPadding readable bytes
bool ParseWords(ByteReader& from, uint32_t count, uint64_t* out);
/// The same as narrow differences, which lie in `owner`.
bool ParseWords(ByteReader& from, uint32_t count, NarrowWords* out,
                std::unique_ptr<std::byte[]>* owner);

}  // namespace oxibase
