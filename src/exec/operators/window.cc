#include "exec/operators/window.h"

#include <algorithm>

#include "exec/operators/sort.h"
#include "exec/vector_copy.h"
#include "expr/cast.h"
#include "expr/hash.h"

namespace oxibase {
namespace {

std::vector<RowSorter::Key> WindowOrder(const PhysicalWindow& plan) {
  std::vector<RowSorter::Key> keys;
  for (const ExprPtr& expr : plan.partition_by) keys.push_back({expr->type});
  for (const RowSorter::Key& key : SorterKeys(plan.order_by)) keys.push_back(key);
  return keys;
}

bool NeedsFrame(const WindowExpr& expr) {
  switch (expr.function->window) {
    case WindowFunctionId::kNone:
    case WindowFunctionId::kFirstValue:
    case WindowFunctionId::kLastValue:
    case WindowFunctionId::kNthValue:
      return true;
    default:
      return false;
  }
}

}  // namespace

WindowOperator::WindowOperator(const PhysicalWindow& node, ExecState& state)
    : Operator(node, state),
      plan_(node),
      frames_(node, state),
      sorter_(WindowOrder(node)),
      rows_(node.children[0]->types),
      columns_({}),
      memory_(state.memory),
      columns_memory_(state.memory),
      runs_({}, state),
      out_(node.types) {}

Status WindowOperator::AddColumn(const Expr& expr, size_t* column) {
  *column = column_types_.size();
  column_types_.push_back(expr.type);
  return exprs_.Add(expr);
}

Status WindowOperator::Prepare() {
  size_t column = 0;
  for (const ExprPtr& expr : plan_.partition_by) RETURN_IF_ERROR(AddColumn(*expr, &column));
  WindowFrames::KeyColumns keys;
  for (const SortKey& key : plan_.order_by) {
    RETURN_IF_ERROR(AddColumn(*key.expr, &column));
    if (&key == plan_.order_by.data()) keys.order = column;
  }
  // The order key in the type that its arithmetic with the offset gives (date - interval).
  const auto range_key = [&](const Function* function, size_t* at) -> Status {
    *at = keys.order;
    if (!function || plan_.order_by.empty()) return {};
    const Expr& key = *plan_.order_by[0].expr;
    if (function->result == key.type.id) return {};
    ExprPtr cast = MakeCastExpr(Clone(key), Type(function->result), CastContext::kExplicit);
    if (!cast) return Error(ErrorCode::kInternalError, "a RANGE frame of another type");
    RETURN_IF_ERROR(AddColumn(*cast, at));
    exprs_.Keep(std::move(cast));
    return {};
  };
  RETURN_IF_ERROR(range_key(plan_.start_function, &keys.start));
  RETURN_IF_ERROR(range_key(plan_.end_function, &keys.end));
  RETURN_IF_ERROR(frames_.Prepare(keys));
  for (const auto& expr : plan_.functions) {
    Call call;
    call.expr = expr.get();
    call.first_column = column_types_.size();
    for (const ExprPtr& arg : expr->args) {
      column_types_.push_back(arg->type);
      RETURN_IF_ERROR(exprs_.AddFiltered(*arg, expr->filter.get()));
    }
    if (expr->filter) RETURN_IF_ERROR(AddColumn(*expr->filter, &call.filter_column));
    if (expr->function->window == WindowFunctionId::kNone) {
      if (!expr->function->aggregate) {
        return Error(ErrorCode::kInternalError, "{} is not a window function",
                     expr->function->name);
      }
      call.aggregate =
          std::make_unique<WindowAggregate>(*expr, state(), call.first_column, call.filter_column);
    }
    calls_.push_back(std::move(call));
  }
  columns_ = RowStore(column_types_);
  std::vector<Type> all = plan_.children[0]->types;
  all.insert(all.end(), column_types_.begin(), column_types_.end());
  runs_.SetTypes(std::move(all));
  sorts_ = !plan_.input_sorted && plan_.partition_by.size() + plan_.order_by.size() > 0;
  numbers_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  frames_of_batch_.resize(kVectorSize);
  return {};
}

Status WindowOperator::DoOpen() {
  DoClose();
  consumed_ = false;
  next_ = 0;
  goal_ = UINT64_MAX;
  partition_.begin = partition_.end = 0;
  return child().Open();
}

void WindowOperator::DoClose() {
  for (const Call& call : calls_) {
    if (call.aggregate) call.aggregate->Clear();
  }
  sorter_.Clear();
  rows_.Clear();
  columns_.Clear();
  runs_.Clear();
  spilled_ = false;
  loading_ = nullptr;
  memory_.Set0();
  columns_memory_.Set0();
}

void WindowOperator::SortColumns() {
  sorter_.Sort();
  RowStore sorted(column_types_);
  Batch buffer(column_types_);
  for (uint32_t first = 0; first < rows_.size(); first += kVectorSize) {
    const uint32_t count = std::min(kVectorSize, rows_.size() - first);
    for (uint32_t i = 0; i < count; ++i) numbers_[i] = sorter_.row(first + i);
    columns_.Gather(numbers_.get(), count, buffer.columns);
    sorted.Append(buffer.columns, nullptr, count);
  }
  columns_ = std::move(sorted);
}

Status WindowOperator::Consume() {
  consumed_ = true;
  RETURN_IF_ERROR(ConsumeInput());
  if (spilled_) {
    RETURN_IF_ERROR(WriteRun());
    if (!sorts_) RETURN_IF_ERROR(runs_.EndRun());
    disk_bytes_ = std::max(disk_bytes_, runs_.disk_bytes());
    RETURN_IF_ERROR(runs_.Merge());
  } else if (sorts_) {
    SortColumns();
  }
  return rows_.empty() && !spilled_ ? Status() : frames_.BeginExecution();
}

bool WindowOperator::SameKeys(uint32_t a, uint32_t b, size_t first, size_t count) const {
  for (size_t c = first; c < first + count; ++c) {
    if (!RowsEqual(column_types_[c], columns_.column(a, c).view(), a % kVectorSize,
                   columns_.column(b, c).view(), b % kVectorSize)) {
      return false;
    }
  }
  return true;
}

Status WindowOperator::BeginPartition(uint32_t begin) {
  const size_t partition_keys = plan_.partition_by.size();
  const size_t order_keys = plan_.order_by.size();
  partition_.begin = begin;
  partition_.group_begin.assign(1, begin);
  partition_.group_of.assign(1, 0);
  uint32_t row = begin + 1;
  for (; row < rows_.size() && SameKeys(row - 1, row, 0, partition_keys); ++row) {
    if (order_keys > 0 && !SameKeys(row - 1, row, partition_keys, order_keys)) {
      partition_.group_begin.push_back(row);
    }
    partition_.group_of.push_back(static_cast<uint32_t>(partition_.group_begin.size() - 1));
  }
  partition_.end = row;
  partition_.group_begin.push_back(row);
  frames_.BeginPartition(partition_, columns_);
  for (Call& call : calls_) {
    if (call.aggregate) call.aggregate->BeginPartition(partition_, columns_);
    if (call.expr->function->window != WindowFunctionId::kNtile) continue;
    // The first row's argument counts for the whole partition.
    const Vector& buckets = Argument(call, 0, begin);
    call.buckets = 0;
    if (buckets.view().IsNull(begin % kVectorSize)) continue;
    call.buckets = buckets.view().Get<int32_t>(begin % kVectorSize);
    if (call.buckets <= 0) {
      return Error(ErrorCode::kInvalidArgumentForNtileFunction,
                   "argument of ntile must be greater than zero");
    }
  }
  return {};
}

Status WindowOperator::Number(const Call& call, uint32_t begin, uint32_t count, uint32_t at,
                              Vector& out) {
  const WindowPartition& p = partition_;
  const double rows = p.end - p.begin;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t row = begin + i;
    const uint32_t to = at + i;
    const RowRange peers = p.peers(row);
    switch (call.expr->function->window) {
      case WindowFunctionId::kRowNumber:
        out.data<int64_t>()[to] = row - p.begin + 1;
        break;
      case WindowFunctionId::kRank:
        out.data<int64_t>()[to] = peers.begin - p.begin + 1;
        break;
      case WindowFunctionId::kDenseRank:
        out.data<int64_t>()[to] = p.group(row) + 1;
        break;
      case WindowFunctionId::kPercentRank:
        out.data<double>()[to] = rows > 1 ? (peers.begin - p.begin) / (rows - 1) : 0;
        break;
      case WindowFunctionId::kCumeDist:
        out.data<double>()[to] = (peers.end - p.begin) / rows;
        break;
      default: {  // ntile
        if (call.buckets == 0) {
          out.data<int32_t>()[to] = 0;
          out.validity().SetNull(to);
          break;
        }
        const int64_t size = p.end - p.begin;
        const int64_t each = size / call.buckets;
        const int64_t larger = size % call.buckets;  // so many buckets have a row more
        const int64_t position = row - p.begin;
        const int64_t in_larger = larger * (each + 1);
        out.data<int32_t>()[to] =
            static_cast<int32_t>(position < in_larger ? position / (each + 1) + 1
                                                      : (position - in_larger) / each + larger + 1);
      }
    }
  }
  return {};
}

