#pragma once

#include <memory>
#include <vector>

#include "exec/expression_list.h"
#include "exec/memory_account.h"
#include "exec/operators/operator.h"
#include "exec/row_store.h"

namespace oxibase {

/// A table of pg_catalog or of the server's state, whose rows are computed when it is read.
class VirtualScanOperator : public Operator {
 public:
  VirtualScanOperator(const PhysicalVirtualScan& node, ExecState& state);
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;

 private:
  Status Fill();

  const PhysicalVirtualScan& plan_;
  std::vector<size_t> positions_;  // of the columns read, in the table
  OptionalExpression filter_;
  RowStore rows_;
  MemoryShare memory_;
  Batch read_, out_;
  std::unique_ptr<uint32_t[]> sel_;
  bool filled_ = false;
  uint32_t next_ = 0;
};

}  // namespace oxibase
