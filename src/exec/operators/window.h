#pragma once

#include <memory>
#include <vector>

#include "exec/expression_list.h"
#include "exec/memory_account.h"
#include "exec/operators/operator.h"
#include "exec/row_sorter.h"
#include "exec/row_store.h"
#include "exec/sorted_runs.h"
#include "exec/window_aggregate.h"
#include "exec/window_frame.h"

namespace oxibase {

/// The functions of one window. All rows are taken in and put in order; results are then computed
/// batch by batch as they are asked for. What does not fit in memory is sorted by runs on disk and
/// read back partition by partition; of a partition that does not fit either, parts stay on disk.
class WindowOperator : public Operator {
 public:
  WindowOperator(const PhysicalWindow& node, ExecState& state);
  Status Prepare() override;
  void SetRowGoal(uint64_t rows) override { goal_ = rows; }

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;
  std::string Note() const override;

 private:
  struct Call {
    const WindowExpr* expr = nullptr;
    size_t first_column = 0;  // of its arguments among the sorted columns
    size_t filter_column = SIZE_MAX;
    std::unique_ptr<WindowAggregate> aggregate;
    int64_t buckets = 0;  // ntile, in this partition; 0: NULL
  };

  Status AddColumn(const Expr& expr, size_t* column);
  Status Consume();
  Status ConsumeInput();
  /// Moves what is at hand to disk.
  Status WriteRun();
  Status AppendToRun(const Batch& rows, std::span<const Vector* const> columns);
  /// Reads whole partitions back, at least one. None: all have been.
  Status LoadPartitions();
  /// The first row of the batch at hand, from `first` on, that begins a partition; its size: none.
  uint32_t NextBoundary(uint32_t first) const;
  Status HoldMemory();
  void SortColumns();
  bool SameKeys(uint32_t a, uint32_t b, size_t first, size_t count) const;
  Status BeginPartition(uint32_t begin);
  Status Compute(Call& call, uint32_t begin, uint32_t count, uint32_t at, Vector& out);
  Status Number(const Call& call, uint32_t begin, uint32_t count, uint32_t at, Vector& out);
  Status Shift(const Call& call, uint32_t begin, uint32_t count, uint32_t at, Vector& out);
  Status Pick(const Call& call, uint32_t begin, uint32_t count, uint32_t at, Vector& out);
  /// Argument `arg` of the call in row `row`.
  const Vector& Argument(const Call& call, size_t arg, uint32_t row) const {
    return columns_.column(row, call.first_column + arg);
  }

  const PhysicalWindow& plan_;
  WindowFrames frames_;
  ExpressionList exprs_;  // partition, order, range keys, arguments, filters
  std::vector<Type> column_types_;
  std::vector<Call> calls_;
  RowSorter sorter_;
  RowStore rows_;     // the input, as it came
  RowStore columns_;  // exprs_, in order
  MemoryShare memory_, columns_memory_;
  SortedRuns runs_;  // the input's columns and then exprs_
  bool sorts_ = false;
  bool spilled_ = false;
  const Batch* loading_ = nullptr;  // of runs_, not taken from loading_row_ on
  uint32_t loading_row_ = 0;
  uint64_t disk_bytes_ = 0;
  WindowPartition partition_;
  FrameRows frame_;
  Batch out_;
  std::unique_ptr<uint32_t[]> numbers_;
  std::vector<FrameRows> frames_of_batch_;
  bool consumed_ = false;
  uint32_t next_ = 0;
  uint64_t goal_ = UINT64_MAX;
};

}  // namespace oxibase
