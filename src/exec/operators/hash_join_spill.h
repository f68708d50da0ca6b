#pragma once

#include <memory>
#include <span>
#include <vector>

#include "exec/exec_state.h"
#include "exec/sorted_runs.h"
#include "exec/spill_partitions.h"

namespace oxibase {

/// The part of a hash join that is on disk: both sides parted by the hash of their keys, the pairs
/// of parts that wait for their turn, and, where the order of the left rows counts, the output of
/// each part, to be merged in the end. Left rows then have a last column with their number. Not
/// thread-safe.
class HashJoinSpill {
 public:
  /// Two parts of one hash. Null: there are no such rows.
  struct Pair {
    std::unique_ptr<SpilledRows> right, left;
    uint32_t depth = 0;
    /// Parting it again would change nothing: most rows have one key.
    bool is_skewed = false;
  };

  HashJoinSpill(std::vector<Type> left, std::vector<Type> right, uint32_t depth, ExecState& state)
      : state_(state),
        left_types_(std::move(left)),
        right_types_(std::move(right)),
        right_(right_types_, depth, state),
        left_(left_types_, depth, state) {}

  SpillPartitions& right() { return right_; }
  SpillPartitions& left() { return left_; }
  const std::vector<Type>& left_types() const { return left_types_; }
  const std::vector<Type>& right_types() const { return right_types_; }

  /// All rows of both sides are there: moves the pairs behind `waiting`, the first one last.
  Status Finish(std::vector<Pair>* waiting);
  size_t bytes() const { return right_.bytes() + left_.bytes(); }

 private:
  ExecState& state_;
  const std::vector<Type> left_types_, right_types_;
  SpillPartitions right_, left_;
};

}  // namespace oxibase
