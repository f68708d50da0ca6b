#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "engine/session.h"
#include "env/mutex.h"
#include "env/thread.h"

namespace oxibase {

/// Watches the running statement from a thread of its own: Ctrl-C cancels it, and on a terminal a
/// line tells how far it is once it takes long. One in a process: it owns SIGINT while it lives.
class StatementMonitor {
 public:
  /// `bar`: draw on stderr. The session must outlive it.
  StatementMonitor(Session& session, bool bar);
  ~StatementMonitor();
  StatementMonitor(const StatementMonitor&) = delete;
  StatementMonitor& operator=(const StatementMonitor&) = delete;

  /// A statement begins; ends (the line is gone when End returns).
  void Begin();
  void End();
  /// A COPY by the shell itself is so far; total 0: unknown.
  void ReportBytes(uint64_t done, uint64_t total);
  /// Takes the line away before something is printed; it comes back by itself.
  void Hide();
  /// A Ctrl-C came since the last call.
  bool TakeInterrupt() { return interrupted_.exchange(false); }

 private:
  void Loop();
  void Draw() REQUIRES(mu_);
  void Erase() REQUIRES(mu_);
  void Wake(char what) const;

  Session& session_;
  const bool bar_;
  int pipe_[2] = {-1, -1};
  std::atomic<bool> interrupted_{false};
  std::atomic<uint64_t> bytes_{0}, bytes_total_{0};
  Mutex mu_;
  bool running_ GUARDED_BY(mu_) = false;
  bool drawn_ GUARDED_BY(mu_) = false;
  int64_t begin_nanos_ GUARDED_BY(mu_) = 0;
  Thread thread_;
};

struct ProgressState {
  uint64_t done = 0, total = 0;  // total 0: unknown
  bool bytes = false;            // else rows
  double seconds = 0;
  size_t columns = 80;  // of the terminal
};
/// "[=====>      ]  43 %  1,234,567 rows  2.1 s"
std::string ProgressLine(const ProgressState& state);

}  // namespace oxibase
