#pragma once
// A server as a child process, for the tests that talk to it, kill it or lay traps for it.

#include <sys/types.h>

#include <functional>
#include <string>

namespace oxibase::server_process {

class ServerProcess {
 public:
  /// `folder` gets the data in data/ and what the server complains of in server.log.
  ServerProcess(std::string program, std::string folder)
      : program_(std::move(program)), folder_(std::move(folder)) {}
  ~ServerProcess() {
    Kill();
    CloseOutput();
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// Starts it, without waiting for anything. It takes a free port by itself.
  bool Start();
  /// Until it says on which port it serves. False if it ended by itself or takes too long.
  bool WaitReady();
  /// SIGKILL, and waits for the end.
  void Kill();
  /// SIGTERM. False if it does not end with status 0.
  bool Stop();

  /// Called in the child before it becomes the server; only what is safe after fork.
  void set_in_child(std::function<void()> in_child) { in_child_ = std::move(in_child); }
  std::string data() const { return folder_ + "/data"; }
  std::string log() const { return folder_ + "/server.log"; }
  /// Known when WaitReady was true.
  int port() const { return port_; }
  bool running() const { return pid_ > 0; }
  /// How it ended when WaitReady or Stop saw it end, as waitpid says.
  int wait_status() const { return wait_status_; }

  std::string conninfo() const;
  /// The end of server.log.
  std::string LogTail() const;

 private:
  void CloseOutput();

  const std::string program_, folder_;
  std::function<void()> in_child_;
  int port_ = 0, wait_status_ = 0;
  int output_ = -1;  // what it prints comes out here
  pid_t pid_ = 0;
};

}  // namespace oxibase::server_process
