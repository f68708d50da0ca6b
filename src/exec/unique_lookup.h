#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "exec/row_guess.h"
#include "storage/index/ordered_index.h"
#include "storage/index/tablet_index.h"
#include "storage/mvcc/row_version.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"
#include "txn/transaction.h"

namespace oxibase {

/// Finds the one row that has a key, where an ordered unique index says that there is one at most,
/// without a cursor. For an integer key it looks first where RowGuess says: a visible row that has
/// the key is the one, and the index need not be asked.
class UniqueLookup {
 public:
  UniqueLookup(const Tablet& tablet, const TabletIndex& index);

  /// Whether every key of this index is of one visible row at most, NULLs aside.
  static bool Serves(const TabletIndex& index);
  /// Whether that holds for this transaction now. Beside its own row with a key, an old snapshot
  /// sees the one that had the key before, and was deleted since.
  static bool ServesNow(const Transaction& txn) {
    return !txn.repeatable_read() || !txn.has_writes();
  }

  /// The row that `visible(RowId)`, which gives its visible version or null, shows with this key
  /// (all columns, none NULL), or none. `*sure` tells whether none means that there is none: else
  /// an IndexCursor must look. REQUIRES: a ReadGuard
  template <typename Visible>
  RowRef Find(std::string_view key, Visible&& visible, bool* sure) {
    *sure = true;
    int64_t integer = 0;
    if (guesses_) {
      integer = IntegerOf(key);
      const RowId row = guess_.For(integer);
      if (row.value != 0) {
        const RowVersion* version = visible(row);
        if (version != nullptr && HasInteger(*version, integer)) {
          guess_.Right(integer);
          return {row, version};
        }
      }
    }
    // One entry mostly; others are of rows that are gone or on their way.
    RowId rows[4];
    const size_t found = index_.tree().FindFirst(key, rows, std::size(rows), sure);
    for (size_t i = 0; i < found; ++i) {
      const RowVersion* version = visible(rows[i]);
      // An entry may be of an older version with another key.
      if (version == nullptr || (version->Has(RowVersion::kKeysVary) && !HasKey(*version, key))) {
        continue;
      }
      if (guesses_) guess_.Learn(integer, rows[i]);
      return {rows[i], version};
    }
    if (tablet_.segments() != nullptr) *sure = false;
    return {};
  }

 private:
  int64_t IntegerOf(std::string_view key) const;
  bool HasInteger(const RowVersion& version, int64_t integer) const;
  bool HasKey(const RowVersion& version, std::string_view key);

  const Tablet& tablet_;
  const TabletIndex& index_;
  const RowLayout* layout_;  // the newest
  bool guesses_ = false;     // the key is one integer, in this place of the row
  size_t key_column_ = 0;
  RowGuess guess_;
  std::string key_;
};

}  // namespace oxibase
