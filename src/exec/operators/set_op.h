#pragma once

#include <memory>
#include <vector>

#include "exec/key_table.h"
#include "exec/memory_account.h"
#include "exec/operators/operator.h"
#include "exec/spill_partitions.h"

namespace oxibase {

/// INTERSECT and EXCEPT, with or without ALL, by counting each distinct row of both sides. Rows of
/// the left side for which there is no more memory, and those of the right side that they may be
/// equal to, go to partitions on disk that are worked on afterwards.
class SetOpOperator : public Operator {
 public:
  SetOpOperator(const PhysicalSetOp& node, ExecState& state);
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;

 private:
  struct Counts {
    uint64_t left, right;
  };
  /// A part of both sides that waits for its turn.
  struct Waiting {
    std::unique_ptr<SpilledRows> left, right;
    uint32_t depth;
  };
  Status Count();
  Status CountLeft(const Batch& input);
  Status CountRight(const Batch& input);
  /// Both sides are counted: what was set aside is to be counted next.
  Status QueueParts();
  /// Counts the next part. False: there is none.
  Result<bool> NextPart();
  uint64_t Copies(const Counts& counts) const;

  const PhysicalSetOp& plan_;
  KeyTable rows_;
  MemoryShare memory_;
  std::unique_ptr<std::byte*[]> found_;
  std::unique_ptr<uint32_t[]> sel_;
  Batch keys_, out_;
  bool counted_ = false;
  size_t next_ = 0;
  uint64_t copies_done_ = 0;  // of row next_
  uint32_t depth_ = 0;
  std::unique_ptr<SpillPartitions> left_parts_, right_parts_;  // set aside; null: nothing
  std::vector<Waiting> waiting_;                               // the next one last
  std::vector<const Vector*> columns_;
};

}  // namespace oxibase
