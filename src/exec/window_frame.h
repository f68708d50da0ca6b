#pragma once

#include <cstdint>
#include <vector>

#include "exec/exec_state.h"
#include "exec/expression_list.h"
#include "exec/row_store.h"
#include "expr/function.h"
#include "sql/plan/physical.h"

namespace oxibase {

/// Rows [begin, end) by sorted position.
struct RowRange {
  uint32_t begin = 0, end = 0;
  bool empty() const { return begin >= end; }
  bool operator==(const RowRange&) const = default;
};

/// One partition of the sorted rows, with its groups of peers (rows equal in the order).
struct WindowPartition {
  uint32_t begin = 0, end = 0;
  std::vector<uint32_t> group_begin;  // of each group; then `end`
  std::vector<uint32_t> group_of;     // by row - begin

  uint32_t group(uint32_t row) const { return group_of[row - begin]; }
  RowRange peers(uint32_t row) const {
    return {group_begin[group(row)], group_begin[group(row) + 1]};
  }
  uint32_t group_count() const { return static_cast<uint32_t>(group_begin.size() - 1); }
};

/// The rows a frame holds: up to three ranges, in order, once the excluded ones are out.
struct FrameRows {
  RowRange parts[3];
  uint32_t count = 0;
  RowRange bounds;  // before exclusion

  void Add(uint32_t begin, uint32_t end) {
    if (begin < end) parts[count++] = {begin, end};
  }
};

/// Finds each row's frame. Rows of a partition are asked for in ascending order.
class WindowFrames {
 public:
  WindowFrames(const PhysicalWindow& plan, ExecState& state) : plan_(plan), state_(state) {}
  /// `sorted` has the order key for RANGE offsets in these columns: as the start's and the end's
  /// arithmetic gives it, after the plain one.
  struct KeyColumns {
    size_t order = 0, start = 0, end = 0;
  };
  Status Prepare(KeyColumns columns);
  /// The offsets of an execution. Errors: 22004, 22013.
  Status BeginExecution();
  void BeginPartition(const WindowPartition& partition, const RowStore& sorted);
  Status Find(uint32_t row, FrameRows* frame);

  /// No row's frame depends on the row.
  bool is_whole_partition() const;
  bool starts_at_partition() const {
    return plan_.frame.start == WindowFrame::Bound::kUnboundedPreceding;
  }
  bool has_exclusion() const { return plan_.frame.exclusion != WindowFrame::Exclusion::kNone; }

 private:
  struct RangeOffset {
    CallSite site;
    Vector value;  // the offset
    Vector bound;  // of the row at hand
    Vector key{TypeId::kInt8};
    size_t column = 0;
    uint32_t at = 0;  // the bound only moves forward
  };
  Result<int64_t> RowOffset(Evaluator& evaluator, bool is_start);
  Status PrepareRange(const Function* function, const Expr* offset, size_t column,
                      RangeOffset* range);
  Result<uint32_t> FindRange(uint32_t row, RangeOffset& range, bool is_start, bool preceding);
  bool IsNullKey(uint32_t row) const;

  const PhysicalWindow& plan_;
  ExecState& state_;
  OptionalExpression start_offset_, end_offset_;
  int64_t start_rows_ = 0, end_rows_ = 0;
  RangeOffset start_range_, end_range_;
  KeyColumns columns_;
  const WindowPartition* partition_ = nullptr;
  const RowStore* sorted_ = nullptr;
};

}  // namespace oxibase
