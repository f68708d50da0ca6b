// simulation: runs the storage layer from seeds, with simulated time, threads, files and faults,
// and looks for lost, torn and wrong commits (docs/simulation.md).
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdio>
#include <string>

#include "common/plant.h"
#include "plants.h"
#include "workers.h"

namespace {

using namespace oxibase::sim;  // NOLINT(google-build-using-namespace)

bool ParseRange(const std::string& text, uint64_t* from, uint64_t* to) {
  const size_t dots = text.find("..");
  try {
    *from = std::stoull(text.substr(0, dots));
    *to = dots == std::string::npos ? *from : std::stoull(text.substr(dots + 2));
  } catch (const std::exception&) {
    return false;
  }
  return *from >= 1 && *from <= *to;
}

void Report(const Outcome& outcome) {
  uint64_t kinds = 0;
  for (const auto& [name, count] : outcome.counts) {
    if (count == 0) continue;
    kinds += name.starts_with("crash point: ") ? 1 : 0;
    fmt::print("{:>14}  {}\n", count, name);
  }
  fmt::print("{:>14}  kinds of crash points\n", kinds);
}

int Failures(const Outcome& outcome) {
  for (const auto& [seed, what] : outcome.failures) fmt::print("FAIL seed {}: {}\n", seed, what);
  return static_cast<int>(outcome.failures.size());
}

/// The first seed that finds the bug; 0: none of `budget`.
uint64_t FindPlant(const Plant& plant, uint64_t budget, WorkOptions options, std::string* how) {
  oxibase::planted_bug = plant.name;
  options.quiet = true;
  uint64_t found = 0;
  for (uint64_t from = 1, step = 16; from <= budget && found == 0; from += step, step *= 2) {
    const Outcome outcome = RunSeeds(from, std::min(from + step - 1, budget), options);
    if (outcome.failures.empty()) continue;
    found = outcome.failures.begin()->first;
    *how = outcome.failures.begin()->second;
  }
  oxibase::planted_bug = {};
  return found;
}

int FindPlants(const std::string& only, uint64_t budget, const WorkOptions& options) {
  int passed = 0, failed = 0;
  for (const Plant& plant : AllPlants()) {
    if (!only.empty() && only != plant.name) continue;
    std::string how;
    const uint64_t seed = FindPlant(plant, budget, options, &how);
    fmt::print("{} {:<34} {}\n", seed != 0 ? "ok  " : "FAIL", plant.name,
               seed != 0 ? fmt::format("seed {:>4}: {}", seed, how.substr(0, 150))
                         : fmt::format("not found in {} seeds", budget));
    std::fflush(stdout);
    ++(seed != 0 ? passed : failed);
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs the storage layer from seeds");
  std::string seeds = "1..100", plant;
  bool report = false, find_plants = false, list = false;
  uint64_t budget = 6000;
  WorkOptions options;
  app.add_option("--seeds", seeds, "A..B, or one");
  app.add_option("--plant", plant, "A bug that is planted");
  app.add_flag("--find-plants", find_plants, "Plants each bug (or --plant) until a seed finds it");
  app.add_option("--budget", budget, "Seeds for each planted bug");
  app.add_option("--jobs", options.jobs, "Processes")->check(CLI::Range(1, 64));
  app.add_flag("--twice", options.twice, "Runs each seed twice: both must be the same");
  app.add_flag("--bitmap", options.bitmap, "The index on the value is a bitmap index");
  app.add_flag("--every-point", options.every_point,
               "Runs each seed once for each place where power may go");
  app.add_flag("--report", report, "Prints what happened how often");
  app.add_flag("--list", list, "Prints the bugs that can be planted");
  app.add_flag("-v,--verbose", options.verbose, "Prints all events");
  CLI11_PARSE(app, argc, argv);

  if (list) {
    for (const Plant& known : AllPlants()) fmt::print("{:<34} {}\n", known.name, known.text);
    return 0;
  }
  uint64_t from = 0, to = 0;
  const auto plants = AllPlants();
  const bool is_known =
      plant.empty() || std::any_of(plants.begin(), plants.end(),
                                   [&](const Plant& known) { return plant == known.name; });
  if (!ParseRange(seeds, &from, &to) || !is_known) {
    fmt::print(stderr, "simulation: no such {}\n", is_known ? "range of seeds" : "bug");
    return 2;
  }
  if (find_plants) return FindPlants(plant, budget, options);
  oxibase::planted_bug = plant;
  const Outcome outcome = RunSeeds(from, to, options);
  if (report) Report(outcome);
  const int failed = Failures(outcome);
  fmt::print("{} seeds, {} runs, {} lost or torn commits and other failures\n", outcome.seeds,
             outcome.runs, failed);
  fmt::print("{} passed, {} failed\n", outcome.seeds - static_cast<uint64_t>(failed), failed);
  return failed == 0 ? 0 : 1;
}
