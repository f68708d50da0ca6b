#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/status.h"
#include "engine/database.h"
#include "env/mutex.h"
#include "env/socket.h"
#include "env/thread.h"

namespace oxibase {

class EventLoop;

struct ServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 5432;  // 0: a free one
  /// Event loops, each with one running thread; 0: one a processor.
  unsigned loops = 0;
};

/// Serves one database over PostgreSQL's wire protocol. A connection waits in an event loop; the
/// loop's thread that has read a request runs it. Before it blocks, or when it runs long, the loop
/// goes to a spare thread, so that one slow statement holds up nobody. Replies of commits wait for
/// the disk without a thread.
class Server {
 public:
  /// 0A000 for an address that is not of the loopback: there is no authentication yet.
  static Result<std::unique_ptr<Server>> Start(Database& database, const ServerOptions& options);
  /// Stops.
  ~Server();
  uint16_t port() const { return listen_->port(); }
  /// Takes no more connections, ends what runs, tells the clients (57P01), ends.
  void Stop();

 private:
  friend class EventLoop;
  explicit Server(Database& database);

  void AcceptLoop();
  void MonitorLoop();
  /// Runs `loop` on a spare thread, or a new one.
  void RunOnSpare(EventLoop* loop, uint64_t turn);
  void SpareThread(EventLoop* loop, uint64_t turn);

  Database& database_;
  std::unique_ptr<ListenSocket> listen_;
  Poller accept_poller_;
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> stopped_{false};  // no thread serves any more
  std::atomic<size_t> connections_{0};
  Thread acceptor_, monitor_;

  struct Work {
    EventLoop* loop;
    uint64_t turn;
  };
  Mutex spare_mu_;
  CondVar spare_wakes_;
  std::vector<Work> work_ GUARDED_BY(spare_mu_);
  size_t idle_ GUARDED_BY(spare_mu_) = 0;
  std::vector<Thread> threads_ GUARDED_BY(spare_mu_);
};

}  // namespace oxibase
