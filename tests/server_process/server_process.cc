#include "server_process/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

namespace oxibase::server_process {
namespace {

constexpr std::chrono::seconds kReadyMax{60}, kStopMax{60};

int FreePort() {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  int port = 0;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    port = ntohs(address.sin_port);
  }
  close(fd);
  return port;
}

}  // namespace

bool ServerProcess::Start() {
  port_ = FreePort();
  std::string listen = "127.0.0.1:" + std::to_string(port_);
  const std::string data = this->data(), log = this->log();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    dup2(fd, 1);
    dup2(fd, 2);
    if (in_child_) in_child_();
    execl(program_.c_str(), program_.c_str(), "serve", "--data", data.c_str(), "--listen",
          listen.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  return pid_ > 0;
}

bool ServerProcess::WaitReady() {
  auto deadline = std::chrono::steady_clock::now() + kReadyMax;
  while (std::chrono::steady_clock::now() < deadline) {
    if (waitpid(pid_, &wait_status_, WNOHANG) == pid_) {
      pid_ = 0;
      return false;
    }
    PGconn* conn = PQconnectdb(conninfo().c_str());
    bool ok = PQstatus(conn) == CONNECTION_OK;
    PQfinish(conn);
    if (ok) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
  return false;
}

void ServerProcess::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

bool ServerProcess::Stop() {
  if (pid_ <= 0) return false;
  kill(pid_, SIGTERM);
  auto deadline = std::chrono::steady_clock::now() + kStopMax;
  int status = 0;
  while (waitpid(pid_, &status, WNOHANG) != pid_) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  pid_ = 0;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string ServerProcess::conninfo() const {
  return "host=127.0.0.1 port=" + std::to_string(port_) +
         " user=postgres dbname=postgres sslmode=disable gssencmode=disable connect_timeout=10";
}

std::string ServerProcess::LogTail() const {
  std::ifstream in(log());
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return text.size() > 3000 ? text.substr(text.size() - 3000) : text;
}

}  // namespace oxibase::server_process
