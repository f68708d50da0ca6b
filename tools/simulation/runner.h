#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace oxibase::sim {

struct RunOptions {
  /// Where the first life loses power: its n-th change of a file or name; 0: as the seed says.
  uint64_t stop_at = 0;
  bool verbose = false;
  bool bitmap = false;  // the index on the value is a bitmap index
};

struct RunResult {
  std::string failure;   // empty: all was well
  uint64_t trace = 0;    // of everything that happened
  bool stopped = false;  // power was lost at stop_at, and not before the life ended
  std::map<std::string, uint64_t> counts;
};

/// Runs a seed: lives of a database, one after another, each with sessions, checkpoints, and a
/// fault that ends it; after each the folder is opened again and held against the history.
/// Everything follows from the seed.
RunResult RunSeed(uint64_t seed, const RunOptions& options);

}  // namespace oxibase::sim
