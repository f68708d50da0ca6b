#include "exec/scan_reads.h"

#include <array>
#include <cstring>
#include <utility>

#include "exec/row_fetcher.h"
#include "expr/evaluator.h"
#include "expr/function.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {
namespace {

/// Whether `expr` gives the same for the same row at any later time, and needs nothing but the row
/// and parameters, which are gathered.
bool CanBeAskedAgain(const Expr& expr, std::vector<uint32_t>* params) {
  const auto immutable = [](const Function* function) {
    return function->volatility == Volatility::kImmutable;
  };
  switch (expr.kind) {
    case ExprKind::kParam:
      params->push_back(static_cast<const ParamExpr&>(expr).index);
      return true;
    case ExprKind::kConstant:
    case ExprKind::kColumn:
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
    case ExprKind::kIsNull:
    case ExprKind::kBooleanTest:
    case ExprKind::kCase:
    case ExprKind::kCoalesce:
      break;
    case ExprKind::kCall:
      if (!immutable(static_cast<const CallExpr&>(expr).function)) return false;
      break;
    case ExprKind::kIsDistinct:
      if (!immutable(static_cast<const IsDistinctExpr&>(expr).equals)) return false;
      break;
    case ExprKind::kAnyAll:
      if (!immutable(static_cast<const AnyAllExpr&>(expr).comparison)) return false;
      break;
    default:
      return false;
  }
  bool all = true;
  ForEachChild(expr, [&](const Expr& child) { all = all && CanBeAskedAgain(child, params); });
  return all;
}

/// A scan's filter with the values of its parameters, and the columns it read.
class ScanFilter : public ReadFilter {
 public:
  ScanFilter(std::shared_ptr<const TableDef> table, std::vector<ColumnId> columns,
             std::shared_ptr<const Tablet> tablet, std::shared_ptr<const Expr> filter,
             std::vector<Value> params)
      : table_(std::move(table)),
        columns_(std::move(columns)),
        tablet_(std::move(tablet)),
        filter_(std::move(filter)),
        params_(std::move(params)) {}

  bool Notices(const RowVersion* before, const RowVersion* after) override {
    if (!Prepare()) return true;
    std::array<RowRef, 2> refs;
    uint32_t count = 0;
    for (const RowVersion* version : {before, after}) {
      if (version != nullptr) refs[count++].version = version;
    }
    const TableSchema& schema = tablet_->schema();
    for (size_t c = 0; c < columns_.size(); ++c) {
      const int position = schema.newest().Find(columns_[c]);
      if (position < 0) return true;
      const Status read = GatherColumn(schema, static_cast<size_t>(position), {refs.data(), count},
                                       rows_.columns[c]);
      if (!read.ok()) return true;
    }
    rows_.size = count;
    uint32_t kept = count;
    if (evaluator_) {
      EvalContext context;
      context.params = params_;
      context.settings = &settings_;
      std::array<uint32_t, 2> selected;
      Result<uint32_t> passed = evaluator_->Select(context, rows_, selected.data());
      if (!passed.ok()) return true;
      kept = *passed;
    }
    if (kept < 2) return kept == 1;
    for (const Vector& column : rows_.columns) {
      if (!SameValue(column)) return true;
    }
    return false;
  }

 private:
  bool Prepare() {
    if (prepared_) return true;
    std::vector<Type> types;
    for (const ColumnId id : columns_) {
      const ColumnDef* column = table_->FindColumn(id);
      if (column == nullptr) return false;
      types.push_back(column->type);
    }
    rows_ = Batch(types);
    if (filter_) {
      Result<Evaluator> evaluator = Evaluator::Compile(*filter_);
      if (!evaluator.ok()) return false;
      evaluator_.emplace(std::move(*evaluator));
    }
    prepared_ = true;
    return true;
  }

  /// Whether both rows have the very same bytes there.
  static bool SameValue(const Vector& column) {
    const VectorView view = column.view();
    if (view.IsNull(0) || view.IsNull(1)) return view.IsNull(0) && view.IsNull(1);
    if (column.physical() == PhysicalType::kString) {
      return view.Get<StringRef>(0).view() == view.Get<StringRef>(1).view();
    }
    const size_t width = PhysicalWidth(column.physical());
    return std::memcmp(view.bytes + view.sel[0] * width, view.bytes + view.sel[1] * width, width) ==
           0;
  }

  const std::shared_ptr<const TableDef> table_;
  const std::vector<ColumnId> columns_;
  const std::shared_ptr<const Tablet> tablet_;
  const std::shared_ptr<const Expr> filter_;
  const std::vector<Value> params_;
  const IoSettings settings_;

  bool prepared_ = false;
  std::optional<Evaluator> evaluator_;
  Batch rows_;
};

}  // namespace

void ScanReads::Look() {
  looked_ = true;
  if (plan_.filter && CanBeAskedAgain(*plan_.filter, &params_)) filter_ = Clone(*plan_.filter);
}

std::shared_ptr<ReadFilter> ScanReads::Filter() {
  if (!looked_) Look();
  const std::span<const Value> params = state_.context->eval.params;
  const bool same = current_ != nullptr && [&] {
    for (const uint32_t param : params_) {
      if (param >= params.size() || !(params[param] == current_params_[param])) return false;
    }
    return true;
  }();
  if (same) return current_;
  Result<std::shared_ptr<Tablet>> tablet = state_.tables.FindTablet(*plan_.table);
  if (!tablet.ok()) return nullptr;
  for (const uint32_t param : params_) {
    if (param >= params.size()) return nullptr;
  }
  current_params_.assign(params.begin(), params.end());
  current_ = std::make_shared<ScanFilter>(plan_.table, plan_.columns, std::move(*tablet), filter_,
                                          current_params_);
  return current_;
}

}  // namespace oxibase
