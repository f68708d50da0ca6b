#include "exec/operators/lock_rows.h"

namespace oxibase {

Status LockRowsOperator::Prepare() {
  for (const PhysicalLockRows::Target& target : plan_.targets) {
    ASSIGN_OR_RETURN(auto tablet, state().tables.FindTablet(*target.table));
    tablets_.push_back(std::move(tablet));
  }
  return {};
}

Status LockRowsOperator::DoOpen() {
  input_ = nullptr;
  next_row_ = 0;
  goal_ = UINT64_MAX;
  return child().Open();
}

void LockRowsOperator::SetRowGoal(uint64_t rows) {
  // Some of what the child finds may be gone, or locked, by the time it is wanted here.
  constexpr uint64_t kLostMeanwhile = 3;
  goal_ = rows;
  child().SetRowGoal(rows > UINT64_MAX - kLostMeanwhile ? rows : rows + kLostMeanwhile);
}

void LockRowsOperator::DoClose() {
  if (recheck_) recheck_->Close();
  kept_.Clear();
  input_ = nullptr;
}

Status LockRowsOperator::LockOne(const Batch& input, uint32_t row, const Snapshot& snapshot,
                                 bool* lost, bool* changed) {
  for (size_t t = 0; t < plan_.targets.size(); ++t) {
    const PhysicalLockRows::Target& target = plan_.targets[t];
    const VectorView ids = input.columns[target.row_id_column].view();
    if (ids.IsNull(row)) continue;  // the NULL side of an outer join
    const RowId id(static_cast<uint64_t>(ids.Get<int64_t>(row)));
    ASSIGN_OR_RETURN(const RowOutcome outcome,
                     LockRow(*context().txn, *tablets_[t], id, snapshot, target.mode, target.wait));
    switch (outcome) {
      case RowOutcome::kDone:
        break;
      case RowOutcome::kChanged:
        *changed = true;
        break;
      default:
        *lost = true;
        return {};
    }
  }
  return {};
}

Status LockRowsOperator::LookAgain(const Batch& input, uint32_t row, bool* lost) {
  std::vector<ExecContext::RowOverride> rows;
  for (const PhysicalLockRows::Target& target : plan_.targets) {
    const VectorView ids = input.columns[target.row_id_column].view();
    if (ids.IsNull(row)) continue;
    rows.push_back({target.scan_id, RowId(static_cast<uint64_t>(ids.Get<int64_t>(row)))});
  }
  if (!recheck_) recheck_ = std::make_unique<Recheck>(child().node(), state());
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* again, recheck_->Run(rows));
    if (!again) {
      *lost = true;
      return {};
    }
    bool changed = false;
    RETURN_IF_ERROR(LockOne(*again, 0, recheck_->snapshot(), lost, &changed));
    if (*lost) return {};
    if (changed) continue;
    const uint32_t first = 0;
    kept_.Append(again->columns, &first, 1);
    return {};
  }
}

Result<const Batch*> LockRowsOperator::DoNext() {
  kept_.Clear();
  while (kept_.size() < kVectorSize && kept_.size() < goal_) {
    if (!input_) {
      if (kept_.size() > 0) break;  // hand over before the child's batch changes
      ASSIGN_OR_RETURN(input_, child().Next());
      if (!input_) return nullptr;
      next_row_ = 0;
    }
    for (; next_row_ < input_->size && kept_.size() < goal_; ++next_row_) {
      RETURN_IF_ERROR(eval().CheckCancelled());
      bool lost = false, changed = false;
      RETURN_IF_ERROR(LockOne(*input_, next_row_, context().snapshot, &lost, &changed));
      if (changed && !lost) {
        RETURN_IF_ERROR(LookAgain(*input_, next_row_, &lost));
        continue;
      }
      if (!lost) kept_.Append(input_->columns, &next_row_, 1);
    }
    if (next_row_ >= input_->size) input_ = nullptr;
  }
  return kept_.Borrow(0, kVectorSize, out_) > 0 ? &out_ : nullptr;
}

}  // namespace oxibase
