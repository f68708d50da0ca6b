#include "txn/index_build.h"

#include <string>
#include <vector>

#include "storage/index/entry_merger.h"
#include "storage/index/index_run.h"
#include "storage/index/run_scan.h"
#include "storage/mvcc/tablet.h"
#include "storage/segment/segment_list.h"
#include "txn/row_write.h"
#include "txn/txn_internals.h"
#include "txn/visibility.h"

namespace oxibase {
namespace {

/// Rows of memory whose keys are gathered before they are looked at.
constexpr size_t kRowsAtOnce = 256;

/// The keys that each row in memory has, or will have if the transaction in flight rolls back.
Status CheckRowsInMemory(Transaction& txn, Tablet& tablet, const TabletIndex& index) {
  TxnHooks* const hooks = TxnInternals::hooks(txn);
  std::vector<std::string> keys;
  std::string key;
  RowId row(0);
  for (bool more = true; more;) {
    keys.clear();
    {
      ReadGuard guard(txn);
      while (more && keys.size() < kRowsAtOnce) {
        uint64_t left;
        const RowDirectory::Slot* slot = tablet.rows().FirstFrom(&row, &left);
        more = slot != nullptr;
        for (; more && left > 0; --left, ++slot, ++row.value) {
          const RowVersion* version = RowDirectory::HeadOf(*slot);
          for (; version != nullptr; version = version->next.load(std::memory_order_acquire)) {
            bool has_null;
            if (!version->is_tombstone() &&
                index.KeyOfVersion(tablet.schema(), *version, &key, &has_null) &&
                (!has_null || index.spec().nulls_not_distinct)) {
              keys.push_back(key);
            }
            if (!version->in_flight()) break;
          }
        }
      }
    }
    for (const std::string& one : keys) {
      RETURN_IF_ERROR(CheckKeyHolders(txn, tablet, index, one));
    }
    if (hooks != nullptr) RETURN_IF_ERROR(hooks->CheckInterrupts());
  }
  return Status::Ok();
}

/// Those that two rows of segments share.
Status CheckRowsInSegments(Transaction& txn, Tablet& tablet, const TabletIndex& index) {
  const std::shared_ptr<const SegmentList> list = tablet.segment_list();
  if (list == nullptr) return Status::Ok();
  std::vector<std::unique_ptr<EntryStream>> streams;
  for (const SegmentList::Part& part : list->parts) {
    const IndexRun* run = part.FindRun(index.spec().oid);
    if (run == nullptr) return NoRunError(index, *part.segment);
    streams.push_back(std::make_unique<RunScan>(run->file()));
  }
  TxnHooks* const hooks = TxnInternals::hooks(txn);
  EntryMerger entries(std::move(streams));
  std::string key;
  RowId row(0);
  for (uint64_t count = 0;; ++count) {
    if (count % 4096 == 0 && hooks != nullptr) RETURN_IF_ERROR(hooks->CheckInterrupts());
    ASSIGN_OR_RETURN(const bool more, entries.Next());
    if (!more) return Status::Ok();
    if (row.value == 0 || entries.key() != key) {
      key.assign(entries.key());
    } else if (entries.row() != row) {
      RETURN_IF_ERROR(CheckKeyHolders(txn, tablet, index, key));
    }
    row = entries.row();
  }
}

}  // namespace

Status WaitForTableHolders(Transaction& txn, Oid table, TableLockMode mode) {
  return TxnInternals::table_locks(txn).WaitForHolders(txn, TxnInternals::owner(txn), {0, table},
                                                       mode);
}

Status CheckUniqueIndex(Transaction& txn, Tablet& tablet, const TabletIndex& index) {
  // In this order: what leaves memory meanwhile is in the segments that are looked at then.
  RETURN_IF_ERROR(CheckRowsInMemory(txn, tablet, index));
  return CheckRowsInSegments(txn, tablet, index);
}

}  // namespace oxibase
