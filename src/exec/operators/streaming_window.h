#pragma once

#include <vector>

#include "exec/expression_list.h"
#include "exec/operators/operator.h"

namespace oxibase {

/// row_number, rank and dense_rank over input that comes in the window's order: each batch passes
/// through with its numbers.
class StreamingWindowOperator : public Operator {
 public:
  StreamingWindowOperator(const PhysicalWindow& node, ExecState& state)
      : Operator(node, state), plan_(node), out_(node.types) {}
  Status Prepare() override;
  void SetRowGoal(uint64_t rows) override { child().SetRowGoal(rows); }

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;

 private:
  /// Where a row differs from the one before it.
  enum class Change : uint8_t { kNone, kPeers, kPartition };
  void FindChanges(uint32_t rows);

  const PhysicalWindow& plan_;
  ExpressionList keys_;  // partition, then order
  Batch last_;           // the keys of the row before this batch
  std::vector<Change> changes_;
  Batch out_;
  bool begun_ = false;
  // Of the row before this batch, in its partition.
  int64_t row_ = 0;
  int64_t peers_begin_ = 0;
  int64_t group_ = 0;
};

}  // namespace oxibase