/// lag and lead.
Status WindowOperator::Shift(const Call& call, uint32_t begin, uint32_t count, uint32_t at,
                             Vector& out) {
  const bool lead = call.expr->function->window == WindowFunctionId::kLead;
  const size_t args = call.expr->args.size();
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t row = begin + i;
    const uint32_t position = row % kVectorSize;
    int64_t offset = 1;
    if (args > 1) {
      const VectorView view = Argument(call, 1, row).view();
      if (view.IsNull(position)) {
        out.validity().SetNull(at + i);
        continue;
      }
      offset = view.Get<int32_t>(position);
    }
    const int64_t target = lead ? row + offset : row - offset;
    if (target >= partition_.begin && target < partition_.end) {
      const auto from = static_cast<uint32_t>(target);
      const uint32_t from_position = from % kVectorSize;
      CopyRows(out, at + i, Argument(call, 0, from), &from_position, 1);
    } else if (args > 2) {
      CopyRows(out, at + i, Argument(call, 2, row), &position, 1);
    } else {
      out.validity().SetNull(at + i);
    }
  }
  return {};
}

/// first_value, last_value, nth_value.
Status WindowOperator::Pick(const Call& call, uint32_t begin, uint32_t count, uint32_t at,
                            Vector& out) {
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t row = begin + i;
    const FrameRows& frame = frames_of_batch_[at + i];
    int64_t nth = 0;
    if (call.expr->function->window == WindowFunctionId::kNthValue) {
      const VectorView view = Argument(call, 1, row).view();
      if (view.IsNull(row % kVectorSize)) {
        out.validity().SetNull(at + i);
        continue;
      }
      nth = view.Get<int32_t>(row % kVectorSize);
      if (nth <= 0) {
        return Error(ErrorCode::kInvalidArgumentForNthValueFunction,
                     "argument of nth_value must be greater than zero");
      }
      --nth;
    }
    uint32_t found = RowStore::kNoRow;
    if (call.expr->function->window == WindowFunctionId::kLastValue) {
      if (frame.count > 0) found = frame.parts[frame.count - 1].end - 1;
    } else {
      for (uint32_t part = 0; part < frame.count; ++part) {
        const RowRange& rows = frame.parts[part];
        const int64_t size = rows.end - rows.begin;
        if (nth < size) {
          found = rows.begin + static_cast<uint32_t>(nth);
          break;
        }
        nth -= size;
      }
    }
    if (found == RowStore::kNoRow) {
      out.validity().SetNull(at + i);
      continue;
    }
    const uint32_t position = found % kVectorSize;
    CopyRows(out, at + i, Argument(call, 0, found), &position, 1);
  }
  return {};
}

