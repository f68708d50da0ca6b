#include "exec/operators/bitmap_scan.h"

#include "exec/operators/table_scan.h"
#include "storage/index/tablet_index.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {

Status BitmapScanOperator::Prepare() {
  RETURN_IF_ERROR(fetcher_.Prepare());
  ASSIGN_OR_RETURN(root_, MakeNode(plan_.bitmap));
  return {};
}

Result<BitmapScanOperator::Node> BitmapScanOperator::MakeNode(const BitmapPlan& plan) {
  Node node;
  node.kind = plan.kind;
  if (plan.kind == BitmapPlan::Kind::kIndex) {
    ASSIGN_OR_RETURN(node.index, state().tables.FindIndex(*plan_.table, plan.index));
    node.ranges = std::make_unique<IndexRangeBuilder>(plan.range, node.index->spec());
    RETURN_IF_ERROR(node.ranges->Prepare());
  }
  for (const BitmapPlan& part : plan.parts) {
    ASSIGN_OR_RETURN(Node made, MakeNode(part));
    node.parts.push_back(std::move(made));
  }
  return node;
}

Status BitmapScanOperator::DoOpen() {
  DoClose();
  done_ = false;
  fetcher_.Rewind();
  return {};
}

void BitmapScanOperator::DoClose() {
  cursor_.reset();
  rows_ = RowSet();
  memory_.Set0();
}

Status BitmapScanOperator::Begin() {
  ASSIGN_OR_RETURN(rows_, Find(root_));
  RETURN_IF_ERROR(memory_.Set(rows_.MemoryBytes()));
  cursor_.emplace(*context().txn, fetcher_.tablet());
  cursor_->Select(rows_);
  return {};
}

Result<RowSet> BitmapScanOperator::Find(Node& node) {
  if (node.kind == BitmapPlan::Kind::kIndex) return FindInIndex(node);
  RowSet rows;
  for (size_t i = 0; i < node.parts.size(); ++i) {
    // What the others hold meanwhile is counted.
    const size_t held = memory_.bytes();
    RETURN_IF_ERROR(memory_.Set(held + rows.MemoryBytes()));
    ASSIGN_OR_RETURN(RowSet part, Find(node.parts[i]));
    RETURN_IF_ERROR(memory_.Set(held));
    if (i == 0) {
      rows = std::move(part);
    } else if (node.kind == BitmapPlan::Kind::kAnd) {
      rows &= part;
    } else {
      rows |= part;
    }
    // (None of the rows passes: no need to have read the others.)
    if (node.kind == BitmapPlan::Kind::kAnd && rows.empty()) break;
  }
  return rows;
}

Result<RowSet> BitmapScanOperator::FindInIndex(Node& leaf) {
  RowSet rows;
  ASSIGN_OR_RETURN(const bool any, leaf.ranges->BeginScalar(eval(), /*backward=*/false));
  if (!any) return rows;
  do {
    RETURN_IF_ERROR(context().eval.CheckCancelled());
    fetcher_.reads().Range(fetcher_.tablet(), *leaf.index, leaf.ranges->range());
    RETURN_IF_ERROR(CollectRows(*context().txn, fetcher_.tablet(), *leaf.index, context().snapshot,
                                leaf.ranges->range(), rows));
  } while (leaf.ranges->NextRange());
  return rows;
}

Result<const Batch*> BitmapScanOperator::DoNext() {
  if (done_) return nullptr;
  if (const auto override = FindOverride(context(), plan_.scan_id)) {
    done_ = true;
    return fetcher_.Recheck(*override);
  }
  if (!cursor_) RETURN_IF_ERROR(Begin());
  ASSIGN_OR_RETURN(const Batch* batch, fetcher_.Next([this](std::span<RowRef> refs) {
    return cursor_->Next(context().snapshot, refs);
  }));
  if (!batch) done_ = true;
  return batch;
}

std::string BitmapScanOperator::Note() const { return fetcher_.Note(); }

}  // namespace oxibase
