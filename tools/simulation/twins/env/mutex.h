#pragma once
// The twin of src/env/mutex.h: locks of threads that run one at a time. Each call is a point where
// the scheduler may let another thread run.

#include <cstdint>

#include "common/status.h"
#include "common/thread_annotations.h"
#include "scheduler.h"

namespace oxibase {

class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ACQUIRE() NO_THREAD_SAFETY_ANALYSIS {
    sim::Scheduler::Get().Point();
    while (held_) {
      ++waiting_;
      sim::Scheduler::Get().Block(this);
      --waiting_;
    }
    held_ = true;
  }
  void Unlock() RELEASE() NO_THREAD_SAFETY_ANALYSIS {
    OXI_CHECK(held_);
    held_ = false;
    if (waiting_ != 0) sim::Scheduler::Get().Wake(this, true);
    sim::Scheduler::Get().Point();
  }
  bool TryLock() TRY_ACQUIRE(true) NO_THREAD_SAFETY_ANALYSIS {
    sim::Scheduler::Get().Point();
    if (held_) return false;
    held_ = true;
    return true;
  }
  void AssertHeld() ASSERT_CAPABILITY(this) {}

 private:
  friend class CondVar;

  /// Nobody else runs between giving up the lock and waiting.
  bool UnlockAndBlock(const void* key, int64_t until) NO_THREAD_SAFETY_ANALYSIS {
    held_ = false;
    if (waiting_ != 0) sim::Scheduler::Get().Wake(this, true);
    return sim::Scheduler::Get().Block(key, until);
  }

  bool held_ = false;
  int waiting_ = 0;
};

class CAPABILITY("shared_mutex") SharedMutex {
 public:
  SharedMutex() = default;
  SharedMutex(const SharedMutex&) = delete;
  SharedMutex& operator=(const SharedMutex&) = delete;

  void Lock() ACQUIRE() NO_THREAD_SAFETY_ANALYSIS {
    sim::Scheduler::Get().Point();
    while (writer_ || readers_ != 0) sim::Scheduler::Get().Block(this);
    writer_ = true;
  }
  void Unlock() RELEASE() NO_THREAD_SAFETY_ANALYSIS {
    writer_ = false;
    sim::Scheduler::Get().Wake(this, true);
    sim::Scheduler::Get().Point();
  }
  bool TryLock() TRY_ACQUIRE(true) NO_THREAD_SAFETY_ANALYSIS {
    sim::Scheduler::Get().Point();
    if (writer_ || readers_ != 0) return false;
    writer_ = true;
    return true;
  }
  void LockShared() ACQUIRE_SHARED() NO_THREAD_SAFETY_ANALYSIS {
    sim::Scheduler::Get().Point();
    while (writer_) sim::Scheduler::Get().Block(this);
    ++readers_;
  }
  void UnlockShared() RELEASE_SHARED() NO_THREAD_SAFETY_ANALYSIS {
    if (--readers_ == 0) sim::Scheduler::Get().Wake(this, true);
    sim::Scheduler::Get().Point();
  }
  bool TryLockShared() TRY_ACQUIRE_SHARED(true) NO_THREAD_SAFETY_ANALYSIS {
    sim::Scheduler::Get().Point();
    if (writer_) return false;
    ++readers_;
    return true;
  }

 private:
  bool writer_ = false;
  int readers_ = 0;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mu) ACQUIRE(mu) : mu_(mu) { mu_.Lock(); }
  ~MutexLock() RELEASE() {
    if (held_) mu_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void Unlock() RELEASE() {
    held_ = false;
    mu_.Unlock();
  }
  void Lock() ACQUIRE() {
    mu_.Lock();
    held_ = true;
  }

 private:
  Mutex& mu_;
  bool held_ = true;
};

class SCOPED_CAPABILITY ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mu) ACQUIRE_SHARED(mu) : mu_(mu) { mu_.LockShared(); }
  ~ReaderLock() RELEASE_GENERIC() { mu_.UnlockShared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  SharedMutex& mu_;
};

class SCOPED_CAPABILITY WriterLock {
 public:
  explicit WriterLock(SharedMutex& mu) ACQUIRE(mu) : mu_(mu) { mu_.Lock(); }
  ~WriterLock() RELEASE() { mu_.Unlock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  SharedMutex& mu_;
};

class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void Wait(Mutex& mu) REQUIRES(mu) { WaitUntil(mu, sim::Scheduler::kForever); }
  bool WaitFor(Mutex& mu, int64_t micros) REQUIRES(mu) {
    return WaitUntil(mu, sim::Scheduler::Get().now() + micros * 1000);
  }
  void NotifyOne() { sim::Scheduler::Get().Wake(this, false); }
  void NotifyAll() { sim::Scheduler::Get().Wake(this, true); }

 private:
  bool WaitUntil(Mutex& mu, int64_t until) NO_THREAD_SAFETY_ANALYSIS {
    const bool woken = mu.UnlockAndBlock(this, until);
    mu.Lock();
    return woken;
  }
};

}  // namespace oxibase
