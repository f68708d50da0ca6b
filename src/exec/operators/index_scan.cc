#include "exec/operators/index_scan.h"

#include "exec/operators/table_scan.h"
#include "storage/index/tablet_index.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {

Status IndexScanOperator::Prepare() {
  RETURN_IF_ERROR(fetcher_.Prepare());
  ASSIGN_OR_RETURN(index_, state().tables.FindIndex(*plan_.table, plan_.index));
  ranges_.emplace(plan_.range, index_->spec());
  RETURN_IF_ERROR(ranges_->Prepare());
  if (ranges_->is_unique_point() && UniqueLookup::Serves(*index_)) {
    lookup_.emplace(fetcher_.tablet(), *index_);
  }
  return {};
}

Status IndexScanOperator::DoOpen() {
  begun_ = done_ = false;
  override_.reset();
  fetcher_.Rewind();
  return {};
}

Result<size_t> IndexScanOperator::FindDistinct(std::span<RowRef> refs) {
  size_t found = 0;
  while (found < refs.size()) {
    ASSIGN_OR_RETURN(const size_t next, cursor_->Next(context().snapshot, refs.subspan(found, 1)));
    if (next == 0) break;
    ASSIGN_OR_RETURN(const bool has_key, KeyOfRow(fetcher_.tablet(), *index_, refs[found], &key_));
    if (has_key) cursor_->SkipPrefix(key_);
    ++found;
  }
  return found;
}

void IndexScanOperator::Seek() {
  if (!cursor_ || cursor_txn_ != context().txn) {
    cursor_txn_ = context().txn;
    cursor_ = std::make_unique<IndexCursor>(*cursor_txn_, fetcher_.tablet(), *index_);
    const auto skipping = state().skipping_scans.find(plan_.scan_id);
    if (skipping != state().skipping_scans.end()) cursor_->SkipLocked(skipping->second);
  }
  cursor_->Seek(ranges_->range(), plan_.backward);
  if (fetcher_.reads().Wanted()) unread_ = ranges_->range();
}

Status IndexScanOperator::NoteRead(const RowRef* last) {
  if (last == nullptr || ranges_->is_unique_point()) {
    fetcher_.reads().Range(fetcher_.tablet(), *index_, unread_);
    return {};
  }
  // A scan that stops early (LIMIT) has read no further than this key.
  RETURN_IF_ERROR(KeyOfRow(fetcher_.tablet(), *index_, *last, &key_).status());
  KeyRange part = unread_;
  if (plan_.backward) {
    part.lower = unread_.upper = key_;
    part.has_lower = unread_.has_upper = true;
    part.lower_inclusive = unread_.upper_inclusive = true;
  } else {
    part.upper = unread_.lower = key_;
    part.has_upper = unread_.has_lower = true;
    part.upper_inclusive = unread_.lower_inclusive = true;
  }
  fetcher_.reads().Range(fetcher_.tablet(), *index_, part);
  return {};
}

Result<size_t> IndexScanOperator::Find(std::span<RowRef> refs) {
  if (done_) return size_t{0};
  if (looks_up_) {
    looks_up_ = false;
    fetcher_.reads().Key(fetcher_.tablet(), *index_, ranges_->point_key());
    const auto visible = [&](RowId row) {
      return GetHotRow(fetcher_.tablet(), context().snapshot, row);
    };
    bool sure;
    refs[0] = lookup_->Find(ranges_->point_key(), visible, &sure);
    done_ = sure || refs[0].version != nullptr;
    if (done_) return size_t{refs[0] ? 1u : 0u};
    ranges_->MakePointRange();
    Seek();
  }
  for (;;) {
    ASSIGN_OR_RETURN(const size_t found,
                     plan_.distinct ? FindDistinct(refs) : cursor_->Next(context().snapshot, refs));
    if (fetcher_.reads().Wanted()) {
      RETURN_IF_ERROR(NoteRead(found > 0 ? &refs[found - 1] : nullptr));
    }
    if (found > 0) {
      done_ = ranges_->is_unique_point() && UniqueLookup::ServesNow(*context().txn);
      return found;
    }
    if (!ranges_->NextRange()) {
      done_ = true;
      return size_t{0};
    }
    Seek();
  }
}

Result<const Batch*> IndexScanOperator::Recheck(RowId row) {
  return fetcher_.Recheck(row, [&](const RowRef& ref) -> Result<bool> {
    ASSIGN_OR_RETURN(const bool has_key, KeyOfRow(fetcher_.tablet(), *index_, ref, &key_));
    return has_key && ranges_->Contains(key_);
  });
}

Status IndexScanOperator::Begin() {
  begun_ = true;
  ASSIGN_OR_RETURN(const bool any, lookup_ ? ranges_->BeginPoint(eval())
                                           : ranges_->BeginScalar(eval(), plan_.backward));
  if (!any) {
    done_ = true;
    return {};
  }
  override_ = FindOverride(context(), plan_.scan_id);
  if (override_) return {};
  looks_up_ = lookup_.has_value() && UniqueLookup::ServesNow(*context().txn);
  if (lookup_ && !looks_up_) ranges_->MakePointRange();
  if (!looks_up_) Seek();
  return {};
}

Result<uint64_t> IndexScanOperator::DoSkip(uint64_t rows) {
  if (!begun_) RETURN_IF_ERROR(Begin());
  if (done_ || override_) return uint64_t{0};
  return fetcher_.Skip(rows, [this](std::span<RowRef> refs) { return Find(refs); });
}

Result<const Batch*> IndexScanOperator::DoNext() {
  if (!begun_) RETURN_IF_ERROR(Begin());
  if (done_) return nullptr;
  if (override_) {
    done_ = true;
    return Recheck(*override_);
  }
  return fetcher_.Next([this](std::span<RowRef> refs) { return Find(refs); });
}

std::string IndexScanOperator::Note() const { return fetcher_.Note(); }

}  // namespace oxibase
