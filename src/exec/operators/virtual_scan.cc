#include "exec/operators/virtual_scan.h"

namespace oxibase {
namespace {

std::vector<Type> ReadTypes(const PhysicalVirtualScan& plan) {
  std::vector<Type> types;
  for (const ColumnId id : plan.columns) {
    const ColumnDef* column = plan.table->FindColumn(id);
    types.push_back(column ? column->type : Type());
  }
  return types;
}

}  // namespace

VirtualScanOperator::VirtualScanOperator(const PhysicalVirtualScan& node, ExecState& state)
    : Operator(node, state),
      plan_(node),
      rows_(ReadTypes(node)),
      memory_(state.memory),
      read_(rows_.types()),
      out_(node.types) {}

Status VirtualScanOperator::Prepare() {
  for (const ColumnId id : plan_.columns) {
    size_t position = 0;
    while (position < plan_.table->columns.size() && plan_.table->columns[position].id != id) {
      ++position;
    }
    positions_.push_back(position);
  }
  sel_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  return filter_.Compile(plan_.filter.get());
}

Status VirtualScanOperator::DoOpen() {
  DoClose();
  filled_ = false;
  next_ = 0;
  return {};
}

void VirtualScanOperator::DoClose() {
  rows_.Clear();
  memory_.Set0();
}

Status VirtualScanOperator::Fill() {
  filled_ = true;
  Batch buffer(rows_.types());
  const auto restart = [&] {
    buffer.size = 0;
    for (Vector& column : buffer.columns) column.ResetFlat(kVectorSize);
  };
  restart();
  Status held;
  RETURN_IF_ERROR(context().virtual_tables->Rows(
      *plan_.table->virtual_table, [&](std::span<const Value> values) {
        for (size_t c = 0; c < positions_.size(); ++c) {
          buffer.columns[c].SetValue(buffer.size, positions_[c] < values.size()
                                                      ? values[positions_[c]]
                                                      : Value::Null(rows_.types()[c]));
        }
        if (++buffer.size == kVectorSize) {
          rows_.Append(buffer);
          if (held.ok()) held = state().Hold(rows_, memory_);
          restart();
        }
      }));
  if (buffer.size > 0) rows_.Append(buffer);
  return held;
}

Result<const Batch*> VirtualScanOperator::DoNext() {
  if (!filled_) RETURN_IF_ERROR(Fill());
  for (;;) {
    const uint32_t count = rows_.Borrow(next_, kVectorSize, read_);
    RETURN_IF_ERROR(rows_.status());
    if (count == 0) return nullptr;
    next_ += count;
    uint32_t kept = count;
    if (filter_) {
      ASSIGN_OR_RETURN(kept, filter_->Select(eval(), read_, sel_.get()));
      if (kept == 0) continue;
    }
    for (size_t i = 0; i < plan_.projection.size(); ++i) {
      const Vector& from = read_.columns[plan_.projection[i]];
      if (kept == count) {
        out_.columns[i].Reference(from);
      } else {
        out_.columns[i].Select(from, sel_.get(), kept);
      }
    }
    if (plan_.emit_row_id) out_.columns[plan_.projection.size()].SetConstantNull();
    out_.size = kept;
    return &out_;
  }
}

}  // namespace oxibase
