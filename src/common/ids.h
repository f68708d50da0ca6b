#pragma once
// Identifiers, each with its own type so that one cannot be passed for another.

#include <compare>
#include <cstdint>
#include <functional>

namespace oxibase {

template <typename Int, typename Tag>
struct StrongId {
  Int value = 0;

  constexpr StrongId() = default;
  constexpr explicit StrongId(Int v) : value(v) {}
  constexpr auto operator<=>(const StrongId&) const = default;
  constexpr explicit operator bool() const { return value != 0; }

  template <typename H>
  friend H AbslHashValue(H h, const StrongId& id) {
    return H::combine(std::move(h), id.value);
  }
};

/// Identity of a catalog object (table, index, schema, ...): PostgreSQL's oid, never used again.
using Oid = uint32_t;
/// One table's rows in one shard. Log, files and locks name it, never the table.
using TabletId = StrongId<uint64_t, struct TabletIdTag>;
/// Unique in its table for ever; kept by updates; never reused; 0 is none.
using RowId = StrongId<uint64_t, struct RowIdTag>;
/// A column's identity within its table: 1, 2, ... in order of creation; never changes, never
/// reused.
using ColumnId = StrongId<int16_t, struct ColumnIdTag>;
using ShardId = StrongId<uint32_t, struct ShardIdTag>;
/// Position in the write-ahead log, in bytes from its beginning.
using Lsn = StrongId<uint64_t, struct LsnTag>;
/// Version of a table's column list: a row carries the one it was written with.
using SchemaVersion = uint16_t;
/// Orders the statements of one transaction; a statement sees smaller numbers only.
using CommandNumber = uint32_t;

inline constexpr uint64_t kTxnIdBit = uint64_t{1} << 63;

/// A writing transaction: 63 bits of node and counter, without order. 0 is none.
struct TxnId {
  uint64_t value = 0;
  constexpr auto operator<=>(const TxnId&) const = default;
  constexpr explicit operator bool() const { return value != 0; }
};

/// A hybrid logical clock value: 51 bits of microseconds since 2020-01-01 UTC, 12 bits of counter;
/// bit 63 is never set, so that one word of a row version holds a Timestamp or a marked TxnId.
struct Timestamp {
  uint64_t value = 0;
  constexpr auto operator<=>(const Timestamp&) const = default;

  static constexpr int kCounterBits = 12;
  static constexpr Timestamp FromMicros(uint64_t micros_since_2020) {
    return {micros_since_2020 << kCounterBits};
  }
  constexpr uint64_t micros_since_2020() const { return value >> kCounterBits; }
  static constexpr Timestamp Max() { return {kTxnIdBit - 1}; }
};

}  // namespace oxibase

template <typename Int, typename Tag>
struct std::hash<oxibase::StrongId<Int, Tag>> {
  size_t operator()(const oxibase::StrongId<Int, Tag>& id) const {
    return std::hash<Int>()(id.value);
  }
};
