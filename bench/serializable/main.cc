// How often SERIALIZABLE transactions are refused, and how many pass: several workloads of many
// clients against one server, each for some seconds, with an invariant that is checked. Prints a
// line of tab-separated numbers a workload: name, commits a second, refusals for 100 attempts
// because of what was read, because of concurrent updates, because of deadlocks. Run by
// bench/serializable.sh.
#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using Random = std::mt19937_64;

class Connection {
 public:
  explicit Connection(const char* conninfo) : conn_(PQconnectdb(conninfo)) {
    PQsetNoticeProcessor(conn_, [](void*, const char*) {}, nullptr);
    if (PQstatus(conn_) != CONNECTION_OK) Die();
  }
  ~Connection() { PQfinish(conn_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// False: the transaction is refused, as sqlstate() and message() say. Anything else ends all.
  bool Run(const std::string& sql) {
    PGresult* result = PQexec(conn_, sql.c_str());
    const ExecStatusType status = PQresultStatus(result);
    const bool went = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    value_ = went && PQntuples(result) > 0 && PQgetisnull(result, 0, 0) == 0
                 ? std::atoll(PQgetvalue(result, 0, 0))
                 : 0;
    if (!went) {
      const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
      sqlstate_ = state != nullptr ? state : "";
      message_ = PQresultErrorMessage(result);
      if (sqlstate_ != "40001" && sqlstate_ != "40P01") Die();
    }
    PQclear(result);
    return went;
  }
  /// The first column of the first row that the last statement gave.
  long long value() const { return value_; }
  const std::string& sqlstate() const { return sqlstate_; }
  const std::string& message() const { return message_; }

 private:
  [[noreturn]] void Die() {
    std::fprintf(stderr, "%s\n", PQerrorMessage(conn_));
    std::_Exit(1);
  }

  PGconn* conn_;
  long long value_ = 0;
  std::string sqlstate_, message_;
};

struct Workload {
  const char* name;
  const char* setup;
  /// A transaction's statements between BEGIN and COMMIT; false: refused.
  std::function<bool(Connection&, Random&, int client)> run;
  /// A query whose value must be 1 at the end.
  const char* invariant;
};

std::string Number(uint64_t n) { return std::to_string(n); }

// Two accounts of a hundred, read and changed; every tenth sums up all of them, and notes that.
bool Transfer(Connection& c, Random& random, int client) {
  if (random() % 10 == 0) {
    return c.Run("SELECT sum(balance) FROM accounts") &&
           c.Run("INSERT INTO checks VALUES (" + Number(static_cast<uint64_t>(client)) + ", " +
                 std::to_string(c.value()) + ")");
  }
  const uint64_t from = random() % 100;
  const uint64_t to = (from + 1 + random() % 99) % 100;
  const std::string amount = Number(1 + random() % 10);
  return c.Run("SELECT balance FROM accounts WHERE id = " + Number(from)) &&
         c.Run("SELECT balance FROM accounts WHERE id = " + Number(to)) &&
         c.Run("UPDATE accounts SET balance = balance - " + amount +
               " WHERE id = " + Number(from)) &&
         c.Run("UPDATE accounts SET balance = balance + " + amount + " WHERE id = " + Number(to));
}

// Two rows that must not be below zero together; what is taken is taken from one of them.
bool WriteSkew(Connection& c, Random& random, int /*client*/) {
  const std::string pair = Number(random() % 200);
  if (!c.Run("SELECT sum(balance) FROM pairs WHERE pair = " + pair)) return false;
  const bool enough = c.value() >= 10;
  return c.Run("UPDATE pairs SET balance = balance " + std::string(enough ? "- 10" : "+ 50") +
               " WHERE pair = " + pair + " AND side = " + Number(random() % 2));
}

// Ten rows of ten thousand are read and a row of the client's own is written; one in ten changes a
// row instead. No circle can come of it.
bool ReadMostly(Connection& c, Random& random, int client) {
  if (random() % 10 == 0) {
    return c.Run("UPDATE items SET v = v + 1 WHERE id = " + Number(random() % 10000));
  }
  for (int i = 0; i < 10; ++i) {
    if (!c.Run("SELECT v FROM items WHERE id = " + Number(random() % 10000))) return false;
  }
  return c.Run("UPDATE seen SET n = n + 1 WHERE client = " + Number(static_cast<uint64_t>(client)));
}

// Each client reads and changes rows of its own, beside those of the others.
bool Disjoint(Connection& c, Random& random, int client) {
  const uint64_t first = static_cast<uint64_t>(client) * 10;
  return c.Run("SELECT sum(v) FROM own WHERE id BETWEEN " + Number(first) + " AND " +
               Number(first + 9)) &&
         c.Run("UPDATE own SET v = v + 1 WHERE id = " + Number(first + random() % 10)) &&
         c.Run("INSERT INTO notes VALUES (" + Number(static_cast<uint64_t>(client)) + ", 1)");
}

// Each client counts the orders of its own region by a scan with a filter, and adds one.
bool Regions(Connection& c, Random& /*random*/, int client) {
  const std::string region = Number(static_cast<uint64_t>(client));
  return c.Run("SELECT count(*) FROM orders WHERE region = " + region + " AND open") &&
         c.Run("INSERT INTO orders VALUES (" + region + ", true, " + std::to_string(c.value()) +
               ")");
}

const Workload kWorkloads[] = {
    {"transfer",
     "DROP TABLE IF EXISTS accounts, checks; CREATE TABLE accounts (id int PRIMARY KEY, balance "
     "bigint); CREATE TABLE checks (client int, total bigint); INSERT INTO accounts SELECT i, 1000 "
     "FROM generate_series(0, 99) i",
     Transfer,
     "SELECT CASE WHEN (SELECT sum(balance) FROM accounts) = 100000 AND NOT EXISTS (SELECT 1 FROM "
     "checks WHERE total <> 100000) THEN 1 ELSE 0 END"},
    {"write skew",
     "DROP TABLE IF EXISTS pairs; CREATE TABLE pairs (pair int, side int, balance int, PRIMARY KEY "
     "(pair, side)); INSERT INTO pairs SELECT i / 2, i % 2, 50 FROM generate_series(0, 399) i",
     WriteSkew,
     "SELECT CASE WHEN EXISTS (SELECT 1 FROM pairs GROUP BY pair HAVING sum(balance) < 0) THEN 0 "
     "ELSE 1 END"},
    {"read mostly",
     "DROP TABLE IF EXISTS items, seen; CREATE TABLE items (id int PRIMARY KEY, v int); CREATE "
     "TABLE seen (client int PRIMARY KEY, n int); INSERT INTO items SELECT i, 0 FROM "
     "generate_series(0, 9999) i; INSERT INTO seen SELECT i, 0 FROM generate_series(0, 999) i",
     ReadMostly, "SELECT 1"},
    {"disjoint keys",
     "DROP TABLE IF EXISTS own, notes; CREATE TABLE own (id int PRIMARY KEY, v int); CREATE TABLE "
     "notes (client int, n int); INSERT INTO own SELECT i, 0 FROM generate_series(0, 9999) i",
     Disjoint,
     "SELECT CASE WHEN (SELECT sum(v) FROM own) = (SELECT count(*) FROM notes) THEN 1 ELSE 0 END"},
    {"regions by scan",
     "DROP TABLE IF EXISTS orders; CREATE TABLE orders (region int, open bool, place bigint); "
     "INSERT INTO orders SELECT i % 64, false, 0 FROM generate_series(1, 2000) i",
     Regions,
     "SELECT CASE WHEN EXISTS (SELECT 1 FROM orders WHERE open GROUP BY region, place HAVING "
     "count(*) > 1) THEN 0 ELSE 1 END"},
};

struct Counts {
  std::atomic<int64_t> commits{0}, reads{0}, updates{0}, deadlocks{0};
};

void Serve(const Workload& workload, const char* conninfo, int client, Counts& counts,
           const std::atomic<bool>& stop) {
  Connection c(conninfo);
  c.Run("SET default_transaction_isolation = 'serializable'");
  c.Run("SET deadlock_timeout = '100ms'");
  Random random(static_cast<uint64_t>(client) + 1);
  while (!stop) {
    if (c.Run("BEGIN") && workload.run(c, random, client) && c.Run("COMMIT")) {
      ++counts.commits;
      continue;
    }
    if (c.sqlstate() == "40P01") {
      ++counts.deadlocks;
    } else if (c.message().find("concurrent") != std::string::npos) {
      ++counts.updates;
    } else {
      ++counts.reads;
    }
    c.Run("ROLLBACK");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: serializable CONNINFO CLIENTS SECONDS\n");
    return 2;
  }
  const char* conninfo = argv[1];
  const int clients = std::atoi(argv[2]);
  const double seconds = std::atof(argv[3]);
  for (const Workload& workload : kWorkloads) {
    Connection control(conninfo);
    control.Run(workload.setup);
    Counts counts;
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (int client = 0; client < clients; ++client) {
      threads.emplace_back([&, client] { Serve(workload, conninfo, client, counts, stop); });
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    stop = true;
    for (std::thread& thread : threads) thread.join();
    control.Run(workload.invariant);
    if (control.value() != 1) {
      std::fprintf(stderr, "%s: the invariant does not hold\n", workload.name);
      return 1;
    }
    const auto attempts =
        static_cast<double>(counts.commits + counts.reads + counts.updates + counts.deadlocks) /
        100;
    std::printf("%s\t%.0f\t%.2f\t%.2f\t%.2f\n", workload.name,
                static_cast<double>(counts.commits) / seconds,
                static_cast<double>(counts.reads) / attempts,
                static_cast<double>(counts.updates) / attempts,
                static_cast<double>(counts.deadlocks) / attempts);
    std::fflush(stdout);
  }
  return 0;
}
