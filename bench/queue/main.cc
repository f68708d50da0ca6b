// A queue in a table: many consumers take jobs with FOR UPDATE SKIP LOCKED, while jobs that are
// done and jobs that others have locked lie about and an old snapshot is open. Over libpq, so that
// the same program measures OxiBase and PostgreSQL. bench/queue.sh runs it on both.

#include <libpq-fe.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string connect;
  std::string name = "server";
  bool deletes = false;  // DELETE ... RETURNING instead of UPDATE
  int64_t done = 1'000'000;
  int64_t locked = 100'000;
  int64_t churn = 100'000;  // jobs taken after the old snapshot began and before it is measured
  double age = 300;         // seconds that the old snapshot is open before it is measured
  int consumers = 32;
  double seconds = 10;
  int pairs = 5;
};

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultDeleter>;

class Connection {
 public:
  explicit Connection(const std::string& info) : conn_(PQconnectdb(info.c_str())) {
    if (PQstatus(conn_) != CONNECTION_OK) Fail(PQerrorMessage(conn_));
  }
  ~Connection() { PQfinish(conn_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  ResultPtr Run(const std::string& sql) {
    return Checked(ResultPtr(PQexec(conn_, sql.c_str())), sql);
  }
  void Prepare(const char* sql) {
    Checked(ResultPtr(PQprepare(conn_, "take", sql, 0, nullptr)), sql);
  }
  /// Whether there was a job.
  bool Take() {
    ResultPtr result(PQexecPrepared(conn_, "take", 0, nullptr, nullptr, nullptr, 0));
    return PQntuples(Checked(std::move(result), "take").get()) == 1;
  }

 private:
  ResultPtr Checked(ResultPtr result, const std::string& sql) {
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      Fail(sql + ": " + PQerrorMessage(conn_));
    }
    return result;
  }
  PGconn* conn_;
};

struct Measured {
  double jobs_per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

class QueueBench {
 public:
  explicit QueueBench(const Options& options) : options_(options), admin_(options.connect) {
    for (int i = 0; i < options_.consumers; ++i) {
      consumers_.push_back(std::make_unique<Connection>(options_.connect));
    }
  }

  void Load() {
    admin_.Run("DROP TABLE IF EXISTS jobs");
    admin_.Run(
        "CREATE TABLE jobs (id bigint PRIMARY KEY, status text NOT NULL, payload text NOT NULL)");
    admin_.Run("CREATE INDEX jobs_by_status ON jobs (status, id)");
    Insert("done", options_.done);
    first_ready_ = next_id_;
    Insert("kept", options_.locked);
    admin_.Run("ANALYZE jobs");
    const char* update =
        "UPDATE jobs SET status = 'done' WHERE id = (SELECT id FROM jobs WHERE status = 'ready' "
        "ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, payload";
    const char* remove =
        "DELETE FROM jobs WHERE id = (SELECT id FROM jobs WHERE status = 'ready' "
        "ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, payload";
    for (auto& consumer : consumers_) consumer->Prepare(options_.deletes ? remove : update);
  }

