#pragma once

#include <absl/container/btree_map.h>

#include <cstdint>
#include <roaring/roaring.hh>
#include <span>

#include "common/ids.h"

namespace oxibase {

/// Row ids of one table as compressed bitmaps (Chambi, Lemire, Kaser, Godin, SPE 2016): dense ids
/// take a bit each or less, sparse ones two bytes. Not thread-safe.
class RowSet {
 public:
  /// False if it was there.
  bool Add(RowId row);
  /// Ascending ids, much quicker than one by one.
  void AddAscending(std::span<const uint64_t> rows);
  /// False if it was not there.
  bool Remove(RowId row);
  bool Contains(RowId row) const;

  RowSet& operator|=(const RowSet& other);
  RowSet& operator&=(const RowSet& other);

  bool empty() const { return parts_.empty(); }
  uint64_t size() const;
  size_t MemoryBytes() const;

  /// Finds ids in ascending order. The set outlives it and does not change meanwhile.
  class Cursor {
   public:
    /// `set` null: finds none.
    explicit Cursor(const RowSet* set) : set_(set) {}
    /// The first id at or after `row`; the largest possible if there is none. Quick where `row`
    /// does not go back.
    RowId FirstFrom(RowId row);

   private:
    static constexpr uint32_t kAtOnce = 256;
    bool Fill(uint64_t row);

    const RowSet* set_;
    roaring_uint32_iterator_t iterator_{};
    bool begun_ = false;
    uint64_t from_ = 0;  // ids_ has what comes from here on
    uint64_t high_ = 0;
    uint32_t count_ = 0, at_ = 0;
    uint32_t ids_[kAtOnce];
  };

 private:
  // By the upper half of the id; none is empty.
  absl::btree_map<uint32_t, Roaring> parts_;
};

}  // namespace oxibase
