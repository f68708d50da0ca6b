#pragma once

#include <memory>
#include <optional>
#include <string>

#include "exec/index_range.h"
#include "exec/operators/operator.h"
#include "exec/row_fetcher.h"

namespace oxibase {

/// Rows of a part of an index, in its order or the reverse. A point lookup that was run before
/// allocates nothing.
class IndexScanOperator : public Operator {
 public:
  IndexScanOperator(const PhysicalIndexScan& node, ExecState& state)
      : Operator(node, state), plan_(node), fetcher_(node, state) {}
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  std::string Note() const override;

 private:
  size_t Find(std::span<RowRef> refs);
  Result<const Batch*> Recheck(RowId row);

  const PhysicalIndexScan& plan_;
  RowFetcher fetcher_;
  const TabletIndex* index_ = nullptr;
  std::optional<IndexRangeBuilder> ranges_;
  std::unique_ptr<IndexCursor> cursor_;
  Transaction* cursor_txn_ = nullptr;
  std::string key_;
  bool begun_ = false;
  bool done_ = false;
};

}  // namespace oxibase
