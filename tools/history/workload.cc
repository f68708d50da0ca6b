#include "workload.h"

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>
#include <utility>

#include "server_process/server_process.h"

namespace oxibase::history {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Random = std::mt19937_64;

/// Appends to a key until another takes its place.
constexpr int64_t kListMax = 48;

class Connection {
 public:
  explicit Connection(const std::string& conninfo) : conn_(PQconnectdb(conninfo.c_str())) {
    PQsetNoticeProcessor(conn_, [](void*, const char*) {}, nullptr);
  }
  ~Connection() { PQfinish(conn_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool alive() const { return PQstatus(conn_) == CONNECTION_OK; }
  /// The rows of the last statement; empty `sqlstate_` if it went well.
  std::vector<std::vector<std::string>> Run(const std::string& sql) {
    PGresult* result = PQexec(conn_, sql.c_str());
    std::vector<std::vector<std::string>> rows;
    const ExecStatusType status = PQresultStatus(result);
    sqlstate_.clear();
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
      sqlstate_ = state != nullptr ? state : "08006";
      message_ = PQerrorMessage(conn_);
    }
    committed_ = status == PGRES_COMMAND_OK && std::string(PQcmdStatus(result)) == "COMMIT";
    for (int row = 0; row < PQntuples(result); ++row) {
      auto& values = rows.emplace_back();
      for (int column = 0; column < PQnfields(result); ++column) {
        values.emplace_back(PQgetvalue(result, row, column));
      }
    }
    PQclear(result);
    return rows;
  }
  /// Sends it, and goes away without waiting for the answer.
  void SendAndLeave(const std::string& sql) {
    PQsendQuery(conn_, sql.c_str());
    PQflush(conn_);
    PQfinish(std::exchange(conn_, nullptr));
  }
  const std::string& sqlstate() const { return sqlstate_; }
  const std::string& message() const { return message_; }
  /// Whether the last statement was a COMMIT that was no ROLLBACK after all.
  bool committed() const { return committed_; }

 private:
  PGconn* conn_;
  std::string sqlstate_, message_;
  bool committed_ = false;
};

/// Which keys are in use, and the next value.
class Keys {
 public:
  explicit Keys(int count) : first_(0), count_(count) {}
  int64_t Pick(Random& random) const {
    return first_.load() + static_cast<int64_t>(random() % static_cast<uint64_t>(count_));
  }
  int64_t NextValue() {
    const int64_t value = ++value_;
    if (value % (kListMax * count_) == 0) first_ += count_;
    return value;
  }

 private:
  std::atomic<int64_t> first_, value_{0};
  const int count_;
};

std::vector<int64_t> ParseList(const std::string& text) {
  std::vector<int64_t> list;
  std::stringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    if (!part.empty()) list.push_back(std::atoll(part.c_str()));
  }
  return list;
}

std::string Key(int64_t key) { return "k" + std::to_string(key); }

class Client {
 public:
  Client(const WorkloadOptions& options, Keys& keys, int number)
      : options_(options), keys_(keys), number_(number), random_(options.seed * 7919 + number) {}

  /// One transaction. False: the connection is lost.
  bool RunTransaction(Connection& connection) {
    txn_ = {};
    txn_.name = "c" + std::to_string(number_) + "t" + std::to_string(++count_);
    txn_.outcome = Txn::Outcome::kAborted;
    const bool read_only = random_() % 4 == 0;
    const bool ends = Fill(connection, read_only);
    history_.push_back(std::move(txn_));
    return ends && connection.alive();
  }

  History& history() { return history_; }
  int64_t refused() const { return refused_; }
  const std::string& error() const { return error_; }

