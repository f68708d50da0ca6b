#pragma once
// The parts of the check and what they share.

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include "server_process/server_process.h"

namespace oxibase::bad_input {

/// Counts what holds and what does not; the latter is printed.
class Tally {
 public:
  /// `what` says what must hold; `seen` what was there instead.
  void Expect(bool holds, std::string_view what, std::string_view seen = {});
  void Skip(std::string_view what, std::string_view why);
  int passed() const { return passed_; }
  int failed() const { return failed_; }

 private:
  int passed_ = 0, failed_ = 0;
};

/// A libpq connection.
class Client {
 public:
  explicit Client(const std::string& conninfo)
      : conn_(PQconnectdb(conninfo.c_str())), message_(PQerrorMessage(conn_)) {}
  ~Client() { PQfinish(conn_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool ok() const { return PQstatus(conn_) == CONNECTION_OK; }
  /// "" or the SQLSTATE; "lost" if the connection ended.
  std::string Run(const std::string& sql);
  /// The first value of the answer, or the SQLSTATE.
  std::string Value(const std::string& sql);
  /// COPY ... FROM STDIN with `data`: "" or the SQLSTATE.
  std::string CopyIn(const std::string& sql, std::string_view data);
  const std::string& message() const { return message_; }

 private:
  std::string Outcome(PGresult* result);

  PGconn* conn_;
  std::string message_;
};

/// Where a part works: the program, and a folder of its own that is removed afterwards.
struct Place {
  std::string program;
  std::string folder;
};

/// Malformed bytes end their own connection, and no other.
void CheckProtocol(const Place& place, Tally& tally);
/// Statements and data that are too deep, too long, too large or broken.
void CheckStatements(const Place& place, Tally& tally);
/// Folders that are foreign, damaged, unreadable or in use.
void CheckFolders(const Place& place, Tally& tally);
/// A disk that is full: while the log grows, in a checkpoint, at the start.
void CheckFullDisk(const Place& place, Tally& tally);

}  // namespace oxibase::bad_input
