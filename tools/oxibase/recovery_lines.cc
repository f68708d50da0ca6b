#include "recovery_lines.h"

#include <fmt/core.h>

#include <cstdio>

#include "env/env.h"

namespace oxibase {
namespace {

constexpr int64_t kLineMicros = 1'000'000;

}  // namespace

std::function<void(const RecoveryProgress&)> RecoveryLines() {
  Clock& clock = Env::Real().clock();
  return [&clock, begun = clock.MonotonicMicros(),
          last = clock.MonotonicMicros()](const RecoveryProgress& progress) mutable {
    const int64_t now = clock.MonotonicMicros();
    if (now - last < kLineMicros) return;
    last = now;
    const double seconds = static_cast<double>(now - begun) / 1e6;
    if (progress.phase == RecoveryProgress::Phase::kIndexes) {
      fmt::print(stderr, "oxibase: recovery, {:.0f} s: indexes of {} of {} tables\n", seconds,
                 progress.done, progress.total);
      return;
    }
    fmt::print(stderr, "oxibase: recovery, {:.0f} s: {} of {} MB of the log\n", seconds,
               progress.done / 1'000'000, progress.total / 1'000'000);
  };
}

}  // namespace oxibase
