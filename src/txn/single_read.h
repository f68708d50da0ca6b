#pragma once

#include <cstdint>
#include <string_view>

#include "txn/tablet_access.h"

namespace oxibase {

/// A read of one row outside of any transaction: a table lock and an epoch, but no snapshot that
/// collectors must look at, no transaction's begin and no end. It knows only rows whose newest
/// version is committed and visible; whoever finds no answer here asks again in a transaction.
///
/// Why that suffices: a row whose newest version began at or before the time that was read first
/// has this version at that time, whatever happens to it later, and the epoch keeps its memory. A
/// row that is not found may have been taken away since, so its absence is never told from here.
///
/// For as short as it takes to copy a row; nothing may wait meanwhile.
class SingleRead {
 public:
  /// Takes an ACCESS SHARE lock on the table. REQUIRES: !txn.active()
  SingleRead(Transaction& txn, Oid table);
  ~SingleRead() {
    if (locked_) End();
  }
  SingleRead(const SingleRead&) = delete;
  SingleRead& operator=(const SingleRead&) = delete;

  /// False: somebody holds or wants a strong lock, or this session's last commit is not visible
  /// yet.
  explicit operator bool() const { return locked_; }

  /// The row's newest version, if it is committed, visible and no tombstone. Good as long as this
  /// object. REQUIRES: bool(*this)
  const RowVersion* Newest(const Tablet& tablet, RowId row) const;

 private:
  void End();

  Transaction& txn_;
  const Oid table_;
  uint64_t owner_ = 0;
  uint64_t read_ts_ = 0;
  int16_t slot_ = -1;
  bool locked_ = false;
};

}  // namespace oxibase
