// A real PostgreSQL, to check that the expected texts are PostgreSQL's: each file gets a database
// of its own, made from template0 and dropped at the end.
#include <unistd.h>

#include <atomic>

#include "libpq_client.h"

namespace oxibase::slt {
namespace {

class PostgresBackend : public Backend {
 public:
  PostgresBackend(std::string conninfo, std::string database)
      : conninfo_(std::move(conninfo)), database_(std::move(database)) {}

  bool Open(std::string& error) {
    return Administer("CREATE DATABASE " + database_ + " TEMPLATE template0", error);
  }
  std::unique_ptr<Client> Connect(std::string& error) override {
    auto client = ConnectLibpq(conninfo_ + " dbname=" + database_ + " client_encoding=UTF8", error);
    if (client != nullptr) client->Execute("SET timezone = 'UTC'", "");
    return client;
  }
  bool Restart(std::string&) override { return true; }
  bool Close(std::string& error) override {
    return Administer("DROP DATABASE IF EXISTS " + database_ + " WITH (FORCE)", error);
  }

 private:
  bool Administer(const std::string& sql, std::string& error) {
    auto client = ConnectLibpq(conninfo_ + " dbname=postgres", error);
    if (client == nullptr) return false;
    Outcome outcome = client->Execute(sql, "");
    error = outcome.message;
    return outcome.ok();
  }

  const std::string conninfo_;
  const std::string database_;
};

}  // namespace

std::unique_ptr<Backend> OpenPostgres(const std::string& conninfo, std::string& error) {
  static std::atomic<int> serial{0};
  auto backend = std::make_unique<PostgresBackend>(
      conninfo, "slt_" + std::to_string(getpid()) + "_" + std::to_string(++serial));
  if (!backend->Open(error)) return nullptr;
  return backend;
}

}  // namespace oxibase::slt
