#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/arena.h"
#include "common/vector.h"

namespace oxibase {

/// Distinct keys of some columns, each with a few bytes of payload: the table behind grouping,
/// hash joins, DISTINCT and set operations. NULLs are equal to each other.
///
/// An entry is one block: hash, null bits, the key's values side by side, the payload (aligned to
/// 16, zeroed), so that a lookup touches one cache line of the directory and one or two of the
/// entry. The directory holds entry pointers with 16 bits of the hash on top. Entries never move
/// and keep the order of insertion. Not thread-safe.
class KeyTable {
 public:
  KeyTable(std::vector<Type> types, size_t payload_bytes);
  KeyTable(KeyTable&&) noexcept = default;
  KeyTable& operator=(KeyTable&&) noexcept = default;

  void Clear();
  size_t size() const { return entries_.size(); }
  const std::vector<Type>& types() const { return types_; }

  /// Payloads of the rows' keys; keys that are new get an entry. `created[0..result)`: the rows
  /// that made one. `keys` of the table's types; `sel` (may be null) says which rows: payloads[i]
  /// then belongs to row sel[i].
  uint32_t FindOrInsert(std::span<const Vector* const> keys, const uint32_t* sel, uint32_t rows,
                        std::byte** payloads, uint32_t* created);
  /// The same without inserting: null where there is no such key.
  void Find(std::span<const Vector* const> keys, const uint32_t* sel, uint32_t rows,
            std::byte** payloads);

  /// The hashes of the last call's rows, by row.
  const uint64_t* hashes() const { return hashes_.get(); }
  /// Payload of entry `i`, in order of insertion.
  std::byte* payload(size_t i) const { return entries_[i] + payload_offset_; }
  /// Key column `column` of the entries [first, first + count); long strings are borrowed.
  void ReadKeys(size_t column, size_t first, uint32_t count, Vector& out) const;

  size_t bytes() const {
    return arena_.bytes_reserved() + slots_.capacity() * 8 + entries_.capacity() * 8;
  }

 private:
  enum class Compare : uint8_t { kBits1, kBits2, kBits4, kBits8, kBits16, kString, kGeneric };
  struct Column {
    Type type;
    Compare compare;
    uint32_t width;
    uint32_t offset;
  };

  template <bool kInsert, int kFast>
  uint32_t Run(const uint32_t* sel, uint32_t rows, std::byte** payloads, uint32_t* created);
  template <bool kInsert>
  uint32_t Dispatch(std::span<const Vector* const> keys, const uint32_t* sel, uint32_t rows,
                    std::byte** payloads, uint32_t* created);
  bool EqualAt(const std::byte* entry, uint32_t row) const;
  std::byte* MakeEntry(uint64_t hash, uint32_t row);
  void Rehash(size_t slots);

  std::vector<Type> types_;
  std::vector<Column> columns_;
  size_t null_words_;
  size_t payload_offset_;
  size_t entry_bytes_;
  Arena arena_;
  std::vector<uint64_t> slots_;  // a power of two; 0: empty
  std::vector<std::byte*> entries_;
  // Of the call under way.
  std::vector<VectorView> views_;
  std::unique_ptr<uint64_t[]> hashes_;
};

}  // namespace oxibase
