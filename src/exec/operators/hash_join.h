#pragma once

#include <memory>
#include <vector>

#include "exec/expression_list.h"
#include "exec/join_output.h"
#include "exec/key_table.h"
#include "exec/memory_account.h"
#include "exec/operators/operator.h"
#include "exec/row_store.h"

namespace oxibase {

/// Builds a table of the right side's keys, each with the list of its rows, and probes it with
/// batches of the left side.
class HashJoinOperator : public Operator {
 public:
  HashJoinOperator(const PhysicalHashJoin& node, ExecState& state);
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;

 private:
  /// A key's rows: the first and the last in the list that `next_row_` links.
  struct RowList {
    uint32_t first_plus_1, last_plus_1;
  };

  Status Build();
  Status BeginProbe(const Batch& left);
  /// Hands the next candidate pairs to the output. False: none left for this batch.
  Result<bool> MorePairs();
  /// Rows whose keys are not NULL (but null-safe ones may be); all of them: null.
  const uint32_t* KeyedRows(ExpressionList& keys, uint32_t rows, uint32_t* count);
  const Batch* NextUnmatchedRight();

  const PhysicalHashJoin& plan_;
  ExpressionList left_keys_, right_keys_;
  RowStore rows_;
  KeyTable table_;
  JoinOutput output_;
  MemoryShare memory_;
  std::vector<uint32_t> next_row_;  // by right row: the next one with the same key, plus 1
  bool keeps_right_;
  bool built_ = false;
  bool null_in_build_ = false;
  uint64_t build_rows_ = 0;

  const Batch* left_ = nullptr;
  std::unique_ptr<std::byte*[]> found_;
  std::unique_ptr<uint32_t[]> keyed_, left_rows_, right_rows_;
  std::unique_ptr<uint32_t[]> heads_;  // by left row: where its list goes on, plus 1
  uint32_t probe_row_ = 0;
  bool probing_ = false;
  bool left_done_ = false;
  uint32_t next_right_ = 0;
};

}  // namespace oxibase
