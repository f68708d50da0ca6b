#pragma once
// The road from operators to rows. Everything above txn reads and writes through these calls; how
// versions, indexes and the log lie below is not seen from here.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/status.h"
#include "common/vector.h"
#include "storage/mvcc/row_layout.h"
#include "txn/snapshot.h"

namespace oxibase {

class RowSet;
class Transaction;
class Tablet;
class TabletIndex;
struct FrozenGroup;
struct RowVersion;

/// A row as a scan found it: a version in memory, or a place in a segment. Good only under the
/// ReadGuard it was found in.
struct RowRef {
  RowId id;
  const RowVersion* version = nullptr;
  const FrozenGroup* group = nullptr;
  uint32_t position = 0;  // in the group

  /// Whether there is a row.
  explicit operator bool() const { return version != nullptr || group != nullptr; }
  /// Of references found under one guard.
  bool SameVersion(const RowRef& other) const {
    return version == other.version && group == other.group && position == other.position;
  }
};

/// Keeps versions that a reader may still look at from being freed (an epoch). Never held across a
/// wait, a return to the caller of Operator::Next at the plan's root, or guest code. Nests; costs a
/// store to a slot of the session.
class ReadGuard {
 public:
  explicit ReadGuard(Transaction& txn);
  ~ReadGuard();
  ReadGuard(const ReadGuard&) = delete;
  ReadGuard& operator=(const ReadGuard&) = delete;

 private:
  Transaction& txn_;
};

/// Copies column `column` (a position in `schema`'s newest layout) of `rows` into `out`: flat, long
/// strings copied into its arena. Rows of older schema versions yield the column's missing value.
/// Errors: of reading segments (58030, XX001). REQUIRES: a ReadGuard
Status GatherColumn(const TableSchema& schema, size_t column, std::span<const RowRef> rows,
                    Vector& out);

/// All visible rows in order of row id. Keeps its place as a row id: between calls it holds
/// nothing.
class TableCursor {
 public:
  /// Rows with ids in [first, last]; for the whole table leave both.
  TableCursor(Transaction&, const Tablet& tablet, RowId first = RowId(0),
              RowId last = RowId(UINT64_MAX));
  /// Up to rows.size() further rows visible to `snapshot`; 0 is the end. Errors: of reading
  /// segments. REQUIRES: a ReadGuard
  Result<size_t> Next(const Snapshot& snapshot, std::span<RowRef> rows);
  void Rewind();
  /// From the next Rewind on only rows of this set, which outlives that.
  void Select(const RowSet& rows) { only_ = &rows; }

 private:
  Result<size_t> NextOverSegments(const Snapshot& snapshot, std::span<RowRef> rows);
  Result<size_t> NextSelected(const Snapshot& snapshot, std::span<RowRef> rows);

  const Tablet* tablet_;
  const RowSet* only_ = nullptr;
  RowId first_, last_, next_;
};

/// The visible row with this id, or none. Errors: of reading segments. REQUIRES: a ReadGuard
Result<RowRef> GetRow(const Transaction& txn, const Tablet& tablet, const Snapshot& snapshot,
                      RowId id);

/// The visible version in memory of the row with this id, or null: then GetRow may find it in a
/// segment. REQUIRES: a ReadGuard
const RowVersion* GetHotRow(const Tablet& tablet, const Snapshot& snapshot, RowId id);

/// The key that the row has in `index`; false: the index leaves the row out. Errors: of reading
/// segments. REQUIRES: a ReadGuard
Result<bool> KeyOfRow(const Tablet& tablet, const TabletIndex& index, const RowRef& row,
                      std::string* key);

/// A range of memcomparable keys (common/key_codec.h). Empty `lower`/no `upper` leave a side open.
struct KeyRange {
  std::string lower;
  std::string upper;
  bool lower_inclusive = true;
  bool upper_inclusive = true;
  bool has_lower = false;
  bool has_upper = false;
  /// A bound may be a prefix of the key: an inclusive upper prefix then covers every key that
  /// begins with it, an exclusive lower prefix leaves all of those out.
};

/// Rows of an ordered index in key order (or the reverse), each with its visible version, whose key
/// has been checked. Keeps its place as a key: between calls it holds nothing.
class IndexCursor {
 public:
  IndexCursor(Transaction& txn, const Tablet& tablet, const TabletIndex& index);
  ~IndexCursor();
  IndexCursor(const IndexCursor&) = delete;
  IndexCursor& operator=(const IndexCursor&) = delete;

