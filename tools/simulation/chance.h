#pragma once

#include <cstdint>

namespace oxibase::sim {

/// Random numbers out of a seed, the same on every machine (SplitMix64).
class Chance {
 public:
  explicit Chance(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15 + 0x1234567) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  /// REQUIRES: bound > 0
  uint64_t Below(uint64_t bound) { return Next() % bound; }
  /// In [from, to].
  int64_t Between(int64_t from, int64_t to) {
    return from + static_cast<int64_t>(Below(static_cast<uint64_t>(to - from + 1)));
  }
  bool Percent(uint64_t percent) { return Below(100) < percent; }

 private:
  uint64_t state_;
};

}  // namespace oxibase::sim
