#include "server/event_loop.h"

#include <algorithm>

#include "env/clock.h"
#include "env/env.h"
#include "server/pgwire/limits.h"
#include "server/server.h"

namespace oxibase {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;
constexpr int kIdleWaitMs = 1000;

int64_t NowMicros() { return Env::Real().clock().MonotonicMicros(); }

}  // namespace

EventLoop::Connection::Connection(EventLoop& l, Database& database, std::unique_ptr<Socket> s)
    : loop(l),
      socket(std::move(s)),
      protocol(database, socket->peer(),
               {[this] { return loop.FlushNow(this); }, [this] { loop.BeforeBlocking(this); },
                [this] { loop.Terminate(this); }, [this] { loop.Notified(this); }}) {}

EventLoop::EventLoop(Server& server, Database& database) : server_(server), database_(database) {}

EventLoop::~EventLoop() = default;

void EventLoop::Add(std::unique_ptr<Socket> socket) {
  {
    MutexLock lock(mu_);
    new_sockets_.push_back(std::move(socket));
  }
  has_posted_.store(true, std::memory_order_release);
  poller_.Wake();
}

void EventLoop::HandOver() {
  const uint64_t next = turn_.load(std::memory_order_relaxed) + 1;
  if (running_) {
    // The connection stays with its thread until its request has ended.
    running_->detached = true;
    poller_.SetActive(running_->socket->fd(), running_, false);
    running_ = nullptr;
  }
  running_since_.store(0, std::memory_order_relaxed);
  turn_.store(next, std::memory_order_release);
  server_.RunOnSpare(this, next);
}

void EventLoop::BeforeBlocking(Connection* connection) {
  MutexLock lock(mu_);
  if (running_ == connection) HandOver();
}

void EventLoop::StealIfStuck(int64_t now_micros, int64_t micros) {
  const int64_t since = running_since_.load(std::memory_order_relaxed);
  if (since == 0 || now_micros - since < micros) return;
  MutexLock lock(mu_);
  if (running_ && running_since_.load(std::memory_order_relaxed) == since) HandOver();
}

void EventLoop::Terminate(Connection* connection) {
  {
    MutexLock lock(mu_);
    terminated_.push_back(connection);
  }
  has_posted_.store(true, std::memory_order_release);
  poller_.Wake();
}

void EventLoop::Notified(Connection* connection) {
  {
    MutexLock lock(mu_);
    notified_.push_back(connection);
  }
  if (!has_notified_.exchange(true, std::memory_order_release)) poller_.Wake();
}

void EventLoop::SendNotified(uint64_t turn) {
  std::vector<Connection*> notified;
  {
    MutexLock lock(mu_);
    notified.swap(notified_);
  }
  for (size_t i = 0; i < notified.size(); ++i) {
    Connection* const connection = notified[i];
    // Who is with another thread is looked at when it comes back.
    if (!connections_.contains(connection) || connection->detached) continue;
    {
      MutexLock lock(mu_);
      running_ = connection;
    }
    const bool stays = !connection->protocol.SendNotifications() || Reply(connection);
    if (!KeepsTurn(connection, turn)) {
      // A client that does not read took this thread's time; the others are for who has the loop.
      {
        MutexLock lock(mu_);
        notified_.insert(notified_.end(), notified.begin() + static_cast<long>(i) + 1,
                         notified.end());
      }
      has_notified_.store(true, std::memory_order_release);
      poller_.Wake();
      return;
    }
    {
      MutexLock lock(mu_);
      running_ = nullptr;
    }
    if (!stays) Drop(connection);
  }
}

void EventLoop::WaitForClient(Connection* connection) {
  ForgetIdle(connection);
  const int64_t limit = connection->protocol.idle_limit_ms();
  if (limit == 0) [[likely]]
    return;
  connection->idle_end = NowMicros() + limit * 1000;
  idle_.emplace(connection->idle_end, connection);
}

void EventLoop::ForgetIdle(Connection* connection) {
  if (connection->idle_end == 0) [[likely]]
    return;
  idle_.erase({connection->idle_end, connection});
  connection->idle_end = 0;
}

void EventLoop::EndIdle() {
  const int64_t now = NowMicros();
  while (!idle_.empty() && idle_.begin()->first <= now) {
    Connection* connection = idle_.begin()->second;
    SayGoodbye(connection, /*was_idle=*/true);
    Drop(connection);
  }
}

