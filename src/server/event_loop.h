#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "env/mutex.h"
#include "env/socket.h"
#include "server/pgwire/protocol.h"

namespace oxibase {

class Server;

/// Connections that wait together. At each moment one thread runs the loop: whose turn it is, is a
/// number; a thread that finds another number than its own has lost the loop, brings its request to
/// an end and goes.
class EventLoop {
 public:
  EventLoop(Server& server, Database& database);
  ~EventLoop();

  /// From any thread.
  void Add(std::unique_ptr<Socket> socket);
  /// Runs until the turn is lost or the server stops.
  void Run(uint64_t turn);
  void Wake() { poller_.Wake(); }
  /// Takes the loop from its thread if that has been at one request for `micros`; from the monitor.
  void StealIfStuck(int64_t now_micros, int64_t micros);
  uint64_t turn() const { return turn_.load(std::memory_order_acquire); }

 private:
  struct Connection {
    Connection(EventLoop& l, Database& database, std::unique_ptr<Socket> s);
    EventLoop& loop;
    std::unique_ptr<Socket> socket;
    pgwire::Protocol protocol;
    size_t sent = 0;       // of protocol.output()
    bool closing = false;  // ends when the output is sent
    bool gone = false;
    bool parked = false;    // output waits for the log
    bool detached = false;  // its thread has lost the loop: not reported by the poller
    std::atomic<bool> terminated{false};  // it is to end, and is not waited for any more
    int64_t idle_end = 0;                 // microseconds: silent until then, it is ended; 0: never
  };

  /// Reads, runs, replies. Afterwards the turn may be lost.
  void Serve(Connection* connection, std::span<char> buffer, uint64_t turn);
  bool KeepsTurn(Connection* connection, uint64_t turn);
  /// The session ends: sends what is left to be said, and why, as far as the client takes it.
  void SayGoodbye(Connection* connection, bool was_idle = false);
  bool WaitWritable(Connection* connection);
  /// Sends what may be sent; false when the connection is to end.
  bool Reply(Connection* connection);
  bool SendAll(Connection* connection);
  bool FlushNow(Connection* connection);
  void Park(Connection* connection, Lsn lsn);
  void ReplyParked(uint64_t turn);
  void TakePosted();
  void Drop(Connection* connection);
  /// Its session is to end; from any thread.
  void Terminate(Connection* connection);
  /// Its session has notifications for the client; from any thread.
  void Notified(Connection* connection);
  /// Sends them to those that are idle. Afterwards the turn may be lost.
  void SendNotified(uint64_t turn);
  /// From now on the client may be silent for as long as its session lets it.
  void WaitForClient(Connection* connection);
  void ForgetIdle(Connection* connection);
  int WaitMillis() const;
  /// Ends who was silent for too long.
  void EndIdle();
  void BeforeBlocking(Connection* connection);
  /// Under mu_: the loop goes to another thread.
  void HandOver() REQUIRES(mu_);

  Server& server_;
  Database& database_;
  Poller poller_;
  std::atomic<uint64_t> turn_{0};

  Mutex mu_;
  Connection* running_ GUARDED_BY(mu_) = nullptr;  // the request under way, of the turn's thread
  std::atomic<int64_t> running_since_{0};          // microseconds; 0: none
  std::vector<std::unique_ptr<Socket>> new_sockets_ GUARDED_BY(mu_);
  std::vector<Connection*> returned_ GUARDED_BY(mu_);  // served by threads that had lost the loop
  std::vector<Connection*> terminated_ GUARDED_BY(mu_);
  std::vector<Connection*> notified_ GUARDED_BY(mu_);
  std::atomic<bool> has_posted_{false};
  std::atomic<bool> has_notified_{false};

  // Of the thread whose turn it is.
  std::map<Connection*, std::unique_ptr<Connection>> connections_;
  std::vector<std::pair<uint64_t, Connection*>> parked_;  // by position in the log
  std::set<std::pair<int64_t, Connection*>> idle_;        // by idle_end
  std::atomic<bool> durable_moved_{false};
};

}  // namespace oxibase
