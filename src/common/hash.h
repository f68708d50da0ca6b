#pragma once
// Hashing of values: the same in every process and on every machine, so that it may reach disk and
// decide on shards.

#include <cstdint>
#include <cstring>
#include <string_view>

namespace oxibase {

/// Mixes 64 bits through one 128-bit product (wyhash's step).
inline uint64_t MixHash(uint64_t a, uint64_t b) {
  const auto product =
      static_cast<unsigned __int128>(a ^ 0x9E3779B97F4A7C15u) * (b ^ 0xE7037ED1A0B428DBu);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t HashInt64(uint64_t value) { return MixHash(value, 0xA0761D6478BD642Fu); }

inline uint64_t HashBytes(std::string_view bytes) {
  const char* p = bytes.data();
  size_t n = bytes.size();
  uint64_t hash = 0x8EBC6AF09C88C6E3u ^ n;
  uint64_t a;
  uint64_t b;
  for (; n >= 16; n -= 16, p += 16) {
    std::memcpy(&a, p, 8);
    std::memcpy(&b, p + 8, 8);
    hash = MixHash(a ^ hash, b);
  }
  a = 0;
  b = 0;
  if (n > 8) {
    std::memcpy(&a, p, 8);
    std::memcpy(&b, p + 8, n - 8);
  } else if (n > 0) {
    std::memcpy(&a, p, n);
  }
  return MixHash(a ^ hash, b ^ 0x589965CC75374CC3u);
}

}  // namespace oxibase
