#pragma once

#include "env/clock.h"
#include "env/file_system.h"

namespace oxibase {

/// The world as the engine sees it: time, chance, files. Handed down by reference from whoever
/// opens a database, so that a whole engine can run in a simulated one. Thread-safe.
class Env {
 public:
  virtual ~Env() = default;
  virtual Clock& clock() = 0;
  virtual Random& random() = 0;
  virtual FileSystem& files() = 0;

  /// The machine itself. Lives as long as the process.
  static Env& Real();
};

/// An Env put together from parts, which it borrows: a simulated file system with the real clock.
class ComposedEnv : public Env {
 public:
  ComposedEnv(Clock& clock, Random& random, FileSystem& files)
      : clock_(clock), random_(random), files_(files) {}
  Clock& clock() override { return clock_; }
  Random& random() override { return random_; }
  FileSystem& files() override { return files_; }

 private:
  Clock& clock_;
  Random& random_;
  FileSystem& files_;
};

}  // namespace oxibase
