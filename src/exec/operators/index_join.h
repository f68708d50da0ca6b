#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "exec/index_range.h"
#include "exec/join_output.h"
#include "exec/operators/operator.h"
#include "exec/row_fetcher.h"

namespace oxibase {

/// Looks each left row up in an index of the inner table.
class IndexJoinOperator : public Operator {
 public:
  IndexJoinOperator(const PhysicalIndexJoin& node, ExecState& state);
  Status Prepare() override;
  void SetRowGoal(uint64_t rows) override {
    goal_ = rows;
    child().SetRowGoal(std::max(rows, kLeftRowsMin));
  }

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override { output_.Reset(); }

 private:
  /// Fewer left rows at once would not be worth the way.
  static constexpr uint64_t kLeftRowsMin = 16;

  Result<bool> MorePairs();
  void Seek();
  /// Fills references of inner rows and, beside each, its left row.
  Result<size_t> Find(std::span<RowRef> refs);
  Result<size_t> FindOverride(std::span<RowRef> refs, RowId row);

  const PhysicalIndexJoin& plan_;
  RowFetcher fetcher_;
  const TabletIndex* index_ = nullptr;
  std::optional<IndexRangeBuilder> ranges_;
  std::unique_ptr<IndexCursor> cursor_;
  Transaction* cursor_txn_ = nullptr;
  JoinOutput output_;

  const Batch* left_ = nullptr;
  bool probing_ = false;
  uint64_t goal_ = UINT64_MAX;
  uint32_t left_row_ = 0;
  bool seeking_ = false;  // the cursor stands within the range of left_row_
  std::unique_ptr<uint32_t[]> found_left_, left_rows_;
  std::string key_;
};

}  // namespace oxibase
