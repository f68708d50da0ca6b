#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exec/index_range.h"
#include "exec/memory_account.h"
#include "exec/operators/operator.h"
#include "exec/row_fetcher.h"
#include "storage/index/row_set.h"

namespace oxibase {

/// The rows of ranges of bitmap indexes, in order of row id. The set of their ids is made at the
/// first batch and kept.
class BitmapScanOperator : public Operator {
 public:
  BitmapScanOperator(const PhysicalBitmapScan& node, ExecState& state)
      : Operator(node, state), plan_(node), fetcher_(node, state), memory_(state.memory) {}
  Status Prepare() override;
  void SetRowGoal(uint64_t rows) override { fetcher_.SetRowGoal(rows); }

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;
  std::string Note() const override;

 private:
  /// A BitmapPlan with what finds its rows.
  struct Node {
    BitmapPlan::Kind kind;
    const TabletIndex* index = nullptr;
    std::unique_ptr<IndexRangeBuilder> ranges;
    std::vector<Node> parts;
  };

  Result<Node> MakeNode(const BitmapPlan& plan);
  Status Begin();
  Result<RowSet> Find(Node& node);
  Result<RowSet> FindInIndex(Node& leaf);

  const PhysicalBitmapScan& plan_;
  RowFetcher fetcher_;
  Node root_;
  RowSet rows_;
  std::optional<TableCursor> cursor_;
  MemoryShare memory_;
  bool done_ = false;
};

}  // namespace oxibase
