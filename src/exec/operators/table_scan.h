#pragma once

#include <optional>

#include "exec/operators/operator.h"
#include "exec/past_read.h"
#include "exec/row_fetcher.h"
#include "txn/past_cursor.h"

namespace oxibase {

/// The visible rows of a table, in order of row id; in a re-check just one row.
class TableScanOperator : public Operator {
 public:
  TableScanOperator(const PhysicalTableScan& node, ExecState& state)
      : Operator(node, state), plan_(node), fetcher_(node, state), past_(node, state) {}
  Status Prepare() override;
  void SetRowGoal(uint64_t rows) override { fetcher_.SetRowGoal(rows); }

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  Result<uint64_t> DoSkip(uint64_t rows) override;
  void DoClose() override {
    cursor_.reset();
    past_cursor_.reset();
    past_.Close();
  }
  std::string Note() const override;

 private:
  Result<size_t> Read(std::span<RowRef> refs) {
    return past_cursor_ ? past_cursor_->Next(refs) : cursor_->Next(context().snapshot, refs);
  }

  const PhysicalTableScan& plan_;
  RowFetcher fetcher_;
  PastRead past_;
  std::optional<TableCursor> cursor_;
  std::optional<PastCursor> past_cursor_;
  std::optional<RowId> override_;
  bool done_ = false;
};

/// The row that a re-check puts in place of scan `scan_id`, if any.
std::optional<RowId> FindOverride(const ExecContext& context, uint32_t scan_id);

}  // namespace oxibase
