// What a killed process cannot show: a machine that loses power. The database runs on a simulated
// file system that then forgets writes, renames and folder entries that were not synced, and tears
// the last ones. Sessions transfer money, and make and drop tables; power goes at a random write;
// the database is opened again and must hold every acknowledged transaction, no part of any other,
// and the same sum.
//
//   power_loss_check [--losses N] [--seed N]
//
// The last line is "N passed, N failed"; a failure prints the seed that repeats the run's choices
// (threads still interleave as they like).
#include <fmt/core.h>

#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/database.h"
#include "engine/session.h"
#include "env/env.h"
#include "env/sim_file_system.h"
#include "env/thread.h"

namespace oxibase {
namespace {

constexpr int kAccounts = 20;
constexpr int kWorkers = 3;
constexpr int64_t kSum = kAccounts * 100;

/// Runs `sql`; the first column of the first row, as a number, goes to `number`.
Status Run(Session& session, const std::string& sql, int64_t* number = nullptr) {
  bool first = true;
  return session.Execute(sql, [&](Portal&, const Batch* batch) {
    if (batch == nullptr || batch->empty() || !first || number == nullptr) return Status::Ok();
    const Value value = batch->columns[0].GetValue(0);
    *number = value.is_null() ? 0 : value.As<int64_t>();
    first = false;
    return Status::Ok();
  });
}

/// What clients were told, over all lives of one database.
struct Acknowledged {
  bool is_set_up = false;
  int64_t transfers[kWorkers] = {};  // 1 to this of each worker
  int64_t tables = 0;                // 1 to this were made
  int64_t dropped = 0;               // 1 to this were dropped
  int64_t begun_drops = 0;           // tried at least
};

class Life {
 public:
  Life(SimFileSystem& files, uint64_t seed, Acknowledged& told)
      : env_(Env::Real().clock(), Env::Real().random(), files), seed_(seed), told_(told) {}

  Status Open() {
    DatabaseOptions options;
    options.path = "db";
    options.checkpoint_bytes = 20000;
    options.env = &env_;
    ASSIGN_OR_RETURN(db_, Database::Open(options));
    return Status::Ok();
  }

  Status SetUp() {
    if (told_.is_set_up) return Status::Ok();
    ASSIGN_OR_RETURN(const auto session, db_->Connect({}));
    RETURN_IF_ERROR(Run(*session,
                        "BEGIN; CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL);"
                        "CREATE TABLE history (worker int, n bigint, note text,"
                        "                      id bigint GENERATED ALWAYS AS IDENTITY,"
                        "                      PRIMARY KEY (worker, n));"
                        "INSERT INTO account SELECT i, 100 FROM generate_series(1, 20) AS g(i);"
                        "COMMIT"));
    told_.is_set_up = true;
    return Status::Ok();
  }

  /// Work until power goes.
  void Work() {
    std::vector<Thread> threads;
    for (int worker = 0; worker < kWorkers; ++worker)
      threads.emplace_back("transfers", [this, worker] { Transfers(worker); });
    threads.emplace_back("tables", [this] { Tables(); });
    for (Thread& thread : threads) thread.Join();
  }

  /// Empty if all is as it must be.
  std::string Check() {
    auto session = db_->Connect({});
    if (!session.ok()) return "no session: " + std::string(session.status().message());
    std::string failure;
    const auto number = [&](const std::string& sql) {
      int64_t value = -1;
      const Status status = Run(**session, sql, &value);
      if (!status.ok() && failure.empty())
        failure = fmt::format("{}: {} {}", sql, SqlState(status.code()), status.message());
      return value;
    };
    const auto expect = [&](bool good, const std::string& what) {
      if (!good && failure.empty()) failure = what;
    };
    const int64_t sum = number("SELECT sum(balance)::bigint FROM account");
    expect(sum == kSum, fmt::format("the sum is {}", sum));
    for (int worker = 0; worker < kWorkers; ++worker) {
      const auto where = fmt::format(" FROM history WHERE worker = {}", worker);
      const int64_t highest = number("SELECT coalesce(max(n), 0)" + where);
      const int64_t count = number("SELECT count(*)" + where);
      const int64_t told = told_.transfers[worker];
      expect(highest >= told, fmt::format("worker {}: {} transfers were acknowledged, {} are there",
                                          worker, told, highest));
      expect(count == highest, fmt::format("worker {}: {} of {} rows", worker, count, highest));
      told_.transfers[worker] = highest;
    }
    expect(number("SELECT count(*) FROM history WHERE note || '' <> 'transfer'") == 0,
           "a row of history has lost its text");
    expect(number("SELECT count(*) - count(DISTINCT id) FROM history") == 0,
           "an identity value was given out twice");
    for (int64_t i = 1; i <= told_.dropped; ++i) {
      const Status status = Run(**session, fmt::format("SELECT a FROM made{}", i));
      expect(status.code() == ErrorCode::kUndefinedTable,
             fmt::format("the dropped table made{} is there", i));
    }
    for (int64_t i = told_.dropped + 1; i <= told_.tables + 1; ++i) {
      int64_t rows = -1;
      const Status status =
          Run(**session, fmt::format("SELECT sum(b)::bigint FROM made{} WHERE a > 0", i), &rows);
      if (status.ok()) expect(rows == 10, fmt::format("table made{} is not whole: {}", i, rows));
      const bool may_miss = i > told_.tables || i <= told_.begun_drops;
      expect(status.ok() || may_miss, fmt::format("table made{} is gone", i));
    }
    if (failure.empty() &&
        Run(**session, fmt::format("SELECT 1 FROM made{}", told_.tables + 1)).ok())
      ++told_.tables;
    while (failure.empty() && told_.dropped < told_.begun_drops &&
           !Run(**session, fmt::format("SELECT 1 FROM made{}", told_.dropped + 1)).ok())
      ++told_.dropped;
    told_.begun_drops = told_.dropped;
    return failure;
  }

