#pragma once

#include <cstdint>

namespace oxibase {

/// The time of day and a stop watch. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Microseconds since 1970-01-01 UTC. May jump when somebody sets the machine's clock.
  virtual int64_t WallMicros() = 0;
  /// Nanoseconds since some moment; never goes back.
  virtual int64_t MonotonicNanos() = 0;
  int64_t MonotonicMicros() { return MonotonicNanos() / 1000; }
  virtual void SleepMicros(int64_t micros) = 0;

  /// Unix microseconds of 2000-01-01 (PostgreSQL's timestamps) and 2020-01-01 (`Timestamp`).
  static constexpr int64_t kUnixMicros2000 = 946684800LL * 1000000;
  static constexpr int64_t kUnixMicros2020 = 1577836800LL * 1000000;
};

/// Random numbers, not for secrets in simulation, from the system otherwise. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;
  /// REQUIRES: bound > 0
  uint64_t Below(uint64_t bound) { return Next() % bound; }
};

}  // namespace oxibase
