#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "exec/expression_list.h"
#include "exec/memory_account.h"
#include "exec/operators/operator.h"
#include "exec/row_store.h"
#include "expr/function.h"

namespace oxibase {

/// Functions in FROM: one streams its rows; several (ROWS FROM) run side by side, shorter ones
/// filled up with NULLs.
class FunctionScanOperator : public Operator {
 public:
  FunctionScanOperator(const PhysicalFunctionScan& node, ExecState& state);
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;

 private:
  struct Call {
    const Expr* expr = nullptr;
    const Function* table_function = nullptr;  // else a scalar expression: one row
    CallSite site;
    std::vector<Evaluator> args;  // or the scalar expression itself
    std::unique_ptr<TableFunctionState> rows;
    Batch batch;
    bool done = false;
    std::unique_ptr<RowStore> store;  // of several
  };
  Status Begin(Call& call);
  /// The next rows of a call in call.batch; size 0 is the end.
  Status Fetch(Call& call);
  Status MaterializeAll();
  void AddOrdinality(uint32_t rows);

  const PhysicalFunctionScan& plan_;
  std::vector<std::unique_ptr<Call>> calls_;
  MemoryShare memory_;
  Batch single_;
  Batch out_;
  std::unique_ptr<uint32_t[]> rows_;
  bool begun_ = false;
  uint32_t next_ = 0;
  uint32_t longest_ = 0;
  int64_t ordinal_ = 0;
};

}  // namespace oxibase
