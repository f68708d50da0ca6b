#pragma once

#include <cstdint>
#include <string>

#include "history.h"

namespace oxibase::history {

struct WorkloadOptions {
  std::string program;   // the server to start
  std::string folder;    // where its data go
  std::string conninfo;  // instead: a server that runs already; it is not killed
  std::string level = "serializable";
  uint64_t seed = 1;
  int sessions = 8;
  /// Ends after this time, or so many transactions (0: no bound).
  double seconds = 5;
  int64_t transactions = 0;
  int keys = 6;
  /// SIGKILLs to the server, spread over the time, each with a restart.
  int kills = 0;
};

struct WorkloadReport {
  History history;  // the last transaction reads all keys after all others have ended
  int kills = 0;
  int64_t refused = 0;  // 40001 and 40P01
  std::string error;    // not empty: it could not be run
};

/// Random transactions of several clients: appends to lists, reads of lists by key and by range,
/// some of them read only, rolled back, or back to a savepoint. A few keys are in use at a time,
/// and are replaced by others when their lists have grown.
WorkloadReport RunWorkload(const WorkloadOptions& options);

}  // namespace oxibase::history
