#pragma once

#include <sched.h>

#include <cstdint>

namespace oxibase {

/// Waiting for a latch that is held for moments only: pauses at first, then lets others run.
class SpinWait {
 public:
  void Pause() {
    if (++rounds_ < kSpins) {
      __builtin_ia32_pause();
    } else {
      sched_yield();
    }
  }

 private:
  static constexpr uint32_t kSpins = 32;
  uint32_t rounds_ = 0;
};

}  // namespace oxibase
