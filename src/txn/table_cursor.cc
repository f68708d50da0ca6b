#include "storage/index/row_set.h"
#include "storage/mvcc/tablet.h"
#include "txn/segment_scan.h"
#include "txn/tablet_access.h"
#include "txn/visibility.h"

namespace oxibase {

TableCursor::TableCursor(Transaction&, const Tablet& tablet, RowId first, RowId last)
    : tablet_(&tablet), first_(first), last_(last), next_(first) {}

void TableCursor::Rewind() { next_ = first_; }

Result<size_t> TableCursor::Next(const Snapshot& snapshot, std::span<RowRef> rows) {
  size_t found = 0;
  uint64_t left;
  RowId row = next_;
  if (row > last_ || row.value == UINT64_MAX) return found;
  if (tablet_->segments() != nullptr) return NextOverSegments(snapshot, rows);
  if (only_ != nullptr) return NextSelected(snapshot, rows);
  while (found < rows.size()) {
    const RowDirectory::Slot* slot = tablet_->rows().FirstFrom(&row, &left);
    if (slot == nullptr || row > last_) {
      row = RowId(UINT64_MAX);
      break;
    }
    for (; left > 0 && found < rows.size() && row <= last_; --left, ++slot, ++row.value) {
      const RowVersion* version = VisibleVersion(RowDirectory::HeadOf(*slot), snapshot);
      if (version != nullptr) rows[found++] = {row, version};
    }
  }
  // The first segments came meanwhile, and rows may have gone there.
  if (tablet_->segments() != nullptr) [[unlikely]]
    return NextOverSegments(snapshot, rows);
  next_ = row;
  return found;
}

Result<size_t> TableCursor::NextSelected(const Snapshot& snapshot, std::span<RowRef> rows) {
  RowSet::Cursor wanted(only_);
  size_t found = 0;
  RowId row = next_;
  while (found < rows.size()) {
    row = wanted.FirstFrom(row);
    if (row > last_ || row.value == UINT64_MAX) {
      row = RowId(UINT64_MAX);
      break;
    }
    const RowVersion* version = VisibleVersion(tablet_->rows().Head(row), snapshot);
    if (version != nullptr) rows[found++] = {row, version};
    ++row.value;
  }
  if (tablet_->segments() != nullptr) [[unlikely]]
    return NextOverSegments(snapshot, rows);  // as above
  next_ = row;
  return found;
}

Result<size_t> TableCursor::NextOverSegments(const Snapshot& snapshot, std::span<RowRef> rows) {
  for (;;) {
    const SegmentList* newest = tablet_->segments();
    SegmentScan scan(*tablet_, *newest, snapshot, next_, last_, only_);
    ASSIGN_OR_RETURN(const size_t found, scan.Read(rows));
    if (tablet_->segments() != newest) continue;  // rows may have gone where this did not look
    next_ = scan.next();
    return found;
  }
}

Result<RowRef> ResolveRow(const Tablet& tablet, const SegmentList& list, const Snapshot& snapshot,
                          RowId row) {
  const ChainView view = LookAtChain(tablet.rows().Head(row), snapshot);
  if (view.version != nullptr || !view.look_below) return RowRef{row, view.version};
  ASSIGN_OR_RETURN(const FrozenRow frozen, list.Find(row, snapshot));
  return RowRef{row, nullptr, frozen.group, frozen.position};
}

Result<RowRef> GetRow(const Transaction&, const Tablet& tablet, const Snapshot& snapshot,
                      RowId id) {
  for (;;) {
    const SegmentList* newest = tablet.segments();
    RowRef found;
    if (newest == nullptr) {
      found = {id, VisibleVersion(tablet.rows().Head(id), snapshot)};
    } else {
      ASSIGN_OR_RETURN(found, ResolveRow(tablet, *newest, snapshot, id));
    }
    // A version in memory is what it is; a segment's counts if memory cannot have gone elsewhere.
    if (found.version != nullptr || tablet.segments() == newest) return found;
  }
}

const RowVersion* GetHotRow(const Tablet& tablet, const Snapshot& snapshot, RowId id) {
  return VisibleVersion(tablet.rows().Head(id), snapshot);
}

Result<bool> KeyOfRow(const Tablet& tablet, const TabletIndex& index, const RowRef& row,
                      std::string* key) {
  bool has_null;
  if (row.version != nullptr) {
    return index.KeyOfVersion(tablet.schema(), *row.version, key, &has_null);
  }
  std::vector<std::byte> bytes;
  ASSIGN_OR_RETURN(const RowLayout* layout,
                   row.group->ReadRow(row.position, tablet.schema(), bytes));
  return index.KeyOfRow(*layout, bytes.data(), key, &has_null);
}

}  // namespace oxibase
