#include "exec/operators/index_join.h"

#include <algorithm>

#include "exec/operators/table_scan.h"
#include "exec/unique_lookup.h"
#include "storage/index/tablet_index.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {

IndexJoinOperator::IndexJoinOperator(const PhysicalIndexJoin& node, ExecState& state)
    : Operator(node, state),
      plan_(node),
      fetcher_(*node.inner, state),
      output_(node.type, node.children[0]->types, node.inner->types) {}

Status IndexJoinOperator::Prepare() {
  RETURN_IF_ERROR(fetcher_.Prepare());
  ASSIGN_OR_RETURN(index_, state().tables.FindIndex(*plan_.inner->table, plan_.inner->index));
  ranges_.emplace(plan_.inner->range, index_->spec());
  found_left_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  left_rows_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  RETURN_IF_ERROR(ranges_->Prepare());
  return output_.Prepare(plan_.residual.get());
}

Status IndexJoinOperator::DoOpen() {
  output_.Reset();
  probing_ = seeking_ = false;
  goal_ = UINT64_MAX;
  return child().Open();
}

void IndexJoinOperator::Seek() {
  fetcher_.reads().Range(fetcher_.tablet(), *index_, ranges_->range());
  cursor_->Seek(ranges_->range(), false);
}

Result<size_t> IndexJoinOperator::Find(std::span<RowRef> refs) {
  size_t count = 0;
  const Snapshot& snapshot = context().snapshot;
  while (left_row_ < left_->size && count < refs.size()) {
    if (!seeking_) {
      if (output_.first_match_decides() && output_.matched()[left_row_]) {
        ++left_row_;
        continue;
      }
      ASSIGN_OR_RETURN(const bool any, ranges_->BeginRow(left_row_, false));
      if (!any) {
        ++left_row_;
        continue;
      }
      Seek();
      seeking_ = true;
    }
    ASSIGN_OR_RETURN(const size_t found, cursor_->Next(snapshot, refs.subspan(count)));
    if (found == 0) {
      if (ranges_->NextRange()) {
        Seek();
        continue;
      }
      seeking_ = false;
      ++left_row_;
      continue;
    }
    std::fill_n(found_left_.get() + count, found, left_row_);
    count += found;
    if (ranges_->is_unique_point() && UniqueLookup::ServesNow(*context().txn)) {
      seeking_ = false;
      ++left_row_;
    }
  }
  return count;
}

/// In a re-check the inner side is one given row.
Result<size_t> IndexJoinOperator::FindOverride(std::span<RowRef> refs, RowId row) {
  if (left_row_ >= left_->size) return size_t{0};
  const Tablet& tablet = fetcher_.tablet();
  ASSIGN_OR_RETURN(const RowRef ref,
                   GetRow(*context().txn, tablet, context().override_snapshot, row));
  bool has_key = false;
  if (ref) {
    ASSIGN_OR_RETURN(has_key, KeyOfRow(tablet, *index_, ref, &key_));
  }
  if (!has_key) {
    left_row_ = left_->size;
    return size_t{0};
  }
  size_t count = 0;
  for (; left_row_ < left_->size && count < refs.size(); ++left_row_) {
    ASSIGN_OR_RETURN(const bool any, ranges_->BeginRow(left_row_, false));
    if (!any || !ranges_->Contains(key_)) continue;
    refs[count] = ref;
    found_left_[count++] = left_row_;
  }
  return count;
}

Result<bool> IndexJoinOperator::MorePairs() {
  const auto override = oxibase::FindOverride(context(), plan_.inner->scan_id);
  ASSIGN_OR_RETURN(const Batch* inner, fetcher_.Next([&](std::span<RowRef> refs) {
    return override ? FindOverride(refs, *override) : Find(refs);
  }));
  if (!inner) return false;
  const uint32_t* kept = fetcher_.selection();
  for (uint32_t i = 0; i < inner->size; ++i) left_rows_[i] = found_left_[kept ? kept[i] : i];
  for (size_t c = 0; c < inner->columns.size(); ++c) {
    output_.right()[c].Reference(inner->columns[c]);
  }
  RETURN_IF_ERROR(output_.TakePairs(eval(), left_rows_.get(), inner->size, left_row_, nullptr));
  return true;
}

Result<const Batch*> IndexJoinOperator::DoNext() {
  if (!cursor_ || cursor_txn_ != context().txn) {
    cursor_txn_ = context().txn;
    cursor_ = std::make_unique<IndexCursor>(*cursor_txn_, fetcher_.tablet(), *index_);
  }
  for (;;) {
    if (const Batch* batch = output_.Pop()) return batch;
    if (probing_) {
      ASSIGN_OR_RETURN(const bool more, MorePairs());
      if (more) continue;
      probing_ = false;
      output_.FinishLeft();
      continue;
    }
    ASSIGN_OR_RETURN(left_, child().Next());
    if (!left_) return nullptr;
    if (left_->empty()) continue;
    RETURN_IF_ERROR(ranges_->EvaluateOuter(eval(), *left_));
    output_.BeginLeft(*left_);
    fetcher_.Rewind();
    // Each row found is a pair; those of a semi join only say whether there is one.
    if (!output_.first_match_decides()) fetcher_.SetRowGoal(goal_);
    probing_ = true;
    seeking_ = false;
    left_row_ = 0;
  }
}

}  // namespace oxibase
