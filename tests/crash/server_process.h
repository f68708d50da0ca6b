#pragma once
// A server as a child process, to be killed without warning.

#include <sys/types.h>

#include <string>

namespace oxibase::crash {

class ServerProcess {
 public:
  ServerProcess(std::string program, std::string folder)
      : program_(std::move(program)), folder_(std::move(folder)) {}
  ~ServerProcess() { Kill(); }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// Starts it on a free port, without waiting for anything.
  bool Start();
  /// Until it answers. False if it ended by itself or takes too long.
  bool WaitReady();
  /// SIGKILL, and waits for the end.
  void Kill();
  /// SIGTERM. False if it does not end with status 0.
  bool Stop();

  std::string conninfo() const;
  /// The end of what it printed.
  std::string LogTail() const;

 private:
  const std::string program_, folder_;
  int port_ = 0;
  pid_t pid_ = 0;
};

}  // namespace oxibase::crash
