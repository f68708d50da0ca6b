#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "common/ids.h"

namespace oxibase {

/// One version of a row: this header, then the row's bytes (row_layout.h) in the same block. All
/// but `begin`, `next`, kKeysVary and kFrozen is immutable. Versions of a row form a chain, newest
/// first; whoever changes a chain holds the row's latch (RowDirectory), readers walk it under a
/// ReadGuard.
struct alignas(16) RowVersion {
  static constexpr uint8_t kTombstone = 1;   // the row was deleted; there are no row bytes
  static constexpr uint8_t kKeyChanged = 2;  // differs from its predecessor in a unique key
  /// Some version of this row had other index keys than another. Without it every index entry of
  /// the row has the key of every version, and a hit needs no check.
  static constexpr uint8_t kKeysVary = 4;
  /// A segment may have a version of the row, this one or an older one: where no version of the
  /// chain is seen, one of a segment may be, and a deleted row leaves its tombstone.
  static constexpr uint8_t kFrozen = 8;

  /// The commit timestamp, or kTxnIdBit and the writer's TxnId while it is in flight.
  std::atomic<uint64_t> begin;
  std::atomic<RowVersion*> next;
  CommandNumber command;
  uint32_t row_bytes;
  SchemaVersion schema_version;
  std::atomic<uint8_t> flags;

  bool Has(uint8_t flag) const { return (flags.load(std::memory_order_relaxed) & flag) != 0; }
  bool is_tombstone() const { return Has(kTombstone); }
  bool in_flight() const { return (begin.load(std::memory_order_acquire) & kTxnIdBit) != 0; }
  const std::byte* row() const {
    return reinterpret_cast<const std::byte*>(this) + sizeof(RowVersion);
  }
  std::byte* row() { return reinterpret_cast<std::byte*>(this) + sizeof(RowVersion); }
  size_t total_bytes() const { return sizeof(RowVersion) + row_bytes; }

  /// Uninitialised row bytes; begin, next and flags are set. Freed by Destroy.
  static RowVersion* Create(uint64_t begin, CommandNumber command, SchemaVersion schema,
                            uint8_t flags, uint32_t row_bytes);
  static void Destroy(RowVersion* version);
};
static_assert(sizeof(RowVersion) == 32);

}  // namespace oxibase