 private:
  bool Fill(Connection& connection, bool read_only) {
    connection.Run("BEGIN ISOLATION LEVEL " + options_.level + (read_only ? ", READ ONLY" : ""));
    if (!connection.sqlstate().empty()) return Failed(connection);
    const int operations = 1 + static_cast<int>(random_() % 5);
    for (int i = 0; i < operations; ++i) {
      const uint64_t kind = random_() % 10;
      const bool went = read_only || kind < 4 ? Read(connection)
                        : kind == 4           ? AppendAndTakeBack(connection)
                                              : Append(connection);
      if (!went) return Failed(connection);
    }
    if (random_() % 16 == 0) {
      connection.Run("ROLLBACK");
      return connection.alive();
    }
    if (random_() % 128 == 0) {
      connection.SendAndLeave("COMMIT");
      txn_.outcome = Txn::Outcome::kUnknown;
      return false;
    }
    connection.Run("COMMIT");
    if (connection.committed()) {
      txn_.outcome = Txn::Outcome::kOk;
      return true;
    }
    // Without an answer it may have been carried out (08007: the log failed under it).
    if (!connection.alive() || connection.sqlstate().starts_with("08")) {
      txn_.outcome = Txn::Outcome::kUnknown;
    }
    return Failed(connection);
  }

  bool Failed(Connection& connection) {
    const std::string state = connection.sqlstate();
    if (state == "40001" || state == "40P01") {
      ++refused_;
    } else if (connection.alive() && !state.starts_with("08") && !state.starts_with("57")) {
      error_ = state + " " + connection.message();
    }
    if (connection.alive()) connection.Run("ROLLBACK");
    return connection.alive();
  }

  bool Read(Connection& connection) {
    const int64_t key = keys_.Pick(random_);
    if (random_() % 2 == 0) {
      const auto rows = connection.Run("SELECT list FROM lists WHERE key = " + std::to_string(key));
      if (!connection.sqlstate().empty()) return false;
      txn_.operations.push_back(
          {Operation::Kind::kRead, Key(key), 0, ParseList(rows.empty() ? "" : rows[0][0])});
      return true;
    }
    const int64_t last = key + static_cast<int64_t>(random_() % 4);
    const auto rows = connection.Run("SELECT key, list FROM lists WHERE key BETWEEN " +
                                     std::to_string(key) + " AND " + std::to_string(last));
    if (!connection.sqlstate().empty()) return false;
    for (int64_t k = key; k <= last; ++k) {
      Operation operation{Operation::Kind::kScan, Key(k), 0, {}};
      for (const auto& row : rows) {
        if (row[0] == std::to_string(k)) operation.list = ParseList(row[1]);
      }
      txn_.operations.push_back(std::move(operation));
    }
    return true;
  }

  bool Append(Connection& connection) {
    const int64_t key = keys_.Pick(random_);
    const int64_t value = keys_.NextValue();
    txn_.operations.push_back({Operation::Kind::kAppend, Key(key), value, {}});
    connection.Run("INSERT INTO lists VALUES (" + std::to_string(key) + ", '" +
                   std::to_string(value) +
                   "') ON CONFLICT (key) DO UPDATE SET list = lists.list || ',' || excluded.list");
    return connection.sqlstate().empty();
  }

  // Nobody may ever see it: an aborted append of its own.
  bool AppendAndTakeBack(Connection& connection) {
    Txn undone;
    undone.name = txn_.name + "s" + std::to_string(txn_.operations.size());
    undone.outcome = Txn::Outcome::kAborted;
    connection.Run("SAVEPOINT s");
    if (!connection.sqlstate().empty()) return false;
    const bool went = Append(connection);
    undone.operations.push_back(std::move(txn_.operations.back()));
    txn_.operations.pop_back();
    history_.push_back(std::move(undone));
    if (!went) return false;
    connection.Run("ROLLBACK TO s");
    return connection.sqlstate().empty();
  }

  const WorkloadOptions& options_;
  Keys& keys_;
  const int number_;
  Random random_;
  int64_t count_ = 0, refused_ = 0;
  Txn txn_;
  History history_;
  std::string error_;
};

class Workload {
 public:
  explicit Workload(const WorkloadOptions& options) : options_(options), keys_(options.keys) {
    if (options.conninfo.empty()) {
      server_ = std::make_unique<server_process::ServerProcess>(options.program, options.folder);
    }
  }

