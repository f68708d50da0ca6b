#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "runner.h"

namespace oxibase::sim {

/// What became of many seeds.
struct Outcome {
  uint64_t seeds = 0;
  uint64_t runs = 0;  // of the workload; with crash points in turn more than seeds
  std::map<uint64_t, std::string> failures;  // by seed
  std::map<std::string, uint64_t> counts;
};

struct WorkOptions {
  int jobs = 1;
  bool twice = false;        // each seed, which must bring forth the same trace
  bool every_point = false;  // each seed once for each place where power may go
  bool bitmap = false;       // the index on the value is a bitmap index
  bool verbose = false;
  bool quiet = false;  // what a broken invariant says is not shown
};

/// Runs seeds from..to in processes of their own: one that a broken invariant ends counts as
/// failed.
Outcome RunSeeds(uint64_t from, uint64_t to, const WorkOptions& options);

}  // namespace oxibase::sim
