#pragma once

#include <functional>
#include <string>
#include <thread>

namespace oxibase {

/// A named thread of the process. Joined by `Join` or on destruction.
class Thread {
 public:
  Thread() = default;
  /// Starts `body` at once. Debuggers and `top` show the first 15 bytes of `name`.
  Thread(const std::string& name, std::function<void()> body);
  ~Thread() { Join(); }
  Thread(Thread&&) noexcept = default;
  Thread& operator=(Thread&& other) noexcept {
    Join();
    thread_ = std::move(other.thread_);
    return *this;
  }

  bool joinable() const { return thread_.joinable(); }
  /// Waits for the end of the body; nothing if there is none to wait for.
  void Join() {
    if (thread_.joinable()) thread_.join();
  }
  /// Lets it run on alone. What its body uses must then outlive it.
  void Detach() {
    if (thread_.joinable()) thread_.detach();
  }

  /// Processors this process may use, at least 1.
  static unsigned HardwareConcurrency();

 private:
  std::thread thread_;
};

}  // namespace oxibase
