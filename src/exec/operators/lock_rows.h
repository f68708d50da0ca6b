#pragma once

#include <memory>
#include <vector>

#include "exec/operators/operator.h"
#include "exec/recheck.h"
#include "exec/row_store.h"
#include "txn/tablet_access.h"

namespace oxibase {

/// SELECT ... FOR UPDATE and its weaker forms. Locks no more rows than are asked for, one after
/// another; a row that somebody changed meanwhile is looked at again in its newest version.
class LockRowsOperator : public Operator {
 public:
  LockRowsOperator(const PhysicalLockRows& node, ExecState& state)
      : Operator(node, state), plan_(node), kept_(node.types), out_(node.types) {}
  Status Prepare() override;
  void SetRowGoal(uint64_t rows) override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;

 private:
  /// Locks row `row` of `input` in all targets. `lost`: the row is to be left out; `changed`: it
  /// must be looked at again.
  Status LockOne(const Batch& input, uint32_t row, const Snapshot& snapshot, bool* lost,
                 bool* changed);
  /// The newest version of the row, if it still qualifies, goes to kept_.
  Status LookAgain(const Batch& input, uint32_t row, bool* lost);

  const PhysicalLockRows& plan_;
  std::vector<std::shared_ptr<Tablet>> tablets_;
  std::unique_ptr<Recheck> recheck_;
  RowStore kept_;
  Batch out_;
  const Batch* input_ = nullptr;
  uint32_t next_row_ = 0;
  uint64_t goal_ = UINT64_MAX;
};

}  // namespace oxibase
