#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "storage/wal/wal_reader.h"

namespace oxibase {

/// Whether the log's records, one after another, make sense together, as replay would take them:
/// each commit has its parts, each of which can be read, and segments that a commit adds are there
/// from their first byte on. Checksums are the reader's. Not thread-safe.
class LogCheck {
 public:
  /// What a commit up to `known` did is in the checkpoint.
  explicit LogCheck(Timestamp known) : known_(known) {}

  /// The next record. kDataCorrupted: it makes no sense where it is; kFeatureNotSupported: a kind
  /// that nothing writes.
  Status Add(const WalReader::Record& record);

 private:
  struct Open {
    /// Bytes so far of each file that it adds: segments (0) and runs (1), by number.
    std::map<std::pair<int, uint64_t>, uint64_t> files;
  };
  Status AddFiles(Open& open, ByteSpan payload);

  const Timestamp known_;
  uint32_t epoch_ = 0;
  std::map<TxnId, Open> open_;
};

}  // namespace oxibase
