#include "exec/window_frame.h"

#include <algorithm>
#include <array>

#include "common/numeric.h"
#include "expr/hash.h"

namespace oxibase {

using Bound = WindowFrame::Bound;
using Mode = WindowFrame::Mode;
using Exclusion = WindowFrame::Exclusion;

Status WindowFrames::PrepareRange(const Function* function, const Expr* offset, size_t column,
                                  RangeOffset* range) {
  if (!function || !offset) {
    return Error(ErrorCode::kInternalError, "a RANGE frame without its arithmetic");
  }
  range->site.function = function;
  range->site.result = Type(function->result);
  range->site.arg_types = {plan_.order_by[0].expr->type, offset->type};
  range->value = Vector(offset->type);
  range->bound = Vector(Type(function->result));
  range->key = Vector(plan_.order_by[0].expr->type);
  range->column = column;
  return {};
}

Status WindowFrames::Prepare(KeyColumns columns) {
  columns_ = columns;
  RETURN_IF_ERROR(start_offset_.Compile(plan_.frame.start_offset.get()));
  RETURN_IF_ERROR(end_offset_.Compile(plan_.frame.end_offset.get()));
  if (plan_.frame.mode != Mode::kRange) return {};
  if (start_offset_) {
    RETURN_IF_ERROR(PrepareRange(plan_.start_function, plan_.frame.start_offset.get(),
                                 columns.start, &start_range_));
  }
  if (end_offset_) {
    RETURN_IF_ERROR(
        PrepareRange(plan_.end_function, plan_.frame.end_offset.get(), columns.end, &end_range_));
  }
  return {};
}

bool WindowFrames::is_whole_partition() const {
  const WindowFrame& frame = plan_.frame;
  if (has_exclusion() || !starts_at_partition()) return false;
  if (frame.end == Bound::kUnboundedFollowing) return true;
  // Without an order all rows are peers.
  return frame.end == Bound::kCurrentRow && frame.mode != Mode::kRows && plan_.order_by.empty();
}

Result<int64_t> WindowFrames::RowOffset(Evaluator& evaluator, bool is_start) {
  ASSIGN_OR_RETURN(const Value value, evaluator.EvaluateScalar(state_.context->eval));
  const char* which = is_start ? "starting" : "ending";
  if (value.is_null()) {
    return Error(ErrorCode::kNullValueNotAllowed, "frame {} offset must not be null", which);
  }
  const auto rows = value.As<int64_t>();
  if (rows < 0) {
    return Error(ErrorCode::kInvalidPrecedingOrFollowingSize,
                 "frame {} offset must not be negative", which);
  }
  return rows;
}

Status WindowFrames::BeginExecution() {
  const auto range_value = [&](Evaluator& evaluator, RangeOffset& range,
                               const char* which) -> Status {
    ASSIGN_OR_RETURN(const Value value, evaluator.EvaluateScalar(state_.context->eval));
    if (value.is_null()) {
      return Error(ErrorCode::kNullValueNotAllowed, "frame {} offset must not be null", which);
    }
    bool negative = false;
    switch (value.type().id) {
      case TypeId::kInt2:
        negative = value.As<int16_t>() < 0;
        break;
      case TypeId::kInt4:
        negative = value.As<int32_t>() < 0;
        break;
      case TypeId::kInt8:
        negative = value.As<int64_t>() < 0;
        break;
      case TypeId::kFloat4:
        negative = value.As<float>() < 0 || value.As<float>() != value.As<float>();
        break;
      case TypeId::kFloat8:
        negative = value.As<double>() < 0 || value.As<double>() != value.As<double>();
        break;
      case TypeId::kNumeric: {
        const Numeric number{std::string_view(value.bytes())};
        negative = number.sign() < 0 || number.is_nan();
        break;
      }
      case TypeId::kInterval: {
        const auto interval = value.As<IntervalValue>();
        const __int128 micros =
            static_cast<__int128>(int64_t{interval.months} * 30 + interval.days) * 86400000000 +
            interval.micros;
        negative = micros < 0;
        break;
      }
      default:
        break;
    }
    if (negative) {
      return Error(ErrorCode::kInvalidPrecedingOrFollowingSize,
                   "invalid preceding or following size in window function");
    }
    range.value.SetConstant(value);
    return {};
  };
  if (plan_.frame.mode == Mode::kRange) {
    if (start_offset_) RETURN_IF_ERROR(range_value(*start_offset_, start_range_, "starting"));
    if (end_offset_) RETURN_IF_ERROR(range_value(*end_offset_, end_range_, "ending"));
    return {};
  }
  if (start_offset_) {
    ASSIGN_OR_RETURN(start_rows_, RowOffset(*start_offset_, true));
  }
  if (end_offset_) {
    ASSIGN_OR_RETURN(end_rows_, RowOffset(*end_offset_, false));
  }
  return {};
}

void WindowFrames::BeginPartition(const WindowPartition& partition, const RowStore& sorted) {
  partition_ = &partition;
  sorted_ = &sorted;
  start_range_.at = end_range_.at = partition.begin;
}

bool WindowFrames::IsNullKey(uint32_t row) const {
  return sorted_->column(row, columns_.order).view().IsNull(row % kVectorSize);
}

/// The first row (as an end: the first row behind) whose key the bound admits. Bounds of ascending
/// rows only move forward.
Result<uint32_t> WindowFrames::FindRange(uint32_t row, RangeOffset& range, bool is_start,
                                         bool preceding) {
  const WindowPartition& p = *partition_;
  if (IsNullKey(row)) return is_start ? p.peers(row).begin : p.peers(row).end;
  const uint32_t position = row % kVectorSize;
  range.key.Select(sorted_->column(row, columns_.order), &position, 1);
  const std::array<const Vector*, 2> args = {&range.key, &range.value};
  const Status status =
      range.site.function->kernel(state_.context->eval, range.site, args, 1, range.bound);
  const bool descending = plan_.order_by[0].descending;
  uint32_t& at = range.at;
  // NULLs lie at one end and are in no such frame.
  while (at < p.end && at < row && IsNullKey(at)) ++at;
  if (!status.ok()) {
    // Beyond what the type can hold: every key is within it, or none.
    const bool low_side = preceding;
    if (low_side) {
      uint32_t first = p.begin;
      while (first < row && IsNullKey(first)) ++first;
      return first;
    }
    uint32_t last = p.end;
    while (last > row + 1 && IsNullKey(last - 1)) --last;
    return last;
  }
  for (; at < p.end; ++at) {
    if (IsNullKey(at)) break;
    const Vector& keys = sorted_->column(at, range.column);
    int order =
        CompareRows(range.bound.type(), keys.view(), at % kVectorSize, range.bound.view(), 0);
    if (descending) order = -order;
    if (is_start ? order >= 0 : order > 0) break;
  }
  return at;
}

Status WindowFrames::Find(uint32_t row, FrameRows* frame) {
  const WindowPartition& p = *partition_;
  const WindowFrame& spec = plan_.frame;
  const auto clamp = [&](int64_t at) {
    return static_cast<uint32_t>(std::clamp<int64_t>(at, int64_t{p.begin}, int64_t{p.end}));
  };
  // Offsets beyond any row are as good as that.
  const int64_t before = std::min<int64_t>(start_rows_, UINT32_MAX);
  const int64_t after = std::min<int64_t>(end_rows_, UINT32_MAX);
  uint32_t begin = p.begin, end = p.end;
  const auto group_begin = [&](int64_t group) {
    if (group < 0) return p.begin;
    return group >= p.group_count() ? p.end : p.group_begin[static_cast<size_t>(group)];
  };
  switch (spec.start) {
    case Bound::kUnboundedPreceding:
      break;
    case Bound::kUnboundedFollowing:
      begin = p.end;
      break;
    case Bound::kCurrentRow:
      begin = spec.mode == Mode::kRows ? row : p.peers(row).begin;
      break;
    case Bound::kPreceding:
    case Bound::kFollowing: {
      const bool preceding = spec.start == Bound::kPreceding;
      if (spec.mode == Mode::kRows) {
        begin = clamp(preceding ? row - before : row + before);
      } else if (spec.mode == Mode::kGroups) {
        begin = group_begin(preceding ? p.group(row) - before : p.group(row) + before);
      } else {
        ASSIGN_OR_RETURN(begin, FindRange(row, start_range_, true, preceding));
      }
      break;
    }
  }
  switch (spec.end) {
    case Bound::kUnboundedFollowing:
      break;
    case Bound::kUnboundedPreceding:
      end = p.begin;
      break;
    case Bound::kCurrentRow:
      end = spec.mode == Mode::kRows ? row + 1 : p.peers(row).end;
      break;
    case Bound::kPreceding:
    case Bound::kFollowing: {
      const bool preceding = spec.end == Bound::kPreceding;
      if (spec.mode == Mode::kRows) {
        end = clamp((preceding ? row - after : row + after) + 1);
      } else if (spec.mode == Mode::kGroups) {
        end = group_begin((preceding ? p.group(row) - after : p.group(row) + after) + 1);
      } else {
        ASSIGN_OR_RETURN(end, FindRange(row, end_range_, false, preceding));
      }
      break;
    }
  }
  if (end < begin) end = begin;
  frame->count = 0;
  frame->bounds = {begin, end};
  const RowRange peers = p.peers(row);
  switch (spec.exclusion) {
    case Exclusion::kNone:
      frame->Add(begin, end);
      break;
    case Exclusion::kCurrentRow:
      frame->Add(begin, std::min(end, row));
      frame->Add(std::max(begin, row + 1), end);
      break;
    case Exclusion::kGroup:
      frame->Add(begin, std::min(end, peers.begin));
      frame->Add(std::max(begin, peers.end), end);
      break;
    case Exclusion::kTies:
      frame->Add(begin, std::min(end, peers.begin));
      frame->Add(std::max(begin, row), std::min(end, row + 1));
      frame->Add(std::max(begin, peers.end), end);
      break;
  }
  return {};
}

}  // namespace oxibase
