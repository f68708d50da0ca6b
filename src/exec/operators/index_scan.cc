#include "exec/operators/index_scan.h"

#include "exec/operators/table_scan.h"
#include "storage/index/tablet_index.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {

Status IndexScanOperator::Prepare() {
  RETURN_IF_ERROR(fetcher_.Prepare());
  ASSIGN_OR_RETURN(index_, state().tables.FindIndex(*plan_.table, plan_.index));
  ranges_.emplace(plan_.range, index_->spec());
  return ranges_->Prepare();
}

Status IndexScanOperator::DoOpen() {
  begun_ = done_ = false;
  fetcher_.Rewind();
  return {};
}

size_t IndexScanOperator::Find(std::span<RowRef> refs) {
  if (done_) return 0;
  for (;;) {
    const size_t found = cursor_->Next(context().snapshot, refs);
    if (found > 0) {
      if (ranges_->is_unique_point()) done_ = true;
      return found;
    }
    if (!ranges_->NextRange()) {
      done_ = true;
      return 0;
    }
    cursor_->Seek(ranges_->range(), plan_.backward);
  }
}

Result<const Batch*> IndexScanOperator::Recheck(RowId row) {
  bool looked = false;
  return fetcher_.Next([&](std::span<RowRef> refs) -> size_t {
    if (looked) return 0;
    looked = true;
    const Tablet& tablet = fetcher_.tablet();
    refs[0] = GetRow(*context().txn, tablet, context().snapshot, row);
    if (refs[0].version == nullptr) return 0;
    bool has_null = false;
    key_.clear();
    if (!index_->KeyOfVersion(tablet.schema(), *refs[0].version, &key_, &has_null)) return 0;
    return ranges_->Contains(key_) ? 1 : 0;
  });
}

Result<const Batch*> IndexScanOperator::DoNext() {
  if (done_) return nullptr;
  if (!begun_) {
    begun_ = true;
    ASSIGN_OR_RETURN(const bool any, ranges_->BeginScalar(eval(), plan_.backward));
    if (!any) {
      done_ = true;
      return nullptr;
    }
    if (const auto row = FindOverride(context(), plan_.scan_id)) {
      done_ = true;
      return Recheck(*row);
    }
    if (!cursor_ || cursor_txn_ != context().txn) {
      cursor_txn_ = context().txn;
      cursor_ = std::make_unique<IndexCursor>(*cursor_txn_, fetcher_.tablet(), *index_);
    }
    cursor_->Seek(ranges_->range(), plan_.backward);
  }
  return fetcher_.Next([this](std::span<RowRef> refs) { return Find(refs); });
}

std::string IndexScanOperator::Note() const {
  return fetcher_.removed() ? "Rows Removed by Filter: " + std::to_string(fetcher_.removed())
                            : std::string();
}

}  // namespace oxibase