  /// Begins anew; reuses what it holds, so that a point lookup allocates nothing. The range's bytes
  /// are copied. A hash index takes equality only (lower == upper, all columns).
  void Seek(const KeyRange& range, bool backward);
  /// From the next Seek on leaves out rows that others keep from being locked in `mode`, and does
  /// not even look at long runs of them.
  void SkipLocked(RowLockMode mode);
  Result<size_t> Next(const Snapshot& snapshot, std::span<RowRef> rows);
  /// Passes over what is left of the entries whose key begins with `prefix`: those of the row found
  /// last.
  void SkipPrefix(std::string_view prefix);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Adds to `rows` all rows that `snapshot` sees with a key in `range` of a bitmap index, and some
/// that it does not see or that have another key: each is to be looked at. What it says holds as
/// long as the snapshot does. Errors: of reading segments. REQUIRES: no ReadGuard
Status CollectRows(Transaction& txn, const Tablet& tablet, const TabletIndex& index,
                   const Snapshot& snapshot, const KeyRange& range, RowSet& rows);

/// What became of an attempt to lock or change one row.
enum class RowOutcome : uint8_t {
  kDone,
  /// READ COMMITTED: someone else changed the row after the snapshot. The row is now locked for us
  /// and the caller re-checks its newest version against a fresh snapshot
  /// (Transaction::LatestSnapshot) and go on or leave it.
  kChanged,
  kDeleted,       // READ COMMITTED: someone else deleted it; nothing to do
  kSkipped,       // LockWait::kSkip
  kSelfModified,  // already changed by this very command: PostgreSQL leaves such a row alone
};

/// A unique index that already has the key of a new row.
struct UniqueConflict {
  RowId row;  // the row that has it
  const TabletIndex* index = nullptr;
};

/// Adds a row; `columns` as in the newest layout. On a key that a live row has: with `conflict`
/// null an error 23505 with PostgreSQL's detail text, else *conflict says which, and nothing is
/// changed (ON CONFLICT; `arbiters` empty: any unique index). Waits for transactions in flight with
/// the same key. A deferrable index takes any key, and adds to the transaction's doubtful ones; it
/// cannot be an arbiter (55000). Errors: 23505, 40P01, 40001, 55000, 57014, 53200.
Result<RowId> InsertRow(Transaction& txn, Tablet& tablet, std::span<const Vector* const> columns,
                        uint32_t row, std::span<const TabletIndex* const> arbiters = {},
                        std::optional<UniqueConflict>* conflict = nullptr);

/// Looks again at a key that was in doubt (Transaction::DoubtfulKey): 23505 if a live row other
/// than `row` has the key that `row` now has in `index`. Waits for transactions in flight with the
/// key. Fine if this transaction's change of the row is gone or has another key. Errors as
/// InsertRow's. REQUIRES: no ReadGuard
Status CheckUniqueKey(Transaction& txn, Tablet& tablet, const TabletIndex& index, RowId row);

/// Replaces the row's values. Waits for another writer; see RowOutcome. REPEATABLE READ meets a
/// change after its snapshot with 40001.
Result<RowOutcome> UpdateRow(Transaction& txn, Tablet& tablet, RowId id, const Snapshot& snapshot,
                             std::span<const Vector* const> columns, uint32_t row);
Result<RowOutcome> DeleteRow(Transaction& txn, Tablet& tablet, RowId id, const Snapshot& snapshot);

/// Locks the row as of `snapshot`, kept until the transaction (or savepoint) ends.
Result<RowOutcome> LockRow(Transaction& txn, Tablet& tablet, RowId id, const Snapshot& snapshot,
                           RowLockMode mode, LockWait wait);

}  // namespace oxibase
