// OxiBase's own server on a free port of the loopback, one process and one folder for each file.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "libpq_client.h"

namespace oxibase::slt {
namespace {

constexpr int kStartSecondsMax = 30;
constexpr int kStopSecondsMax = 30;

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

class WireBackend : public Backend {
 public:
  WireBackend(std::string program, std::string folder)
      : program_(std::move(program)), folder_(std::move(folder)) {}
  ~WireBackend() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  bool Start(std::string& error) {
    port_ = FreePort();
    std::string listen = "127.0.0.1:" + std::to_string(port_);
    std::string data = folder_ + "/data", log = folder_ + "/server.log";
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
      dup2(fd, 1);
      dup2(fd, 2);
      execl(program_.c_str(), program_.c_str(), "serve", "--data", data.c_str(), "--listen",
            listen.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kStartSecondsMax);
    while (std::chrono::steady_clock::now() < deadline) {
      if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = 0;
        error = "the server ended at once: " + LogTail();
        return false;
      }
      std::string ignored;
      if (ConnectLibpq(ConnInfo(), ignored) != nullptr) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    error = "the server did not answer: " + LogTail();
    return false;
  }

  std::unique_ptr<Client> Connect(std::string& error) override {
    auto client = ConnectLibpq(ConnInfo(), error);
    if (client == nullptr) error += LogTail();
    return client;
  }
  bool Restart(std::string& error) override { return Close(error) && Start(error); }

  bool Close(std::string& error) override {
    if (pid_ <= 0) return true;
    kill(pid_, SIGTERM);
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kStopSecondsMax);
    int status = 0;
    while (waitpid(pid_, &status, WNOHANG) != pid_) {
      if (std::chrono::steady_clock::now() > deadline) {
        error = "the server did not end on SIGTERM: " + LogTail();
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    pid_ = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    error = "the server ended with status " + std::to_string(status) + ": " + LogTail();
    return false;
  }

 private:
  std::string ConnInfo() const {
    return "host=127.0.0.1 port=" + std::to_string(port_) +
           " user=postgres dbname=postgres sslmode=disable gssencmode=disable client_encoding=UTF8";
  }
  std::string LogTail() const {
    std::ifstream in(folder_ + "/server.log");
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
  }

  const std::string program_;
  const std::string folder_;
  int port_ = 0;
  pid_t pid_ = 0;
};

}  // namespace

std::unique_ptr<Backend> OpenWire(const std::string& program, std::string& error) {
  if (access(program.c_str(), X_OK) != 0) {
    error = program + ": no such program";
    return nullptr;
  }
  const char* tmp = std::getenv("TMPDIR");
  std::string folder = std::string(tmp != nullptr ? tmp : "/tmp") + "/oxibase-wire.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    error = folder + ": cannot be made";
    return nullptr;
  }
  auto backend = std::make_unique<WireBackend>(program, folder);
  if (!backend->Start(error)) return nullptr;
  return backend;
}

}  // namespace oxibase::slt
