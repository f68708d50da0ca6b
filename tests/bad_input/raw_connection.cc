#include "raw_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace oxibase::bad_input {

using std::string_literals::operator""s;

RawConnection::RawConnection(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ended_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0;
}

RawConnection::~RawConnection() { close(fd_); }

bool RawConnection::Startup() {
  Send(Message(0, Int32(3 << 16) + "user\0postgres\0database\0postgres\0\0"s));
  std::string reply;
  while (!reply.ends_with("Z\0\0\0\5I"s)) {
    const std::string more = ReadAll(200);
    if (ended_) return false;
    reply += more;
  }
  return true;
}

void RawConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

std::string RawConnection::ReadAll(int wait_ms) {
  std::string reply;
  char buffer[16384];
  for (;;) {
    pollfd poll_fd{fd_, POLLIN, 0};
    if (poll(&poll_fd, 1, wait_ms) <= 0) return reply;
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got <= 0) {
      ended_ = true;
      return reply;
    }
    reply.append(buffer, static_cast<size_t>(got));
    if (wait_ms < 1000) return reply;
  }
}

std::string Int32(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string Int16(uint16_t value) { return Int32(value).substr(2); }

std::string Message(char type, std::string_view body) {
  std::string message;
  if (type != 0) message += type;
  message += Int32(static_cast<uint32_t>(body.size() + 4));
  message += body;
  return message;
}

std::string FirstSqlState(std::string_view reply) {
  while (reply.size() >= 5) {
    uint32_t length = 0;
    for (int i = 1; i <= 4; ++i) length = length << 8 | static_cast<uint8_t>(reply[i]);
    if (length < 4 || length + 1 > reply.size()) return "";
    if (reply[0] == 'E') {
      const std::string_view fields = reply.substr(5, length - 4);
      const size_t at = fields.find("\0C"s);
      return at == std::string_view::npos ? "" : std::string(fields.substr(at + 2, 5));
    }
    reply.remove_prefix(length + 1);
  }
  return "";
}

}  // namespace oxibase::bad_input