  void Run() {
    locker_ = std::make_unique<Connection>(options_.connect);
    Lock();
    Supply(0, 100'000);
    rate_ = Take(std::min(options_.seconds, 3.0), INT64_MAX).jobs_per_second;

    std::vector<Measured> with_locked, without_locked;
    for (int pair = 0; pair < options_.pairs; ++pair) {
      Unlock();
      without_locked.push_back(Measure());
      Lock();
      with_locked.push_back(Measure());
    }
    Report("without locked jobs", without_locked);
    Report("with locked jobs", with_locked);
    const double p99 =
        Median(with_locked, &Measured::p99_ms) / Median(without_locked, &Measured::p99_ms);

    std::vector<Measured> with_snapshot, without_snapshot;
    for (int pair = 0; pair < options_.pairs; ++pair) {
      without_snapshot.push_back(Measure());
      with_snapshot.push_back(MeasureWithSnapshot());
    }
    Report("without old snapshot", without_snapshot);
    Report("with old snapshot", with_snapshot);
    const double loss = 1 - Median(with_snapshot, &Measured::jobs_per_second) /
                                Median(without_snapshot, &Measured::jobs_per_second);
    std::printf("%-10s p99 with locked jobs: %.2f times; loss by the old snapshot: %.1f %%\n",
                options_.name.c_str(), p99, 100 * loss);
  }

 private:
  void Insert(const char* status, int64_t count) {
    constexpr int64_t kAtOnce = 100'000;
    while (count > 0) {
      const int64_t now = std::min(count, kAtOnce);
      admin_.Run("INSERT INTO jobs SELECT i, '" + std::string(status) +
                 "', 'payload of job ' || i FROM generate_series(" + std::to_string(next_id_) +
                 ", " + std::to_string(next_id_ + now - 1) + ") i");
      next_id_ += now;
      count -= now;
    }
  }
  /// Jobs for so many seconds at one and a half times the rate seen, and some more.
  void Supply(double seconds, int64_t more) {
    const auto wanted = static_cast<int64_t>(1.5 * rate_ * seconds) + more;
    if (ready_ < wanted) {
      Insert("ready", wanted - ready_);
      ready_ = wanted;
    }
  }
  // Others hold the oldest jobs. While they do not, these jobs are kept out of the queue.
  std::string LockedIds() const {
    return "id >= " + std::to_string(first_ready_) + " AND id < " +
           std::to_string(first_ready_ + options_.locked);
  }
  void Lock() {
    locker_->Run("UPDATE jobs SET status = 'ready' WHERE status = 'kept' AND " + LockedIds());
    locker_->Run("BEGIN");
    locker_->Run("SELECT count(*) FROM (SELECT 1 FROM jobs WHERE " + LockedIds() +
                 " FOR UPDATE) locked");
  }
  void Unlock() {
    locker_->Run("UPDATE jobs SET status = 'kept' WHERE " + LockedIds());
    locker_->Run("COMMIT");
  }

  Measured Measure() {
    Supply(options_.seconds, options_.consumers);
    return Take(options_.seconds, INT64_MAX);
  }
  Measured MeasureWithSnapshot() {
    Supply(options_.seconds, options_.churn + options_.consumers);
    Connection old(options_.connect);
    old.Run("BEGIN ISOLATION LEVEL REPEATABLE READ");
    old.Run("SELECT count(*) FROM jobs WHERE id < 10");
    const auto begun = Clock::now();
    Take(options_.age, options_.churn);
    std::this_thread::sleep_until(begun + std::chrono::duration_cast<Clock::duration>(
                                              std::chrono::duration<double>(options_.age)));
    const Measured measured = Take(options_.seconds, INT64_MAX);
    old.Run("COMMIT");
    return measured;
  }

  /// All consumers, for so long or until so many jobs are taken.
  Measured Take(double seconds, int64_t jobs_max) {
    std::vector<std::vector<float>> latencies(consumers_.size());
    std::atomic<int64_t> taken{0};
    const auto begin = Clock::now();
    const auto end =
        begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    std::vector<std::thread> threads;
    for (size_t i = 0; i < consumers_.size(); ++i) {
      threads.emplace_back([&, i] {
        for (;;) {
          const auto before = Clock::now();
          if (before >= end || taken.load(std::memory_order_relaxed) >= jobs_max) return;
          if (!consumers_[i]->Take()) return;  // there are no more
          const std::chrono::duration<float, std::milli> took = Clock::now() - before;
          latencies[i].push_back(took.count());
          taken.fetch_add(1, std::memory_order_relaxed);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> took = Clock::now() - begin;
    ready_ -= taken.load();
    std::vector<float> all;
    for (const auto& some : latencies) all.insert(all.end(), some.begin(), some.end());
    if (all.empty()) return {};
    std::sort(all.begin(), all.end());
    Measured measured;
    measured.jobs_per_second = static_cast<double>(all.size()) / took.count();
    measured.p50_ms = all[all.size() / 2];
    measured.p99_ms = all[all.size() * 99 / 100];
    return measured;
  }

  static double Median(const std::vector<Measured>& runs, double Measured::* what) {
    std::vector<double> values;
    for (const Measured& run : runs) values.push_back(run.*what);
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }
  void Report(const char* what, const std::vector<Measured>& runs) const {
    std::printf("%-10s %-22s %9.0f jobs/s, p50 %7.2f ms, p99 %7.2f ms  (", options_.name.c_str(),
                what, Median(runs, &Measured::jobs_per_second), Median(runs, &Measured::p50_ms),
                Median(runs, &Measured::p99_ms));
    for (size_t i = 0; i < runs.size(); ++i) {
      std::printf("%s%.0f", i > 0 ? " " : "", runs[i].jobs_per_second);
    }
    std::printf(")\n");
    std::fflush(stdout);
  }

  Options options_;
  Connection admin_;
  std::unique_ptr<Connection> locker_;
  std::vector<std::unique_ptr<Connection>> consumers_;
  int64_t next_id_ = 1;
  int64_t first_ready_ = 1;
  int64_t ready_ = 0;  // that nobody has locked
  double rate_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const char* value = argv[i + 1];
    if (name == "--connect") {
      options.connect = value;
    } else if (name == "--name") {
      options.name = value;
    } else if (name == "--form") {
      options.deletes = std::strcmp(value, "delete") == 0;
    } else if (name == "--done") {
      options.done = std::atoll(value);
    } else if (name == "--locked") {
      options.locked = std::atoll(value);
    } else if (name == "--churn") {
      options.churn = std::atoll(value);
    } else if (name == "--age") {
      options.age = std::atof(value);
    } else if (name == "--consumers") {
      options.consumers = std::atoi(value);
    } else if (name == "--seconds") {
      options.seconds = std::atof(value);
    } else if (name == "--pairs") {
      options.pairs = std::atoi(value);
    } else {
      Fail("no option " + name);
    }
  }
  if (options.connect.empty())
    Fail("usage: queue --connect CONNINFO [--name NAME] [--form update|delete] ...");
  QueueBench bench(options);
  bench.Load();
  bench.Run();
}
