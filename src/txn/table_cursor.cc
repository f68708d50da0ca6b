#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"
#include "txn/visibility.h"

namespace oxibase {

TableCursor::TableCursor(Transaction&, const Tablet& tablet, RowId first, RowId last)
    : tablet_(&tablet), first_(first), last_(last), next_(first) {}

void TableCursor::Rewind() { next_ = first_; }

size_t TableCursor::Next(const Snapshot& snapshot, std::span<RowRef> rows) {
  size_t found = 0;
  uint64_t left;
  RowId row = next_;
  if (row > last_ || row.value == UINT64_MAX) return 0;
  while (found < rows.size()) {
    const RowDirectory::Slot* slot = tablet_->rows().FirstFrom(&row, &left);
    if (slot == nullptr || row > last_) {
      next_ = RowId(UINT64_MAX);
      return found;
    }
    for (; left > 0 && found < rows.size() && row <= last_; --left, ++slot, ++row.value) {
      const RowVersion* version = VisibleVersion(RowDirectory::HeadOf(*slot), snapshot);
      if (version != nullptr) rows[found++] = {row, version};
    }
  }
  next_ = row;
  return found;
}

RowRef GetRow(const Transaction&, const Tablet& tablet, const Snapshot& snapshot, RowId id) {
  return {id, VisibleVersion(tablet.rows().Head(id), snapshot)};
}

}  // namespace oxibase
