#include "exec/point_read.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "storage/index/tablet_index.h"
#include "storage/mvcc/tablet.h"
#include "txn/single_read.h"

namespace oxibase {
namespace {

/// Room for a row's copy: grown rarely, and not kept for the largest.
constexpr uint32_t kRowBytesMin = 512;
constexpr uint32_t kRowBytesMax = 64 * 1024;

template <typename T>
void CopyFixed(const std::byte* slot, Vector& out) {
  std::memcpy(out.data<T>(), slot, sizeof(T));
}

}  // namespace

Result<std::unique_ptr<PointRead>> PointRead::Create(
    std::shared_ptr<const PhysicalPlan> shared_plan, TableResolver& tables) {
  const PhysicalPlan& plan = *shared_plan;
  std::unique_ptr<PointRead> none;
  if (plan.command != LogicalPlan::Command::kSelect || plan.modifies || !plan.subplans.empty() ||
      plan.root->kind != PhysicalKind::kIndexScan) {
    return none;
  }
  const auto& scan = static_cast<const PhysicalIndexScan&>(*plan.root);
  const IndexRange& range = scan.range;
  if (scan.filter || scan.emit_row_id || scan.distinct || range.any_of || range.lower ||
      range.upper) {
    return none;
  }
  ASSIGN_OR_RETURN(const TabletIndex* index, tables.FindIndex(*scan.table, scan.index));
  const IndexSpec& spec = index->spec();
  if (!UniqueLookup::Serves(*index) || range.equal.size() != spec.columns.size()) return none;

  std::unique_ptr<PointRead> read(new PointRead);
  for (size_t i = 0; i < range.equal.size(); ++i) {
    const Expr& expr = *range.equal[i];
    const SortOrder order = spec.columns[i].order;
    if (expr.kind == ExprKind::kParam) {
      const uint32_t param = static_cast<const ParamExpr&>(expr).index;
      if (param >= plan.param_types.size()) return none;  // an internal one
      read->keys_.push_back({nullptr, param, order});
    } else if (expr.kind == ExprKind::kConstant) {
      read->keys_.push_back({&static_cast<const ConstantExpr&>(expr).value, 0, order});
    } else {
      return none;
    }
  }
  read->plan_ = std::move(shared_plan);
  read->table_ = scan.table->oid;
  ASSIGN_OR_RETURN(read->tablet_, tables.FindTablet(*scan.table));
  read->lookup_.emplace(*read->tablet_, *index);
  read->layout_ = &read->tablet_->schema().newest();
  for (const uint32_t column : scan.projection) {
    const int position = read->layout_->Find(scan.columns[column]);
    if (position < 0) return none;
    const auto at = static_cast<size_t>(position);
    const RowLayout::Column& info = read->layout_->columns()[at];
    read->columns_.push_back({at, info.offset, info.physical});
  }
  read->out_ = Batch(scan.types);
  for (Vector& vector : read->out_.columns) vector.ResetFlat(1);
  read->out_.size = 1;
  return read;
}

const Batch* PointRead::Read(const SingleRead& read, std::span<const Value> params) {
  key_.clear();
  for (const Key& key : keys_) {
    const Value& value = key.constant != nullptr ? *key.constant : params[key.param];
    if (value.is_null()) return nullptr;
    AppendKey(&key_, value, key.order);
  }
  bool sure;
  const auto visible = [&](RowId row) { return read.Newest(*tablet_, row); };
  const RowVersion* version = lookup_->Find(key_, visible, &sure).version;
  if (version == nullptr || version->schema_version != layout_->version() ||
      version->row_bytes > kRowBytesMax) {
    return nullptr;
  }
  if (version->row_bytes > row_capacity_) {
    row_capacity_ = std::max(std::bit_ceil(version->row_bytes), kRowBytesMin);
    row_ = std::make_unique_for_overwrite<std::byte[]>(row_capacity_);
  }
  const std::byte* row = row_.get();
  std::memcpy(row_.get(), version->row(), version->row_bytes);
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    Vector& out = out_.columns[i];
    out.validity().SetAllValid();
    if (layout_->IsNull(row, column.position)) {
      out.validity().SetNull(0);
      continue;
    }
    const std::byte* slot = row + column.offset;
    switch (column.physical) {
      case PhysicalType::kBool:
        CopyFixed<uint8_t>(slot, out);
        break;
      case PhysicalType::kInt16:
        CopyFixed<uint16_t>(slot, out);
        break;
      case PhysicalType::kInt32:
      case PhysicalType::kFloat32:
        CopyFixed<uint32_t>(slot, out);
        break;
      case PhysicalType::kInt64:
      case PhysicalType::kFloat64:
        CopyFixed<uint64_t>(slot, out);
        break;
      case PhysicalType::kInterval:
      case PhysicalType::kUuid:
        CopyFixed<IntervalValue>(slot, out);
        break;
      case PhysicalType::kString:
        *out.data<StringRef>() = layout_->ReadString(row, column.position);
        break;
    }
  }
  return &out_;
}

}  // namespace oxibase
