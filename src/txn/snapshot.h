#pragma once

#include "common/ids.h"

namespace oxibase {

/// What a statement sees: versions committed at or before `read_ts`, and those its own transaction
/// wrote in earlier commands.
struct Snapshot {
  Timestamp read_ts;
  TxnId own;  // none until the transaction writes
  CommandNumber command = 0;
};

enum class IsolationLevel : uint8_t { kReadCommitted, kRepeatableRead, kSerializable };

/// Row locks, weakest first, with PostgreSQL's conflict table.
enum class RowLockMode : uint8_t { kKeyShare, kShare, kNoKeyUpdate, kUpdate };
enum class LockWait : uint8_t { kBlock, kNoWait, kSkip };

/// PostgreSQL's table lock levels, weakest first.
enum class TableLockMode : uint8_t {
  kAccessShare,
  kRowShare,
  kRowExclusive,
  kShareUpdateExclusive,
  kShare,
  kShareRowExclusive,
  kExclusive,
  kAccessExclusive,
};

}  // namespace oxibase
