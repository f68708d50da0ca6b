// What a tablet's history needs of its chains: superseded versions for checkpoints, and all of them
// after recovery.

#include <cstring>

#include "common/status.h"
#include "storage/mvcc/epoch.h"
#include "storage/mvcc/tablet.h"
#include "storage/segment/segment_list.h"

namespace oxibase {

RowId Tablet::ScanSuperseded(
    Timestamp since, Timestamp at, RowId first,
    const std::function<void(RowId, Timestamp end, const RowVersion&)>& emit,
    const std::function<bool()>& more) {
  RowId row = first;
  std::vector<std::pair<const RowVersion*, uint64_t>> found;
  for (;;) {
    EpochGuard guard(epochs_);  // anew for each page, so that memory can be freed meanwhile
    uint64_t left;
    const RowDirectory::Slot* slot = rows_.FirstFrom(&row, &left);
    if (slot == nullptr) return RowId(0);
    for (; left > 0; --left, ++slot, ++row.value) {
      const RowVersion* newer = RowDirectory::HeadOf(*slot);
      if (newer == nullptr) continue;
      found.clear();
      // (In flight counts as later.)
      uint64_t end = newer->begin.load(std::memory_order_acquire);
      for (const RowVersion* version = newer->next.load(std::memory_order_acquire);
           version != nullptr && end > since.value;
           version = version->next.load(std::memory_order_acquire)) {
        const uint64_t begin = version->begin.load(std::memory_order_acquire);
        if (end <= at.value && begin < end && !version->is_tombstone()) {
          found.emplace_back(version, end);
        }
        end = begin;
      }
      for (auto it = found.rbegin(); it != found.rend(); ++it) emit(row, {it->second}, *it->first);
      if (!more()) return RowId(row.value + 1);
    }
  }
}

// Replay has put what the log has of a row into its chain; what the last checkpoint had comes
// behind it.
Status Tablet::AppendFrozen(RowId row, RowVersion* head, const SegmentList& list) {
  RowVersion* oldest = head;
  while (RowVersion* next = oldest->next.load(std::memory_order_relaxed)) oldest = next;
  if (!oldest->Has(RowVersion::kFrozen)) return Status::Ok();
  ASSIGN_OR_RETURN(const SegmentList::Place newest, list.FindNewest(row));
  if (!newest.row || newest.begin >= oldest->begin.load(std::memory_order_relaxed)) {
    return Status::Ok();
  }
  std::vector<std::byte> bytes;
  ASSIGN_OR_RETURN(const RowLayout* layout,
                   newest.row.group->ReadRow(newest.row.position, schema(), bytes));
  RowVersion* version =
      RowVersion::Create(newest.begin, 0, layout->version(),
                         static_cast<uint8_t>(RowVersion::kFrozen | RowVersion::kKeysVary),
                         static_cast<uint32_t>(bytes.size()));
  std::memcpy(version->row(), bytes.data(), bytes.size());
  oldest->next.store(version, std::memory_order_release);
  memory_.Add(static_cast<int64_t>(version->total_bytes()));
  return Status::Ok();
}

Status Tablet::FinishHistory() {
  const std::shared_ptr<const SegmentList> list = segment_list();
  RowId row(0);
  uint64_t left;
  while (RowDirectory::Slot* slot = rows_.FirstFrom(&row, &left)) {
    for (; left > 0; --left, ++slot, ++row.value) {
      RowVersion* head = RowDirectory::HeadOf(*slot);
      if (head == nullptr) continue;
      if (list != nullptr) RETURN_IF_ERROR(AppendFrozen(row, head, *list));
      uint64_t end = head->begin.load(std::memory_order_relaxed);
      for (RowVersion* version = head->next.load(std::memory_order_relaxed); version != nullptr;
           version = version->next.load(std::memory_order_relaxed)) {
        const uint64_t begin = version->begin.load(std::memory_order_relaxed);
        history_.Keep({row, version, begin, end});
        end = begin;
      }
    }
  }
  history_.SortKept();
  return Status::Ok();
}

}  // namespace oxibase
