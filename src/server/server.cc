#include "server/server.h"

#include "engine/session.h"
#include "env/env.h"
#include "server/event_loop.h"
#include "server/pgwire/limits.h"

namespace oxibase {
namespace {

/// A request that runs longer gives its loop away. A few times what a point statement takes.
constexpr int64_t kStuckMicros = 2'000;
constexpr int64_t kMonitorMicros = 2'000;
/// Threads that wait for work; more than these end.
constexpr size_t kSpareMax = 32;

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(Database& database, const ServerOptions& options) {
  ASSIGN_OR_RETURN(const bool loopback, IsLoopback(options.address));
  if (!loopback) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "cannot listen on {}: only addresses of the loopback are served until there is "
                 "authentication",
                 options.address);
  }
  std::unique_ptr<Server> server(new Server(database));
  ASSIGN_OR_RETURN(server->listen_, ListenSocket::Open(options.address, options.port));
  const unsigned loops = options.loops ? options.loops : Thread::HardwareConcurrency();
  for (unsigned i = 0; i < loops; ++i) {
    server->loops_.push_back(std::make_unique<EventLoop>(*server, database));
    server->RunOnSpare(server->loops_.back().get(), 0);
  }
  Server* raw = server.get();
  server->accept_poller_.Add(server->listen_->fd(), server->listen_.get());
  server->acceptor_ = Thread("accept", [raw] { raw->AcceptLoop(); });
  server->monitor_ = Thread("monitor", [raw] { raw->MonitorLoop(); });
  return server;
}

Server::Server(Database& database) : database_(database) {}

Server::~Server() { Stop(); }

void Server::AcceptLoop() {
  size_t next = 0;
  std::vector<Poller::Event> events(4);
  while (!stopping_.load(std::memory_order_relaxed)) {
    if (accept_poller_.Wait(events, 1000) == 0) continue;
    while (auto socket = listen_->Accept()) {
      if (connections_.load(std::memory_order_relaxed) >= pgwire::kConnectionsMax) {
        continue;  // dropped: an error needs a conversation that there is no room for
      }
      connections_.fetch_add(1, std::memory_order_relaxed);
      loops_[next++ % loops_.size()]->Add(std::move(socket));
    }
  }
}

void Server::MonitorLoop() {
  Clock& clock = Env::Real().clock();
  while (!stopped_.load(std::memory_order_relaxed)) {
    clock.SleepMicros(kMonitorMicros);
    if (stopping_.load(std::memory_order_relaxed)) {
      // Once more for those who have begun something since.
      database_.TerminateAll();
      continue;
    }
    const int64_t now = clock.MonotonicMicros();
    for (const auto& loop : loops_) loop->StealIfStuck(now, kStuckMicros);
  }
}

void Server::RunOnSpare(EventLoop* loop, uint64_t turn) {
  MutexLock lock(spare_mu_);
  if (idle_ > work_.size()) {
    work_.push_back({loop, turn});
    spare_wakes_.NotifyOne();
    return;
  }
  threads_.emplace_back("loop", [this, loop, turn] { SpareThread(loop, turn); });
}

void Server::SpareThread(EventLoop* loop, uint64_t turn) {
  for (;;) {
    loop->Run(turn);
    MutexLock lock(spare_mu_);
    if (idle_ >= kSpareMax && work_.empty()) return;
    ++idle_;
    while (work_.empty() && !stopping_.load(std::memory_order_relaxed))
      spare_wakes_.Wait(spare_mu_);
    --idle_;
    if (work_.empty()) return;
    loop = work_.back().loop;
    turn = work_.back().turn;
    work_.pop_back();
  }
}

void Server::Stop() {
  if (stopping_.exchange(true)) return;
  accept_poller_.Wake();
  acceptor_.Join();
  // Running statements are ended; the monitor goes on with that until their threads have come back.
  database_.TerminateAll();
  for (const auto& loop : loops_) loop->Wake();
  for (;;) {
    std::vector<Thread> threads;
    {
      MutexLock lock(spare_mu_);
      spare_wakes_.NotifyAll();
      threads.swap(threads_);
    }
    if (threads.empty()) break;
    for (Thread& thread : threads) thread.Join();
  }
  stopped_.store(true);
  monitor_.Join();
  loops_.clear();
}

}  // namespace oxibase