void EventLoop::TakePosted() {
  if (!has_posted_.exchange(false, std::memory_order_acquire)) return;
  std::vector<std::unique_ptr<Socket>> sockets;
  std::vector<Connection*> returned, terminated;
  {
    MutexLock lock(mu_);
    sockets.swap(new_sockets_);
    returned.swap(returned_);
    terminated.swap(terminated_);
  }
  for (auto& socket : sockets) {
    auto connection = std::make_unique<Connection>(*this, database_, std::move(socket));
    Connection* raw = connection.get();
    connections_.emplace(raw, std::move(connection));
    poller_.Add(raw->socket->fd(), raw);
  }
  for (Connection* connection : returned) {
    connection->detached = false;
    if (connection->terminated.load(std::memory_order_relaxed)) SayGoodbye(connection);
    if (connection->gone || !Reply(connection)) {
      Drop(connection);
    } else {
      poller_.SetActive(connection->socket->fd(), connection, true);
      WaitForClient(connection);
      {
        MutexLock lock(mu_);
        notified_.push_back(connection);
      }
      has_notified_.store(true, std::memory_order_release);
    }
  }
  for (Connection* connection : terminated) {
    if (!connections_.contains(connection)) continue;
    connection->terminated.store(true, std::memory_order_relaxed);
    if (connection->detached) continue;  // when it comes back
    SayGoodbye(connection);
    Drop(connection);
  }
}

void EventLoop::Drop(Connection* connection) {
  poller_.Remove(connection->socket->fd());
  ForgetIdle(connection);
  std::erase_if(parked_, [&](const auto& entry) { return entry.second == connection; });
  connections_.erase(connection);
  {
    // Nobody says it any more: the session is gone. Another connection may get this address.
    MutexLock lock(mu_);
    std::erase(terminated_, connection);
    std::erase(notified_, connection);
  }
  server_.connections_.fetch_sub(1, std::memory_order_relaxed);
}

/// How long there may be nothing to do.
int EventLoop::WaitMillis() const {
  if (idle_.empty()) [[likely]]
    return kIdleWaitMs;
  const int64_t left = (idle_.begin()->first - NowMicros()) / 1000 + 1;
  return static_cast<int>(std::clamp<int64_t>(left, 0, kIdleWaitMs));
}

void EventLoop::Run(uint64_t turn) {
  std::vector<Poller::Event> events(64);
  std::vector<char> buffer(kReadBytes);  // the thread's: it keeps it when it loses the loop
  while (turn_.load(std::memory_order_acquire) == turn) {
    if (server_.stopping_.load(std::memory_order_relaxed)) {
      TakePosted();
      for (auto& [raw, connection] : connections_) {
        if (!raw->detached) SayGoodbye(raw);
      }
      return;
    }
    const size_t count = poller_.Wait(events, WaitMillis());
    TakePosted();
    if (has_notified_.exchange(false, std::memory_order_acquire)) SendNotified(turn);
    if (turn_.load(std::memory_order_acquire) != turn) return;
    if (!idle_.empty()) EndIdle();
    if (durable_moved_.exchange(false, std::memory_order_acquire)) ReplyParked(turn);
    if (turn_.load(std::memory_order_acquire) != turn) return;
    for (size_t i = 0; i < count; ++i) {
      Serve(static_cast<Connection*>(events[i].tag), buffer, turn);
      // Level-triggered: who runs the loop now is told of the rest.
      if (turn_.load(std::memory_order_acquire) != turn) return;
    }
  }
}

void EventLoop::Serve(Connection* connection, std::span<char> buffer, uint64_t turn) {
  // An event that was gathered before its connection went elsewhere or away.
  if (!connections_.contains(connection) || connection->detached) return;
  size_t count = 0;
  switch (connection->socket->Read(buffer.data(), buffer.size(), &count)) {
    case Socket::State::kWouldBlock:
      return;
    case Socket::State::kClosed:
      Drop(connection);
      return;
    case Socket::State::kDone:
      break;
  }
  ForgetIdle(connection);
  {
    MutexLock lock(mu_);
    running_ = connection;
  }
  running_since_.store(NowMicros(), std::memory_order_relaxed);
  if (!connection->protocol.Feed({buffer.data(), count})) connection->closing = true;
  // Whoever may have the loop by now gives no more replies.
  if (server_.stopping_.load(std::memory_order_relaxed)) SayGoodbye(connection);
  // From here on only this thread itself gives the loop away.
  if (!KeepsTurn(connection, turn)) return;
  const bool stays = Reply(connection);
  if (!KeepsTurn(connection, turn)) return;
  {
    MutexLock lock(mu_);
    running_ = nullptr;
  }
  if (!stays) {
    Drop(connection);
  } else {
    WaitForClient(connection);
  }
}

