#include "exec/operators/row_change.h"

#include "storage/mvcc/tablet.h"

namespace oxibase {

RowChangeOperator::RowChangeOperator(const PhysicalNode& node, ExecState& state,
                                     std::shared_ptr<const TableDef> table, uint32_t scan_id,
                                     uint32_t row_id_column)
    : Operator(node, state),
      writer_(table, state),
      keys_(table, state),
      scan_id_(scan_id),
      row_id_column_(row_id_column),
      sel_(std::make_unique_for_overwrite<uint32_t[]>(kVectorSize)),
      ids_(std::make_unique<RowId[]>(kVectorSize)) {}

Status RowChangeOperator::DoOpen() {
  done_ = false;
  changed_.clear();
  next_changed_ = 0;
  return child().Open();
}

void RowChangeOperator::DoClose() {
  if (recheck_) recheck_->Close();
  changed_.clear();
}

/// `again`: a row that was looked at again; its plan may yield it several times (UPDATE ... FROM),
/// of which the first counts.
Result<const Batch*> RowChangeOperator::ChangeBatch(const Batch& input, const Snapshot& snapshot,
                                                    bool again) {
  uint32_t good = 0;
  Status failure;
  RETURN_IF_ERROR(Begin(input, &good, &failure));
  const VectorView ids = input.columns[row_id_column_].view();
  for (uint32_t row = 0; row < good; ++row) {
    // No row id: an outer join's NULL side, which cannot be a target.
    ids_[row] = ids.IsNull(row) ? RowId(0) : RowId(static_cast<uint64_t>(ids.Get<int64_t>(row)));
  }
  if (keys_.has_incoming()) RETURN_IF_ERROR(keys_.ReadOld({ids_.get(), good}, snapshot));
  uint32_t count = 0;
  for (uint32_t row = 0; row < good; ++row) {
    if (!ids_[row]) continue;
    ASSIGN_OR_RETURN(const RowOutcome outcome, Change(ids_[row], snapshot, row));
    if (outcome == RowOutcome::kChanged) changed_.push_back(ids_[row]);
    if (outcome != RowOutcome::kDone) {
      if (again && outcome == RowOutcome::kChanged) break;
      continue;
    }
    CountChange();
    if (!keys_.empty()) RETURN_IF_ERROR(Changed(row));
    sel_[count++] = row;
    if (again) break;
  }
  if (good < input.size && !(again && count > 0)) return failure;
  return count > 0 ? Output(input, sel_.get(), count) : nullptr;
}

Result<const Batch*> RowChangeOperator::DoNext() {
  for (;;) {
    if (next_changed_ < changed_.size()) {
      const RowId id = changed_[next_changed_++];
      if (!recheck_) recheck_ = std::make_unique<Recheck>(child().node(), state());
      const ExecContext::RowOverride row{scan_id_, id};
      ASSIGN_OR_RETURN(const Batch* input, recheck_->Run({&row, 1}));
      if (!input) continue;
      ASSIGN_OR_RETURN(const Batch* out, ChangeBatch(*input, recheck_->snapshot(), true));
      if (out) return out;
      continue;
    }
    changed_.clear();
    next_changed_ = 0;
    if (done_) return nullptr;
    ASSIGN_OR_RETURN(const Batch* input, child().Next());
    if (!input) {
      done_ = true;
      return nullptr;
    }
    if (input->empty()) continue;
    ASSIGN_OR_RETURN(const Batch* out, ChangeBatch(*input, context().snapshot, false));
    if (out) return out;
  }
}

}  // namespace oxibase
