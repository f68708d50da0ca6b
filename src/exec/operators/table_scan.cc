#include "exec/operators/table_scan.h"

#include "storage/mvcc/tablet.h"

namespace oxibase {

std::optional<RowId> FindOverride(const ExecContext& context, uint32_t scan_id) {
  for (const ExecContext::RowOverride& override : context.overrides) {
    if (override.scan_id == scan_id) return override.row;
  }
  return std::nullopt;
}

Status TableScanOperator::Prepare() {
  RETURN_IF_ERROR(past_.Prepare());
  return fetcher_.Prepare();
}

Status TableScanOperator::DoOpen() {
  if (past_) {
    RETURN_IF_ERROR(past_.Open(fetcher_.tablet()));
  } else {
    override_ = FindOverride(context(), plan_.scan_id);
  }
  done_ = false;
  fetcher_.Rewind();
  if (!override_) {
    if (!past_) fetcher_.reads().Table(fetcher_.tablet());  // the past does not change
    if (past_) {
      past_cursor_.emplace(fetcher_.tablet(), past_.read_ts());
    } else {
      cursor_.emplace(*context().txn, fetcher_.tablet());
    }
    if (context().progress) context().progress->Expect(fetcher_.tablet().live_rows());
  }
  return {};
}

Result<const Batch*> TableScanOperator::DoNext() {
  if (done_) return nullptr;
  if (override_) {
    done_ = true;
    return fetcher_.Recheck(*override_);
  }
  ASSIGN_OR_RETURN(const Batch* batch, fetcher_.Next([&](std::span<RowRef> refs) -> Result<size_t> {
    ASSIGN_OR_RETURN(const size_t count, Read(refs));
    if (context().progress) context().progress->Add(count);
    return count;
  }));
  if (!batch) done_ = true;
  return batch;
}

Result<uint64_t> TableScanOperator::DoSkip(uint64_t rows) {
  if (done_ || override_) return uint64_t{0};
  return fetcher_.Skip(rows, [&](std::span<RowRef> refs) { return Read(refs); });
}

std::string TableScanOperator::Note() const { return fetcher_.Note(); }

}  // namespace oxibase