/// Whether this thread still runs the loop; if not, the connection goes back to who does.
bool EventLoop::KeepsTurn(Connection* connection, uint64_t turn) {
  {
    MutexLock lock(mu_);
    if (turn_.load(std::memory_order_relaxed) == turn) {
      running_since_.store(0, std::memory_order_relaxed);
      return true;
    }
    returned_.push_back(connection);
  }
  has_posted_.store(true, std::memory_order_release);
  poller_.Wake();
  return false;
}

bool EventLoop::Reply(Connection* connection) {
  const Lsn lsn = connection->protocol.pending_lsn();
  if (lsn > database_.durable_lsn()) {
    if (connection->protocol.output().size() > connection->sent) Park(connection, lsn);
    return true;
  }
  return SendAll(connection) && !connection->closing;
}

void EventLoop::Park(Connection* connection, Lsn lsn) {
  if (connection->parked) return;  // looked at again when its first position is durable
  connection->parked = true;
  parked_.emplace_back(lsn.value, connection);
  database_.OnDurable(lsn, [this](const Status&) {
    if (!durable_moved_.exchange(true, std::memory_order_release)) poller_.Wake();
  });
}

void EventLoop::ReplyParked(uint64_t turn) {
  std::vector<std::pair<uint64_t, Connection*>> waiting;
  waiting.swap(parked_);
  const uint64_t durable = database_.durable_lsn().value;
  for (size_t i = 0; i < waiting.size(); ++i) {
    const auto [lsn, connection] = waiting[i];
    if (connection->detached) {
      connection->parked = false;  // replied to when it comes back
      continue;
    }
    if (lsn > durable) {
      if (database_.LogStatus().ok()) {
        parked_.emplace_back(lsn, connection);
        continue;
      }
      connection->protocol.CommitFailed(
          Error(ErrorCode::kTransactionResolutionUnknown,
                "the commit's outcome is unknown: the write-ahead log failed"));
      connection->sent = 0;
      connection->closing = true;
    }
    connection->parked = false;
    {
      MutexLock lock(mu_);
      running_ = connection;
    }
    const bool stays = lsn <= durable ? Reply(connection) : (SendAll(connection), false);
    if (!KeepsTurn(connection, turn)) {
      // A client that does not read took this thread's time; the others are for who has the loop.
      MutexLock lock(mu_);
      for (size_t k = i + 1; k < waiting.size(); ++k) {
        waiting[k].second->parked = false;
        returned_.push_back(waiting[k].second);
      }
      return;
    }
    {
      MutexLock lock(mu_);
      running_ = nullptr;
    }
    if (!stays) Drop(connection);
  }
}

void EventLoop::SayGoodbye(Connection* connection, bool was_idle) {
  if (connection->gone) return;
  connection->terminated.store(true, std::memory_order_relaxed);
  const Lsn lsn = connection->protocol.pending_lsn();
  if (lsn > database_.durable_lsn() && !database_.WaitDurable(lsn).ok()) {
    connection->gone = true;
    return;
  }
  if (was_idle) {
    connection->protocol.EndIdle();
  } else {
    connection->protocol.Terminate();
  }
  connection->closing = true;
  SendAll(connection);
}

/// A client may take as long as it likes to read, until its session is ended or the server stops.
bool EventLoop::WaitWritable(Connection* connection) {
  Socket::State state;
  do {
    state = connection->socket->WaitWritable(pgwire::kSendCheckMs);
  } while (state == Socket::State::kWouldBlock &&
           !connection->terminated.load(std::memory_order_relaxed) &&
           !server_.stopping_.load(std::memory_order_relaxed));
  return state == Socket::State::kDone;
}

/// Sends the output; waits for the client where it must, without the loop.
bool EventLoop::SendAll(Connection* connection) {
  pgwire::MessageWriter& output = connection->protocol.output();
  while (connection->sent < output.size()) {
    size_t count = 0;
    switch (connection->socket->Write(output.data() + connection->sent,
                                      output.size() - connection->sent, &count)) {
      case Socket::State::kDone:
        connection->sent += count;
        break;
      case Socket::State::kClosed:
        connection->gone = true;
        return false;
      case Socket::State::kWouldBlock:
        BeforeBlocking(connection);
        if (!WaitWritable(connection)) {
          connection->gone = true;
          return false;
        }
        break;
    }
  }
  output.Clear(pgwire::kBufferKeptBytes);
  connection->sent = 0;
  return true;
}

bool EventLoop::FlushNow(Connection* connection) {
  if (connection->protocol.pending_lsn() > database_.durable_lsn()) {
    BeforeBlocking(connection);
    if (!database_.WaitDurable(connection->protocol.pending_lsn()).ok()) return false;
  }
  return SendAll(connection);
}

}  // namespace oxibase
