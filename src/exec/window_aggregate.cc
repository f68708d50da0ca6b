#include "exec/window_aggregate.h"

#include <algorithm>
#include <cstring>

namespace oxibase {
namespace {

/// Rows taken back out of a float sum leave rounding errors behind, out of a numeric one their
/// scale.
bool RetractsExactly(Type type) {
  return type.id != TypeId::kFloat4 && type.id != TypeId::kFloat8 && type.id != TypeId::kNumeric;
}

/// Frames up to this many rows are just added up.
constexpr uint32_t kSmallFrame = 32;

}  // namespace

WindowAggregate::WindowAggregate(const WindowExpr& expr, ExecState& state, size_t first_column,
                                 size_t filter_column)
    : state_(state),
      impl_(*expr.function->aggregate),
      first_column_(first_column),
      filter_column_(filter_column),
      can_retract_(impl_.retract != nullptr &&
                   std::all_of(expr.args.begin(), expr.args.end(),
                               [](const ExprPtr& arg) { return RetractsExactly(arg->type); })),
      result_(expr.type) {
  site_.function = expr.function;
  site_.result = expr.type;
  for (const ExprPtr& arg : expr.args) {
    site_.arg_types.push_back(arg->type);
    slices_.emplace_back(arg->type);
  }
  args_.resize(slices_.size());
  for (size_t i = 0; i < slices_.size(); ++i) args_[i] = &slices_[i];
  sel_.resize(kVectorSize);
}

WindowAggregate::~WindowAggregate() { Clear(); }

std::byte* WindowAggregate::NewState(Arena& arena) {
  std::byte* state = arena.Allocate(impl_.state_bytes);
  std::memset(state, 0, impl_.state_bytes);
  if (impl_.init) impl_.init(state);
  return state;
}

void WindowAggregate::Destroy(std::byte* state) {
  if (impl_.destroy) impl_.destroy(state);
}

void WindowAggregate::Clear() {
  if (running_) Destroy(running_);
  running_ = nullptr;
  for (const auto& level : tree_) {
    for (std::byte* node : level) Destroy(node);
  }
  tree_.clear();
  arena_.Reset();
  scratch_.Reset();
  have_result_ = false;
}

void WindowAggregate::BeginPartition(const WindowPartition& partition, const RowStore& sorted) {
  Clear();
  partition_ = &partition;
  sorted_ = &sorted;
  running_ = NewState(arena_);
  held_ = {partition.begin, partition.begin};
}

/// Calls `apply(rows)` for each run of `rows` in one chunk, with args_ set to what passes the
/// filter.
template <typename Apply>
Status WindowAggregate::ForChunks(RowRange rows, const Apply& apply) {
  while (!rows.empty()) {
    const uint32_t first = rows.begin % kVectorSize;
    const uint32_t count = std::min(kVectorSize - first, rows.end - rows.begin);
    uint32_t kept = count;
    const uint32_t* sel = kIdentitySelection.data() + first;
    if (filter_column_ != SIZE_MAX) {
      const VectorView filter = sorted_->column(rows.begin, filter_column_).view();
      kept = 0;
      for (uint32_t i = first; i < first + count; ++i) {
        if (!filter.IsNull(i) && filter.Get<uint8_t>(i)) sel_[kept++] = i;
      }
      sel = sel_.data();
    }
    if (kept > 0) {
      for (size_t a = 0; a < slices_.size(); ++a) {
        const Vector& column = sorted_->column(rows.begin, first_column_ + a);
        if (kept == kVectorSize) {
          slices_[a].Reference(column);
        } else {
          slices_[a].Select(column, sel, kept);
        }
      }
      RETURN_IF_ERROR(apply(kept));
    }
    rows.begin += count;
  }
  return {};
}

Status WindowAggregate::AddRows(std::byte* state, RowRange rows, Arena& arena) {
  EvalContext& eval = state_.context->eval;
  return ForChunks(rows, [&](uint32_t count) -> Status {
    if (impl_.update_one) return impl_.update_one(eval, site_, args_, count, state, arena);
    const std::vector<std::byte*> states(count, state);
    return impl_.update(eval, site_, args_, count, states.data(), arena);
  });
}

Status WindowAggregate::TakeRows(std::byte* state, RowRange rows) {
  EvalContext& eval = state_.context->eval;
  return ForChunks(rows,
                   [&](uint32_t count) { return impl_.retract(eval, site_, args_, count, state); });
}

Status WindowAggregate::BuildTree() {
  const uint32_t rows = partition_->end - partition_->begin;
  std::vector<std::byte*> level;
  for (uint32_t first = 0; first + kFanOut <= rows; first += kFanOut) {
    std::byte* node = NewState(arena_);
    level.push_back(node);
    const uint32_t begin = partition_->begin + first;
    Status status = AddRows(node, {begin, begin + kFanOut}, arena_);
    if (!status.ok()) {
      tree_.push_back(std::move(level));
      return status;
    }
  }
  tree_.push_back(std::move(level));
  while (tree_.back().size() >= kFanOut) {
    std::vector<std::byte*> above;
    const std::vector<std::byte*>& below = tree_.back();
    Status status;
    for (size_t first = 0; status.ok() && first + kFanOut <= below.size(); first += kFanOut) {
      std::byte* node = NewState(arena_);
      above.push_back(node);
      for (size_t i = 0; status.ok() && i < kFanOut; ++i) {
        status = impl_.combine(site_, node, below[first + i], arena_);
      }
    }
    tree_.push_back(std::move(above));
    RETURN_IF_ERROR(std::move(status));
  }
  return {};
}

Status WindowAggregate::AddByTree(std::byte* state, RowRange rows) {
  if (tree_.empty()) RETURN_IF_ERROR(BuildTree());
  // Positions within the partition; at each step the largest node that begins here and fits.
  uint32_t at = rows.begin - partition_->begin;
  const uint32_t end = rows.end - partition_->begin;
  while (at < end) {
    uint64_t width = 0;
    size_t level = 0;
    uint64_t node_rows = kFanOut;
    for (size_t l = 0; l < tree_.size(); ++l, node_rows *= kFanOut) {
      if (at % node_rows != 0 || at + node_rows > end || at / node_rows >= tree_[l].size()) break;
      width = node_rows;
      level = l;
    }
    if (width > 0) {
      RETURN_IF_ERROR(impl_.combine(site_, state, tree_[level][at / width], scratch_));
      at += static_cast<uint32_t>(width);
      continue;
    }
    const uint32_t next = std::min(end, (at / kFanOut + 1) * kFanOut);
    RETURN_IF_ERROR(AddRows(state, {partition_->begin + at, partition_->begin + next}, scratch_));
    at = next;
  }
  return {};
}

Status WindowAggregate::Finalize(std::byte* state) {
  std::byte* const states[] = {state};
  return impl_.finalize(state_.context->eval, site_, states, 1, result_);
}

Result<const Vector*> WindowAggregate::Evaluate(const FrameRows& frame, bool starts_at_partition) {
  RETURN_IF_ERROR(state_.context->eval.CheckCancelled());
  const bool whole =
      frame.count == 0 ? frame.bounds.empty() : frame.count == 1 && frame.parts[0] == frame.bounds;
  const RowRange rows = frame.bounds;
  if (whole && have_result_ && held_ == rows) return &result_;
  if (whole && starts_at_partition && rows.begin == held_.begin && rows.end >= held_.end) {
    RETURN_IF_ERROR(AddRows(running_, {held_.end, rows.end}, arena_));
    held_ = rows;
    RETURN_IF_ERROR(Finalize(running_));
    have_result_ = true;
    return &result_;
  }
  if (whole && can_retract_) {
    if (rows.begin < held_.begin || rows.end < held_.end || rows.begin >= held_.end) {
      Destroy(running_);
      std::memset(running_, 0, impl_.state_bytes);
      if (impl_.init) impl_.init(running_);
      held_ = {rows.begin, rows.begin};
    }
    RETURN_IF_ERROR(AddRows(running_, {held_.end, rows.end}, arena_));
    RETURN_IF_ERROR(TakeRows(running_, {held_.begin, rows.begin}));
    held_ = rows;
    RETURN_IF_ERROR(Finalize(running_));
    have_result_ = true;
    return &result_;
  }
  scratch_.Reset();
  std::byte* state = NewState(scratch_);
  Status status;
  for (uint32_t i = 0; i < frame.count && status.ok(); ++i) {
    const RowRange part = frame.parts[i];
    if (impl_.combine && part.end - part.begin > kSmallFrame) {
      status = AddByTree(state, part);
    } else {
      status = AddRows(state, part, scratch_);
    }
  }
  if (status.ok()) status = Finalize(state);
  Destroy(state);
  have_result_ = false;
  RETURN_IF_ERROR(std::move(status));
  return &result_;
}

}  // namespace oxibase
