// Indexes that are made and dropped while others write.
//
// Making one. The new index is put into the list at once, empty but for the runs of segments (those
// of transactions in flight, too), and not complete: writers keep it, readers do not look at it.
// Who wrote already may go by the list before, so all of them are waited for. From then on every
// new version has its entry, and one pass over the rows in memory adds those of all others: each
// version that somebody may still see. Only then, a unique index is looked through for keys that
// two rows have; what is in flight by then has been claimed by writers who saw every entry. Nothing
// of this is in the log: after a crash there is no such index.
//
// Dropping one is the way back: readers are told first, and waited for; then it leaves the list.
//
// Writers read the list without a guard, since DDL used to be kept out while they do. So a list
// that was replaced beside them stays until all who wrote then have ended.

#include <utility>

#include "storage/index/ordered_index.h"
#include "storage/mvcc/epoch.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {
namespace {

/// Rows between two looks at whether to go on, and between two epochs.
constexpr uint64_t kRowsAtOnce = 4096;

}  // namespace

void Tablet::PublishBeside(IndexList list) {
  const IndexList* old =
      indexes_.exchange(new IndexList(std::move(list)), std::memory_order_acq_rel);
  old_lists_.emplace_back(++lists_replaced_, old);
}

uint64_t Tablet::lists_mark() const {
  MutexLock lock(ddl_mu_);
  return lists_replaced_;
}

void Tablet::ReleaseLists(uint64_t mark) {
  MutexLock lock(ddl_mu_);
  size_t count = 0;
  for (; count < old_lists_.size() && old_lists_[count].first <= mark; ++count) {
    epochs_.Retire(const_cast<IndexList*>(old_lists_[count].second),
                   [](void* object) { delete static_cast<IndexList*>(object); });
  }
  old_lists_.erase(old_lists_.begin(), old_lists_.begin() + static_cast<ptrdiff_t>(count));
}

Result<std::shared_ptr<TabletIndex>> Tablet::BeginIndex(IndexSpec spec) {
  auto index = std::make_shared<TabletIndex>(std::move(spec), schema(), epochs_);
  index->set_complete(false);
  // A segment that is written from now on has a run of it, too.
  MutexLock segments_lock(segments_mu_);
  RETURN_IF_ERROR(RenewRuns(*index));
  MutexLock lock(ddl_mu_);
  IndexList list = indexes();
  list.push_back(index);
  PublishBeside(std::move(list));
  return index;
}

Status Tablet::FillBeside(TabletIndex& index, const std::function<Status()>& check) {
  RowId row(0);
  for (bool more = true; more;) {
    RETURN_IF_ERROR(check());
    MutexLock segments_lock(segments_mu_);  // no row leaves memory meanwhile
    EpochGuard guard(epochs_);
    uint64_t left;
    for (uint64_t done = 0; more && done < kRowsAtOnce; done += left) {
      RowDirectory::Slot* slot = rows_.FirstFrom(&row, &left);
      more = slot != nullptr;
      if (!more) break;
      for (uint64_t i = 0; i < left; ++i, ++slot, ++row.value) {
        if (RowDirectory::HeadOf(*slot) == nullptr) continue;
        RowVersion* head = RowDirectory::Latch(*slot);
        const Status status = FillFromChain(index, row, head, /*check_unique=*/false);
        RowDirectory::Unlatch(*slot, head);
        RETURN_IF_ERROR(status);
      }
    }
  }
  return Status::Ok();
}

std::shared_ptr<TabletIndex> Tablet::SharedIndex(Oid oid) const {
  MutexLock lock(ddl_mu_);
  for (const auto& index : indexes()) {
    if (index->spec().oid == oid && index->is_complete()) return index;
  }
  return nullptr;
}

void Tablet::RemoveIndex(TabletIndex& index) {
  index.set_complete(false);  // who still claims keys in it does without runs
  MutexLock segments_lock(segments_mu_);
  const Oid oid = index.spec().oid;
  bool others = false;
  bool found = false;
  {
    MutexLock lock(ddl_mu_);
    IndexList list;
    for (const auto& one : indexes()) {
      if (one.get() == &index) {
        found = true;
        continue;
      }
      others |= one->spec().oid == oid;
      list.push_back(one);
    }
    if (found) PublishBeside(std::move(list));
  }
  if (found && !others) RemoveRuns(oid);
}

}  // namespace oxibase
