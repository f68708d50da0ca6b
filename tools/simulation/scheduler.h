#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "chance.h"

namespace oxibase::sim {

/// Runs real threads one at a time: whoever has the baton runs until it blocks, or until a point
/// where the seed says that another one goes on. Points are all calls of the twins of `env`: locks
/// and their release, conditions, spinning, files, the clock. Time is a number that moves on with
/// the points, and jumps when all threads wait.
///
/// Outside of Begin ... End there is one thread, and nothing here does anything.
class Scheduler {
 public:
  static constexpr int64_t kForever = INT64_MAX;

  /// One for the process: locks cannot carry a reference.
  static Scheduler& Get();

  /// From here on the calling thread has the baton. `mean`: points between changes, about.
  /// `stalls`: now and then a thread stands still for long, wherever it is.
  void Begin(uint64_t seed, uint32_t mean, bool stalls);
  /// REQUIRES: every thread has ended and was joined
  void End();
  bool active() const { return active_; }
  /// Called when all threads wait for each other, or run without end. Does not return.
  void set_stuck(std::function<void(const std::string& why)> stuck) { stuck_ = std::move(stuck); }

  void Point() {
    if (active_ && --points_left_ == 0) Change();
  }
  /// Lets somebody else run, if there is anybody.
  void Yield() {
    if (active_) Change();
  }
  /// Waits for Wake(key) or the time. False: it is time.
  bool Block(const void* key, int64_t until = kForever);
  void Wake(const void* key, bool all);

  /// Nanoseconds since the process began to simulate.
  int64_t now() const { return now_; }
  void SleepUntil(int64_t nanos) { Block(nullptr, nanos); }

  /// Threads are named by numbers above 0.
  int Spawn(const std::string& name, std::function<void()> body);
  void Join(int thread);
  void Detach(int thread);
  int current() const { return current_; }
  const std::string& name() const { return threads_[static_cast<size_t>(current_)]->name; }

  /// Everything that happens mixes a word into the trace: two runs of a seed have the same one.
  void Note(uint64_t word) { trace_ = (trace_ ^ word) * 0x9E3779B97F4A7C15 ^ (trace_ >> 29); }
  uint64_t trace() const { return trace_; }
  uint64_t changes() const { return changes_; }

 private:
  struct ThreadState {
    enum class Is : uint8_t { kFree, kReady, kBlocked, kDone };
    Is is = Is::kFree;
    bool detached = false;
    bool woken = false;
    const void* key = nullptr;
    int64_t until = kForever;
    std::string name;
    std::function<void()> body;
    std::atomic<uint32_t> baton{0};
    std::thread thread;
  };

  void Change();
  /// Gives the baton to a thread that can run; returns when this one has it again.
  void HandOver();
  int PickNext();
  void RunThread(ThreadState* state);
  static void Take(ThreadState* state);
  static void Give(ThreadState* state);
  void DrawPoints();

  bool active_ = false;
  uint64_t points_left_ = 0;
  uint32_t mean_ = 1;
  bool stalls_ = false;
  int64_t now_ = 0;
  int current_ = 0;
  uint64_t trace_ = 0;
  uint64_t changes_ = 0;
  Chance chance_{0};
  std::vector<std::unique_ptr<ThreadState>> threads_;
  std::vector<int> ready_;  // scratch
  std::function<void(const std::string&)> stuck_;
};

}  // namespace oxibase::sim
