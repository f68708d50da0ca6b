// Unique keys. Under the key's latch the newest versions of all other rows with that key are looked
// at, and only if none of them stands in the way the entry is added: of two transactions with one
// key the second sees the first one's entry and waits, while the first never waits for the second.
//
// A deferrable index takes the entry in any case, and waits for nobody. If something was in the
// way, the key is in doubt and looked at again when the constraint is checked; then whoever stands
// in the way is waited for. Of two transactions with one key the second still has seen the first
// one's entry, so that at least one of them looks again.

#include <algorithm>

#include "common/plant.h"
#include "storage/index/index_run.h"
#include "storage/index/ordered_index.h"
#include "storage/mvcc/tablet.h"
#include "storage/segment/segment_list.h"
#include "txn/read_set.h"
#include "txn/row_lock_table.h"
#include "txn/row_write.h"
#include "txn/txn_internals.h"
#include "txn/visibility.h"

namespace oxibase {
namespace {

struct Claim {
  enum class Kind : uint8_t { kFree, kTaken, kInFlight } kind = Kind::kFree;
  RowId row;            // who has it
  uint64_t writer = 0;  // kInFlight
};

/// What `row` means for somebody who wants `key`. `list` may be null.
Result<Claim> ClaimOf(Tablet& tablet, const TabletIndex& index, const SegmentList* list, RowId row,
                      std::string_view key, uint64_t owner, std::string* scratch) {
  using Kind = Claim::Kind;
  const auto has_key = [&](const RowVersion& version) {
    bool has_null;
    return !version.is_tombstone() &&
           index.KeyOfVersion(tablet.schema(), version, scratch, &has_null) && *scratch == key;
  };
  const RowVersion* version = tablet.rows().Head(row);
  if (version == nullptr) {
    if (list == nullptr) return Claim();
    ASSIGN_OR_RETURN(const SegmentList::Place newest, list->FindNewest(row));
    if ((newest.begin & kTxnIdBit) == 0 || newest.begin == (kTxnIdBit | owner)) {
      if (!newest.row) return Claim();
      const RowRef ref{row, nullptr, newest.row.group, newest.row.position};
      ASSIGN_OR_RETURN(const bool has, KeyOfRow(tablet, index, ref, scratch));
      return has && *scratch == key ? Claim{Kind::kTaken, row} : Claim();
    }
    // In flight: it is in memory that it is waited for.
    RETURN_IF_ERROR(tablet.EnsureHot(row).status());
    version = tablet.rows().Head(row);
    if (version == nullptr) return Claim();  // the list has changed, and all is looked at again
  }
  const uint64_t begin = version->begin.load(std::memory_order_acquire);
  if ((begin & kTxnIdBit) == 0 || begin == (kTxnIdBit | owner)) {
    return has_key(*version) ? Claim{Kind::kTaken, row} : Claim();
  }
  // In flight: whether its writer commits, or takes back any part, may bring the key or free it.
  for (; version != nullptr; version = version->next.load(std::memory_order_acquire)) {
    if (has_key(*version)) return Claim{Kind::kInFlight, row, begin & ~kTxnIdBit};
    if (version->begin.load(std::memory_order_acquire) != begin) break;
  }
  return Claim();
}

enum class AddEntry : uint8_t { kNever, kIfFree, kAlways };

/// Looks, and adds the entry as `add` says. Errors: of reading segments.
Result<Claim> TryClaim(Transaction& txn, Tablet& tablet, const TabletIndex& index, RowId row,
                       std::string_view key, AddEntry add) {
  TabletIndex::HashBytes hash;
  const std::string_view tree_key = index.TreeKey(key, hash);
  Claim claim;
  ReadGuard guard(txn);
  MutexLock latch(index.KeyLatch(key));
  const SegmentList* list;
  do {
    list = tablet.segments();
    OXI_POINT();
    Status failed;
    const auto look_at = [&](RowId other) {
      if (other == row) return true;
      Result<Claim> found = ClaimOf(tablet, index, list, other, key, TxnInternals::owner(txn),
                                    &TxnInternals::other_key(txn));
      if (found.ok()) {
        claim = *found;
      } else {
        failed = std::move(found).status();
      }
      return failed.ok() && claim.kind == Claim::Kind::kFree;
    };
    claim = {};
    index.tree().ForEachWithKey(tree_key, look_at);
    OXI_POINT();
    if (list != nullptr && !OXI_PLANT(unique_check_ignores_segments)) {
      for (const SegmentList::Part& part : list->parts) {
        if (!failed.ok() || claim.kind != Claim::Kind::kFree) break;
        const IndexRun* run = part.FindRun(index.spec().oid);
        if (run == nullptr && !index.is_complete()) continue;  // it is on its way out
        if (run == nullptr) return NoRunError(index, *part.segment);
        RETURN_IF_ERROR(run->ForEachWithKey(tree_key, look_at));
      }
    }
    RETURN_IF_ERROR(std::move(failed));
    // Entries may have gone where this did not look.
  } while (tablet.segments() != list && !OXI_PLANT(unique_check_misses_new_segments));
  const bool is_free = claim.kind == Claim::Kind::kFree;
  if (add == AddEntry::kAlways || (add == AddEntry::kIfFree && is_free))
    index.tree().Insert(tree_key, row);
  return claim;
}

Status UniqueViolation(Transaction& txn, const Tablet& tablet, const TabletIndex& index,
                       const RowVersion& version) {
  // A key that was looked for, and not there, was taken by somebody since: try again. Else that it
  // is there has now been read (a savepoint may go on with it).
  RETURN_IF_ERROR(txn.CheckReads());
  if (ReadSet* reads = txn.reads()) reads->AddKey(tablet, index, TxnInternals::key(txn));
  const IndexSpec& spec = index.spec();
  Status status = Error(ErrorCode::kUniqueViolation,
                        "duplicate key value violates unique constraint \"{}\"", spec.name)
                      .Constraint(spec.name);
  if (spec.describe) {
    status.info().detail =
        spec.describe(index.KeyValues(tablet.schema().At(version.schema_version), version.row()));
  }
  return status;
}

bool IsArbiter(const TabletIndex& index, std::span<const TabletIndex* const> arbiters) {
  // (There may be two of one index: REINDEX CONCURRENTLY.)
  return arbiters.empty() ||
         std::any_of(arbiters.begin(), arbiters.end(), [&](const TabletIndex* arbiter) {
           return arbiter->spec().oid == index.spec().oid;
         });
}

}  // namespace

Status FindConflict(Transaction& txn, Tablet& tablet, RowId row, const RowVersion& version,
                    std::span<const TabletIndex* const> arbiters,
                    std::optional<UniqueConflict>* conflict) {
  for (const auto& index : tablet.indexes()) {
    if (!index->spec().unique || !IsArbiter(*index, arbiters)) continue;
    if (index->spec().deferrable) {
      return Error(ErrorCode::kObjectNotInPrerequisiteState,
                   "ON CONFLICT does not support deferrable unique constraints/exclusion "
                   "constraints as arbiters")
          .Constraint(index->spec().name);
    }
    for (;;) {
      bool has_null;
      std::string& key = TxnInternals::key(txn);
      if (!index->KeyOfVersion(tablet.schema(), version, &key, &has_null)) break;
      if (has_null && !index->spec().nulls_not_distinct) break;
      ASSIGN_OR_RETURN(const Claim claim,
                       TryClaim(txn, tablet, *index, row, key, AddEntry::kNever));
      if (claim.kind == Claim::Kind::kFree) break;
      if (claim.kind == Claim::Kind::kTaken) {
        // Nothing may come of it but that the key was there.
        if (ReadSet* reads = txn.reads()) reads->AddKey(tablet, *index, key);
        *conflict = UniqueConflict{claim.row, index.get()};
        return Status::Ok();
      }
      RETURN_IF_ERROR(WaitForWriter(txn, tablet, claim.row, claim.writer));
    }
  }
  return Status::Ok();
}

Status CheckKeyHolders(Transaction& txn, Tablet& tablet, const TabletIndex& index,
                       std::string_view key) {
  for (;;) {
    Claim claim;  // who has it, or may come to have it
    Claim other;  // and another row
    {
      ReadGuard guard(txn);
      MutexLock latch(index.KeyLatch(key));
      const SegmentList* list;
      do {
        list = tablet.segments();
        claim = other = {};
        Status failed;
        const auto look_at = [&](RowId row) {
          Result<Claim> found = ClaimOf(tablet, index, list, row, key, TxnInternals::owner(txn),
                                        &TxnInternals::other_key(txn));
          if (!found.ok()) {
            failed = std::move(found).status();
          } else if (claim.kind == Claim::Kind::kFree) {
            claim = *found;
          } else if (found->row != claim.row) {
            other = *found;
          }
          return failed.ok() && other.kind == Claim::Kind::kFree;
        };
        index.tree().ForEachWithKey(key, look_at);
        if (list != nullptr) {
          for (const SegmentList::Part& part : list->parts) {
            if (!failed.ok() || other.kind != Claim::Kind::kFree) break;
            const IndexRun* run = part.FindRun(index.spec().oid);
            if (run == nullptr) return NoRunError(index, *part.segment);
            RETURN_IF_ERROR(run->ForEachWithKey(key, look_at));
          }
        }
        RETURN_IF_ERROR(std::move(failed));
      } while (tablet.segments() != list);
      if (other.kind == Claim::Kind::kFree) return Status::Ok();
      if (claim.kind == Claim::Kind::kTaken && other.kind == Claim::Kind::kTaken) {
        Status status = Error(ErrorCode::kUniqueViolation, "could not create unique index \"{}\"",
                              index.spec().name)
                            .Constraint(index.spec().name);
        ASSIGN_OR_RETURN(const bool hot, tablet.EnsureHot(claim.row));
        const RowVersion* head = hot ? tablet.rows().Head(claim.row) : nullptr;
        if (head != nullptr && !head->is_tombstone() && index.spec().describe_duplicate) {
          status.info().detail = index.spec().describe_duplicate(
              index.KeyValues(tablet.schema().At(head->schema_version), head->row()));
        }
        return status;
      }
    }
    const Claim& in_flight = claim.kind == Claim::Kind::kInFlight ? claim : other;
    RETURN_IF_ERROR(WaitForWriter(txn, tablet, in_flight.row, in_flight.writer));
  }
}

Status CheckUniqueKey(Transaction& txn, Tablet& tablet, const TabletIndex& index, RowId row) {
  for (;;) {
    const RowVersion* version;
    {
      ReadGuard guard(txn);
      RETURN_IF_ERROR(tablet.EnsureHot(row).status());
      version = tablet.rows().Head(row);
      // What others or older commands left there is not this transaction's to answer for.
      if (version == nullptr || version->is_tombstone() ||
          version->begin.load(std::memory_order_acquire) !=
              (kTxnIdBit | TxnInternals::owner(txn))) {
        return Status::Ok();
      }
    }
    // Its own version stays: only the transaction itself can take it away.
    bool has_null;
    std::string& key = TxnInternals::key(txn);
    if (!index.KeyOfVersion(tablet.schema(), *version, &key, &has_null)) return Status::Ok();
    if (has_null && !index.spec().nulls_not_distinct) return Status::Ok();
    ASSIGN_OR_RETURN(const Claim claim, TryClaim(txn, tablet, index, row, key, AddEntry::kNever));
    if (claim.kind == Claim::Kind::kFree) return Status::Ok();
    if (claim.kind == Claim::Kind::kTaken) return UniqueViolation(txn, tablet, index, *version);
    RETURN_IF_ERROR(WaitForWriter(txn, tablet, claim.row, claim.writer));
  }
}

Status AddIndexEntries(Transaction& txn, Tablet& tablet, RowId row, const RowVersion& version,
                       const Tablet::IndexList& indexes, uint64_t which,
                       std::span<const TabletIndex* const> arbiters,
                       std::optional<UniqueConflict>* conflict) {
  size_t position = 0;
  for (const auto& index : indexes) {
    const size_t bit = position++;
    if (bit < 64 && (which >> bit & 1) == 0) continue;
    for (;;) {
      bool has_null;
      std::string& key = TxnInternals::key(txn);
      if (!index->KeyOfVersion(tablet.schema(), version, &key, &has_null)) break;
      if (!index->spec().unique || (has_null && !index->spec().nulls_not_distinct)) {
        ReadGuard guard(txn);
        index->AddEntry(key, row);
        break;
      }
      const bool deferrable = index->spec().deferrable;
      ASSIGN_OR_RETURN(const Claim claim,
                       TryClaim(txn, tablet, *index, row, key,
                                deferrable ? AddEntry::kAlways : AddEntry::kIfFree));
      if (claim.kind == Claim::Kind::kFree) break;
      if (deferrable) {
        TxnInternals::AddDoubtfulKey(txn, *index, row);
        break;
      }
      if (claim.kind == Claim::Kind::kTaken) {
        if (conflict != nullptr && IsArbiter(*index, arbiters)) {
          if (ReadSet* reads = txn.reads()) reads->AddKey(tablet, *index, key);
          *conflict = UniqueConflict{claim.row, index.get()};
          return Status::Ok();
        }
        return UniqueViolation(txn, tablet, *index, version);
      }
      RETURN_IF_ERROR(WaitForWriter(txn, tablet, claim.row, claim.writer));
    }
  }
  return Status::Ok();
}

}  // namespace oxibase
