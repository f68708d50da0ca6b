#pragma once

#include <memory>
#include <span>
#include <vector>

#include "exec/expression_list.h"
#include "exec/row_store.h"
#include "sql/plan/physical.h"

namespace oxibase {

/// The part that all joins share: from candidate pairs of one left batch to output, by join type.
///
/// The operator announces a left batch, then puts the right columns of up to kVectorSize candidate
/// pairs into `right()` and hands over the pairs, left rows in ascending order, again and again;
/// after each call (and after FinishLeft) it pops batches until there are none. Output keeps the
/// order of the left rows, unmatched ones in their place.
class JoinOutput {
 public:
  JoinOutput(JoinType type, const std::vector<Type>& left, const std::vector<Type>& right);
  /// `condition` over left ++ right columns decides which candidates match; null: all do.
  Status Prepare(const Expr* condition);

  /// Forgets what an execution left behind.
  void Reset();
  void BeginLeft(const Batch& left);
  std::span<Vector> right() { return std::span(pairs_.columns).subspan(left_count_); }
  /// All pairs of the left rows below `complete` have been handed over with this call.
  /// `right_rows` (may be null): numbers in the right store, to mark in `right_matched`.
  Status TakePairs(EvalContext& context, const uint32_t* left_rows, uint32_t count,
                   uint32_t complete, const uint32_t* right_rows);
  /// No more pairs for this left batch.
  void FinishLeft();
  /// The next output, or null. Valid until the next call of anything here.
  const Batch* Pop();

  /// While on, left rows are not reported for what they lack: further candidates for the batch's
  /// rows come later, in another round.
  void set_rounds_follow(bool follow) { rounds_follow_ = follow; }
  /// Has `left_rows` know, from before the first batch.
  void TrackLeftRows() { tracks_left_ = true; }
  /// The left row of each row of the batch popped last. REQUIRES: TrackLeftRows
  const uint32_t* left_rows() const { return popped_left_; }

  /// Right rows without a match, of a full or right join: `rows` of `store`, with NULL on the left.
  const Batch* UnmatchedRight(const RowStore& store, const uint32_t* rows, uint32_t count);

  /// Of the current left batch. Operators may set them when they know without pairs.
  uint8_t* matched() { return matched_.get(); }
  /// kMark, kNullAwareAnti: neither a match nor surely none.
  uint8_t* unknown() { return unknown_.get(); }
  std::vector<uint8_t>& right_matched() { return right_matched_; }
  /// One match is enough: semi, anti and mark joins.
  bool first_match_decides() const { return first_decides_; }
  bool has_condition() { return static_cast<bool>(condition_); }

 private:
  Status Condition(EvalContext& context, const uint32_t* left_rows, uint32_t* count,
                   const uint32_t* right_rows);
  void QueueWithUnmatched(const uint32_t* left_rows, uint32_t count, uint32_t complete);
  const Batch* PopMixed();

  const JoinType type_;
  const size_t left_count_;
  const bool keeps_left_;  // kLeft, kFull, kSingle
  const bool first_decides_;
  const bool three_valued_;  // the condition's NULLs matter
  std::vector<Type> left_types_;
  OptionalExpression condition_;
  const Batch* left_ = nullptr;
  Batch pairs_;  // left ++ right columns of the candidates
  Batch out_;
  bool rounds_follow_ = false;
  bool tracks_left_ = false;
  std::vector<uint32_t> pair_left_;  // left rows of pairs_, if they are tracked
  const uint32_t* popped_left_ = nullptr;
  bool pairs_ready_ = false;         // inner, right: pairs_ goes out as it is
  bool rows_ready_ = false;          // semi, anti, mark: out_ goes out
  std::unique_ptr<uint32_t[]> sel_;  // candidates that matched
  std::unique_ptr<uint8_t[]> matched_, unknown_;
  std::vector<uint8_t> right_matched_;
  // Outer joins: the queue of output rows: left row, pair (or none).
  std::vector<uint32_t> queue_left_, queue_pair_;
  size_t queue_next_ = 0;
  uint32_t reported_ = 0;  // left rows below this have had their say
};

}  // namespace oxibase