Status WindowOperator::Compute(Call& call, uint32_t begin, uint32_t count, uint32_t at,
                               Vector& out) {
  switch (call.expr->function->window) {
    case WindowFunctionId::kNone:
      break;
    case WindowFunctionId::kLag:
    case WindowFunctionId::kLead:
      return Shift(call, begin, count, at, out);
    case WindowFunctionId::kFirstValue:
    case WindowFunctionId::kLastValue:
    case WindowFunctionId::kNthValue:
      return Pick(call, begin, count, at, out);
    default:
      return Number(call, begin, count, at, out);
  }
  for (uint32_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const Vector* result, call.aggregate->Evaluate(frames_of_batch_[at + i],
                                                                    frames_.starts_at_partition()));
    CopyRows(out, at + i, *result, nullptr, 1);
  }
  return {};
}

Result<const Batch*> WindowOperator::DoNext() {
  if (!consumed_) RETURN_IF_ERROR(Consume());
  if (spilled_ && next_ == rows_.size()) RETURN_IF_ERROR(LoadPartitions());
  const auto count =
      static_cast<uint32_t>(std::min<uint64_t>({goal_, kVectorSize, rows_.size() - next_}));
  if (count == 0) return nullptr;
  const size_t own = rows_.types().size();
  if (sorter_.size() > 0) {
    for (uint32_t i = 0; i < count; ++i) numbers_[i] = sorter_.row(next_ + i);
    rows_.Gather(numbers_.get(), count, std::span(out_.columns).first(own));
  } else {
    for (uint32_t i = 0; i < count; ++i) numbers_[i] = next_ + i;
    rows_.Gather(numbers_.get(), count, std::span(out_.columns).first(own));
  }
  const bool frames = std::any_of(calls_.begin(), calls_.end(),
                                  [](const Call& call) { return NeedsFrame(*call.expr); });
  for (size_t c = 0; c < calls_.size(); ++c) out_.columns[own + c].ResetFlat(count);
  for (uint32_t done = 0; done < count;) {
    const uint32_t row = next_ + done;
    if (row >= partition_.end) RETURN_IF_ERROR(BeginPartition(row));
    const uint32_t part = std::min(count - done, partition_.end - row);
    if (frames) {
      for (uint32_t i = 0; i < part; ++i) {
        RETURN_IF_ERROR(frames_.Find(row + i, &frames_of_batch_[done + i]));
      }
    }
    for (size_t c = 0; c < calls_.size(); ++c) {
      RETURN_IF_ERROR(Compute(calls_[c], row, part, done, out_.columns[own + c]));
    }
    done += part;
  }
  RETURN_IF_ERROR(rows_.status());
  RETURN_IF_ERROR(columns_.status());
  next_ += count;
  out_.size = count;
  return &out_;
}

}  // namespace oxibase
