#pragma once

#include <memory>
#include <optional>

#include "exec/key_table.h"
#include "exec/memory_account.h"
#include "exec/operators/operator.h"

namespace oxibase {

/// WITH RECURSIVE: the first term, then the recursive one over what the last round brought, until
/// a round brings nothing. UNION leaves out rows that were there before.
class RecursiveCteOperator : public Operator {
 public:
  RecursiveCteOperator(const PhysicalRecursiveCte& node, ExecState& state);
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;

 private:
  const PhysicalRecursiveCte& plan_;
  std::shared_ptr<CteRows> working_;  // shared with the readers' lookup by id
  RowStore next_rows_;
  std::optional<KeyTable> seen_;
  MemoryShare memory_, seen_memory_;
  std::unique_ptr<std::byte*[]> found_;
  std::unique_ptr<uint32_t[]> created_;
  Batch out_;
  bool in_recursion_ = false;
  bool done_ = false;
};

}  // namespace oxibase
