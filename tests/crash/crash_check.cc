// Kills a server with SIGKILL at random instants under a load of transfers, and checks after each
// restart:
//
//   1. every transfer whose COMMIT was acknowledged is there, and every one that was found once;
//   2. no partial transaction is: each balance is what the journal says it must be, and the journal
//      names nothing that was rolled back on purpose;
//   3. the sum of all balances is unchanged;
//   4. the indexes agree with the table.
//
// A transfer takes from one account, gives to another and writes a journal row. Some roll back,
// some roll back to a savepoint, some change one row often; now and then a table is created and
// dropped or a checkpoint asked for. A fifth of the restarts are killed while they recover.
#include <libpq-fe.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "server_process/server_process.h"

namespace oxibase::crash {
namespace {

using server_process::ServerProcess;

constexpr int kAccounts = 200;
constexpr int kInitialBalance = 1000;
using Random = std::mt19937_64;

class Connection {
 public:
  explicit Connection(const std::string& conninfo) : conn_(PQconnectdb(conninfo.c_str())) {}
  ~Connection() { PQfinish(conn_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool ok() const { return PQstatus(conn_) == CONNECTION_OK; }

  /// False on any error.
  bool Run(const std::string& sql) {
    PGresult* result = PQexec(conn_, sql.c_str());
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!ok) error_ = PQerrorMessage(conn_);
    PQclear(result);
    return ok;
  }
  /// The first column of all rows; false on any error.
  bool Query(const std::string& sql, std::vector<std::string>& values) {
    PGresult* result = PQexec(conn_, sql.c_str());
    bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;
    values.clear();
    for (int i = 0; ok && i < PQntuples(result); ++i) values.emplace_back(PQgetvalue(result, i, 0));
    if (!ok) error_ = PQerrorMessage(conn_);
    PQclear(result);
    return ok;
  }
  /// After an error in the middle of a transaction.
  void Reset() {
    if (ok() && PQtransactionStatus(conn_) != PQTRANS_IDLE) Run("ROLLBACK");
  }
  const std::string& error() const { return error_; }

 private:
  PGconn* conn_;
  std::string error_;
};

struct Shared {
  std::atomic<bool> stop{false};
  std::atomic<int64_t> next_id{1};
  std::atomic<size_t> answered{0};  // COMMITs
  std::mutex mu;
  std::set<int64_t> acknowledged;  // journal ids whose COMMIT was answered, or that were found
  std::set<int64_t> forbidden;     // journal ids that were rolled back, or not found
};

/// One transfer; false when the server is gone.
bool Transfer(Connection& conn, Shared& shared, Random& random) {
  int64_t id = shared.next_id++;
  int from = static_cast<int>(random() % kAccounts), to = static_cast<int>(random() % kAccounts);
  if (from > to) std::swap(from, to);  // one order, so that deadlocks stay out of this
  if (from == to) return true;
  int amount = 1 + static_cast<int>(random() % 50);
  auto change = [](int account, int by) {
    return "UPDATE account SET balance = balance + (" + std::to_string(by) +
           "), changes = changes + 1 WHERE id = " + std::to_string(account);
  };
  auto journal = [&](int64_t number) {
    return "INSERT INTO journal (id, src, dst, amount, note) VALUES (" + std::to_string(number) +
           ", " + std::to_string(from) + ", " + std::to_string(to) + ", " + std::to_string(amount) +
           ", repeat('x', " + std::to_string(random() % 300) + "))";
  };
  int kind = static_cast<int>(random() % 10);
  if (!conn.Run("BEGIN") || !conn.Run(change(from, -amount))) return conn.ok();
  if (kind == 0) {
    int64_t undone = shared.next_id++;
    {
      std::lock_guard lock(shared.mu);
      shared.forbidden.insert(undone);
    }
    if (!conn.Run("SAVEPOINT s") || !conn.Run(journal(undone)) || !conn.Run(change(to, 7)) ||
        !conn.Run("ROLLBACK TO s")) {
      return conn.ok();
    }
  }
  if (!conn.Run(change(to, amount)) || !conn.Run(journal(id))) return conn.ok();
  if (kind == 1) {
    {
      std::lock_guard lock(shared.mu);
      shared.forbidden.insert(id);
    }
    return conn.Run("ROLLBACK") || conn.ok();
  }
  if (!conn.Run("COMMIT")) return conn.ok();
  ++shared.answered;
  std::lock_guard lock(shared.mu);
  shared.acknowledged.insert(id);
  return true;
}

void Client(const std::string& conninfo, Shared& shared, uint64_t seed) {
  Random random(seed);
  Connection conn(conninfo);
  if (conn.ok()) conn.Run("SET deadlock_timeout = '10ms'");
  while (!shared.stop && conn.ok()) {
    if (random() % 200 == 0) {
      std::string table = "scratch_" + std::to_string(shared.next_id++);
      if (conn.Run("CREATE TABLE " + table + " (a int PRIMARY KEY, b text)") &&
          conn.Run("INSERT INTO " + table + " SELECT i, 'b' || i FROM generate_series(1, 50) i")) {
        if (random() % 2 == 0) conn.Run("DROP TABLE " + table);
      }
    } else if (random() % 100 == 0) {
      conn.Run("CHECKPOINT");
    } else if (!Transfer(conn, shared, random)) {
      return;
    }
    conn.Reset();
  }
}

/// Empty if all is as it must be.
std::string Check(const std::string& conninfo, Shared& shared) {
  Connection conn(conninfo);
  std::vector<std::string> values;
  if (!conn.ok()) return "no connection";
  auto ask = [&](const std::string& sql) { return conn.Query(sql, values) && values.size() == 1; };
  if (!ask("SELECT sum(balance) FROM account")) return "sum: " + conn.error();
  if (values[0] != std::to_string(kAccounts * kInitialBalance)) return "the sum is " + values[0];
  if (!ask("SELECT count(*) FROM account a WHERE balance <> " + std::to_string(kInitialBalance) +
           " + coalesce((SELECT sum(amount) FROM journal WHERE dst = a.id), 0)"
           " - coalesce((SELECT sum(amount) FROM journal WHERE src = a.id), 0)")) {
    return "balances: " + conn.error();
  }
  if (values[0] != "0") return values[0] + " balances differ from the journal";
  if (!conn.Query("SELECT id FROM journal", values)) return "journal: " + conn.error();
  std::set<int64_t> found;
  for (const std::string& value : values) found.insert(std::atoll(value.c_str()));
  if (found.size() != values.size()) return "a journal id is there twice";
  for (int64_t id : shared.acknowledged) {
    if (!found.contains(id)) return "the acknowledged transfer " + std::to_string(id) + " is lost";
  }
  for (int64_t id : shared.forbidden) {
    if (found.contains(id))
      return "the transfer " + std::to_string(id) + " was rolled back, but is there";
  }
  // Those whose COMMIT was under way are there or not; from now on it stays so.
  for (int64_t id = 1; id < shared.next_id; ++id) {
    (found.contains(id) ? shared.acknowledged : shared.forbidden).insert(id);
  }
  // By the indexes: each row is found by its key, and nothing else is.
  if (!ask("SELECT count(*) FROM journal a JOIN journal b ON b.id = a.id WHERE a.amount = "
           "b.amount") ||
      values[0] != std::to_string(found.size())) {
    return "by primary key: " + (values.empty() ? conn.error() : values[0]);
  }
  if (!ask("SELECT count(*) FROM generate_series(0, " + std::to_string(kAccounts - 1) +
           ") g, LATERAL (SELECT 1 FROM journal WHERE dst = g) s") ||
      values[0] != std::to_string(found.size())) {
    return "by the index on dst: " + (values.empty() ? conn.error() : values[0]);
  }
  return "";
}

struct Options {
  std::string server, folder;
  int kills = 50, clients = 8;
  uint64_t seed = 0;
};

int Run(const Options& options) {
  Random random(options.seed);
  ServerProcess server(options.server, options.folder);
  auto fail = [&](const std::string& why) {
    std::printf("FAILED: %s (seed %llu, folder %s)\n%s\n", why.c_str(),
                static_cast<unsigned long long>(options.seed), options.folder.c_str(),
                server.LogTail().c_str());
    return 1;
  };
  int passed = 0;
  auto report = [&](int failed) {
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed;
  };
  if (!server.Start() || !server.WaitReady()) return fail("the server does not start"), report(1);
  {
    Connection conn(server.conninfo());
    if (!conn.Run("CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL,"
                  " changes int NOT NULL DEFAULT 0)") ||
        !conn.Run("CREATE TABLE journal (id bigint PRIMARY KEY, src int NOT NULL, dst int NOT NULL,"
                  " amount int NOT NULL, note text)") ||
        !conn.Run("CREATE INDEX journal_dst ON journal (dst)") ||
        !conn.Run("INSERT INTO account SELECT i, " + std::to_string(kInitialBalance) +
                  " FROM generate_series(0, " + std::to_string(kAccounts - 1) + ") i")) {
      return fail("set-up: " + conn.error()), report(1);
    }
  }
  Shared shared;
  for (int kill = 0; kill < options.kills; ++kill) {
    shared.stop = false;
    std::vector<std::thread> clients;
    for (int i = 0; i < options.clients; ++i) {
      clients.emplace_back([&, seed = random()] { Client(server.conninfo(), shared, seed); });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 400));
    server.Kill();
    shared.stop = true;
    for (std::thread& client : clients) client.join();
    // What a crash leaves is no damage. (Before the restart, which tidies up.)
    if (std::system(
            (options.server + " check " + server.data() + " >" + options.folder + "/check.log")
                .c_str()) != 0)
      return fail("oxibase check finds damage"), report(1);
    // Sometimes the recovery is killed too.
    for (int again = 0; again < 3 && random() % 5 == 0; ++again) {
      server.Start();
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
      server.Kill();
    }
    if (!server.Start() || !server.WaitReady()) return fail("no recovery"), report(1);
    std::string why = Check(server.conninfo(), shared);
    if (!why.empty()) return fail("after kill " + std::to_string(kill + 1) + ": " + why), report(1);
    ++passed;
  }
  const size_t acknowledged = shared.answered;
  // An orderly end and a last look.
  if (!server.Stop()) return fail("it does not end on SIGTERM"), report(1);
  if (!server.Start() || !server.WaitReady()) return fail("no start after SIGTERM"), report(1);
  std::string why = Check(server.conninfo(), shared);
  if (!why.empty()) return fail("after SIGTERM: " + why), report(1);
  ++passed;
  server.Stop();
  std::printf("%d kills, %zu acknowledged transfers, all there (seed %llu)\n", options.kills,
              acknowledged, static_cast<unsigned long long>(options.seed));
  return report(acknowledged > 0 ? 0 : 1);
}

}  // namespace
}  // namespace oxibase::crash

int main(int argc, char** argv) {
  oxibase::crash::Options options;
  options.seed = std::random_device{}();
  CLI::App app("Kills a server under load and checks what it finds after each restart.");
  app.add_option("--server", options.server, "the program oxibase")->required();
  app.add_option("--kills", options.kills, "how often");
  app.add_option("--clients", options.clients, "connections at a time");
  app.add_option("--seed", options.seed, "of instants and transfers");
  app.add_option("--folder", options.folder, "where the data lies (default: a new one, removed)");
  CLI11_PARSE(app, argc, argv);
  bool own = options.folder.empty();
  if (own) {
    const char* tmp = std::getenv("TMPDIR");
    options.folder = std::string(tmp != nullptr ? tmp : "/tmp") + "/oxibase-crash.XXXXXX";
    if (mkdtemp(options.folder.data()) == nullptr) return 1;
  }
  int status = oxibase::crash::Run(options);
  if (own && status == 0) std::filesystem::remove_all(options.folder);
  return status;
}
