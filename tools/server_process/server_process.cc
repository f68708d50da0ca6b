#include "server_process/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>
#include <utility>

namespace oxibase::server_process {
namespace {

constexpr std::chrono::seconds kReadyMax{60}, kStopMax{60};

/// The port in "oxibase: serving FOLDER on ADDRESS:PORT\n"; 0 as long as the line is not whole.
int AnnouncedPort(std::string_view printed) {
  const size_t start = printed.find("oxibase: serving ");
  if (start == std::string_view::npos) return 0;
  const size_t end = printed.find('\n', start);
  if (end == std::string_view::npos) return 0;
  const std::string_view line = printed.substr(start, end - start);
  int port = 0;
  std::from_chars(line.data() + line.rfind(':') + 1, line.data() + line.size(), port);
  return port;
}

}  // namespace

bool ServerProcess::Start() {
  CloseOutput();
  port_ = 0;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  const std::string data = this->data(), log = this->log();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[1], 1);
    dup2(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), 2);
    if (in_child_) in_child_();
    execl(program_.c_str(), program_.c_str(), "serve", "--data", data.c_str(), "--listen",
          "127.0.0.1:0", static_cast<char*>(nullptr));
    _exit(127);
  }
  close(ends[1]);
  output_ = ends[0];
  return pid_ > 0;
}

bool ServerProcess::WaitReady() {
  const auto deadline = std::chrono::steady_clock::now() + kReadyMax;
  std::string printed;
  while (output_ >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd wanted{.fd = output_, .events = POLLIN, .revents = 0};
    const int ready = left.count() <= 0 ? 0 : poll(&wanted, 1, static_cast<int>(left.count()));
    if (ready == 0) return false;
    if (ready < 0 && errno == EINTR) continue;
    char bytes[512];
    const ssize_t size = read(output_, bytes, sizeof bytes);
    if (size <= 0) break;
    printed.append(bytes, static_cast<size_t>(size));
    port_ = AnnouncedPort(printed);
    if (port_ != 0) return true;
  }
  // It closed its output: it ends.
  if (pid_ > 0) waitpid(pid_, &wait_status_, 0);
  pid_ = 0;
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
  while (waitpid(pid_, &wait_status_, WNOHANG) != pid_) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  pid_ = 0;
  return WIFEXITED(wait_status_) && WEXITSTATUS(wait_status_) == 0;
}

void ServerProcess::CloseOutput() {
  if (output_ >= 0) close(output_);
  output_ = -1;
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
