#pragma once
// Stream sockets and waiting for many of them, over the OS's own calls.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "common/status.h"

namespace oxibase {

/// A connected TCP socket that never blocks. Owns the descriptor. One thread at a time.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  enum class State : uint8_t { kDone, kWouldBlock, kClosed };
  /// Reads what is there, at most `size` bytes: `*count` of them. kClosed: the other side is gone.
  State Read(char* to, size_t size, size_t* count);
  /// Writes what fits.
  State Write(const char* from, size_t size, size_t* count);
  /// Blocks until something can be written, the other side is gone, or the time is over
  /// (kWouldBlock).
  State WaitWritable(int timeout_ms);
  /// The same until something can be read.
  State WaitReadable(int timeout_ms);
  /// Connects to a server; blocks meanwhile. `host` is an IP address or "localhost".
  /// kConnectionFailure (08006) if nobody answers.
  static Result<std::unique_ptr<Socket>> Connect(const std::string& host, uint16_t port);
  int fd() const { return fd_; }
  /// "127.0.0.1:4711", for log lines.
  std::string peer() const;

 private:
  const int fd_;
};

/// A socket that others connect to.
class ListenSocket {
 public:
  /// `address` is an IP address; port 0 takes a free one. kIoError if the port is taken.
  static Result<std::unique_ptr<ListenSocket>> Open(const std::string& address, uint16_t port);
  ~ListenSocket();
  ListenSocket(const ListenSocket&) = delete;
  ListenSocket& operator=(const ListenSocket&) = delete;

  /// Null when nobody waits to be accepted, or the process is out of descriptors.
  std::unique_ptr<Socket> Accept();
  uint16_t port() const { return port_; }
  int fd() const { return fd_; }

 private:
  ListenSocket(int fd, uint16_t port) : fd_(fd), port_(port) {}
  const int fd_;
  const uint16_t port_;
};

/// Whether an address is of this machine's loopback. kInvalidParameterValue if it is no IP address.
Result<bool> IsLoopback(const std::string& address);

/// Waits for events on descriptors (epoll, level-triggered). Thread-safe, as epoll is.
class Poller {
 public:
  struct Event {
    void* tag;
  };

  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  void Add(int fd, void* tag);
  /// Stops, or starts again, to report a descriptor; it stays known.
  void SetActive(int fd, void* tag, bool active);
  void Remove(int fd);
  /// Fills `events`; 0 after the time (-1: none). A call of Wake ends it, too.
  size_t Wait(std::span<Event> events, int timeout_ms);
  /// From any thread.
  void Wake();

 private:
  const int epoll_fd_;
  const int wake_fd_;
};

}  // namespace oxibase
