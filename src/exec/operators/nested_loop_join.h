#pragma once

#include <memory>

#include "exec/join_output.h"
#include "exec/memory_account.h"
#include "exec/operators/operator.h"
#include "exec/row_store.h"

namespace oxibase {

/// Joins on any condition. Uncorrelated: the right side is kept from its first run and every pair
/// is tried. Correlated: the right side runs anew for each left row, with that row's values as
/// parameters.
class NestedLoopJoinOperator : public Operator {
 public:
  NestedLoopJoinOperator(const PhysicalNestedLoopJoin& node, ExecState& state);
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;

 private:
  Status Build();
  Result<bool> MorePairs();
  Result<bool> MoreCorrelated();
  Status HandOver(uint32_t count);
  void SetParams(uint32_t row);
  const Batch* NextUnmatchedRight();

  const PhysicalNestedLoopJoin& plan_;
  RowStore rows_;
  JoinOutput output_;
  MemoryShare memory_;
  const bool correlated_;
  const bool keeps_right_;
  bool built_ = false;

  const Batch* left_ = nullptr;
  bool probing_ = false;
  bool left_done_ = false;
  uint32_t left_row_ = 0;
  uint32_t right_row_ = 0;
  uint32_t next_right_ = 0;
  bool inner_open_ = false;
  const Batch* pending_ = nullptr;  // of the right side, not yet taken
  std::unique_ptr<uint32_t[]> left_rows_, right_rows_;
};

}  // namespace oxibase
