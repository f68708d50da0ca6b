#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "env/socket.h"

namespace oxibase {

/// A connection to a server by PostgreSQL's protocol, as far as the program's own commands need it:
/// simple queries and COPY to the client, no password, no TLS. Not thread-safe.
class WireClient {
 public:
  using Row = std::vector<std::optional<std::string>>;

  /// "host=127.0.0.1 port=5432 user=postgres dbname=postgres" (each may be left out), or
  /// "postgresql://user@host:port/dbname". kConnectionFailure, kInvalidParameterValue, or what the
  /// server says.
  static Result<std::unique_ptr<WireClient>> Connect(std::string_view conninfo);
  /// Whether a text is such a thing rather than a folder's name.
  static bool IsConnInfo(std::string_view text);
  ~WireClient();

  /// The rows of the last statement, values as text.
  Result<std::vector<Row>> Query(std::string_view sql);
  /// One value; kDataException if it is not that.
  Result<std::string> Value(std::string_view sql);
  /// What COPY ... TO STDOUT sends.
  Result<std::string> Copy(std::string_view sql);

 private:
  explicit WireClient(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}
  Status Start(const std::string& user, const std::string& database);
  Status Send(std::string_view bytes);
  Status SendQuery(std::string_view sql);
  /// Sends a query and hands over each message of the answer; an error that is among them once all
  /// has come.
  Status Run(std::string_view sql,
             const std::function<void(char kind, const std::string& body)>& take);
  /// Sets the message's kind and body.
  Status Receive(char* kind, std::string* body);
  Status Fill(size_t bytes);

  std::unique_ptr<Socket> socket_;
  std::string input_;
  size_t read_ = 0;  // of input_
};

}  // namespace oxibase
