#include "env/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace oxibase {
namespace {

constexpr int kBacklog = 511;

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

Result<socklen_t> ParseAddress(const std::string& text, uint16_t port, Address* address) {
  std::memset(address, 0, sizeof *address);
  const std::string plain = text == "localhost" ? "127.0.0.1" : text;
  if (inet_pton(AF_INET, plain.c_str(), &address->v4.sin_addr) == 1) {
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons(port);
    return socklen_t{sizeof address->v4};
  }
  if (inet_pton(AF_INET6, plain.c_str(), &address->v6.sin6_addr) == 1) {
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons(port);
    return socklen_t{sizeof address->v6};
  }
  return Error(ErrorCode::kInvalidParameterValue, "\"{}\" is not an IP address", text);
}

}  // namespace

Socket::~Socket() { close(fd_); }

Socket::State Socket::Read(char* to, size_t size, size_t* count) {
  *count = 0;
  for (;;) {
    const ssize_t got = recv(fd_, to, size, 0);
    if (got > 0) {
      *count = static_cast<size_t>(got);
      return State::kDone;
    }
    if (got == 0) return State::kClosed;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? State::kWouldBlock : State::kClosed;
  }
}

Socket::State Socket::Write(const char* from, size_t size, size_t* count) {
  *count = 0;
  for (;;) {
    const ssize_t put = send(fd_, from, size, MSG_NOSIGNAL);
    if (put >= 0) {
      *count = static_cast<size_t>(put);
      return State::kDone;
    }
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? State::kWouldBlock : State::kClosed;
  }
}

Socket::State Socket::WaitReadable(int timeout_ms) {
  pollfd wanted{fd_, POLLIN, 0};
  return poll(&wanted, 1, timeout_ms) > 0 ? State::kDone : State::kWouldBlock;
}

Result<std::unique_ptr<Socket>> Socket::Connect(const std::string& host, uint16_t port) {
  Address address;
  ASSIGN_OR_RETURN(const socklen_t length, ParseAddress(host, port, &address));
  const int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return Error(ErrorCode::kConnectionFailure, "no socket: {}", std::strerror(errno));
  }
  auto connected = std::make_unique<Socket>(fd);
  if (connect(fd, &address.any, length) != 0) {
    return Error(ErrorCode::kConnectionFailure, "could not connect to {}:{}: {}", host, port,
                 std::strerror(errno));
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  return connected;
}

Socket::State Socket::WaitWritable(int timeout_ms) {
  pollfd wanted{fd_, POLLOUT, 0};
  if (poll(&wanted, 1, timeout_ms) <= 0) return State::kWouldBlock;
  return (wanted.revents & (POLLERR | POLLHUP)) != 0 ? State::kClosed : State::kDone;
}

std::string Socket::peer() const {
  Address address;
  socklen_t size = sizeof address;
  char text[INET6_ADDRSTRLEN] = "";
  if (getpeername(fd_, &address.any, &size) != 0) return "unknown";
  if (address.any.sa_family == AF_INET) {
    inet_ntop(AF_INET, &address.v4.sin_addr, text, sizeof text);
    return fmt::format("{}:{}", text, ntohs(address.v4.sin_port));
  }
  inet_ntop(AF_INET6, &address.v6.sin6_addr, text, sizeof text);
  return fmt::format("[{}]:{}", text, ntohs(address.v6.sin6_port));
}

Result<std::unique_ptr<ListenSocket>> ListenSocket::Open(const std::string& text, uint16_t port) {
  Address address;
  ASSIGN_OR_RETURN(const socklen_t size, ParseAddress(text, port, &address));
  const int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Error(ErrorCode::kIoError, "no socket: {}", std::strerror(errno));
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, &address.any, size) != 0 || listen(fd, kBacklog) != 0) {
    const int error = errno;
    close(fd);
    return Error(ErrorCode::kIoError, "cannot listen on {}:{}: {}", text, port,
                 std::strerror(error));
  }
  socklen_t got = sizeof address;
  getsockname(fd, &address.any, &got);
  const uint16_t bound =
      ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
  return std::unique_ptr<ListenSocket>(new ListenSocket(fd, bound));
}

ListenSocket::~ListenSocket() { close(fd_); }

std::unique_ptr<Socket> ListenSocket::Accept() {
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return nullptr;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  return std::make_unique<Socket>(fd);
}

Result<bool> IsLoopback(const std::string& text) {
  Address address;
  ASSIGN_OR_RETURN([[maybe_unused]] const socklen_t size, ParseAddress(text, 0, &address));
  if (address.any.sa_family == AF_INET) {
    return (ntohl(address.v4.sin_addr.s_addr) >> 24) == 127;
  }
  return static_cast<bool>(IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr));
}

Poller::Poller()
    : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  OXI_CHECK(epoll_fd_ >= 0 && wake_fd_ >= 0);
  Add(wake_fd_, this);
}

Poller::~Poller() {
  close(epoll_fd_);
  close(wake_fd_);
}

void Poller::Add(int fd, void* tag) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = tag;
  OXI_CHECK(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0);
}

void Poller::SetActive(int fd, void* tag, bool active) {
  epoll_event event{};
  event.events = active ? static_cast<uint32_t>(EPOLLIN) : 0;
  event.data.ptr = tag;
  epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
}

void Poller::Remove(int fd) { epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr); }

size_t Poller::Wait(std::span<Event> events, int timeout_ms) {
  constexpr size_t kEventsMax = 64;
  epoll_event raw[kEventsMax];
  const int room = static_cast<int>(std::min(events.size(), kEventsMax));
  const int count = epoll_wait(epoll_fd_, raw, room, timeout_ms);
  size_t filled = 0;
  for (int i = 0; i < count; ++i) {
    if (raw[i].data.ptr == this) {
      uint64_t ignored;
      [[maybe_unused]] const ssize_t got = read(wake_fd_, &ignored, sizeof ignored);
      continue;
    }
    events[filled++] = {raw[i].data.ptr};
  }
  return filled;
}

void Poller::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = write(wake_fd_, &one, sizeof one);
}

}  // namespace oxibase
