#pragma once

#include <cstdint>
#include <string>

#include "common/status.h"
#include "env/env.h"

namespace oxibase {

/// Writes what is whole in a damaged data folder, which stays as it is, into another one:
///
///   salvage.sql     tables with all rows of which it is sure that they are the last ones, as SQL
///   undecided.sql   rows that may have been changed or removed later, since what says so is lost;
///                   to be looked at after salvage.sql was loaded; only if there are such
///   report.txt      what is damaged, with file and offset; what is lost; what was not applied
struct SalvageOptions {
  std::string folder;
  /// Is made, or is empty.
  std::string out;
  uint64_t memory_limit = 0;  // as of DatabaseOptions
};
struct SalvageSummary {
  uint64_t losses = 0;  // lines of the report
  uint64_t tables = 0;
  uint64_t rows = 0;
  uint64_t undecided_rows = 0;
  uint64_t not_applied_transactions = 0;
};

/// REQUIRES: nobody writes into the folder meanwhile. Errors: kUndefinedFile: there is no database.
/// kDuplicateFile: `out` holds something, or lies in the folder. The system's.
Result<SalvageSummary> SalvageFolder(Env& env, const SalvageOptions& options);

}  // namespace oxibase
