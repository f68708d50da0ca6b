#include "statement_monitor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "env/clock.h"
#include "env/env.h"
#include "fmt/format.h"

namespace oxibase {
namespace {

/// Statements shorter than this show nothing.
constexpr double kQuietSeconds = 0.7;
constexpr int kRedrawMillis = 100;
constexpr size_t kBarColumns = 30;

// What the signal handler reaches: the end of the monitor's pipe to write to.
std::atomic<int> g_interrupt_fd{-1};

void OnInterrupt(int) {
  const int fd = g_interrupt_fd.load();
  const char what = 'i';
  if (fd >= 0 && write(fd, &what, 1) < 0) {
    // Full: enough of them are on their way.
  }
}

std::string Grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

}  // namespace

std::string ProgressLine(const ProgressState& state) {
  std::string text;
  if (state.total > 0 && state.done <= state.total) {
    const double part = static_cast<double>(state.done) / static_cast<double>(state.total);
    const auto filled = static_cast<size_t>(part * kBarColumns);
    std::string bar(filled, '=');
    if (filled < kBarColumns) bar += '>';
    bar.resize(kBarColumns, ' ');
    text += fmt::format("[{}] {:3.0f} %  ", bar, part * 100);
  }
  if (state.bytes) {
    text += fmt::format("{:.1f} MB  ", static_cast<double>(state.done) / 1e6);
  } else if (state.done > 0) {
    text += Grouped(state.done) + " rows  ";
  }
  text += fmt::format("{:.1f} s", state.seconds);
  if (text.size() >= state.columns) text.resize(state.columns - 1);
  return text;
}

StatementMonitor::StatementMonitor(Session& session, bool bar) : session_(session), bar_(bar) {
  if (pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) return;  // then Ctrl-C ends the program
  g_interrupt_fd.store(pipe_[1]);
  struct sigaction action{};
  action.sa_handler = OnInterrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  thread_ = Thread("monitor", [this] { Loop(); });
}

StatementMonitor::~StatementMonitor() {
  if (pipe_[0] < 0) return;
  std::signal(SIGINT, SIG_DFL);
  g_interrupt_fd.store(-1);
  Wake('q');
  thread_.Join();
  close(pipe_[0]);
  close(pipe_[1]);
}

void StatementMonitor::Wake(char what) const {
  if (pipe_[1] >= 0 && write(pipe_[1], &what, 1) < 0) {
    // Full: it is awake.
  }
}

void StatementMonitor::Begin() {
  {
    const MutexLock lock(mu_);
    running_ = true;
    begin_nanos_ = Env::Real().clock().MonotonicNanos();
  }
  bytes_ = bytes_total_ = 0;
  if (bar_) Wake('b');
}

void StatementMonitor::End() {
  const MutexLock lock(mu_);
  running_ = false;
  Erase();
}

void StatementMonitor::ReportBytes(uint64_t done, uint64_t total) {
  bytes_.store(done, std::memory_order_relaxed);
  bytes_total_.store(total, std::memory_order_relaxed);
}

void StatementMonitor::Hide() {
  const MutexLock lock(mu_);
  Erase();
}

void StatementMonitor::Erase() {
  if (!drawn_) return;
  drawn_ = false;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

void StatementMonitor::Draw() {
  ProgressState state;
  state.seconds = static_cast<double>(Env::Real().clock().MonotonicNanos() - begin_nanos_) / 1e9;
  if (state.seconds < kQuietSeconds) return;
  state.done = bytes_.load(std::memory_order_relaxed);
  state.total = bytes_total_.load(std::memory_order_relaxed);
  state.bytes = state.done > 0;
  if (!state.bytes) {
    const StatementProgress progress = session_.progress();
    state.done = progress.rows;
    state.total = progress.rows_total;
  }
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) state.columns = size.ws_col;
  drawn_ = true;
  std::fprintf(stderr, "\r%s\x1b[K", ProgressLine(state).c_str());
  std::fflush(stderr);
}

void StatementMonitor::Loop() {
  for (;;) {
    bool running;
    {
      const MutexLock lock(mu_);
      running = running_;
    }
    pollfd ready{pipe_[0], POLLIN, 0};
    const int count = poll(&ready, 1, running && bar_ ? kRedrawMillis : -1);
    char what = 0;
    if (count > 0) {
      if (read(pipe_[0], &what, 1) != 1) continue;
      if (what == 'q') return;
    }
    const MutexLock lock(mu_);
    if (what == 'i') {
      interrupted_ = true;
      if (running_) session_.Cancel();
    } else if (running_ && bar_) {
      Draw();
    }
  }
}

}  // namespace oxibase
