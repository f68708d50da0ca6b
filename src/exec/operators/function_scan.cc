#include "exec/operators/function_scan.h"

#include <algorithm>

namespace oxibase {

FunctionScanOperator::FunctionScanOperator(const PhysicalFunctionScan& node, ExecState& state)
    : Operator(node, state), plan_(node), memory_(state.memory), out_(node.types) {
  single_.size = 1;
}

Status FunctionScanOperator::Prepare() {
  rows_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  size_t column = 0;
  for (const LogicalFunctionScan::Call& from : plan_.calls) {
    auto call = std::make_unique<Call>();
    call->expr = from.call.get();
    const std::vector<Type> types(
        plan_.types.begin() + static_cast<ptrdiff_t>(column),
        plan_.types.begin() + static_cast<ptrdiff_t>(column + from.columns));
    column += from.columns;
    if (from.call->kind == ExprKind::kCall) {
      const auto& expr = static_cast<const CallExpr&>(*from.call);
      if (expr.function->kind == FunctionKind::kTable) {
        call->table_function = expr.function;
        call->site.function = expr.function;
        call->site.result = expr.type;
        for (const ExprPtr& arg : expr.args) {
          call->site.arg_types.push_back(arg->type);
          ASSIGN_OR_RETURN(Evaluator evaluator, Evaluator::Compile(*arg));
          call->args.push_back(std::move(evaluator));
        }
      }
    }
    if (!call->table_function) {
      if (from.columns != 1) {
        return Error(ErrorCode::kFeatureNotSupported,
                     "a function that returns a record cannot stand in FROM here");
      }
      ASSIGN_OR_RETURN(Evaluator evaluator, Evaluator::Compile(*from.call));
      call->args.push_back(std::move(evaluator));
    }
    call->batch = Batch(types);
    if (plan_.calls.size() > 1) call->store = std::make_unique<RowStore>(types);
    calls_.push_back(std::move(call));
  }
  return {};
}

Status FunctionScanOperator::DoOpen() {
  DoClose();
  begun_ = false;
  next_ = longest_ = 0;
  ordinal_ = 0;
  return {};
}

void FunctionScanOperator::DoClose() {
  for (const auto& call : calls_) {
    call->rows.reset();
    if (call->store) call->store->Clear();
  }
  memory_.Set0();
}

Status FunctionScanOperator::Begin(Call& call) {
  call.done = false;
  if (!call.table_function) return {};
  std::vector<Value> args;
  args.reserve(call.args.size());
  bool null = false;
  for (Evaluator& arg : call.args) {
    ASSIGN_OR_RETURN(Value value, arg.EvaluateScalar(eval()));
    null |= value.is_null();
    args.push_back(std::move(value));
  }
  if (null && call.table_function->strict) {
    call.done = true;
    return {};
  }
  ASSIGN_OR_RETURN(call.rows, call.table_function->open(eval(), call.site, args));
  return {};
}

Status FunctionScanOperator::Fetch(Call& call) {
  call.batch.size = 0;
  if (call.done) return {};
  if (!call.table_function) {
    call.done = true;
    ASSIGN_OR_RETURN(const Vector* value, call.args[0].Evaluate(eval(), single_));
    call.batch.columns[0].Reference(*value);
    call.batch.size = 1;
    return {};
  }
  RETURN_IF_ERROR(call.rows->Next(eval(), call.batch));
  if (call.batch.size == 0) call.done = true;
  return {};
}

Status FunctionScanOperator::MaterializeAll() {
  size_t bytes = 0;
  for (const auto& call : calls_) {
    for (;;) {
      RETURN_IF_ERROR(eval().CheckCancelled());
      RETURN_IF_ERROR(Fetch(*call));
      if (call->batch.size == 0) break;
      call->store->Append(call->batch);
      RETURN_IF_ERROR(state().Hold(*call->store, memory_, bytes));
    }
    bytes += call->store->bytes();
    longest_ = std::max(longest_, call->store->size());
  }
  return {};
}

void FunctionScanOperator::AddOrdinality(uint32_t rows) {
  out_.size = rows;
  if (!plan_.with_ordinality) return;
  Vector& column = out_.columns.back();
  column.ResetFlat(rows);
  for (uint32_t i = 0; i < rows; ++i) column.data<int64_t>()[i] = ++ordinal_;
}

Result<const Batch*> FunctionScanOperator::DoNext() {
  if (!begun_) {
    begun_ = true;
    for (const auto& call : calls_) RETURN_IF_ERROR(Begin(*call));
    if (calls_.size() > 1) RETURN_IF_ERROR(MaterializeAll());
  }
  if (calls_.size() == 1) {
    Call& call = *calls_[0];
    RETURN_IF_ERROR(Fetch(call));
    if (call.batch.size == 0) return nullptr;
    for (size_t c = 0; c < call.batch.columns.size(); ++c) {
      out_.columns[c].Reference(call.batch.columns[c]);
    }
    AddOrdinality(call.batch.size);
    return &out_;
  }
  const uint32_t count = std::min(kVectorSize, longest_ - next_);
  if (count == 0) return nullptr;
  size_t column = 0;
  for (const auto& call : calls_) {
    for (uint32_t i = 0; i < count; ++i) {
      rows_[i] = next_ + i < call->store->size() ? next_ + i : RowStore::kNoRow;
    }
    const size_t own = call->batch.columns.size();
    call->store->Gather(rows_.get(), count, std::span(out_.columns).subspan(column, own));
    RETURN_IF_ERROR(call->store->status());
    column += own;
  }
  next_ += count;
  AddOrdinality(count);
  return &out_;
}

}  // namespace oxibase
