// The machine's clock, randomness and files as an Env.

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "env/env.h"
#include "env/posix_file_system.h"

namespace oxibase {
namespace {

int64_t Nanos(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

class RealClock final : public Clock {
 public:
  int64_t WallMicros() override { return Nanos(CLOCK_REALTIME) / 1000; }
  int64_t MonotonicNanos() override { return Nanos(CLOCK_MONOTONIC); }
  void SleepMicros(int64_t micros) override {
    if (micros <= 0) return;
    timespec left{micros / 1000000, micros % 1000000 * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
    }
  }
};

class RealRandom final : public Random {
 public:
  uint64_t Next() override {
    uint64_t word = 0;
    // Eight bytes never come in parts; the call can fail only before the system's pool is ready.
    while (getrandom(&word, sizeof word, 0) != sizeof word) {
    }
    return word;
  }
};

class RealEnv final : public Env {
 public:
  Clock& clock() override { return clock_; }
  Random& random() override { return random_; }
  FileSystem& files() override { return files_; }

 private:
  RealClock clock_;
  RealRandom random_;
  PosixFileSystem files_;
};

}  // namespace

Env& Env::Real() {
  static auto* env = new RealEnv;  // never destroyed: threads may use it while the process ends
  return *env;
}

}  // namespace oxibase
