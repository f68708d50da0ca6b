#include "exec/row_fetcher.h"

#include "expr/function.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {

bool CollectColumns(const Expr& expr, std::vector<bool>& columns) {
  bool heavy = false;
  if (expr.kind == ExprKind::kColumn) {
    columns[static_cast<const ColumnExpr&>(expr).index] = true;
    return false;
  }
  if (expr.kind == ExprKind::kSubplan) heavy = true;
  if (expr.kind == ExprKind::kCall) {
    const auto& call = static_cast<const CallExpr&>(expr);
    heavy = call.function->volatility == Volatility::kVolatile;
  }
  ForEachChild(expr, [&](const Expr& child) { heavy |= CollectColumns(child, columns); });
  return heavy;
}

RowFetcher::RowFetcher(const PhysicalScanBase& plan, ExecState& state)
    : plan_(plan), state_(state), reads_(plan, state), out_(plan.types) {}

Status RowFetcher::Prepare() {
  ASSIGN_OR_RETURN(tablet_, state_.tables.FindTablet(*plan_.table));
  schema_ = &tablet_->schema();
  std::vector<Type> types;
  for (const ColumnId id : plan_.columns) {
    const ColumnDef* column = plan_.table->FindColumn(id);
    const int position = schema_->newest().Find(id);
    if (!column || position < 0) {
      return Error(ErrorCode::kInternalError, "table \"{}\" has no stored column {}",
                   plan_.table->name, id.value);
    }
    types.push_back(column->type);
    positions_.push_back(static_cast<size_t>(position));
  }
  read_ = Batch(types);
  filter_columns_.assign(plan_.columns.size(), false);
  if (plan_.filter) {
    RETURN_IF_ERROR(filter_.Compile(plan_.filter.get()));
    late_filter_ = CollectColumns(*plan_.filter, filter_columns_);
    if (late_filter_) filter_columns_.assign(plan_.columns.size(), true);
  }
  refs_ = std::make_unique<RowRef[]>(kVectorSize);
  sel_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  ids_ = std::make_unique<RowId[]>(kVectorSize);
  return {};
}

Status RowFetcher::Emit(const uint32_t* sel, uint32_t count, bool gather) {
  const std::span<const RowRef> refs(refs_.get(), count);
  for (size_t i = 0; i < plan_.projection.size(); ++i) {
    const uint32_t column = plan_.projection[i];
    Vector& out = out_.columns[i];
    if (!filter_columns_[column]) {
      if (gather) RETURN_IF_ERROR(GatherColumn(*schema_, positions_[column], refs, out));
    } else if (sel) {
      out.Select(read_.columns[column], sel, count);
    } else {
      out.Reference(read_.columns[column]);
    }
  }
  if (plan_.emit_row_id) {
    Vector& out = out_.columns[plan_.projection.size()];
    out.ResetFlat(count);
    auto* ids = out.data<int64_t>();
    for (uint32_t i = 0; i < count; ++i) {
      ids[i] = static_cast<int64_t>(ids_[sel ? sel[i] : i].value);
    }
  }
  out_.size = count;
  return {};
}

Result<uint32_t> RowFetcher::ReadGuarded(uint32_t found) {
  const std::span<const RowRef> refs(refs_.get(), found);
  read_.size = found;
  for (size_t c = 0; c < positions_.size(); ++c) {
    if (filter_columns_[c]) {
      RETURN_IF_ERROR(GatherColumn(*schema_, positions_[c], refs, read_.columns[c]));
    }
  }
  if (plan_.emit_row_id) {
    for (uint32_t i = 0; i < found; ++i) ids_[i] = refs_[i].id;
  }
  if (late_filter_) return found;  // everything has been read
  if (!filter_) {
    RETURN_IF_ERROR(Emit(nullptr, found, true));
    return found;
  }
  ASSIGN_OR_RETURN(const uint32_t kept, filter_->Select(state_.context->eval, read_, sel_.get()));
  if (kept == 0) return kept;
  if (kept == found) {
    RETURN_IF_ERROR(Emit(nullptr, found, true));
    return kept;
  }
  for (uint32_t i = 0; i < kept; ++i) refs_[i] = refs_[sel_[i]];
  RETURN_IF_ERROR(Emit(sel_.get(), kept, true));
  return kept;
}

Result<uint32_t> RowFetcher::FilterLate(uint32_t found) {
  ASSIGN_OR_RETURN(const uint32_t kept, filter_->Select(state_.context->eval, read_, sel_.get()));
  if (kept > 0) RETURN_IF_ERROR(Emit(kept == found ? nullptr : sel_.get(), kept, false));
  return kept;
}

}  // namespace oxibase
