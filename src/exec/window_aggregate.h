#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "exec/exec_state.h"
#include "exec/row_store.h"
#include "exec/window_frame.h"
#include "expr/function.h"

namespace oxibase {

/// An aggregate over window frames. A frame that only grows keeps one running state; one whose
/// beginning moves takes rows back out where the aggregate can, else partial results of runs of
/// rows are combined (a tree of fan-out 16, made on first need).
class WindowAggregate {
 public:
  /// Arguments are the columns [first_column, first_column + count) of the sorted rows; filter: a
  /// boolean column, or SIZE_MAX.
  WindowAggregate(const WindowExpr& expr, ExecState& state, size_t first_column,
                  size_t filter_column);
  ~WindowAggregate();
  WindowAggregate(const WindowAggregate&) = delete;
  WindowAggregate& operator=(const WindowAggregate&) = delete;

  void BeginPartition(const WindowPartition& partition, const RowStore& sorted);
  /// The result for `frame`, row 0 of the vector. Rows are asked for in ascending order.
  Result<const Vector*> Evaluate(const FrameRows& frame, bool starts_at_partition);
  void Clear();
  size_t bytes() const { return arena_.bytes_reserved() + scratch_.bytes_reserved(); }

 private:
  static constexpr uint32_t kFanOut = 16;

  std::byte* NewState(Arena& arena);
  void Destroy(std::byte* state);
  Status AddRows(std::byte* state, RowRange rows, Arena& arena);
  Status TakeRows(std::byte* state, RowRange rows);
  template <typename Apply>
  Status ForChunks(RowRange rows, const Apply& apply);
  Status BuildTree();
  Status AddByTree(std::byte* state, RowRange rows);
  Status Finalize(std::byte* state);

  ExecState& state_;
  const AggregateImpl& impl_;
  const size_t first_column_;
  const size_t filter_column_;
  const bool can_retract_;
  CallSite site_;
  const WindowPartition* partition_ = nullptr;
  const RowStore* sorted_ = nullptr;

  Arena arena_;    // of this partition
  Arena scratch_;  // of one result
  std::byte* running_ = nullptr;
  RowRange held_;  // rows in running_
  bool have_result_ = false;
  Vector result_;
  std::vector<std::vector<std::byte*>> tree_;  // level 0: nodes of kFanOut rows
  std::vector<Vector> slices_;
  std::vector<const Vector*> args_;
  std::vector<uint32_t> sel_;
};

}  // namespace oxibase
