#pragma once

#include <cstdint>

#include "storage/mvcc/snapshot.h"

namespace oxibase {

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
