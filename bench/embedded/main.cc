// OxiBase and SQLite inside this program, both in memory: prepared statements, each its own
// transaction, the two in turn. Prints the medians and how many times as fast OxiBase is.
//
//   usage: embedded [ROWS [ROUNDS [NAME]]]   (100000 rows, 5 rounds, operations whose name has
//   NAME)

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <vector>

#include "engine.h"

namespace oxibase::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Operation {
  const char* name;
  int64_t times;  // in a round
  std::function<double(Engine&, int64_t i)> run;
  /// Outside of the time: takes back what `run` has done.
  std::function<void(Engine&, int64_t i)> undo;
};

double NanosEach(const Operation& operation, Engine& engine, double* sum) {
  const auto begin = Clock::now();
  for (int64_t i = 0; i < operation.times; ++i) *sum += operation.run(engine, i);
  const std::chrono::duration<double, std::nano> nanos = Clock::now() - begin;
  if (operation.undo) {
    for (int64_t i = 0; i < operation.times; ++i) operation.undo(engine, i);
  }
  return nanos.count() / static_cast<double>(operation.times);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int Main(int64_t rows, int rounds, std::string_view wanted) {
  // Visits all keys before it repeats one.
  const auto key = [rows](int64_t i) { return 1 + i * 7919 % rows; };
  const std::vector<Operation> operations = {
      {"select by key", 200'000, [=](Engine& e, int64_t i) { return e.Select(key(i)); }, nullptr},
      {"insert", 50'000, [=](Engine& e, int64_t i) { return e.Insert(rows + 1 + i), 0.0; },
       [=](Engine& e, int64_t i) { e.Delete(rows + 1 + i); }},
      {"update by key", 100'000,
       [=](Engine& e, int64_t i) { return e.Update(key(i), static_cast<double>(i)), 0.0; },
       [=](Engine& e, int64_t i) { e.Update(key(i), AccountRow(key(i)).balance); }},
      {"aggregate, all rows", 10, [](Engine& e, int64_t) { return e.Aggregate(); }, nullptr},
      {"aggregate, 100 groups", 10, [](Engine& e, int64_t) { return e.AggregateGroups(); },
       nullptr},
  };
  const std::unique_ptr<Engine> engines[] = {OpenOxibase(), OpenSqlite()};
  for (const auto& engine : engines) engine->Load(rows);
  std::printf("%-24s %14s %14s %7s\n", "ns each, medians", engines[0]->name(), engines[1]->name(),
              "ratio");
  for (const Operation& operation : operations) {
    if (std::string_view(operation.name).find(wanted) == std::string_view::npos) continue;
    std::vector<double> times[2];
    double sums[2] = {};
    for (int round = 0; round < rounds; ++round) {
      for (int e = 0; e < 2; ++e) {
        times[e].push_back(NanosEach(operation, *engines[e], &sums[e]));
      }
    }
    const double mine = Median(times[0]), theirs = Median(times[1]);
    std::printf("%-24s %14.0f %14.0f %7.2f\n", operation.name, mine, theirs, theirs / mine);
    if (std::abs(sums[0] - sums[1]) > 1e-9 * std::abs(sums[0])) {
      std::fprintf(stderr, "%s: the answers differ (%.17g, %.17g)\n", operation.name, sums[0],
                   sums[1]);
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace oxibase::bench

int main(int argc, char** argv) {
  const int64_t rows = argc > 1 ? std::atoll(argv[1]) : 100'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  if (rows < 1 || rounds < 1) {
    std::fprintf(stderr, "usage: embedded [ROWS [ROUNDS [NAME]]]\n");
    return 2;
  }
  return oxibase::bench::Main(rows, rounds, argc > 3 ? argv[3] : "");
}
