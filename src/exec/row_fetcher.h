#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "exec/exec_state.h"
#include "exec/expression_list.h"
#include "exec/scan_reads.h"
#include "sql/plan/physical.h"
#include "txn/tablet_access.h"

namespace oxibase {

/// From row references to a scan's output: reads the columns that the filter needs, filters, reads
/// the others only of the rows that are left. A filter that may take long or run other plans
/// (subplans, volatile functions) is evaluated after the read guard is gone.
class RowFetcher {
 public:
  RowFetcher(const PhysicalScanBase& plan, ExecState& state);
  Status Prepare();

  const Tablet& tablet() const { return *tablet_; }
  const TableDef& table() const { return *plan_.table; }

  /// Calls `find` under a guard for the next references (0: the end) and makes them a batch. Null
  /// at the end; never empty. `find` gets room for as many rows as it should look for.
  template <typename Find>
  Result<const Batch*> Next(Find&& find) {
    for (;;) {
      RETURN_IF_ERROR(state_.context->eval.CheckCancelled());
      uint32_t found = 0;
      uint32_t kept = 0;
      {
        ReadGuard guard(*state_.context->txn);
        const Result<size_t> looked = find(std::span<RowRef>(refs_.get(), want_));
        if (!looked.ok()) return looked.status();
        found = static_cast<uint32_t>(*looked);
        if (found == 0) return nullptr;
        ASSIGN_OR_RETURN(kept, ReadGuarded(found));
      }
      // The first rows come quickly; a long scan soon takes full batches.
      if (found == want_) want_ = want_ * 4 < kVectorSize ? want_ * 4 : kVectorSize;
      if (late_filter_) {
        ASSIGN_OR_RETURN(kept, FilterLate(found));
      }
      removed_ += found - kept;
      all_kept_ = kept == found;
      if (kept > 0) return &out_;
    }
  }
  /// READ COMMITTED's re-check of a scan: the row as the override's snapshot sees it, if it is
  /// there and `passes(RowRef)` and the filter want it; else null. `passes` gives a Result<bool>.
  template <typename Passes>
  Result<const Batch*> Recheck(RowId row, Passes&& passes) {
    bool looked = false;
    return Next([&](std::span<RowRef> refs) -> Result<size_t> {
      if (looked) return size_t{0};
      looked = true;
      const ExecContext& context = *state_.context;
      ASSIGN_OR_RETURN(refs[0], GetRow(*context.txn, *tablet_, context.override_snapshot, row));
      if (!refs[0]) return size_t{0};
      ASSIGN_OR_RETURN(const bool passed, passes(refs[0]));
      return size_t{passed ? 1u : 0u};
    });
  }
  /// The filter alone says whether the row is wanted.
  Result<const Batch*> Recheck(RowId row) {
    return Recheck(row, [](const RowRef&) -> Result<bool> { return true; });
  }
  /// Calls `find` as Next does and reads nothing of what it finds. Passes over at most `rows` rows;
  /// over none where a filter decides which rows there are.
  template <typename Find>
  Result<uint64_t> Skip(uint64_t rows, Find&& find) {
    if (filter_) return uint64_t{0};
    ReadGuard guard(*state_.context->txn);
    return find(std::span<RowRef>(refs_.get(), std::min<uint64_t>(rows, kVectorSize)));
  }
  /// Before a new execution.
  void Rewind() { want_ = kFirstRows; }
  /// No more than so many further rows will be taken: without a filter the next look is for just
  /// as many.
  void SetRowGoal(uint64_t rows) {
    if (!filter_ && rows > 0) want_ = static_cast<uint32_t>(std::min<uint64_t>(rows, kVectorSize));
  }
  Batch& out() { return out_; }
  /// Where the scan says what it is about to read.
  ScanReads& reads() { return reads_; }
  /// Which of the references found last are in the batch; null: all.
  const uint32_t* selection() const { return all_kept_ ? nullptr : sel_.get(); }
  /// What EXPLAIN ANALYZE says of the filter.
  std::string Note() const {
    return removed_ ? "Rows Removed by Filter: " + std::to_string(removed_) : std::string();
  }

 private:
  static constexpr uint32_t kFirstRows = 64;

  Result<uint32_t> ReadGuarded(uint32_t found);
  Result<uint32_t> FilterLate(uint32_t found);
  Status Emit(const uint32_t* sel, uint32_t count, bool gather);

  const PhysicalScanBase& plan_;
  ExecState& state_;
  ScanReads reads_;
  std::shared_ptr<Tablet> tablet_;
  const TableSchema* schema_ = nullptr;
  std::vector<size_t> positions_;     // of plan_.columns in the newest layout
  std::vector<bool> filter_columns_;  // read before the filter
  OptionalExpression filter_;
  bool late_filter_ = false;
  Batch read_;  // plan_.columns
  Batch out_;
  std::unique_ptr<RowRef[]> refs_;
  std::unique_ptr<uint32_t[]> sel_;
  std::unique_ptr<RowId[]> ids_;
  uint32_t want_ = kFirstRows;
  bool all_kept_ = true;
  uint64_t removed_ = 0;
};

/// Marks the columns that `expr` reads. True if evaluating it may run other plans or have effects.
bool CollectColumns(const Expr& expr, std::vector<bool>& columns);

}  // namespace oxibase
