#include "txn/past_cursor.h"

#include <algorithm>

#include "storage/mvcc/tablet.h"
#include "txn/past_segment_scan.h"
#include "txn/segment_scan.h"
#include "txn/visibility.h"

namespace oxibase {

Result<size_t> PastCursor::NextNewest(RowId last, std::span<RowRef> rows, RowId* end) {
  const Snapshot snapshot{at_, {}, 0};
  for (;;) {
    const SegmentList* list = tablet_->segments();
    size_t found = 0;
    if (list != nullptr) {
      SegmentScan scan(*tablet_, *list, snapshot, next_, last, nullptr, SegmentScan::Mode::kPast);
      ASSIGN_OR_RETURN(found, scan.Read(rows));
      *end = scan.next();
    } else {
      RowId row = next_;
      uint64_t left;
      while (found < rows.size()) {
        const RowDirectory::Slot* slot = tablet_->rows().FirstFrom(&row, &left);
        if (slot == nullptr || row > last) {
          row = RowId(UINT64_MAX);
          break;
        }
        for (; left > 0 && found < rows.size() && row <= last; --left, ++slot, ++row.value) {
          const RowVersion* version = VisibleVersion(RowDirectory::HeadOf(*slot), snapshot);
          if (version != nullptr) rows[found++] = {row, version};
        }
      }
      *end = row;
    }
    // Rows may have gone where this did not look.
    if (tablet_->segments() == list) return found;
  }
}

Result<size_t> PastCursor::Next(std::span<RowRef> rows) {
  if (newest_ == nullptr) {
    newest_ = std::make_unique<RowRef[]>(kVectorSize);
    superseded_ = std::make_unique<RowRef[]>(kVectorSize);
  }
  const size_t room = std::min<size_t>(rows.size(), kVectorSize);
  while (next_.value != UINT64_MAX) {
    // What has left memory for history since the time was pinned is in memory still.
    const std::shared_ptr<const SegmentList> list = tablet_->segment_list();
    size_t superseded = 0;
    RowId last(UINT64_MAX - 1);
    if (list != nullptr && !list->past.parts.empty()) {
      PastSegmentScan history(*list, at_, next_);
      for (; superseded < room; ++superseded) {
        ASSIGN_OR_RETURN(const bool more, history.Next());
        if (!more) break;
        superseded_[superseded] = history.row();
      }
      if (superseded == room) last = superseded_[superseded - 1].id;
    }
    RowId end;
    ASSIGN_OR_RETURN(const size_t newest, NextNewest(last, {newest_.get(), room}, &end));
    // Both are whole up to here.
    if (end <= last) last = RowId(end.value - 1);
    size_t found = 0;
    size_t i = 0, j = 0;
    while (found < room) {
      const uint64_t a = i < newest ? newest_[i].id.value : UINT64_MAX;
      const uint64_t b = j < superseded ? superseded_[j].id.value : UINT64_MAX;
      const uint64_t id = std::min(a, b);
      if (id > last.value) break;
      rows[found++] = b == id ? superseded_[j] : newest_[i];
      i += a == id ? 1 : 0;
      j += b == id ? 1 : 0;
    }
    if (found == room) {
      next_ = RowId(rows[found - 1].id.value + 1);
    } else {
      next_ = last.value >= UINT64_MAX - 1 ? RowId(UINT64_MAX) : RowId(last.value + 1);
    }
    // Somebody's commit, that of a transaction larger than memory, has replaced what was to be
    // found.
    if (at_ < tablet_->history().cut()) {
      return Error(ErrorCode::kInvalidParameterValue,
                   "the history of table \"{}\" has ended and begun anew", tablet_->name());
    }
    if (found > 0) return found;
  }
  return size_t{0};
}

}  // namespace oxibase
