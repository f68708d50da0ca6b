#pragma once

#include <optional>
#include <string>

#include "common/ids.h"
#include "common/status.h"
#include "env/env.h"

namespace oxibase {

/// Where a restored database's history ends: behind the last transaction that is not later. At most
/// one of them; none: all that the log holds.
struct RecoveryStop {
  std::optional<Timestamp> time;     // commits up to here, this one included
  std::optional<TxnId> transaction;  // this one and all before it
  std::optional<Lsn> position;       // what lies wholly before it
};

struct RestoreOptions {
  std::string backup;
  /// Must not be there, or be empty.
  std::string target;
  /// A folder with further files of the log; empty: none.
  std::string archive;
  RecoveryStop stop;
};

struct RestoreReport {
  uint64_t files = 0;
  uint64_t bytes = 0;
  Lsn end;           // of the log
  Timestamp newest;  // commit that it holds
};

/// Makes a data folder out of a backup: checks each file against its checksum while it is copied,
/// adds the archived log, cuts it at `stop`. What it makes of the target is taken away again if it
/// fails. kDataCorrupted, naming the file: damage, or a gap in the log. kInvalidParameterValue: the
/// point lies before the backup, or the log ends before it.
Result<RestoreReport> Restore(Env& env, const RestoreOptions& options);

}  // namespace oxibase
