#pragma once

#include "scheduler.h"

namespace oxibase {

/// The twin of src/storage/spin_wait.h: somebody else must run for the latch to become free.
class SpinWait {
 public:
  void Pause() { sim::Scheduler::Get().Yield(); }
};

}  // namespace oxibase
