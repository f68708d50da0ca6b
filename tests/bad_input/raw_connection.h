#pragma once
// The wire protocol by hand, so that it can be done wrong.

#include <cstdint>
#include <string>
#include <string_view>

namespace oxibase::bad_input {

class RawConnection {
 public:
  explicit RawConnection(int port);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  /// A start-up as it should be, read up to ReadyForQuery.
  bool Startup();
  /// Sends what the other side still takes.
  void Send(std::string_view bytes);
  /// All that comes until the server ends the connection, or nothing does for `wait_ms`.
  std::string ReadAll(int wait_ms = 5000);
  /// Whether the server ended the connection in the last ReadAll.
  bool ended() const { return ended_; }

 private:
  int fd_;
  bool ended_ = false;
};

/// A message with its type (none if 0) and the right length.
std::string Message(char type, std::string_view body);
/// Four bytes, most significant first.
std::string Int32(uint32_t value);
std::string Int16(uint16_t value);
/// The SQLSTATE of the first ErrorResponse in what a server sent; "" if there is none.
std::string FirstSqlState(std::string_view reply);

}  // namespace oxibase::bad_input
