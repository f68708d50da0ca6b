// OxiBase's own server on a free port of the loopback, one process and one folder for each file.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "libpq_client.h"
#include "server_process/server_process.h"

namespace oxibase::slt {
namespace {

class WireBackend : public Backend {
 public:
  WireBackend(const std::string& program, std::string folder)
      : folder_(std::move(folder)), server_(program, folder_) {}
  ~WireBackend() override {
    server_.Kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  bool Start(std::string& error) {
    if (server_.Start() && server_.WaitReady()) return true;
    error = server_.running() ? "the server does not get ready: " : "the server ended at once: ";
    error += server_.LogTail();
    return false;
  }

  std::unique_ptr<Client> Connect(std::string& error) override {
    auto client = ConnectLibpq(server_.conninfo() + " client_encoding=UTF8", error);
    if (client == nullptr) error += server_.LogTail();
    return client;
  }
  bool Restart(std::string& error) override { return Close(error) && Start(error); }

  bool Close(std::string& error) override {
    if (!server_.running() || server_.Stop()) return true;
    error = server_.running()
                ? "the server did not end on SIGTERM: "
                : "the server ended with status " + std::to_string(server_.wait_status()) + ": ";
    error += server_.LogTail();
    return false;
  }

 private:
  const std::string folder_;
  server_process::ServerProcess server_;
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
