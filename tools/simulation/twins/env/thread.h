#pragma once

#include <functional>
#include <string>
#include <utility>

#include "scheduler.h"

namespace oxibase {

/// The twin of src/env/thread.h: a thread that runs when it has the baton.
class Thread {
 public:
  Thread() = default;
  Thread(const std::string& name, std::function<void()> body)
      : thread_(sim::Scheduler::Get().Spawn(name, std::move(body))) {}
  ~Thread() { Join(); }
  Thread(Thread&& other) noexcept : thread_(std::exchange(other.thread_, 0)) {}
  Thread& operator=(Thread&& other) noexcept {
    Join();
    thread_ = std::exchange(other.thread_, 0);
    return *this;
  }

  bool joinable() const { return thread_ != 0; }
  void Join() {
    if (thread_ != 0) sim::Scheduler::Get().Join(std::exchange(thread_, 0));
  }
  void Detach() {
    if (thread_ != 0) sim::Scheduler::Get().Detach(std::exchange(thread_, 0));
  }
  static unsigned HardwareConcurrency() { return 2; }

 private:
  int thread_ = 0;
};

}  // namespace oxibase
