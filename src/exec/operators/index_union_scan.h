#pragma once

#include <absl/container/flat_hash_set.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exec/index_range.h"
#include "exec/memory_account.h"
#include "exec/operators/operator.h"
#include "exec/row_fetcher.h"

namespace oxibase {

/// The rows of several parts of indexes, one part after another, each row once: the ids of those
/// that have been found are kept.
class IndexUnionScanOperator : public Operator {
 public:
  IndexUnionScanOperator(const PhysicalIndexUnionScan& node, ExecState& state)
      : Operator(node, state), plan_(node), fetcher_(node, state), memory_(state.memory) {}
  Status Prepare() override;
  void SetRowGoal(uint64_t rows) override { fetcher_.SetRowGoal(rows); }

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;
  std::string Note() const override;

 private:
  struct Part {
    const TabletIndex* index;
    IndexRangeBuilder ranges;
    std::unique_ptr<IndexCursor> cursor;
    bool empty = false;  // no row can lie in its range
  };

  Status Begin();
  /// The next part that may have rows is current; false: there is none.
  bool NextPart();
  void Seek();
  Result<size_t> Find(std::span<RowRef> refs);

  const PhysicalIndexUnionScan& plan_;
  RowFetcher fetcher_;
  std::vector<std::unique_ptr<Part>> parts_;
  size_t next_part_ = 0;
  Part* part_ = nullptr;  // the one that is read
  Transaction* cursor_txn_ = nullptr;
  absl::flat_hash_set<uint64_t> found_;
  MemoryShare memory_;
  bool begun_ = false;
  bool done_ = false;
};

}  // namespace oxibase
