#pragma once

#include <memory>
#include <optional>

#include "exec/expression_list.h"
#include "exec/memory_account.h"
#include "exec/operators/operator.h"
#include "exec/row_sorter.h"
#include "exec/row_store.h"
#include "exec/sorted_runs.h"

namespace oxibase {

/// ORDER BY. With a limit it keeps little more than limit + offset rows: whenever twice as many
/// have come, the greater half goes. Input in order of the first keys is sorted piece by piece,
/// each piece as soon as it is complete. What does not fit in memory is sorted by runs on disk.
class SortOperator : public Operator {
 public:
  SortOperator(const PhysicalSort& node, ExecState& state);
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;
  std::string Note() const override;

 private:
  Status Consume();
  void DropGreater();
  /// Has the rows at hand become a run if they are too many.
  Status CheckMemory();
  Status WriteRun();
  /// All rows, or all of a part, are there.
  Status FinishInput();
  Result<const Batch*> NextMerged();
  /// Takes in and sorts the next rows that no later one can come before.
  Status ConsumePart();
  /// The last row of the batch at hand that differs from the one before it in the presorted keys;
  /// 0: none.
  uint32_t LastChange(uint32_t rows) const;
  /// Whether a row of the batch at hand differs so from the last row of the batch before.
  bool BeginsAnew(uint32_t row) const;
  /// Keeps the rows [first, first + count), whose keys are at hand.
  void Add(const Batch& input, uint32_t first, uint32_t count);

  const PhysicalSort& plan_;
  ExpressionList keys_;
  OptionalExpression limit_, offset_;
  RowSorter sorter_;
  RowStore rows_;
  MemoryShare memory_;
  Batch out_;
  std::unique_ptr<uint32_t[]> numbers_;
  uint64_t keep_ = UINT64_MAX;
  size_t next_ = 0;
  bool sorted_ = false;
  SortedRuns runs_;
  bool merging_ = false;
  uint64_t merged_ = 0;  // rows that came out of runs_
  size_t most_bytes_ = 0;
  uint64_t most_disk_ = 0;
  // Of presorted input.
  Batch last_keys_;              // the presorted keys of the last row seen
  const Batch* rest_ = nullptr;  // rows that belong to the next part, from rest_first_ on
  uint32_t rest_first_ = 0;
  bool input_done_ = false;
};

/// The sorter's keys of a list of sort keys.
std::vector<RowSorter::Key> SorterKeys(const std::vector<SortKey>& keys);

}  // namespace oxibase
