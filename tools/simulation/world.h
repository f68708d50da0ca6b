#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "chance.h"
#include "env/env.h"
#include "env/sim_file_system.h"
#include "env/thread.h"
#include "history.h"
#include "scheduler.h"

namespace oxibase::sim {

/// The time that the scheduler tells; the time of day may jump.
class SimClock final : public Clock {
 public:
  int64_t WallMicros() override {
    Scheduler::Get().Point();
    return Clock::kUnixMicros2020 + int64_t{200} * 86'400 * 1'000'000 + skew_micros_ +
           Scheduler::Get().now() / 1000;
  }
  int64_t MonotonicNanos() override {
    Scheduler::Get().Point();
    return Scheduler::Get().now();
  }
  void SleepMicros(int64_t micros) override {
    Scheduler::Get().SleepUntil(Scheduler::Get().now() + micros * 1000);
  }
  void Jump(int64_t micros) { skew_micros_ += micros; }

 private:
  int64_t skew_micros_ = 0;
};

class SimRandom final : public Random {
 public:
  explicit SimRandom(uint64_t seed) : chance_(seed) {}
  uint64_t Next() override { return chance_.Next(); }

 private:
  Chance chance_;
};

/// What all sessions of a seed share: files, time, the history, and what went wrong.
class World {
 public:
  explicit World(uint64_t seed) : chance(seed), random_(seed + 1), env_(clock, random_, files) {}

  Env& env() { return env_; }
  /// The first one counts.
  void Fail(std::string what) {
    if (failure.empty()) failure = std::move(what);
  }
  void Count(const std::string& what, uint64_t by = 1) { counts[what] += by; }
  /// Whether errors of files may show.
  bool MayFail() const { return faulty || files.stopped(); }
  /// Prints a line and mixes it into the trace.
  void Trace(const std::string& line);

  Chance chance;
  SimClock clock;
  SimFileSystem files;
  History history;
  std::map<std::string, uint64_t> counts;
  std::string failure;
  bool faulty = false;   // files were made to fail in this life
  bool promises = true;  // no commit asked to be seen before it is durable
  bool verbose = false;
  uint64_t next_txn = 1;
  int64_t next_tag = 1;

 private:
  SimRandom random_;
  ComposedEnv env_;
};

}  // namespace oxibase::sim
