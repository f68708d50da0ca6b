#pragma once

#include <memory>

#include "exec/key_table.h"
#include "exec/memory_account.h"
#include "exec/operators/operator.h"

namespace oxibase {

/// INTERSECT and EXCEPT, with or without ALL, by counting each distinct row of both sides.
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
  Status Count();
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
};

}  // namespace oxibase