 private:
  void Transfers(int worker) {
    std::mt19937_64 random(seed_ * 31 + static_cast<uint64_t>(worker));
    auto session = db_->Connect({});
    if (!session.ok()) return;
    while (true) {
      const int64_t n = told_.transfers[worker] + 1;
      // In order of account, so that they wait for each other and never in a circle.
      const int from = 1 + static_cast<int>(random() % (kAccounts - 1));
      const int to =
          from + 1 + static_cast<int>(random() % static_cast<uint64_t>(kAccounts - from));
      const auto amount = static_cast<int64_t>(random() % 21) - 10;
      const Status status =
          Run(**session,
              fmt::format("BEGIN;"
                          "UPDATE account SET balance = balance - {0} WHERE id = {1};"
                          "UPDATE account SET balance = balance + {0} WHERE id = {2};"
                          "INSERT INTO history (worker, n, note) VALUES ({3}, {4}, 'transfer');"
                          "COMMIT",
                          amount, from, to, worker, n));
      if (!status.ok()) return Note(status);
      told_.transfers[worker] = n;
      if (random() % 40 == 0 && !Run(**session, "CHECKPOINT").ok()) return;
    }
  }

  void Tables() {
    std::mt19937_64 random(seed_ * 37);
    auto session = db_->Connect({});
    if (!session.ok()) return;
    while (true) {
      const int64_t n = told_.tables + 1;
      Status status =
          Run(**session, fmt::format("BEGIN; CREATE TABLE made{0} (a int, b int);"
                                     "INSERT INTO made{0} VALUES (1, 1), (2, 2), (3, 3);"
                                     "SAVEPOINT s; DELETE FROM made{0}; ROLLBACK TO s;"
                                     "CREATE UNIQUE INDEX made{0}_a ON made{0} (a);"
                                     "INSERT INTO made{0} VALUES (4, 4); COMMIT",
                                     n));
      if (!status.ok()) return Note(status);
      told_.tables = n;
      if (random() % 3 == 0) {
        told_.begun_drops = told_.dropped + 1;
        status = Run(**session, fmt::format("DROP TABLE made{}", told_.begun_drops));
        if (!status.ok()) return Note(status);
        told_.dropped = told_.begun_drops;
      }
    }
  }

  /// A session ended: because power went, and for no other reason.
  void Note(const Status& status) {
    const ErrorCode code = status.code();
    if (code == ErrorCode::kIoError || code == ErrorCode::kTransactionResolutionUnknown) return;
    fmt::print("unexpected: {} {}\n", SqlState(code), status.message());
    failed_ = true;
  }

 public:
  bool failed() const { return failed_; }

 private:
  ComposedEnv env_;
  const uint64_t seed_;
  Acknowledged& told_;
  std::atomic<bool> failed_{false};
  std::unique_ptr<Database> db_;
};

/// How much there was to lose, over all databases.
struct Work {
  int64_t transfers = 0;
  int64_t tables = 0;
};

/// Lives of one database until `losses` are used up, at most eight. Returns whether all went well.
bool RunDatabase(uint64_t seed, int* losses, Work* done) {
  SimFileSystem files;
  files.MakeDirectory(".").Ignore("memory");
  Acknowledged told;
  std::mt19937_64 random(seed);
  for (int life = 0; life < 8 && *losses > 0; ++life) {
    if (told.is_set_up) files.StopAt(files.write_points() + 1 + random() % 800);
    bool failed = false;
    {
      Life working(files, seed + static_cast<uint64_t>(life), told);
      Status status = working.Open();
      if (status.ok()) status = working.SetUp();
      if (status.ok()) {
        if (life == 0) files.StopAt(files.write_points() + 1 + random() % 800);
        working.Work();
      } else if (status.code() != ErrorCode::kIoError) {
        fmt::print("seed {}: opening: {} {}\n", seed, SqlState(status.code()), status.message());
        return false;
      }
      failed = working.failed();
    }
    files.Crash(random());
    --*losses;
    Life checking(files, seed, told);
    const Status opened = checking.Open();
    std::string failure = opened.ok()
                              ? checking.Check()
                              : fmt::format("cannot be opened: {} {} {}", SqlState(opened.code()),
                                            opened.message(), opened.info().detail);
    if (failure.empty() && failed) failure = "a session failed";
    if (!failure.empty()) {
      fmt::print("seed {}, life {}: {}\n", seed, life, failure);
      return false;
    }
  }
  for (const int64_t transfers : told.transfers) done->transfers += transfers;
  done->tables += told.tables;
  return true;
}

}  // namespace
}  // namespace oxibase

int main(int argc, char** argv) {
  int losses = 50;
  uint64_t seed = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--losses") == 0) losses = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--seed") == 0) seed = std::strtoull(argv[i + 1], nullptr, 10);
  }
  const int wanted = losses;
  int failed = 0;
  oxibase::Work done;
  for (; losses > 0; seed += 100)
    if (!oxibase::RunDatabase(seed, &losses, &done)) ++failed;
  fmt::print("{} losses of power, {} transfers and {} tables survived them\n", wanted,
             done.transfers, done.tables);
  fmt::print("{} passed, {} failed\n", wanted - failed, failed);
  return failed == 0 ? 0 : 1;
}
