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

}  // namespace oxibase
