#include "scheduler.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "common/plant.h"
#include "common/status.h"

namespace oxibase::sim {
namespace {

// A run has some ten thousand changes; one with this many goes round in circles.
constexpr uint64_t kChangesMax = 3'000'000;
constexpr uint64_t kStallOneIn = 64;
constexpr uint64_t kStallNanosMax = 2'000'000;

}  // namespace

Scheduler& Scheduler::Get() {
  static auto* scheduler = new Scheduler;  // never destroyed: threads wait for it for ever
  return *scheduler;
}

void Scheduler::Begin(uint64_t seed, uint32_t mean, bool stalls) {
  OXI_CHECK(!active_);
  chance_ = Chance(seed);
  mean_ = mean;
  stalls_ = stalls;
  trace_ = seed;
  changes_ = 0;
  now_ = 0;
  current_ = 0;
  if (threads_.empty()) threads_.push_back(std::make_unique<ThreadState>());
  threads_[0]->is = ThreadState::Is::kReady;
  threads_[0]->name = "main";
  active_ = true;
  simulation_point = [] { Get().Point(); };
  DrawPoints();
}

void Scheduler::End() {
  OXI_CHECK(active_ && current_ == 0);
  for (size_t i = 1; i < threads_.size(); ++i) {
    OXI_CHECK(threads_[i]->is == ThreadState::Is::kFree);
  }
  active_ = false;
}

void Scheduler::DrawPoints() { points_left_ = 1 + chance_.Below(2 * mean_); }

void Scheduler::Take(ThreadState* state) {
  while (state->baton.load(std::memory_order_acquire) == 0) {
    syscall(SYS_futex, &state->baton, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
  }
  state->baton.store(0, std::memory_order_relaxed);
}

void Scheduler::Give(ThreadState* state) {
  state->baton.store(1, std::memory_order_release);
  syscall(SYS_futex, &state->baton, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

int Scheduler::PickNext() {
  using Is = ThreadState::Is;
  if (++changes_ > kChangesMax) stuck_("threads run without end");
  for (;;) {
    ready_.clear();
    int64_t soonest = kForever;
    for (size_t i = 0; i < threads_.size(); ++i) {
      ThreadState& thread = *threads_[i];
      if (thread.is == Is::kBlocked) {
        if (thread.until <= now_) {
          thread.is = Is::kReady;
        } else {
          soonest = std::min(soonest, thread.until);
        }
      }
      if (thread.is == Is::kReady) ready_.push_back(static_cast<int>(i));
    }
    if (!ready_.empty()) return ready_[chance_.Below(ready_.size())];
    if (soonest == kForever) {
      std::string names;
      for (const auto& thread : threads_) {
        if (thread->is == Is::kBlocked) names += " " + thread->name;
      }
      stuck_("all threads wait for each other:" + names);
    }
    now_ = soonest;
  }
}

void Scheduler::Change() {
  now_ += 500 + static_cast<int64_t>(chance_.Below(2000));
  if (stalls_ && chance_.Below(kStallOneIn) == 0) {
    Block(nullptr, now_ + static_cast<int64_t>(chance_.Below(kStallNanosMax)));
  } else {
    HandOver();
  }
}

void Scheduler::HandOver() {
  const int self = current_;
  const int next = PickNext();
  DrawPoints();
  if (next == self) return;
  Note(static_cast<uint64_t>(next) << 48 ^ static_cast<uint64_t>(now_));
  current_ = next;
  ThreadState* const mine = threads_[static_cast<size_t>(self)].get();
  const bool ends = mine->is == ThreadState::Is::kDone || mine->is == ThreadState::Is::kFree;
  Give(threads_[static_cast<size_t>(next)].get());
  if (!ends) Take(mine);
}

bool Scheduler::Block(const void* key, int64_t until) {
  if (!active_) return true;
  ThreadState& mine = *threads_[static_cast<size_t>(current_)];
  mine.is = ThreadState::Is::kBlocked;
  mine.key = key;
  mine.until = until;
  mine.woken = false;
  HandOver();
  mine.key = nullptr;
  return mine.woken;
}

void Scheduler::Wake(const void* key, bool all) {
  if (!active_) return;
  ready_.clear();
  for (size_t i = 0; i < threads_.size(); ++i) {
    const ThreadState& thread = *threads_[i];
    if (thread.is == ThreadState::Is::kBlocked && thread.key == key) {
      ready_.push_back(static_cast<int>(i));
    }
  }
  if (ready_.empty()) return;
  if (!all) ready_ = {ready_[chance_.Below(ready_.size())]};
  for (const int i : ready_) {
    ThreadState& thread = *threads_[static_cast<size_t>(i)];
    thread.is = ThreadState::Is::kReady;
    thread.woken = true;
  }
}

int Scheduler::Spawn(const std::string& name, std::function<void()> body) {
  OXI_CHECK(active_);
  size_t i = 1;
  while (i < threads_.size() && threads_[i]->is != ThreadState::Is::kFree) ++i;
  if (i == threads_.size()) {
    threads_.push_back(std::make_unique<ThreadState>());
    ThreadState* const state = threads_.back().get();
    state->thread = std::thread([this, state] { RunThread(state); });
  }
  ThreadState& state = *threads_[i];
  state.is = ThreadState::Is::kReady;
  state.detached = false;
  state.name = name;
  state.body = std::move(body);
  Point();
  return static_cast<int>(i);
}

// Threads are used again by later bodies.
void Scheduler::RunThread(ThreadState* state) {
  for (;;) {
    Take(state);
    state->body();
    state->body = nullptr;
    state->is = state->detached ? ThreadState::Is::kFree : ThreadState::Is::kDone;
    Wake(state, true);
    HandOver();
  }
}

void Scheduler::Join(int thread) {
  ThreadState& state = *threads_[static_cast<size_t>(thread)];
  while (state.is != ThreadState::Is::kDone) Block(&state);
  state.is = ThreadState::Is::kFree;
}

void Scheduler::Detach(int thread) {
  ThreadState& state = *threads_[static_cast<size_t>(thread)];
  state.detached = true;
  if (state.is == ThreadState::Is::kDone) state.is = ThreadState::Is::kFree;
}

}  // namespace oxibase::sim
