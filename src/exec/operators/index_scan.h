#pragma once

#include <memory>
#include <optional>
#include <string>

#include "exec/index_range.h"
#include "exec/operators/operator.h"
#include "exec/row_fetcher.h"
#include "exec/unique_lookup.h"

namespace oxibase {

/// Rows of a part of an index, in its order or the reverse. A point lookup that was run before
/// allocates nothing.
class IndexScanOperator : public Operator {
 public:
  IndexScanOperator(const PhysicalIndexScan& node, ExecState& state)
      : Operator(node, state), plan_(node), fetcher_(node, state) {}
  Status Prepare() override;
  void SetRowGoal(uint64_t rows) override { fetcher_.SetRowGoal(rows); }

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  Result<uint64_t> DoSkip(uint64_t rows) override;
  std::string Note() const override;

 private:
  Status Begin();
  void Seek();
  /// Notes how far the range at hand has been read: up to the row found last; null: to its end.
  Status NoteRead(const RowRef* last);
  Result<size_t> FindDistinct(std::span<RowRef> refs);
  Result<size_t> Find(std::span<RowRef> refs);
  Result<const Batch*> Recheck(RowId row);

  const PhysicalIndexScan& plan_;
  RowFetcher fetcher_;
  const TabletIndex* index_ = nullptr;
  std::optional<IndexRangeBuilder> ranges_;
  std::optional<UniqueLookup> lookup_;  // one row at most is wanted
  std::unique_ptr<IndexCursor> cursor_;
  Transaction* cursor_txn_ = nullptr;
  std::optional<RowId> override_;  // in a re-check: the one row to look at
  KeyRange unread_;                // the part of the range at hand that was not noted yet
  std::string key_;
  bool begun_ = false;
  bool looks_up_ = false;  // and has not done so yet
  bool done_ = false;
};

}  // namespace oxibase