  WorkloadReport Run() {
    if (!Start()) return std::move(report_);
    {
      Connection setup(Conninfo());
      setup.Run("DROP TABLE IF EXISTS lists");
      setup.Run("CREATE TABLE lists (key int PRIMARY KEY, list text)");
      if (!setup.sqlstate().empty()) return Broken("setup: " + setup.message());
    }
    std::vector<std::unique_ptr<Client>> clients;
    std::vector<std::thread> threads;
    for (int c = 0; c < options_.sessions; ++c) {
      clients.push_back(std::make_unique<Client>(options_, keys_, c + 1));
      threads.emplace_back([this, &client = *clients.back()] { Serve(client); });
    }
    Steer();
    stop_ = true;
    for (std::thread& thread : threads) thread.join();
    for (const auto& client : clients) {
      for (Txn& txn : client->history()) report_.history.push_back(std::move(txn));
      report_.refused += client->refused();
      if (!client->error().empty()) report_.error = client->error();
    }
    if (report_.error.empty()) ReadAll();
    return std::move(report_);
  }

 private:
  WorkloadReport Broken(const std::string& why) {
    report_.error = why;
    return std::move(report_);
  }

  bool Start() {
    if (!server_) return true;
    if (server_->Start() && server_->WaitReady()) {
      const std::lock_guard lock(mu_);
      conninfo_ = server_->conninfo();
      return true;
    }
    report_.error = "the server does not start: " + server_->LogTail();
    return false;
  }

  std::string Conninfo() {
    if (!server_) return options_.conninfo;
    const std::lock_guard lock(mu_);
    return conninfo_;
  }

  void Serve(Client& client) {
    while (!stop_) {
      Connection connection(Conninfo());
      if (!connection.alive()) {
        std::this_thread::sleep_for(milliseconds(10));
        continue;
      }
      // A circle of waits is no news here, and should not take long.
      connection.Run("SET deadlock_timeout = '20ms'");
      while (!stop_ && client.RunTransaction(connection)) {
        if (!client.error().empty()) return;
        if (++transactions_ >= options_.transactions && options_.transactions > 0) stop_ = true;
      }
    }
  }

  /// Waits, and kills the server now and then.
  void Steer() {
    const auto began = steady_clock::now();
    const auto whole = milliseconds(static_cast<int64_t>(options_.seconds * 1000));
    Random random(options_.seed);
    for (int kill = 0; kill < options_.kills && server_ && !stop_; ++kill) {
      const auto part = whole / (options_.kills + 1);
      const auto at = began + part * (kill + 1) -
                      milliseconds(static_cast<int64_t>(random() % 100)) * part.count() / 400;
      while (!stop_ && steady_clock::now() < at) std::this_thread::sleep_for(milliseconds(1));
      server_->Kill();
      if (!Start()) return;
      ++report_.kills;
    }
    while (!stop_ && steady_clock::now() - began < whole) {
      std::this_thread::sleep_for(milliseconds(5));
    }
  }

  void ReadAll() {
    Connection connection(Conninfo());
    const auto rows = connection.Run("SELECT key, list FROM lists ORDER BY key");
    if (!connection.sqlstate().empty()) {
      report_.error = connection.message();
      return;
    }
    Txn last;
    last.name = "last";
    for (const auto& row : rows) {
      last.operations.push_back({Operation::Kind::kRead, "k" + row[0], 0, ParseList(row[1])});
    }
    report_.history.push_back(std::move(last));
    connection.Run("DROP TABLE lists");
  }

  const WorkloadOptions& options_;
  Keys keys_;
  std::unique_ptr<server_process::ServerProcess> server_;
  std::mutex mu_;
  std::string conninfo_;
  std::atomic<bool> stop_{false};
  std::atomic<int64_t> transactions_{0};
  WorkloadReport report_;
};

}  // namespace

WorkloadReport RunWorkload(const WorkloadOptions& options) { return Workload(options).Run(); }

}  // namespace oxibase::history
