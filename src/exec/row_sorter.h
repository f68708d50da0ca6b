#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/arena.h"
#include "common/key_codec.h"
#include "common/vector.h"

namespace oxibase {

/// Puts row numbers in order by keys. Keys are normalised to bytes whose memcmp order is the order
/// wanted: the first 16 lie in the entry itself, so that most comparisons are of two words. Equal
/// keys keep the order of arrival. Not thread-safe.
class RowSorter {
 public:
  struct Key {
    Type type;
    bool descending = false;
    bool nulls_first = false;
  };

  explicit RowSorter(std::vector<Key> keys);

  void Clear();
  /// Has as little memory as a new one.
  void Release();
  /// Adds the rows of `keys` (one vector a key) as numbers `first_row`, first_row + 1, ...
  void Add(std::span<const Vector* const> keys, uint32_t rows, uint32_t first_row);
  void Sort();
  /// Keeps only the `count` least entries, in no order. REQUIRES: count <= size()
  void KeepLeast(size_t count);
  /// Keeps the first `count` entries as they stand.
  void Truncate(size_t count) { entries_.resize(count); }

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  uint32_t row(size_t i) const { return entries_[i].row; }
  void set_row(size_t i, uint32_t row) { entries_[i].row = row; }
  /// Whether entries i and j have equal keys.
  bool SameKey(size_t i, size_t j) const {
    return !Less(entries_[i], entries_[j], false) && !Less(entries_[j], entries_[i], false);
  }
  /// Whether entry i comes before entry j; equal keys by arrival.
  bool EntryLess(size_t i, size_t j) const { return Less(entries_[i], entries_[j], true); }
  /// Appends entry i's whole key: bytes whose memcmp order, shorter first, is the order of keys.
  void AppendKeyBytes(size_t i, std::string* to) const;
  size_t bytes() const { return entries_.capacity() * sizeof(Entry) + arena_.bytes_reserved(); }

 private:
  struct Entry {
    uint64_t high, low;  // the first 16 bytes of the key, big-endian, zeros behind
    const char* rest;    // from byte 16 on
    uint32_t rest_size;
    uint32_t row;
  };
  static bool Less(const Entry& a, const Entry& b, bool by_row);

  void AddFixed(std::span<const Vector* const> keys, uint32_t rows);

  std::vector<Key> keys_;
  bool fixed_;  // all keys are of fixed width and fit the entry
  std::vector<Entry> entries_;
  Arena arena_;
  std::string scratch_;
};

}  // namespace oxibase
