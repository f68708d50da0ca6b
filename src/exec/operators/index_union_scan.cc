#include "exec/operators/index_union_scan.h"

#include "exec/operators/table_scan.h"
#include "storage/index/tablet_index.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {
namespace {

/// A set's room for one id: the slot and its control byte.
constexpr size_t kSlotBytes = sizeof(uint64_t) + 1;

}  // namespace

Status IndexUnionScanOperator::Prepare() {
  RETURN_IF_ERROR(fetcher_.Prepare());
  for (const PhysicalIndexUnionScan::Part& part : plan_.parts) {
    ASSIGN_OR_RETURN(const TabletIndex* index, state().tables.FindIndex(*plan_.table, part.index));
    parts_.push_back(std::make_unique<Part>(index, IndexRangeBuilder(part.range, index->spec())));
    RETURN_IF_ERROR(parts_.back()->ranges.Prepare());
  }
  return {};
}

Status IndexUnionScanOperator::DoOpen() {
  DoClose();
  begun_ = done_ = false;
  fetcher_.Rewind();
  return {};
}

void IndexUnionScanOperator::DoClose() {
  found_.clear();
  memory_.Set0();
}

Status IndexUnionScanOperator::Begin() {
  begun_ = true;
  next_part_ = 0;
  part_ = nullptr;
  for (const auto& part : parts_) {
    ASSIGN_OR_RETURN(const bool any, part->ranges.BeginScalar(eval(), false));
    part->empty = !any;
    if (cursor_txn_ != context().txn) part->cursor.reset();
  }
  cursor_txn_ = context().txn;
  return {};
}

void IndexUnionScanOperator::Seek() {
  if (!part_->cursor) {
    part_->cursor = std::make_unique<IndexCursor>(*cursor_txn_, fetcher_.tablet(), *part_->index);
  }
  fetcher_.reads().Range(fetcher_.tablet(), *part_->index, part_->ranges.range());
  part_->cursor->Seek(part_->ranges.range(), false);
}

bool IndexUnionScanOperator::NextPart() {
  while (next_part_ < parts_.size()) {
    part_ = parts_[next_part_++].get();
    if (part_->empty) continue;
    Seek();
    return true;
  }
  return false;
}

Result<size_t> IndexUnionScanOperator::Find(std::span<RowRef> refs) {
  for (;;) {
    if (part_ == nullptr && !NextPart()) return size_t{0};
    ASSIGN_OR_RETURN(const size_t found, part_->cursor->Next(context().snapshot, refs));
    size_t fresh = 0;
    for (size_t i = 0; i < found; ++i) {
      if (found_.insert(refs[i].id.value).second) refs[fresh++] = refs[i];
    }
    if (fresh > 0) return fresh;
    if (found > 0) continue;
    if (part_->ranges.NextRange()) {
      Seek();
    } else {
      part_ = nullptr;
    }
  }
}

Result<const Batch*> IndexUnionScanOperator::DoNext() {
  if (done_) return nullptr;
  if (const auto override = FindOverride(context(), plan_.scan_id)) {
    done_ = true;
    return fetcher_.Recheck(*override);
  }
  if (!begun_) RETURN_IF_ERROR(Begin());
  ASSIGN_OR_RETURN(const Batch* batch,
                   fetcher_.Next([this](std::span<RowRef> refs) { return Find(refs); }));
  RETURN_IF_ERROR(memory_.Set(found_.capacity() * kSlotBytes));
  if (!batch) done_ = true;
  return batch;
}

std::string IndexUnionScanOperator::Note() const { return fetcher_.Note(); }

}  // namespace oxibase
