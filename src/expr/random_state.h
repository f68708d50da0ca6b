#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace oxibase {

/// The generator behind random(): xoroshiro128**, seeded by setseed() to PostgreSQL 15's own
/// sequences. Not thread-safe: a session has one.
class RandomState {
 public:
  bool is_seeded() const { return s0_ != 0 || s1_ != 0; }

  void Seed(uint64_t seed) {
    s0_ = SplitMix(seed);
    s1_ = SplitMix(seed);
  }
  /// setseed(): from -1 to 1.
  void Seed(double seed) {
    const auto scaled = static_cast<int64_t>(static_cast<double>((uint64_t{1} << 52) - 1) * seed);
    Seed(static_cast<uint64_t>(scaled));
  }

  /// At least 0, below 1.
  double NextDouble() { return std::ldexp(static_cast<double>(Next() >> 12), -52); }

  uint64_t Next() {
    const uint64_t x = s1_ ^ s0_;
    const uint64_t value = std::rotl(s0_ * 5, 7) * 9;
    s0_ = std::rotl(s0_, 24) ^ x ^ (x << 16);
    s1_ = std::rotl(x, 37);
    return value;
  }

 private:
  static uint64_t SplitMix(uint64_t& state) {
    uint64_t value = state += 0x9E3779B97F4A7C15;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
    return value ^ (value >> 31);
  }

  uint64_t s0_ = 0, s1_ = 0;
};

}  // namespace oxibase
